/* http_locations_test - which locations a client that asks for JSON is told of, in which order, and how they are written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"
#include "tests/support/tables_builder.h"

extern "C" {
#include "lib/http_locations.h"
}

#include <gtest/gtest.h>
#include <jansson.h>
#include <set>

namespace
{

const HttpAsk::Headers json_please = {{"Accept", "application/json"}};

/* A scope of each policy, with three candidates that are up, one that drains, one that is down and one that has to be asked. */
View make_view(const std::string &policy)
{
	TablesBuilder builder;
	for (const char *name : {"a", "b", "c"})
		builder.cdn(name);
	return builder.cdn("drain", "drain")
		.cdn("down", "down")
		.add("cdn", R"({"name": "asked", "strategy": "semi-recursive"})")
		.scope(R"({"name": "s", "hosts": ["v.t"], "policy": ")" + policy +
		       R"(", "candidates": [{"cdn": "a"}, {"cdn": "down"}, {"cdn": "asked"}, {"cdn": "b"}, {"cdn": "drain"}, {"cdn": "c"}]})")
		.scope(R"({"name": "one", "hosts": ["one.t"], "candidates": [{"cdn": "c"}]})")
		.scope(R"({"name": "no", "hosts": ["no.t"], "action": "deny"})")
		.finish();
}

std::vector<std::string> locations(View &view, HttpAsk &ask, const Verdict &verdict,
				   size_t cap = 4096)
{
	GuardPage out(cap);
	std::vector<std::string> all;
	size_t len = http_locations_write(out.data(), cap, view.get(), view.context.get(), &ask.req,
					  &verdict);
	EXPECT_LE(len, cap);
	if (!len)
		return all;
	json_t *json = json_loadb((const char *)out.data(), len, 0, nullptr), *value;
	size_t i;
	EXPECT_NE(json, nullptr) << std::string((const char *)out.data(), len);
	json_array_foreach (json_object_get(json, "locations"), i, value)
		all.push_back(json_string_value(value));
	EXPECT_FALSE(all.empty());
	json_decref(json);
	return all;
}

TEST(http_locations, Rfc9110_12_5_1_wanted_when_json_is_named)
{
	const std::pair<const char *, bool> cases[] = {
		{"application/json", true},
		{"text/html, Application/JSON;q=0.5", true},
		{"application/json ; charset=utf-8 ; Q=0.001, */*", true},
		{"text/html;x=\"a, application/json\"", false},
		{"application/json;q=0", false},
		{"application/json;q=0.000", false},
		{"*/*", false},
		{"application/*", false},
		{"application/jsonp", false},
		{"", false},
	};
	for (const auto &c : cases) {
		HttpAsk ask("v.t", "/", {{"Accept", c.first}});
		EXPECT_EQ(http_locations_wanted(&ask.req), c.second) << c.first;
	}
	HttpAsk nothing("v.t");
	EXPECT_FALSE(http_locations_wanted(&nothing.req));
}

TEST(http_locations, all_that_can_be_used_in_order)
{
	View view = make_view("ordered");
	for (int turn = 0; turn < 3; turn++) {
		HttpAsk ask("v.t", "/x?y", json_please);
		Verdict verdict = match(view, ask);
		EXPECT_EQ(locations(view, ask, verdict),
			  (std::vector<std::string>{"http://a.test/x?y", "http://b.test/x?y",
						    "http://c.test/x?y", "http://drain.test/x?y"}));
	}
	HttpAsk one("one.t"), no("no.t"), none("none.t");
	Verdict verdict = match(view, one);
	EXPECT_EQ(locations(view, one, verdict), std::vector<std::string>{"http://c.test/"});
	for (HttpAsk *ask : {&no, &none}) {
		verdict = match(view, *ask);
		EXPECT_TRUE(locations(view, *ask, verdict).empty());
	}
}

/* The Location comes first, each location once, and the next request gets what it would have got anyway. */
TEST(http_locations, every_policy_and_its_turns_are_left_alone)
{
	for (const char *policy : {"ordered", "weighted", "hash", "round-robin", "random"}) {
		View told = make_view(policy), silent = make_view(policy);
		for (int i = 0; i < 60; i++) {
			HttpAsk ask("v.t", "/" + std::to_string(i), json_please);
			told.context->random = silent.context->random = 77 + i;
			Verdict verdict = match(told, ask);
			EXPECT_EQ(verdict.target_name(), match(silent, ask).target_name());
			if (verdict.outcome != VERDICT_REDIRECT)
				continue;
			std::vector<std::string> all = locations(told, ask, verdict);
			EXPECT_EQ(all[0],
				  "http://" + verdict.target_name() + ".test/" + std::to_string(i));
			EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 4u)
				<< policy;
			EXPECT_EQ(told.context->tried, 0u);
		}
	}
}

TEST(http_locations, Rfc8259_7_quotes_are_escaped)
{
	View view = make_view("ordered");
	HttpAsk ask("one.t", "/a\"b?c\\d\"");
	Verdict verdict = match(view, ask);
	EXPECT_EQ(locations(view, ask, verdict)[0], "http://c.test/a\"b?c\\d\"");
}

TEST(http_locations, room_of_every_size)
{
	View view = make_view("ordered");
	size_t most = 0;
	for (size_t cap = 0; cap < 200; cap++) {
		HttpAsk ask("v.t", "/x", json_please);
		Verdict verdict = match(view, ask);
		size_t n = locations(view, ask, verdict, cap).size();
		ASSERT_GE(n, most) << cap;
		most = n;
	}
	EXPECT_EQ(most, 4u);
}

} // namespace
