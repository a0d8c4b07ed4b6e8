/* json_strict_test - what I-JSON and the limits refuse, and size and equality of values. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>

extern "C" {
#include "control/json_strict.h"
}

namespace
{

const json_limits wide = {1 << 20, 20, 10000};

/* The value as text, or the reason with "! " before it. */
std::string load(const std::string &text, const json_limits &limits = wide)
{
	char err[300] = "";
	GuardPage page(text.data(), text.size());
	JsonPtr value(json_strict_load(reinterpret_cast<char *>(page.data()), text.size(), &limits,
				       err, sizeof(err)));
	EXPECT_EQ(value == nullptr, err[0] != '\0') << text;
	return value ? text_of(value) : std::string("! ") + err;
}

void expect_refused(const std::string &text, const std::string &reason,
		    const json_limits &limits = wide)
{
	std::string got = load(text, limits);
	EXPECT_EQ(got.substr(0, 2), "! ") << text;
	EXPECT_NE(got.find(reason), std::string::npos) << text << ": " << got;
}

TEST(JsonStrict, AnyValueIsTaken)
{
	for (std::string text : {"{}", "[]", "\"a\"", "1", "-1.5", "true", "null",
				 R"({"a":[1,{"b":"\u00e4\ud834\udd1e"}]})"})
		EXPECT_EQ(load(text), text_of(parsed(text)));
	EXPECT_EQ(load(" [ 1 , 2 ] \n"), "[1,2]");
}

TEST(JsonStrict, WhatIsNoJsonIsRefused)
{
	for (std::string text : {"",
				 " ",
				 "{",
				 "[1",
				 "\"a",
				 "{\"a\"}",
				 "[1,]",
				 "{,}",
				 "nul",
				 "NaN",
				 "Infinity",
				 "1 2",
				 "[1]]",
				 "'a'",
				 "\xef\xbb\xbf{}",
				 "\"\\u0000\"",
				 "{\"\\u0000\":1}",
				 "\"a\nb\"",
				 "+1",
				 "01",
				 "1e999",
				 "\"\\",
				 "{\"a\":\"\\"})
		expect_refused(text, "not JSON");
	expect_refused(std::string("[1\0]", 4), "not JSON");
}

TEST(JsonStrict, TruncationsAreRefused)
{
	std::string whole = R"({"a":[1,{"b":"c\"\\"}],"d":null})";
	EXPECT_NE(load(whole)[0], '!');
	for (size_t len = 0; len < whole.size(); len++)
		expect_refused(whole.substr(0, len), "not JSON");
}

TEST(JsonStrict, NamesAreTakenOnce)
{
	expect_refused(R"({"a":1,"b":2,"a":1})", "duplicate");
	expect_refused(R"([{"x":{"a":1,"\u0061":1}}])", "duplicate");
	EXPECT_EQ(load(R"({"a":{"a":1}})"), R"({"a":{"a":1}})");
}

TEST(JsonStrict, IntegersAreExactEverywhere)
{
	EXPECT_EQ(load("[9007199254740991,-9007199254740991]"),
		  "[9007199254740991,-9007199254740991]");
	expect_refused("9007199254740992", "beyond");
	expect_refused("[[{\"a\":-9007199254740992}]]", "beyond");
	expect_refused("99999999999999999999", "not JSON");
}

TEST(JsonStrict, TextsAreUnicode)
{
	for (std::string text : {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\\ud800\"",
				 "\"\\udc00\\ud800\"", "\"\xf4\x90\x80\x80\""})
		expect_refused(text, "not JSON");
	for (std::string text : {R"("\ufffe")", R"("\uffff")", R"("a\ufdd0")", R"("\ufdefb")",
				 R"(["\ud83f\udffe"])", R"("\udbff\udfff")", "\"\xef\xb7\x90\""})
		expect_refused(text, "a text has a character that Unicode has not");
	expect_refused(R"({"a\uffff":1})", "name of a member");
	for (std::string text : {R"("\ufffd\ufdcf\ufdf0")", R"("\ud83b\udffe")",
				 R"("\ud83f\udffd\ud83e\udffd\uffef")"})
		EXPECT_NE(load(text)[0], '!') << text;
}

