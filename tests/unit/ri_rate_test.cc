/* ri_rate_test - how many redirection-requests are answered in a second over a large table; printed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/ri_box.h"

#include <chrono>
#include <cstdio>
#include <gtest/gtest.h>

namespace
{

#if defined(__SANITIZE_ADDRESS__)
enum { SCOPES = 2000, ROUNDS = 1 };
#else
enum { SCOPES = 100000, ROUNDS = 5 };
#endif

std::string host(unsigned i)
{
	return "h" + std::to_string(i) + ".example.com";
}

/* One node; every third scope has a footprint of its own and every fourth a path. */
View tables()
{
	TablesBuilder builder;
	builder.add("node", R"({"name": "n"})")
		.dri(R"({"node": "n", "dns-target": {"addresses": ["198.51.100.1", "2001:db8::1"]},
			"http-target": {"host": "n.example"}})");
	for (unsigned i = 0; i < SCOPES; i++) {
		std::string more,
			octets = std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255);
		if (i % 3 == 0)
			more = R"(, "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.)" +
			       octets + R"(.0/24", "172.16.0.0/12"]}])";
		if (i % 4 == 0)
			more += R"(, "paths": ["/s1/"])";
		builder.scope("{\"name\": \"s" + std::to_string(i) + R"(", "hosts": [")" + host(i) +
			      R"("], "candidates": [{"node": "n"}])" + more + "}");
	}
	return builder.finish();
}

std::string http(unsigned i)
{
	return R"({"http":{"c-ip":"172.16.)" + std::to_string(i & 255) + "." +
	       std::to_string(i >> 8 & 255) + R"(","cs-uri":"https://)" + host(i) +
	       R"j(/s1/seg9.m4s?b=3","cs-method":"GET","cs-version":"HTTP/1.1","cs-(user-agent)":"player/2"},)j"
	       R"("cdn-path":["AS64500:1"]})";
}

std::string dns(unsigned i)
{
	return R"({"dns":{"resolver-ip":"198.51.100.53","qtype":"AAAA","qclass":"IN","qname":")" +
	       host(i) + R"(","c-subnet":"172.16.)" + std::to_string(i & 255) +
	       R"(.0/24"},"cdn-path":["AS64500:1"],"max-hops":2})";
}

void count(void *arg, const struct ri_reply *reply)
{
	*static_cast<unsigned *>(arg) += reply->status == 200;
}

/* Answers per second, over scopes in an order that no cache expects; the best of some rounds. */
double rate(RiBox &box, std::string (*body)(unsigned), unsigned offset)
{
	enum { REQUESTS = 20000 };
	std::vector<std::string> bodies;
	double best = 0;
	for (unsigned i = 0; i < REQUESTS; i++)
		bodies.push_back(body(i * 48271u % SCOPES / 12 * 12 + offset));
	for (int round = 0; round < ROUNDS; round++) {
		unsigned good = 0;
		auto begin = std::chrono::steady_clock::now();
		for (const std::string &one : bodies) {
			struct ri_call call = {};
			call.peer = &box.upstream;
			call.content_type = "application/cdni; ptype=redirection-request";
			call.body = one.data();
			call.len = one.size();
			call.done = count;
			call.arg = &good;
			ri_answer(&box.control, &box.server, &call);
		}
		std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
		EXPECT_EQ(good, (unsigned)REQUESTS);
		best = std::max(best, REQUESTS / took.count());
	}
	return best;
}

TEST(ri_rate, answers_per_second)
{
	RiBox box(tables());
	double https = rate(box, http, 0), query = rate(box, dns, 3);
	printf("%d scopes: %.0f answers/s over HTTP requests, %.0f over DNS queries\n", SCOPES,
	       https, query);
	RecordProperty("http", (int)https);
	RecordProperty("dns", (int)query);
	EXPECT_GT(https, 1000);
	EXPECT_GT(query, 1000);
}

} // namespace
