/* pattern_scratch - the scratch spaces that Hyperscan needs to scan: one for each worker and one for the control thread. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "pattern_set.h"

/* Immutable as a whole, counted by the control thread; each space is used by its own thread. Views share it as long as it is large
 * enough for all their sets. */
struct pattern_scratch;

/* On which NUMA node the space of a worker lies from now on; negative: on any, as it is at first. Another node takes what that one has no memory
 * for. Control thread, as all below. */
void pattern_scratch_node(unsigned worker, int node);

/* A scratch that fits the set and everything that `old` fitted (NULL: nothing): `old` itself with one more reference, or a new
 * one. NULL: no memory. It takes over Hyperscan's allocator of scratch spaces: none from before may be freed after. */
struct pattern_scratch *pattern_scratch_fit(struct pattern_scratch *old,
					    const struct pattern_set *set, unsigned n_workers);
void pattern_scratch_retain(struct pattern_scratch *scratch); /* NULL is fine, here and below */
void pattern_scratch_release(struct pattern_scratch *scratch);

/* The space of a worker; n_workers is that of the control thread. NULL for NULL. */
hs_scratch_t *pattern_scratch_of(const struct pattern_scratch *scratch, unsigned worker);
