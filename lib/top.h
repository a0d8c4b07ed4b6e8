/* top - the busiest scopes, hosts and client prefixes of the last minute, by sampled requests. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Clients are counted by /24 and /48, or by the shorter prefix that is known of them. */
enum top_kind { TOP_SCOPES, TOP_HOSTS, TOP_CLIENTS, TOP_KINDS };

enum {
	TOP_WINDOWS = 4, /* the one that fills now, and the three before it */
	TOP_WINDOW_SECONDS = 15,
	TOP_SETS = 64,
	TOP_WAYS = 8,
	TOP_KEY_WORDS = 12,
	TOP_KEY_MAX = TOP_KEY_WORDS * 8, /* octets kept; longer keys are told apart by their hash */
	TOP_SAMPLES = 4096,              /* a second; see top_request() */
	TOP_CUT = 1 << 8,
	TOP_TEXT_MAX = 104,
};

/* Space-Saving (Metwally, Agrawal, El Abbadi 2005), on each set by itself; a key's hash says its
 * set. A new key takes the place of the one with the smallest count and inherits that count, and
 * `over` says how much it was. An entry of another epoch is an empty one, so nothing has to be
 * cleared. While a key is replaced its sequence number is odd. */
struct top_set {
	uint64_t hash[TOP_WAYS];
	uint64_t count[TOP_WAYS];
	uint64_t over[TOP_WAYS];
	uint32_t epoch[TOP_WAYS]; /* number of the window since 1970 */
	uint32_t seq[TOP_WAYS];
	uint32_t len[TOP_WAYS]; /* octets of the key; TOP_CUT is added when there were more */
	uint64_t key[TOP_WAYS][TOP_KEY_WORDS];
};

struct top_window {
	uint32_t epoch;
	uint32_t weight; /* the largest one */
	uint64_t total;  /* requests, told from the samples */
};

/* About 800 KB. One for each worker, which is the only one to write it; control reads at any time. */
struct top {
	uint32_t wait;   /* requests until the next sample */
	uint32_t weight; /* requests that a sample stands for */
	uint32_t spent;  /* samples since the weight was set */
	uint64_t now;    /* this second */
	uint64_t seen;   /* requests in it, told from the samples */
	uint64_t random; /* state of the generator, not 0 */
	uint64_t started;
	uint8_t hash_key[16];
	struct top_window windows[TOP_WINDOWS];
	struct top_set sets[TOP_KINDS][TOP_WINDOWS][TOP_SETS];
};

/* --- Control thread ------------------------------------------------------------------------------------------- */

/* Before the worker starts; *top is all zero. hash_key: random, and the same for all workers. now:
 * seconds since 1970-01-01 UTC. */
void top_init(struct top *top, const uint8_t hash_key[16], uint64_t now);

/* The real number of requests lies within count - error .. count + error: for certain as far as the
 * sketch goes, and at three standard deviations where not every request was sampled. */
struct top_entry {
	uint64_t count, error;
	double share; /* of all requests, 0..1 */
	/* A scope's name, a host, a prefix; "name..." or "...example.com" when it was cut. */
	char text[TOP_TEXT_MAX];
};

/* What the entries cover: so many requests, in so many seconds up to now: 45 to 60, fewer after the
 * start. */
struct top_total {
	uint64_t requests;
	uint64_t seconds;
};

/* The busiest ones of all workers, at most max of them, in order; pointers may be NULL. Gives how
 * many; -1: no memory. */
int top_read(const struct top *const *tops, unsigned n_tops, enum top_kind kind, uint64_t now,
	     struct top_entry *entries, unsigned max, struct top_total *total);

/* --- Worker --------------------------------------------------------------------------------------------------- */

/* Used by the two below. */
void top_second(struct top *top, uint64_t now);
void top_sample(struct top *top, const struct request *req, const char *scope);

/* Before the requests of a burst. now: seconds since 1970-01-01 UTC. */
static inline void top_begin(struct top *top, uint64_t now)
{
	if (__builtin_expect(top->now != now, 0))
		top_second(top, now);
}

/* A request whose key is valid; scope: the name of the one that won, or NULL. One in N is counted, N
 * times. N follows the rate: 1 up to TOP_SAMPLES requests a second, then so that there are about
 * that many samples a second; within a second it doubles whenever so many were taken. The distance
 * to the next sample is random, 1 to 2 N - 1, so that no rhythm of the requests can hide from it. */
static inline void top_request(struct top *top, const struct request *req, const char *scope)
{
	if (__builtin_expect(--top->wait == 0, 0))
		top_sample(top, req, scope);
}
