/* http_field - values of HTTP fields: names without regard to case, white space, and lists. RFC 9110 §5. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"
#include "octet_class.h"

static inline struct span span_from(struct span span, uint32_t offset)
{
	return (struct span){span.at + offset, span.len - offset};
}

/* `lower` in lower case. */
static inline bool span_is(struct span span, const char *lower, size_t len)
{
	if (span.len != len)
		return false;
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
