/* octet_scan - where octets of a class end, sixteen at a time where the processor can. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "octet_class.h"

#ifdef __SSSE3__
#include <tmmintrin.h>

/* Bit h of low[l]: the octet h << 4 | l is in the class. `others`: so are those from 0x80 on. */
struct octet_set {
	uint8_t low[16];
	uint8_t others;
};

#define OCTET_SET_BIT(class, l, h) (OCTET_CLASS_1((h) << 4 | (l)) & (class) ? 1 << (h) : 0)
#define OCTET_SET_LOW(class, l)                                                                    \
	(OCTET_SET_BIT(class, l, 0) | OCTET_SET_BIT(class, l, 1) | OCTET_SET_BIT(class, l, 2) |    \
	 OCTET_SET_BIT(class, l, 3) | OCTET_SET_BIT(class, l, 4) | OCTET_SET_BIT(class, l, 5) |    \
	 OCTET_SET_BIT(class, l, 6) | OCTET_SET_BIT(class, l, 7))
#define OCTET_SET_4(class, l)                                                                      \
	OCTET_SET_LOW(class, l), OCTET_SET_LOW(class, (l) + 1), OCTET_SET_LOW(class, (l) + 2),     \
		OCTET_SET_LOW(class, (l) + 3)
#define OCTET_SET(class)                                                                           \
	{                                                                                          \
		{OCTET_SET_4(class, 0), OCTET_SET_4(class, 4), OCTET_SET_4(class, 8),              \
		 OCTET_SET_4(class, 12)},                                                          \
			OCTET_CLASS_1(0x80) & (class) ? 1 : 0                                      \
	}

/* Bit i: octet i of the sixteen is not in the set. */
static inline unsigned octet_set_not(const struct octet_set *set, const uint8_t *at)
{
	const __m128i bits =
		_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, (char)128, 0, 0, 0, 0, 0, 0, 0, 0);
	__m128i c = _mm_loadu_si128((const __m128i *)at);
	__m128i low = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)set->low), c);
	__m128i high = _mm_and_si128(_mm_srli_epi16(c, 4), _mm_set1_epi8(15));
	__m128i in = _mm_and_si128(low, _mm_shuffle_epi8(bits, high));
	unsigned out = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(in, _mm_setzero_si128()));
	return set->others ? out & ~(unsigned)_mm_movemask_epi8(c) : out;
}
#endif

/* The first octet from `at` on that is not of the class, or end. class: a constant, OCTET_TOKEN, _VALUE, _TARGET, _QUERY or
 * _UNRESERVED. */
static inline __attribute__((always_inline)) const uint8_t *
octet_scan(const uint8_t *at, const uint8_t *end, const uint8_t class)
{
#ifdef __SSSE3__
	static const struct octet_set token = OCTET_SET(OCTET_TOKEN),
				      value = OCTET_SET(OCTET_VALUE),
				      target = OCTET_SET(OCTET_TARGET),
				      query = OCTET_SET(OCTET_QUERY),
				      unreserved = OCTET_SET(OCTET_UNRESERVED);
	const struct octet_set *set = class == OCTET_TOKEN    ? &token
				      : class == OCTET_VALUE  ? &value
				      : class == OCTET_TARGET ? &target
				      : class == OCTET_QUERY  ? &query
							      : &unreserved;
	for (; end - at >= 16; at += 16) {
		unsigned out = octet_set_not(set, at);
		if (out)
			return at + __builtin_ctz(out);
	}
#endif
	while (at < end && octet_class[*at] & class)
		at++;
	return at;
}

/* The same for OCTET_VALUE, which is long in cookies: 64 octets at a time while there is no control among them. */
static inline const uint8_t *octet_scan_value(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSSE3__
	for (; end - at >= 64; at += 64) {
		__m128i controls = _mm_setzero_si128();
		for (int i = 0; i < 64; i += 16) {
			__m128i c = _mm_loadu_si128((const __m128i *)(at + i));
			__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(c, _mm_set1_epi8(0x1f)), c);
			__m128i delete = _mm_cmpeq_epi8(c, _mm_set1_epi8(0x7f));
			controls = _mm_or_si128(controls, _mm_or_si128(low, delete));
		}
		if (_mm_movemask_epi8(controls))
			break;
	}
#endif
	return octet_scan(at, end, OCTET_VALUE);
}

/* Bit i: octet i of the sixteen is this one; is not of OCTET_HOST. */
static inline unsigned octet_mask(const uint8_t *at, uint8_t octet)
{
#ifdef __SSSE3__
	__m128i c = _mm_loadu_si128((const __m128i *)at);
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(c, _mm_set1_epi8((char)octet)));
#else
	unsigned mask = 0;
	for (unsigned i = 0; i < 16; i++)
		mask |= (unsigned)(at[i] == octet) << i;
	return mask;
#endif
}

static inline unsigned octet_mask_not_host(const uint8_t *at)
{
#ifdef __SSSE3__
	static const struct octet_set host = OCTET_SET(OCTET_HOST);
	return octet_set_not(&host, at);
#else
	unsigned mask = 0;
	for (unsigned i = 0; i < 16; i++)
		mask |= (unsigned)!(octet_class[at[i]] & OCTET_HOST) << i;
	return mask;
#endif
}

/* How far a path is in normal form for certain, to its end or less than sixteen octets before it: segments of OCTET_SEGMENT, none of which begins with
 * a dot. Else an octet before the fault. */
static inline const uint8_t *octet_scan_path(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSSE3__
	static const struct octet_set segment = OCTET_SET(OCTET_SEGMENT);
	unsigned behind_slash = 0;
	while (end - at >= 16) {
		unsigned slashes = octet_mask(at, '/'), dots = octet_mask(at, '.');
		if (octet_set_not(&segment, at) != slashes || (slashes << 1 | behind_slash) & dots)
			return at;
		at += 16;
		if (end - at > 0 && end - at < 16) /* the last sixteen, some of them again */
			at = end - 16;
		behind_slash = at[-1] == '/';
	}
#endif
	return at;
}
