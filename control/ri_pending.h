/* ri_pending - one question for each key, however many wait for its answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The questions to downstream CDNs that are under way. Whoever has the first waiter of a key asks, and calls ri_pending_end when the
 * answer is there or has failed; it is never done from here. Times are milliseconds of a clock that the caller gives. All of it in
 * the control thread. */
struct ri_pending;
struct ri_waiter;

/* answer is what ri_pending_end was given; NULL: the deadline passed, or there is none. The waiter is gone. */
typedef void ri_answered(void *arg, const void *answer);

struct ri_pending_limits {
	size_t keys;    /* at the most so many under way */
	size_t waiters; /* in all */
};

struct ri_pending_counters {
	uint64_t asked;   /* first waiters */
	uint64_t joined;  /* those that found a question under way */
	uint64_t refused; /* at a limit */
	uint64_t late;    /* whose deadline passed */
};

/* NULL: no memory. */
struct ri_pending *ri_pending_new(const struct ri_pending_limits *limits);
void ri_pending_free(struct ri_pending *pending); /* calls all waiters; NULL is fine */

enum ri_join {
	RI_JOIN_ASK,  /* the first one: the caller asks now */
	RI_JOIN_WAIT, /* it is under way */
	RI_JOIN_FULL, /* at a limit, or no memory: nothing was done */
};

/* Adds a waiter, who is called once, unless it leaves, and never from within this. The key is copied. */
enum ri_join ri_pending_join(struct ri_pending *pending, const char *key, uint64_t deadline,
			     ri_answered *answered, void *arg, struct ri_waiter **waiter);

/* It will not be called. The question goes on. */
void ri_pending_leave(struct ri_pending *pending, struct ri_waiter *waiter);

/* Ends the question: its waiters are called in the order in which they came; who joins meanwhile begins a new one. Nothing happens
 * when none is under way. */
void ri_pending_end(struct ri_pending *pending, const char *key, const void *answer);

/* Calls those whose deadline is not after now. Their questions stay: a late answer can still be stored, and nobody asks twice. */
void ri_pending_expire(struct ri_pending *pending, uint64_t now);

/* When to call that next; UINT64_MAX: nobody waits. */
uint64_t ri_pending_next(const struct ri_pending *pending);

const struct ri_pending_counters *ri_pending_counts(const struct ri_pending *pending);
