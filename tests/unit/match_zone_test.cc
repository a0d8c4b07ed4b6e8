/* match_zone_test - zone data and scopes together: chains through both, what stands over what, what lies behind a DRI. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/change.h"

#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

extern "C" {
#include "lib/dns_answer.h"
#include "lib/dns_wire.h"
}

namespace
{

const char ZONE[] =
	R"({"name": "z.test", "servers": [{"name": "ns.z.test", "addresses": ["192.0.2.53"]}],
	"ttl": 300, "records": ["www CNAME cdn", "far CNAME www.y.test.", "out CNAME x.example.", "cdn TXT beside", "cdn CAA 0 issue \"x\"",
	"alias CNAME www", "ring1 CNAME ring2", "ring2 CNAME ring1", "* TXT wild", "*.w CNAME cdn", "d DNAME y.test.",
	"sub NS ns.sub", "ns.sub A 192.0.2.99", "static A 192.0.2.77", "static AAAA 2001:db8::77", "tostatic CNAME static",
	"hop CNAME cover", "cover CNAME elsewhere.example.", "@ TXT apex", "deep A 192.0.2.70", "tonear CNAME near"]})";

const char OTHER[] = R"({"name": "y.test", "servers": [{"name": "ns.x.example"}],
	"records": ["www CNAME cdn.z.test.", "a A 192.0.2.71"]})";

const char WITHOUT_SUBNET[] = R"({"name": "private.test", "servers": [{"name": "ns.x.example"}],
	"client-subnet": false, "records": ["to CNAME near.z.test."]})";

/* cdn.z.test and cover.z.test are taken by scopes; DRIs with addresses and to names of all kinds. */
struct World {
	TablesBuilder builder;
	View view;

	World() : view(make())
	{
	}
	View make()
	{
		builder.footprint(
			R"({"name": "near", "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.1.0.0/16"]}]})");
		builder.add("cdn", R"({"name": "addr"})");
		builder.dri(
			R"({"cdn": "addr", "dns-target": {"addresses": ["198.51.100.1", "2001:db8::1"], "ttl": 20}})");
		for (const char *name : {"static", "sub", "tostatic", "gone.deep", "cdn", "hop"}) {
			std::string cdn = name, to = cdn + ".z.test";
			builder.add("cdn", R"({"name": ")" + cdn + "\"}");
			builder.dri(R"({"cdn": ")" + cdn + R"(", "dns-target": {"host": ")" + to +
				    R"(", "ttl": 40}})");
		}
		builder.zone_json(ZONE).zone_json(OTHER).zone_json(WITHOUT_SUBNET);
		scope("cdn", "cdn.z.test", "addr");
		scope("cover", "cover.z.test", "addr");
		scope("apex", "z.test", "addr");
		for (const char *name : {"static", "sub", "tostatic", "gone.deep", "cdn", "hop"})
			scope(std::string("to-") + name, std::string("to-") + name + ".z.test",
			      name);
		builder.scope(
			R"({"name": "far", "hosts": ["near.z.test", "near.private.test"], "footprints": ["near"], "candidates": [{"cdn": "addr"}]})");
		return builder.finish();
	}
	void scope(const std::string &name, const std::string &host, const std::string &cdn)
	{
		builder.scope(R"({"name": ")" + name + R"(", "hosts": [")" + host +
			      R"("], "candidates": [{"cdn": ")" + cdn + R"("}]})");
	}
	/* "0 a: name type data|... u: ...": the code and the sections. */
	std::string says(const std::string &name, unsigned type)
	{
		DnsAsk ask(name, type);
		Verdict verdict = match(view, ask);
		match_follow(view.get(), &ask.req, &verdict);
		Bytes message = ask.message;
		message.resize(1232);
		static const dns_settings settings = {};
		dns_answer answer =
			dns_answer_write(message.data(), 1232, &ask.req, &verdict, &settings, 0);
		message.resize(answer.len);
		DnsMessage m(message);
		std::string out = std::to_string(m.rcode()) + (m.flags & DNS_AA ? " aa" : "");
		for (const auto &[what, list] :
		     {std::make_pair(" a:", m.answer), std::make_pair(" u:", m.authority)})
			for (const DnsRecord &r : list)
				out += what + (" " + r.name + " " + std::to_string(r.type) + " ") +
				       (r.type == DNS_SOA ? "-" : r.text);
		return out;
	}
};

const std::string ADDRESS = " 1 c6336401", CNAME = " 5 ";

