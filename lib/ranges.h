/* ranges - the addresses of both families cut into sorted ranges, each with a number, and the search in them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"
#include "ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address as a number in host order. IPv4 uses the high 32 bits; what is below them is zero in the first address of a
 * range and all ones in the last one. So both families count, compare and mask alike. */
__extension__ typedef unsigned __int128 ip_number;

enum { IP_NUMBER_BITS = 128 };
#define IP_NUMBER_MAX (~(ip_number)0)

static inline ip_number ip_number_load(const uint8_t bytes[16])
{
	ip_number number = 0;
	for (unsigned i = 0; i < 4; i++)
		number = number << 32 | load_be32(bytes + 4 * i);
	return number;
}

static inline ip_number ip_number_of(const struct ip_addr *addr)
{
	return ip_number_load(addr->bytes);
}

/* The first len bits set. */
static inline ip_number ip_number_mask(unsigned len)
{
	return len ? IP_NUMBER_MAX << (IP_NUMBER_BITS - len) : 0;
}

/* How many bits two numbers, which differ, have in common at their start. */
static inline unsigned ip_number_common(ip_number a, ip_number b)
{
	uint64_t high = (uint64_t)((a ^ b) >> 64), low = (uint64_t)(a ^ b);
	return (unsigned)(high ? __builtin_clzll(high) : 64 + __builtin_clzll(low));
}

/* The ranges of one family: range i goes from its start to just before the next one's, the first starts at 0, the last ends
 * at the highest address. index[b] is the range that holds the lowest address of bucket b; one more entry holds the last
 * range. */
struct ranges_family {
	uint32_t *starts;  /* the high 32 bits (IPv4) or all four words, highest first (IPv6) */
	uint32_t *numbers; /* neighbours differ */
	uint32_t *index;
	size_t n, starts_cap, numbers_cap;
	ip_number next; /* the first address that is in no range yet */
	bool full;      /* there is none */
};

/* All zero: nothing was put yet. */
struct ranges {
	struct ranges_family v4, v6;
};

/* Both ends belong to the range. */
struct range {
	ip_number first, last;
	uint32_t number;
};

/* Gives a range, which lies above all others of its family (4 or 6), a number. What lies between gets 0. false: no memory. */
bool ranges_put(struct ranges *ranges, unsigned family, const struct range *range);

/* Ends the putting; only then may be searched. false: no memory. */
bool ranges_finish(struct ranges *ranges);

void ranges_clear(struct ranges *ranges);

/* The i-th range of a family, and the one that holds an address. Any thread. */
struct range ranges_at(const struct ranges *ranges, unsigned family, size_t i);
struct range ranges_find(const struct ranges *ranges, unsigned family, ip_number address);
