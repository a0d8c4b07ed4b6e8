/* incremental_cases_test - single changes of the tables that are easy to get wrong. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/change.h"
#include "tests/support/random_objects.h"

extern "C" {
#include "lib/hits.h"
}

#include <gtest/gtest.h>
#include <malloc.h>
#include <set>

namespace
{

View commit(const View &from, Patterns &patterns, const struct compiler_source &source,
	    const std::vector<std::pair<enum object_kind, std::string>> &list)
{
	Change change(from.get(), patterns, source);
	for (const auto &[kind, json] : list)
		EXPECT_TRUE(change.put(kind, json)) << change.faults().back();
	change.sweep(100);
	View view = change.finish();
	for (const std::string &fault : change.faults())
		ADD_FAILURE() << fault;
	return view;
}

const char *const cdn_a = R"({"name": "a"})", *const cdn_b = R"({"name": "b"})",
		  *const dri_a = R"({"cdn": "a", "http-target": {"host": "a.test"}})",
		  *const dri_b = R"({"cdn": "b", "http-target": {"host": "b.test"}})";

/* After very many changes and their reversal nothing is left of them. */
/* --- readings of the configuration ----------------------------------------------------------------------------------- */

std::string scope(const std::string &name, const std::string &host, const std::string &cdn)
{
	return R"({"name": ")" + name + R"(", "hosts": [")" + host +
	       R"("], "candidates": [{"cdn": ")" + cdn + "\"}]}";
}

/* What was removed at run time stays away, with what is said of it, as long as the configuration has it. */

TEST(incremental, removed_at_run_time)
{
	Patterns patterns;
	const std::vector<std::pair<enum object_kind, std::string>> said = {
		{OBJECT_CDN, cdn_a},
		{OBJECT_CDN, cdn_b},
		{OBJECT_DRI, dri_a},
		{OBJECT_DRI, dri_b},
		{OBJECT_FALLBACK, R"({"cdn": "b"})"},
		{OBJECT_SCOPE, scope("s", "v.t", "a")}};
	View view = commit(View(), patterns, reading(1), said);
	Change change(view.get(), patterns, at_run_time(1));
	EXPECT_TRUE(change.remove(OBJECT_SCOPE, "s"));
	EXPECT_TRUE(change.remove(OBJECT_FALLBACK, "all"));
	EXPECT_TRUE(change.remove(OBJECT_CDN, "a"));
	EXPECT_TRUE(change.remove(OBJECT_CDN, "b"));
	view = change.finish();
	ASSERT_TRUE(view);
	for (uint32_t pass = 2; pass < 4; pass++) {
		view = commit(view, patterns, reading(pass), said);
		ASSERT_TRUE(view);
		for (const struct object *object : objects_of(view)) {
			EXPECT_TRUE(object->removed) << object->name;
			EXPECT_TRUE(object->over_base) << object->name;
		}
		EXPECT_EQ(objects_of(view).size(), 6u);
		EXPECT_EQ(view->targets, nullptr);
		EXPECT_EQ(view->n_of[OBJECT_CDN], 0u);
	}
	view = commit(view, patterns, reading(4), {});
	EXPECT_EQ(view->objects, nullptr) << "what it does not say need not be taken away";
	view = commit(view, patterns, reading(5), said);
	EXPECT_EQ(view->n_of[OBJECT_CDN], 2u);
	EXPECT_EQ(view->n_of[OBJECT_SCOPE], 1u);
}

/* A target that the configuration no longer has is not taken away under its DRIs. */
TEST(incremental, target_that_goes_before_its_dri)
{
	Patterns patterns;
	View view =
		commit(View(), patterns, reading(1), {{OBJECT_CDN, cdn_a}, {OBJECT_DRI, dri_a}});
	for (bool at_runtime : {false, true}) {
		if (at_runtime) {
			view = commit(view, patterns, at_run_time(1),
				      {{OBJECT_DRI,
					R"({"cdn": "a", "http-target": {"host": "c.test"}})"}});
			ASSERT_TRUE(view);
		}
		Change change(view.get(), patterns, reading(2));
		EXPECT_TRUE(at_runtime || change.put(OBJECT_DRI, dri_a));
		change.sweep(1);
		ASSERT_EQ(change.faults().size(), 1u);
		EXPECT_EQ(change.faults()[0].substr(0, 24), "cdn 'a' cannot be remove");
	}
	Change change(view.get(), patterns, at_run_time(2));
	EXPECT_TRUE(change.remove(OBJECT_CDN, "a")) << "at run time it goes with its DRIs";
	view = change.finish();
	view = commit(view, patterns, reading(3), {});
	EXPECT_EQ(view->objects, nullptr);
}

/* A scope that comes under another name gets in the way of itself until the old one has gone. */
TEST(incremental, scope_with_another_name)
{
	Patterns patterns;
	std::vector<std::pair<enum object_kind, std::string>> said = {
		{OBJECT_CDN, cdn_a},
		{OBJECT_DRI, dri_a},
		{OBJECT_SCOPE, scope("old", "v.t", "a")},
		{OBJECT_SCOPE, scope("other", "w.t", "a")}};
	View view = commit(View(), patterns, reading(1), said);
	said[2].second = scope("new", "v.t", "a");
	View renamed = commit(view, patterns, reading(2), said);
	HttpAsk ask("v.t");
	EXPECT_EQ(match(renamed, ask).scope_name(), "new");
	EXPECT_EQ(match(view, ask).scope_name(), "old");

	said.insert(said.begin() + 3, {OBJECT_SCOPE, scope("old", "v.t", "a")}); /* as it was */
	for (bool keep_going : {false, true}) {
		Change change(view.get(), patterns, reading(keep_going ? 3 : 4));
		for (const auto &[kind, json] : said)
			EXPECT_TRUE(change.put(kind, json));
		change.sweep(1);
		View both = change.finish(keep_going);
		EXPECT_EQ((bool)both, keep_going);
		ASSERT_EQ(change.faults().size(), 1u);
		EXPECT_EQ(change.faults()[0].substr(0, 33), "scope 'new' overlaps scope 'old' ");
		EXPECT_EQ(keep_going ? match(both, ask).scope_name() : "old", "old");
	}
}

/* Of two scopes that are alike in all else the one that is said first wins, wherever its line was put. */
TEST(incremental, order_of_the_configuration)
{
	Patterns patterns;
	auto timed = [](const std::string &name) {
		return R"({"name": ")" + name +
		       R"(", "hosts": ["v.t"], "times": [{"start": 1}], "action": "deny"})";
	};
	std::vector<std::string> names = {"one", "two"};
	View view;
	HttpAsk ask("v.t");
	for (uint32_t pass = 1; pass < 40; pass++) {
		std::vector<std::pair<enum object_kind, std::string>> said;
		for (const std::string &name : names)
			said.push_back({OBJECT_SCOPE, timed(name)});
		view = commit(view, patterns, reading(pass), said);
		ASSERT_TRUE(view);
		EXPECT_EQ(match(view, ask).scope_name(), names[0]) << pass;
		const struct scope_list *list = (const struct scope_list *)trie_get(
			view->scopes, (const uint8_t *)"t.v/", 4);
		ASSERT_EQ(list->n, names.size());
		for (size_t i = 0; i < names.size(); i++)
			EXPECT_EQ(list->entries[i].scope->name, names[i]) << pass;
		/* At the front, in the middle, at the end; and one changes its place. */
		size_t at = pass % 3 ? pass % 3 == 1 ? 0 : names.size() / 2 : names.size();
		names.insert(names.begin() + (long)at, "s" + std::to_string(pass));
		std::swap(names[pass % names.size()], names.back());
	}
}

