/* compile_test - what the compiler refuses, where it says that the fault is, and what it makes of good objects. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tables_builder.h"

extern "C" {
#include "control/zone_source.h"
}
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace
{

/* Single quotes stand for double ones. */
std::string json(std::string text)
{
	for (char &c : text)
		if (c == '\'')
			c = '"';
	return text;
}

struct said {
	const char *kind, *text;
};

/* Objects on lines 1 to 5 that are good. */
void add_good(TablesBuilder &builder)
{
	builder.cdn("a").cdn("b");
	builder.footprint(json("{'name': 'near', 'footprints': [{'footprint-type': 'ipv4cidr', "
			       "'footprint-value': ['10.0.0.0/8']}]}"));
}

/* The one fault that objects behind the good ones have: at the last of them, or at `line`. */
void expect_fault(const std::vector<said> &objects, const std::string &text, unsigned line = 0)
{
	TablesBuilder builder;
	add_good(builder);
	for (const said &o : objects)
		builder.add(o.kind, json(o.text));
	EXPECT_FALSE(builder.try_finish()) << text;
	std::vector<Fault> faults = builder.faults();
	ASSERT_EQ(faults.size(), 1u)
		<< text << "\n"
		<< (faults.empty() ? "" : faults[0].text + "\n" + faults.back().text);
	EXPECT_NE(faults[0].text.find(text), std::string::npos)
		<< faults[0].text << "\ninstead of\n"
		<< text;
	EXPECT_EQ(faults[0].file, "test") << text;
	EXPECT_EQ(faults[0].line, line ? line : 5 + objects.size()) << text;
}

void expect_good(const std::vector<said> &objects)
{
	TablesBuilder builder;
	add_good(builder);
	for (const said &o : objects)
		builder.add(o.kind, json(o.text));
	EXPECT_TRUE(builder.try_finish());
	std::vector<Fault> faults = builder.faults();
	EXPECT_EQ(faults.size(), 0u) << (faults.empty() ? "" : faults[0].text);
}

TEST(compile, the_good_objects_are_good)
{
	expect_good({});
	expect_good({{"scope", "{'name': 's', 'hosts': ['v.t'], 'candidates': [{'cdn': 'a'}]}"}});
}

/* --- scopes ------------------------------------------------------------------------------------------------------ */

#define SCOPE(rest)                                                                                \
	{                                                                                          \
		"scope", "{'name': 's', 'hosts': ['v.t'], " rest "}"                               \
	}
#define TO_A "'candidates': [{'cdn': 'a'}]"

