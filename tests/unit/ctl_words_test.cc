/* ctl_words_test - command lines become words, whatever is quoted, and words become command lines. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_words.h"
}

#include <cstdlib>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace
{

// The words in brackets, then what is open, then '+' when a new word begins, and where.
std::string split(const std::string &line)
{
	struct ctl_words words;
	EXPECT_TRUE(ctl_words_split(&words, line.c_str()));
	std::string text;
	for (int i = 0; i < words.n; i++)
		text += std::string("[") + words.list[i] + "]";
	EXPECT_EQ(words.list[words.n], nullptr);
	if (words.open)
		text += words.open;
	text += (words.behind ? "+" : "") + std::to_string(words.begin);
	ctl_words_clear(&words);
	return text;
}

TEST(CtlWordsTest, Split)
{
	EXPECT_EQ(split(""), "+0");
	EXPECT_EQ(split(" \t\n"), "+3");
	EXPECT_EQ(split("a"), "[a]0");
	EXPECT_EQ(split("show  scopes\n"), "[show][scopes]+13");
	EXPECT_EQ(split(" show\tsc"), "[show][sc]6");
	EXPECT_EQ(split("a b c d e"), "[a][b][c][d][e]8");
}

TEST(CtlWordsTest, QuotesAndBackslashes)
{
	EXPECT_EQ(split("add scope '{\"name\": \"a\\\\b\"}'"),
		  "[add][scope][{\"name\": \"a\\\\b\"}]10");
	EXPECT_EQ(split("\"a b\"'c d'e\\ f"), "[a bc de f]0");
	EXPECT_EQ(split("\"a\\\"b\\\\c\\d'e\""), "[a\"b\\c\\d'e]0");
	EXPECT_EQ(split("'' \"\" x"), "[][][x]6");
	EXPECT_EQ(split("\\'a\\\"b\\\\"), "['a\"b\\]0");
}

TEST(CtlWordsTest, WhatIsOpenIsTold)
{
	EXPECT_EQ(split("a 'b c"), "[a][b c]'2");
	EXPECT_EQ(split("a \"b c"), "[a][b c]\"2");
	EXPECT_EQ(split("a b\\"), "[a][b]\\2");
	EXPECT_EQ(split("a \"b\\"), "[a][b\\]\"2");
	EXPECT_EQ(split("'"), "[]'0");
	EXPECT_EQ(split("'a'"), "[a]0");
}

TEST(CtlWordsTest, QuotedWordsAreReadBack)
{
	std::mt19937 random(1);
	const std::string octets = "ab '\"\\#\t\n{}$\xc3\xa9";
	for (int round = 0; round < 2000; round++) {
		std::string word;
		for (unsigned n = random() % 8; n > 0; n--)
			word += octets[random() % octets.size()];
		char *quoted = ctl_words_quote(word.c_str());
		EXPECT_EQ(split(std::string("x ") + quoted), "[x][" + word + "]2") << quoted;
		free(quoted);
	}
}

} // namespace
