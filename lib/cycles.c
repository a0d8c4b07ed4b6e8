/* cycles - what a worker's bursts cost: cycles of each stage, and how long bursts take, of those that are sampled. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cycles.h"

#include <math.h>
#include <stddef.h>

void cycles_add(struct cycles *sum, const struct cycles *worker)
{
	uint64_t longest =
		RTE_MAX(sum->longest, __atomic_load_n(&worker->longest, __ATOMIC_RELAXED));
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)worker;
	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	sum->longest = longest;
}

/* The greatest value in the bucket. */
static uint64_t bucket_end(unsigned bucket)
{
	if (bucket < CYCLES_LINEAR)
		return bucket;
	unsigned shift = bucket / CYCLES_LINEAR - 1;
	uint64_t first = (uint64_t)(CYCLES_LINEAR + bucket % CYCLES_LINEAR) << shift;
	return first + ((uint64_t)1 << shift) - 1;
}

/* The words were not read at one moment: the buckets say how many bursts there are. */
uint64_t cycles_service(const struct cycles *cycles, double part)
{
	uint64_t n = 0, below = 0;
	for (unsigned i = 0; i < CYCLES_BUCKETS; i++)
		n += cycles->service[i];
	uint64_t rank = RTE_MAX((uint64_t)ceil(part * (double)n), (uint64_t)1);
	for (unsigned i = 0; i < CYCLES_BUCKETS; i++) {
		below += cycles->service[i];
		if (below >= rank)
			return i + 1 == CYCLES_BUCKETS ? cycles->longest
						       : RTE_MIN(bucket_end(i), cycles->longest);
	}
	return 0;
}
