/* scope - a contentRequestScope: a class of content requests and what is done with them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "prefetch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pattern; /* lib/pattern_set.h */

enum scope_action { SCOPE_REDIRECT, SCOPE_DENY, SCOPE_PASS };

enum scope_policy {
	POLICY_ORDERED,
	POLICY_WEIGHTED,
	POLICY_HASH,
	POLICY_ROUND_ROBIN,
	POLICY_RANDOM
};

struct scope_time {
	uint64_t start; /* start <= now < end, seconds since 1970-01-01 UTC (RFC 8006 §4.2.3.2) */
	uint64_t end;
};

struct scope_candidate {
	uint32_t target; /* place in view->targets */
	uint32_t weight; /* 1..65535 */
};

enum { SCOPE_NO_TARGET = UINT32_MAX, SCOPE_ANY_FOOTPRINT = UINT32_MAX, SCOPE_CANDIDATES_MAX = 64 };

/* What is common to all places of the trie at which the scope hangs. Immutable once in a trie. One block of memory: all
 * pointers point into it. What each request reads comes last, with the candidates behind it: two cache lines. */
struct scope {
	uint32_t refs; /* control thread only */
	uint32_t n_keys;
	uint64_t order;         /* the one that was said first wins when all else is equal */
	int16_t priority;       /* the higher one wins over everything else */
	uint8_t footprint_rank; /* see lib/scope_rank.h */
	uint16_t n_patterns;
	uint64_t seed;     /* hash of the name: round-robin slot */
	uint64_t metadata; /* generic metadata that a CDN has to support: bits of advert_offer */
	uint16_t *qtypes;
	struct pattern *patterns;
	struct scope_time *times;
	char *signing; /* with signed_uri: whose signatures; control thread only, control/sign_policy.h */
	uint8_t *
		keys; /* of its places in the trie, each behind its length in two octets; control thread only */
	char *name;
	char *cache_control; /* of its HTTP answers, the field's value (RFC 9111 §5.2); NULL: none */

	uint32_t hits;      /* place of its counters (lib/hits.h); 0: not counted */
	uint32_t footprint; /* id, or SCOPE_ANY_FOOTPRINT */
	uint32_t fallback;  /* target, or SCOPE_NO_TARGET: then the view's fallback */
	uint16_t status;    /* of an HTTP redirect: 301, 302, 303, 307, 308 */
	uint8_t protocols;  /* bits of enum request_protocol */
	uint8_t action;     /* enum scope_action */
	uint8_t policy;     /* enum scope_policy */
	bool deny_nxdomain; /* a denied DNS query gets NXDOMAIN, not REFUSED */
	bool signed_uri; /* its HTTP requests are redirected only when their URI is signed: control/sign.h */
	uint16_t n_qtypes; /* 0: any type */
	uint16_t n_times;  /* 0: always */
	uint16_t n_candidates;
	uint16_t n_named; /* 0: no named footprints */
	uint16_t
		n_common; /* of its patterns the first ones: query and headers, needed at every place; the rest: one for a place */
	uint32_t *
		named; /* ids of named footprints: the client is in one of them, and in `footprint` */
	struct scope_candidate *candidates;
};

/* What each request reads of a scope. */
static inline void scope_prefetch(const struct scope *scope)
{
	prefetch(&scope->cache_control);
	prefetch((const char *)(scope + 1) + 2 * sizeof(struct scope_candidate) - 1);
}

/* The next key of keys, which goes forward. */
static inline const uint8_t *scope_next_key(const uint8_t **keys, size_t *len)
{
	const uint8_t *key = *keys + 2;
	*len = (size_t)((*keys)[0] << 8 | (*keys)[1]);
	*keys = key + *len;
	return key;
}

void scope_release(struct scope *scope); /* control thread; lib/scope_trie.c */
