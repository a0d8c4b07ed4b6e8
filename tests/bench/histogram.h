/* histogram - how often values occurred, to one part in 64, from 0 to the largest 64-bit number; adding one is a few instructions. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>

/* The form of HdrHistogram: buckets one wide up to 128, then 64 for each power of two. No library of it is in Debian 12. */
enum { HISTOGRAM_BUCKETS = 58 * 64 + 64 };

/* All zero: nothing was added. */
struct histogram {
	uint64_t n, min, max;
	uint64_t counts[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* The value that a share of all, 0 to 1, does not exceed: at least the exact one, and at most 1/64 more. 0 when there is none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);
