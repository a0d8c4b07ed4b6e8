/* ri_server_test - what upstream CDNs are answered: own nodes, request routers, CDNs below, and every reason for an error. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/ri_box.h"

#include <gtest/gtest.h>

extern "C" {
#include "lib/http_answer.h"
}

namespace
{

using namespace ri_tables;

/* --- own nodes ---------------------------------------------------------------------------------------------------- */

TEST(ri_server, http_to_a_node)
{
	RiBox box(with(node1));
	RiAnswer answer = box.ask_http(uri);
	EXPECT_EQ(answer.status, 200u);
	EXPECT_EQ(answer.media_type, "application/cdni; ptype=redirection-response");
	EXPECT_EQ(answer.cache_control,
		  "max-age=45, stale-while-revalidate=30, stale-if-error=300");
	EXPECT_EQ(answer.location(), "http://n1.dcdn.example/s1/seg9.m4s?b=3");
	Json http = answer.json()["http"];
	EXPECT_EQ(http["sc-status"].number(), 302);
	EXPECT_EQ(http["sc-reason"].text(), "Found");
	EXPECT_EQ(http["sc-version"].text(), "HTTP/1.1");
	EXPECT_EQ(http["cs-uri"].text(), uri);
	EXPECT_EQ(answer.ranges(), "0.0.0.0/0");
	EXPECT_EQ(answer.path(), "AS64500:1 AS64501:7");
	EXPECT_EQ(box.counters.requests, 1u);
	EXPECT_EQ(box.counters.redirects, 1u);
	EXPECT_EQ(box.ask_http("https://vod.example.com/").location(), "https://n1.dcdn.example/");
	EXPECT_EQ(box.ask_http("http://vod.example.com:8080/").location(),
		  "http://n1.dcdn.example/");
}

TEST(ri_server, dns_to_a_node)
{
	RiBox box(with(node1));
	RiAnswer answer = box.ask_dns("VOD.example.com");
	EXPECT_EQ(answer.status, 200u);
	EXPECT_EQ(answer.cache_control,
		  "max-age=45, stale-while-revalidate=30, stale-if-error=300");
	Json dns = answer.json()["dns"];
	EXPECT_EQ(dns["rcode"].number(), 0);
	EXPECT_EQ(dns["name"].text(), "VOD.example.com");
	EXPECT_EQ(dns["ttl"].number(), 45);
	EXPECT_EQ(answer.targets("a"), "198.51.100.1 198.51.100.2");
	EXPECT_EQ(answer.targets("aaaa"), "2001:db8:7::10") << "whatever the type asked for";
	EXPECT_FALSE(dns["cname"].get());
	box.use(with(R"({"node": "n2"})"));
	answer = box.ask_dns("vod.example.com");
	EXPECT_EQ(answer.targets("cname"), "n2.test");
	EXPECT_FALSE(answer.json()["dns"]["a"].get());
}

TEST(ri_server, status_of_the_scope)
{
	RiBox box(with(node1, R"(, "http-status": 307)"));
	EXPECT_EQ(box.ask_http(uri).json()["http"]["sc-status"].number(), 307);
	EXPECT_EQ(box.ask_http(uri).json()["http"]["sc-reason"].text(), "Temporary Redirect");
}

TEST(ri_server, a_zone_is_not_needed_but_does_no_harm)
{
	TablesBuilder builder;
	RiBox box(targets(builder).zone("example.com").scope(scope_for(node1)).finish());
	EXPECT_EQ(box.ask_dns("vod.example.com").status, 200u);
	EXPECT_EQ(box.ask_dns("other.example.com").error(), RI_FAILED);
}

TEST(ri_server, fields_are_matched)
{
	RiBox box(with(node1, R"(, "headers": [{"name": "user-agent", "regex": "^player/"}])"));
	EXPECT_EQ(box.ask_http(uri, "192.0.2.1", R"j(, "cs-(user-agent)": "player/2")j").status,
		  200u);
	EXPECT_EQ(box.ask_http(uri, "192.0.2.1", R"j(, "cs-(user-agent)": "x")j").error(),
		  RI_FAILED);
	EXPECT_EQ(box.ask_http(uri).error(), RI_FAILED);
}

