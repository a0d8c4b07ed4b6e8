/* match_test - what a verdict says of zones, names and client subnets; unstacking; what explain is told. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tables_builder.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace
{

/* --- DNS --------------------------------------------------------------------------------------------------------- */

TEST(match, zone_is_the_deepest_one)
{
	TablesBuilder builder;
	builder.zone("t").zone("b.t").zone("d.c.b.t").zone("ab.t");
	View view(builder.finish());
	struct {
		const char *name, *zone;
	} const cases[] = {{"t", "t"},
			   {"x.t", "t"},
			   {"b.t", "b.t"},
			   {"B.T", "b.t"},
			   {"x.y.b.t", "b.t"},
			   {"c.b.t", "b.t"},
			   {"d.c.b.t", "d.c.b.t"},
			   {"x.d.c.b.t", "d.c.b.t"},
			   {"xb.t", "t"},
			   {"ab.t", "ab.t"},
			   {"bc.t", "t"},
			   {"a.t", "t"},
			   {"", ""},
			   {"x", ""},
			   {"tt", ""},
			   {"b.tt", ""}};
	for (const auto &c : cases) {
		DnsAsk ask(c.name);
		Verdict verdict = match(view, ask);
		EXPECT_EQ(verdict.zone ? verdict.zone->text : "", std::string(c.zone)) << c.name;
		EXPECT_EQ(verdict.outcome, VERDICT_NO_SCOPE);
	}
}

TEST(match, Rfc9110_12_5_5_fields_that_were_looked_at)
{
	auto headers = [](std::vector<const char *> names) {
		std::string text = R"(, "headers": [)";
		for (const char *name : names)
			text += std::string(text.back() == '[' ? "" : ", ") + R"({"name": ")" +
				name + R"(", "regex": "yes"})";
		return text + "]";
	};
	auto scope = [](const char *name, const std::string &more) {
		return std::string(R"({"name": ")") + name +
		       R"(", "hosts": ["v.t"], "candidates": [{"cdn": "a"}])" + more + "}";
	};
	TablesBuilder builder;
	View view = builder.cdn("a")
			    .scope(scope("all", ""))
			    .scope(scope("m", headers({"User-Agent"})))
			    .scope(scope("p", R"(, "paths": ["/p/"])" + headers({"a", "b"})))
			    .scope(scope("q", R"(, "paths": ["/p/q/"])" + headers({"c", "a", "d"})))
			    .scope(scope("o", R"(, "paths": ["/o/"])"))
			    .finish();
	const struct {
		const char *path;
		std::vector<std::pair<std::string, std::string>> fields;
		const char *scope, *vary;
	} cases[] = {
		{"/", {}, "all", "user-agent "},
		{"/", {{"user-agent", "yes"}}, "m", "user-agent "},
		{"/o/", {{"user-agent", "yes"}}, "o", ""},
		{"/p/", {{"a", "yes"}, {"b", "yes"}}, "p", "a b "},
		{"/p/", {{"a", "yes"}}, "all", "a b user-agent "},
		{"/p/q/", {{"a", "yes"}, {"c", "yes"}, {"d", "yes"}}, "q", "c a d "},
		{"/p/q/", {}, "all", "*"},
	};
	for (const auto &c : cases) {
		HttpAsk ask("v.t", c.path, c.fields);
		Verdict verdict = match(view, ask);
		std::string vary;
		for (uint8_t i = 0; i < verdict.n_vary && i < VERDICT_VARY_MAX; i++)
			vary += std::string(verdict.vary[i]) + " ";
		EXPECT_EQ(verdict.scope_name(), c.scope) << c.path;
		EXPECT_EQ(verdict.n_vary > VERDICT_VARY_MAX ? "*" : vary, c.vary) << c.path;
	}
}

TEST(match, root_zone)
{
	TablesBuilder builder;
	builder.zone_json(R"({"name": ".", "contact": "h.x", "servers": [{"name": "ns.x"}]})")
		.zone("t");
	View view(builder.finish());
	for (const char *name : {"", "x", "tt", "a.b"}) {
		DnsAsk ask(name);
		ASSERT_NE(match(view, ask).zone, nullptr) << name;
		EXPECT_STREQ(match(view, ask).zone->text, ".") << name;
	}
	DnsAsk ask("a.t");
	EXPECT_STREQ(match(view, ask).zone->text, "t");
}