TEST(compile, bad_scopes)
{
	const struct {
		said o;
		const char *text;
	} cases[] = {
		{SCOPE("'candidates': [{'cdn': 'x'}]"),
		 "scope 's' refers to cdn 'x', which is not configured"},
		{SCOPE("'candidates': [{'node': 'a'}]"),
		 "scope 's' refers to node 'a', which is not configured"},
		{SCOPE(TO_A ", 'fallback': {'node': 'n'}"),
		 "scope 's' refers to node 'n', which is not configured"},
		{SCOPE("'candidates': [{'cdn': 'a'}, {'cdn': 'b'}, {'cdn': 'a'}]"),
		 "candidate named twice: 'a'"},
		{SCOPE("'action': 'redirect'"), "action \"redirect\" needs candidates"},
		{SCOPE("'action': 'deny', " TO_A), "candidates are only for action \"redirect\""},
		{SCOPE("'action': 'deny', 'uri-signing': {}"),
		 "uri-signing is only for action \"redirect\""},
		{SCOPE("'action': 'pass', " TO_A), "candidates are only for action \"redirect\""},
		{SCOPE("'action': 'pass'"), "scope 's': action \"pass\" needs a fallback, here or "
					    "for all scopes"},
		{SCOPE("'protocols': ['dns'], 'paths': ['/a'], " TO_A),
		 "a DNS query has no path, query or header"},
		{SCOPE("'protocols': ['dns', 'http'], 'patterns': [{'pattern': '/*'}], " TO_A),
		 "a DNS query has no path"},
		{SCOPE("'protocols': ['dns'], 'query-regex': 'a', " TO_A),
		 "a DNS query has no path"},
		{SCOPE("'protocols': ['dns'], 'headers': [{'name': 'x', 'regex': 'a'}], " TO_A),
		 "a DNS query has no path"},
		{SCOPE("'qtypes': ['A'], 'paths': ['/a'], " TO_A),
		 "qtypes belong to DNS, but paths"},
		{SCOPE("'qtypes': ['A'], 'protocols': ['http'], " TO_A),
		 "its protocols can only be [\"dns\"]"},
		{SCOPE("'qtypes': ['A'], 'protocols': ['dns', 'http'], " TO_A),
		 "its protocols can only be [\"dns\"]"},
		{SCOPE("'paths': ['a'], " TO_A),
		 "not a path, expected one that starts with '/' and has no query: 'a'"},
		{SCOPE("'paths': ['/a?b'], " TO_A), "has no query: '/a?b'"},
		{SCOPE("'paths': ['/a#b'], " TO_A), "has no query: '/a#b'"},
		{SCOPE("'paths': ['/%4'], " TO_A), "not a path"},
		{SCOPE("'paths': ['/a b'], " TO_A), "not a path"},
		{SCOPE("'paths': ['/a', '/b', '/a'], " TO_A),
		 "host and path are named twice: 'v.t'"},
		{SCOPE("'paths': ['/a', '/x/../%61'], " TO_A),
		 "host and path are named twice: 'v.t'"},
		{SCOPE("'patterns': [{'pattern': '/a$b'}], " TO_A),
		 "'$' must be followed by '$', '*' or '?'"},
		{SCOPE("'patterns': [{'pattern': 'abc*'}], " TO_A),
		 "no path matches a pattern that starts with neither '/' nor '*': 'abc*'"},
		{SCOPE("'patterns': [{'pattern': '/%zz'}], " TO_A),
		 "'%' must be followed by two hexadecimal digits"},
		{SCOPE("'regexes': ['a('], " TO_A), "scope 's': regex \"a(\": "},
		{SCOPE("'regexes': ['ok', '(a)\\\\1'], " TO_A), "scope 's': regex \"(a)\\1\": "},
		{SCOPE("'query-regex': '[', " TO_A), "scope 's': regex \"[\": "},
		{SCOPE("'headers': [{'name': 'x', 'regex': '*'}], " TO_A),
		 "scope 's': regex \"*\": "},
		{SCOPE("'footprints': ['far'], " TO_A), "no footprint has the name 'far'"},
		{SCOPE("'footprints': [{'footprint-type': 'ipv4cidr', 'footprint-value': "
		       "['10.0.0.1/8']}], " TO_A),
		 "10.0.0.1/8"},
		{SCOPE("'footprints': [{'footprint-type': 'countrycode', 'footprint-value': "
		       "['fr']}], " TO_A),
		 "scope 's': "},
		{{"scope", "{'name': 'two words', 'hosts': ['v.t'], " TO_A "}"},
		 "scope name 'two words' is not a name"},
		{{"scope", "{'name': 's', 'hosts': ['v.t', 'V.t.'], " TO_A "}"},
		 "host and path are named twice: 'V.t.'"},
	};
	for (const auto &c : cases)
		expect_fault({c.o}, c.text);
}

TEST(compile, bad_hosts)
{
	for (const char *host :
	     {"v..t", "*.", "*x", "a.*.t", "a*.t", "v t", "*.*", "**", "v.t/", "v.t:80", "."})
		expect_fault({{"scope",
			       ("{'name': 's', 'hosts': ['" + std::string(host) + "'], " TO_A "}")
				       .c_str()}},
			     "not a host, expected a name, \"*.\" and a name, or \"*\": '" +
				     std::string(host) + "'");
	for (const char *host :
	     {"v.t", "V.t.", "*", "*.t", "*.v.t.", "_x.t", "[2001:db8::1]", "10.0.0.1"})
		expect_good({{"scope",
			      ("{'name': 's', 'hosts': ['" + std::string(host) + "'], " TO_A "}")
				      .c_str()}});
}

