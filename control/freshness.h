/* freshness - for how long an HTTP answer may be used, as its header fields say. RFC 9111 §4.2, §5.2.2, §5.3, RFC 5861, RFC 7975 §4.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Values of fields; NULL: the field is not there. Several Cache-Control lines are joined by ", ". */
struct freshness_fields {
	const char *cache_control, *age, *expires, *date;
};

/* Seconds from now on; at the most 2^31 (§1.2.2). */
struct freshness {
	uint32_t fresh; /* 0: not to be kept, or not fresh any more */
	uint32_t
		stale_while; /* after that: to be used while it is asked for again (stale-while-revalidate) */
	uint32_t stale_if_error; /* after that: to be used when asking fails */
};

/* The reader's cache is for itself alone: s-maxage means nothing to it, and private lets it store. A lifetime that is said twice in
 * different ways, or is no number, is 0 (§4.2.1). Without max-age Expires counts, from Date or else from now (seconds since 1970-01-01
 * UTC). no-store and no-cache give 0, must-revalidate no stale use. What is not fresh is not used stale, either. said (or NULL): whether
 * the fields say anything of a lifetime. Any thread. */
struct freshness freshness_of(const struct freshness_fields *fields, uint64_t now, bool *said);
