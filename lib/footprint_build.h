/* footprint_build - a trie of prefixes made of all of them at once, in order, each node once and of its final size. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "footprint_trie.h"

#include <stddef.h>

/* A term in the set of a prefix. Bits of key past len are zero. */
struct footprint_prefix {
	ip_number key;
	uint32_t len, term;
};

/* Gives the trie that footprint_trie_add would make of them. They are different ones; they get sorted. NULL in *root: there are
 * none. false: no memory. Any thread. */
bool footprint_build(struct footprint_prefix *prefixes, size_t n, struct footprint_node **root);