TEST(compile, limits_of_a_scope)
{
	TablesBuilder builder;
	std::string list;
	for (unsigned i = 0; i <= SCOPE_CANDIDATES_MAX; i++) {
		builder.cdn("c" + std::to_string(i));
		list += std::string(i ? ", " : "") + "{'cdn': 'c" + std::to_string(i) + "'}";
		if (i == SCOPE_CANDIDATES_MAX - 1)
			builder.scope(json("{'name': 'most', 'hosts': ['v.t'], 'candidates': [" +
					   list + "]}"));
	}
	EXPECT_EQ(builder.faults().size(), 0u);
	builder.scope(json("{'name': 'more', 'hosts': ['w.t'], 'candidates': [" + list + "]}"));
	ASSERT_EQ(builder.faults().size(), 1u);
	EXPECT_EQ(builder.faults()[0].text, "scope 'more': more than 64 candidates");

	auto with_path = [](size_t len) {
		return "{'name': 's', 'hosts': ['v.t'], 'paths': ['/" + std::string(len - 1, 'x') +
		       "'], " TO_A "}";
	};
	expect_good({{"scope", with_path(2047).c_str()}});
	expect_fault({{"scope", with_path(2048).c_str()}}, "path longer than 2047 octets");
	expect_fault({{"scope", with_path(2049).c_str()}}, "not a path");
}

/* Numbers that would not fit where they are kept are refused, not cut. */
TEST(compile, very_long_lists)
{
	auto list_of = [](const std::string &item, size_t n) {
		std::string list;
		for (size_t i = 0; i < n; i++)
			list += (i ? ", " : "") + item;
		return list;
	};
	const std::string start = "{'name': 's', 'hosts': ['v.t'], " TO_A ", ";
	const std::pair<const char *, const char *> lists[] = {
		{"qtypes", "'A'"},
		{"times", "{'start': 1}"},
		{"footprints", "'near'"},
		{"regexes", "'a'"},
		{"patterns", "{'pattern': '/*'}"},
		{"headers", "{'name': 'x', 'regex': 'a'}"}};
	for (const auto &[key, item] : lists)
		expect_fault({{"scope",
			       (start + "'" + key + "': [" + list_of(item, 65536) + "]}").c_str()}},
			     "more than 65000 ");
}

TEST(compile, too_many_patterns_at_one_place)
{
	TablesBuilder builder;
	builder.cdn("a");
	std::string list;
	for (int i = 0; i <= PATTERN_SET_MAX; i++)
		list += (i ? ", 'x" : "'x") + std::to_string(i) + "'";
	builder.scope(json("{'name': 's', 'hosts': ['v.t'], 'regexes': [" + list + "], " TO_A "}"));
	EXPECT_FALSE(builder.try_finish());
	ASSERT_EQ(builder.faults().size(), 1u);
	EXPECT_NE(builder.faults()[0].text.find("1025 patterns"), std::string::npos)
		<< builder.faults()[0].text;
	EXPECT_EQ(builder.faults()[0].line, 3u);
}

TEST(compile, places_with_equal_patterns_share_a_set)
{
	TablesBuilder builder;
	builder.cdn("a");
	for (std::string name : {"s", "t"})
		builder.scope(json("{'name': '" + name + "', 'hosts': ['a." + name + "', 'b." +
				   name + "'], 'regexes': ['x[0-9]'], " TO_A "}"));
	View view = builder.finish();
	std::vector<const struct pattern_set *> sets;
	auto add = [](void *arg, const uint8_t *, size_t, void *list) {
		static_cast<decltype(sets) *>(arg)->push_back(
			static_cast<const struct scope_list *>(list)->patterns);
		return true;
	};
	trie_walk(view->scopes, nullptr, 0, add, &sets);
	EXPECT_NE(sets[0], nullptr);
	EXPECT_EQ(sets, decltype(sets)(4, sets[0]));
}

TEST(compile, too_long_a_way)
{
	TablesBuilder builder;
	builder.cdn("a");
	auto add = [&](size_t len) {
		builder.scope(json("{'name': 's" + std::to_string(len) +
				   "', 'hosts': ['v.t'], 'paths': ['/" + std::string(len, 'x') +
				   "'], " TO_A "}"));
	};
	for (size_t i = 0; i < SCOPE_TRIE_WAY_MAX; i++)
		add(i);
	EXPECT_EQ(builder.faults().size(), 0u);
	add(SCOPE_TRIE_WAY_MAX);
	ASSERT_EQ(builder.faults().size(), 1u);
	EXPECT_NE(builder.faults()[0].text.find("more than 256 scope paths"), std::string::npos)
		<< builder.faults()[0].text;
	EXPECT_EQ(builder.faults()[0].line, 3u + SCOPE_TRIE_WAY_MAX);
}

