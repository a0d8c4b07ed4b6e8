/* ranges - the addresses of both families cut into sorted ranges, each with a number, and the search in them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ranges.h"

#include "array.h"

#include <stdlib.h>

/* Buckets go by the first 16 bits of IPv4. 2000::/3 is where IPv6 addresses are: the next 16 bits tell its buckets apart,
 * and there is one more below it and one above it. */
enum { BUCKETS4 = 1 << 16, BUCKETS6 = (1 << 16) + 2, FIRST6 = 1 << 16, BITS6 = 19 };

static const struct ranges_family *family_of(const struct ranges *ranges, unsigned family)
{
	return family == 4 ? &ranges->v4 : &ranges->v6;
}

static ip_number start_at(const struct ranges_family *f, unsigned family, size_t i)
{
	if (family == 4)
		return (ip_number)f->starts[i] << 96;
	const uint32_t *words = f->starts + 4 * i;
	uint64_t high = (uint64_t)words[0] << 32 | words[1],
		 low = (uint64_t)words[2] << 32 | words[3];
	return (ip_number)high << 64 | low;
}

static void *shrink(void *array, size_t size)
{
	void *smaller = realloc(array, size);
	return smaller ? smaller : array;
}

/* --- Putting -------------------------------------------------------------------------------------------------- */

static bool push(struct ranges_family *f, unsigned family, ip_number start, uint32_t number)
{
	if (f->n && f->numbers[f->n - 1] == number)
		return true;
	size_t words = family == 4 ? 1 : 4;
	uint32_t *starts =
		array_reserve(f->starts, &f->starts_cap, words * (f->n + 1), sizeof(*starts));
	if (!starts)
		return false;
	f->starts = starts;
	uint32_t *numbers = array_reserve(f->numbers, &f->numbers_cap, f->n + 1, sizeof(*numbers));
	if (!numbers)
		return false;
	f->numbers = numbers;
	for (size_t i = 0; i < words; i++)
		starts[words * f->n + i] = (uint32_t)(start >> (96 - 32 * i));
	numbers[f->n++] = number;
	return true;
}

bool ranges_put(struct ranges *ranges, unsigned family, const struct range *range)
{
	struct ranges_family *f = family == 4 ? &ranges->v4 : &ranges->v6;
	if (range->first > f->next && !push(f, family, f->next, 0))
		return false;
	if (!push(f, family, range->first, range->number))
		return false;
	f->next = range->last + 1;
	f->full = range->last == IP_NUMBER_MAX;
	return true;
}

/* The lowest address of a bucket. */
static ip_number bucket_start(unsigned family, uint32_t bucket)
{
	if (family == 4)
		return (ip_number)bucket << 112;
	return bucket ? (ip_number)(FIRST6 + bucket - 1) << (IP_NUMBER_BITS - BITS6) : 0;
}

static bool finish(struct ranges_family *f, unsigned family)
{
	uint32_t n_buckets = family == 4 ? BUCKETS4 : BUCKETS6, i = 0;
	if (!f->full && !push(f, family, f->next, 0))
		return false;
	f->full = true;
	f->starts = shrink(f->starts, f->n * sizeof(*f->starts) * (family == 4 ? 1 : 4));
	f->numbers = shrink(f->numbers, f->n * sizeof(*f->numbers));
	f->index = malloc((n_buckets + 1) * sizeof(*f->index));
	if (!f->index)
		return false;
	for (uint32_t b = 0; b < n_buckets; b++) {
		while (i + 1 < f->n && start_at(f, family, i + 1) <= bucket_start(family, b))
			i++;
		f->index[b] = i;
	}
	f->index[n_buckets] = (uint32_t)f->n - 1;
	return true;
}

bool ranges_finish(struct ranges *ranges)
{
	return finish(&ranges->v4, 4) && finish(&ranges->v6, 6);
}

static void family_clear(struct ranges_family *f)
{
	free(f->starts);
	free(f->numbers);
	free(f->index);
}

void ranges_clear(struct ranges *ranges)
{
	family_clear(&ranges->v4);
	family_clear(&ranges->v6);
	*ranges = (struct ranges){0};
}

/* --- Searching ------------------------------------------------------------------------------------------------ */

struct range ranges_at(const struct ranges *ranges, unsigned family, size_t i)
{
	const struct ranges_family *f = family_of(ranges, family);
	return (struct range){
		.first = start_at(f, family, i),
		.last = i + 1 < f->n ? start_at(f, family, i + 1) - 1 : IP_NUMBER_MAX,
		.number = f->numbers[i],
	};
}

static uint32_t bucket_of(unsigned family, ip_number address)
{
	if (family == 4)
		return (uint32_t)(address >> 112);
	uint32_t top = (uint32_t)(address >> (IP_NUMBER_BITS - BITS6));
	if (top < FIRST6)
		return 0;
	return top < 2 * FIRST6 ? top - FIRST6 + 1 : BUCKETS6 - 1;
}

struct range ranges_find(const struct ranges *ranges, unsigned family, ip_number address)
{
	const struct ranges_family *f = family_of(ranges, family);
	uint32_t b = bucket_of(family, address), low = f->index[b], high = f->index[b + 1];
	while (low < high) {
		uint32_t mid = high - (high - low) / 2;
		if (start_at(f, family, mid) <= address)
			low = mid;
		else
			high = mid - 1;
	}
	return ranges_at(ranges, family, low);
}
