/* base64url - octets as text that may stand in a URI: base64url without padding. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "base64url.h"

#include "octet_class.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_write(struct writer *w, const void *octets, size_t n)
{
	struct reader r = reader_of(octets, n);
	for (size_t left = n; left; left = reader_left(&r)) {
		uint32_t bits = (uint32_t)reader_u8(&r) << 16;
		bits |= left > 1 ? (uint32_t)reader_u8(&r) << 8 : 0;
		bits |= left > 2 ? reader_u8(&r) : 0;
		for (unsigned i = 0; i < (left < 3 ? left + 1 : 4); i++)
			writer_u8(w, (uint8_t)digits[bits >> (18 - 6 * i) & 63]);
	}
}

static int value_of(uint8_t c)
{
	if (OCTET_IN(c, 'A', 'Z'))
		return c - 'A';
	if (OCTET_IN(c, 'a', 'z'))
		return c - 'a' + 26;
	if (OCTET_DIGIT(c))
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_read(struct span text, uint8_t *out, size_t cap, size_t *n)
{
	uint32_t bits = 0;
	unsigned have = 0;
	*n = 0;
	if (text.len % 4 == 1 || (size_t)text.len * 3 / 4 > cap)
		return false;
	for (uint32_t i = 0; i < text.len; i++) {
		int value = value_of(text.at[i]);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[(*n)++] = (uint8_t)(bits >> have);
		}
	}
	return (bits & ((1u << have) - 1)) == 0;
}