/* The lines of a file that is read again, some of them as they were. */
TEST(incremental, lines_that_come_again)
{
	Patterns patterns;
	View view =
		commit(View(), patterns, reading(1), {{OBJECT_CDN, cdn_a}, {OBJECT_DRI, dri_a}});
	const std::string compact = R"({"cdn":{"name":"c"}})";
	std::string with_nul = compact.substr(0, compact.size() - 1);
	with_nul += std::string(1, '\0') + std::string(200, 'x') + "}";
	struct {
		std::string line;
		bool good, same;
	} const cases[] = {
		{compact, true, true},
		{R"({"cdn":{"name":"c","state":"up"}})", true, false},
		{R"({"cdn": {"name":"c"}})", true, true},
		{with_nul, false, false},
		{compact.substr(0, compact.size() - 1), false, false},
		{compact + "}", false, false},
		{"xy" + compact.substr(2), false, false},
		{R"({"node":{"name":"c"}})", true, false},
	};
	for (const auto &c : cases) {
		Change first(view.get(), patterns, reading(2));
		EXPECT_TRUE(first.line(compact));
		EXPECT_TRUE(
			first.put(OBJECT_DRI, R"({"cdn": "c", "http-target": {"host": "c.t"}})"));
		View with = first.finish();
		ASSERT_TRUE(with);
		Change again(with.get(), patterns, reading(3));
		EXPECT_EQ(again.line(c.line), c.good) << c.line;
		EXPECT_EQ(compiler_counts(again.compiler).unchanged, c.same) << c.line;
		EXPECT_EQ(again.line(c.line), false) << "it comes twice: " << c.line;
	}
}

