/* histogram - how often values occurred, to one part in 64, from 0 to the largest 64-bit number. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "histogram.h"

#include <math.h>

/* A value keeps its 7 highest bits. */
static unsigned shift_of(uint64_t value)
{
	return value < 128 ? 0 : 57 - (unsigned)__builtin_clzll(value);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	unsigned shift = shift_of(value);
	histogram->counts[shift * 64 + (value >> shift)]++;
	if (!histogram->n++ || value < histogram->min)
		histogram->min = value;
	if (value > histogram->max)
		histogram->max = value;
}

static uint64_t last_of(unsigned bucket)
{
	unsigned shift = bucket < 128 ? 0 : bucket / 64 - 1;
	return ((uint64_t)(bucket - shift * 64 + 1) << shift) - 1;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	double wanted = ceil(share * (double)histogram->n);
	uint64_t rank = wanted < 1 ? 1 : (uint64_t)wanted, seen = 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->counts[i];
		if (seen >= rank)
			return last_of(i) < histogram->max ? last_of(i) : histogram->max;
	}
	return histogram->max;
}