TEST(MatchZone, Rfc1034_4_3_2_ChainsEndAtScopes)
{
	World w;
	EXPECT_EQ(w.says("cdn.z.test", DNS_A), "0 aa a: cdn.z.test" + ADDRESS);
	EXPECT_EQ(w.says("www.z.test", DNS_A),
		  "0 aa a: www.z.test 5 cdn.z.test a: cdn.z.test" + ADDRESS);
	EXPECT_EQ(w.says("alias.z.test", DNS_A), "0 aa a: alias.z.test 5 www.z.test a: www.z.test "
						 "5 cdn.z.test a: cdn.z.test" +
							 ADDRESS);
	EXPECT_EQ(w.says("any.w.z.test", DNS_A),
		  "0 aa a: any.w.z.test 5 cdn.z.test a: cdn.z.test" + ADDRESS);
	EXPECT_EQ(w.says("far.z.test", DNS_A), "0 aa a: far.z.test 5 www.y.test a: www.y.test 5 "
					       "cdn.z.test a: cdn.z.test" +
						       ADDRESS);
	EXPECT_EQ(
		w.says("www.d.z.test", DNS_A),
		"0 aa a: d.z.test 39 " +
			w.says("d.z.test", 39).substr(std::string("0 aa a: d.z.test 39 ").size()) +
			" a: www.d.z.test 5 www.y.test a: www.y.test 5 cdn.z.test a: cdn.z.test" +
			ADDRESS);
	EXPECT_EQ(w.says("out.z.test", DNS_A), "0 aa a: out.z.test 5 x.example");
	EXPECT_EQ(w.says("www.z.test", DNS_CNAME), "0 aa a: www.z.test 5 cdn.z.test");
}

TEST(MatchZone, ALoopEnds)
{
	World w;
	EXPECT_EQ(w.says("ring1.z.test", DNS_A),
		  "0 aa a: ring1.z.test 5 ring2.z.test a: ring2.z.test 5 ring1.z.test");
}

TEST(MatchZone, ScopesStandOverRecords)
{
	World w;
	EXPECT_EQ(w.says("cover.z.test", DNS_A), "0 aa a: cover.z.test" + ADDRESS);
	EXPECT_EQ(w.says("hop.z.test", DNS_A),
		  "0 aa a: hop.z.test 5 cover.z.test a: cover.z.test" + ADDRESS);
	EXPECT_EQ(w.says("nowhere.z.test", DNS_A), "0 aa u: z.test 6 -");
	EXPECT_EQ(w.says("nowhere.deep.z.test", DNS_A), "3 aa u: z.test 6 -");
}

TEST(MatchZone, TypesThatADriDoesNotHaveAreTheZones)
{
	World w;
	const std::string txt = w.says("cdn.z.test", DNS_TXT);
	EXPECT_EQ(txt.substr(0, 24), "0 aa a: cdn.z.test 16 06");
	EXPECT_EQ(w.says("www.z.test", DNS_TXT), "0 aa a: www.z.test 5 cdn.z.test" + txt.substr(4));
	EXPECT_EQ(w.says("cdn.z.test", DNS_MX), "0 aa u: z.test 6 -");
	EXPECT_EQ(w.says("z.test", DNS_TXT).substr(0, 17), "0 aa a: z.test 16");
	EXPECT_EQ(w.says("z.test", DNS_A), "0 aa a: z.test" + ADDRESS);
	EXPECT_EQ(w.says("z.test", DNS_SOA), "0 aa a: z.test 6 -");
	EXPECT_EQ(w.says("z.test", DNS_NS), "0 aa a: z.test 2 ns.z.test");
	EXPECT_EQ(w.says("z.test", DNS_MX), "0 aa u: z.test 6 -");
	EXPECT_EQ(w.says("cover.z.test", DNS_TXT), "0 aa u: z.test 6 -")
		<< "its CNAME would lead past the scope";
}

TEST(MatchZone, WhatADriLeadsToIsAnsweredFromOurZones)
{
	World w;
	EXPECT_EQ(w.says("to-static.z.test", DNS_A),
		  "0 aa a: to-static.z.test 5 static.z.test a: static.z.test 1 c000024d");
	EXPECT_EQ(w.says("to-tostatic.z.test", DNS_A),
		  "0 aa a: to-tostatic.z.test 5 tostatic.z.test a: tostatic.z.test 5 "
		  "static.z.test a: static.z.test 1 c000024d");
	EXPECT_EQ(w.says("to-static.z.test", DNS_MX),
		  "0 aa a: to-static.z.test 5 static.z.test u: z.test 6 -");
	EXPECT_EQ(w.says("to-sub.z.test", DNS_A),
		  "0 aa a: to-sub.z.test 5 sub.z.test u: sub.z.test 2 ns.sub.z.test");
	EXPECT_EQ(w.says("to-gone.deep.z.test", DNS_A),
		  "3 aa a: to-gone.deep.z.test 5 gone.deep.z.test u: z.test 6 -");
	EXPECT_EQ(w.says("to-static.z.test", DNS_CNAME),
		  "0 aa a: to-static.z.test 5 static.z.test");
	EXPECT_EQ(w.says("to-cdn.z.test", DNS_A), "0 aa a: to-cdn.z.test 5 cdn.z.test")
		<< "a scope stands over it";
	EXPECT_EQ(w.says("to-hop.z.test", DNS_A),
		  "0 aa a: to-hop.z.test 5 hop.z.test a: hop.z.test 5 cover.z.test");
}

