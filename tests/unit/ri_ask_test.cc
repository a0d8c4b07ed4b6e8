/* ri_ask_test - CDNs below are asked: what they are told, what becomes of their answers, and the next path when they fail. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/ri_box.h"

#include <gtest/gtest.h>

namespace
{

using namespace ri_tables;

TEST(ri_ask, a_cdn_is_asked)
{
	RiBox box(with(cdn_b));
	box.recursive("b");
	box.max_hops = 4;
	EXPECT_FALSE(box.post(
		R"j({"http": {"c-ip": "2001:DB8:0::1", "cs-uri": "http://vod.example.com/a",
		"cs-method": "HEAD", "cs-version": "HTTP/2", "cs-(accept)": "*/*", "cs-(cookie)": "x"},
		"cdn-path": ["AS64500:1"], "max-hops": 4, "more": 1})j"));
	EXPECT_NE(box.last, nullptr);
	ASSERT_EQ(box.asked.size(), 1u);
	EXPECT_EQ(
		Json(box.asked[0].substr(2)).text(),
		R"j({"cdn-path":["AS64500:1","AS64501:7"],"http":{"c-ip":"2001:db8::1","cs-(accept)":"*/*",)j"
		R"j("cs-method":"HEAD","cs-uri":"http://vod.example.com/a","cs-version":"HTTP/2"},"max-hops":4})j");
	box.answer_below(below_http(
		"https://n4.b.example/x",
		R"(, "cdn-path": ["AS64500:1", "AS64501:7", "AS64502:1"], "scope": {"iprange": ["2001:db8::/48"]})"));
	ASSERT_EQ(box.answers.size(), 1u);
	RiAnswer answer = box.answers[0];
	EXPECT_EQ(answer.location(), "https://n4.b.example/x");
	EXPECT_EQ(answer.json()["http"]["cs-uri"].text(), "http://vod.example.com/a");
	EXPECT_EQ(answer.json()["http"]["sc-status"].number(), 307);
	EXPECT_EQ(answer.cache_control, "max-age=30, stale-while-revalidate=20, stale-if-error=200")
		<< "what is left of the answer from below";
	EXPECT_EQ(answer.ranges(), "2001:db8::/48");
	EXPECT_EQ(answer.path(), "AS64500:1 AS64501:7 AS64502:1") << "as it came";
	EXPECT_EQ(box.counters.asked, 1u);
	box.upstream.disclose = DISCLOSE_REQUEST_ROUTERS;
	box.says["b"] = below_http("http://n4.b.example/x",
				   R"(, "cdn-path": ["AS64500:1", "AS64501:7", "AS64502:1"])");
	answer = box.ask_http(uri);
	EXPECT_EQ(answer.path(), "");
	EXPECT_FALSE(answer.json()["scope"].get()) << "it gave none";
}

TEST(ri_ask, dns_from_below)
{
	RiBox box(with(cdn_b));
	box.recursive("b");
	box.says["b"] =
		R"({"dns": {"rcode": 0, "name": "other.example", "cname": ["n1.b.example", "n2.b.example"], "ttl": 7},
		"error": {"error-code": 100, "reason": "hello"}})";
	RiAnswer answer = box.ask_dns("vod.example.com", R"(, "c-subnet": "203.0.113.0/24")");
	EXPECT_EQ(answer.json()["dns"]["name"].text(), "vod.example.com");
	EXPECT_EQ(answer.targets("cname"), "n1.b.example n2.b.example");
	EXPECT_EQ(answer.json()["dns"]["ttl"].number(), 7);
	EXPECT_FALSE(answer.json()["error"].get());
	EXPECT_EQ(
		Json(box.asked[0].substr(2)).text(),
		R"({"cdn-path":["AS64500:1","AS64501:7"],"dns":{"c-subnet":"203.0.113.0/24","qclass":"IN",)"
		R"("qname":"vod.example.com","qtype":"A","resolver-ip":"192.0.2.53"}})");
	box.ask_dns("vod.example.com", R"(, "dns-only": true)");
	EXPECT_NE(box.asked[1].find(R"("dns-only":true)"), std::string::npos) << "copied";
	box.recursive("b", STRATEGY_FULL_RECURSIVE);
	box.ask_dns("vod.example.com");
	EXPECT_NE(box.asked[2].find(R"("dns-only":true)"), std::string::npos)
		<< "a delivery node is wanted";
}

TEST(ri_ask, ranges_of_both)
{
	RiBox box(with(cdn_b, in_footprint(R"("203.0.113.0/25")")));
	box.recursive("b");
	auto ranges = [&](const std::string &below) {
		box.says["b"] = below_http("http://n4.b.example/x",
					   R"(, "scope": {"iprange": [)" + below + "]}");
		RiAnswer answer = box.ask_http(uri, "203.0.113.77");
		return answer.json()["scope"].get() ? answer.ranges() : "no scope";
	};
	EXPECT_EQ(ranges(R"("203.0.113.64/27", "203.0.113.0/30")"),
		  "203.0.113.64/27 203.0.113.0/30");
	EXPECT_EQ(ranges(R"("203.0.0.0/16", "198.51.100.0/24", "2001:db8::/32")"),
		  "203.0.113.0/25");
	EXPECT_EQ(ranges(R"("198.51.100.0/24")"), "no scope");
	EXPECT_EQ(ranges(""), "no scope");
}

TEST(ri_ask, hops_below)
{
	RiBox box(with(std::string(cdn_b) + "," + node1));
	struct ri_peer &b = box.recursive("b");
	box.says["b"] = below_http("http://n4.b.example/x");
	auto asked_with = [&](int max_hops, uint32_t ours) {
		box.max_hops = max_hops;
		b.max_hops = ours;
		box.asked.clear();
		box.ask_http(uri);
		if (box.asked.empty())
			return std::string("not asked");
		return Json(box.asked[0].substr(2))["max-hops"].text();
	};
	EXPECT_EQ(asked_with(-1, RI_NO_LIMIT), "");
	EXPECT_EQ(asked_with(1, RI_NO_LIMIT), "not asked") << "the path has one already";
	EXPECT_EQ(asked_with(2, RI_NO_LIMIT), "2");
	EXPECT_EQ(asked_with(-1, 1), "2") << "b may not ask on";
	EXPECT_EQ(asked_with(-1, 3), "4");
	EXPECT_EQ(asked_with(3, 3), "3");
	EXPECT_EQ(asked_with(3, 1), "2");
	EXPECT_EQ(asked_with(-1, UINT32_MAX - 1), "") << "no number is large enough";
	box.use(with(cdn_b));
	box.max_hops = 1;
	EXPECT_EQ(box.ask_http(uri).error(), RI_TOO_MANY_HOPS);
}

TEST(ri_ask, a_cdn_in_the_path_is_passed_over)
{
	RiBox box(with(std::string(cdn_b) + "," + cdn_c));
	box.recursive("b");
	std::string path = R"("AS64502:1", "AS64500:1")";
	EXPECT_EQ(box.ask_http(uri, "192.0.2.1", "", path).location(),
		  "http://c.test/s1/seg9.m4s?b=3");
	EXPECT_TRUE(box.asked.empty());
	box.use(with(cdn_b));
	EXPECT_EQ(box.ask_http(uri, "192.0.2.1", "", path).error(), RI_LOOP);
	box.downstreams.clear();
	EXPECT_EQ(box.ask_http(uri, "192.0.2.1", "", path).error(), RI_LOOP)
		<< "nor is its request router told";
}

TEST(ri_ask, the_next_path_when_a_cdn_fails)
{
	RiBox box(with(std::string(cdn_b) + "," + cdn_c + "," + node1));
	box.recursive("b");
	box.recursive("c");
	for (const char *said : {
		     R"({"error": {"error-code": 502, "reason": "loop"}})",
		     R"({"error": {"error-code": 400}})",
		     R"({"dns": {"rcode": 0, "name": "vod.example.com", "a": ["192.0.2.1"]}})",
		     "no JSON",
	     }) {
		box.says["b"] = said;
		box.says["c"] = below_http("http://n9.c.example/x");
		EXPECT_EQ(box.ask_http(uri).location(), "http://n9.c.example/x") << said;
		box.says["c"] = said;
		EXPECT_EQ(box.ask_http(uri).location(), "http://n1.dcdn.example/s1/seg9.m4s?b=3")
			<< said;
	}
	/* The same when the answers come late. */
	box.says.clear();
	EXPECT_FALSE(box.post(
		R"({"http": {"c-ip": "192.0.2.1", "cs-uri": "http://vod.example.com/", "cs-method": "GET",
		"cs-version": "HTTP/1.1"}, "cdn-path": ["AS64500:1"]})"));
	size_t before = box.answers.size();
	box.answer_below(error_504);
	EXPECT_EQ(box.pending(), 1u) << "c is asked";
	EXPECT_EQ(box.answers.size(), before);
	box.answer_below("");
	EXPECT_EQ(box.answers.size(), before + 1);
	EXPECT_EQ(box.answers.back().location(), "http://n1.dcdn.example/");
}