TEST(JsonStrict, OctetsDepthAndValuesHaveLimits)
{
	EXPECT_EQ(load("[1,2]", {5, 1, 3}), "[1,2]");
	expect_refused("[1,2]", "JSON of 5 octets, at most 4", {4, 1, 3});
	expect_refused("[[]]", "nested deeper than 1", {100, 1, 10});
	EXPECT_EQ(load("[[],[],{}]", {100, 2, 10}), "[[],[],{}]");
	expect_refused("[{\"a\":[]}]", "nested deeper than 2", {100, 2, 10});
	expect_refused("[1,2,3]", "more than 2 values", {100, 2, 2});
	EXPECT_EQ(load(R"(["[[[,,,,\"[[[",",,,\\"])", {100, 1, 2}), R"(["[[[,,,,\"[[[",",,,\\"])");
	expect_refused(std::string(1 << 20, '['), "nested deeper than 20");
	expect_refused(std::string(1 << 20, ']'), "not JSON");
	EXPECT_NE(load(std::string(100, '[') + std::string(100, ']'), {1000, 100, 200})[0], '!');
}

TEST(JsonStrict, SizeIsThatOfTheTextAndEndsAtTheLimit)
{
	JsonPtr value = json_of("{'a': ['b', 1, null], 'c': {}}");
	size_t size = json_strict_size(value.get(), 1000);
	EXPECT_GT(size, 20u);
	EXPECT_LT(size, 80u);
	EXPECT_EQ(json_strict_size(value.get(), size), size);
	for (size_t max = 0; max < size; max++)
		EXPECT_EQ(json_strict_size(value.get(), max), max + 1);

	JsonPtr doubled = json_of("['x']"); /* 2^60 texts in 60 arrays */
	for (int i = 0; i < 60; i++) {
		JsonPtr twice(json_array());
		json_array_append(twice.get(), doubled.get());
		json_array_append(twice.get(), doubled.get());
		doubled = std::move(twice);
	}
	EXPECT_EQ(json_strict_size(doubled.get(), 100000), 100001u);
}

TEST(JsonStrict, TextsAreCompactAndCopiesOfOneLevel)
{
	JsonPtr value = json_of("{'b': [1, {'z': null, 'y': 'x'}], 'a': true}");
	for (bool sorted : {false, true}) {
		char *text = json_strict_text(value.get(), sorted);
		EXPECT_STREQ(text, sorted ? R"({"a":true,"b":[1,{"y":"x","z":null}]})"
					  : R"({"b":[1,{"z":null,"y":"x"}],"a":true})");
		free(text);
	}
	JsonPtr copy(json_strict_copy(value.get()));
	EXPECT_EQ(text_of(copy), text_of(value));
	EXPECT_EQ(at(copy.get(), "b"), at(value.get(), "b"));
	JsonPtr list(json_strict_copy(at(value.get(), "b")));
	EXPECT_EQ(text_of(list), text_of(at(value.get(), "b")));
	EXPECT_EQ(json_strict_copy(at(value.get(), "a")), nullptr);
}

TEST(JsonStrict, NumbersAreEqualByTheirValue)
{
	auto equal = [](const char *a, const char *b) {
		bool one = json_strict_equal(json_of(a).get(), json_of(b).get());
		EXPECT_EQ(one, json_strict_equal(json_of(b).get(), json_of(a).get()));
		return one;
	};
	EXPECT_TRUE(equal("1", "1.0"));
	EXPECT_TRUE(equal("[{'a': 1, 'b': 'x'}]", "[{'b': 'x', 'a': 1.0}]"));
	EXPECT_TRUE(equal("null", "null"));
	for (const char *other : {"1.5", "2", "'1'", "true", "null", "[1]", "{}"})
		EXPECT_FALSE(equal("1", other)) << other;
	EXPECT_FALSE(equal("[1, 2]", "[2, 1]"));
	EXPECT_FALSE(equal("[1]", "[1, 1]"));
	EXPECT_FALSE(equal("{'a': 1}", "{'b': 1}"));
	EXPECT_FALSE(equal("{'a': 1}", "{'a': 1, 'b': 1}"));
	EXPECT_FALSE(json_strict_equal(nullptr, nullptr));
}

} /* namespace */