TEST(MatchZone, Rfc7871_7_2_1_TheScopeCoversAllThatWasTested)
{
	World w;
	for (const char *name : {"near.z.test", "tonear.z.test"}) {
		DnsAsk near(name, DNS_A, "192.0.2.1", "10.1.2.0/24"),
			far(name, DNS_A, "192.0.2.1", "10.2.2.0/24");
		Verdict verdict = match(w.view, near);
		EXPECT_EQ(verdict.scope_name(), "far") << name;
		EXPECT_EQ(verdict.ecs_scope, 16u) << name;
		verdict = match(w.view, far);
		EXPECT_EQ(verdict.scope, nullptr) << name;
		EXPECT_EQ(verdict.ecs_scope, 15u) << name;
	}
}

/* Hosts go to b by a delegated name; the second DRI is for another host. */
struct Iterative : World {
	View again;
	Iterative() : again(make_more())
	{
		view = std::move(again);
	}
	View make_more()
	{
		TablesBuilder more;
		more.zone_json(ZONE);
		more.add("cdn", R"({"name": "b"})").add("cdn", R"({"name": "c"})");
		more.dri(
			R"({"cdn": "b", "redirecting-hosts": ["it.z.test", "www.it.z.test", "z.test"], "dns-target": {"label": "B", "ttl": 50,
			"servers": [{"name": "ns.b.it.z.test", "addresses": ["192.0.2.201", "2001:db8::201"]}, {"name": "ns.b.example"}]}})");
		more.dri(
			R"({"cdn": "c", "redirecting-hosts": ["it.z.test"], "dns-target": {"label": "c", "servers": [{"name": "ns.c.example"}]}})");
		more.scope(
			R"({"name": "it", "hosts": ["it.z.test", "*.it.z.test", "z.test"], "candidates": [{"cdn": "b"}]})");
		return more.finish();
	}
};

const std::string SERVERS = " 2 ns.b.it.z.test u: b.it.z.test 2 ns.b.example";

TEST(MatchZone, Rfc7336_3_4_IterativeDnsRedirection)
{
	Iterative w;
	EXPECT_EQ(w.says("it.z.test", DNS_A),
		  "0 aa a: it.z.test 5 b.it.z.test u: b.it.z.test" + SERVERS);
	EXPECT_EQ(w.says("it.z.test", DNS_CNAME), "0 aa a: it.z.test 5 b.it.z.test");
	for (const char *name : {"b.it.z.test", "B.it.Z.test", "ns.b.it.z.test", "x.y.b.it.z.test"})
		for (unsigned type : {DNS_A, DNS_NS, DNS_SOA, DNS_TXT, DNS_CNAME, DNS_ANY})
			EXPECT_EQ(w.says(name, type), "0 u: b.it.z.test" + SERVERS) << name;
	EXPECT_EQ(w.says("c.it.z.test", DNS_A), "0 u: c.it.z.test 2 ns.c.example");
	EXPECT_EQ(w.says("b.it.z.test", DNS_DS), "0 aa u: z.test 6 -");
	EXPECT_EQ(w.says("x.b.it.z.test", DNS_DS), "0 u: b.it.z.test" + SERVERS);
	EXPECT_EQ(w.says("www.it.z.test", DNS_A), "0 aa a: www.it.z.test 5 b.www.it.z.test u: "
						  "b.www.it.z.test 2 ns.b.it.z.test u: "
						  "b.www.it.z.test 2 ns.b.example");
	EXPECT_EQ(w.says("z.test", DNS_A), "2") << "no CNAME at an apex";
	EXPECT_EQ(w.says("bb.it.z.test", DNS_A), "2") << "no DRI is for this host";
}

std::string refused(const std::vector<std::string> &dris)
{
	TablesBuilder builder;
	builder.add("cdn", R"({"name": "b"})").add("cdn", R"({"name": "c"})");
	for (const std::string &dri : dris)
		builder.dri(dri);
	return builder.faults().empty() ? "good" : builder.faults()[0].text;
}

