/* damping - route flap damping: what comes and goes too often is left out until it has been quiet for a while. RFC 2439, with the
 * thresholds of RFC 7196. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Times are in seconds. half_life 0: nothing is ever left out. */
struct damping_settings {
	unsigned half_life;    /* in it a penalty falls to its half */
	unsigned suppress;     /* a penalty above this: left out */
	unsigned reuse;        /* below this: used again */
	unsigned max_suppress; /* nothing that has become quiet is left out for longer */
};

/* RFC 7196 §6: a suppress threshold below 6000 punishes what is not at fault. */
extern const struct damping_settings damping_defaults;

enum { DAMPING_WENT = 1000 }; /* RFC 2439 §4.4: it was withdrawn */

/* All zero: it has always been quiet. Any thread, each its own. */
struct damping {
	double penalty; /* at the time `at` */
	uint64_t at;    /* seconds of any clock that does not go back */
	bool suppressed;
};

void damping_add(struct damping *damping, const struct damping_settings *settings, unsigned penalty,
		 uint64_t now);

/* Is it left out now? Notes when it is no more. */
bool damping_suppresses(struct damping *damping, const struct damping_settings *settings,
			uint64_t now);

/* What is left of the penalty. */
unsigned damping_penalty(const struct damping *damping, const struct damping_settings *settings,
			 uint64_t now);

/* Seconds until one that is left out is used again, when nothing happens before. */
uint64_t damping_remaining(const struct damping *damping, const struct damping_settings *settings,
			   uint64_t now);

/* Is the rest of the penalty so small that it need not be remembered (RFC 2439 §4.2)? */
bool damping_is_over(const struct damping *damping, const struct damping_settings *settings,
		     uint64_t now);