TEST(ri_ask, what_the_last_cdn_said)
{
	RiBox box(with(cdn_b));
	box.recursive("b");
	auto error = [&](const std::string &said) {
		box.says["b"] = said;
		return box.ask_http(uri).error();
	};
	EXPECT_EQ(error(error_504), RI_NO_CAPACITY);
	EXPECT_EQ(error(R"({"error": {"error-code": 502}})"), RI_LOOP);
	EXPECT_EQ(error(R"({"error": {"error-code": 506}})"), RI_REDIRECTION_PROTOCOL);
	EXPECT_EQ(error(R"({"error": {"error-code": 507}})"), RI_FAILED) << "none of ours";
	EXPECT_EQ(error(R"({"error": {"error-code": 404}})"), RI_FAILED)
		<< "our fault is not the upstream's";
	EXPECT_EQ(error("nothing"), RI_FAILED);
	EXPECT_EQ(box.counters.errors[2], 1u);
	EXPECT_EQ(box.counters.errors[0], 3u);
	box.says["b"] = R"({"dns": {"rcode": 2, "name": "vod.example.com"}})";
	EXPECT_EQ(box.ask_dns("vod.example.com").error(), RI_FAILED);
}

TEST(ri_ask, no_downgrade_from_below)
{
	RiBox box(with(cdn_b));
	box.recursive("b");
	box.says["b"] = below_http("http://n4.b.example/x");
	EXPECT_EQ(box.ask_http("https://vod.example.com/").error(), RI_DELIVERY_PROTOCOL);
	box.says["b"] = below_http("HTTPS://n4.b.example/x");
	EXPECT_EQ(box.ask_http("https://vod.example.com/").location(), "HTTPS://n4.b.example/x");
}