TEST(ri_server, a_distinguished_host_is_taken_off)
{
	TablesBuilder builder;
	RiBox box(targets(builder)
			  .distinguished(R"({"host": "up.dcdn.example"})")
			  .scope(scope_for(node1))
			  .finish());
	EXPECT_EQ(box.ask_http("http://up.dcdn.example/vod.example.com/a?b").location(),
		  "http://n1.dcdn.example/a?b");
	box.use(targets(*std::make_unique<TablesBuilder>())
			.distinguished(R"({"host": "up.dcdn.example"})")
			.scope(scope_for(cdn_b))
			.finish());
	box.recursive("b");
	box.says["b"] = below_http("http://n4.b.example/a");
	RiAnswer answer = box.ask_http("http://up.dcdn.example/vod.example.com/a?b");
	EXPECT_EQ(answer.json()["http"]["cs-uri"].text(),
		  "http://up.dcdn.example/vod.example.com/a?b");
	EXPECT_NE(box.asked[0].find(R"("cs-uri":"http://vod.example.com/a?b")"), std::string::npos)
		<< box.asked[0];
}

/* Whatever the policy decides, the user gets there by both ways. */
TEST(ri_server, the_same_as_on_the_packet_path)
{
	TablesBuilder builder;
	View view =
		targets(builder)
			.distinguished(R"({"host": "up.dcdn.example", "path-prefix": "/x/"})")
			.scope(scope_for(
				R"({"node": "n1", "weight": 3}, {"node": "n2"}, {"cdn": "b"})",
				R"(, "policy": "hash", "http-status": 307)"))
			.scope(R"({"name": "live", "hosts": ["*.example.com"], "paths": ["/live/"],
			"footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["192.0.2.0/25"]}],
			"candidates": [{"cdn": "c"}]})")
			.finish();
	RiBox box(view);
	unsigned redirects = 0;
	for (unsigned i = 0; i < 500; i++) {
		static const char *const hosts[] = {"vod.example.com", "a.example.com",
						    "up.dcdn.example"};
		static const char *const paths[] = {"/", "/live/", "/x/vod.example.com/",
						    "/%41/../b/"};
		std::string host = hosts[i % 3], path = paths[i / 3 % 4] + std::to_string(i) + "?q";
		std::string client = "192.0.2." + std::to_string(i % 256);
		HttpAsk asked(host, path, {}, client);
		Verdict verdict = match(view, asked);
		RiAnswer answer = box.ask_http("http://" + host + path, client);
		char location[4096];
		struct writer w = writer_of(location, sizeof(location));
		if (verdict.outcome != VERDICT_REDIRECT) {
			EXPECT_NE(answer.status, 200u) << host << path;
			continue;
		}
		ASSERT_TRUE(http_answer_location(&w, &asked.req, verdict.dri));
		EXPECT_EQ(answer.location(), std::string(location, (char *)w.at - location));
		EXPECT_EQ(answer.json()["http"]["sc-status"].number(), verdict.scope->status);
		redirects++;
	}
	EXPECT_GT(redirects, 200u);
	EXPECT_LT(redirects, 500u);
}

/* --- for whom ------------------------------------------------------------------------------------------------------ */

TEST(ri_server, ranges_are_what_the_decision_depends_on)
{
	RiBox box(with(node1, in_footprint(R"("203.0.113.0/25")")));
	EXPECT_EQ(box.ask_http(uri, "203.0.113.77").ranges(), "203.0.113.0/25");
	EXPECT_EQ(box.ask_http(uri, "203.0.113.200").error(), RI_FAILED);
	std::string subnet = R"(, "c-subnet": "203.0.113.64/26")";
	EXPECT_EQ(box.ask_dns("vod.example.com", subnet).ranges(), "203.0.113.0/25");
	EXPECT_EQ(box.ask_dns("vod.example.com").error(), RI_FAILED) << "the resolver is elsewhere";
	subnet = R"(, "c-subnet": "203.0.113.0/24")";
	EXPECT_EQ(box.ask_dns("vod.example.com", subnet).ranges(), "203.0.113.0/25")
		<< "only for a part of those asked about";
	TablesBuilder builder;
	box.use(targets(builder)
			.scope(scope_for(node1,
					 in_footprint(R"("192.0.2.0/24", "203.0.113.128/27")")))
			.scope(R"({"name": "rest", "hosts": ["vod.example.com"], "candidates": [{"node": "n2"}]})")
			.finish());
	EXPECT_EQ(box.ask_dns("vod.example.com").ranges(), "192.0.2.0/24");
	RiAnswer answer = box.ask_http(uri, "203.0.113.161");
	EXPECT_EQ(answer.location(), "http://n2.test/s1/seg9.m4s?b=3");
	EXPECT_EQ(answer.ranges(), "203.0.113.160/27") << "outside of the footprint";
	EXPECT_EQ(box.ask_http(uri, "2001:db8::1").ranges(), "::/0");
}

TEST(ri_server, ranges_of_a_dri)
{
	TablesBuilder builder;
	RiBox box(builder.add("cdn", R"({"name": "d"})")
			  .dri(R"({"cdn": "d", "http-target": {"host": "far.test"}})")
			  .dri(R"({"cdn": "d", "http-target": {"host": "near.test"}, "footprints":
			[{"footprint-type": "ipv4cidr", "footprint-value": ["203.0.113.0/26"]}]})")
			  .scope(scope_for(R"({"cdn": "d"})"))
			  .finish());
	RiAnswer near = box.ask_http("http://vod.example.com/", "203.0.113.7");
	EXPECT_EQ(near.location(), "http://near.test/");
	EXPECT_EQ(near.ranges(), "203.0.113.0/26");
	RiAnswer far = box.ask_http("http://vod.example.com/", "203.0.113.70");
	EXPECT_EQ(far.location(), "http://far.test/");
	EXPECT_EQ(far.ranges(), "203.0.113.64/26");
}

