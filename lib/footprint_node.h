/* footprint_node - the inside of footprint_trie.c and footprint_build.c: nodes and sets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "footprint_trie.h"

#include <assert.h>

/* A node reads STRIDE bits of a key, those after its first `depth` ones; a way from the root leaves out nodes that would hold
 * one child alone, so a node has all the bits before. It holds the prefixes of depth + 1 to depth + STRIDE bits, and the
 * topmost one that of no bits. A prefix that goes l bits past depth, to which the number c is written, has the code
 * 1 << l | c. */
enum { STRIDE = 6 };

union word {
	struct footprint_node *child;
	footprint_set set;
};

struct footprint_node {
	uint32_t refs;
	uint32_t depth;
	uint64_t children;    /* bit c: there is a child for the next STRIDE bits c */
	uint64_t prefixes[2]; /* bit code */
	ip_number key;        /* zero past depth */
	union word at[];      /* children by bits, then sets by code */
};

static_assert(sizeof(struct footprint_node) == 48,
	      "a node of one prefix fits a cache line and what malloc adds");

/* A set is one term (term << 2 | SET_ONE), an array of terms, or, so that a change of a large one does not copy it whole, a
 * trie (node | SET_TRIE) whose prefixes are its terms. */
enum { SET_ONE = 1, SET_TRIE = 2, SET_TAGS = 3 };

struct terms {
	uint32_t refs, n;
	uint32_t at[]; /* ascending */
};

static inline footprint_set set_one(uint32_t term)
{
	return (footprint_set)term << 2 | SET_ONE;
}

/* Where a term is in such a trie: its last bits fill a whole node. */
enum { TERM_LEN = 6 * STRIDE };

static inline ip_number term_key(uint32_t term)
{
	return (ip_number)term << (IP_NUMBER_BITS - TERM_LEN);
}

static inline size_t terms_size(uint32_t n)
{
	return sizeof(struct terms) + n * sizeof(uint32_t);
}

static inline unsigned depth_of(unsigned len)
{
	return len ? (len - 1) / STRIDE * STRIDE : 0;
}

static inline unsigned bits_at(ip_number key, unsigned depth)
{
	return (unsigned)(key << depth >> (IP_NUMBER_BITS - STRIDE));
}

static inline unsigned code_of(ip_number key, unsigned len)
{
	unsigned depth = depth_of(len), past = len - depth;
	return 1u << past | bits_at(key, depth) >> (STRIDE - past);
}

/* Without children and prefixes, with room for so many words. NULL: no memory. */
struct footprint_node *footprint_node_new(ip_number key, unsigned depth, unsigned words);
void footprint_set_release(footprint_set set);
