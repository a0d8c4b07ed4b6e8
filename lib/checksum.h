/* checksum - the one's complement sum of IP, UDP, TCP and ICMP (RFC 1071). */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

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
	uint64_t word, carry = 0;
	uint32_t four = 0;
	uint16_t two = 0, one = 0;
	for (; len >= 32; at += 32, len -= 32) {
		sum = checksum_add8(sum, at, &carry);
		sum = checksum_add8(sum, at + 8, &carry);
		sum = checksum_add8(sum, at + 16, &carry);
		sum = checksum_add8(sum, at + 24, &carry);
	}
	for (; len >= 8; at += 8, len -= 8)
		sum = checksum_add8(sum, at, &carry);
	if (len & 4) {
		memcpy(&four, at, 4);
		at += 4;
	}
	if (len & 2) {
		memcpy(&two, at, 2);
		at += 2;
	}
	if (len & 1)
		memcpy(&one, at, 1);
	word = (uint64_t)four + two + one + carry;
	carry = (uint64_t)__builtin_add_overflow(sum, word, &sum);
	return sum + carry;
}

/* The sum of 16 bits, in the byte order of memory: 0xffff over octets with a right checksum in them. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)sum;
}