TEST(ri_ask, a_fallback_that_is_asked)
{
	RiBox box(with(R"({"node": "bare"})", R"(, "fallback": {"cdn": "b"})", node1));
	box.recursive("b");
	box.says["b"] = below_http("http://n4.b.example/x");
	EXPECT_EQ(box.ask_http(uri).location(), "http://n4.b.example/x");
	box.says["b"] = error_504;
	EXPECT_EQ(box.ask_http(uri).location(), "http://n1.dcdn.example/s1/seg9.m4s?b=3");
}

TEST(ri_ask, a_cdn_without_dri_is_asked_all_the_same)
{
	TablesBuilder builder;
	RiBox box(
		builder.add("cdn", R"({"name": "b"})")
			.dri(R"({"cdn": "b", "redirecting-hosts": ["other.example"], "dns-target": {"host": "x.test"}})")
			.scope(scope_for(cdn_b))
			.finish());
	EXPECT_EQ(box.ask_http(uri).error(), RI_NO_CAPACITY);
	box.recursive("b");
	box.says["b"] = below_http("http://n4.b.example/x");
	EXPECT_EQ(box.ask_http(uri).location(), "http://n4.b.example/x");
}

TEST(ri_ask, the_tables_may_change_meanwhile)
{
	RiBox box(with(std::string(cdn_b) + "," + node1));
	box.recursive("b");
	EXPECT_FALSE(box.post(
		R"({"http": {"c-ip": "192.0.2.1", "cs-uri": "http://vod.example.com/a", "cs-method": "GET",
		"cs-version": "HTTP/1.1"}, "cdn-path": ["AS64500:1"]})"));
	box.use(with(cdn_c));
	box.answer_below(error_504);
	EXPECT_EQ(box.answers.back().location(), "http://n1.dcdn.example/a")
		<< "as when it was asked";
}

TEST(ri_ask, who_asked_may_go_away)
{
	RiBox box(with(std::string(cdn_b) + "," + cdn_c));
	box.recursive("b");
	box.recursive("c");
	for (const char *said : {"", "{}", error_504.c_str()}) {
		EXPECT_FALSE(box.post(
			R"({"dns": {"resolver-ip": "192.0.2.1", "qtype": "A", "qclass": "IN",
			"qname": "vod.example.com"}, "cdn-path": ["AS64500:1"]})"));
		ri_cancel(box.last);
		box.answer_below(said);
		EXPECT_EQ(box.pending(), 0u) << "nobody else is asked";
	}
	EXPECT_TRUE(box.answers.empty());
}

TEST(ri_ask, all_candidates_at_once)
{
	std::string candidates;
	TablesBuilder builder;
	for (unsigned i = 0; i < SCOPE_CANDIDATES_MAX; i++) {
		std::string name = "x" + std::to_string(i);
		builder.cdn(name);
		candidates += std::string(i ? "," : "") + "{\"cdn\": \"" + name + "\"}";
	}
	RiBox box(targets(builder)
			  .scope(scope_for(candidates,
					   R"(, "policy": "random", "fallback": {"node": "n1"})"))
			  .finish());
	for (unsigned i = 0; i < SCOPE_CANDIDATES_MAX; i++) {
		box.recursive("x" + std::to_string(i));
		box.says["x" + std::to_string(i)] = error_504;
	}
	EXPECT_EQ(box.ask_http(uri).location(), "http://n1.dcdn.example/s1/seg9.m4s?b=3");
	EXPECT_EQ(box.asked.size(), (size_t)SCOPE_CANDIDATES_MAX) << "each once";
	EXPECT_EQ(box.control.match.tried, 0u);
}

} // namespace