TEST(match, names_that_exist)
{
	TablesBuilder builder;
	builder.zone("t").cdn("a");
	builder.scope(
		R"({"name": "s", "hosts": ["x.y.t", "*.w.t"], "protocols": ["http"], "candidates": [{"cdn": "a"}]})");
	View view(builder.finish());
	for (const char *name : {"x.y.t", "y.t", "t", "w.t", "a.w.t", "b.a.w.t"}) {
		DnsAsk ask(name);
		Verdict verdict = match(view, ask);
		EXPECT_TRUE(verdict.name_exists) << name;
		EXPECT_EQ(verdict.outcome, VERDICT_NO_SCOPE) << name;
	}
	for (const char *name : {"z.t", "a.x.y.t", "z.y.t", "ww.t"}) {
		DnsAsk ask(name);
		EXPECT_FALSE(match(view, ask).name_exists) << name;
	}
	DnsAsk outside("x.y.u");
	EXPECT_FALSE(match(view, outside).name_exists);
}

View ecs_tables(const std::string &scopes)
{
	TablesBuilder builder;
	builder.zone("t").cdn("a").cdn("b");
	builder.footprint(
		R"({"name": "near", "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.1.0.0/16"]}]})");
	builder.scope(
		R"({"name": "any", "hosts": ["v.t", "plain.t"], "candidates": [{"cdn": "b"}]})");
	builder.scope(scopes);
	return builder.finish();
}

unsigned ecs_scope(View &view, const std::string &name, const std::string &ecs)
{
	DnsAsk ask(name, 1, "192.0.2.1", ecs);
	return match(view, ask).ecs_scope;
}

TEST(match, ecs_scope_comes_from_the_footprints_that_were_tested)
{
	View view(ecs_tables(
		R"({"name": "s", "hosts": ["v.t"], "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.0.0.0/8", "20.1.2.0/24"]}], "candidates": [{"cdn": "a"}]})"));
	EXPECT_EQ(ecs_scope(view, "v.t", "10.2.3.0/24"), 8u)
		<< "the rest of 0.0.0.0/5 has other membership";
	EXPECT_EQ(ecs_scope(view, "v.t", "20.1.2.0/24"), 24u);
	EXPECT_EQ(ecs_scope(view, "v.t", "20.1.3.0/24"), 24u);
	EXPECT_EQ(ecs_scope(view, "v.t", "200.0.0.0/8"), 1u);
	EXPECT_EQ(ecs_scope(view, "v.t", "2001:db8::/32"), 0u)
		<< "no IPv6 address is in a footprint";
	EXPECT_EQ(ecs_scope(view, "plain.t", "20.1.2.0/24"), 0u) << "no footprint was tested";
	EXPECT_EQ(ecs_scope(view, "v.t", ""), 0u) << "nobody asked";
}

TEST(match, ecs_scope_of_named_footprints)
{
	View view(ecs_tables(
		R"({"name": "s", "hosts": ["v.t"], "footprints": ["near"], "candidates": [{"cdn": "a"}]})"));
	EXPECT_EQ(ecs_scope(view, "v.t", "10.1.2.0/24"), 16u);
	EXPECT_EQ(ecs_scope(view, "v.t", "10.0.2.0/24"), 16u);
	DnsAsk ask("v.t", 1, "192.0.2.1", "10.1.2.0/24");
	EXPECT_EQ(match(view, ask).scope_name(), "s")
		<< "the client's prefix decides, not the resolver";
}

/* What a better scope's query type shut out was not decided by footprints. */
TEST(match, ecs_scope_leaves_out_footprints_that_were_not_tested)
{
	View view(ecs_tables(
		R"({"name": "s", "hosts": ["v.t"], "qtypes": ["AAAA"], "footprints": ["near"], "candidates": [{"cdn": "a"}]})"));
	EXPECT_EQ(ecs_scope(view, "v.t", "10.1.2.0/24"), 0u);
	DnsAsk ask("v.t", 28, "192.0.2.1", "10.1.2.0/24");
	EXPECT_EQ(match(view, ask).ecs_scope, 16u);
}

/* More footprints than are kept: the answer is for this client alone. */
TEST(match, ecs_scope_of_very_many_footprints)
{
	TablesBuilder builder;
	builder.zone("t").cdn("a");
	for (int i = 0; i < 70; i++)
		builder.scope(
			R"({"name": "s)" + std::to_string(i) +
			R"(", "hosts": ["v.t"], "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": [")" +
			std::to_string(i + 1) + R"(.0.0.0/8"]}], "candidates": [{"cdn": "a"}]})");
	View view(builder.finish());
	EXPECT_EQ(ecs_scope(view, "v.t", "200.0.0.0/8"), 32u);
	EXPECT_EQ(ecs_scope(view, "v.t", "2001:db8::/32"), 128u);
	EXPECT_EQ(ecs_scope(view, "v.t", "1.2.3.0/24"), 8u) << "the first one won before";
}

/* --- unstacking -------------------------------------------------------------------------------------------------- */

