/* pattern_cache_test - sets are found by what they were made of, and the idle ones are bounded. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <list>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "lib/pattern_cache.h"
}

namespace
{

/* Patterns with strings of their own. */
struct Patterns {
	std::list<std::string> texts;
	std::vector<pattern> list;

	Patterns &add(pattern_field field, const char *header, const char *regex, bool caseless)
	{
		const char *name = header ? texts.emplace_back(header).c_str() : nullptr;
		list.push_back({field, name, texts.emplace_back(regex).c_str(), caseless});
		return *this;
	}
	Patterns &path(const std::string &regex, bool caseless = false)
	{
		return add(PATTERN_PATH, nullptr, regex.c_str(), caseless);
	}
	Patterns() = default;
	Patterns(const Patterns &other)
	{
		for (const pattern &p : other.list)
			add(p.field, p.header, p.regex, p.caseless);
	}
	pattern_set *compile() const
	{
		char err[256] = "";
		size_t bad;
		pattern_set *set =
			pattern_set_compile(list.data(), list.size(), err, sizeof(err), &bad);
		EXPECT_NE(set, nullptr) << err;
		return set;
	}
};

/* Cheap to compile: a glob. */
Patterns numbered(size_t i)
{
	return Patterns().path("^/" + std::to_string(i) + "\\z");
}

class PatternCache : public testing::Test
{
      protected:
	PatternCache() : cache_(pattern_cache_new())
	{
	}
	~PatternCache() override
	{
		pattern_cache_free(cache_);
	}
	pattern_set *find(const Patterns &patterns)
	{
		return pattern_cache_find(cache_, patterns.list.data(), patterns.list.size());
	}
	bool has(const Patterns &patterns)
	{
		pattern_set *set = find(patterns);
		pattern_set_release(set);
		return set != nullptr;
	}
	/* The set has one reference besides the cache's. */
	pattern_set *keep(const Patterns &patterns)
	{
		pattern_set *set = patterns.compile();
		EXPECT_TRUE(pattern_cache_keep(cache_, set));
		return set;
	}
	pattern_cache *cache_;
};

TEST_F(PatternCache, FindsByContent)
{
	Patterns patterns = Patterns()
				    .path("^/a")
				    .add(PATTERN_HEADER, "accept", "video", true)
				    .add(PATTERN_QUERY, nullptr, "x", false);
	EXPECT_EQ(find(patterns), nullptr);
	pattern_set *set = keep(patterns);
	Patterns copy = patterns;
	ASSERT_NE(copy.list[0].regex, patterns.list[0].regex);
	EXPECT_EQ(find(copy), set);
	pattern_set_release(set);
	pattern_set_release(set);
	EXPECT_EQ(find(copy), set) << "the cache holds it alone";
	pattern_set_release(set);
}

TEST_F(PatternCache, NearlyEqualIsNotEqual)
{
	auto header = [](const char *name, const char *regex, bool caseless) {
		return Patterns().add(PATTERN_HEADER, name, regex, caseless);
	};
	std::vector<Patterns> all = {
		Patterns(),
		Patterns().path("a"),
		Patterns().path("a", true),
		Patterns().path("b"),
		Patterns().path("a").path("b"),
		Patterns().path("b").path("a"),
		Patterns().path("a").path("a"),
		Patterns().path("ab"),
		Patterns().add(PATTERN_QUERY, nullptr, "a", false),
		header("x", "a", false),
		header("x", "a", true),
		header("y", "a", false),
		header("a", "x", false),
		header("xa", "", false),
	};
	std::vector<pattern_set *> sets;
	for (const auto &patterns : all) {
		EXPECT_FALSE(has(patterns)) << sets.size();
		sets.push_back(keep(patterns));
	}
	for (size_t i = 0; i < all.size(); i++) {
		EXPECT_EQ(find(all[i]), sets[i]) << i;
		pattern_set_release(sets[i]);
		pattern_set_release(sets[i]);
	}
}

TEST_F(PatternCache, TheFirstOfEqualOnesIsKept)
{
	pattern_set *first = keep(numbered(1)), *second = keep(numbered(1));
	EXPECT_NE(first, second);
	pattern_set_release(second); /* held by nobody else, or the sanitizer sees a leak */
	EXPECT_EQ(find(numbered(1)), first);
	EXPECT_TRUE(pattern_cache_keep(cache_, first)) << "again";
	pattern_set_release(first);
	pattern_set_release(first);
	EXPECT_TRUE(has(numbered(1)));
}