/* --- scopes in each other's shadow ------------------------------------------------------------------------------ */

#define NAMED(name, rest)                                                                          \
	{                                                                                          \
		"scope", "{'name': '" name "', 'hosts': ['v.t'], " TO_A rest "}"                   \
	}

TEST(compile, shadowed_scopes_both_ways)
{
	const std::string first = "scope 'two' overlaps scope 'one' (line 6) at host v.t path /: "
				  "'one' takes every request "
				  "that 'two' could",
			  second = "'two' takes every request that 'one' could";
	expect_fault({NAMED("one", ""), NAMED("two", "")}, first);
	expect_fault({NAMED("one", ""), NAMED("two", ", 'priority': 1")}, second);
	expect_fault({NAMED("one", ", 'priority': 1"), NAMED("two", ", 'protocols': ['http']")},
		     first);
	expect_fault({NAMED("one", ", 'priority': 1"), NAMED("two", ", 'footprints': ['near']")},
		     first);
	expect_fault({NAMED("one", ", 'footprints': ['near']"),
		      NAMED("two", ", 'footprints': ['near']")},
		     first);
	expect_fault({NAMED("one", ", 'qtypes': ['A', 'AAAA']"),
		      NAMED("two", ", 'qtypes': ['A', 'AAAA']")},
		     first);
	expect_fault({NAMED("one", ", 'regexes': ['a']"), NAMED("two", ", 'regexes': ['a']")},
		     "at host v.t path a: 'one' takes every request");
	expect_fault({NAMED("one", ", 'patterns': [{'pattern': '/*x'}]"),
		      NAMED("two", ", 'patterns': [{'pattern': '/*x', 'case-sensitive': true}]")},
		     "path /*x: 'one' takes every request");
	expect_fault({NAMED("one", ", 'times': [{'start': 5}]"), NAMED("two", ", 'priority': 1")},
		     second);
}

TEST(compile, scopes_that_can_both_win)
{
	expect_good({NAMED("one", ""), NAMED("two", ", 'protocols': ['http']")});
	expect_good({NAMED("one", ", 'footprints': ['near']"), NAMED("two", "")});
	expect_good({NAMED("one", ""), NAMED("two", ", 'times': [{'start': 5}]")});
	expect_good({NAMED("one", ", 'protocols': ['http']"),
		     NAMED("two", ", 'protocols': ['https']")});
	expect_good({NAMED("one", ", 'regexes': ['a']"), NAMED("two", ", 'regexes': ['b']")});
	expect_good({NAMED("one", ", 'patterns': [{'pattern': '/*x', 'case-sensitive': true}]"),
		     NAMED("two", ", 'patterns': [{'pattern': '/*x'}]")});
	expect_good({NAMED("one", ", 'qtypes': ['A']"), NAMED("two", ", 'qtypes': ['AAAA']")});
	expect_good({NAMED("one", ", 'times': [{'start': 5}]"),
		     NAMED("two", ", 'times': [{'start': 5}]")});
}

/* "*.ts" begins with '/', as every path does, and so stands above the plain prefix "/". */
TEST(compile, pattern_without_a_literal_start_wins_over_the_prefix_of_all_paths)
{
	for (bool first : {false, true}) {
		TablesBuilder builder;
		builder.cdn("a");
		for (bool pattern : {first, !first})
			builder.scope(json(pattern ? "{'name': 'ts', 'hosts': ['v.t'], 'patterns': "
						     "[{'pattern': '*.ts'}], " TO_A "}"
						   : "{'name': 'all', 'hosts': ['v.t'], " TO_A
						     "}"));
		View view(builder.finish());
		HttpAsk ts("v.t", "/a/b.TS"), other("v.t", "/a/b.tsx");
		EXPECT_EQ(match(view, ts).scope_name(), "ts");
		EXPECT_EQ(match(view, other).scope_name(), "all");
	}
}

/* --- names ------------------------------------------------------------------------------------------------------- */

