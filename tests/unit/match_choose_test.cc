/* match_choose_test - how a target is chosen and how its DRI is found. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tables_builder.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

namespace
{

/* A zone, the targets a, b, c, d and one scope for all hosts. */
View tables_with(const std::string &rest_of_scope, const std::string &fallback = "")
{
	TablesBuilder builder;
	builder.zone("t").cdn("a").cdn("b").cdn("c").node("d");
	if (!fallback.empty())
		builder.fallback(R"({"cdn": ")" + fallback + "\"}");
	builder.scope(R"({"name": "s", "hosts": ["*.t"], )" + rest_of_scope + "}");
	return builder.finish();
}

std::string chosen(View &view, const std::string &path = "/")
{
	HttpAsk ask("x.t", path);
	return match(view, ask).target_name();
}

std::string candidates(const std::string &policy, const std::vector<unsigned> &weights)
{
	static const char *const names[] = {R"("cdn": "a")", R"("cdn": "b")", R"("cdn": "c")",
					    R"("node": "d")"};
	std::string list;
	for (size_t i = 0; i < weights.size(); i++)
		list += std::string(i ? ", {" : "{") + names[i] + R"(, "weight": )" +
			std::to_string(weights[i]) + "}";
	return R"("policy": ")" + policy + R"(", "candidates": [)" + list + "]";
}

/* How often each target is chosen for n different paths. */
std::map<std::string, int> tally(View &view, int n)
{
	std::map<std::string, int> counts;
	for (int i = 0; i < n; i++)
		counts[chosen(view, "/" + std::to_string(i))]++;
	return counts;
}

/* Pearson's sum over the expected shares. 27.9 is passed once in 100 000 by chance with up to 3 degrees of freedom; seeds
 * are fixed, so this does not happen from one run to the next. */
void expect_shares(const std::map<std::string, int> &counts,
		   const std::map<std::string, double> &weights)
{
	double total = 0, sum = 0;
	int n = 0;
	for (const auto &weight : weights)
		total += weight.second;
	for (const auto &count : counts) {
		ASSERT_TRUE(weights.count(count.first)) << count.first;
		n += count.second;
	}
	for (const auto &weight : weights) {
		double expected = n * weight.second / total;
		auto at = counts.find(weight.first);
		double seen = at == counts.end() ? 0 : at->second;
		sum += (seen - expected) * (seen - expected) / expected;
	}
	EXPECT_LT(sum, 27.9) << testing::PrintToString(counts);
}

/* --- policies --------------------------------------------------------------------------------------------------- */

TEST(choose, ordered_takes_the_first_that_is_up)
{
	View view(tables_with(candidates("ordered", {1, 9, 1})));
	EXPECT_EQ(tally(view, 20), (std::map<std::string, int>{{"a", 20}}));
	view.state("a", TARGET_DOWN);
	EXPECT_EQ(chosen(view), "b");
	view.state("b", TARGET_DRAIN);
	EXPECT_EQ(chosen(view), "c");
	view.state("a", TARGET_UP);
	EXPECT_EQ(chosen(view), "a");
}

/* --- what content providers exclude ------------------------------------------------------------------------------ */

View with_excluded(const std::string &hosts)
{
	TablesBuilder builder;
	builder.zone("t").cdn("b").node("n");
	builder.add("cdn", R"({"name": "a", "excluded-hosts": [)" + hosts + "]}");
	builder.dri(
		R"({"cdn": "a", "dns-target": {"host": "a.u"}, "http-target": {"host": "a.u"}})");
	builder.fallback(R"({"cdn": "a"})");
	builder.scope(
		R"({"name": "s", "hosts": ["*"], "candidates": [{"cdn": "a"}, {"cdn": "b"}]})");
	builder.scope(
		R"({"name": "only", "hosts": ["*"], "paths": ["/only/"], "candidates": [{"cdn": "a"}]})");
	builder.scope(
		R"({"name": "back", "hosts": ["*"], "paths": ["/back/"], "candidates": [{"cdn": "a"}],
		    "fallback": {"node": "n"}})");
	return builder.finish();
}

std::string sent_to(View &view, const std::string &host, const std::string &path = "/")
{
	HttpAsk ask(host, path);
	return match(view, ask).target_name();
}

