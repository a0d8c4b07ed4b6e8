/* pattern_cache - compiled pattern sets by what they were made of, so that nothing is compiled twice. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "pattern_set.h"

/* Control thread. The cache holds a reference on each set that it keeps: on all that others hold too, and on the last
 * PATTERN_CACHE_IDLE ones that nobody else holds any more. */
struct pattern_cache;
enum { PATTERN_CACHE_IDLE = 1024 };

struct pattern_cache *pattern_cache_new(void); /* NULL: no memory */
void pattern_cache_free(struct pattern_cache *cache);

/* A new reference on the set made of exactly these patterns in this order, or NULL. */
struct pattern_set *pattern_cache_find(struct pattern_cache *cache, const struct pattern *patterns,
				       size_t n);

/* Keeps a set. When an equal one is there already the newcomer is not kept. false: no memory. */
bool pattern_cache_keep(struct pattern_cache *cache, struct pattern_set *set);
