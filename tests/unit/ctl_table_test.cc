/* ctl_table_test - columns are aligned, whatever is in them. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_table.h"
#include "control/ctl_text.h"
}

#include <gtest/gtest.h>
#include <string>

namespace
{

const struct ctl_column columns[] = {
	{"NAME", "name"}, {"N", "deep.n"}, {"LIST", "list"}, {nullptr, nullptr}};

template <typename Print> std::string printed(const std::string &json, Print print)
{
	ctl_text_init();
	json_t *value = json_loads(json.c_str(), 0, nullptr);
	EXPECT_TRUE(value);
	testing::internal::CaptureStdout();
	print(value);
	json_decref(value);
	return testing::internal::GetCapturedStdout();
}

std::string table(const std::string &json)
{
	return printed(json, [](const json_t *list) { ctl_table_print(list, columns); });
}

TEST(CtlTableTest, ColumnsAreAligned)
{
	EXPECT_EQ(table("[{\"name\":\"a\\u001b[1m\",\"deep\":{\"n\":5},\"list\":[1,{\"x\":true}]},"
			"{\"name\":\"longer name\",\"deep\":{\"n\":12345},\"list\":null}]"),
		  "NAME         N      LIST\n"
		  "a?[1m            5  1, x yes\n"
		  "longer name  12345  -\n");
	EXPECT_EQ(table("[]"), "NAME  N  LIST\n");
}

TEST(CtlTableTest, WidthsAreThoseOnATerminal)
{
	EXPECT_EQ(table("[{\"name\":\"caf\\u00e9\",\"list\":\"x\"},{\"name\":"
			"\"\\u65e5\\u672c\\u8a9e\","
			"\"list\":\"y\"},{\"name\":\"abcdef\",\"list\":\"z\"}]"),
		  "NAME    N  LIST\n"
		  "café    -  x\n"
		  "日本語  -  y\n"
		  "abcdef  -  z\n");
}

TEST(CtlTableTest, LongCellsAreCutButNotTheLast)
{
	std::string a(70, 'a'), b(70, 'b');
	EXPECT_EQ(table("[{\"name\":\"" + a + "\",\"list\":\"" + b + "\"}]"),
		  "NAME" + std::string(60, ' ') + "  N  LIST\n" + std::string(63, 'a') + "…  -  " +
			  b + "\n");
}

TEST(CtlTableTest, FieldsThatAreThere)
{
	EXPECT_EQ(printed("{\"name\":\"x\",\"list\":\"\"}",
			  [](const json_t *value) { ctl_table_fields(value, columns); }),
		  "NAME  x\n");
}

TEST(CtlTableTest, LiveLinesWidenTheirColumns)
{
	struct ctl_table_live live = {};
	live.columns = columns;
	live.widths[0] = 6;
	EXPECT_EQ(printed("[{\"name\":\"a\",\"list\":1},{\"name\":\"abcdefgh\",\"list\":2},{"
			  "\"name\":\"b\","
			  "\"list\":\"x\"}]",
			  [&](const json_t *list) {
				  for (size_t i = 0; i < 3; i++)
					  ctl_table_live_line(&live, json_array_get(list, i));
			  }),
		  "NAME    N  LIST\n"
		  "a       -     1\n"
		  "abcdefgh  -     2\n"
		  "b         -  x\n");
}

} // namespace
