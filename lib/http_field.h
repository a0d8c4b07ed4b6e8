/* http_field - values of HTTP fields: names without regard to case, white space, and lists. RFC 9110 §5. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"
#include "octet_class.h"

static inline struct span span_from(struct span span, uint32_t offset)
{
	return (struct span){span.at + offset, span.len - offset};
}

/* Eight octets as octet_lower does it. Nothing carries from one octet into the next: its highest bit is added apart. */
static inline bool span_is_8(const uint8_t *at, const char *lower)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t octets, wanted;
	memcpy(&octets, at, 8);
	memcpy(&wanted, lower, 8);
	uint64_t low = octets & 0x7f * each;
	uint64_t from_a = low + (0x80 - 'A') * each, over_z = low + (0x7f - 'Z') * each;
	uint64_t capitals = (from_a ^ over_z) & ~octets & 0x80 * each;
	return (octets | capitals >> 2) == wanted;
}

/* `lower` in lower case. */
static inline bool span_is(struct span span, const char *lower, size_t len)
{
	if (span.len != len)
		return false;
	if (len >= 8) {
		if ((span.at[0] ^ lower[0]) & 0xdf)
			return false;
		for (size_t i = 0; i + 8 < len; i += 8)
			if (!span_is_8(span.at + i, lower + i))
				return false;
		return span_is_8(span.at + len - 8, lower + len - 8);
	}
	for (size_t i = 0; i < len; i++) {
		if (octet_lower(span.at[i]) != (uint8_t)lower[i])
			return false;
	}
	return true;
}

/* Without the white space around it (RFC 9110 §5.5, §5.6.3). */
static inline struct span span_trim(struct span value)
{
	while (value.len && (value.at[0] == ' ' || value.at[0] == '\t'))
		value = span_from(value, 1);
	while (value.len && (value.at[value.len - 1] == ' ' || value.at[value.len - 1] == '\t'))
		value.len--;
	return value;
}

/* The octets before the first `mark` that is not in a quoted string (RFC 9110 §5.6.4); `rest` is what follows it, and empty when
 * there is none. */
static inline struct span span_cut(struct span *rest, uint8_t mark)
{
	struct span all = *rest;
	bool quoted = false;
	uint32_t at = 0;
	for (; at < all.len && (quoted || all.at[at] != mark); at++) {
		if (all.at[at] == '"')
			quoted = !quoted;
		else if (all.at[at] == '\\' && quoted && at + 1 < all.len)
			at++;
	}
	*rest = span_from(all, at < all.len ? at + 1 : all.len);
	return (struct span){all.at, at};
}

/* The next member of a list that is not empty (RFC 9110 §5.6.1), trimmed; it is taken off the list. false: there is none. */
static inline bool span_next_member(struct span *list, struct span *member)
{
	while (list->len) {
		*member = span_trim(span_cut(list, ','));
		if (member->len)
			return true;
	}
	return false;
}