TEST(choose, excluded_cdn_gets_nothing_of_the_hosts)
{
	View view(with_excluded(R"("*.CSP.example", "one.t", "[2001:db8::1]")"));
	const struct {
		const char *host, *target;
	} cases[] = {
		{"x.csp.example", "b"}, {"x.y.CSP.example", "b"}, {"csp.example", "a"},
		{"xcsp.example", "a"},  {"one.t", "b"},           {"One.t", "b"},
		{"x.one.t", "a"},       {"two.t", "a"},           {"on.t", "a"},
		{"[2001:db8::1]", "b"}, {"[2001:db8::2]", "a"},   {"csp.example.org", "a"},
	};
	for (const auto &c : cases)
		EXPECT_EQ(sent_to(view, c.host), c.target) << c.host;
	DnsAsk ask("one.t", 1);
	EXPECT_EQ(match(view, ask).target_name(), "b");
	View all(with_excluded(R"("*")"));
	EXPECT_EQ(sent_to(all, "two.t"), "b");
	View none(with_excluded(""));
	EXPECT_EQ(sent_to(none, "one.t"), "a");
	EXPECT_STREQ(object_json(none.object(OBJECT_CDN, "a")), R"({"name":"a"})");
}

TEST(choose, excluded_cdn_is_no_fallback)
{
	View view(with_excluded(R"("*.csp.example")"));
	EXPECT_EQ(sent_to(view, "x.csp.example", "/only/"), "");
	EXPECT_EQ(sent_to(view, "x.csp.example", "/back/"), "n");
	EXPECT_EQ(sent_to(view, "other.t", "/only/"), "a");
}

/* An answer for a CDN that came back when the provider had excluded it is not used. */
TEST(choose, excluded_cdn_is_not_resumed)
{
	View view(with_excluded(R"("*.csp.example")"));
	for (const auto &[host, good] :
	     {std::pair<const char *, bool>{"x.csp.example", false}, {"x.t", true}}) {
		HttpAsk ask(host, "/");
		struct verdict verdict = {};
		match_scope(view.get(), view.context.get(), &ask.req, &verdict);
		EXPECT_EQ(match_resume(view.get(), &ask.req, target_seed("a"), &verdict), good)
			<< host;
	}
}

TEST(choose, weighted_keeps_to_the_weights)
{
	View view(tables_with(candidates("weighted", {1, 2, 3, 10})));
	expect_shares(tally(view, 40000), {{"a", 1}, {"b", 2}, {"c", 3}, {"d", 10}});
	view.state("d", TARGET_DOWN);
	expect_shares(tally(view, 40000), {{"a", 1}, {"b", 2}, {"c", 3}});
}

TEST(choose, weighted_with_the_largest_weights)
{
	View view(tables_with(candidates("weighted", {65535, 65535, 1, 65535})));
	expect_shares(tally(view, 40000), {{"a", 65535}, {"b", 65535}, {"c", 1}, {"d", 65535}});
}

TEST(choose, random_is_even)
{
	View view(tables_with(candidates("random", {1, 100, 1})));
	expect_shares(tally(view, 30000), {{"a", 1}, {"b", 1}, {"c", 1}});
}

TEST(choose, round_robin_turns_exactly)
{
	View view(tables_with(candidates("round-robin", {1, 1, 1})));
	std::string turns;
	for (int i = 0; i < 9; i++)
		turns += chosen(view);
	EXPECT_EQ(turns, "abcabcabc");
	view.state("b", TARGET_DOWN);
	turns.clear();
	for (int i = 0; i < 6; i++)
		turns += chosen(view);
	EXPECT_TRUE(turns == "acacac" || turns == "cacaca") << turns;
}

TEST(choose, round_robin_of_each_scope_is_its_own)
{
	TablesBuilder builder;
	builder.zone("t").cdn("a").cdn("b");
	for (const char *host : {"x", "y"})
		builder.scope(
			std::string(R"({"name": "s)") + host + R"(", "hosts": [")" + host +
			R"(.t"], "policy": "round-robin", "candidates": [{"cdn": "a"}, {"cdn": "b"}]})");
	View view(builder.finish());
	std::string x, y;
	for (int i = 0; i < 6; i++) {
		HttpAsk at_x("x.t"), at_y("y.t");
		x += match(view, at_x).target_name();
		y += match(view, at_y).target_name();
	}
	EXPECT_EQ(x, "ababab");
	EXPECT_EQ(y, "ababab");
}