TEST(MatchZone, LabelsThatCannotBeDelegatedAreRefused)
{
	auto dri = [](const std::string &cdn, const std::string &hosts, const std::string &target) {
		return R"({"cdn": ")" + cdn + "\"" + hosts + R"(, "dns-target": {)" + target + "}}";
	};
	const std::string hosts = R"(, "redirecting-hosts": ["w.t"])",
			  servers = R"(, "servers": [{"name": "ns.x"}])",
			  b = dri("b", hosts, R"("label": "b")" + servers);
	EXPECT_EQ(refused({b}), "good");
	EXPECT_EQ(refused({b, dri("c", hosts, R"("label": "c")" + servers)}), "good");
	EXPECT_EQ(refused({b, dri("c", hosts, R"("label": "B")" + servers)}),
		  "label 'b' of its hosts is that of DRI 'cdn/b w.t' already");
	for (const char *label : {"a.b", "a b", "*", "-.", ""})
		EXPECT_NE(refused({dri("b", hosts,
				       "\"label\": \"" + std::string(label) + "\"" + servers)}),
			  "good")
			<< label;
	EXPECT_NE(refused({dri("b", "", R"("label": "b")" + servers)}), "good");
	EXPECT_NE(refused({dri("b", hosts, R"("label": "b")")}), "good");
	EXPECT_NE(refused({dri("b", hosts, R"("label": "b", "host": "x")" + servers)}), "good");
	EXPECT_NE(refused({dri("b", hosts, R"("host": "x")" + servers)}), "good");
}

/* A version of the tables, changed one object at a time. */
struct Tables {
	Patterns patterns;
	View view;
	uint64_t order = 0;

	void change(const std::function<bool(Change &)> &what)
	{
		Change change(view ? view.get() : nullptr, patterns, at_run_time(++order));
		EXPECT_TRUE(what(change));
		view = change.finish();
		ASSERT_TRUE(view);
	}
	void put(enum object_kind kind, const std::string &json)
	{
		change([&](Change &c) { return c.put(kind, json); });
	}
	bool delegates(const std::string &name)
	{
		DnsAsk ask(name);
		return match(view, ask).outcome == VERDICT_DELEGATED;
	}
};

TEST(MatchZone, DelegatedNamesComeAndGoWithTheirDri)
{
	const std::string before =
		R"({"cdn": "b", "redirecting-hosts": ["it.z.test"], "dns-target": {"label": ")";
	const std::string behind = R"(", "servers": [{"name": "ns.x"}]}})";
	Tables tables;
	tables.put(OBJECT_ZONE, ZONE);
	EXPECT_FALSE(tables.delegates("b.it.z.test"));
	tables.change([&](Change &c) {
		return c.put(OBJECT_CDN, R"({"name": "b"})") &&
		       c.put(OBJECT_DRI, before + "b" + behind);
	});
	EXPECT_TRUE(tables.delegates("b.it.z.test"));
	View old = tables.view;
	tables.put(OBJECT_DRI, before + "c" + behind);
	EXPECT_FALSE(tables.delegates("b.it.z.test"));
	EXPECT_TRUE(tables.delegates("x.c.it.z.test"));
	tables.put(
		OBJECT_DRI,
		R"({"cdn": "b", "redirecting-hosts": ["it.z.test"], "dns-target": {"host": "x"}})");
	EXPECT_FALSE(tables.delegates("c.it.z.test"));
	EXPECT_EQ(tables.view->cuts, nullptr);
	tables.put(OBJECT_DRI, before + "c" + behind);
	EXPECT_TRUE(tables.delegates("c.it.z.test"));
	tables.change([](Change &c) {
		return c.remove(OBJECT_DRI, "cdn/b it.z.test") && c.remove(OBJECT_CDN, "b");
	});
	EXPECT_EQ(tables.view->cuts, nullptr);
	DnsAsk ask("b.it.z.test");
	EXPECT_EQ(match(old, ask).outcome, VERDICT_DELEGATED) << "the old version stays as it was";
}

/* Where the option is not used the resolver decides, and no option goes back. */
TEST(MatchZone, Rfc7871_7_2_1_AZoneWithoutClientSubnet)
{
	World w;
	for (const char *name : {"near.private.test", "to.private.test"}) {
		DnsAsk near(name, DNS_A, "10.1.0.53", "192.0.2.0/24"),
			far(name, DNS_A, "192.0.2.1", "10.1.2.0/24");
		for (DnsAsk *ask : {&near, &far}) {
			Verdict verdict = match(w.view, *ask);
			EXPECT_EQ(verdict.scope != nullptr, ask == &near) << name;
			EXPECT_EQ(verdict.ecs_scope, 0u);
			EXPECT_FALSE(ask->req.dns.ecs);
			EXPECT_TRUE(ip_addr_equal(&ask->req.client, &ask->req.dns.resolver));
			EXPECT_EQ(ask->req.client_len, 32);
		}
	}
	/* The zone of the question is what counts. */
	DnsAsk other("near.z.test", DNS_A, "10.1.0.53", "192.0.2.0/24");
	EXPECT_EQ(match(w.view, other).scope, nullptr);
	EXPECT_TRUE(other.req.dns.ecs);
}

} // namespace
