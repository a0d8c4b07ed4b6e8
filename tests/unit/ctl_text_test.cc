/* ctl_text_test - text for a terminal: nothing that controls it, and the right width. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_text.h"
}

#include <clocale>
#include <gtest/gtest.h>
#include <string>

namespace
{

struct CtlTextTest : testing::Test {
	void SetUp() override
	{
		ctl_text_init();
	}
	template <typename Write> static std::string written(Write write)
	{
		char *text = nullptr;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		write(out);
		fclose(out);
		std::string result(text, len);
		free(text);
		return result;
	}
	static std::string clean(const std::string &text)
	{
		return written([&](FILE *out) { ctl_text_write(out, text.c_str()); });
	}
	static std::string cut(const std::string &text, size_t columns, size_t *width)
	{
		return written(
			[&](FILE *out) { ctl_text_write_cut(out, text.c_str(), columns, width); });
	}
};

TEST_F(CtlTextTest, NothingControlsTheTerminal)
{
	EXPECT_EQ(clean("plain ~ text"), "plain ~ text");
	EXPECT_EQ(clean("a\x1b[1mb\rc\nd\te\x7f"), "a?[1mb?c?d?e?");
	EXPECT_EQ(clean("\xc2\x9b"), "?") << "CSI of eight bits";
	EXPECT_EQ(clean("a\xe2\x80\xae"
			"b\xe2\x81\xa6"),
		  "a?b?")
		<< "turned direction";
	EXPECT_EQ(clean("\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80"),
		  "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80");
	EXPECT_EQ(clean("\xff\xc3(\xe6\x97"), std::string("??") + "(??") << "not UTF-8";
}

TEST_F(CtlTextTest, WidthIsOfColumns)
{
	EXPECT_EQ(ctl_text_width(""), 0u);
	EXPECT_EQ(ctl_text_width("abc"), 3u);
	EXPECT_EQ(ctl_text_width("caf\xc3\xa9"), 4u);
	EXPECT_EQ(ctl_text_width("e\xcc\x81"), 1u) << "a combining accent";
	EXPECT_EQ(ctl_text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4u);
	EXPECT_EQ(ctl_text_width("\xff\x1b"), 2u);
}

TEST_F(CtlTextTest, CutEndsWithinTheColumns)
{
	size_t width;
	EXPECT_EQ(cut("abcdef", 6, &width), "abcdef");
	EXPECT_EQ(width, 6u);
	EXPECT_EQ(cut("abcdef", 5, &width), "abcd…");
	EXPECT_EQ(width, 5u);
	EXPECT_EQ(cut("\xe6\x97\xa5\xe6\x9c\xac", 3, &width), "\xe6\x97\xa5…");
	EXPECT_EQ(width, 3u);
	EXPECT_EQ(cut("a\xe6\x97\xa5\xe6\x9c\xac", 3, &width), "a…") << "half a character";
	EXPECT_EQ(width, 2u);
	EXPECT_EQ(cut("ab", 1, &width), "…");
	EXPECT_EQ(cut("ab", 0, &width), "");
	EXPECT_EQ(width, 0u);
}

TEST_F(CtlTextTest, UtfWhateverTheEnvironmentSays)
{
	setenv("LC_ALL", "C", 1);
	ctl_text_init();
	EXPECT_EQ(ctl_text_width("caf\xc3\xa9"), 4u);
	unsetenv("LC_ALL");
	ctl_text_init();
}

} // namespace