TEST(choose, hash_keeps_to_the_weights)
{
	View view(tables_with(candidates("hash", {1, 2, 3, 10})));
	expect_shares(tally(view, 40000), {{"a", 1}, {"b", 2}, {"c", 3}, {"d", 10}});
}

TEST(choose, hash_moves_only_the_keys_of_the_target_that_leaves)
{
	View view(tables_with(candidates("hash", {1, 2, 3, 4})));
	std::vector<std::string> before;
	for (int i = 0; i < 5000; i++)
		before.push_back(chosen(view, "/" + std::to_string(i)));
	for (const char *gone : {"a", "b", "c", "d"}) {
		view.state(gone, TARGET_DOWN);
		std::map<std::string, int> moved_to;
		for (int i = 0; i < 5000; i++) {
			std::string now = chosen(view, "/" + std::to_string(i));
			if (before[i] != gone)
				ASSERT_EQ(now, before[i]) << gone << " " << i;
			else
				moved_to[now]++;
		}
		EXPECT_EQ(moved_to.size(), 3u) << "they spread over all others";
		EXPECT_EQ(moved_to.count(gone), 0u);
		view.state(gone, TARGET_UP);
	}
	for (int i = 0; i < 5000; i++)
		ASSERT_EQ(chosen(view, "/" + std::to_string(i)), before[i]) << "and come back";
}

/* The choice depends on names and the request alone: neither on the order of the configuration nor on the worker. */
TEST(choose, hash_is_the_same_on_every_appliance)
{
	View here(tables_with(candidates("hash", {1, 2, 3})));
	TablesBuilder builder;
	builder.cdn("z").cdn("c").node("y").cdn("a").cdn("b").zone("t");
	builder.scope(R"({"name": "other", "hosts": ["*.t"], "policy": "hash", "candidates": [)"
		      R"({"cdn": "c", "weight": 3}, {"cdn": "a"}, {"cdn": "b", "weight": 2}]})");
	View there(builder.finish());
	there.context->random = 77;
	for (int i = 0; i < 2000; i++)
		ASSERT_EQ(chosen(here, "/" + std::to_string(i)),
			  chosen(there, "/" + std::to_string(i)));
}

/* Explain goes the long way, where each candidate is told of. */
TEST(choose, plain_candidates_are_chosen_as_explain_does)
{
	const struct match_trace trace = {};
	for (const char *policy : {"ordered", "hash"})
		for (const std::vector<unsigned> &weights : std::vector<std::vector<unsigned>>{
			     {1}, {1, 1}, {7, 7, 7}, {1, 1, 1, 1}, {1, 1, 2}, {2, 1}})
			for (const char *down : {"", "a", "b", "d"}) {
				View view(tables_with(candidates(policy, weights)));
				if (*down)
					view.state(down, TARGET_DOWN);
				for (int i = 0; i < 200; i++) {
					std::string path = "/" + std::to_string(i);
					view.context->trace = nullptr;
					std::string taken = chosen(view, path);
					view.context->trace = &trace;
					ASSERT_EQ(taken, chosen(view, path))
						<< policy << weights.size() << down << path;
				}
			}
}

TEST(choose, hash_is_on_host_and_path_but_not_on_query_and_client)
{
	View view(tables_with(candidates("hash", {1, 1, 1, 1})));
	std::map<std::string, int> hosts, paths, others;
	for (int i = 0; i < 100; i++) {
		HttpAsk host("x" + std::to_string(i) + ".t", "/a"),
			path("x.t", "/" + std::to_string(i)),
			other("x.t", "/a?" + std::to_string(i), {{"X", "y"}},
			      "10.0.0." + std::to_string(i));
		hosts[match(view, host).target_name()]++;
		paths[match(view, path).target_name()]++;
		others[match(view, other).target_name()]++;
	}
	EXPECT_EQ(hosts.size(), 4u);
	EXPECT_EQ(paths.size(), 4u);
	EXPECT_EQ(others.size(), 1u);
}

/* --- states ------------------------------------------------------------------------------------------------------ */

