/* bytes - bounds-checked reading and writing of packet bytes, with an error that sticks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Some bytes that belong to somebody else (a packet, a request). `at` may be NULL when len is 0. */
struct span {
	const uint8_t *at;
	uint32_t len;
};

/* memcmp for octets of which there are few: without a call. */
static inline bool octets_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint64_t x, y;
	uint32_t v, w;
	if (len >= 8) {
		for (; len > 8; a += 8, b += 8, len -= 8) {
			memcpy(&x, a, 8);
			memcpy(&y, b, 8);
			if (x != y)
				return false;
		}
		memcpy(&x, a + len - 8, 8);
		memcpy(&y, b + len - 8, 8);
		return x == y;
	}
	if (len >= 4) {
		memcpy(&v, a, 4);
		memcpy(&w, b, 4);
		if (v != w)
			return false;
		memcpy(&v, a + len - 4, 4);
		memcpy(&w, b + len - 4, 4);
		return v == w;
	}
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

/* Numbers on the wire are in network byte order; all functions here give and take host order. */
static inline uint16_t load_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t load_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void store_be16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void store_be32(uint8_t *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof(value));
}

static inline void store_be64(uint8_t *at, uint64_t value)
{
	value = htobe64(value);
	memcpy(at, &value, sizeof(value));
}

/* Reads from `at` up to `end`. A read past the end sets `bad`, gives 0 and moves nothing; so does every
 * later read. A parser reads on and asks once at the end. */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline struct reader reader_of(const void *start, size_t len)
{
	return (struct reader){(const uint8_t *)start, (const uint8_t *)start + len, false};
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/* `len` bytes at the reading position, which moves on; NULL when they are not there. */
static inline const uint8_t *reader_take(struct reader *r, size_t len)
{
	if (r->bad || reader_left(r) < len) {
		r->bad = true;
		return NULL;
	}
	const uint8_t *at = r->at;
	r->at += len;
	return at;
}

static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *at = reader_take(r, 1);
	return at ? at[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *at = reader_take(r, 2);
	return at ? load_be16(at) : 0;
}

static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *at = reader_take(r, 4);
	return at ? load_be32(at) : 0;
}

/* Writes from `at` up to `end`. What does not fit sets `bad` and writes nothing; so does every later write. */
struct writer {
	uint8_t *at;
	uint8_t *end;
	bool bad;
};

static inline struct writer writer_of(void *start, size_t cap)
{
	return (struct writer){(uint8_t *)start, (uint8_t *)start + cap, false};
}

static inline uint8_t *writer_take(struct writer *w, size_t len)
{
	if (w->bad || (size_t)(w->end - w->at) < len) {
		w->bad = true;
		return NULL;
	}
	uint8_t *at = w->at;
	w->at += len;
	return at;
}

static inline void writer_bytes(struct writer *w, const void *bytes, size_t len)
{
	uint8_t *at = writer_take(w, len);
	if (at && len)
		memcpy(at, bytes, len);
}

static inline void writer_text(struct writer *w, const char *text)
{
	writer_bytes(w, text, strlen(text));
}

static inline void writer_u8(struct writer *w, uint8_t value)
{
	writer_bytes(w, &value, 1);
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
	uint8_t *at = writer_take(w, 2);
	if (at)
		store_be16(at, value);
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
	uint8_t *at = writer_take(w, 4);
	if (at)
		store_be32(at, value);
}
