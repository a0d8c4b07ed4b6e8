/* octet_class - which octets may stand where in an HTTP message and in a URI, as one table. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

enum octet_class {
	OCTET_TOKEN = 1 << 0, /* tchar (RFC 9110 §5.6.2) */
	OCTET_VALUE = 1 << 1, /* HTAB, SP, VCHAR, obs-text (RFC 9110 §5.5) */
	OCTET_TARGET =
		1 << 2, /* VCHAR: what ends a request target is no part of it (RFC 9112 §3.2) */
	OCTET_QUERY = 1 << 3, /* VCHAR but '#': more than RFC 3986 §3.4, as browsers send it */
	OCTET_SEGMENT =
		1 << 4, /* of a path, as it is: pchar (RFC 3986 §3.3) and "<>[]^`{|} but not '%' */
	OCTET_UNRESERVED = 1 << 5, /* RFC 3986 §2.3 */
	OCTET_HOST = 1 << 6,       /* letters, digits, '-', '_' */
	OCTET_HEX = 1 << 7,
};

#define OCTET_IN(c, low, high) ((c) >= (low) && (c) <= (high))
#define OCTET_DIGIT(c)         OCTET_IN(c, '0', '9')
#define OCTET_ALPHA(c)         (OCTET_IN(c, 'a', 'z') || OCTET_IN(c, 'A', 'Z'))
#define OCTET_ALNUM(c)         (OCTET_DIGIT(c) || OCTET_ALPHA(c))
#define OCTET_VISIBLE(c)       OCTET_IN(c, 0x21, 0x7e)
/* '(' ')' ',' '/' ':' ';' '<' '=' '>' '?' '@' '[' '\' ']' '{' '}' '"' */
#define OCTET_DELIMITER(c)                                                                         \
	((c) == '"' || OCTET_IN(c, '(', ')') || (c) == ',' || (c) == '/' ||                        \
	 OCTET_IN(c, ':', '@') || OCTET_IN(c, '[', ']') || (c) == '{' || (c) == '}')
#define OCTET_NO_SEGMENT(c) ((c) == '#' || (c) == '%' || (c) == '/' || (c) == '?' || (c) == '\\')
#define OCTET_CLASS_1(c)                                                                           \
	((OCTET_VISIBLE(c) && !OCTET_DELIMITER(c) ? OCTET_TOKEN : 0) |                             \
	 ((c) == '\t' || ((c) >= ' ' && (c) != 0x7f) ? OCTET_VALUE : 0) |                          \
	 (OCTET_VISIBLE(c) ? OCTET_TARGET : 0) |                                                   \
	 (OCTET_VISIBLE(c) && (c) != '#' ? OCTET_QUERY : 0) |                                      \
	 (OCTET_VISIBLE(c) && !OCTET_NO_SEGMENT(c) ? OCTET_SEGMENT : 0) |                          \
	 (OCTET_ALNUM(c) || (c) == '-' || (c) == '.' || (c) == '_' || (c) == '~'                   \
		  ? OCTET_UNRESERVED                                                               \
		  : 0) |                                                                           \
	 (OCTET_ALNUM(c) || (c) == '-' || (c) == '_' ? OCTET_HOST : 0) |                           \
	 (OCTET_DIGIT(c) || OCTET_IN(c, 'a', 'f') || OCTET_IN(c, 'A', 'F') ? OCTET_HEX : 0))
#define OCTET_CLASS_4(c)                                                                           \
	OCTET_CLASS_1(c), OCTET_CLASS_1((c) + 1), OCTET_CLASS_1((c) + 2), OCTET_CLASS_1((c) + 3)
#define OCTET_CLASS_16(c)                                                                          \
	OCTET_CLASS_4(c), OCTET_CLASS_4((c) + 4), OCTET_CLASS_4((c) + 8), OCTET_CLASS_4((c) + 12)
#define OCTET_CLASS_64(c)                                                                          \
	OCTET_CLASS_16(c), OCTET_CLASS_16((c) + 16), OCTET_CLASS_16((c) + 32),                     \
		OCTET_CLASS_16((c) + 48)

/* Bits of enum octet_class. */
static const uint8_t octet_class[256] = {OCTET_CLASS_64(0), OCTET_CLASS_64(64), OCTET_CLASS_64(128),
					 OCTET_CLASS_64(192)};

static inline uint8_t octet_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}