TEST_F(PatternCache, DropsTheOneIdleForLongest)
{
	enum { OVER = 10 };
	pattern_set *held = keep(numbered(0)), *idle;
	for (size_t i = 1; i <= PATTERN_CACHE_IDLE; i++)
		pattern_set_release(keep(numbered(i)));
	for (size_t i = 0; i <= PATTERN_CACHE_IDLE; i++)
		EXPECT_TRUE(has(numbered(i))) << i;
	EXPECT_TRUE(has(numbered(1))) << "so that number 2 is the oldest";
	idle = find(numbered(3));
	for (size_t i = 0; i < OVER; i++)
		pattern_set_release(keep(numbered(PATTERN_CACHE_IDLE + 1 + i)));
	std::string gone;
	for (size_t i = 0; i <= PATTERN_CACHE_IDLE + OVER; i++)
		gone += has(numbered(i)) ? "" : std::to_string(i) + " ";
	EXPECT_EQ(gone, "2 4 5 6 7 8 9 10 11 ") << "number 3 was not idle: one less to drop";
	pattern_set_release(idle);
	pattern_set_release(held);
}

TEST_F(PatternCache, KeepsAllThatOthersHold)
{
	std::vector<pattern_set *> sets;
	for (size_t i = 0; i < 5 * PATTERN_CACHE_IDLE; i++)
		sets.push_back(keep(numbered(i)));
	for (size_t i = 0; i < sets.size(); i++) {
		EXPECT_EQ(find(numbered(i)), sets[i]);
		pattern_set_release(sets[i]);
	}
	for (auto *set : sets)
		pattern_set_release(set);
	for (size_t i = 0; i < sets.size(); i++)
		EXPECT_EQ(has(numbered(i)), i >= 4 * PATTERN_CACHE_IDLE) << i;
}

TEST_F(PatternCache, SetsOutliveIt)
{
	pattern_set *set = keep(numbered(1));
	pattern_cache_free(cache_);
	cache_ = nullptr;
	pattern_set_retain(set);
	pattern_set_release(set); /* tells nobody */
	pattern_set_release(set);
}

/* Against a model: which are held, and which have been idle for how long. */
TEST_F(PatternCache, RandomSteps)
{
	enum { KINDS = 3000 };
	std::mt19937 random(7);
	std::vector<std::vector<pattern_set *>> held(KINDS);
	std::list<size_t> idle;
	for (int step = 0; step < 60000; step++) {
		/* Phases that take more, and phases that give back more. */
		size_t kind = random() % KINDS;
		bool take = random() % 10 < (step / 10000 % 2 ? 3u : 7u);
		if (take) {
			pattern_set *set = find(numbered(kind));
			bool is_idle = std::find(idle.begin(), idle.end(), kind) != idle.end();
			ASSERT_EQ(set != nullptr, is_idle || !held[kind].empty()) << step;
			idle.remove(kind);
			held[kind].push_back(set ? set : keep(numbered(kind)));
		} else if (!held[kind].empty()) {
			pattern_set_release(held[kind].back());
			held[kind].pop_back();
			if (!held[kind].empty())
				continue;
			idle.push_back(kind);
			if (idle.size() > PATTERN_CACHE_IDLE)
				idle.pop_front();
		}
	}
	for (auto &sets : held) {
		for (auto *set : sets)
			pattern_set_release(set);
	}
}

TEST(PatternCacheMemory, AllOrNothing)
{
	failing_malloc.reset(0);
	EXPECT_EQ(pattern_cache_new(), nullptr);
	failing_malloc.reset(1);
	EXPECT_EQ(pattern_cache_new(), nullptr);
	failing_malloc.reset(-1);
	pattern_cache *cache = pattern_cache_new();
	ASSERT_NE(cache, nullptr);
	int failures = 0;
	for (size_t i = 0; i < 300; i++) {
		Patterns patterns = numbered(i);
		pattern_set *set = patterns.compile();
		for (long at = 0;; at++) {
			failing_malloc.reset(at);
			bool kept = pattern_cache_keep(cache, set);
			failing_malloc.fail_at = -1;
			EXPECT_EQ(kept, !failing_malloc.failed);
			pattern_set *found = pattern_cache_find(cache, patterns.list.data(), 1);
			EXPECT_EQ(found, kept ? set : nullptr);
			pattern_set_release(found);
			if (kept)
				break;
			failures++;
		}
		pattern_set_release(set);
	}
	EXPECT_GT(failures, 302) << "an entry each time, and room for them now and then";
	pattern_cache_free(cache);
	pattern_cache_free(nullptr);
}

} // namespace
