/* draw - chance that is the same for the same seed: xorshift64*, Zipf's law. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct draw {
	uint64_t state; /* odd */
};

static inline uint32_t draw_below(struct draw *draw, uint32_t below)
{
	draw->state ^= draw->state >> 12;
	draw->state ^= draw->state << 25;
	draw->state ^= draw->state >> 27;
	return (uint32_t)((draw->state * UINT64_C(2685821657736338717) >> 32) * below >> 32);
}

static inline bool draw_percent(struct draw *draw, unsigned percent)
{
	return draw_below(draw, 100) < percent;
}

/* Zipf's law with exponent 1: the host of rank r is asked for 1/r as often as the first one. */
struct draw_zipf {
	uint32_t n;
	double *up_to; /* sum of the shares of this rank and those before */
};

static inline bool draw_zipf_init(struct draw_zipf *zipf, uint32_t n)
{
	*zipf = (struct draw_zipf){n, malloc(n * sizeof(*zipf->up_to))};
	double sum = 0;
	for (uint32_t i = 0; zipf->up_to && i < n; i++)
		zipf->up_to[i] = sum += 1.0 / (i + 1);
	return zipf->up_to;
}

/* The busy hosts are spread over the table. */
static inline uint32_t draw_zipf(struct draw *draw, const struct draw_zipf *zipf)
{
	double at = zipf->up_to[zipf->n - 1] * draw_below(draw, UINT32_MAX) / UINT32_MAX;
	uint32_t low = 0, high = zipf->n - 1;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (zipf->up_to[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return (uint32_t)(low * UINT64_C(2654435761) % zipf->n);
}
