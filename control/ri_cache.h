/* ri_cache - what downstream CDNs answered over the Redirection Interface, kept for those requests that it is good for, too. RFC 7975
 * §4.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "freshness.h"
#include "lib/ip.h"

#include <stddef.h>

/* The answers of one downstream CDN. An answer is found by the key of its request (ri_request_key) and the user's address. Times are
 * milliseconds of a clock that the caller gives and that does not go back. All of it in the control thread. */
struct ri_cache;

struct ri_cache_limits {
	size_t entries, octets; /* beyond them the least recently used ones go */
	/* So often used since it came, an answer without stale-while-revalidate is asked for again ahead of its end, by a second or a fifth
	 * of its life, whichever is less. One with it is asked for again when it has ended. */
	uint32_t hot_hits;
	uint32_t negative_ms; /* the longest life of a refusal */
	uint32_t retry_ms;    /* between two refreshes that are asked for */
};

/* Of lookups: hits + stale + negative + misses. */
struct ri_cache_counters {
	uint64_t hits, stale, negative, misses;
	uint64_t refreshes; /* asked for */
	uint64_t stored, evicted;
	size_t entries, octets; /* now */
};

/* NULL: no memory. release is called for each value that goes. */
struct ri_cache *ri_cache_new(const struct ri_cache_limits *limits, void (*release)(void *value));
void ri_cache_free(struct ri_cache *cache); /* NULL is fine */

/* An answer to be kept. */
struct ri_cached {
	const char *key;
	struct ip_prefix client;        /* whom it was asked for: ri_request_client */
	const struct ip_prefix *ranges; /* scope.iprange */
	unsigned n_ranges;              /* 0: it is good for this client only */
	bool negative;                  /* a refusal */
	struct freshness freshness;     /* of the HTTP fields, never of the DNS TTL */
	void *value;                    /* taken over */
	size_t octets;                  /* of the value */
};

/* false: it is not kept (no lifetime, larger than the cache, or no memory), and the value is released. What was kept for the same
 * prefixes goes. */
bool ri_cache_put(struct ri_cache *cache, const struct ri_cached *answer, uint64_t now);

enum ri_cache_state {
	RI_CACHE_MISS,     /* ask */
	RI_CACHE_FRESH,    /* use it */
	RI_CACHE_STALE,    /* use it (RFC 5861 §3), or asking has failed just now (§4) */
	RI_CACHE_IF_ERROR, /* ask; use it when that fails (RFC 5861 §4) */
	RI_CACHE_NEGATIVE, /* refused a short time ago: do not ask */
};

/* The value is good until the next change of the cache. */
struct ri_hit {
	enum ri_cache_state state;
	void *value;           /* NULL when missed */
	struct freshness left; /* from now on */
	bool refresh;          /* ask again now, beside using it; is said to one user at a time */
};

/* Of the answers whose prefixes hold the client's: the fresh one that came last (§4.6), else a stale one, a refusal, or one for the case
 * of errors, in this order. */
struct ri_hit ri_cache_find(struct ri_cache *cache, const char *key, const struct ip_prefix *client,
			    uint64_t now);

void ri_cache_flush(struct ri_cache *cache); /* all of them go */
struct ri_cache_counters ri_cache_counts(const struct ri_cache *cache);
