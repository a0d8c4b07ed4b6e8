/* histogram_test - quantiles against those of the sorted values, over values of all sizes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <vector>

extern "C" {
#include "tests/bench/histogram.h"
}

namespace
{

void compare(const std::vector<uint64_t> &values)
{
	auto histogram = std::make_unique<struct histogram>();
	for (uint64_t value : values)
		histogram_add(histogram.get(), value);
	std::vector<uint64_t> sorted = values;
	std::sort(sorted.begin(), sorted.end());
	ASSERT_EQ(histogram->n, values.size());
	EXPECT_EQ(histogram->min, sorted.front());
	EXPECT_EQ(histogram->max, sorted.back());
	for (double share : {0.0, 0.001, 0.1, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
		size_t rank = std::max<size_t>(1, (size_t)std::ceil(share * (double)values.size()));
		uint64_t exact = sorted[rank - 1], got = histogram_quantile(histogram.get(), share);
		EXPECT_GE(got, exact) << share;
		EXPECT_LE(got - exact, exact / 64) << share;
	}
}

TEST(Histogram, IsEmptyAtFirst)
{
	auto histogram = std::make_unique<struct histogram>();
	EXPECT_EQ(histogram_quantile(histogram.get(), 0.5), 0u);
	EXPECT_EQ(histogram_quantile(histogram.get(), 1), 0u);
}

TEST(Histogram, IsExactBelow128)
{
	auto histogram = std::make_unique<struct histogram>();
	for (uint64_t value = 0; value < 128; value++)
		histogram_add(histogram.get(), value);
	for (uint64_t value = 0; value < 128; value++)
		EXPECT_EQ(histogram_quantile(histogram.get(), (double)(value + 1) / 128), value);
}

TEST(Histogram, AgreesWithSortingAtTheEdgesOfBuckets)
{
	std::vector<uint64_t> values = {0, UINT64_MAX};
	for (unsigned bit = 0; bit < 64; bit++)
		for (int64_t off : {-1, 0, 1})
			values.push_back((UINT64_C(1) << bit) + (uint64_t)off);
	for (uint64_t value : values)
		compare({value});
	compare(values);
}

TEST(Histogram, AgreesWithSortingRandomValues)
{
	std::mt19937_64 random(1);
	for (int run = 0; run < 40; run++) {
		std::vector<uint64_t> values(1 + random() % 20000);
		for (uint64_t &value : values)
			value = random() >> (run % 2 ? random() % 64 : 40);
		compare(values);
	}
}

} // namespace
