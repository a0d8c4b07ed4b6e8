/* advert_test - what CDNs advertise decides where they are candidates; DRIs for some clients only. RFC 8008 §5, RFC 8804 §2. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tables_builder.h"

extern "C" {
#include "lib/hits.h"
}

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace
{

std::string advert(const std::string &type, const std::string &value,
		   const std::string &footprints = "", const std::string &cdn = "a")
{
	return R"({"cdn": ")" + cdn + R"(", "type": "FCI.)" + type + R"(", "value": )" + value +
	       (footprints.empty() ? "" : R"(, "footprints": [)" + footprints + "]") + "}";
}

std::string cidr(const std::string &prefix)
{
	return R"({"footprint-type": "ipv)" +
	       std::string(prefix.find(':') == std::string::npos ? "4" : "6") +
	       R"(cidr", "footprint-value": [")" + prefix + "\"]}";
}

const std::string http = R"({"delivery-protocols": ["http/1.1"]})",
		  https = R"({"delivery-protocols": ["https/1.1"]})",
		  dns_i = R"({"redirection-modes": ["DNS-I"]})",
		  http_i = R"({"redirection-modes": ["HTTP-I"]})";

/* CDN a with these adverts, CDN b without any behind it, node n when neither is left. */
View tables(const std::vector<std::string> &adverts, const std::string &rest_of_scope = "",
	    const std::vector<std::string> &dris = {})
{
	TablesBuilder builder;
	builder.zone("t").cdn("a").cdn("b").node("n").fallback(R"({"node": "n"})");
	for (const std::string &one : adverts)
		builder.add("advert", one);
	for (const std::string &one : dris)
		builder.dri(one);
	builder.scope(
		R"({"name": "s", "hosts": ["*.t"], "candidates": [{"cdn": "a"}, {"cdn": "b"}])" +
		rest_of_scope + "}");
	return builder.finish();
}

std::string by_dns(View &view, const std::string &client = "192.0.2.1")
{
	DnsAsk ask("x.t", 1, client);
	return match(view, ask).target_name();
}

std::string by_http(View &view, const std::string &client = "192.0.2.1",
		    const std::string &target = "/")
{
	HttpAsk ask("x.t", target, {}, client);
	return match(view, ask).target_name();
}

TEST(advert, what_is_not_advertised_is_as_agreed)
{
	View view(tables({advert("Telemetry", R"({"sources": []})"), advert("Logging", "{}")}));
	EXPECT_EQ(by_dns(view) + by_http(view), "aa");
}

TEST(advert, delivery_protocol)
{
	View view(tables({advert("DeliveryProtocol", http)}));
	EXPECT_EQ(by_http(view), "a");
	EXPECT_EQ(by_http(view, "192.0.2.1", "https://x.t/"), "b");
	EXPECT_EQ(by_dns(view), "a") << "one of those that the scope takes is enough";
	View only_https(
		tables({advert("DeliveryProtocol", http)}, R"(, "protocols": ["https", "dns"])"));
	EXPECT_EQ(by_dns(only_https), "b");
	View both(tables({advert("DeliveryProtocol", http), advert("DeliveryProtocol", https)}));
	EXPECT_EQ(by_http(both, "192.0.2.1", "https://x.t/"), "a");
	View unknown(tables({advert("DeliveryProtocol", R"({"delivery-protocols": ["quic/9"]})")}));
	EXPECT_EQ(by_dns(unknown) + by_http(unknown), "bb");
	View nothing(tables({advert("DeliveryProtocol", R"({"delivery-protocols": []})")}));
	EXPECT_EQ(by_http(nothing), "b");
}

TEST(advert, redirection_mode)
{
	View view(tables({advert("RedirectionMode", dns_i)}));
	EXPECT_EQ(by_dns(view) + by_http(view), "ab");
	View other(tables({advert("RedirectionMode", http_i)}));
	EXPECT_EQ(by_dns(other) + by_http(other), "ba");
	View recursive(tables(
		{advert("RedirectionMode", R"({"redirection-modes": ["DNS-R", "HTTP-R"]})")}));
	EXPECT_EQ(by_dns(recursive) + by_http(recursive), "bb");
}

