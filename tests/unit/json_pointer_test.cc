/* json_pointer_test - the examples of RFC 6901 §5, and pointers that lead nowhere. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>

extern "C" {
#include "control/json_pointer.h"
}

namespace
{

/* The value as text, or the reason with "! " before it. */
std::string get(const JsonPtr &document, const std::string &pointer)
{
	char err[400] = "";
	json_t *value = json_pointer_get(document.get(), pointer.c_str(), err, sizeof(err));
	EXPECT_EQ(value == nullptr, err[0] != '\0') << pointer;
	return value ? text_of(value) : std::string("! ") + err;
}

TEST(JsonPointer, LeadsToEachPartOfADocument)
{
	JsonPtr document = parsed(R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,
		"i\\j":5,"k\"l":6," ":7,"m~n":8,"~1":9,"-":10,"0":{"1":[[11]]}})");
	EXPECT_EQ(get(document, ""), text_of(document));
	const std::pair<const char *, const char *> cases[] = {
		{"/foo", R"(["bar","baz"])"},
		{"/foo/0", R"("bar")"},
		{"/foo/1", R"("baz")"},
		{"/", "0"},
		{"/a~1b", "1"},
		{"/c%d", "2"},
		{"/e^f", "3"},
		{"/g|h", "4"},
		{"/i\\j", "5"},
		{"/k\"l", "6"},
		{"/ ", "7"},
		{"/m~0n", "8"},
		{"/~01", "9"},
		{"/-", "10"},
		{"/0/1/0/0", "11"},
	};
	for (auto [pointer, value] : cases)
		EXPECT_EQ(get(document, pointer), value) << pointer;
}

TEST(JsonPointer, LeadsNowhere)
{
	JsonPtr document = json_of("{'a': [1, {'b': null}], 'c': 'text'}");
	for (const char *pointer :
	     {"/b", "/a/2", "/a/-", "/a/00", "/a/01", "/a/+0", "/a/ 0", "/a/1/c", "/a/", "/c/0",
	      "/a/0/0", "//", "/a/99999999999999999999", "/a/1/b/x", "/a/0x0", "/a/-1"})
		EXPECT_NE(get(document, pointer).find("leads nowhere"), std::string::npos)
			<< pointer;
	for (const char *pointer : {"a", "#/a", " /a", "/~", "/a/~2", "/~~0", "/~0~"})
		EXPECT_NE(get(document, pointer).find("is not a JSON pointer"), std::string::npos)
			<< pointer;
}

TEST(JsonPointer, TellsIndexes)
{
	JsonPtr array = json_of("[1, 2]");
	size_t index = 9;
	EXPECT_TRUE(json_pointer_index(array.get(), "2", &index));
	EXPECT_EQ(index, 2u);
	EXPECT_TRUE(json_pointer_index(array.get(), "-", &index));
	EXPECT_EQ(index, 2u);
	EXPECT_FALSE(json_pointer_index(array.get(), "3", &index));
	EXPECT_FALSE(json_pointer_index(array.get(), "", &index));
	EXPECT_FALSE(json_pointer_index(array.get(), "18446744073709551616", &index));
}

} /* namespace */