TEST(compile, duplicate_names)
{
	expect_fault({{"cdn", "{'name': 'a'}"}}, "cdn name 'a' is already taken");
	expect_fault({{"footprint", "{'name': 'near', 'footprints': [{'footprint-type': "
				    "'ipv4cidr', 'footprint-value': ['11.0.0.0/8']}]}"}},
		     "footprint name 'near' is already taken");
	expect_fault({NAMED("s", ""), {"scope", "{'name': 's', 'hosts': ['w.t'], " TO_A "}"}},
		     "scope name 's' is already taken");
	const char *zone = "{'name': 'Ab.t', 'servers': [{'name': 'ns.t'}]}";
	for (const char *again : {"{'name': 'aB.t', 'servers': [{'name': 'ns.t'}]}",
				  "{'name': 'ab.t.', 'servers': [{'name': 'ns.t'}]}",
				  "{'name': '\\\\097b.t', 'servers': [{'name': 'ns.t'}]}"})
		expect_fault({{"zone", zone}, {"zone", again}},
			     "zone name 'ab.t' is already taken");
	expect_fault({{"dri", "{'cdn': 'a', 'http-target': {'host': 'a.t'}}"}},
		     "dri name 'cdn/a' is already taken");
	const char *dri = "{'cdn': 'a', 'redirecting-hosts': ['v.t', 'W.t'], 'http-target': "
			  "{'host': 'a.t'}}";
	expect_fault({{"dri", dri}, {"dri", dri}}, "dri name 'cdn/a v.t,w.t' is already taken");
	expect_fault({{"distinguished", "{'host': 'D.t'}"},
		      {"distinguished", "{'host': 'd.t', 'path-prefix': '/'}"}},
		     "distinguished name 'd.t/' is already taken");
	/* Names of different kinds are different things. */
	expect_good({{"node", "{'name': 'a'}"},
		     {"dri", "{'node': 'a', 'http-target': {'host': 'a.t'}}"},
		     {"scope", "{'name': 'a', 'hosts': ['v.t'], " TO_A "}"}});
}

TEST(compile, names_that_are_none)
{
	std::string longest(255, 'n');
	for (const std::string &name : {std::string("a b"), std::string("\xc3\xa4"), longest + "n"})
		expect_fault({{"cdn", ("{'name': '" + name + "'}").c_str()}},
			     "is not a name: expected 1 to 255 visible ASCII");
	TablesBuilder builder;
	builder.add("cdn", json("{'name': '" + longest + "'}"));
	builder.dri(json("{'cdn': '" + longest + "', 'http-target': {'host': 'a.t'}}"));
	EXPECT_TRUE(builder.try_finish());
}

/* --- targets and DRIs --------------------------------------------------------------------------------------------- */

TEST(compile, target_without_a_dri_ll_16)
{
	TablesBuilder builder;
	builder.add("cdn", R"({"name": "x"})").add("node", R"({"name": "y"})");
	EXPECT_FALSE(builder.try_finish());
	ASSERT_EQ(builder.faults().size(), 2u);
	EXPECT_EQ(builder.faults()[0].text, "cdn 'x' has no DRI: add one to dris with cdn = \"x\"");
	EXPECT_EQ(builder.faults()[0].line, 1u);
	EXPECT_EQ(builder.faults()[1].text,
		  "node 'y' has no DRI: add one to dris with node = \"y\"");
	EXPECT_EQ(builder.faults()[1].line, 2u);
}

