/* idle - when a worker that may sleep does, and how long: after looks that found no packet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Where packets are rare, most looks find nothing and cost more than the packets do (with net_af_xdp each one enters the kernel), and most
 * packets come while the worker sleeps anyway: it goes to sleep after a few looks. */
enum {
	IDLE_POLLS = 256,
	IDLE_POLLS_RARE = 8,
	IDLE_RARE = 25000,   /* packets a second, fewer than that, */
	IDLE_WINDOW_MS = 10, /* over at least so long */
	IDLE_SLEEP_US = 50,
	IDLE_LONG_POLLS = 20000, /* without a packet; they begin with sleeps in between */
	IDLE_LONG_SLEEP_US = 500,
};

/* Of one worker, used by it alone. */
struct idle {
	uint32_t empty_polls;    /* since the last packet */
	uint32_t limit;          /* of them before a sleep */
	uint64_t since, packets; /* where the window begins: TSC, packets so far */
};

static inline struct idle idle_begin(uint64_t tsc)
{
	return (struct idle){0, IDLE_POLLS, tsc, 0};
}

/* A look that found nothing. Is it time to sleep? */
static inline bool idle_is_due(struct idle *idle)
{
	return ++idle->empty_polls > idle->limit;
}

/* Microseconds; packets: all that came since idle_begin. */
static inline unsigned idle_sleep_us(struct idle *idle, uint64_t packets, uint64_t tsc,
				     uint64_t tsc_hz)
{
	uint64_t took = tsc - idle->since;
	if (took >= tsc_hz / 1000 * IDLE_WINDOW_MS) {
		uint64_t rate = (packets - idle->packets) * tsc_hz / took;
		idle->limit = rate < IDLE_RARE ? IDLE_POLLS_RARE : IDLE_POLLS;
		idle->since = tsc;
		idle->packets = packets;
	}
	return idle->empty_polls < IDLE_LONG_POLLS ? IDLE_SLEEP_US : IDLE_LONG_SLEEP_US;
}
