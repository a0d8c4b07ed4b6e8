/* siphash - SipHash-2-4 and SipHash-1-3 with a 64-bit result: keyed hashes for short inputs (Aumasson,
 * Bernstein 2012). */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t siphash_load(const uint8_t *at)
{
	uint64_t word;
	memcpy(&word, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static inline uint64_t siphash_rotate(uint64_t word, unsigned by)
{
	return word << by | word >> (64 - by);
}

static inline void siphash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = siphash_rotate(v[1], 13) ^ v[0];
	v[3] = siphash_rotate(v[3], 16) ^ v[2];
	v[0] = siphash_rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = siphash_rotate(v[1], 17) ^ v[2];
	v[3] = siphash_rotate(v[3], 21) ^ v[0];
	v[2] = siphash_rotate(v[2], 32);
}

static inline void siphash_word(uint64_t v[4], uint64_t word, int rounds)
{
	v[3] ^= word;
	for (int i = 0; i < rounds; i++)
		siphash_round(v);
	v[0] ^= word;
}

static inline uint64_t siphash_rounds(const uint8_t key[16], const void *bytes, size_t len,
				      int each, int last_ones)
{
	const uint8_t *at = (const uint8_t *)bytes;
	uint64_t k0 = siphash_load(key), k1 = siphash_load(key + 8);
	uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
			 k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
	size_t whole = len & ~(size_t)7;
	for (size_t i = 0; i < whole; i += 8)
		siphash_word(v, siphash_load(at + i), each);
	uint64_t last = (uint64_t)len << 56;
	for (size_t i = whole; i < len; i++)
		last |= (uint64_t)at[i] << 8 * (i - whole);
	siphash_word(v, last, each);
	v[2] ^= 0xff;
	for (int i = 0; i < last_ones; i++)
		siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The hash of len bytes; its little-endian bytes are those of the reference implementation. Any
 * thread. */
static inline uint64_t siphash(const uint8_t key[16], const void *bytes, size_t len)
{
	return siphash_rounds(key, bytes, len, 2, 4);
}

/* The same of len octets that stand in whole words, the lowest first; behind the last one, of which there are len % 8, are zeros. */
static inline uint64_t siphash_words(const uint8_t key[16], const uint64_t *words, size_t len)
{
	uint64_t k0 = siphash_load(key), k1 = siphash_load(key + 8);
	uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
			 k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
	for (size_t i = 0; i < len / 8; i++)
		siphash_word(v, words[i], 2);
	siphash_word(v, words[len / 8] | (uint64_t)len << 56, 2);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* SipHash-1-3, for tables: half the work, where nobody sees the hashes. */
static inline uint64_t siphash_table(const uint8_t key[16], const void *bytes, size_t len)
{
	return siphash_rounds(key, bytes, len, 1, 3);
}
