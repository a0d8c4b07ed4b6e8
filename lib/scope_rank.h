/* scope_rank - the one rule by which one matching scope wins over another. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "scope.h"

/* Of all scopes that match a request, the one with the highest rank wins. In this order:
 *  1. priority      the higher one (default 0)
 *  2. host          an exact host, then the wildcard with more labels, then "*"
 *  3. path          the longer literal start, in octets; then a pattern over a regex over a plain prefix
 *  4. footprint     CIDR (the longer its shortest prefix, the better), then AS, subdivision, country, then none;
 *                   types that narrow each other add up
 *  5. protocol      one that names fewer protocols
 *  6. conditions    the one with more of: query type, query regex, header regexes, time windows
 *  7. order         the one that was configured first
 * 1 to 6 are packed into one number, which is compared whole; 7 is scope->order. */
struct scope_rank_parts {
	int16_t priority;
	uint8_t host_labels; /* of an exact or wildcard host; 0 for "*" */
	bool host_exact;
	uint16_t path_len;  /* octets of the literal start in normal form, "/" is 1; at most 2047 */
	uint8_t path_kind;  /* 0 prefix, 1 regex, 2 pattern */
	uint8_t footprint;  /* 0 none .. 255 */
	uint8_t protocols;  /* bits of enum request_protocol */
	uint8_t conditions; /* how many, at most 7 count */
};

uint64_t scope_rank(const struct scope_rank_parts *parts);

/* The rule that puts a before b ("longer path", "configured first", ...), for explain. */
const char *scope_rank_why(uint64_t a, uint64_t b);