TEST(choose, drain_is_taken_only_when_nothing_is_up)
{
	for (const char *policy : {"ordered", "weighted", "hash", "round-robin", "random"}) {
		View view(tables_with(candidates(policy, {1000, 1, 1})));
		view.state("a", TARGET_DRAIN);
		auto counts = tally(view, 300);
		EXPECT_EQ(counts.count("a"), 0u) << policy;
		EXPECT_EQ(counts.size(), policy == std::string("ordered") ? 1u : 2u) << policy;
		view.state("b", TARGET_DOWN).state("c", TARGET_DOWN);
		EXPECT_EQ(tally(view, 50), (std::map<std::string, int>{{"a", 50}})) << policy;
		view.state("a", TARGET_DOWN);
		EXPECT_EQ(tally(view, 50), (std::map<std::string, int>{{"", 50}})) << policy;
	}
}

TEST(choose, states_of_the_configuration)
{
	TablesBuilder builder;
	builder.zone("t").cdn("a", "down").cdn("b", "drain").cdn("c", "up");
	builder.scope(R"({"name": "s", "hosts": ["*.t"], )" + candidates("ordered", {1, 1, 1}) +
		      "}");
	View view(builder.finish());
	EXPECT_EQ(chosen(view), "c");
	EXPECT_EQ(view.target("a")->state, TARGET_DOWN);
	EXPECT_EQ(view.target("b")->state, TARGET_DRAIN);
	EXPECT_EQ(view.target("c")->state, TARGET_UP);
}

/* What was set at run time wins over it, whichever came first. */
TEST(choose, states_that_were_set)
{
	TablesBuilder builder;
	builder.zone("t");
	builder.add("state", R"({"cdn": "a", "state": "down"})");
	builder.cdn("a").cdn("b", "drain").cdn("c", "down");
	builder.add("state", R"({"cdn": "c", "state": "up"})");
	builder.add("state", R"({"node": "b", "state": "up"})");
	builder.scope(R"({"name": "s", "hosts": ["*.t"], "candidates": )"
		      R"([{"cdn": "a"}, {"cdn": "b"}, {"cdn": "c"}]})");
	View view(builder.finish());
	EXPECT_EQ(view.target("a")->state, TARGET_DOWN);
	EXPECT_EQ(view.target("a")->configured, TARGET_UP);
	EXPECT_EQ(view.target("b")->state, TARGET_DRAIN) << "the node b is another one";
	EXPECT_EQ(view.target("c")->state, TARGET_UP);
	EXPECT_EQ(view.target("c")->configured, TARGET_DOWN);
	EXPECT_EQ(chosen(view), "c");
}

/* --- fallbacks, deny, pass --------------------------------------------------------------------------------------- */

TEST(choose, fallback_of_the_scope_then_of_the_tables)
{
	const std::string scope = R"("candidates": [{"cdn": "a"}])";
	struct {
		std::string scope, tables, wanted;
	} const cases[] = {
		{scope, "", ""},
		{scope, "c", "c"},
		{scope + R"(, "fallback": {"cdn": "b"})", "", "b"},
		{scope + R"(, "fallback": {"cdn": "b"})", "c", "b"},
		{scope + R"(, "fallback": {"node": "d"})", "c", "d"},
	};
	for (const auto &c : cases) {
		View view(tables_with(c.scope, c.tables));
		HttpAsk ask("x.t");
		Verdict up = match(view, ask);
		EXPECT_EQ(up.target_name(), "a");
		EXPECT_FALSE(up.fell_back);
		view.state("a", TARGET_DOWN);
		Verdict down = match(view, ask);
		EXPECT_EQ(down.target_name(), c.wanted);
		EXPECT_EQ(down.fell_back, !c.wanted.empty());
		EXPECT_EQ(down.outcome, c.wanted.empty() ? VERDICT_NO_TARGET : VERDICT_REDIRECT);
		EXPECT_EQ(down.scope_name(), "s");
		if (c.wanted.empty())
			continue;
		EXPECT_STREQ(down.dri->authority, (c.wanted + ".test").c_str());
		view.state(c.wanted, TARGET_DRAIN);
		EXPECT_EQ(match(view, ask).target_name(), c.wanted);
		view.state(c.wanted, TARGET_DOWN);
		if (!c.tables.empty() && c.tables != c.wanted) {
			EXPECT_EQ(match(view, ask).target_name(), c.tables);
			view.state(c.tables, TARGET_DOWN);
		}
		down = match(view, ask);
		EXPECT_EQ(down.outcome, VERDICT_NO_TARGET);
		EXPECT_FALSE(down.fell_back);
		EXPECT_EQ(down.target, nullptr);
		EXPECT_EQ(down.dri, nullptr);
	}
}

