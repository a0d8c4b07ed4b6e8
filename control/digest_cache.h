/* digest_cache - a bounded set of digests, each until its time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_LEN = 32 };

struct digest_cache;

/* Room for about that many, in one block of memory. NULL: no memory. One thread, as all of this; times are seconds. */
struct digest_cache *digest_cache_new(size_t entries);
void digest_cache_free(struct digest_cache *cache); /* NULL is fine */

bool digest_cache_has(const struct digest_cache *cache, const uint8_t digest[DIGEST_LEN],
		      uint64_t now);

/* Is in it from now on while now < expires. When there is no room, `evict` takes the one out that would go first. false: no room. */
bool digest_cache_add(struct digest_cache *cache, const uint8_t digest[DIGEST_LEN],
		      uint64_t expires, uint64_t now, bool evict);

void digest_cache_flush(struct digest_cache *cache);
