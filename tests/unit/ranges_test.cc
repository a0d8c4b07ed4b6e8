/* ranges_test - the ranges of an address space against a plain array of a small part of it, and at the extremes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>
#include <random>
#include <vector>

extern "C" {
#include "lib/ranges.h"
}

namespace
{

ip_number number_of(const char *text)
{
	ip_addr addr;
	EXPECT_TRUE(ip_addr_parse(text, &addr)) << text;
	return ip_number_of(&addr);
}

/* Small parts of the address spaces: a start and how far addresses are from each other. */
struct Part {
	unsigned family;
	ip_number start;
	unsigned shift;
};

std::vector<Part> parts()
{
	return {{4, number_of("10.0.0.0"), 96},
		{4, number_of("255.255.252.0"), 96},
		{4, 0, 96},
		{4, 0, 118}, /* a /10 each: all of it */
		{6, number_of("2001:db8::fc00"), 0},
		{6, number_of("2fff:ffff:fc00::"), 80},
		{6, number_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fc00"), 0},
		{6, number_of("1fff:fe00::"), 96},
		{6, 0, 118}};
}

TEST(Ranges, AgreeWithAnArray)
{
	std::mt19937 random(7);
	for (const Part &part : parts()) {
		for (int round = 0; round < 20; round++) {
			ranges r = {};
			std::vector<uint32_t> model(1024);
			for (unsigned at = random() % 3; at < 1024;) {
				unsigned end = std::min(
					1024u, at + 1 + static_cast<unsigned>(random() % 40));
				uint32_t number = random() % 4;
				range put = {part.start + ((ip_number)at << part.shift),
					     part.start + ((ip_number)end << part.shift) - 1,
					     number};
				ASSERT_TRUE(ranges_put(&r, part.family, &put));
				std::fill(model.begin() + at, model.begin() + end, number);
				at = end + (random() % 2 ? random() % 20 : 0);
			}
			ASSERT_TRUE(ranges_finish(&r));
			for (unsigned a = 0; a < 1024; a++) {
				ip_number address = part.start + ((ip_number)a << part.shift);
				range found = ranges_find(&r, part.family, address);
				ASSERT_EQ(found.number, model[a]) << a;
				ASSERT_TRUE(found.first <= address && address <= found.last);
				if (a + 1 < 1024) {
					ip_number last =
						part.start + ((ip_number)(a + 1) << part.shift) - 1;
					ASSERT_EQ(found.last == last, model[a + 1] != model[a])
						<< a;
				}
			}
			size_t n = part.family == 4 ? r.v4.n : r.v6.n;
			ip_number next = 0;
			for (size_t i = 0; i < n; i++) {
				range at = ranges_at(&r, part.family, i);
				ASSERT_TRUE(at.first == next);
				next = at.last + 1;
			}
			ASSERT_TRUE(next == 0) << "all addresses are in some range";
			ranges_clear(&r);
		}
	}
}

TEST(Ranges, EmptyOnesHoldAllAddresses)
{
	ranges r = {};
	ASSERT_TRUE(ranges_finish(&r));
	for (unsigned family : {4, 6}) {
		for (ip_number address : {(ip_number)0, number_of("2001:db8::"), IP_NUMBER_MAX}) {
			range all = ranges_find(&r, family, address);
			EXPECT_TRUE(all.first == 0 && all.last == IP_NUMBER_MAX);
			EXPECT_EQ(all.number, 0u);
		}
	}
	ranges_clear(&r);
	ranges_clear(&r);
}

TEST(Ranges, NeighboursWithOneNumberAreOneRange)
{
	ranges r = {};
	for (const char *text : {"10.0.0.0", "10.0.1.0", "10.0.2.0"}) {
		ip_number first = number_of(text);
		range put = {first, first | ~ip_number_mask(24), 5};
		ASSERT_TRUE(ranges_put(&r, 4, &put));
	}
	ASSERT_TRUE(ranges_finish(&r));
	EXPECT_EQ(r.v4.n, 3u);
	EXPECT_EQ(r.v6.n, 1u);
	range found = ranges_find(&r, 4, number_of("10.0.1.77"));
	EXPECT_TRUE(found.first == number_of("10.0.0.0"));
	EXPECT_TRUE(found.last + 1 == number_of("10.0.3.0"));
	ranges_clear(&r);
}

TEST(Ranges, NumbersHaveBothFamiliesAtTheirHighEnd)
{
	EXPECT_TRUE(number_of("128.0.0.1") == ((ip_number)0x80000001 << 96));
	EXPECT_TRUE(number_of("::1") == 1);
	EXPECT_TRUE(ip_number_mask(0) == 0);
	EXPECT_TRUE(ip_number_mask(128) == IP_NUMBER_MAX);
	EXPECT_EQ(ip_number_common(number_of("8000::"), 0), 0u);
	EXPECT_EQ(ip_number_common(number_of("::1"), 0), 127u);
	EXPECT_EQ(ip_number_common(number_of("::1:0:0:0:0"), 0), 63u);
}

} // namespace
