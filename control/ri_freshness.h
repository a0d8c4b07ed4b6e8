/* ri_freshness - how long the HTTP fields of an answer let it be kept. RFC 9111 §4.2, RFC 5861, RFC 7975 §4.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Values of fields; NULL: the field is not there. Several Cache-Control lines are joined by ", ". */
struct ri_fields {
	const char *cache_control, *age, *expires, *date;
};

/* Seconds, from when the answer came. */
struct ri_freshness {
	uint32_t fresh; /* 0: not to be kept */
	uint32_t
		stale_while; /* after that: to be used while it is asked for again (stale-while-revalidate) */
	uint32_t stale_if_error; /* to be used when asking fails */
};

/* An upstream CDN's cache is for itself alone: s-maxage means nothing to it, and private lets it store. A lifetime that is said
 * twice in different ways, or is no number, is 0 (§4.2.1). Without max-age Expires counts, from Date or else from now (seconds since
 * 1970-01-01 UTC); without both, 0. no-store and no-cache give 0, must-revalidate no stale use. Control thread. */
struct ri_freshness ri_freshness_of(const struct ri_fields *fields, uint64_t now);