TEST(choose, deny)
{
	View view(tables_with(R"("action": "deny", "dns-deny": "nxdomain")", "a"));
	HttpAsk http("x.t");
	DnsAsk dns("x.t");
	for (Ask *ask : {(Ask *)&http, (Ask *)&dns}) {
		Verdict verdict = match(view, *ask);
		EXPECT_EQ(verdict.outcome, VERDICT_DENY);
		EXPECT_EQ(verdict.scope_name(), "s");
		EXPECT_EQ(verdict.target, nullptr);
		EXPECT_TRUE(verdict.scope->deny_nxdomain);
	}
}

TEST(choose, pass_goes_to_the_fallback)
{
	View view(tables_with(R"("action": "pass")", "c"));
	HttpAsk ask("x.t");
	Verdict verdict = match(view, ask);
	EXPECT_EQ(verdict.outcome, VERDICT_REDIRECT);
	EXPECT_EQ(verdict.target_name(), "c");
	EXPECT_TRUE(verdict.fell_back);
	view.state("c", TARGET_DOWN);
	EXPECT_EQ(match(view, ask).outcome, VERDICT_NO_TARGET);

	View own(tables_with(R"("action": "pass", "fallback": {"cdn": "b"})", "c"));
	EXPECT_EQ(match(own, ask).target_name(), "b");
}

TEST(choose, no_scope)
{
	View view(tables_with(candidates("ordered", {1}), "c"));
	HttpAsk http("x.other");
	Verdict verdict = match(view, http);
	EXPECT_EQ(verdict.outcome, VERDICT_NO_SCOPE);
	EXPECT_EQ(verdict.scope, nullptr);
	EXPECT_EQ(verdict.target, nullptr) << "a fallback is for scopes";
}

/* --- DRIs -------------------------------------------------------------------------------------------------------- */

/* Whatever order they stand in. */
TEST(choose, dri_that_names_the_host_before_that_for_every_host)
{
	std::vector<std::string> dris = {
		R"({"cdn": "a", "http-target": {"host": "any.test"}})",
		R"({"cdn": "a", "redirecting-hosts": ["V1.t", "v2.t"], "http-target": {"host": "one.test"}})",
		R"({"cdn": "a", "redirecting-hosts": ["v3.t", "v2.t"], "http-target": {"host": "two.test"}})",
	};
	std::sort(dris.begin(), dris.end());
	do {
		TablesBuilder builder;
		builder.add("cdn", R"({"name": "a"})");
		for (const std::string &dri : dris)
			builder.dri(dri);
		builder.scope(R"({"name": "s", "hosts": ["*"], "candidates": [{"cdn": "a"}]})");
		View view(builder.finish());
		auto host_of = [&](const std::string &host) {
			HttpAsk ask(host);
			return std::string(match(view, ask).dri->authority);
		};
		EXPECT_EQ(host_of("v1.t"), "one.test");
		EXPECT_EQ(host_of("V1.T."), "one.test");
		EXPECT_EQ(host_of("v3.t"), "two.test");
		EXPECT_EQ(host_of("v4.t"), "any.test");
		EXPECT_EQ(host_of("a.v1.t"), "any.test");
		EXPECT_EQ(host_of("t"), "any.test");
		EXPECT_EQ(host_of(""), "any.test");
		bool one_first = dris[0].find("one.test") < dris[0].size() ||
				 (dris[1].find("one.test") < dris[1].size() &&
				  dris[0].find("any.test") < dris[0].size());
		EXPECT_EQ(host_of("v2.t"), one_first ? "one.test" : "two.test")
			<< "the first of two";
	} while (std::next_permutation(dris.begin(), dris.end()));
}

TEST(choose, no_dri_for_the_host_is_as_no_target)
{
	TablesBuilder builder;
	builder.add("cdn", R"({"name": "a"})");
	builder.dri(
		R"({"cdn": "a", "redirecting-hosts": ["v.t"], "http-target": {"host": "a.test"}})");
	builder.cdn("b");
	builder.scope(
		R"({"name": "s", "hosts": ["*"], "candidates": [{"cdn": "a"}], "fallback": {"cdn": "b"}})");
	builder.scope(R"({"name": "alone", "hosts": ["alone.t"], "candidates": [{"cdn": "a"}]})");
	View view(builder.finish());
	HttpAsk has("v.t"), has_not("w.t"), alone("alone.t");
	EXPECT_EQ(match(view, has).target_name(), "a");
	Verdict verdict = match(view, has_not);
	EXPECT_EQ(verdict.target_name(), "b");
	EXPECT_TRUE(verdict.fell_back);
	EXPECT_EQ(match(view, alone).outcome, VERDICT_NO_TARGET);
}

