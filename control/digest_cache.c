/* digest_cache - a bounded set of digests, each until its time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "digest_cache.h"

#include <stdlib.h>
#include <string.h>

/* A digest stands in one of the WAYS places of its set. */
enum { WAYS = 16 };

struct entry {
	uint64_t expires; /* 0: empty */
	uint8_t digest[DIGEST_LEN];
};

struct digest_cache {
	size_t sets;
	struct entry entries[];
};

struct digest_cache *digest_cache_new(size_t entries)
{
	size_t sets = entries / WAYS + 1;
	struct digest_cache *cache = calloc(1, sizeof(*cache) + sets * WAYS * sizeof(struct entry));
	if (cache)
		cache->sets = sets;
	return cache;
}

void digest_cache_free(struct digest_cache *cache)
{
	free(cache);
}

static const struct entry *set_of(const struct digest_cache *cache, const uint8_t *digest)
{
	uint64_t hash;
	memcpy(&hash, digest, sizeof(hash));
	return &cache->entries[hash % cache->sets * WAYS];
}

bool digest_cache_has(const struct digest_cache *cache, const uint8_t digest[DIGEST_LEN],
		      uint64_t now)
{
	const struct entry *set = set_of(cache, digest);
	for (unsigned i = 0; i < WAYS; i++)
		if (now < set[i].expires && !memcmp(set[i].digest, digest, DIGEST_LEN))
			return true;
	return false;
}

bool digest_cache_add(struct digest_cache *cache, const uint8_t digest[DIGEST_LEN],
		      uint64_t expires, uint64_t now, bool evict)
{
	struct entry *set = (struct entry *)set_of(cache, digest), *first = set;
	for (unsigned i = 0; i < WAYS; i++) {
		if (!memcmp(set[i].digest, digest, DIGEST_LEN)) {
			first = &set[i];
			break;
		}
		if (set[i].expires < first->expires)
			first = &set[i];
	}
	if (now < first->expires && !evict && memcmp(first->digest, digest, DIGEST_LEN) != 0)
		return false;
	first->expires = expires;
	memcpy(first->digest, digest, DIGEST_LEN);
	return true;
}

void digest_cache_flush(struct digest_cache *cache)
{
	memset(cache->entries, 0, cache->sets * WAYS * sizeof(struct entry));
}
