/* syn_cookie_test - cookies are taken by who has the key, for their connection, in their time, and
 * by nobody else. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/siphash.h"
#include "lib/syn_cookie.h"
}

#include <gtest/gtest.h>
#include <random>
#include <set>
#include <vector>

namespace
{

const uint8_t client[16] = {0x20, 0x01, 0x0d, 0xb8, 1}, server[16] = {0x20, 0x01, 0x0d, 0xb8, 2};
const syn_cookie_keys one_key = {1, {{1, 2, 3}, {0}}};
const syn_tuple tuple4 = {client, server, 4, 40000, 80};
const syn_tuple tuple6 = {client, server, 16, 40000, 80};
const uint64_t now = 1700000000 / 64 * 64; /* the start of a slot */
const uint32_t isn = 0x89abcdef;

TEST(syn_cookie, mss_is_rounded_down_for_both_families)
{
	const uint16_t values[] = {128, 536, 1220, 1360, 1400, 1432, 1440, 1460};
	for (const syn_tuple *tuple : {&tuple4, &tuple6}) {
		for (uint32_t mss = 0; mss <= UINT16_MAX; mss++) {
			uint16_t expected = SYN_COOKIE_MSS_MIN;
			for (uint16_t value : values)
				expected = value <= mss ? value : expected;
			uint32_t cookie = syn_cookie_make(&one_key, tuple, isn, (uint16_t)mss, now);
			ASSERT_EQ(syn_cookie_check(&one_key, tuple, isn, cookie, now), expected)
				<< mss;
		}
	}
}

/* From the slot before (a clock that is behind) to the end of the slot after. */
/* Appliances of a fleet, also of other versions, take each other's. */
TEST(syn_cookie, hash_is_of_these_octets)
{
	for (const syn_tuple *tuple : {&tuple4, &tuple6}) {
		const uint64_t slot = now / SYN_COOKIE_SLOT_SECONDS;
		std::vector<uint8_t> octets(tuple->source, tuple->source + tuple->address_len);
		octets.insert(octets.end(), tuple->destination,
			      tuple->destination + tuple->address_len);
		for (uint8_t octet : {40000 >> 8, 40000 & 255, 0, 80})
			octets.push_back(octet);
		for (int shift = 56; shift >= 0; shift -= 8)
			octets.push_back((uint8_t)(slot >> shift));
		octets.push_back(7); /* the place of 1460 among the sizes */
		uint64_t hash = siphash(one_key.key[0], octets.data(), octets.size());
		uint32_t cookie = syn_cookie_make(&one_key, tuple, isn, 1460, now);
		EXPECT_EQ(cookie & 0x7ffffff, ((uint32_t)hash + isn) & 0x7ffffff);
	}
}

TEST(syn_cookie, time_in_which_it_is_good)
{
	uint32_t cookie = syn_cookie_make(&one_key, &tuple4, isn, 1460, now);
	for (int64_t offset = -1000; offset < 1000; offset++) {
		bool good = offset >= -64 && offset < 128;
		EXPECT_EQ(syn_cookie_check(&one_key, &tuple4, isn, cookie, now + offset),
			  good ? 1460 : 0)
			<< offset;
	}
}

/* The two bits repeat every four slots; the hash does not. */
TEST(syn_cookie, old_cookie_does_not_come_back)
{
	uint32_t cookie = syn_cookie_make(&one_key, &tuple4, isn, 1460, now);
	for (uint64_t slots = 2; slots < 5000; slots++) {
		EXPECT_EQ(syn_cookie_check(&one_key, &tuple4, isn, cookie, now + 64 * slots), 0)
			<< slots;
		EXPECT_EQ(syn_cookie_check(&one_key, &tuple4, isn, cookie, now - 64 * slots), 0)
			<< slots;
	}
}

TEST(syn_cookie, extremes_of_time)
{
	for (uint64_t time :
	     {UINT64_C(0), UINT64_C(63), UINT64_C(64), UINT64_MAX, UINT64_MAX / 64}) {
		uint32_t cookie = syn_cookie_make(&one_key, &tuple4, isn, 1400, time);
		EXPECT_EQ(syn_cookie_check(&one_key, &tuple4, isn, cookie, time), 1400) << time;
	}
}

TEST(syn_cookie, any_changed_bit_is_refused)
{
	for (const syn_tuple *tuple : {&tuple4, &tuple6}) {
		uint32_t cookie = syn_cookie_make(&one_key, tuple, isn, 1460, now);
		auto check = [&](const syn_tuple &other, uint32_t other_isn,
				 uint32_t other_cookie) {
			return syn_cookie_check(&one_key, &other, other_isn, other_cookie, now);
		};
		ASSERT_EQ(check(*tuple, isn, cookie), 1460);
		for (int bit = 0; bit < 32; bit++) {
			EXPECT_EQ(check(*tuple, isn, cookie ^ 1u << bit), 0) << bit;
			/* 27 bits of it are in the cookie. */
			EXPECT_EQ(check(*tuple, isn ^ 1u << bit, cookie), bit < 27 ? 0 : 1460)
				<< bit;
		}
		for (int bit = 0; bit < 16; bit++) {
			syn_tuple other = *tuple;
			other.source_port ^= 1 << bit;
			EXPECT_EQ(check(other, isn, cookie), 0) << bit;
			other = *tuple;
			other.destination_port ^= 1 << bit;
			EXPECT_EQ(check(other, isn, cookie), 0) << bit;
		}
		for (int bit = 0; bit < tuple->address_len * 8; bit++) {
			uint8_t address[16];
			syn_tuple other = *tuple;
			memcpy(address, client, 16);
			address[bit / 8] ^= 1 << bit % 8;
			other.source = address;
			EXPECT_EQ(check(other, isn, cookie), 0) << bit;
			memcpy(address, server, 16);
			address[bit / 8] ^= 1 << bit % 8;
			other = *tuple;
			other.destination = address;
			EXPECT_EQ(check(other, isn, cookie), 0) << bit;
		}
	}
}

