/* pattern_test - RFC 8006 path patterns: literal starts, refusals, and regexes against a naive matcher. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>

extern "C" {
#include "lib/pattern_set.h"
#include "lib/request.h"
#include "tests/support/pattern_model.h"
}

namespace
{

std::string literal(const std::string &pattern, bool fold = false)
{
	char out[256], err[256];
	return pattern_literal(pattern.c_str(), fold, out, sizeof(out), err, sizeof(err)) == 0
		       ? out
		       : std::string("! ") + err;
}

std::string regex(const std::string &pattern)
{
	char out[PATTERN_REGEX_MAX], err[256];
	return pattern_regex(pattern.c_str(), out, sizeof(out), err, sizeof(err)) == 0
		       ? out
		       : std::string("! ") + err;
}

/* A path is brought to normal form as in a request. */
class Matcher
{
      public:
	Matcher(const std::string &pattern, bool fold)
	{
		std::string text = regex(pattern);
		EXPECT_NE(text[0], '!') << text;
		struct pattern p = {PATTERN_PATH, nullptr, text.c_str(), fold};
		char err[256] = "";
		size_t bad;
		set_ = pattern_set_compile(&p, 1, err, sizeof(err), &bad);
		EXPECT_NE(set_, nullptr) << pattern << ": " << err;
		EXPECT_TRUE(pattern_set_grow_scratch(set_, &scratch_));
	}
	~Matcher()
	{
		hs_free_scratch(scratch_);
		pattern_set_release(set_);
	}
	bool match(const std::string &path)
	{
		auto req = std::make_unique<struct request>();
		const uint8_t host[] = "example.com";
		EXPECT_TRUE(request_key_host(req.get(), host, 11));
		EXPECT_TRUE(request_key_path(
			req.get(), reinterpret_cast<const uint8_t *>(path.data()), path.size()))
			<< path;
		normal = std::string(reinterpret_cast<char *>(req->key) + req->host_len,
				     req->key_len - req->host_len);
		pattern_matches matches;
		pattern_set_scan(set_, req.get(), scratch_, &matches);
		return pattern_matched(&matches, 0);
	}
	std::string normal;

      private:
	pattern_set *set_ = nullptr;
	hs_scratch_t *scratch_ = nullptr;
};

bool matches(const std::string &pattern, const std::string &path, bool fold = false)
{
	return Matcher(pattern, fold).match(path);
}

TEST(Pattern, LiteralStart)
{
	EXPECT_EQ(literal("/live/*"), "/live/");
	EXPECT_EQ(literal("/live/ch?/x"), "/live/ch");
	EXPECT_EQ(literal("/live"), "/live");
	EXPECT_EQ(literal("*.mp4"), "");
	EXPECT_EQ(literal("/a$$b$*c$?d*"), "/a$b*c?d");
	EXPECT_EQ(literal("/%41%2f%7e%3a*"), "/A%2F~%3A");
	EXPECT_EQ(literal("/live/*", true), "/");
	EXPECT_EQ(literal("/12/-%2fa", true), "/12/-%2F");
	EXPECT_EQ(literal("/1%41", true), "/1");
	EXPECT_EQ(literal("/é", true).substr(0, 1), "!") << "all of a pattern is checked";
}

TEST(Pattern, RefusesWhatIsNotAllowed)
{
	struct {
		const char *pattern, *why;
	} bad[] = {
		{"", "it is empty"},
		{"/a$", "'$' must be followed by"},
		{"/a$b", "'$' must be followed by"},
		{"*$", "'$' must be followed by"},
		{"/%", "two hexadecimal digits"},
		{"/%4", "two hexadecimal digits"},
		{"/%4g", "two hexadecimal digits"},
		{"/*%", "two hexadecimal digits"},
		{"/a b", "cannot be in a path"},
		{"/a#b", "cannot be in a path"},
		{"/a\\b", "cannot be in a path"},
		{"/\xc3\xa9", "cannot be in a path"},
		{"/a\n", "cannot be in a path"},
		{"/a/../b", "\"..\""},
		{"/a/./b", "\".\""},
		{"/..", "\"..\""},
		{"/%2e%2E/x", "\"..\""},
	};
	for (const auto &b : bad) {
		for (const auto &said : {regex(b.pattern), literal(b.pattern)}) {
			EXPECT_EQ(said[0], '!') << b.pattern;
			EXPECT_NE(said.find(b.why), std::string::npos) << said;
			EXPECT_NE(said.find("\"" + std::string(b.pattern) + "\""),
				  std::string::npos)
				<< said;
		}
	}
	for (const char *fine : {"/a/.b", "/a/..b", "/a/...", "/a/.*", "/.?/", "/a.", "*..*"})
		EXPECT_NE(regex(fine)[0], '!') << fine;
}