/* --- disclosure ----------------------------------------------------------------------------------------------------- */

View with_router(const std::string &candidates, const std::string &more = "")
{
	TablesBuilder builder;
	targets(builder)
		.add("node", R"({"name": "rr"})")
		.dri(R"({"node": "rr", "dns-target": {"addresses": ["192.0.0.9"]}, "http-target": {"host":
			"rr.dcdn.example", "path-prefix": "/a/", "include-redirecting-host": true}})")
		.scope(scope_for(candidates));
	if (!more.empty())
		builder.dri(more);
	return builder.finish();
}

TEST(ri_server, request_routers_in_place_of_nodes)
{
	RiBox box(with_router(node1));
	box.upstream.disclose = DISCLOSE_REQUEST_ROUTERS;
	EXPECT_EQ(box.ask_http(uri).error(), RI_NO_CAPACITY) << "none is configured";
	box.server.router = "nobody";
	EXPECT_EQ(box.ask_http(uri).error(), RI_NO_CAPACITY) << "there is no such node";
	box.server.router = "rr";
	RiAnswer answer = box.ask_http(uri);
	EXPECT_EQ(answer.location(), "http://rr.dcdn.example/a/vod.example.com/s1/seg9.m4s?b=3");
	EXPECT_EQ(answer.cache_control,
		  "max-age=60, stale-while-revalidate=30, stale-if-error=300");
	EXPECT_EQ(answer.path(), "") << "the path is not disclosed either";
	EXPECT_EQ(box.ask_dns("vod.example.com").targets("a"), "192.0.0.9");
	EXPECT_EQ(box.ask_dns("vod.example.com", R"(, "dns-only": true)").error(),
		  RI_REDIRECTION_PROTOCOL);
	box.use(with_router(R"({"node": "bare"})"));
	EXPECT_EQ(box.ask_http(uri).status, 200u) << "the node's own DRI is not needed";
	box.use(with_router(node1, R"({"node": "rr", "redirecting-hosts": ["vod.example.com"],
			"http-target": {"host": "own.dcdn.example"}})"));
	EXPECT_EQ(box.ask_http(uri).location(), "http://own.dcdn.example/s1/seg9.m4s?b=3");
	EXPECT_EQ(box.ask_dns("vod.example.com").error(), RI_REDIRECTION_PROTOCOL);
	View down = with_router(node1);
	down.state("rr", TARGET_DOWN);
	box.use(down);
	EXPECT_EQ(box.ask_http(uri).error(), RI_NO_CAPACITY);
	box.use(with_router(cdn_b));
	EXPECT_EQ(box.ask_http(uri).location(), "http://b.test/up/vod.example.com/s1/seg9.m4s?b=3")
		<< "the request router of a CDN";
}

