/* hits_test - places never overlap, are handed out clean, counted by worker, and used again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <vector>

extern "C" {
#include "lib/hits.h"
}

namespace
{

class Hits : public testing::Test
{
      protected:
	~Hits() override
	{
		failing_malloc.reset(-1);
		hits_finish();
	}

	static uint32_t take(unsigned n_words)
	{
		uint32_t place = 0;
		EXPECT_TRUE(hits_take(n_words, &place));
		EXPECT_NE(place, 0u);
		return place;
	}

	static std::vector<uint64_t> read(uint32_t place, unsigned n_words)
	{
		std::vector<uint64_t> words(n_words, 99);
		hits_read(place, n_words, words.data());
		return words;
	}
};

TEST_F(Hits, AddsWorkersUpAndKeepsTheLastSecond)
{
	ASSERT_TRUE(hits_init(3));
	uint32_t place = take(4), other = take(4);
	hits_count(0, place, 0, 1000);
	hits_count(2, place, 0, 1005);
	hits_count(1, place, 1, 1003);
	hits_count(1, place, 2, 1004);
	hits_count(1, place, 2, 1004);
	EXPECT_EQ(read(place, 4), (std::vector<uint64_t>{1005, 2, 1, 2}));
	EXPECT_EQ(read(other, 4), (std::vector<uint64_t>{0, 0, 0, 0}));
}

TEST_F(Hits, PlaceZeroCountsNothing)
{
	hits_prefetch(0, 0);
	hits_count(0, 0, 1, 1000);
	hits_give_back(0, 4);
	EXPECT_EQ(read(0, 3), (std::vector<uint64_t>{0, 0, 0}));
	uint32_t place = 7;
	EXPECT_FALSE(hits_take(4, &place)) << "there are no workers";
	EXPECT_EQ(place, 0u);

	ASSERT_TRUE(hits_init(1));
	hits_count(0, 0, 1, 1000);
	EXPECT_NE(take(4), 0u);
	EXPECT_EQ(read(0, 3), (std::vector<uint64_t>{0, 0, 0}));
}

TEST_F(Hits, RefusesWhatItCannotHold)
{
	EXPECT_FALSE(hits_init(HITS_WORKERS_MAX + 1));
	ASSERT_TRUE(hits_init(HITS_WORKERS_MAX));
	uint32_t place = 7;
	EXPECT_FALSE(hits_take(HITS_WORDS_MAX + 1, &place));
	EXPECT_EQ(place, 0u);
	place = take(HITS_WORDS_MAX);
	hits_count(HITS_WORKERS_MAX - 1, place, HITS_WORDS_MAX - 2, 5);
	EXPECT_EQ(read(place, HITS_WORDS_MAX).back(), 1u);
}

/* Every word of a place is written with the place's number; whoever shares one is found. */
void fill(uint32_t place, unsigned n_words, uint64_t value)
{
	for (unsigned worker = 0; worker < 2; worker++)
		for (unsigned k = 0; k < n_words; k++)
			hits_words(worker, place)[k] = value;
}

TEST_F(Hits, PlacesAreApartCleanAndWithinALine)
{
	ASSERT_TRUE(hits_init(2));
	std::map<uint32_t, unsigned> live;
	std::mt19937 random(5);
	for (int step = 0; step < 60000; step++) {
		if (random() % 3) {
			unsigned n = 2 + random() % (random() % 4 ? 6 : HITS_WORDS_MAX - 1);
			uint32_t place = take(n);
			ASSERT_EQ(read(place, n), std::vector<uint64_t>(n, 0)) << place;
			ASSERT_TRUE(live.emplace(place, n).second);
			ASSERT_EQ(place >> HITS_CHUNK_BITS, (place + n - 1) >> HITS_CHUNK_BITS);
			auto *first = hits_words(1, place), *last = first + n - 1;
			if (n <= 8) {
				ASSERT_EQ((uintptr_t)first / 64, (uintptr_t)last / 64);
			}
			fill(place, n, place);
		} else if (!live.empty()) {
			auto one = live.lower_bound(random() % (live.rbegin()->first + 1));
			hits_give_back(one->first, one->second);
			live.erase(one);
		}
	}
	for (auto [place, n] : live)
		for (unsigned worker = 0; worker < 2; worker++)
			for (unsigned k = 0; k < n; k++)
				ASSERT_EQ(hits_words(worker, place)[k], place);
}

TEST_F(Hits, AMillionScopesTake32MegabytesAndNoMoreLater)
{
	ASSERT_TRUE(hits_init(2));
	std::vector<uint32_t> places(1000000);
	size_t memory = 0;
	for (int round = 0; round < 3; round++) {
		for (auto &place : places)
			ASSERT_TRUE(hits_take(4, &place));
		if (round == 0)
			memory = hits_memory();
		for (auto place : places)
			hits_give_back(place, 4);
	}
	EXPECT_LE(memory, 2u * 32 * 1024 * 1024);
	EXPECT_EQ(hits_memory(), memory);
}

TEST_F(Hits, EndsAtItsBound)
{
	ASSERT_TRUE(hits_init(1));
	uint32_t place, last = 0;
	uint64_t n = 0;
	for (; hits_take(HITS_WORDS_MAX, &place); n++)
		last = place;
	EXPECT_EQ(n, (uint64_t)HITS_CHUNKS_MAX * (HITS_CHUNK_WORDS / HITS_WORDS_MAX));
	EXPECT_EQ(place, 0u);
	EXPECT_EQ(hits_memory(), (size_t)HITS_CHUNKS_MAX * HITS_CHUNK_WORDS * 8);
	hits_give_back(last, HITS_WORDS_MAX);
	EXPECT_EQ(take(HITS_WORDS_MAX), last);
	/* What was left over at the ends of chunks is there for smaller ones. */
	EXPECT_TRUE(hits_take(HITS_CHUNK_WORDS % HITS_WORDS_MAX, &place));
}

TEST_F(Hits, IsAsItWasWhenMemoryEnds)
{
	ASSERT_TRUE(hits_init(1));
	uint32_t place = 7;
	failing_malloc.reset(0);
	EXPECT_FALSE(hits_take(4, &place));
	EXPECT_EQ(place, 0u);
	EXPECT_EQ(hits_memory(), 0u);
	failing_malloc.reset(-1);

	std::vector<uint32_t> places;
	while (hits_memory() <= HITS_CHUNK_WORDS * 8)
		places.push_back(take(24)); /* the last one is in the second chunk */
	size_t memory = hits_memory();
	failing_malloc.reset(0, true);
	size_t more = 0;
	while (hits_take(24, &place))
		places.push_back(place), more++;
	EXPECT_EQ(failing_malloc.failed, 1);
	EXPECT_EQ(more, HITS_CHUNK_WORDS / 24u - 1);
	EXPECT_EQ(hits_memory(), memory);
	hits_give_back(places.back(), 24);
	EXPECT_EQ(take(24), places.back()) << "it needs no memory for that";
}

} /* namespace */
