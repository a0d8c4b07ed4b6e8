/* recursion - requests that wait for the DRI of a downstream CDN, from the workers and back. RFC 7975. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"
#include "lib/dri_cache.h"

/* Asks for what workers have parked, keeps the answers in the cache that they read, and asks again for those that are in use before
 * they end. Control thread, as all of this. */
struct recursion;

/* Sets plane->dris; before the workers start. NULL: no memory, or no random numbers. */
struct recursion *recursion_new(struct control *control);
void recursion_free(struct recursion *recursion); /* after the workers; NULL is fine */

/* With peers or without: looks every millisecond at what the workers have parked, or not at all. */
void recursion_run(struct recursion *recursion, bool run);

/* What a CDN said is not used again; NULL: what all of them said. */
void recursion_forget(struct recursion *recursion, const char *cdn);

struct recursion_counters {
	uint64_t taken;     /* requests that came from workers */
	uint64_t answered;  /* handed back with a DRI */
	uint64_t refused;   /* without, but another CDN may be tried */
	uint64_t refreshed; /* asked for again ahead of their end */
	size_t waiting;     /* now */
	struct dri_cache_counters cache;
};
struct recursion_counters recursion_counts(const struct recursion *recursion);
