/* top - the busiest scopes, hosts and client prefixes of the last minute, by sampled requests. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "top.h"
#include "siphash.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WEIGHT_MAX = 1 << 20, CLIENT_LEN4 = 24, CLIENT_LEN6 = 48 };

/* --- The worker's side --------------------------------------------------------------------------------------------- */

/* xorshift64*, as in lib/match. */
static void draw_wait(struct top *top)
{
	uint64_t x = top->random;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	top->random = x;
	uint64_t high = x * UINT64_C(0x2545f4914f6cdd1d) >> 32;
	top->wait = 1 + (uint32_t)(high * (2 * top->weight - 1) >> 32);
}

void top_init(struct top *top, const uint8_t hash_key[16], uint64_t now)
{
	memcpy(top->hash_key, hash_key, 16);
	top->random = siphash(hash_key, &top, sizeof(top)) | 1;
	top->now = top->started = now;
	top->weight = 1;
	draw_wait(top);
}

void top_second(struct top *top, uint64_t now)
{
	uint64_t passed = now > top->now ? now - top->now : 1;
	uint64_t weight = top->seen / passed / TOP_SAMPLES + 1;
	top->weight = (uint32_t)(weight < WEIGHT_MAX ? weight : WEIGHT_MAX);
	top->now = now;
	top->seen = 0;
	top->spent = 0;
	draw_wait(top);
}

static uint32_t epoch_of(uint64_t second)
{
	return (uint32_t)(second / TOP_WINDOW_SECONDS);
}

/* Every word is released after the odd sequence number, and the even one after every word. */
static void replace(const struct top *top, struct top_set *set, unsigned way, uint64_t hash,
		    const void *key, size_t len)
{
	uint64_t words[TOP_KEY_WORDS] = {0};
	size_t fit = text_fit(key, len, TOP_KEY_MAX);
	uint32_t epoch = epoch_of(top->now);
	uint64_t over = set->epoch[way] == epoch ? set->count[way] : 0;
	memcpy(words, key, fit);
	__atomic_store_n(&set->seq[way], set->seq[way] + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&set->hash[way], hash, __ATOMIC_RELEASE);
	__atomic_store_n(&set->count[way], over + top->weight, __ATOMIC_RELEASE);
	__atomic_store_n(&set->over[way], over, __ATOMIC_RELEASE);
	__atomic_store_n(&set->epoch[way], epoch, __ATOMIC_RELEASE);
	__atomic_store_n(&set->len[way], (uint32_t)fit | (fit < len ? TOP_CUT : 0),
			 __ATOMIC_RELEASE);
	for (unsigned i = 0; i < (fit + 7) / 8; i++)
		__atomic_store_n(&set->key[way][i], words[i], __ATOMIC_RELEASE);
	__atomic_store_n(&set->seq[way], set->seq[way] + 1, __ATOMIC_RELEASE);
}

static void count_key(struct top *top, enum top_kind kind, const void *key, size_t len)
{
	uint32_t epoch = epoch_of(top->now);
	uint64_t hash = siphash(top->hash_key, key, len), least = UINT64_MAX;
	struct top_set *set = &top->sets[kind][epoch % TOP_WINDOWS][hash % TOP_SETS];
	unsigned way = 0;
	for (unsigned i = 0; i < TOP_WAYS; i++) {
		uint64_t count = set->epoch[i] == epoch ? set->count[i] : 0;
		if (count && set->hash[i] == hash) {
			__atomic_store_n(&set->count[i], count + top->weight, __ATOMIC_RELAXED);
			return;
		}
		if (count < least) {
			least = count;
			way = i;
		}
	}
	replace(top, set, way, hash, key, len);
}

static void count_client(struct top *top, const struct request *req)
{
	struct ip_prefix prefix = {
		.addr = req->client,
		.len = req->client.family == 4 ? CLIENT_LEN4 : CLIENT_LEN6,
	};
	if (req->client_len < prefix.len)
		prefix.len = req->client_len;
	ip_addr_mask(&prefix.addr, prefix.len);
	count_key(top, TOP_CLIENTS, &prefix, sizeof(prefix));
}