TEST(syn_cookie, directions_and_families_differ)
{
	uint32_t cookie = syn_cookie_make(&one_key, &tuple4, isn, 1460, now);
	const syn_tuple back = {server, client, 4, 80, 40000};
	EXPECT_EQ(syn_cookie_check(&one_key, &back, isn, cookie, now), 0);
	EXPECT_EQ(syn_cookie_check(&one_key, &tuple6, isn, cookie, now), 0);
}

TEST(syn_cookie, keys_are_changed_without_loss)
{
	const syn_cookie_keys older = {1, {{1}, {0}}}, both = {2, {{2}, {1}}},
			      newer = {1, {{2}, {0}}};
	uint32_t by_old = syn_cookie_make(&older, &tuple6, isn, 1220, now);
	uint32_t by_both = syn_cookie_make(&both, &tuple6, isn, 1220, now);
	EXPECT_EQ(syn_cookie_check(&both, &tuple6, isn, by_old, now), 1220);
	EXPECT_EQ(syn_cookie_check(&both, &tuple6, isn, by_both, now), 1220);
	EXPECT_EQ(syn_cookie_check(&newer, &tuple6, isn, by_both, now), 1220);
	EXPECT_EQ(syn_cookie_check(&newer, &tuple6, isn, by_old, now), 0);
	EXPECT_EQ(syn_cookie_check(&older, &tuple6, isn, by_both, now), 0);
}

/* A second key that is not in use must not count. */
TEST(syn_cookie, only_n_keys_count)
{
	const syn_cookie_keys zero = {1, {{0}, {0}}}, unused = {1, {{9}, {0}}},
			      none = {0, {{0}, {0}}};
	uint32_t cookie = syn_cookie_make(&zero, &tuple4, isn, 1460, now);
	EXPECT_EQ(syn_cookie_check(&unused, &tuple4, isn, cookie, now), 0);
	EXPECT_EQ(syn_cookie_check(&none, &tuple4, isn, cookie, now), 0);
}

/* RFC 4987 §3.6: what an attacker can hope for is 1 in 2^27; none of a million is to be expected.
 */
TEST(syn_cookie, guesses_are_refused)
{
	std::mt19937 random(11);
	unsigned taken = 0;
	for (int i = 0; i < 1000000; i++)
		taken += syn_cookie_check(&one_key, &tuple4, isn, (uint32_t)random(), now) != 0;
	EXPECT_LE(taken, 1u);
}

TEST(syn_cookie, Rfc9293_3_4_later_segments_tell_how_far_behind_the_handshake_they_are)
{
	for (uint32_t start : {isn, UINT32_C(0), UINT32_MAX, UINT32_C(0x07ffffff)}) {
		uint32_t cookie = syn_cookie_make(&one_key, &tuple6, start, 1220, now), sent;
		for (uint32_t n : {0u, 1u, 1460u, SYN_COOKIE_WINDOW - 1u}) {
			EXPECT_EQ(syn_cookie_find(&one_key, &tuple6, start + 1 + n, cookie, now,
						  &sent),
				  1220);
			EXPECT_EQ(sent, n);
		}
		for (uint32_t n : {-1u, -1000u, SYN_COOKIE_WINDOW + 0u, 1u << 20})
			EXPECT_EQ(syn_cookie_find(&one_key, &tuple6, start + 1 + n, cookie, now,
						  &sent),
				  0);
	}
}

TEST(syn_cookie, blind_guesses_of_later_segments_are_rare)
{
	std::mt19937 random(5);
	unsigned taken = 0;
	uint32_t sent;
	for (int i = 0; i < 1000000; i++)
		taken += syn_cookie_find(&one_key, &tuple4, (uint32_t)random(), (uint32_t)random(),
					 now, &sent) != 0;
	EXPECT_LE(taken, 1000000u / 8192 * 2);
}

TEST(syn_cookie, segments_of_forgotten_connections_are_known)
{
	for (uint32_t start : {isn, UINT32_C(0), UINT32_MAX}) {
		for (uint64_t slot = 0; slot < 8; slot++) {
			uint64_t then = now + 64 * slot;
			uint32_t ours = syn_cookie_make(&one_key, &tuple4, start, 1460, then) + 1;
			auto used = [&](uint32_t theirs, uint32_t of_ours, uint64_t when) {
				return syn_cookie_was_used(&one_key, &tuple4, start + 1 + theirs,
							   ours + of_ours, when);
			};
			EXPECT_TRUE(used(0, 0, then));
			EXPECT_TRUE(used(500, 301, then + 100));
			EXPECT_TRUE(used(SYN_COOKIE_USE_MAX, 0, then));
			EXPECT_TRUE(used(0, SYN_COOKIE_USE_MAX, then));
			EXPECT_FALSE(used(SYN_COOKIE_USE_MAX + 1, 0, then));
			EXPECT_FALSE(used(500, 301, then + 64 * 3));
		}
	}
}

/* RFC 6528: sequence numbers of different connections look unrelated. */
TEST(syn_cookie, cookies_spread)
{
	std::set<uint32_t> seen;
	for (uint16_t port = 1; port <= 10000; port++) {
		const syn_tuple tuple = {client, server, 4, port, 80};
		seen.insert(syn_cookie_make(&one_key, &tuple, isn, 1460, now) & 0x7ffffff);
	}
	EXPECT_GT(seen.size(), 9990u);
}

} // namespace