TEST(Pattern, KeepsInsideItsBuffers)
{
	const std::string pattern = "/a*?$$%2f.b";
	char out[PATTERN_REGEX_MAX], err[256];
	ASSERT_EQ(pattern_regex(pattern.c_str(), out, sizeof(out), err, sizeof(err)), 0);
	size_t need = strlen(out) + 1;
	for (size_t cap = 0; cap <= need; cap++) {
		GuardPage text(pattern.c_str(), pattern.size() + 1), room(cap), why(40);
		int status = pattern_regex(reinterpret_cast<char *>(text.data()),
					   reinterpret_cast<char *>(room.data()), cap,
					   reinterpret_cast<char *>(why.data()), why.size());
		EXPECT_EQ(status, cap < need ? -1 : 0) << cap;
		if (status < 0) {
			EXPECT_NE(strnlen(reinterpret_cast<char *>(why.data()), 40), 40u);
		}
		GuardPage start(cap);
		EXPECT_EQ(pattern_literal(reinterpret_cast<char *>(text.data()), false,
					  reinterpret_cast<char *>(start.data()), cap, err,
					  sizeof(err)),
			  cap < 3 ? -1 : 0);
	}
	EXPECT_NE(regex("/" + std::string(PATTERN_REGEX_MAX, 'a')).find("too long"),
		  std::string::npos);
	/* a pattern that ends at an unreadable page */
	for (const char *cut : {"/a$", "/%", "/%4", "/a*", ""}) {
		GuardPage text(cut, strlen(cut) + 1);
		pattern_regex(reinterpret_cast<char *>(text.data()), out, sizeof(out), err,
			      sizeof(err));
	}
}

TEST(Pattern, MatchesAsRfc8006Says)
{
	EXPECT_TRUE(matches("/live/$$promo/ch?/*.m3u8", "/live/$promo/ch7/a/b.m3u8"));
	EXPECT_FALSE(matches("/live/$$promo/ch?/*.m3u8", "/live/$promo/ch77/a/b.m3u8"));
	EXPECT_FALSE(matches("/live/$$promo/ch?/*.m3u8", "/live/$promo/ch//a/b.m3u8"));
	EXPECT_TRUE(matches("/movies/*", "/movies/")) << "a run may be empty";
	EXPECT_FALSE(matches("/movies/*", "/Movies/x"));
	EXPECT_TRUE(matches("/movies/*", "/Movies/x", true));
	EXPECT_FALSE(matches("/movies/", "/movies/x")) << "anchored at the end";
	EXPECT_FALSE(matches("movies/*", "/movies/x")) << "and at the start";
	EXPECT_TRUE(matches("*/x", "/a/b/x"));
	EXPECT_TRUE(matches("/a?b", "/a%2Fb")) << "a triplet is one pchar";
	EXPECT_FALSE(matches("/a??b", "/a%2Fb"));
	EXPECT_FALSE(matches("/a?b", "/a/b"));
	EXPECT_TRUE(matches("/%41%2fb", "/A%2Fb"));
	EXPECT_TRUE(matches("/A%2Fb", "/%41%2fb"));
	EXPECT_FALSE(matches("/a*F1", "/a%2F1")) << "a run does not end inside a triplet";
	EXPECT_TRUE(matches("/a$*b", "/a*b"));
	EXPECT_FALSE(matches("/a$*b", "/axb"));
	EXPECT_FALSE(matches("/a.b", "/axb"));
	EXPECT_TRUE(matches("/(a|b)[c]{2}^+", "/(a|b)[c]{2}^+"));
	EXPECT_TRUE(matches("/secret/*", "/secret/a|\"<>`{}[]^"))
		<< "octets that browsers send do not evade a wildcard";
	EXPECT_TRUE(matches("/s?t", "/s|t"));
}

TEST(Pattern, AgreesWithANaiveMatcher)
{
	static const char *const pieces[] = {"/",   "a",   "b",   "A", "*", "?",   "$$", "$*",
					     "%2f", "%2F", "%41", ".", "-", "%25", "("};
	static const char *const letters[] = {"/",   "a", "b", "A",   "$", "*",  "%2F", "%2f",
					      "%61", ".", "-", "%25", "(", "aa", "B"};
	std::mt19937 random(9);
	unsigned hits = 0, tried = 0;
	for (int round = 0; round < 1500; round++) {
		std::string pattern = random() % 4 ? "/" : "";
		for (unsigned n = random() % 8; n; n--)
			pattern += pieces[random() % 15];
		if (pattern.empty() || regex(pattern)[0] == '!')
			continue;
		bool fold = random() & 1;
		Matcher matcher(pattern, fold);
		for (int i = 0; i < 30; i++) {
			std::string path = "/";
			for (unsigned n = random() % 8; n; n--)
				path += letters[random() % 15];
			bool is = matcher.match(path);
			unsigned steps = 1000000;
			ASSERT_EQ(is, pattern_model_match(pattern.c_str(), matcher.normal.c_str(),
							  fold, &steps))
				<< pattern << " on " << matcher.normal << (fold ? " folded" : "");
			ASSERT_NE(steps, 0u);
			if (is) {
				std::string start = literal(pattern, fold);
				ASSERT_EQ(matcher.normal.substr(0, start.size()), start) << pattern;
			}
			hits += is;
			tried++;
		}
	}
	EXPECT_GT(tried, 20000u);
	EXPECT_GT(hits, 500u);
}

} // namespace
