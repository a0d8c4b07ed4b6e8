/* percent - percent-encoded triplets of a URI in normal form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "octet_class.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint8_t percent_digit(uint8_t c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Is there a triplet at `at`, of which `left` octets are there? */
static inline bool percent_is(const uint8_t *at, size_t left)
{
	return left > 2 && at[0] == '%' && octet_class[at[1]] & octet_class[at[2]] & OCTET_HEX;
}

/* Writes the triplet at `at` in normal form (RFC 3986 §6.2.2.1, §6.2.2.2); gives how many octets that are: 1 or 3. */
static inline size_t percent_normal(uint8_t *out, const uint8_t *at)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t high = percent_digit(at[1]), low = percent_digit(at[2]);
	uint8_t octet = (uint8_t)(high << 4 | low);
	if (octet_class[octet] & OCTET_UNRESERVED) {
		out[0] = octet;
		return 1;
	}
	out[0] = '%';
	out[1] = (uint8_t)digits[high];
	out[2] = (uint8_t)digits[low];
	return 3;
}
