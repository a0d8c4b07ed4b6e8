/* pattern_glob_test - the matcher for simple regexes against Hyperscan, and which regexes are left to that. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <hs/hs.h>
#include <random>
#include <string>

extern "C" {
#include "lib/pattern_glob.h"
}

namespace
{

unsigned cost(const std::string &regex, bool caseless = false)
{
	GuardPage text(regex.c_str(), regex.size() + 1), code(regex.size());
	return pattern_glob_compile(reinterpret_cast<const char *>(text.data()), caseless,
				    reinterpret_cast<char *>(code.data()));
}

bool matches(const std::string &regex, bool caseless, const std::string &text)
{
	std::string code(regex.size(), 'x');
	EXPECT_NE(pattern_glob_compile(regex.c_str(), caseless, code.data()), 0u) << regex;
	GuardPage page(text.data(), text.size());
	return pattern_glob_matches(code.c_str(), caseless,
				    {page.data(), static_cast<uint32_t>(text.size())});
}

const std::string run = PATTERN_ANY_RUN, one = PATTERN_ANY_ONE;

TEST(PatternGlob, CostIsTheLongestPieceBehindARun)
{
	EXPECT_EQ(cost("^\\z"), 1u);
	EXPECT_EQ(cost("^/a/long/literal/start\\z"), 1u);
	EXPECT_EQ(cost("^/live/" + run + "\\z"), 1u);
	EXPECT_EQ(cost("^/live/" + run + "\\.ts\\z"), 4u);
	EXPECT_EQ(cost("^/" + run + "abc" + one + run + "ab\\z"), 5u);
	EXPECT_EQ(cost("^/" + run + "%2F%E4\\z"), 7u);
}

TEST(PatternGlob, LeavesOtherRegexesAlone)
{
	for (std::string other : {
		     std::string(""),          std::string("^"),
		     std::string("/a\\z"),     std::string("^/a"),
		     std::string("^/a$"),      std::string("^/a\\z|b"),
		     "^/" + run + "?a\\z",     "^/" + run + "+a\\z",
		     "^/" + one + "*a\\z",     "^/" + one + "{2}\\z",
		     std::string("^/a*\\z"),   std::string("^/a+\\z"),
		     std::string("^/a?\\z"),   std::string("^/a{2}\\z"),
		     std::string("^/.\\z"),    std::string("^/[ab]\\z"),
		     std::string("^/(a)\\z"),  std::string("^/\\d\\z"),
		     std::string("^/\\Z"),     std::string("^^/\\z"),
		     std::string("^/\n\\z"),   std::string("^/\\"),
		     std::string("^/\\\n\\z"), std::string("^/\xc3\xa4\\z"),
		     std::string("^/%\\z"),    std::string("^/%4\\z"),
		     std::string("^/%2f\\z"),  "^/%" + one + "\\z",
		     "^/%2" + one + "\\z",
	     }) {
		EXPECT_EQ(cost(other), 0u) << other;
		EXPECT_EQ(cost(other, true), 0u) << other;
	}
}

TEST(PatternGlob, Examples)
{
	EXPECT_TRUE(matches("^/live/" + run + "\\.ts\\z", false, "/live/a.ts/b.ts"));
	EXPECT_FALSE(matches("^/live/" + run + "\\.ts\\z", false, "/live/a.ts/b.ts/"));
	EXPECT_FALSE(matches("^/" + run + "1\\z", false, "/%21")) << "no half of a triplet";
	EXPECT_TRUE(matches("^/" + run + "ab" + run + "b\\z", false, "/aabb"));
	EXPECT_FALSE(matches("^/" + run + "ab" + run + "b\\z", false, "/aab"));
	EXPECT_TRUE(matches("^/aB\\z", true, "/Ab"));
	EXPECT_TRUE(matches("^/" + one + "\\z", true, "/%2f"));
	EXPECT_FALSE(matches("^/" + one + "\\z", false, "/%2f"));
	EXPECT_TRUE(matches("^\\z", false, ""));
}

/* Any octets, also those that are in no path in normal form. */
TEST(PatternGlob, AgreesWithHyperscan)
{
	static const std::string pieces[] = {"a", "b",   "A",   "/", "%2F", "%AA",
					     "2", "\\.", "\\*", run, run,   one};
	static const std::string letters[] = {"a",   "b",  "A",  "/", "%2F",  "%aA",
					      "%AA", "2",  ".",  "*", "%",    "%2",
					      "F",   "\n", "\r", "B", "\xff", std::string(1, '\0')};
	auto found = [](unsigned, unsigned long long, unsigned long long, unsigned, void *arg) {
		*static_cast<bool *>(arg) = true;
		return 0;
	};
	std::mt19937 random(4);
	unsigned hits = 0;
	hs_scratch_t *scratch = nullptr;
	for (int round = 0; round < 400; round++) {
		bool caseless = random() % 2;
		std::string regex = "^";
		for (unsigned n = random() % 7; n; n--)
			regex += pieces[random() % std::size(pieces)];
		regex += "\\z";
		hs_database_t *database = nullptr;
		hs_compile_error_t *error = nullptr;
		ASSERT_EQ(hs_compile(regex.c_str(),
				     HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | HS_FLAG_DOTALL |
					     (caseless ? HS_FLAG_CASELESS : 0),
				     HS_MODE_BLOCK, nullptr, &database, &error),
			  HS_SUCCESS);
		ASSERT_EQ(hs_alloc_scratch(database, &scratch), HS_SUCCESS);
		for (int k = 0; k < 200; k++) {
			std::string text;
			for (unsigned n = random() % 8; n; n--)
				text += letters[random() % std::size(letters)];
			bool want = false;
			hs_scan(database, text.data(), static_cast<unsigned>(text.size()), 0,
				scratch, found, &want);
			ASSERT_EQ(matches(regex, caseless, text), want)
				<< regex << (caseless ? " caseless: " : ": ") << text;
			hits += want;
		}
		hs_free_database(database);
	}
	hs_free_scratch(scratch);
	EXPECT_GT(hits, 2000u);
}

} // namespace
