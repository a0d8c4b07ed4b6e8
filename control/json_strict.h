/* json_strict - loads JSON that comes from a peer: under caps, and only what I-JSON (RFC 7493) allows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What reads a value goes as deep on its stack. */
struct json_limits {
	size_t octets;  /* of the text */
	unsigned depth; /* of arrays and objects in each other */
	size_t values;  /* members and elements of all of them together */
};

/* Any thread. All texts of errors are one sentence without its full stop, cut where they do not fit. */

/* Gives the value, which may be of any type. NULL, with the reason in err: over a limit (seen before any memory is taken); no
 * JSON, or a NUL, which jansson passes over; a name twice in one object (RFC 7493 §2.3); a character that Unicode has not (§2.1);
 * an integer beyond 2^53 - 1 (§2.2), or no memory. */
json_t *json_strict_load(const char *text, size_t len, const struct json_limits *limits, char *err,
			 size_t err_len);

/* A copy of an array or object, one level deep. NULL: no memory, or another value. json_copy gives a part of it then. */
json_t *json_strict_copy(json_t *value);

/* Its compact text, for free(); sorted: with the members of objects in the order of their names. NULL: no memory. json_dumps loses
 * names then. */
char *json_strict_text(const json_t *value, bool sorted);

/* How large a value is: about the octets of its compact text. Never looks at more than it takes to be past max, and gives
 * max + 1 then: values that share their parts may be far larger than the memory that they are in. */
size_t json_strict_size(const json_t *value, size_t max);

/* Are they equal, as RFC 6902 §4.6 has it: numbers by their value? */
bool json_strict_equal(const json_t *a, const json_t *b);
