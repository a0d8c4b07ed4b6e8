/* pattern_meet_test - regexes for several patterns at once match what all of these patterns match. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/pattern_glob.h"
#include "lib/pattern_meet.h"
#include "lib/pattern_set.h"
#include "lib/request.h"
}
#include "tests/support/pattern_model.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace
{

struct Pattern {
	std::string text;
	bool case_sensitive;
};

using Meet = std::unique_ptr<struct pattern_meet, void (*)(struct pattern_meet *)>;

Meet meet(const std::vector<Pattern> &patterns, std::string *said = nullptr)
{
	Meet made(nullptr, pattern_meet_free);
	for (const Pattern &pattern : patterns) {
		char err[256] = "";
		made = Meet(pattern_meet_new(made.get(), pattern.text.c_str(),
					     pattern.case_sensitive, err, sizeof(err)),
			    pattern_meet_free);
		if (said)
			*said = err;
		if (!made)
			break;
	}
	return made;
}

std::vector<std::string> regexes(const std::vector<Pattern> &patterns)
{
	std::vector<std::string> list;
	Meet made = meet(patterns);
	for (size_t i = 0; made && i < pattern_meet_count(made.get()); i++) {
		char *regex = pattern_meet_regex(made.get(), i);
		list.push_back(regex);
		free(regex);
	}
	return list;
}

/* The regex that a pattern alone makes. */
std::string regex_of(const std::string &pattern)
{
	char regex[PATTERN_REGEX_MAX], err[256];
	EXPECT_EQ(0, pattern_regex(pattern.c_str(), regex, sizeof(regex), err, sizeof(err))) << err;
	return regex;
}

using List = std::vector<std::string>;

TEST(pattern_meet, one_is_itself)
{
	EXPECT_EQ(regexes({{"/live/$$a/ch?/*.m3u8", true}}),
		  List{regex_of("/live/$$a/ch?/*.m3u8")});
	EXPECT_EQ(regexes({{"/A%2fb", false}}), List{"^/[aA]%2F[bB]\\z"});
}

TEST(pattern_meet, two)
{
	const struct {
		const char *a, *b;
		List wanted;
	} cases[] = {
		{"/movies/*", "/movies/hd/*", {"/movies/hd/*"}},
		{"/movies/hd/*", "/movies/*", {"/movies/hd/*"}},
		{"/movies/*", "*.mp4", {"/movies/*.mp4"}},
		{"/movies/*", "/music/*", {}},
		{"/a?", "/?b", {"/ab"}},
		{"/a?c", "/a/c", {}},
		{"/a?c", "/a%2fc", {"/a%2fc"}},
		{"/a*c", "/a/b/c", {"/a/b/c"}},
		{"/*", "/*", {"/*"}},
		{"*a*", "*b*", {"*a*b*", "*b*a*"}},
		{"*aa", "aa*", {"aaa", "aa", "aa*aa"}},
		{"/a", "/a", {"/a"}},
		{"/a", "/ab", {}},
	};
	for (const auto &c : cases) {
		List made = regexes({{c.a, true}, {c.b, true}}), wanted;
		for (const std::string &pattern : c.wanted)
			wanted.push_back(regex_of(pattern));
		std::sort(made.begin(), made.end());
		std::sort(wanted.begin(), wanted.end());
		EXPECT_EQ(made, wanted) << c.a << " " << c.b;
	}
}

TEST(pattern_meet, case_of_each)
{
	EXPECT_EQ(regexes({{"/Ab", false}, {"/aB", true}}), List{"^/aB\\z"});
	EXPECT_EQ(regexes({{"/Ab", true}, {"/ab", true}}), List{});
	EXPECT_EQ(regexes({{"/Ab", false}, {"/aB", false}}), List{"^/[aA][bB]\\z"});
	EXPECT_EQ(regexes({{"/a*", false}, {"/*Z", true}}), List{"^/[aA]" PATTERN_ANY_RUN "Z\\z"});
}

TEST(pattern_meet, faults)
{
	std::string said;
	EXPECT_FALSE(meet({{"/a$", true}}, &said));
	EXPECT_NE(said.find("'$' must be followed"), std::string::npos) << said;
	EXPECT_FALSE(meet({{"*a*b*c*d*e*f*", true}, {"*1*2*3*4*5*6*", true}}, &said));
	EXPECT_EQ(said, "pattern \"*1*2*3*4*5*6*\": it meets those above it in too many ways");
	EXPECT_FALSE(meet({{"/" + std::string(600, 'a'), true}}, &said));
	std::string runs;
	for (int i = 0; i < 80; i++)
		runs += "/*/a";
	EXPECT_FALSE(meet({{runs, true}}, &said)) << "its regex would be too long";
	EXPECT_FALSE(meet({{runs.substr(0, 200), true}, {"*a*a*a*a*a*a*a*a*a*a*b", true}}, &said));
}

struct Matcher {
	struct pattern_set *set = nullptr;
	hs_scratch_t *scratch = nullptr;
	size_t n;
	explicit Matcher(const List &list) : n(list.size())
	{
		std::vector<struct pattern> patterns;
		char err[256];
		size_t bad;
		for (const std::string &regex : list)
			patterns.push_back({PATTERN_PATH, nullptr, regex.c_str(), false});
		set = n ? pattern_set_compile(patterns.data(), n, err, sizeof(err), &bad) : nullptr;
		if (n && (!set || !pattern_set_grow_scratch(set, &scratch)))
			throw std::runtime_error(err);
	}
	~Matcher()
	{
		if (scratch)
			hs_free_scratch(scratch);
		if (set)
			pattern_set_release(set);
	}
	bool matches(const std::string &path)
	{
		static struct request req;
		struct pattern_matches found;
		bool any = false;
		EXPECT_TRUE(request_key_host(&req, (const uint8_t *)"a", 1));
		EXPECT_TRUE(request_key_path(&req, (const uint8_t *)path.data(), path.size()));
		if (set)
			pattern_set_scan(set, &req, scratch, &found);
		for (size_t i = 0; i < n; i++)
			any |= pattern_matched(&found, (uint32_t)i);
		return any;
	}
};

std::string pick(std::mt19937 &random, const std::vector<const char *> &from, unsigned max)
{
	std::string text;
	for (unsigned n = random() % (max + 1); n; n--)
		text += from[random() % from.size()];
	return text;
}

TEST(pattern_meet, random_patterns_against_the_naive_matcher)
{
	std::mt19937 random(1);
	unsigned all = 0, made = 0;
	for (unsigned round = 0; round < 4000; round++) {
		std::vector<Pattern> patterns(2 + random() % 2);
		for (Pattern &p : patterns)
			p = {"/" + pick(random, {"a", "B", "b", "/", "*", "?", "%2F", "$*"}, 5),
			     random() % 2 == 0};
		Meet found = meet(patterns);
		if (!found)
			continue;
		made++;
		Matcher matcher(regexes(patterns));
		for (unsigned i = 0; i < 60; i++) {
			std::string path =
				"/" + pick(random, {"a", "A", "b", "B", "/", "%2F", "*"}, 6);
			bool wanted = true;
			for (const Pattern &p : patterns) {
				unsigned steps = 100000;
				wanted = wanted && pattern_model_match(p.text.c_str(), path.c_str(),
								       !p.case_sensitive, &steps);
			}
			ASSERT_EQ(matcher.matches(path), wanted)
				<< path << " " << patterns[0].text << " " << patterns[1].text;
			all += wanted;
		}
	}
	EXPECT_GT(made, 3500u);
	EXPECT_GT(all, 1000u);
}

} // namespace
