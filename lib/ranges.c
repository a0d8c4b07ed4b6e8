/* ranges - sets of addresses as sorted ranges, for both families. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ranges.h"

#include "array.h"

#include <stdlib.h>

bool ranges_add(struct ranges *ranges, unsigned family, ip_number first, ip_number last)
{
	struct range_list *list = family == 4 ? &ranges->v4 : &ranges->v6;
	if (list->n && first && list->at[list->n - 1].last == first - 1) {
		list->at[list->n - 1].last = last;
		return true;
	}
	struct range *at = array_reserve(list->at, &list->cap, list->n + 1, sizeof(*at));
	if (!at)
		return false;
	list->at = at;
	at[list->n++] = (struct range){first, last};
	return true;
}

bool ranges_add_prefix(struct ranges *ranges, const struct ip_prefix *prefix)
{
	ip_number first = ip_number_of(&prefix->addr);
	ip_number size_less_1 =
		prefix->len ? ((ip_number)1 << (ip_bits(&prefix->addr) - prefix->len)) - 1
			    : ip_number_max(prefix->addr.family);
	return ranges_add(ranges, prefix->addr.family, first, first | size_less_1);
}

static int by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	return (x->first > y->first) - (x->first < y->first);
}

static void normalise(struct range_list *list)
{
	if (list->n == 0)
		return;
	qsort(list->at, list->n, sizeof(*list->at), by_first);
	struct range *last = list->at;
	for (size_t i = 1; i < list->n; i++) {
		struct range *range = &list->at[i];
		if (last->last == ~(ip_number)0 || range->first <= last->last + 1) {
			if (range->last > last->last)
				last->last = range->last;
		} else {
			*++last = *range;
		}
	}
	list->n = (size_t)(last - list->at) + 1;
}

void ranges_normalise(struct ranges *ranges)
{
	normalise(&ranges->v4);
	normalise(&ranges->v6);
}

void ranges_reset(struct ranges *ranges)
{
	ranges->v4.n = ranges->v6.n = 0;
}

void ranges_clear(struct ranges *ranges)
{
	free(ranges->v4.at);
	free(ranges->v6.at);
	*ranges = (struct ranges){0};
}

bool ranges_has(const struct ranges *ranges, const struct ip_addr *addr)
{
	const struct range_list *list = addr->family == 4 ? &ranges->v4 : &ranges->v6;
	ip_number number = ip_number_of(addr);
	size_t low = 0, high = list->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (list->at[mid].last < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < list->n && list->at[low].first <= number;
}
