/* checksum - the one's complement sum of IP, UDP, TCP and ICMP (RFC 1071). */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The carry goes round at the end. */
static inline uint64_t checksum_add8(uint64_t sum, const uint8_t *at, uint64_t *carries)
{
	uint64_t word;
	memcpy(&word, at, 8);
	*carries += (uint64_t)__builtin_add_overflow(sum, word, &sum);
	return sum;
}

/* A sum that is not folded yet, of 16-bit words as they stand in memory. Any thread. */
static inline uint64_t checksum_add(uint64_t sum, const void *octets, size_t len)
{
	const uint8_t *at = (const uint8_t *)octets;
	uint64_t rest = 0, carry = 0;
	size_t left = len;
	for (; left >= 32; at += 32, left -= 32) {
		sum = checksum_add8(sum, at, &carry);
		sum = checksum_add8(sum, at + 8, &carry);
		sum = checksum_add8(sum, at + 16, &carry);
		sum = checksum_add8(sum, at + 24, &carry);
	}
	for (; left >= 8; at += 8, left -= 8)
		sum = checksum_add8(sum, at, &carry);
	if (left && len >= 8) { /* the last eight, without those that are in the sum */
		memcpy(&rest, at + left - 8, 8);
		rest = htole64(le64toh(rest) >> (64 - 8 * left));
	} else if (left) {
		memcpy(&rest, at, left);
	}
	carry += (uint64_t)__builtin_add_overflow(sum, rest, &sum);
	carry = (uint64_t)__builtin_add_overflow(sum, carry, &sum);
	return sum + carry;
}

/* The sum of 16 bits, in the byte order of memory: 0xffff over octets with a right checksum in them. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	/* The upper half of a sum with its halves swapped has the carry of the lower one in it. */
	uint32_t half = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);
	return (uint16_t)((half + (half << 16 | half >> 16)) >> 16);
}