View stacked_tables()
{
	TablesBuilder builder;
	builder.cdn("a").cdn("b");
	builder.distinguished(R"({"host": "d.t"})");
	builder.distinguished(R"({"host": "E.t", "path-prefix": "/in/"})");
	builder.scope(
		R"({"name": "vod", "hosts": ["vod.t"], "paths": ["/x"], "candidates": [{"cdn": "a"}]})");
	builder.scope(R"({"name": "own", "hosts": ["d.t", "e.t"], "candidates": [{"cdn": "b"}]})");
	return builder.finish();
}

struct unstacked {
	std::string scope, host, path;
	int taken_off;
	bool operator==(const unstacked &o) const
	{
		return scope == o.scope && host == o.host && path == o.path &&
		       taken_off == o.taken_off;
	}
};

std::ostream &operator<<(std::ostream &out, const unstacked &u)
{
	return out << u.scope << " " << u.host << " " << u.path << " " << u.taken_off;
}

unstacked unstack(View &view, const std::string &host, const std::string &target)
{
	HttpAsk ask(host, target);
	Verdict verdict = match(view, ask);
	auto text = [](struct span span) { return std::string((const char *)span.at, span.len); };
	return {verdict.scope_name(), text(ask.req.http.host), text(ask.req.http.path),
		ask.req.http.unstacked};
}

TEST(match, distinguished_hosts_are_taken_off)
{
	View view(stacked_tables());
	EXPECT_EQ(unstack(view, "d.t", "/vod.t/x/y?q"), (unstacked{"vod", "vod.t", "/x/y", 1}));
	EXPECT_EQ(unstack(view, "D.T:80", "/VOD.t:8080/x"), (unstacked{"vod", "VOD.t", "/x", 1}));
	EXPECT_EQ(unstack(view, "d.t", "/vod.t"), (unstacked{"", "vod.t", "/", 1}))
		<< "vod.t has scopes for /x only";
	EXPECT_EQ(unstack(view, "e.t", "/in/vod.t/x"), (unstacked{"vod", "vod.t", "/x", 1}));
	EXPECT_EQ(unstack(view, "e.t", "/vod.t/x"), (unstacked{"own", "e.t", "/vod.t/x", 0}));
	EXPECT_EQ(unstack(view, "d.t", "/"), (unstacked{"own", "d.t", "/", 0}));
	EXPECT_EQ(unstack(view, "d.t", "/no%20host/x"),
		  (unstacked{"own", "d.t", "/no%20host/x", 0}));
	EXPECT_EQ(unstack(view, "vod.t", "/x/d.t"), (unstacked{"vod", "vod.t", "/x/d.t", 0}));
	EXPECT_EQ(unstack(view, "f.d.t", "/vod.t/x"), (unstacked{"", "f.d.t", "/vod.t/x", 0}));
}

TEST(match, distinguished_hosts_within_each_other)
{
	View view(stacked_tables());
	EXPECT_EQ(unstack(view, "d.t", "/e.t/in/vod.t/x"), (unstacked{"vod", "vod.t", "/x", 2}));
	EXPECT_EQ(unstack(view, "e.t", "/in/d.t/e.t/in/vod.t/x"),
		  (unstacked{"vod", "vod.t", "/x", 3}));
}

TEST(match, unstacking_ends)
{
	View view(stacked_tables());
	EXPECT_EQ(unstack(view, "d.t", "/d.t/d.t/d.t/vod.t/x"),
		  (unstacked{"vod", "vod.t", "/x", 4}));
	EXPECT_EQ(unstack(view, "d.t", "/d.t/d.t/d.t/d.t/vod.t/x"),
		  (unstacked{"own", "d.t", "/vod.t/x", 4}))
		<< "four are enough";
	std::string loop;
	for (int i = 0; i < 400; i++)
		loop += "/d.t";
	EXPECT_EQ(unstack(view, "d.t", loop).taken_off, 4);
}

TEST(match, several_prefixes_of_one_distinguished_host)
{
	TablesBuilder builder;
	builder.cdn("a");
	builder.distinguished(R"({"host": "d.t", "path-prefix": "/one/"})");
	builder.distinguished(R"({"host": "d.t", "path-prefix": "/two/"})");
	builder.scope(R"({"name": "vod", "hosts": ["vod.t"], "candidates": [{"cdn": "a"}]})");
	View view(builder.finish());
	EXPECT_EQ(unstack(view, "d.t", "/one/vod.t/x").scope, "vod");
	EXPECT_EQ(unstack(view, "d.t", "/two/vod.t/x").scope, "vod");
	EXPECT_EQ(unstack(view, "d.t", "/three/vod.t/x").scope, "");
}

/* --- what explain is told ----------------------------------------------------------------------------------------- */

struct Trace {
	std::vector<std::string> lines;
	struct match_trace trace = {this, on_scope, on_candidate, on_unstacked};