/* A CDN that is asked for each request has to offer recursive redirection. */
TEST(advert, redirection_mode_of_a_strategy)
{
	const struct {
		std::string modes, dns, http;
	} cases[] = {
		{"", "a", "a"},
		{R"("DNS-I", "HTTP-I")", "n", "n"},
		{R"("DNS-R")", "a", "n"},
		{R"("HTTP-R")", "n", "a"},
	};
	for (const char *strategy : {"semi-recursive", "full-recursive"}) {
		for (const auto &c : cases) {
			TablesBuilder builder;
			builder.zone("t").node("n").fallback(R"({"node": "n"})");
			builder.add("cdn", R"({"name": "a", "strategy": ")" +
						   std::string(strategy) + "\"}");
			builder.dri(
				R"({"cdn": "a", "dns-target": {"host": "a.u"}, "http-target": {"host": "a.u"}})");
			if (!c.modes.empty())
				builder.add("advert",
					    advert("RedirectionMode",
						   R"({"redirection-modes": [)" + c.modes + "]}"));
			builder.scope(
				R"({"name": "s", "hosts": ["*.t"], "candidates": [{"cdn": "a"}]})");
			View view(builder.finish());
			EXPECT_EQ(by_dns(view), c.dns) << c.modes;
			EXPECT_EQ(by_http(view), c.http) << c.modes;
		}
	}
}

TEST(advert, cdn_that_is_asked_needs_no_dri)
{
	TablesBuilder builder;
	builder.add("cdn", R"({"name": "a", "strategy": "full-recursive"})");
	builder.add("cdn", R"({"name": "b", "strategy": "iterative", "dri-source": "peer"})");
	View view(builder.finish());
	EXPECT_EQ(view.target("a")->strategy, STRATEGY_FULL_RECURSIVE);
	EXPECT_EQ(view.target("b")->strategy, STRATEGY_ITERATIVE);
	EXPECT_STREQ(object_json(view.object(OBJECT_CDN, "b")),
		     R"({"name":"b","dri-source":"peer"})");
	TablesBuilder without;
	without.add("cdn", R"({"name": "a", "strategy": "iterative"})");
	EXPECT_FALSE(without.try_finish());
}

TEST(advert, footprints_narrow)
{
	View view(tables({advert("DeliveryProtocol", http, cidr("10.0.0.0/8")),
			  advert("RedirectionMode", http_i, cidr("10.1.0.0/16"))}));
	EXPECT_EQ(by_http(view, "10.1.2.3"), "a");
	EXPECT_EQ(by_http(view, "10.2.2.3"), "b") << "no mode there";
	EXPECT_EQ(by_http(view, "192.0.2.1"), "b");
	View nobody(tables({advert("DeliveryProtocol", http,
				   cidr("10.0.0.0/8") + ", " + cidr("2001:db8::/32"))}));
	EXPECT_EQ(by_http(nobody, "10.1.2.3"), "b") << "RFC 9388 §2.2: different types narrow";
	EXPECT_EQ(by_http(nobody, "2001:db8::1"), "b");
	View several(tables({advert("DeliveryProtocol", http, cidr("10.0.0.0/8")),
			     advert("DeliveryProtocol", http, cidr("2001:db8::/32"))}));
	EXPECT_EQ(by_http(several, "10.1.2.3") + by_http(several, "2001:db8::1"), "aa");
}

/* Each type of metadata may come from another advert, but all have to be there. */
TEST(advert, metadata_that_the_scope_requires)
{
	const std::string wants = R"(, "requires": ["MI.Cache", "mi.urisigning"])";
	const std::string cache = advert("Metadata", R"({"metadata": ["MI.Cache", "MI.New"]})"),
			  signing = advert("Metadata", R"({"metadata": ["MI.UriSigning"]})",
					   cidr("10.0.0.0/8"));
	View part(tables({cache}, wants)), all(tables({cache, signing}, wants)),
		none(tables({advert("Metadata", R"({"metadata": []})")})),
		transit(tables({advert("Metadata", R"({"metadata": []})")}, wants));
	EXPECT_EQ(by_http(part), "b");
	EXPECT_EQ(by_http(all, "10.0.0.1") + by_http(all, "192.0.2.1"), "ab");
	EXPECT_EQ(by_http(none), "a") << "nothing is required";
	EXPECT_EQ(by_http(transit), "b");
}

