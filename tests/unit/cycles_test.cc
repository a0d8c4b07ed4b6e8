/* cycles_test - the histogram of bursts against sorted values, and sums over workers. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/cycles.h"
}

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <vector>

TEST(CyclesTest, BucketsFollowEachOther)
{
	unsigned last = 0;
	for (uint64_t value = 0; value < 1 << 20; value++) {
		unsigned bucket = cycles_bucket(value);
		ASSERT_TRUE(bucket == last || bucket == last + 1) << value;
		last = bucket;
	}
	EXPECT_EQ(cycles_bucket((UINT64_C(1) << 40) - 1), CYCLES_BUCKETS - 1u);
	EXPECT_EQ(cycles_bucket(UINT64_MAX), CYCLES_BUCKETS - 1u);
}

TEST(CyclesTest, PercentilesAreKnownToASixteenth)
{
	std::mt19937_64 random(1);
	for (unsigned round = 0; round < 50; round++) {
		auto cycles = std::make_unique<struct cycles>();
		std::vector<uint64_t> values;
		unsigned n = 1 + random() % 3000, bits = 1 + random() % 40;
		for (unsigned i = 0; i < n; i++) {
			values.push_back(random() >> (64 - bits));
			cycles_burst(cycles.get(), 1 + i % 32, values.back());
		}
		std::sort(values.begin(), values.end());
		EXPECT_EQ(cycles->bursts, n);
		EXPECT_EQ(cycles->longest, values.back());
		for (double part : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
			auto rank = static_cast<size_t>(std::ceil(part * n));
			uint64_t exact = values[rank ? rank - 1 : 0];
			uint64_t found = cycles_service(cycles.get(), part);
			ASSERT_GE(found, exact) << part << " of " << n;
			ASSERT_LE(found, exact + exact / CYCLES_LINEAR) << part << " of " << n;
		}
	}
}

TEST(CyclesTest, NothingAndTooMuch)
{
	auto cycles = std::make_unique<struct cycles>();
	EXPECT_EQ(cycles_service(cycles.get(), 0.5), 0u);
	cycles_burst(cycles.get(), 1, UINT64_MAX);
	EXPECT_EQ(cycles_service(cycles.get(), 0.5), UINT64_MAX);
}

TEST(CyclesTest, WorkersAddUp)
{
	auto sum = std::make_unique<struct cycles>(), one = std::make_unique<struct cycles>(),
	     two = std::make_unique<struct cycles>();
	one->steps[CYCLES_TX] = 5;
	two->steps[CYCLES_TX] = 7;
	two->steps[CYCLES_RX] = 1;
	cycles_burst(one.get(), 32, 900);
	cycles_burst(two.get(), 10, 100);
	cycles_burst(two.get(), 10, 100);
	cycles_add(sum.get(), one.get());
	cycles_add(sum.get(), two.get());
	EXPECT_EQ(sum->bursts, 3u);
	EXPECT_EQ(sum->packets, 52u);
	EXPECT_EQ(sum->steps[CYCLES_TX], 12u);
	EXPECT_EQ(sum->steps[CYCLES_RX], 1u);
	EXPECT_EQ(sum->longest, 900u);
	EXPECT_EQ(cycles_service(sum.get(), 1), 900u);
	EXPECT_LE(cycles_service(sum.get(), 0.5), 103u);
}
