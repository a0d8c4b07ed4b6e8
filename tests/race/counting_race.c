/* counting_race - workers count hits, sample requests and record traces while control reads; for ThreadSanitizer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/hits.h"
#include "lib/top.h"
#include "lib/trace.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORKERS = 2,
	ROUNDS = 300,
	BURST = 32,
	ENTRIES = 50,
	CANDIDATES = 2,
	WORDS = CANDIDATES + 2
};

static const uint64_t start = 1700000000;
static struct top *tops[WORKERS];
static struct trace_ring *rings[WORKERS];
static uint32_t place; /* published with release, as a view is */
static uint64_t second, counted[WORKERS], bursts[WORKERS];
static bool stop;

static void trace(unsigned worker, const struct request *req, const struct verdict *verdict)
{
	static const struct trace_filter filter = {.every = 2};
	struct trace_record *record = trace_begin(rings[worker], &filter, req, NULL);
	if (!record)
		return;
	trace_fill(record, req, verdict);
	record->worker = (uint16_t)worker;
	record->time_ns = bursts[worker];
	trace_put(rings[worker]);
}

static void *work(void *arg)
{
	unsigned worker = (unsigned)(uintptr_t)arg;
	struct request *req = calloc(1, sizeof(*req));
	struct verdict verdict = {0};
	char host[64];
	req->client.family = 4;
	req->client_len = 32;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		uint32_t to = __atomic_load_n(&place, __ATOMIC_ACQUIRE);
		uint64_t now = __atomic_load_n(&second, __ATOMIC_RELAXED);
		top_begin(tops[worker], now);
		for (unsigned i = 0; i < BURST; i++) {
			snprintf(host, sizeof(host), "h%llu.test",
				 (unsigned long long)(bursts[worker] * i % 3001));
			request_key_host(req, (const uint8_t *)host, strlen(host));
			hits_count(worker, to, i % (CANDIDATES + 1), now);
			top_request(tops[worker], req, host);
			trace(worker, req, &verdict);
		}
		counted[worker] += BURST;
		__atomic_fetch_add(&bursts[worker], 1, __ATOMIC_RELEASE);
		sched_yield();
	}
	free(req);
	return NULL;
}

/* A worker that began a burst after this was called has finished it. */
static void wait_for_workers(void)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		uint64_t before = __atomic_load_n(&bursts[i], __ATOMIC_ACQUIRE);
		while (__atomic_load_n(&bursts[i], __ATOMIC_ACQUIRE) < before + 2)
			sched_yield();
	}
}

static uint64_t read_hits(uint32_t from)
{
	uint64_t words[WORDS], sum = 0;
	hits_read(from, WORDS, words);
	for (unsigned i = 1; i < WORDS; i++)
		sum += words[i];
	return sum;
}

/* Each round counts in a place of its own, which was another round's before. Gives the hits of them all. */
static uint64_t move_place(void)
{
	uint32_t next, old = place;
	if (!hits_take(WORDS, &next) || read_hits(next) != 0)
		exit(2);
	__atomic_store_n(&place, next, __ATOMIC_RELEASE);
	wait_for_workers();
	uint64_t sum = read_hits(old);
	hits_give_back(old, WORDS);
	return sum;
}

static bool read_tops(void)
{
	struct top_entry entries[ENTRIES];
	struct top_total total;
	int n = top_read((const struct top *const *)tops, WORKERS, TOP_HOSTS, second, entries,
			 ENTRIES, &total);
	bool good = n >= 0;
	for (int i = 0; i < n; i++)
		good &= entries[i].text[0] == 'h' && strstr(entries[i].text, ".test") &&
			entries[i].share <= 1;
	return good;
}

static bool read_traces(uint64_t *taken)
{
	struct trace_record record;
	bool good = true;
	for (unsigned i = 0; i < WORKERS; i++)
		while (trace_take(rings[i], &record)) {
			good &= record.worker == i && memcmp(record.key, "test.h", 6) == 0;
			++*taken;
		}
	return good;
}

static void begin(pthread_t *threads)
{
	static const uint8_t key[16] = "race";
	second = start;
	if (!hits_init(WORKERS) || !hits_take(WORDS, &place))
		exit(2);
	for (uintptr_t i = 0; i < WORKERS; i++) {
		tops[i] = calloc(1, sizeof(struct top));
		rings[i] = aligned_alloc(64, sizeof(struct trace_ring));
		memset(rings[i], 0, sizeof(struct trace_ring));
		top_init(tops[i], key, start);
		if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
			exit(2);
	}
}

int main(void)
{
	pthread_t threads[WORKERS];
	uint64_t hits = 0, all = 0, taken = 0;
	bool good = true;
	begin(threads);
	for (int round = 0; round < ROUNDS; round++) {
		__atomic_store_n(&second, start + (uint64_t)round, __ATOMIC_RELAXED);
		hits += move_place();
		good &= read_tops() && read_traces(&taken);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
		all += counted[i];
	}
	hits += read_hits(place);
	for (unsigned i = 0; i < WORKERS; i++) {
		free(tops[i]);
		free(rings[i]);
	}
	hits_finish();
	printf("%llu requests, %llu hits, %llu traced, %s\n", (unsigned long long)all,
	       (unsigned long long)hits, (unsigned long long)taken, good ? "good" : "bad");
	return !good || hits != all || !taken;
}