TEST(advert, nobody_left_is_the_fallback)
{
	View view(tables(
		{advert("RedirectionMode", dns_i), advert("RedirectionMode", dns_i, "", "b")}));
	HttpAsk ask("x.t");
	Verdict verdict = match(view, ask);
	EXPECT_EQ(verdict.target_name(), "n");
	EXPECT_TRUE(verdict.fell_back);
}

/* A CDN that drains is better than one that cannot. */
TEST(advert, drain_and_down)
{
	TablesBuilder builder;
	builder.cdn("a").cdn("b", "drain").add("advert", advert("RedirectionMode", dns_i));
	builder.scope(
		R"({"name": "s", "hosts": ["*.t"], "candidates": [{"cdn": "a"}, {"cdn": "b"}]})");
	View view(builder.finish());
	EXPECT_EQ(by_http(view), "b");
	view.state("b", TARGET_DOWN);
	EXPECT_EQ(by_http(view), "");
}

/* The scope of the answer tells of which prefix all that was looked at holds (RFC 7871 §7.1.3). */
TEST(advert, client_subnet)
{
	View view(tables({advert("DeliveryProtocol", http, cidr("10.1.0.0/16"))}));
	DnsAsk in("x.t", 1, "192.0.2.1", "10.1.2.0/24"), out("x.t", 1, "192.0.2.1", "11.0.0.0/24");
	EXPECT_EQ(match(view, in).target_name(), "a");
	EXPECT_EQ(match(view, in).ecs_scope, 16);
	EXPECT_EQ(match(view, out).target_name(), "b");
	EXPECT_EQ(match(view, out).ecs_scope, 8);
	View narrower(tables({advert("DeliveryProtocol", http, cidr("10.1.0.0/16"))},
			     R"(, "footprints": [)" + cidr("10.1.2.0/24") + "]"));
	EXPECT_EQ(match(narrower, in).ecs_scope, 24);
}

/* --- DRIs with footprints -------------------------------------------------------------------------------------------- */

std::string location(View &view, const std::string &client, const std::string &host = "x.t")
{
	HttpAsk ask(host, "/", {}, client);
	Verdict verdict = match(view, ask);
	return verdict.dri ? verdict.target_name() + " " + verdict.dri->authority : "-";
}

TEST(advert, dris_by_client)
{
	View view(tables(
		{}, "",
		{R"({"cdn": "a", "http-target": {"host": "near.test"}, "footprints": [)" +
			 cidr("10.0.0.0/8") + "]}",
		 R"({"cdn": "a", "redirecting-hosts": ["v.t"], "http-target": {"host": "v.test"}})",
		 R"({"cdn": "a", "redirecting-hosts": ["v.t"], "http-target": {"host": "v-near.test"},
				      "footprints": [)" +
			 cidr("10.1.0.0/16") + "]}",
		 R"({"cdn": "a", "withdrawn": true, "footprints": [)" + cidr("20.0.0.0/8") +
			 "]}"}));
	EXPECT_EQ(location(view, "192.0.2.1"), "a a.test");
	EXPECT_EQ(location(view, "10.9.9.9"), "a near.test");
	EXPECT_EQ(location(view, "10.9.9.9", "v.t"), "a v.test");
	EXPECT_EQ(location(view, "10.1.9.9", "v.t"), "a v-near.test");
	EXPECT_EQ(location(view, "20.0.0.1"), "n n.test")
		<< "it plays no part in the choice (LL-11)";
	EXPECT_EQ(location(view, "20.0.0.1", "v.t"), "a v.test");
}