/* --- what is settled in the end -------------------------------------------------------------------------------------- */

/* A named footprint that becomes narrower moves its scopes before others. */
TEST(incremental, footprint_with_another_rank)
{
	Patterns patterns;
	auto footprint = [](const std::string &name, const std::string &prefix) {
		return R"({"name": ")" + name +
		       R"(", "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": [")" +
		       prefix + "\"]}]}";
	};
	auto within = [](const std::string &name) {
		return R"({"name": ")" + name + R"(", "hosts": ["v.t"], "footprints": [")" + name +
		       R"("], "candidates": [{"cdn": "a"}]})";
	};
	View view = commit(View(), patterns, at_run_time(1),
			   {{OBJECT_FOOTPRINT, footprint("f", "10.0.0.0/8")},
			    {OBJECT_FOOTPRINT, footprint("g", "10.0.0.0/12")},
			    {OBJECT_CDN, cdn_a},
			    {OBJECT_DRI, dri_a},
			    {OBJECT_SCOPE, within("f")},
			    {OBJECT_SCOPE, within("g")}});
	HttpAsk ask("v.t", "/", {}, "10.1.2.3");
	EXPECT_EQ(match(view, ask).scope_name(), "g");
	View narrow = commit(view, patterns, at_run_time(2),
			     {{OBJECT_FOOTPRINT, footprint("f", "10.1.0.0/16")}});
	EXPECT_EQ(match(narrow, ask).scope_name(), "f");
	View wide = commit(narrow, patterns, at_run_time(3),
			   {{OBJECT_FOOTPRINT, footprint("f", "10.0.0.0/9")}});
	EXPECT_EQ(match(wide, ask).scope_name(), "g");
	EXPECT_EQ(match(narrow, ask).scope_name(), "f");
	EXPECT_EQ(match(view, ask).scope_name(), "g");
}

/* A scope whose patterns cannot be compiled is put back to what it was, and its neighbours stay. */
TEST(incremental, patterns_that_cannot_be_compiled)
{
	Patterns patterns;
	auto with = [](const std::string &name, const std::string &regex, const std::string &host) {
		return R"({"name": ")" + name + R"(", "hosts": [")" + host +
		       R"("], "regexes": [")" + regex + R"("], "action": "deny"})";
	};
	View view = commit(View(), patterns, at_run_time(1),
			   {{OBJECT_SCOPE, with("old", "^/a", "v.t")}});
	for (bool keep_going : {false, true}) {
		Change change(view.get(), patterns, at_run_time(2));
		EXPECT_TRUE(change.put(OBJECT_SCOPE, with("old", "(", "w.t")));
		EXPECT_TRUE(change.put(OBJECT_SCOPE, with("new", "a(", "v.t")));
		EXPECT_TRUE(change.put(OBJECT_SCOPE, with("good", "^/b", "v.t")));
		EXPECT_TRUE(change.put(OBJECT_SCOPE, with("same", "^/c", "w.t")));
		View made = change.finish(keep_going);
		std::vector<std::string> faults = change.faults();
		EXPECT_EQ((bool)made, keep_going);
		ASSERT_EQ(faults.size(), 2u);
		std::sort(faults.begin(), faults.end());
		EXPECT_EQ(faults[0].substr(0, 12), "scope 'new':");
		EXPECT_EQ(faults[1].substr(0, 12), "scope 'old':");
		if (!keep_going)
			continue;
		EXPECT_EQ(made->n_of[OBJECT_SCOPE], 3u);
		const struct {
			const char *host, *path, *scope;
		} asked[] = {{"v.t", "/a", "old"},
			     {"v.t", "/b", "good"},
			     {"v.t", "/a(", "old"},
			     {"w.t", "/c", "same"},
			     {"w.t", "/a", ""}};
		for (const auto &a : asked) {
			HttpAsk ask(a.host, a.path);
			EXPECT_EQ(match(made, ask).scope_name(), a.scope) << a.host << a.path;
		}
	}
}

} // namespace