/* LL-11: the DRI has no part in the choice, so a candidate without a fitting one is not passed over for the next. */
TEST(choose, selection_does_not_look_at_dris)
{
	TablesBuilder builder;
	builder.zone("t").add("cdn", R"({"name": "a"})");
	builder.dri(R"({"cdn": "a", "http-target": {"host": "a.test"}})").cdn("b");
	builder.scope(
		R"({"name": "s", "hosts": ["*.t"], "candidates": [{"cdn": "a"}, {"cdn": "b"}]})");
	View view(builder.finish());
	DnsAsk dns("x.t");
	HttpAsk http("x.t");
	EXPECT_EQ(match(view, dns).outcome, VERDICT_NO_TARGET);
	EXPECT_EQ(match(view, http).target_name(), "a");
}

TEST(choose, a_dri_has_what_the_protocol_needs)
{
	TablesBuilder builder;
	builder.zone("t");
	for (const char *name : {"name", "v4", "v6", "http"})
		builder.add("cdn", std::string(R"({"name": ")") + name + "\"}");
	builder.dri(R"({"cdn": "name", "dns-target": {"host": "a.test"}})");
	builder.dri(R"({"cdn": "v4", "dns-target": {"addresses": ["192.0.2.1"]}})");
	builder.dri(R"({"cdn": "v6", "dns-target": {"addresses": ["2001:db8::1"]}})");
	builder.dri(R"({"cdn": "http", "http-target": {"host": "a.test"}})");
	for (const char *name : {"name", "v4", "v6", "http"})
		builder.scope(std::string(R"({"name": ")") + name + R"(", "hosts": [")" + name +
			      R"(.t"], "candidates": [{"cdn": ")" + name + "\"}]}");
	View view(builder.finish());
	for (const char *name : {"name", "v4", "v6", "http"}) {
		bool is_http = name == std::string("http");
		DnsAsk dns(std::string(name) + ".t");
		HttpAsk http(std::string(name) + ".t");
		EXPECT_EQ(match(view, dns).outcome, is_http ? VERDICT_NO_TARGET : VERDICT_REDIRECT)
			<< name;
		EXPECT_EQ(match(view, http).outcome, is_http ? VERDICT_REDIRECT : VERDICT_NO_TARGET)
			<< name;
	}
}

TEST(choose, https_never_goes_to_http)
{
	TablesBuilder builder;
	builder.cdn("any");
	for (const char *scheme : {"http", "https"}) {
		builder.add("cdn", std::string(R"({"name": ")") + scheme + "\"}");
		builder.dri(std::string(R"({"cdn": ")") + scheme +
			    R"(", "http-target": {"host": "a.test", "scheme": ")" + scheme +
			    "\"}}");
	}
	for (const char *name : {"any", "http", "https"})
		builder.scope(std::string(R"({"name": ")") + name + R"(", "hosts": [")" + name +
			      R"(.t"], "candidates": [{"cdn": ")" + name + "\"}]}");
	builder.scope(
		R"({"name": "back", "hosts": ["back.t"], "candidates": [{"cdn": "http"}], "fallback": {"cdn": "https"}})");
	builder.scope(
		R"({"name": "both", "hosts": ["both.t"], "candidates": [{"cdn": "http"}], "fallback": {"cdn": "http"}})");
	View view(builder.finish());
	struct {
		const char *host, *secure, *plain;
	} const cases[] = {{"any", "any", "any"},
			   {"https", "https", "https"},
			   {"http", "", "http"},
			   {"back", "https", "http"},
			   {"both", "", "http"}};
	for (const auto &c : cases) {
		HttpAsk secure(c.host + std::string(".t"),
			       "https://" + std::string(c.host) + ".t/"),
			plain(c.host + std::string(".t"), "http://" + std::string(c.host) + ".t/");
		EXPECT_EQ(match(view, secure).target_name(), c.secure) << c.host;
		EXPECT_EQ(match(view, plain).target_name(), c.plain) << c.host;
	}
}

} // namespace
