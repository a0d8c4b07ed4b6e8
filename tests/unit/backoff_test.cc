/* backoff_test - waits between tries: their bounds, how they grow, and that they differ. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/backoff.h"
}

#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace
{

std::vector<uint32_t> asked;

uint32_t lowest(uint32_t below)
{
	asked.push_back(below);
	return 0;
}

uint32_t highest(uint32_t below)
{
	asked.push_back(below);
	return below - 1;
}

struct BackoffTest : testing::Test {
	struct backoff backoff;

	void init(uint32_t floor, uint32_t cap, backoff_random *random)
	{
		backoff_init(&backoff, floor, cap);
		backoff.random = random;
		asked.clear();
	}
	std::vector<uint32_t> next(int n)
	{
		std::vector<uint32_t> waits;
		while (n--)
			waits.push_back(backoff_next(&backoff));
		return waits;
	}
};

using Waits = std::vector<uint32_t>;

TEST_F(BackoffTest, CeilingDoublesUpToTheCap)
{
	init(100, 1000, highest);
	EXPECT_EQ(next(6), (Waits{200, 400, 800, 1000, 1000, 1000}));
}

TEST_F(BackoffTest, NeverLessThanTheFloor)
{
	init(100, 1000, lowest);
	EXPECT_EQ(next(5), (Waits{100, 100, 100, 100, 100}));
	EXPECT_EQ(asked, (Waits{101, 301, 701, 901, 901}));
}

TEST_F(BackoffTest, ResetBeginsAgain)
{
	init(100, 1000, highest);
	next(5);
	backoff_reset(&backoff);
	EXPECT_EQ(next(2), (Waits{200, 400}));
}

TEST_F(BackoffTest, CapBelowTheFloorIsTheFloor)
{
	init(500, 100, highest);
	EXPECT_EQ(next(3), (Waits{500, 500, 500}));
}

TEST_F(BackoffTest, LargestNumbersDoNotOverflow)
{
	init(1, UINT32_MAX, highest);
	Waits waits = next(40);
	for (size_t i = 1; i < waits.size(); i++)
		EXPECT_GE(waits[i], waits[i - 1]);
	EXPECT_EQ(waits[39], UINT32_MAX);
	init(UINT32_MAX, UINT32_MAX, highest);
	EXPECT_EQ(next(2), (Waits{UINT32_MAX, UINT32_MAX}));
}

TEST_F(BackoffTest, TheSystemsNumbersFillTheRange)
{
	backoff_init(&backoff, 10, 20);
	std::set<uint32_t> seen;
	for (int i = 0; i < 1000; i++)
		seen.insert(backoff_next(&backoff));
	EXPECT_EQ(seen.size(), 11u);
	EXPECT_EQ(*seen.begin(), 10u);
	EXPECT_EQ(*seen.rbegin(), 20u);
}

} // namespace
