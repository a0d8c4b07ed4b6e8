/* backoff - how long to wait before the next try with a peer: exponential, with jitter, so that many do not come back at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/* A number from 0 to below - 1, all equally likely. */
typedef uint32_t backoff_random(uint32_t below);

/* Any thread, each its own. */
struct backoff {
	uint32_t floor_ms;      /* never less; not 0 */
	uint32_t cap_ms;        /* never more */
	uint32_t ceiling_ms;    /* of the last wait */
	backoff_random *random; /* the system's, unless a test sets another one */
};

/* A cap below the floor is the floor. */
void backoff_init(struct backoff *backoff, uint32_t floor_ms, uint32_t cap_ms);

/* Milliseconds to wait after one more failure: anything from the floor to a ceiling, which is twice the floor after the first
 * failure, doubles with each one, and stops at the cap. */
uint32_t backoff_next(struct backoff *backoff);

/* After a success: the next failure is the first one again. */
void backoff_reset(struct backoff *backoff);
