/* checksum_test - sums against RFC 1071's own loop, for all lengths and places. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

extern "C" {
#include "lib/checksum.h"
}

/* RFC 1071 §4.1, over words in memory order. */
static uint16_t slowly(const uint8_t *at, size_t len, uint32_t sum)
{
	for (; len > 1; at += 2, len -= 2) {
		uint16_t word;
		memcpy(&word, at, 2);
		sum += word;
	}
	if (len) {
		uint16_t word = 0;
		memcpy(&word, at, 1);
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

TEST(checksum, as_the_slow_one)
{
	std::mt19937 random(1);
	for (size_t len = 0; len < 300; len++) {
		for (int kind = 0; kind < 4; kind++) {
			std::vector<uint8_t> octets(len);
			for (uint8_t &o : octets)
				o = kind == 0 ? 0xff : kind == 1 ? 0 : (uint8_t)random();
			GuardPage page(octets.data(), len, len);
			uint32_t start = kind == 3 ? random() & 0xffff : 0;
			EXPECT_EQ(checksum_fold(checksum_add(start, page.data(), len)),
				  slowly(octets.data(), len, start))
				<< len << " octets, kind " << kind;
		}
	}
}

TEST(checksum, folded_as_the_slow_one)
{
	std::mt19937_64 random(2);
	for (int i = 0; i < 100000; i++) {
		uint64_t sum = random() >> (random() & 63);
		sum = i & 1 ? ~sum : sum;
		ASSERT_EQ(checksum_fold(sum), slowly((const uint8_t *)&sum, 8, 0)) << sum;
	}
	EXPECT_EQ(checksum_fold(0), 0);
	EXPECT_EQ(checksum_fold(UINT64_MAX), 0xffff);
	EXPECT_EQ(checksum_fold(UINT64_MAX << 32), 0xffff);
}

TEST(checksum, carries_go_round)
{
	uint64_t ones = UINT64_MAX;
	EXPECT_EQ(checksum_fold(checksum_add(UINT64_MAX, &ones, 8)), 0xffff);
	uint64_t one = 1;
	EXPECT_EQ(checksum_fold(checksum_add(UINT64_MAX, &one, 8)), 1);
	EXPECT_EQ(checksum_fold(checksum_add(0, nullptr, 0)), 0);
}