TEST(compile, bad_dris)
{
	const struct {
		const char *dri, *text;
	} cases[] = {
		{"{'cdn': 'x', 'http-target': {'host': 'a.t'}}",
		 "DRI refers to cdn 'x', which is not configured"},
		{"{'cdn': 'a', 'redirecting-hosts': ['v.t', '*.t'], 'http-target': {'host': "
		 "'a.t'}}",
		 "redirecting host '*.t' is not a host name"},
		{"{'cdn': 'a', 'dns-target': {'host': 'a..t'}}",
		 "dns-target host 'a..t' is not a domain name"},
		{"{'cdn': 'a', 'http-target': {'host': 'a.t:0'}}",
		 "http-target host 'a.t:0' is not valid"},
		{"{'cdn': 'a', 'http-target': {'host': 'a.t:65536'}}", "http-target host"},
		{"{'cdn': 'a', 'http-target': {'host': 'a.t:'}}", "http-target host"},
		{"{'cdn': 'a', 'http-target': {'host': 'a.t:+1'}}", "http-target host"},
		{"{'cdn': 'a', 'http-target': {'host': 'a.t:8x'}}", "http-target host"},
		{"{'cdn': 'a', 'http-target': {'host': 'u@a.t'}}", "http-target host"},
		{"{'cdn': 'a', 'http-target': {'host': '[::1'}}", "http-target host"},
		{"{'cdn': 'a', 'http-target': {'host': '[::1]8'}}", "http-target host"},
		{"{'cdn': 'a', 'http-target': {'host': 'a.t', 'path-prefix': 'x/'}}",
		 "path-prefix 'x/' is not valid"},
		{"{'cdn': 'a', 'http-target': {'host': 'a.t', 'path-prefix': '/x'}}",
		 "path-prefix '/x' is not valid"},
		{"{'cdn': 'a', 'http-target': {'host': 'a.t', 'path-prefix': '/x?/'}}",
		 "path-prefix '/x?/' is not valid"},
		{"{'cdn': 'a', 'http-target': {'host': 'a.t', 'path-prefix': '/%/'}}",
		 "path-prefix '/%/' is not valid"},
	};
	for (const auto &c : cases)
		expect_fault({{"dri", c.dri}}, c.text);
	for (const char *host :
	     {"a.t", "A.t:8080", "a.t:1", "[2001:db8::1]", "[2001:db8::1]:65535"})
		expect_good({{"dri", ("{'cdn': 'a', 'redirecting-hosts': ['v.t'], 'http-target': "
				      "{'host': '" +
				      std::string(host) + "'}}")
					     .c_str()}});
}

TEST(compile, addresses_of_a_dri)
{
	std::string four, six;
	for (int i = 1; i <= DRI_ADDRESSES_MAX; i++) {
		four += (i > 1 ? ", '192.0.2." : "'192.0.2.") + std::to_string(i) + "'";
		six += ", '2001:db8::" + std::to_string(i) + "'";
	}
	auto dri = [](const std::string &list) {
		return "{'cdn': 'a', 'redirecting-hosts': ['v.t'], 'dns-target': {'addresses': [" +
		       list + "], 'ttl': 7}}";
	};
	expect_fault({{"dri", dri(four + ", '192.0.2.99'").c_str()}},
		     "more than 16 addresses of one family");
	expect_fault({{"dri", dri(four + six + ", '2001:db8::99'").c_str()}},
		     "more than 16 addresses of one family");

	TablesBuilder builder;
	builder.cdn("a").dri(json(dri(four + six)));
	View view = builder.finish();
	const struct object *object = view.object(OBJECT_DRI, "cdn/a v.t");
	const struct dri *made = object->made.dri;
	ASSERT_EQ(view.target("a")->n_dris, 2u);
	EXPECT_EQ(view.target("a")->dris[0], made) << "the one that names hosts is first";
	EXPECT_EQ(made->n_v4, 16);
	EXPECT_EQ(made->n_v6, 16);
	EXPECT_EQ(made->ttl, 7u);
	EXPECT_EQ(object->line, 3u);
	EXPECT_EQ(made->v4[15][3], 16);
	EXPECT_EQ(made->v6[15][15], 0x16);
}

TEST(compile, fallback)
{
	expect_fault({{"fallback", "{'cdn': 'x'}"}},
		     "fallback refers to cdn 'x', which is not configured");
	expect_good({{"fallback", "{'cdn': 'b'}"}, SCOPE("'action': 'pass'")});
	expect_fault({{"fallback", "{'cdn': 'b'}"}, {"fallback", "{'cdn': 'a'}"}},
		     "fallback name 'all' is already taken");
	expect_good({SCOPE("'action': 'pass', 'fallback': {'cdn': 'b'}")});
}

/* --- zones and distinguished hosts -------------------------------------------------------------------------------- */

