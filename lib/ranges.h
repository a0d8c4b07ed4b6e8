/* ranges - sets of addresses as sorted ranges, for both families. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address as a number in host order; IPv4 uses the low 32 bits. */
__extension__ typedef unsigned __int128 ip_number;

static inline ip_number ip_number_of(const struct ip_addr *addr)
{
	ip_number number = 0;
	for (unsigned i = 0; i < ip_bits(addr) / 8; i++)
		number = number << 8 | addr->bytes[i];
	return number;
}

/* The highest address of a family (4 or 6). */
static inline ip_number ip_number_max(unsigned family)
{
	return family == 4 ? UINT32_MAX : ~(ip_number)0;
}

/* Both ends belong to the range. */
struct range {
	ip_number first, last;
};

struct range_list {
	struct range *at;
	size_t n, cap;
};

/* All zero is the empty set. Normal: ascending, and at least one address lies between two ranges. Control thread. */
struct ranges {
	struct range_list v4, v6;
};

/* Adds addresses; the set is normal afterwards only if they lie above all others of their family. false: no memory. */
bool ranges_add(struct ranges *ranges, unsigned family, ip_number first, ip_number last);
bool ranges_add_prefix(struct ranges *ranges, const struct ip_prefix *prefix);

/* Sorts and merges. */
void ranges_normalise(struct ranges *ranges);

/* Forgets the addresses but keeps the memory for the next ones. */
void ranges_reset(struct ranges *ranges);
void ranges_clear(struct ranges *ranges);

/* Of a normal set. */
bool ranges_has(const struct ranges *ranges, const struct ip_addr *addr);
