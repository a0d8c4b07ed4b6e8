/* pattern_cache - compiled pattern sets by what they were made of, so that nothing is compiled twice. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "pattern_cache.h"

#include "siphash.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/random.h>

enum { BUCKETS_MIN = 64 };

struct entry {
	LIST_ENTRY(entry) in_bucket;
	TAILQ_ENTRY(entry) in_idle; /* when nobody else holds the set */
	struct pattern_cache *cache;
	struct pattern_set *set;
	uint64_t hash;
	bool idle;
};

LIST_HEAD(bucket, entry);

struct pattern_cache {
	uint8_t key[16];
	struct bucket *buckets; /* a power of two of them */
	size_t n_buckets, n;
	TAILQ_HEAD(, entry) idle; /* the one idle for longest first */
	size_t n_idle;
};

struct pattern_cache *pattern_cache_new(void)
{
	struct pattern_cache *cache = calloc(1, sizeof(*cache));
	struct bucket *buckets = calloc(BUCKETS_MIN, sizeof(*buckets));
	if (!cache || !buckets) {
		free(cache);
		free(buckets);
		return NULL;
	}
	/* Peers choose patterns. Without random numbers the cache still works. */
	(void)!getrandom(cache->key, sizeof(cache->key), GRND_NONBLOCK);
	cache->buckets = buckets;
	cache->n_buckets = BUCKETS_MIN;
	TAILQ_INIT(&cache->idle);
	return cache;
}

/* --- entries ---------------------------------------------------------------------------------------------------- */

static struct bucket *bucket_of(const struct pattern_cache *cache, uint64_t hash)
{
	return &cache->buckets[hash & (cache->n_buckets - 1)];
}

/* false: no memory, and all is as it was. */
static bool resize(struct pattern_cache *cache, size_t n_buckets)
{
	struct bucket *old = cache->buckets, *buckets = calloc(n_buckets, sizeof(*buckets));
	size_t n_old = cache->n_buckets;
	if (!buckets)
		return false;
	cache->buckets = buckets;
	cache->n_buckets = n_buckets;
	for (size_t i = 0; i < n_old; i++) {
		struct entry *entry;
		while ((entry = LIST_FIRST(&old[i]))) {
			LIST_REMOVE(entry, in_bucket);
			LIST_INSERT_HEAD(bucket_of(cache, entry->hash), entry, in_bucket);
		}
	}
	free(old);
	return true;
}

static void leave_idle(struct entry *entry)
{
	TAILQ_REMOVE(&entry->cache->idle, entry, in_idle);
	entry->cache->n_idle--;
	entry->idle = false;
}

static void drop(struct entry *entry)
{
	if (entry->idle)
		leave_idle(entry);
	LIST_REMOVE(entry, in_bucket);
	entry->cache->n--;
	pattern_set_watch(entry->set, NULL, NULL);
	pattern_set_release(entry->set);
	free(entry);
}

static void on_idle(void *arg)
{
	struct entry *entry = arg;
	struct pattern_cache *cache = entry->cache;
	TAILQ_INSERT_TAIL(&cache->idle, entry, in_idle);
	entry->idle = true;
	if (++cache->n_idle <= PATTERN_CACHE_IDLE)
		return;
	drop(TAILQ_FIRST(&cache->idle));
	if (cache->n < cache->n_buckets / 8 && cache->n_buckets > BUCKETS_MIN)
		resize(cache, cache->n_buckets / 2);
}

void pattern_cache_free(struct pattern_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->n_buckets; i++) {
		while (!LIST_EMPTY(&cache->buckets[i]))
			drop(LIST_FIRST(&cache->buckets[i]));
	}
	free(cache->buckets);
	free(cache);
}

/* --- finding ---------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct pattern_cache *cache, const struct pattern *patterns, size_t n)
{
	uint64_t hash = n;
	for (size_t i = 0; i < n; i++) {
		const struct pattern *p = &patterns[i];
		const char *header = p->field == PATTERN_HEADER ? p->header : "";
		uint64_t words[] = {hash, (uint64_t)p->field << 1 | p->caseless,
				    siphash(cache->key, header, strlen(header)),
				    siphash(cache->key, p->regex, strlen(p->regex))};
		hash = siphash(cache->key, words, sizeof(words));
	}
	return hash;
}

static bool is_made_of(const struct pattern_set *set, const struct pattern *patterns, size_t n)
{
	size_t n_own;
	const struct pattern *own = pattern_set_patterns(set, &n_own);
	if (n_own != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!pattern_equal(&own[i], &patterns[i]))
			return false;
	}
	return true;
}

static struct entry *find(const struct pattern_cache *cache, uint64_t hash,
			  const struct pattern *patterns, size_t n)
{
	struct entry *entry;
	LIST_FOREACH(entry, bucket_of(cache, hash), in_bucket)
	{
		if (entry->hash == hash && is_made_of(entry->set, patterns, n))
			return entry;
	}
	return NULL;
}

struct pattern_set *pattern_cache_find(struct pattern_cache *cache, const struct pattern *patterns,
				       size_t n)
{
	struct entry *entry = find(cache, hash_of(cache, patterns, n), patterns, n);
	if (!entry)
		return NULL;
	if (entry->idle)
		leave_idle(entry);
	pattern_set_retain(entry->set);
	return entry->set;
}

bool pattern_cache_keep(struct pattern_cache *cache, struct pattern_set *set)
{
	size_t n;
	const struct pattern *patterns = pattern_set_patterns(set, &n);
	uint64_t hash = hash_of(cache, patterns, n);
	if (find(cache, hash, patterns, n))
		return true;
	if (cache->n >= cache->n_buckets && !resize(cache, cache->n_buckets * 2))
		return false;
	struct entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return false;
	*entry = (struct entry){.cache = cache, .set = set, .hash = hash};
	LIST_INSERT_HEAD(bucket_of(cache, hash), entry, in_bucket);
	cache->n++;
	pattern_set_retain(set);
	pattern_set_watch(set, on_idle, entry);
	return true;
}
