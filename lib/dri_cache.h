/* dri_cache - the DRIs that downstream CDNs gave when they were asked, for all requests that they are good for. RFC 7975 §4.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "retired.h"
#include "target.h"

#include <sys/queue.h>

/* Written by the control thread, read by workers at any time. An answer is found by what is asked for (a target and a request, all of it
 * but its client's address) and the client. Times are milliseconds of plane_tsc_ms. */
struct dri_cache;

/* What is asked for. It points into the request. */
struct dri_ask {
	uint64_t hash;
	uint64_t target;  /* seed of the CDN that is asked */
	uint8_t kind;     /* DNS: DNS_A or DNS_AAAA; HTTP: enum http_method */
	uint8_t strategy; /* enum redirection_strategy */
	uint8_t protocol; /* enum request_protocol */
	struct span key, query;
};

/* Immutable but for what is marked. Workers use it for one burst; what they read is one cache line. */
struct dri_answer {
	struct retired retired; /* control thread, up to `until` */
	TAILQ_ENTRY(dri_answer) by_age, of_question, due;
	struct dri_question *question;
	uint64_t event_ms; /* when it is due, or has to be looked at for that */
	uint64_t refresh_ms;
	struct ip_prefix user; /* whom it was asked for */
	struct ip_addr source; /* of the packet */
	size_t octets;

	uint64_t until_ms __attribute__((aligned(64))); /* not used from then on */
	uint64_t since_ms; /* when it came: of several the newest one counts */
	uint64_t hash;
	struct dri_answer *next; /* of its chain; changes */
	struct ip_prefix client; /* for whom it is good */
	uint8_t uses; /* since it came; stops at DRI_HOT_USES, so that nobody writes any more. Changes */
	bool used;         /* since the control thread looked last. Changes */
	uint32_t fresh_ms; /* from since_ms on; then it is stale (RFC 5861) */
	struct dri *dri;   /* NULL: refused, another CDN may be asked */
};

enum { DRI_HOT_USES = 3 };

/* --- Any thread --------------------------------------------------------------------------------------------------- */

/* A query for ANY is asked for as A. */
void dri_cache_ask(const struct dri_cache *cache, const struct target *target,
		   const struct request *req, struct dri_ask *ask);

/* A burst's lookups go beside each other: each of these steps for all of them, then dri_cache_find. */
void dri_cache_prefetch_slot(const struct dri_cache *cache, const struct dri_ask *ask);
void dri_cache_prefetch_question(const struct dri_cache *cache, const struct dri_ask *ask);
void dri_cache_prefetch_answer(const struct dri_cache *cache, const struct dri_ask *ask,
			       const struct ip_addr *client);

/* The newest answer whose prefix holds the client's. NULL: there is none. */
const struct dri_answer *dri_cache_find(const struct dri_cache *cache, const struct dri_ask *ask,
					const struct ip_prefix *client, uint64_t now_ms);

/* It was used for a request. */
static inline void dri_answer_use(const struct dri_answer *answer)
{
	struct dri_answer *marks = (struct dri_answer *)answer;
	uint8_t uses = __atomic_load_n(&marks->uses, __ATOMIC_RELAXED);
	if (uses < DRI_HOT_USES)
		__atomic_store_n(&marks->uses, uses + 1, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&marks->used, __ATOMIC_RELAXED))
		__atomic_store_n(&marks->used, true, __ATOMIC_RELAXED);
}

/* --- Control thread ------------------------------------------------------------------------------------------------ */

struct dri_cache_limits {
	size_t answers, octets; /* beyond them those that are not used go, the oldest first */
};

struct dri_cache_counters {
	uint64_t stored, evicted, expired;
	size_t answers, octets; /* now */
};

/* retire is called with what workers may still read. NULL: no memory. */
struct dri_cache *dri_cache_new(const struct dri_cache_limits *limits, const uint8_t key[16],
				void (*retire)(void *arg, struct retired *retired), void *arg);
void dri_cache_free(struct dri_cache *cache); /* no worker reads any more; NULL is fine */

struct dri_given {
	struct dri *dri;         /* gets a reference of its own; NULL: refused */
	struct ip_prefix client; /* for whom it is good; host bits are 0 */
	struct ip_prefix user;
	struct ip_addr source;
	const char *uri; /* HTTP: as it was asked for; else NULL */
	uint32_t fresh_ms;
	uint64_t now_ms, until_ms,
		refresh_ms; /* refresh_ms: when it is to be asked for again, if it is hot; not before now */
};

/* What was there for the same prefix goes. false: not kept (until is not after now, or no memory). */
bool dri_cache_put(struct dri_cache *cache, const struct dri_ask *ask,
		   const struct dri_given *given);

/* The next one that is hot and to be asked for again, until now; each is given once. NULL: no more. Those whose time is over go. */
const struct dri_answer *dri_cache_due(struct dri_cache *cache, uint64_t now_ms);

/* What an answer was asked with. */
void dri_answer_asked(const struct dri_answer *answer, struct dri_ask *ask, const char **uri);

/* Answers of a CDN are not used again; target 0: of all of them. */
void dri_cache_forget(struct dri_cache *cache, uint64_t target);

struct dri_cache_counters dri_cache_counts(const struct dri_cache *cache);