/* What an operator said first stays in front of what a peer pushes for the same hosts. */
TEST(advert, dris_of_other_sources_stay_beside_each_other)
{
	View view(tables(
		{}, "",
		{R"({"cdn": "a", "source": "pushed", "http-target": {"host": "pushed.test"}})",
		 R"({"cdn": "b", "source": "pushed", "redirecting-hosts": ["x.t"],
				      "http-target": {"host": "pushed.test"}})"}));
	EXPECT_EQ(location(view, "192.0.2.1"), "a a.test");
	EXPECT_STREQ(view.object(OBJECT_DRI, "cdn/a <pushed")->name, "cdn/a <pushed");
	EXPECT_EQ(view.object(OBJECT_DRI, "cdn/b x.t <pushed")->made.dri->n_hosts, 1u);
	EXPECT_EQ(view.target("a")->n_dris, 2u);
}

TEST(advert, cdn_whose_dris_are_learnt)
{
	TablesBuilder builder;
	builder.node("n").fallback(R"({"node": "n"})");
	builder.add("cdn", R"({"name": "p", "dri-source": "peer"})");
	builder.scope(R"({"name": "s", "hosts": ["*.t"], "candidates": [{"cdn": "p"}]})");
	View view(builder.finish());
	EXPECT_EQ(by_http(view), "n");
}

std::string many(unsigned n, const std::string &one)
{
	std::string list = one;
	while (--n)
		list += ", " + one;
	return list;
}

TEST(advert, refused)
{
	const struct {
		std::string kind, json, text;
	} cases[] = {
		{"advert", advert("DeliveryProtocol", http, "", "zz"), "zz"},
		{"advert", R"({"cdn": "a", "type": "FCI.Logging"})", "'value' is missing"},
		{"advert", R"({"cdn": "a", "value": {}})", "'type' is missing"},
		{"advert", advert("DeliveryProtocol", "{}"), "'delivery-protocols' is missing"},
		{"advert", advert("RedirectionMode", R"({"redirection-modes": [5]})"), "expected"},
		{"advert", advert("Two words", "{}"), "its type is no name"},
		{"advert", advert("CapacityLimits", R"({"limits": [{"limit-type": "requests"}]})"),
		 "'maximum-hard' is missing"},
		{"advert", advert("CapacityLimits", R"({"limits": [{"limit-type": "requests",
			"maximum-hard": 5, "maximum-soft": 6}]})"),
		 "maximum-soft is more than maximum-hard"},
		{"advert", advert("CapacityLimits", R"({"limits": [{"maximum-hard": 5}]})"),
		 "'limit-type' is missing"},
		{"advert", advert("DeliveryProtocol", http, cidr("10.0.0.0/99")), "10.0.0.0/99"},
		{"cdn", R"({"name": "x", "strategy": "recursive"})",
		 "strategy: expected one of \"iterative\", \"semi-recursive\", "
		 "\"full-recursive\", not \"recursive\""},
		{"node", R"({"name": "x", "strategy": "iterative"})", "unknown key 'strategy'"},
		{"node", R"({"name": "x", "excluded-hosts": ["y.t"]})",
		 "unknown key 'excluded-hosts'"},
		{"cdn", R"({"name": "x", "excluded-hosts": ["y.t", "a b"]})",
		 "cdn 'x': excluded-hosts: 'a b' is not a host name"},
		{"cdn", R"({"name": "x", "excluded-hosts": ["a.*.t"]})",
		 "cdn 'x': excluded-hosts: 'a.*.t' is not a host name"},
		{"cdn", R"({"name": "x", "excluded-hosts": [)" + many(65, "\"y.t\"") + "]}",
		 "excluded-hosts: at most 64 are possible"},
		{"dri", R"({"cdn": "a"})", "expected 'dns-target', 'http-target' or both"},
		{"dri", R"({"cdn": "a", "withdrawn": true, "http-target": {"host": "x.t"}})",
		 "one that is withdrawn has no target"},
		{"scope",
		 R"({"name": "x", "hosts": ["y.t"], "action": "deny", "requires": ["MI.Unheard"]})",
		 "requires: 'MI.Unheard' is not known"},
	};
	for (const auto &c : cases) {
		TablesBuilder builder;
		builder.cdn("a").add(c.kind, c.json);
		ASSERT_FALSE(builder.try_finish()) << c.json;
		EXPECT_NE(builder.faults()[0].text.find(c.text), std::string::npos)
			<< builder.faults()[0].text;
	}
}

