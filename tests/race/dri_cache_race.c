/* dri_cache_race - workers find answers and mark them used while control puts, replaces, evicts and frees them; for ThreadSanitizer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/dns_wire.h"
#include "lib/plane.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With --no-grace what is retired is freed at once: ThreadSanitizer has to find that. */

enum { READERS = 2, HOSTS = 50, ROUNDS = 40000, ANSWERS = 40, WAITING = 64 };

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "halt_on_error=1:exitcode=66";
}

static struct rte_rcu_qsbr *qsbr;
static struct dri_cache *cache;
static uint64_t now_ms = 1, found, faults_seen;
static bool stop, no_grace;

static uint64_t clock_now(void)
{
	return __atomic_load_n(&now_ms, __ATOMIC_RELAXED);
}

/* The DRI of host N that came at the time T has the TTL T and the first octet N. */
static void ask(unsigned host, struct request *req, struct dri_ask *about)
{
	memset(req, 0, offsetof(struct request, key));
	req->protocol = PROTOCOL_DNS;
	req->dns.qtype = DNS_A;
	req->key_len = (uint16_t)snprintf((char *)req->key, sizeof(req->key), "com.h%u/", host);
	static const struct target cdn = {.seed = 7};
	dri_cache_ask(cache, &cdn, req, about);
}

static void *reader(void *arg)
{
	unsigned id = (unsigned)(uintptr_t)arg;
	static __thread struct request req;
	rte_rcu_qsbr_thread_online(qsbr, id);
	for (unsigned n = id; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n++) {
		struct dri_ask about;
		struct ip_prefix client = {{{10, 0, (uint8_t)(n % 4), 1}, 4}, 32};
		ask(n * 7 % HOSTS, &req, &about);
		uint64_t now = clock_now();
		const struct dri_answer *answer = dri_cache_find(cache, &about, &client, now);
		if (answer) {
			bool good = answer->dri->v4[0][0] == n * 7 % HOSTS &&
				    answer->dri->ttl == (uint32_t)answer->since_ms &&
				    now < answer->until_ms;
			dri_answer_use(answer);
			__atomic_fetch_add(&found, 1, __ATOMIC_RELAXED);
			if (!good)
				__atomic_fetch_add(&faults_seen, 1, __ATOMIC_RELAXED);
		}
		rte_rcu_qsbr_quiescent(qsbr, id);
		if (n % 64 == 0)
			sched_yield();
	}
	rte_rcu_qsbr_thread_offline(qsbr, id);
	return NULL;
}

/* --- the writer ------------------------------------------------------------------------------------------------------ */

static struct retired *oldest, **newest = &oldest;
static unsigned waiting;

static void reap(bool all)
{
	while (oldest && (all || waiting > WAITING)) {
		struct retired *retired = oldest;
		if (rte_rcu_qsbr_check(qsbr, retired->token, !all) != 1 && !all)
			return;
		oldest = retired->next;
		if (!oldest)
			newest = &oldest;
		waiting--;
		retired->release(retired);
	}
}

static void retire(void *arg, struct retired *retired)
{
	(void)arg;
	if (no_grace) {
		retired->release(retired);
		return;
	}
	retired->token = rte_rcu_qsbr_start(qsbr);
	retired->next = NULL;
	*newest = retired;
	newest = &retired->next;
	waiting++;
}

static void put(unsigned round, struct request *req)
{
	struct dri_ask about;
	unsigned host = round * 13 % HOSTS, len = round % 3 ? 16 : 24;
	uint64_t now = clock_now();
	struct dri *dri = calloc(1, sizeof(*dri));
	dri->refs = 1;
	dri->ttl = (uint32_t)now;
	dri->n_v4 = 1;
	dri->v4[0][0] = (uint8_t)host;
	ask(host, req, &about);
	struct dri_given given = {.dri = dri,
				  .client = {{{10, 0}, 4}, (uint8_t)len},
				  .now_ms = now,
				  .until_ms = now + 200,
				  .refresh_ms = now + 100};
	dri_cache_put(cache, &about, &given);
	dri_release(dri);
}

static void write_all(void)
{
	static struct request req;
	for (unsigned round = 0; round < ROUNDS; round++) {
		put(round, &req);
		__atomic_fetch_add(&now_ms, 7, __ATOMIC_RELAXED);
		while (round % 16 == 0 && dri_cache_due(cache, clock_now()))
			;
		if (round % 1000 == 999)
			dri_cache_forget(cache, 7);
		reap(false);
		if (round % 64 == 0)
			sched_yield();
	}
}

int main(int argc, char **argv)
{
	const struct dri_cache_limits limits = {ANSWERS, 1 << 20};
	const uint8_t key[16] = {1};
	pthread_t threads[READERS];
	no_grace = argc > 1 && strcmp(argv[1], "--no-grace") == 0;
	qsbr = aligned_alloc(64, RTE_ALIGN(rte_rcu_qsbr_get_memsize(READERS), 64));
	rte_rcu_qsbr_init(qsbr, READERS);
	cache = dri_cache_new(&limits, key, retire, NULL);
	for (unsigned i = 0; i < READERS; i++) {
		rte_rcu_qsbr_thread_register(qsbr, i);
		pthread_create(&threads[i], NULL, reader, (void *)(uintptr_t)i);
	}
	write_all();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	dri_cache_free(cache);
	reap(true);
	free(qsbr);
	printf("%d puts, %llu found, %llu wrong\n", ROUNDS, (unsigned long long)found,
	       (unsigned long long)faults_seen);
	return faults_seen || !found;
}
