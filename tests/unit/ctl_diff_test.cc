/* ctl_diff_test - differences read like a diff, on a terminal in colours. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_diff.h"
#include "control/ctl_text.h"
}

#include <gtest/gtest.h>
#include <string>

namespace
{

std::string diff(const std::string &json, bool coloured = false)
{
	ctl_text_init();
	char *text = nullptr;
	size_t len;
	json_t *differences = json_loads(json.c_str(), 0, nullptr);
	EXPECT_TRUE(differences);
	FILE *out = open_memstream(&text, &len);
	ctl_diff_print(out, differences, coloured);
	fclose(out);
	json_decref(differences);
	std::string result(text, len);
	free(text);
	return result;
}

TEST(CtlDiffTest, ObjectsThatComeAndGo)
{
	EXPECT_EQ(diff(R"([{"kind":"cdn","name":"b","before":null,"after":{"name":"b","a":1}},
		{"kind":"node","name":"o","before":{"name":"o"},"after":null}])"),
		  "+ cdn b {\"a\": 1, \"name\": \"b\"}\n"
		  "- node o {\"name\": \"o\"}\n");
	EXPECT_EQ(diff("[]"), "");
}

TEST(CtlDiffTest, ObjectsThatChangeShowTheirMembers)
{
	EXPECT_EQ(
		diff(R"([{"kind":"scope","name":"vod","before":{"name":"vod","hosts":["a"],"gone":1},
		"after":{"name":"vod","hosts":["a","b"],"new":{"x":true}}}])"),
		"@@ scope vod\n"
		"-     hosts [\"a\"]\n"
		"+     hosts [\"a\", \"b\"]\n"
		"-     gone 1\n"
		"+     new {\"x\": true}\n");
}

TEST(CtlDiffTest, Colours)
{
	EXPECT_EQ(diff(R"([{"kind":"cdn","name":"b","before":{"a":1},"after":{"a":2}}])", true),
		  "\033[36m@@ cdn b\033[m\n"
		  "\033[31m-     a 1\033[m\n"
		  "\033[32m+     a 2\033[m\n");
}

TEST(CtlDiffTest, BearsWhatItDoesNotExpect)
{
	EXPECT_EQ(diff(R"([5,{"name":"\u001b[1m"},{"kind":"cdn","before":[],"after":"\u009b"}])"),
		  "+ object ?\n"
		  "+ object ?[1m\n"
		  "+ cdn ? \"?\"\n");
}

} // namespace