TEST(ri_server, dns_only_takes_addresses_of_nodes)
{
	RiBox box(with(node1));
	const char *only = R"(, "dns-only": true)";
	EXPECT_EQ(box.ask_dns("vod.example.com", only).targets("a"), "198.51.100.1 198.51.100.2");
	box.use(with(R"({"node": "n2"})"));
	EXPECT_EQ(box.ask_dns("vod.example.com", only).error(), RI_REDIRECTION_PROTOCOL)
		<< "a name";
	box.use(with(cdn_b));
	EXPECT_EQ(box.ask_dns("vod.example.com", only).error(), RI_REDIRECTION_PROTOCOL);
	EXPECT_EQ(box.ask_dns("vod.example.com").targets("cname"), "b.test");
	box.use(with(std::string(cdn_b) + "," + node1));
	EXPECT_EQ(box.ask_dns("vod.example.com", only).targets("a"), "198.51.100.1 198.51.100.2")
		<< "the next candidate";
}

/* --- errors ---------------------------------------------------------------------------------------------------------- */

TEST(ri_server, loops_and_hops)
{
	RiBox box(with(node1));
	RiAnswer answer = box.ask_http(uri, "192.0.2.1", "", R"("AS64501:7", "AS64500:1")");
	EXPECT_EQ(answer.error(), RI_LOOP);
	EXPECT_EQ(answer.status, 500u);
	EXPECT_EQ(answer.cache_control, "no-store");
	EXPECT_EQ(box.counters.errors[2], 1u);
	EXPECT_EQ(box.ask_http(uri, "192.0.2.1", "", R"("AS64501:70", "AS64500:1")").status, 200u);
	box.max_hops = 1;
	EXPECT_EQ(box.ask_http(uri).status, 200u);
	EXPECT_EQ(box.ask_http(uri, "192.0.2.1", "", R"("AS64499:1", "AS64500:1")").error(),
		  RI_TOO_MANY_HOPS);
	box.max_hops = 0;
	EXPECT_EQ(box.ask_http(uri).error(), RI_TOO_MANY_HOPS);
}

TEST(ri_server, the_peer_has_to_be_last)
{
	RiBox box(with(node1));
	RiAnswer answer = box.ask_http(uri, "192.0.2.1", "", R"("AS64500:1", "AS64499:1")");
	EXPECT_EQ(answer.error(), RI_REQUEST_BAD);
	EXPECT_EQ(answer.status, 400u);
	EXPECT_EQ(answer.reason(), "cdn-path does not end with the CDN that asks");
	box.upstream.provider_id = nullptr;
	EXPECT_EQ(box.ask_http(uri, "192.0.2.1", "", R"("AS64500:1", "AS64499:1")").status, 200u);
}

TEST(ri_server, a_full_path)
{
	RiBox box(with(std::string(cdn_b) + "," + node1));
	std::string path = R"("AS64500:1")";
	for (int i = 1; i < RI_PATH_MAX; i++)
		path = R"("AS64400:1",)" + path;
	box.recursive("b");
	RiAnswer answer = box.ask_http(uri, "192.0.2.1", "", path);
	EXPECT_EQ(answer.location(), "http://n1.dcdn.example/s1/seg9.m4s?b=3") << "b is not asked";
	EXPECT_EQ(answer.path(), "") << "rather than one without us";
}

