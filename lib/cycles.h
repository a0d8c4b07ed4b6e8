/* cycles - what a worker's bursts cost: cycles of each stage, and how long bursts take, of those that are sampled. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "trace.h"

#include <rte_common.h>

/* One burst in so many is sampled: a prime number, so that no rhythm of the packets can hide from it. */
enum { CYCLES_EVERY = 61 };

/* Steps of a burst: taken from the device, the stages, given to the device. */
enum {
	CYCLES_RX,
	CYCLES_STAGES,
	CYCLES_TX = CYCLES_STAGES + TRACE_STAGES,
	CYCLES_STEPS,
};

/* Buckets of a histogram: one for each value up to CYCLES_LINEAR, then so many for each power of two, so that a value is known to 1/16. */
enum {
	CYCLES_LINEAR_BITS = 4,
	CYCLES_LINEAR = 1 << CYCLES_LINEAR_BITS,
	CYCLES_TOP_BIT = 39, /* 2^40 cycles are minutes */
	CYCLES_BUCKETS = (CYCLES_TOP_BIT - CYCLES_LINEAR_BITS + 2) * CYCLES_LINEAR,
};

/* Written by its worker alone, read by control at any time without a lock (each is a 64-bit word). */
struct cycles {
	uint64_t bursts, packets;
	uint64_t steps[CYCLES_STEPS];     /* sums, in cycles of the TSC */
	uint64_t longest;                 /* of the bursts */
	uint64_t service[CYCLES_BUCKETS]; /* bursts by their cycles from rx to tx */
} __rte_cache_aligned;

static inline unsigned cycles_bucket(uint64_t value)
{
	if (value < CYCLES_LINEAR)
		return (unsigned)value;
	unsigned bit = 63 - (unsigned)__builtin_clzll(value);
	if (bit > CYCLES_TOP_BIT)
		return CYCLES_BUCKETS - 1;
	unsigned low = (unsigned)(value >> (bit - CYCLES_LINEAR_BITS)) & (CYCLES_LINEAR - 1);
	return (bit - CYCLES_LINEAR_BITS + 1) * CYCLES_LINEAR + low;
}

/* Worker: a burst of n packets ended. */
static inline void cycles_burst(struct cycles *cycles, unsigned n, uint64_t service)
{
	cycles->bursts++;
	cycles->packets += n;
	cycles->longest = RTE_MAX(cycles->longest, service);
	cycles->service[cycles_bucket(service)]++;
}

/* Control: adds what a worker counted until now. */
void cycles_add(struct cycles *sum, const struct cycles *worker);

/* Of a copy: this part of the bursts (0 to 1) took at most so many cycles. 0: there are none. */
uint64_t cycles_service(const struct cycles *cycles, double part);