	static void on_scope(void *arg, const struct scope *scope, enum match_result result,
			     uint64_t)
	{
		static const char *const names[] = {"won",    "less-specific", "protocol",
						    "qtype",  "footprint",     "time",
						    "pattern"};
		((Trace *)arg)->lines.push_back(std::string(scope->name) + " " + names[result]);
	}
	static void on_candidate(void *arg, const struct target *target, enum choose_result result,
				 uint64_t)
	{
		static const char *const names[] = {"taken", "not-picked", "drain", "down"};
		((Trace *)arg)->lines.push_back(std::string(target->name) + " " + names[result]);
	}
	static void on_unstacked(void *arg, const char *host)
	{
		((Trace *)arg)->lines.push_back(std::string("off ") + host);
	}
};

TEST(match, trace_tells_each_step)
{
	TablesBuilder builder;
	builder.zone("t").cdn("a", "down").cdn("b").cdn("c", "drain").cdn("e");
	builder.distinguished(R"({"host": "d.t"})");
	const std::string rest =
		R"(, "candidates": [{"cdn": "a"}, {"cdn": "b"}, {"cdn": "c"}, {"cdn": "e"}]})";
	builder.scope(R"({"name": "dns", "hosts": ["v.t"], "protocols": ["dns"], "priority": 9)" +
		      rest);
	builder.scope(
		R"({"name": "late", "hosts": ["v.t"], "paths": ["/p"], "times": [{"start": 2000}], "priority": 9)" +
		rest);
	builder.scope(
		R"({"name": "far", "hosts": ["v.t"], "paths": ["/p"], "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.0.0.0/8"]}], "priority": 9)" +
		rest);
	builder.scope(
		R"({"name": "ts", "hosts": ["v.t"], "patterns": [{"pattern": "/p*.ts", "case-sensitive": true}], "priority": 9)" +
		rest);
	builder.scope(R"({"name": "deep", "hosts": ["v.t"], "paths": ["/p/"])" + rest);
	builder.scope(R"({"name": "wide", "hosts": ["*.t"], "priority": 1)" + rest);
	builder.scope(R"({"name": "any", "hosts": ["*"])" + rest);
	View view(builder.finish());

	for (bool traced : {true, false}) {
		Trace trace;
		view.context->trace = traced ? &trace.trace : nullptr;
		HttpAsk ask("d.t", "/v.t/p/q");
		EXPECT_EQ(match(view, ask).scope_name(), "wide");
		if (!traced)
			continue;
		EXPECT_EQ(trace.lines,
			  (std::vector<std::string>{"off d.t", "deep won", "ts pattern",
						    "far footprint", "late time", "dns protocol",
						    "wide won", "any less-specific", "a down",
						    "b taken", "c drain", "e not-picked"}));
	}
}

/* --- values at their bounds --------------------------------------------------------------------------------------- */

TEST(match, time_windows_take_the_start_and_not_the_end)
{
	View view(
		TablesBuilder()
			.scope(R"({"name": "s", "hosts": ["*.t"], )"
			       R"("action": "deny", "times": [{"start": 100, "end": 200}, {"start": 300, "end": 301}])"
			       "}")
			.finish());
	for (uint64_t now : {100, 199, 300}) {
		HttpAsk ask("x.t", "/", {}, "192.0.2.1", now);
		EXPECT_EQ(match(view, ask).outcome, VERDICT_DENY) << now;
	}
	for (uint64_t now : {0, 99, 200, 299, 301}) {
		HttpAsk ask("x.t", "/", {}, "192.0.2.1", now);
		EXPECT_EQ(match(view, ask).outcome, VERDICT_NO_SCOPE) << now;
	}
}

TEST(match, patterns_are_scanned_once_for_all_entries_of_a_place)
{
	TablesBuilder builder;
	builder.cdn("a");
	/* 100 patterns: bits in more than one word. */
	for (int i = 0; i < 100; i++)
		builder.scope(R"({"name": "s)" + std::to_string(i) +
			      R"(", "hosts": ["v.t"], "regexes": ["^/p)" + std::to_string(i) +
			      R"($"], "candidates": [{"cdn": "a"}]})");
	View view(builder.finish());
	for (int i = 0; i < 100; i++) {
		HttpAsk ask("v.t", "/p" + std::to_string(i));
		EXPECT_EQ(match(view, ask).scope_name(), "s" + std::to_string(i));
	}
	HttpAsk none("v.t", "/p100");
	EXPECT_EQ(match(view, none).scope, nullptr);
}

TEST(match, empty_tables)
{
	View view(TablesBuilder().finish());
	DnsAsk dns("a.t");
	HttpAsk http("a.t"), old("");
	EXPECT_EQ(match(view, dns).outcome, VERDICT_NO_SCOPE);
	EXPECT_EQ(match(view, http).outcome, VERDICT_NO_SCOPE);
	EXPECT_EQ(match(view, old).outcome, VERDICT_NO_SCOPE);
}

} // namespace
