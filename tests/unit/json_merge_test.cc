/* json_merge_test - the examples of RFC 7396 app. A, and patches made of two documents that make the second of the first. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>
#include <random>

extern "C" {
#include "control/json_merge.h"
}

namespace
{

std::string merge(const std::string &document, const std::string &patch, size_t max = 10000)
{
	char err[200] = "";
	JsonPtr before = json_of(document), with = json_of(patch);
	std::string text = text_of(before), with_text = text_of(with);
	JsonPtr after(json_merge_apply(before.get(), with.get(), max, err, sizeof(err)));
	EXPECT_EQ(text_of(before), text);
	EXPECT_EQ(text_of(with), with_text);
	EXPECT_EQ(after == nullptr, err[0] != '\0');
	return after ? text_of(after) : std::string("! ") + err;
}

TEST(JsonMerge, ExamplesOfTheRfc)
{
	const char *cases[][3] = {
		{"{'a':'b'}", "{'a':'c'}", "{'a':'c'}"},
		{"{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}"},
		{"{'a':'b'}", "{'a':null}", "{}"},
		{"{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}"},
		{"{'a':['b']}", "{'a':'c'}", "{'a':'c'}"},
		{"{'a':'c'}", "{'a':['b']}", "{'a':['b']}"},
		{"{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}"},
		{"{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}"},
		{"['a','b']", "['c','d']", "['c','d']"},
		{"{'a':'b'}", "['c']", "['c']"},
		{"{'a':'foo'}", "null", "null"},
		{"{'a':'foo'}", "'bar'", "'bar'"},
		{"{'e':null}", "{'a':1}", "{'e':null,'a':1}"},
		{"[1,2]", "{'a':'b','c':null}", "{'a':'b'}"},
		{"{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}"},
		{"{}", "{'a':[{'b':null}]}", "{'a':[{'b':null}]}"},
	};
	for (auto [document, patch, expected] : cases)
		EXPECT_EQ(merge(document, patch), text_of(json_of(expected))) << patch;
}

TEST(JsonMerge, TheResultHasALimit)
{
	EXPECT_EQ(merge("{'a':'" + std::string(100, 'a') + "'}", "{'b':1}", 100),
		  "! the patched document is past 100 octets");
}

std::string diff(const std::string &before, const std::string &after)
{
	return text_of(JsonPtr(json_merge_diff(json_of(before).get(), json_of(after).get())));
}

TEST(JsonMerge, DifferencesArePatches)
{
	EXPECT_EQ(diff("{'a':1}", "{'a':1}"), "{}");
	EXPECT_EQ(diff("{'a':1,'b':{'c':1,'d':2}}", "{'b':{'c':1,'d':3}}"),
		  R"({"a":null,"b":{"d":3}})");
	EXPECT_EQ(diff("{'a':[1]}", "{'a':[1,null]}"), R"({"a":[1,null]})");
	EXPECT_EQ(diff("[1]", "[2]"), "[2]");
	EXPECT_EQ(diff("{'a':null}", "{'a':null,'b':1}"), R"({"b":1})");
	EXPECT_EQ(diff("{'a':1}", "null"), "null");
}

TEST(JsonMerge, NullsThatAreToBePutThereCannotBeSaid)
{
	EXPECT_EQ(diff("{'a':1}", "{'a':null}"), "");
	EXPECT_EQ(diff("{}", "{'a':null}"), "");
	EXPECT_EQ(diff("{}", "{'a':{'b':null}}"), "");
	EXPECT_EQ(diff("[]", "{'a':{'b':null}}"), "");
	EXPECT_EQ(diff("{'a':{}}", "{'a':{'b':{'c':null}}}"), "");
}

std::string random_value(std::mt19937 &random, int depth)
{
	if (depth == 0 || random() % 4 == 0) {
		const char *plain[] = {"null", "1", "'x'", "[null,{'a':null}]", "{}", "2.5"};
		return plain[random() % 6];
	}
	std::string text = "{";
	for (char key : {'a', 'b', 'c'})
		if (random() % 2)
			text += std::string(text.size() > 1 ? "," : "") + "'" + key +
				"':" + random_value(random, depth - 1);
	return text + "}";
}

TEST(JsonMerge, DifferencesMakeTheSecondDocument)
{
	std::mt19937 random(7396);
	unsigned said = 0;
	for (int i = 0; i < 5000; i++) {
		std::string before = random_value(random, 3), after = random_value(random, 3);
		std::string patch = diff(before, after);
		if (patch.empty())
			continue;
		EXPECT_EQ(merge(before, patch), text_of(json_of(after))) << before << " " << patch;
		said++;
	}
	EXPECT_GT(said, 2000u);
}

TEST(JsonMerge, MemoryThatRunsOut)
{
	json_set_alloc_funcs(malloc, free);
	JsonPtr before = json_of("{'a':{'b':1,'c':{'d':2}},'e':3}");
	JsonPtr after = json_of("{'a':{'b':2,'c':{'x':{'y':2}}}}");
	JsonPtr patch(json_merge_diff(before.get(), after.get()));
	auto exhaust = [](auto make, const std::string &expected) {
		bool failed = true;
		for (long at = 0; failed; at++) {
			failing_malloc.reset(at);
			JsonPtr made(make());
			failed = failing_malloc.failed;
			failing_malloc.reset(-1);
			EXPECT_EQ(text_of(made), failed ? "" : expected) << at;
		}
	};
	char err[200];
	exhaust([&] { return json_merge_diff(before.get(), after.get()); }, text_of(patch));
	exhaust([&] { return json_merge_apply(before.get(), patch.get(), 1000, err, sizeof(err)); },
		text_of(after));
}

} /* namespace */
