/* http_request_uri_test - the URI as the client sent it, whatever was made of the request since. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/http_request.h"
}
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace
{

TEST(http_request_uri, as_it_was_sent_rfc9110_7_1)
{
	const std::pair<std::string, std::string> cases[] = {
		{"GET /a/../%7e?x=1 HTTP/1.1\r\nHost: V.example:8080\r\n\r\n",
		 "http://V.example:8080/a/../%7e?x=1"},
		{"\r\nGET /v.example/a HTTP/1.1\r\nX: y\r\nhOST:  h \r\n\r\n",
		 "http://h/v.example/a"},
		{"GET http://O.example:80 HTTP/1.1\r\nHost: h\r\n\r\n", "http://O.example:80"},
		{"HEAD HTTPS://o.example/a?b HTTP/1.0\r\n\r\n", "HTTPS://o.example/a?b"},
		{"GET /a HTTP/1.0\r\n\r\n", "-"},
	};
	for (const auto &c : cases) {
		GuardPage bytes(c.first.data(), c.first.size());
		auto req = std::make_unique<struct request>();
		ASSERT_EQ(http_request_parse(bytes.data(), c.first.size(), &http_limits_default,
					     req.get()),
			  DROP_none);
		for (int turn = 0; turn < 2; turn++) {
			GuardPage out(c.second.size());
			struct writer w = writer_of(out.data(), c.second.size());
			bool there = http_request_uri(&w, req.get());
			EXPECT_FALSE(w.bad);
			EXPECT_EQ(there ? std::string((char *)out.data(), w.at - out.data()) : "-",
				  c.second);
			http_request_unstack(req.get(), "/", 1);
		}
		struct writer small = writer_of(nullptr, 0);
		EXPECT_TRUE(!http_request_uri(&small, req.get()) || small.bad);
	}
}

} // namespace