TEST(ri_server, requests_that_are_bad)
{
	RiBox box(with(node1));
	std::string good = R"({"http": {"c-ip": "192.0.2.1", "cs-uri": "http://vod.example.com/",
		"cs-method": "GET", "cs-version": "HTTP/1.1"}, "cdn-path": ["AS64500:1"]})";
	EXPECT_EQ(box.must_answer(good).status, 200u);
	for (const char *type : {(const char *)nullptr, "application/json", "application/cdni",
				 "application/cdni; ptype=redirection-response"}) {
		EXPECT_TRUE(box.post(good, type));
		EXPECT_EQ(box.answers.back().status, 415u);
		EXPECT_EQ(box.answers.back().error(), RI_REQUEST_BAD);
	}
	for (const std::string &body : {std::string(), std::string("{"), std::string("{}"),
					good + "x", std::string(70000, ' ')}) {
		RiAnswer answer = box.must_answer(body);
		EXPECT_EQ(answer.status, 400u);
		EXPECT_EQ(answer.error(), RI_REQUEST_BAD);
		EXPECT_NE(answer.reason(), "");
	}
	EXPECT_EQ(box.ask_http("ftp://vod.example.com/").error(), RI_REQUEST_BAD);
	EXPECT_EQ(box.must_answer(R"({"rtsp": {}, "cdn-path": ["AS64500:1"]})").error(),
		  RI_REDIRECTION_PROTOCOL);
	EXPECT_EQ(box.counters.bad, 10u);
	std::string hostile = R"({"http": {"c-ip": "\"\\\u2028<\u00fc>)" + std::string(500, 'x') +
			      R"("}, "cdn-path": ["AS64500:1"]})";
	EXPECT_TRUE(box.must_answer(hostile).json().get()) << "the reason quotes it, in good JSON";
}

TEST(ri_server, nothing_to_give)
{
	RiBox box(with(node1));
	RiAnswer answer = box.ask_http("http://other.example.com/");
	EXPECT_EQ(answer.error(), RI_FAILED);
	EXPECT_EQ(answer.status, 500u);
	EXPECT_EQ(answer.reason(), "no scope takes this request");
	box.use(tables(R"({"name": "s", "hosts": ["vod.example.com"], "action": "deny"})"));
	EXPECT_EQ(box.ask_http(uri).reason(), "denied");
	EXPECT_EQ(box.ask_http(uri).error(), RI_FAILED);
	View down = with(node1);
	down.state("n1", TARGET_DOWN);
	box.use(down);
	EXPECT_EQ(box.ask_http(uri).error(), RI_NO_CAPACITY);
	box.use(with(R"({"node": "bare"})"));
	EXPECT_EQ(box.ask_http(uri).error(), RI_NO_CAPACITY);
}

TEST(ri_server, protocols)
{
	RiBox box(with(R"({"node": "plain"})"));
	EXPECT_EQ(box.ask_http(uri).location(), "http://plain.example/s1/seg9.m4s?b=3");
	EXPECT_EQ(box.ask_http("https://vod.example.com/").error(), RI_DELIVERY_PROTOCOL)
		<< "no downgrade";
	EXPECT_EQ(box.ask_dns("vod.example.com").error(), RI_REDIRECTION_PROTOCOL);
	box.use(with(node1, R"(, "protocols": ["https"])"));
	EXPECT_EQ(box.ask_http(uri).error(), RI_DELIVERY_PROTOCOL);
	EXPECT_EQ(box.ask_http("https://vod.example.com/").status, 200u);
	EXPECT_EQ(box.ask_dns("vod.example.com").error(), RI_REDIRECTION_PROTOCOL);
	EXPECT_EQ(box.ask_http("http://vod.example.org/").error(), RI_FAILED);
}

/* --- fallbacks -------------------------------------------------------------------------------------------------------- */

TEST(ri_server, fallbacks)
{
	RiBox box(with(R"({"node": "bare"}, {"node": "n1"})", R"(, "fallback": {"node": "n2"})"));
	EXPECT_EQ(box.ask_http(uri).location(), "http://n2.test/s1/seg9.m4s?b=3")
		<< "a DRI does not change the selection";
	box.use(with(R"({"node": "bare"})", R"(, "fallback": {"node": "bare"})", node1));
	EXPECT_EQ(box.ask_http(uri).location(), "http://n1.dcdn.example/s1/seg9.m4s?b=3");
	TablesBuilder builder;
	box.use(targets(builder)
			.fallback(node1)
			.scope(R"({"name": "s", "hosts": ["vod.example.com"], "action": "pass"})")
			.finish());
	EXPECT_EQ(box.ask_http(uri).location(), "http://n1.dcdn.example/s1/seg9.m4s?b=3");
	View view = with(R"({"node": "bare"})", R"(, "fallback": {"node": "n2"})");
	view.state("n2", TARGET_DOWN);
	box.use(view);
	EXPECT_EQ(box.ask_http(uri).error(), RI_NO_CAPACITY);
}

} // namespace
