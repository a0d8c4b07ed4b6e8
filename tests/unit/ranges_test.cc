/* ranges_test - address ranges against a bitmap of a small part of the address space, and at the extremes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>
#include <random>
#include <vector>

extern "C" {
#include "lib/ranges.h"
}

namespace
{

ip_prefix prefix_of(const char *text)
{
	ip_prefix prefix;
	EXPECT_TRUE(ip_prefix_parse(text, &prefix)) << text;
	return prefix;
}

ip_addr addr_of(const char *text)
{
	return prefix_of(text).addr;
}

void expect_normal(const range_list &list)
{
	for (size_t i = 0; i < list.n; i++) {
		ASSERT_LE(list.at[i].first, list.at[i].last);
		if (i) {
			ASSERT_GT(list.at[i].first - 1, list.at[i - 1].last) << "ranges touch";
		}
	}
}

TEST(Ranges, AgreeWithABitmap)
{
	std::mt19937 random(7);
	for (int round = 0; round < 500; round++) {
		/* 10.0.0.0/22 for IPv4, the last /118 of all for IPv6 */
		ranges set = {};
		std::vector<bool> model(2048);
		int n = static_cast<int>(random() % 40);
		for (int i = 0; i < n; i++) {
			bool v4 = random() & 1;
			unsigned bits = random() % 11, host = (random() % 1024) >> bits << bits;
			ip_prefix prefix = prefix_of(
				v4 ? "10.0.0.0/22" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fc00/118");
			size_t end = v4 ? 4 : 16;
			prefix.addr.bytes[end - 2] |= static_cast<uint8_t>(host >> 8);
			prefix.addr.bytes[end - 1] |= static_cast<uint8_t>(host);
			prefix.len = static_cast<uint8_t>(end * 8 - bits);
			ASSERT_TRUE(ranges_add_prefix(&set, &prefix));
			for (unsigned a = host; a < host + (1u << bits); a++)
				model[(v4 ? 0 : 1024) + a] = true;
		}
		ranges_normalise(&set);
		expect_normal(set.v4);
		expect_normal(set.v6);
		for (unsigned a = 0; a < 2048; a++) {
			ip_addr addr = addr_of(
				a < 1024 ? "10.0.0.0" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fc00");
			size_t end = a < 1024 ? 4 : 16;
			addr.bytes[end - 2] |= static_cast<uint8_t>(a % 1024 >> 8);
			addr.bytes[end - 1] |= static_cast<uint8_t>(a);
			ASSERT_EQ(ranges_has(&set, &addr), model[a]) << a;
		}
		ranges_clear(&set);
	}
}

TEST(Ranges, HoldWholeAddressSpaces)
{
	ranges set = {};
	for (const char *text :
	     {"0.0.0.0/0", "::/0", "255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
		ip_prefix prefix = prefix_of(text);
		ASSERT_TRUE(ranges_add_prefix(&set, &prefix));
	}
	ranges_normalise(&set);
	ASSERT_EQ(set.v4.n, 1u);
	ASSERT_EQ(set.v6.n, 1u);
	EXPECT_TRUE(set.v4.at[0].first == 0 && set.v4.at[0].last == ip_number_max(4));
	EXPECT_TRUE(set.v6.at[0].first == 0 && set.v6.at[0].last == ip_number_max(6));
	ip_addr last = addr_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	EXPECT_TRUE(ranges_has(&set, &last));
	ranges_clear(&set);
	EXPECT_FALSE(ranges_has(&set, &last));
}

TEST(Ranges, MergeNeighboursAsTheyCome)
{
	ranges set = {};
	for (const char *text : {"10.0.0.0/25", "10.0.0.128/25", "10.0.1.0/24"}) {
		ip_prefix prefix = prefix_of(text);
		ASSERT_TRUE(ranges_add_prefix(&set, &prefix));
	}
	EXPECT_EQ(set.v4.n, 1u);
	ranges_reset(&set);
	ranges_normalise(&set);
	EXPECT_EQ(set.v4.n, 0u);
	ranges_clear(&set);
}

} // namespace
