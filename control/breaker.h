/* breaker - whether somebody who did not answer lately is asked again: a circuit breaker. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "backoff.h"

#include <stdbool.h>

/* Closed: all questions pass. After some in a row without an answer it opens: none pass for a while, then one as a probe; when that
 * has no answer either, none for a longer while. Times are milliseconds of a clock that the caller gives. Any thread, each its own. */
struct breaker {
	unsigned threshold; /* so many open it */
	unsigned failures;  /* in a row */
	bool open, probing; /* probing: the one is on its way */
	uint64_t again_at;  /* when that may go */
	uint64_t opened;    /* how often it did */
	struct backoff backoff;
};

void breaker_init(struct breaker *breaker, unsigned threshold, uint32_t floor_ms, uint32_t cap_ms);

/* May a question go now? */
bool breaker_lets(const struct breaker *breaker, uint64_t now);

/* It goes. true: as the probe; that has to be said when it ends. */
bool breaker_sent(struct breaker *breaker);

/* It ended, with an answer or without. true: the breaker opened or closed by it. Those that went before it opened do not keep it
 * open; an answer to any of them closes it. */
bool breaker_ended(struct breaker *breaker, bool probe, bool answered, uint64_t now);
