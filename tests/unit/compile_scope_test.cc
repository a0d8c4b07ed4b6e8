/* compile_scope_test - a scope as the compiler makes it, and tables without any. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tables_builder.h"

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

/* Objects on lines 1 to 5 that are good. */
void add_good(TablesBuilder &builder)
{
	builder.cdn("a").cdn("b");
	builder.footprint(json("{'name': 'near', 'footprints': [{'footprint-type': 'ipv4cidr', "
			       "'footprint-value': ['10.0.0.0/8']}]}"));
}

#define TO_A "'candidates': [{'cdn': 'a'}]"

TEST(compile, signed_uris)
{
	TablesBuilder builder;
	View view = builder.cdn("a")
			    .scope(json("{'name': 's', 'hosts': ['a.t'], " TO_A
					", 'uri-signing': {'issuers': ['csp'], 'enforce': true}}"))
			    .scope(json("{'name': 'u', 'hosts': ['b.t'], " TO_A
					", 'uri-signing': {'enforce': false}}"))
			    .scope(json("{'name': 'v', 'hosts': ['c.t'], " TO_A "}"))
			    .finish();
	EXPECT_TRUE(view.scope("s")->signed_uri);
	EXPECT_STREQ(view.scope("s")->signing, "URISigningPackage\n\ncsp");
	EXPECT_EQ(std::string(object_json(view.object(OBJECT_SCOPE, "s"))).find("enforce"),
		  std::string::npos)
		<< "a default is left out";
	for (const char *name : {"u", "v"}) {
		EXPECT_FALSE(view.scope(name)->signed_uri) << name;
		EXPECT_EQ(view.scope(name)->signing, nullptr) << name;
	}
}

TEST(compile, Rfc9111_5_2_cache_control)
{
	TablesBuilder builder;
	builder.cdn("a");
	const struct {
		const char *name, *said, *value;
	} cases[] = {{"n", "60", "max-age=60"},
		     {"z", "0", "max-age=0"},
		     {"s", "'no-store'", "no-store"},
		     {"t", "'private, max-age=5, x=\\\"a b\\\"'", "private, max-age=5, x=\"a b\""}};
	for (const auto &c : cases)
		builder.scope(json(std::string("{'name': '") + c.name + "', 'hosts': ['" + c.name +
				   ".t'], " TO_A ", 'cache-control': " + c.said + "}"));
	builder.scope(json("{'name': 'none', 'hosts': ['none.t'], " TO_A "}"));
	View view = builder.finish();
	for (const auto &c : cases)
		EXPECT_STREQ(view.scope(c.name)->cache_control, c.value);
	EXPECT_EQ(view.scope("none")->cache_control, nullptr);
}

TEST(compile, a_scope_as_it_was_said)
{
	TablesBuilder builder(3);
	add_good(builder);
	builder.scope(json("{'name': 's', 'hosts': ['v.t', '*.w.t'], 'paths': ['/a/', '/b'], "
			   "'protocols': ['http'], 'priority': -3, "
			   "'headers': [{'name': 'X-Y', 'regex': 'z'}], 'query-regex': 'q', "
			   "'times': [{'start': 1, 'end': 2}], "
			   "'footprints': ['near'], 'policy': 'hash', 'http-status': 307, "
			   "'candidates': [{'cdn': 'b', 'weight': 4}, {'cdn': 'a'}], 'fallback': "
			   "{'cdn': 'a'}}"));
	View view = builder.finish();
	EXPECT_EQ(view->n_of[OBJECT_SCOPE], 1u);
	const struct object *object = view.object(OBJECT_SCOPE, "s");
	EXPECT_STREQ(object->file, "test");
	EXPECT_EQ(object->line, 6u);
	EXPECT_EQ(object->refs, 1u);
	EXPECT_FALSE(object->runtime);
	EXPECT_STREQ(object->set, "configuration");
	const struct scope *s = object->made.scope;
	EXPECT_STREQ(s->name, "s");
	EXPECT_EQ(s->order, object->order);
	EXPECT_EQ(s->hits, 0u) << "nobody counts here";
	EXPECT_EQ(s->priority, -3);
	EXPECT_EQ(s->protocols, PROTOCOL_HTTP);
	EXPECT_EQ(s->policy, POLICY_HASH);
	EXPECT_EQ(s->status, 307);
	EXPECT_EQ(s->n_common, 2);
	EXPECT_EQ(s->n_patterns, 2);
	EXPECT_EQ(s->n_named, 1);
	EXPECT_EQ(s->named[0], view.object(OBJECT_FOOTPRINT, "near")->made.id);
	EXPECT_EQ(s->footprint, (uint32_t)SCOPE_ANY_FOOTPRINT);
	EXPECT_EQ(s->candidates[0].target, view.target("b")->id);
	EXPECT_EQ(s->candidates[0].weight, 4u);
	EXPECT_EQ(s->candidates[1].target, view.target("a")->id);
	EXPECT_EQ(s->candidates[1].weight, 1u);
	EXPECT_EQ(s->fallback, view.target("a")->id);
	EXPECT_EQ(s->refs, 5u) << "the object and four places";
	EXPECT_STREQ(s->patterns[1].header, "x-y");
	EXPECT_EQ(view->refs, 1u);
	for (unsigned worker = 0; worker <= 3; worker++)
		EXPECT_NE(pattern_scratch_of(view->scratch, worker), nullptr);
	const uint8_t *keys = s->keys;
	ASSERT_EQ(s->n_keys, 4u);
	for (const char *key : {"t.v/a/", "t.v/b", "t.w.*/a/", "t.w.*/b"}) {
		size_t len;
		const uint8_t *at = scope_next_key(&keys, &len);
		EXPECT_EQ(std::string((const char *)at, len), key);
		EXPECT_NE(trie_get(view->scopes, (const uint8_t *)key, strlen(key)), nullptr)
			<< key;
	}
}

TEST(compile, protocols_that_are_not_said_follow_from_the_conditions)
{
	const struct {
		const char *rest;
		int protocols;
	} cases[] = {
		{"", PROTOCOL_DNS | PROTOCOL_HTTP | PROTOCOL_HTTPS},
		{", 'paths': ['/']", PROTOCOL_DNS | PROTOCOL_HTTP | PROTOCOL_HTTPS},
		{", 'paths': ['/a']", PROTOCOL_HTTP | PROTOCOL_HTTPS},
		{", 'regexes': ['/a']", PROTOCOL_HTTP | PROTOCOL_HTTPS},
		{", 'qtypes': ['A']", PROTOCOL_DNS},
		{", 'qtypes': ['A'], 'protocols': ['dns']", PROTOCOL_DNS},
		{", 'paths': ['/'], 'protocols': ['dns']", PROTOCOL_DNS},
	};
	for (const auto &c : cases) {
		TablesBuilder builder;
		builder.cdn("a").scope(
			json("{'name': 's', 'hosts': ['v.t'], " TO_A + std::string(c.rest) + "}"));
		EXPECT_EQ(builder.finish().scope("s")->protocols, c.protocols) << c.rest;
	}
}

TEST(compile, nothing_at_all_is_a_table)
{
	View view = TablesBuilder().finish();
	EXPECT_EQ(view->scopes, nullptr);
	EXPECT_EQ(view->fallback, (uint32_t)SCOPE_NO_TARGET);
	EXPECT_EQ(view->scratch, nullptr);
}

} // namespace