static void count_total(struct top *top)
{
	uint32_t epoch = epoch_of(top->now);
	struct top_window *window = &top->windows[epoch % TOP_WINDOWS];
	if (window->epoch != epoch) {
		__atomic_store_n(&window->epoch, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&window->total, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&window->weight, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&window->epoch, epoch, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&window->total, window->total + top->weight, __ATOMIC_RELAXED);
	if (window->weight < top->weight)
		__atomic_store_n(&window->weight, top->weight, __ATOMIC_RELAXED);
}

void top_sample(struct top *top, const struct request *req, const char *scope)
{
	count_total(top);
	if (scope)
		count_key(top, TOP_SCOPES, scope, strlen(scope));
	count_key(top, TOP_HOSTS, req->key, req->host_len);
	count_client(top, req);
	top->seen += top->weight;
	if (++top->spent == TOP_SAMPLES) {
		top->spent = 0;
		if (top->weight < WEIGHT_MAX)
			top->weight *= 2;
	}
	draw_wait(top);
}

/* --- The reader's side ---------------------------------------------------------------------------------------------- */

/* One key of one sketch, later of all. floor: the smallest count of its set when that is full, which is what a key that is
 * not in the set may have had at the most. */
struct found {
	uint64_t hash, count, over, floor;
	double variance; /* of the sampling */
	uint32_t len;
	uint64_t key[TOP_KEY_WORDS];
};

struct merge {
	enum top_kind kind;
	size_t n;
	struct found *found;
	uint64_t floors[TOP_SETS]; /* of all sketches */
	struct top_total total;
};

/* false: it is empty, or was replaced meanwhile. */
static bool read_entry(const struct top_set *set, unsigned way, uint32_t epoch, struct found *found)
{
	uint32_t seq = __atomic_load_n(&set->seq[way], __ATOMIC_ACQUIRE);
	if (seq % 2 || __atomic_load_n(&set->epoch[way], __ATOMIC_ACQUIRE) != epoch)
		return false;
	found->hash = __atomic_load_n(&set->hash[way], __ATOMIC_ACQUIRE);
	found->count = __atomic_load_n(&set->count[way], __ATOMIC_ACQUIRE);
	found->over = __atomic_load_n(&set->over[way], __ATOMIC_ACQUIRE);
	found->len = __atomic_load_n(&set->len[way], __ATOMIC_ACQUIRE);
	for (unsigned i = 0; i < TOP_KEY_WORDS; i++)
		found->key[i] = __atomic_load_n(&set->key[way][i], __ATOMIC_ACQUIRE);
	return found->count && __atomic_load_n(&set->seq[way], __ATOMIC_RELAXED) == seq;
}

static void read_set(struct merge *merge, const struct top_set *set, uint32_t epoch,
		     uint32_t weight, uint64_t *floors)
{
	struct found *first = &merge->found[merge->n];
	uint64_t floor = UINT64_MAX;
	unsigned n = 0;
	for (unsigned i = 0; i < TOP_WAYS; i++)
		/* A second try: it may have been just replaced. */
		if (read_entry(set, i, epoch, &first[n]) || read_entry(set, i, epoch, &first[n])) {
			if (first[n].count < floor)
				floor = first[n].count;
			n++;
		}
	if (n < TOP_WAYS)
		floor = 0;
	for (unsigned i = 0; i < n; i++) {
		first[i].floor = floor;
		first[i].variance = (double)first[i].count * (weight - 1);
	}
	*floors += floor;
	merge->n += n;
}

static void read_window(struct merge *merge, const struct top *top, uint32_t epoch)
{
	const struct top_window *window = &top->windows[epoch % TOP_WINDOWS];
	const struct top_set *sets = top->sets[merge->kind][epoch % TOP_WINDOWS];
	if (__atomic_load_n(&window->epoch, __ATOMIC_ACQUIRE) != epoch)
		return;
	uint64_t total = __atomic_load_n(&window->total, __ATOMIC_ACQUIRE);
	uint32_t weight = __atomic_load_n(&window->weight, __ATOMIC_ACQUIRE);
	if (__atomic_load_n(&window->epoch, __ATOMIC_RELAXED) != epoch || !weight)
		return;
	merge->total.requests += total;
	for (unsigned i = 0; i < TOP_SETS; i++)
		read_set(merge, &sets[i], epoch, weight, &merge->floors[i]);
}

static int by_hash(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

static void add_up(struct merge *merge)
{
	size_t n = 0;
	qsort(merge->found, merge->n, sizeof(struct found), by_hash);
	for (size_t i = 0; i < merge->n; i++) {
		const struct found *next = &merge->found[i];
		struct found *sum = &merge->found[n ? n - 1 : 0];
		if (n == 0 || sum->hash != next->hash) {
			merge->found[n++] = *next;
			continue;
		}
		sum->count += next->count;
		sum->over += next->over;
		sum->floor += next->floor;
		sum->variance += next->variance;
	}
	merge->n = n;
}

/* The count may be too high by `over`, and too low by the floors of the sketches that do not have the key: take the middle. A
 * key that moved while its set was read may be there twice. */
static void settle(struct merge *merge)
{
	for (size_t i = 0; i < merge->n; i++) {
		struct found *found = &merge->found[i];
		uint64_t floors = merge->floors[found->hash % TOP_SETS];
		uint64_t missing = floors > found->floor ? floors - found->floor : 0;
		uint64_t low = found->count - found->over;
		found->over = (found->over + missing + 1) / 2;
		found->count = low + found->over;
	}
}

static int by_count(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : by_hash(a, b);
}

/* A host that was cut has lost labels on the left; the last one that is there may not be whole. */
static void host_entry(const uint8_t *key, size_t len, bool cut, char *text)
{
	char host[TOP_KEY_MAX + 2];
	while (cut && len > 0 && key[len - 1] != '.')
		len--;
	text_host(key, len - (cut && len > 0), host);
	snprintf(text, TOP_TEXT_MAX, "%s%s", cut ? "..." : "", host);
}

static void write_entry(const struct merge *merge, const struct found *found,
			struct top_entry *entry)
{
	size_t len = found->len % TOP_CUT;
	bool cut = found->len & TOP_CUT;
	const uint8_t *key = (const uint8_t *)found->key;
	entry->count = found->count;
	entry->error = found->over + (uint64_t)ceil(3 * sqrt(found->variance));
	double share = (double)found->count / (double)merge->total.requests;
	entry->share =
		share < 1 ? share : 1; /* some may have been counted since the total was read */
	if (merge->kind == TOP_HOSTS) {
		host_entry(key, len, cut, entry->text);
	} else if (merge->kind == TOP_SCOPES) {
		snprintf(entry->text, TOP_TEXT_MAX, "%.*s%s", (int)len, (const char *)key,
			 cut ? "..." : "");
	} else {
		struct ip_prefix prefix;
		memcpy(&prefix, key, sizeof(prefix));
		ip_prefix_text(&prefix, entry->text);
	}
}

static uint64_t started(const struct top *const *tops, unsigned n_tops, uint64_t now)
{
	for (unsigned i = 0; i < n_tops; i++)
		if (tops[i] && tops[i]->started < now)
			now = tops[i]->started;
	return now;
}

int top_read(const struct top *const *tops, unsigned n_tops, enum top_kind kind, uint64_t now,
	     struct top_entry *entries, unsigned max, struct top_total *total)
{
	uint32_t last = epoch_of(now), first = last < TOP_WINDOWS ? 0 : last - TOP_WINDOWS + 1;
	struct merge merge = {.kind = kind};
	merge.found = calloc((size_t)n_tops * TOP_WINDOWS * TOP_SETS * TOP_WAYS + 1,
			     sizeof(struct found));
	if (!merge.found)
		return -1;
	for (unsigned i = 0; i < n_tops; i++)
		for (uint32_t epoch = first; tops[i] && epoch <= last; epoch++)
			read_window(&merge, tops[i], epoch);
	add_up(&merge);
	settle(&merge);
	qsort(merge.found, merge.n, sizeof(struct found), by_count);
	unsigned n = merge.n < max ? (unsigned)merge.n : max;
	for (unsigned i = 0; i < n; i++)
		write_entry(&merge, &merge.found[i], &entries[i]);
	free(merge.found);

	uint64_t since = started(tops, n_tops, now), covered = (uint64_t)first * TOP_WINDOW_SECONDS;
	*total = merge.total;
	total->seconds = now - (since > covered ? since : covered);
	return (int)n;
}
