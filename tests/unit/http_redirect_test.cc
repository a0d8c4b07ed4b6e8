/* http_redirect_test - every redirect that is written directly is the one that lib/http_answer writes, octet for octet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>

extern "C" {
#include "lib/http_redirect.h"
#include "lib/http_request.h"
}

namespace
{

struct Random {
	std::mt19937 bits{11};
	unsigned below(unsigned n)
	{
		return bits() % n;
	}
	std::string text(unsigned n, const char *from)
	{
		std::string out;
		for (; n; n--)
			out += from[below((unsigned)strlen(from))];
		return out;
	}
	std::string get()
	{
		std::string host = text(1 + below(40), "abcXYZ019-");
		std::string path = "/" + text(below(60), "abcXYZ/%2f");
		for (size_t at; (at = path.find('%')) != std::string::npos;)
			path.replace(at, 1, below(2) ? "~" : "");
		std::string query = below(2) ? "?" + text(below(50), "ab=&?/") : "";
		std::string start = below(5) ? "" : "http://" + host;
		return std::string(below(6) ? "GET " : "HEAD ") + start + path + query +
		       (below(8) ? " HTTP/1.1\r\nHost: " + host + ".Example\r\n\r\n"
				 : " HTTP/1.0\r\n\r\n");
	}
};

TEST(http_redirect, as_the_whole_writer)
{
	Random random;
	auto req = std::make_unique<struct request>();
	unsigned direct = 0, all = 0;
	char http[] = "http", https[] = "https", authority[] = "edge.cdn.example:8080",
	     prefix[] = "/oc/", control[] = "max-age=60", cookie[] = "a=b";
	for (unsigned i = 0; i < 60000; i++) {
		std::string text = random.get();
		*req = {};
		if (http_request_parse((const uint8_t *)text.data(), text.size(),
				       &http_limits_default, req.get()) != DROP_none)
			continue;
		static const uint16_t statuses[] = {302, 302, 302, 0, 301, 307};
		scope s = {};
		s.status = statuses[random.below(6)];
		s.cache_control = random.below(8) ? nullptr : control;
		dri d = {};
		d.authority = authority;
		d.path_prefix = prefix;
		d.scheme = random.below(8) ? (random.below(2) ? http : https) : nullptr;
		d.include_redirecting_host = random.below(2);
		d.cookie = random.below(16) ? nullptr : cookie;
		ASSERT_TRUE(dri_set_start(&d));
		verdict v = {};
		v.outcome = random.below(16) ? VERDICT_REDIRECT : VERDICT_DENY;
		v.scope = random.below(8) ? &s : nullptr;
		v.dri = &d;
		v.n_vary = random.below(16) ? 0 : 4;
		http_settings settings = {};
		settings.limits = http_limits_default;
		settings.json_locations = !random.below(16);
		http_answer_how how = {
			&settings, "Sun, 06 Nov 1994 08:49:37 GMT", !random.below(16), {}};
		size_t cap = random.below(3) ? 1460 : random.below(400);
		GuardPage out(cap), whole(cap);
		http_answer answer = http_answer_write(whole.data(), cap, req.get(), &v, &how);
		size_t len = http_redirect_write(out.data(), cap, req.get(), &v, &how);
		free(d.start);
		all++;
		if (!len)
			continue;
		direct++;
		ASSERT_EQ(answer.reason, DROP_none);
		ASSERT_EQ(std::string((char *)out.data(), len),
			  std::string((char *)whole.data(), answer.len))
			<< text;
	}
	EXPECT_GT(direct, all / 8);
	EXPECT_LT(direct, all);
}

} // namespace
