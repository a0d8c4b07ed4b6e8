/* freshness - for how long an HTTP answer may be used, as its header fields say. RFC 9111 §4.2, §5.2.2, §5.3. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/* Values of header fields; NULL: the answer has no such one. */
struct freshness {
	const char *cache_control, *age, *expires, *date;
};

enum { FRESHNESS_MAX = INT32_MAX }; /* seconds; longer times are this one (§1.2.2) */

/* Seconds that are left from now (seconds since 1970-01-01 UTC) on; 0: it is to be asked for again at once, also when what is said makes
 * no sense; -1: nothing is said. Any thread. */
int64_t freshness_left(const struct freshness *head, uint64_t now);

/* The seconds of a directive, as "max-age" or "stale-if-error": the least when it is there twice; 0 when it is no number. -1: it is not
 * there. cache_control may be NULL. Any thread. */
int64_t freshness_directive(const char *cache_control, const char *name);
