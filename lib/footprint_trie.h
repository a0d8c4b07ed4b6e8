/* footprint_trie - a persistent map from prefixes to sets of terms: a change copies the way to a prefix and shares the rest,
 * so that readers of an older root see nothing of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ranges.h"

#include <stdbool.h>
#include <stdint.h>

/* A root is a node or NULL (empty). Roots are counted by the control thread alone; readers only follow pointers. */
struct footprint_node;

/* --- Control thread ------------------------------------------------------------------------------------------- */

/* An edit changes nodes in place that belong to its root alone, and copies the others. Bits of key past len are zero. */

/* Puts a term into the set of a prefix. false: no memory, nothing changed. */
bool footprint_trie_add(struct footprint_node **root, ip_number key, unsigned len, uint32_t term);

/* Takes a term out that is there. It needs no memory when the term was added since the root had one user, or after
 * footprint_trie_own, and must not be called otherwise. It gives true. */
bool footprint_trie_own(struct footprint_node **root, ip_number key, unsigned len, uint32_t term);
bool footprint_trie_remove(struct footprint_node **root, ip_number key, unsigned len,
			   uint32_t term);

void footprint_trie_retain(struct footprint_node *root);
void footprint_trie_release(struct footprint_node *root);

/* --- Any thread ----------------------------------------------------------------------------------------------- */

/* A set: 0 is the empty one; else see footprint_trie.c. */
typedef uint64_t footprint_set;

footprint_set footprint_trie_get(const struct footprint_node *root, ip_number key, unsigned len);
bool footprint_set_has(footprint_set set, uint32_t term);

/* The terms of a set, ascending, where they stand in memory one after the other: in all sets of at most
 * FOOTPRINT_SET_SMALL. one is room for a term. NULL: it is a larger set. */
enum { FOOTPRINT_SET_SMALL = 64 };
const uint32_t *footprint_set_terms(footprint_set set, uint32_t *one, uint32_t *n);

/* Finds the sets of all prefixes around an address, shortest prefix first. sets has room for one for each length: those
 * of its family and 0. Gives how many. */
unsigned footprint_trie_find(const struct footprint_node *root, ip_number address,
			     const void **sets);

/* One step of footprint_trie_find before it is made: the next node on the way, or NULL; it, and the sets of this one, are on their way into
 * the cache then. */
const struct footprint_node *footprint_trie_warm(const struct footprint_node *node,
						 ip_number address);
