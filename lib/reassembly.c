/* reassembly - octets of a stream that come in any order, put together in one buffer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "reassembly.h"

#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Only into gaps: who sends an octet twice does not change it. */
static void fill(const struct reassembly *in, uint32_t from, uint32_t to, const uint8_t *octets)
{
	uint32_t at = from;
	for (uint32_t i = 0; i <= in->n && at < to; i++) {
		uint32_t gap_end = i < in->n ? least(in->pieces[i].from, to) : to;
		if (at < gap_end)
			memcpy(in->at + at, octets + (at - from), gap_end - at);
		if (i < in->n && in->pieces[i].to > at)
			at = in->pieces[i].to;
	}
}

/* Pieces first to last-1 touch [from, to): they become one. false: there is no room for one more. */
static bool note(struct reassembly *in, uint32_t from, uint32_t to)
{
	uint32_t first = 0;
	while (first < in->n && in->pieces[first].to < from)
		first++;
	uint32_t last = first;
	while (last < in->n && in->pieces[last].from <= to)
		last++;
	if (first == last && in->n == REASSEMBLY_PIECES)
		return false;
	struct piece whole = {from, to};
	if (first < last) {
		whole.from = least(from, in->pieces[first].from);
		whole.to = in->pieces[last - 1].to > to ? in->pieces[last - 1].to : to;
	}
	memmove(&in->pieces[first + 1], &in->pieces[last], (in->n - last) * sizeof(whole));
	in->pieces[first] = whole;
	in->n += 1 - (last - first);
	return true;
}

uint32_t reassembly_put(struct reassembly *in, uint32_t from, const uint8_t *octets, uint32_t n)
{
	uint32_t to = from < in->cap ? from + least(n, in->cap - from) : 0, before = in->len;
	if (from < in->len) {
		octets += least(in->len - from, n);
		from = in->len;
	}
	if (from >= to)
		return 0;
	const struct reassembly before_it = *in;
	if (from > in->len && !note(in, from, to))
		return 0;
	fill(&before_it, from, to, octets);
	if (from > in->len)
		return 0;
	in->len = to;
	uint32_t done = 0;
	while (done < in->n && in->pieces[done].from <= in->len) {
		in->len = in->pieces[done].to > in->len ? in->pieces[done].to : in->len;
		done++;
	}
	in->n -= done;
	memmove(in->pieces, in->pieces + done, in->n * sizeof(in->pieces[0]));
	return in->len - before;
}

void reassembly_take(struct reassembly *in, uint32_t n)
{
	uint32_t end = in->n ? in->pieces[in->n - 1].to : in->len;
	if (n)
		memmove(in->at, in->at + n, end - n);
	in->len -= n;
	for (uint32_t i = 0; i < in->n; i++) {
		in->pieces[i].from -= n;
		in->pieces[i].to -= n;
	}
}