TEST(compile, zones)
{
	expect_fault({{"zone", "{'name': 'a..t', 'servers': [{'name': 'ns.t'}]}"}},
		     "zone name 'a..t' is not a domain name");
	expect_fault({{"zone", "{'name': 't', 'servers': [{'name': 'ns..t'}]}"}},
		     "name server 'ns..t' is not a domain name");
	expect_fault({{"zone", "{'name': 't', 'primary': '..', 'servers': [{'name': 'ns.t'}]}"}},
		     "primary '..' is not");
	expect_fault({{"zone", "{'name': 't', 'contact': 'a@b c', 'servers': [{'name': 'ns.t'}]}"}},
		     "contact 'a@b c' is not");
	expect_fault(
		{{"zone", "{'name': 't', 'servers': [{'name': 'ns.u', 'addresses': ['::1']}]}"}},
		"name server 'ns.u' is outside of zone 't', which cannot tell its addresses");
	std::string servers;
	for (int i = 0; i <= ZONE_SERVERS_MAX; i++)
		servers += (i ? ", {'name': 'ns" : "{'name': 'ns") + std::to_string(i) + ".t'}";
	expect_fault({{"zone", ("{'name': 't', 'servers': [" + servers + "]}").c_str()}},
		     "zone 't' has 14 servers: expected 1 to 13");

	View view = TablesBuilder()
			    .zone_json(json("{'name': 'Ab.T.', 'serial': 9, 'servers': "
					    "[{'name': 'ns.t'}, {'name': 'x'}]}"))
			    .finish();
	const struct zone *zone = view.object(OBJECT_ZONE, "ab.t")->made.zone;
	EXPECT_STREQ(zone->text, "ab.t");
	EXPECT_EQ(zone->data->n_records, 3u);
	EXPECT_EQ(zone->data->ns->n, 2u);
	EXPECT_EQ(zone->data->serial, 9u);
	EXPECT_EQ(std::string((const char *)zone->data->soa->data + 2, 23),
		  std::string("\2ns\1t\0\12hostmaster\2Ab\1T\0", 23));
	EXPECT_EQ(trie_get(view->zones, (const uint8_t *)"t.ab", 4), zone);
}

TEST(compile, distinguished_hosts)
{
	expect_fault({{"distinguished", "{'host': '*.t'}"}},
		     "distinguished host '*.t' is not a host name");
	expect_fault({{"distinguished", "{'host': 'd.t', 'path-prefix': '/x'}"}},
		     "path-prefix '/x' is not valid");
	expect_good({{"distinguished", "{'host': 'd.t', 'path-prefix': '/x/'}"}});
}

TEST(compile, footprints)
{
	expect_fault({{"footprint", "{'name': 'x', 'footprints': [{'footprint-type': 'ipv4cidr', "
				    "'footprint-value': ['10.0.0.0/33']}]}"}},
		     "footprint 'x': ");
	expect_fault({{"footprint", "{'name': 'x', 'footprints': [{'footprint-type': 'asn', "
				    "'footprint-value': ['as64496']}]}"}},
		     "footprint 'x': ");
}

/* --- all faults, and what comes out -------------------------------------------------------------------------------- */

TEST(compile, every_fault_is_told_not_the_first_alone)
{
	TablesBuilder builder;
	add_good(builder);
	builder.scope(json("{'name': 'one', 'hosts': ['v..t'], " TO_A "}"));
	builder.scope(json("{'name': 'two', 'hosts': ['v.t'], " TO_A "}"));
	builder.scope(json("{'name': 'three', 'hosts': ['v.t'], 'paths': ['x'], " TO_A "}"));
	builder.add("fallback", R"({"cdn": "x"})");
	EXPECT_FALSE(builder.try_finish());
	std::vector<Fault> faults = builder.faults();
	ASSERT_EQ(faults.size(), 3u);
	EXPECT_EQ(faults[0].line, 6u);
	EXPECT_EQ(faults[1].line, 8u);
	EXPECT_EQ(faults[2].line, 9u);
}

/* Two faults of one scope, both said at once. */
TEST(compile, several_faults_of_one_scope)
{
	TablesBuilder builder;
	add_good(builder);
	builder.scope(json("{'name': 's', 'hosts': ['v.t'], 'qtypes': ['A'], 'paths': ['/a'], "
			   "'footprints': ['far'], 'candidates': [{'cdn': 'x'}, {'cdn': 'y'}]}"));
	EXPECT_EQ(builder.faults().size(), 4u);
}

} // namespace
