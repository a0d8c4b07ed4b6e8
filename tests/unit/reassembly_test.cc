/* reassembly_test - octets in any order against a model that keeps each octet by itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/reassembly.h"
}
#include "tests/support/guard_page.h"

#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <string>

namespace
{

struct Buffer {
	std::string octets;
	struct reassembly in = {};
	explicit Buffer(size_t cap) : octets(cap, '\0')
	{
		in.at = reinterpret_cast<uint8_t *>(octets.data());
		in.cap = static_cast<uint32_t>(cap);
	}
	uint32_t put(uint32_t from, const std::string &text)
	{
		return reassembly_put(&in, from, reinterpret_cast<const uint8_t *>(text.data()),
				      static_cast<uint32_t>(text.size()));
	}
	std::string whole() const
	{
		return octets.substr(0, in.len);
	}
};

TEST(reassembly, in_order_and_past_the_end)
{
	Buffer b(8);
	EXPECT_EQ(b.put(0, "abc"), 3u);
	EXPECT_EQ(b.put(3, "defghijk"), 5u);
	EXPECT_EQ(b.whole(), "abcdefgh");
	EXPECT_EQ(b.put(8, "x"), 0u);
	EXPECT_EQ(b.put(UINT32_MAX, "x"), 0u);
	EXPECT_EQ(b.put(0, ""), 0u);
}

TEST(reassembly, gaps_are_closed_and_what_came_first_stays)
{
	Buffer b(32);
	EXPECT_EQ(b.put(6, "GHI"), 0u);
	EXPECT_EQ(b.put(2, "CD"), 0u);
	EXPECT_EQ(b.put(1, "bcdefghijk"), 0u);
	EXPECT_EQ(b.in.n, 1u);
	EXPECT_EQ(b.put(0, "aXX"), 11u);
	EXPECT_EQ(b.whole(), "abCDefGHIjk");
	EXPECT_EQ(b.in.n, 0u);
	EXPECT_EQ(b.put(4, "--------"), 1u);
	EXPECT_EQ(b.whole(), "abCDefGHIjk-");
}

TEST(reassembly, too_many_pieces_are_not_kept)
{
	Buffer b(100);
	for (uint32_t i = 0; i < REASSEMBLY_PIECES; i++)
		EXPECT_EQ(b.put(2 + 2 * i, "x"), 0u);
	EXPECT_EQ(b.put(90, "lost"), 0u);
	EXPECT_EQ(b.in.n, unsigned(REASSEMBLY_PIECES));
	EXPECT_EQ(b.put(3, "y"), 0u);
	EXPECT_EQ(b.in.n, unsigned(REASSEMBLY_PIECES) - 1);
	EXPECT_EQ(b.put(0, std::string(40, 'z')), 40u);
	EXPECT_EQ(b.whole().find("lost"), std::string::npos);
	EXPECT_EQ(b.in.n, 0u);
}

TEST(reassembly, without_a_buffer_nothing_is_kept)
{
	struct reassembly none = {};
	const uint8_t octet = 1;
	EXPECT_EQ(reassembly_put(&none, 0, &octet, 1), 0u);
}

TEST(reassembly, random_puts_and_takes_against_a_model)
{
	std::mt19937 random(7);
	for (int round = 0; round < 3000; round++) {
		Buffer b(64);
		std::map<uint32_t, char> model;
		for (int step = 0; step < 60; step++) {
			uint32_t from = random() % 70, n = random() % 20;
			std::string text;
			for (uint32_t i = 0; i < n; i++)
				text += static_cast<char>('a' + random() % 26);
			uint32_t before = b.in.len, pieces = b.in.n;
			uint32_t grew = b.put(from, text);
			EXPECT_EQ(grew, b.in.len - before);
			bool full = from > before && pieces == REASSEMBLY_PIECES;
			for (uint32_t i = 0; !full && i < n && from + i < 64; i++)
				model.emplace(from + i, text[i]);
			uint32_t len = 0;
			while (model.count(len))
				len++;
			if (full)
				continue;
			ASSERT_EQ(b.in.len, len);
			for (const auto &[at, octet] : model)
				ASSERT_EQ(b.octets[at], octet) << at;
			if (random() % 4 == 0 && len) {
				uint32_t take = random() % (len + 1);
				reassembly_take(&b.in, take);
				std::map<uint32_t, char> rest;
				for (const auto &[at, octet] : model)
					if (at >= take)
						rest.emplace(at - take, octet);
				model = rest;
			}
		}
	}
}

} // namespace