/* --- capacity -------------------------------------------------------------------------------------------------------- */

std::string limits(const std::string &soft, const std::string &footprints = "")
{
	return advert("CapacityLimits",
		      R"({"limits": [{"limit-type": "egress", "maximum-hard": 1},
			  {"limit-type": "requests", "maximum-hard": 100000, "maximum-soft": )" +
			      soft + "}]}",
		      footprints);
}

/* As workers do: a second of n requests, of which so many go to a. */
int second(View &view, int n, const std::string &client = "10.0.0.1")
{
	int taken = 0;
	for (int i = 0; i < n; i++)
		taken += by_http(view, client) == "a";
	return taken;
}

struct Capacity : testing::Test {
	void SetUp() override
	{
		ASSERT_TRUE(hits_init(1));
	}
	void TearDown() override
	{
		hits_finish();
	}
	/* All limits of a, once a second. */
	static void weigh(const View &view)
	{
		const struct target *a = view.target("a");
		for (uint32_t i = 0; i < a->n_adverts; i++)
			advert_weigh(a->adverts[i], 1);
	}
};

TEST_F(Capacity, what_is_too_much_goes_elsewhere)
{
	{
		View view(tables({limits("1000")}));
		view.context->worker = 0;
		view.context->counts = true;
		EXPECT_EQ(second(view, 4000), 4000) << "nothing is known yet";
		for (int i = 0; i < 5; i++) {
			weigh(view);
			EXPECT_NEAR(second(view, 4000), 1000, 150) << i;
		}
		weigh(view);
		EXPECT_NEAR(second(view, 500), 125, 60) << "it still keeps back";
		weigh(view);
		EXPECT_EQ(second(view, 900), 900) << "and then no more";
		weigh(view);
		EXPECT_EQ(second(view, 900), 900);
		view.context->counts = false; /* explain */
		weigh(view);
		EXPECT_EQ(second(view, 9000), 9000);
		weigh(view);
		EXPECT_EQ(second(view, 100), 100);
	}
}

TEST_F(Capacity, only_where_the_limit_is_for)
{
	View view(tables({limits("0", cidr("20.0.0.0/8")), limits("100", cidr("10.0.0.0/8"))}));
	view.context->worker = 0;
	view.context->counts = true;
	EXPECT_EQ(second(view, 100, "20.0.0.1"), 0) << "none at all";
	EXPECT_EQ(second(view, 5000, "10.0.0.1"), 5000);
	EXPECT_EQ(second(view, 5000, "192.0.2.1"), 5000);
	weigh(view);
	EXPECT_LT(second(view, 5000, "10.0.0.1"), 500);
	EXPECT_EQ(second(view, 5000, "192.0.2.1"), 5000);
	for (int i = 0; i < 9; i++) {
		weigh(view);
		EXPECT_EQ(second(view, 100, "20.0.0.1"), 0);
	}
}

TEST(advert, offers_have_names)
{
	char text[64];
	EXPECT_STREQ(advert_offers_text(ADVERT_REDIRECTION_MODE, MODE_DNS_I | MODE_HTTP_R, text,
					sizeof(text)),
		     "DNS-I, HTTP-R");
	EXPECT_STREQ(advert_offers_text(ADVERT_METADATA, 0, text, sizeof(text)), "");
	EXPECT_STREQ(advert_offers_text(ADVERT_METADATA, UINT64_MAX, text, 8), "MI.Sour");
	EXPECT_EQ(advert_offer(ADVERT_DELIVERY_PROTOCOL, "HTTP/1.1"), 0u)
		<< "RFC 8006 §7.3: as registered";
	EXPECT_NE(advert_offer(ADVERT_METADATA, "mi.CACHE"), 0u);
	for (unsigned type = 0; type < ADVERT_OFFERS; type++)
		EXPECT_EQ(advert_type_parse(advert_type_name((enum advert_type)type)), type);
	EXPECT_EQ(advert_type_parse("FCI.DeliveryProtocol.v2"), ADVERT_OTHER);
}

} // namespace
