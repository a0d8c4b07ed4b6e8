/* alto_vtag_test - names and version tags, read and written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>

extern "C" {
#include "control/alto_vtag.h"
}

namespace
{

TEST(AltoVtag, Names)
{
	for (std::string name : {"a", "isp-net.pid", "A:b@c_d-9.", "0"})
		EXPECT_TRUE(alto_name_ok(name.c_str())) << name;
	EXPECT_TRUE(alto_name_ok(std::string(64, 'x').c_str()));
	EXPECT_FALSE(alto_name_ok(std::string(65, 'x').c_str()));
	for (std::string name : {"", "a b", "a/b", "\xc3\xa4", "a,b", "a\n", "a\"b"})
		EXPECT_FALSE(alto_name_ok(name.c_str())) << name;
}

std::string read(const std::string &meta)
{
	alto_vtag vtag = {"old", "old"};
	bool read = alto_vtag_read(json_of("{'meta': " + meta + "}").get(), &vtag);
	EXPECT_EQ(read, vtag.tag[0] != '\0');
	return std::string(vtag.resource) + "#" + vtag.tag;
}

TEST(AltoVtag, IsReadFromAnObjectOrAListOfOne)
{
	EXPECT_EQ(read("{'vtag': {'resource-id': 'a', 'tag': 'b!~'}}"), "a#b!~");
	EXPECT_EQ(read("{'vtag': [{'resource-id': 'a', 'tag': 'b'}]}"), "a#b");
	EXPECT_EQ(read("{'vtag': {'resource-id': 'a', 'tag': '" + std::string(64, 't') + "'}}"),
		  "a#" + std::string(64, 't'));
	for (std::string meta :
	     {"{}", "7", "{'vtag': null}", "{'vtag': 'a'}", "{'vtag': {'resource-id': 'a'}}",
	      "{'vtag': {'tag': 'a'}}", "{'vtag': {'resource-id': 'a', 'tag': ''}}",
	      "{'vtag': {'resource-id': 'a b', 'tag': 'b'}}",
	      "{'vtag': {'resource-id': 'a', 'tag': 'b c'}}",
	      "{'vtag': {'resource-id': 'a', 'tag': 7}}", "{'vtag': []}",
	      "{'vtag': [{'resource-id': 'a', 'tag': 'b'}, {'resource-id': 'c', 'tag': 'd'}]}"})
		EXPECT_EQ(read(meta), "#") << meta;
	EXPECT_EQ(read("{'vtag': {'resource-id': 'a', 'tag': '" + std::string(65, 't') + "'}}"),
		  "#");
}

TEST(AltoVtag, DependentOnesAreAList)
{
	JsonPtr body = json_of("{'meta': {'dependent-vtags': [{'resource-id': 'a', 'tag': 'b'}, "
			       "{'tag': 'c'}]}}");
	alto_vtag vtag;
	EXPECT_TRUE(alto_vtag_dependent(body.get(), 0, &vtag));
	EXPECT_STREQ(vtag.resource, "a");
	EXPECT_TRUE(alto_vtag_dependent(body.get(), 1, &vtag));
	EXPECT_STREQ(vtag.tag, "") << "one that is wrong fits none";
	EXPECT_FALSE(alto_vtag_dependent(body.get(), 2, &vtag));
	EXPECT_FALSE(alto_vtag_dependent(json_of("{}").get(), 0, &vtag));
}

TEST(AltoVtag, BothTextsMakeOne)
{
	alto_vtag a = {"a", "1"}, b = {"a", "2"}, c = {"c", "1"};
	EXPECT_TRUE(alto_vtag_equal(&a, &a));
	EXPECT_FALSE(alto_vtag_equal(&a, &b));
	EXPECT_FALSE(alto_vtag_equal(&a, &c));
	EXPECT_EQ(text_of(JsonPtr(alto_vtag_write(&a))), R"({"resource-id":"a","tag":"1"})");
}

} /* namespace */
