/* footprint_build - a trie of prefixes made of all of them at once, in order, each node once and of its final size. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "footprint_build.h"

#include "footprint_node.h"

#include <stdlib.h>
#include <string.h>

enum {
	LEVELS = (IP_NUMBER_BITS + STRIDE - 1) / STRIDE,
	CHILDREN = 1 << STRIDE,
	CODES = 2 << STRIDE,
};

/* A node on the way of the last prefix, which may get more children and sets. */
struct level {
	unsigned depth, n_children, n_sets;
	uint64_t children, prefixes[2];
	struct footprint_node *child[CHILDREN]; /* by bits */
	footprint_set set[CODES];               /* by code */
};

struct build {
	unsigned n;    /* levels, from the root down */
	ip_number key; /* of the last prefix */
	struct level levels[LEVELS];
};

static void open_level(struct build *build, unsigned depth)
{
	struct level *level = &build->levels[build->n++];
	level->depth = depth;
	level->n_children = level->n_sets = 0;
	level->children = level->prefixes[0] = level->prefixes[1] = 0;
}

static void put_child(struct build *build, struct footprint_node *node)
{
	struct level *level = &build->levels[build->n - 1];
	level->children |= UINT64_C(1) << bits_at(node->key, level->depth);
	level->child[level->n_children++] = node;
}

/* The first code, not below this one, that a level has; CODES: none. */
static unsigned next_code(const struct level *level, unsigned code)
{
	for (; code < CODES; code = (code | 63) + 1) {
		uint64_t left = level->prefixes[code / 64] >> code % 64;
		if (left)
			return code + (unsigned)__builtin_ctzll(left);
	}
	return CODES;
}

/* Makes the last level a node. NULL: no memory. */
static struct footprint_node *close_level(struct build *build)
{
	const struct level *level = &build->levels[build->n - 1];
	struct footprint_node *node =
		footprint_node_new(build->key, level->depth, level->n_children + level->n_sets);
	if (!node)
		return NULL;
	node->children = level->children;
	memcpy(node->prefixes, level->prefixes, sizeof(node->prefixes));
	union word *word = node->at;
	for (unsigned i = 0; i < level->n_children; i++)
		(word++)->child = level->child[i];
	for (unsigned code = next_code(level, 0); code < CODES; code = next_code(level, code + 1))
		(word++)->set = level->set[code];
	build->n--;
	return node;
}

/* Closes levels until the last one is not deeper; the one that they hang below is opened if need be. */
static bool close_to(struct build *build, unsigned depth)
{
	while (build->n && build->levels[build->n - 1].depth > depth) {
		struct footprint_node *node = close_level(build);
		if (!node)
			return false;
		if (!build->n || build->levels[build->n - 1].depth < depth)
			open_level(build, depth);
		put_child(build, node);
	}
	return true;
}

/* 0: no memory. */
static footprint_set set_of(const struct footprint_prefix *prefixes, uint32_t n)
{
	if (n == 1)
		return set_one(prefixes->term);
	if (n <= FOOTPRINT_SET_SMALL) {
		struct terms *terms = malloc(terms_size(n));
		for (uint32_t i = 0; terms && i < n; i++)
			terms->at[i] = prefixes[i].term;
		if (terms) {
			terms->refs = 1;
			terms->n = n;
		}
		return (uintptr_t)terms;
	}
	struct footprint_node *root = NULL;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t term = prefixes[i].term;
		if (!footprint_trie_add(&root, term_key(term), TERM_LEN, term)) {
			footprint_trie_release(root);
			return 0;
		}
	}
	return (uintptr_t)root | SET_TRIE;
}

/* Adds n terms of one prefix, which comes behind all before. */
static bool add(struct build *build, const struct footprint_prefix *prefixes, uint32_t n)
{
	ip_number key = prefixes->key;
	unsigned depth = depth_of(prefixes->len), parting = depth;
	if (build->n && key != build->key) {
		unsigned common = ip_number_common(key, build->key) / STRIDE * STRIDE;
		parting = common < depth ? common : depth;
	}
	if (!close_to(build, parting))
		return false;
	build->key = key;
	if (!build->n || build->levels[build->n - 1].depth < depth)
		open_level(build, depth);
	struct level *level = &build->levels[build->n - 1];
	unsigned code = code_of(key, prefixes->len);
	level->set[code] = set_of(prefixes, n);
	if (!level->set[code])
		return false;
	level->prefixes[code / 64] |= UINT64_C(1) << code % 64;
	level->n_sets++;
	return true;
}

static void abandon(struct build *build)
{
	for (; build->n; build->n--) {
		const struct level *level = &build->levels[build->n - 1];
		for (unsigned i = 0; i < level->n_children; i++)
			footprint_trie_release(level->child[i]);
		for (unsigned code = next_code(level, 0); code < CODES;
		     code = next_code(level, code + 1))
			footprint_set_release(level->set[code]);
	}
}

/* --- Order ----------------------------------------------------------------------------------------------------- */

/* The octets of a key and, as the least one, its length. */
enum { DIGITS = 1 + IP_NUMBER_BITS / 8, VALUES = 256 };

static unsigned digit_of(const struct footprint_prefix *prefix, unsigned digit)
{
	return digit ? (uint8_t)(prefix->key >> 8 * (digit - 1)) : prefix->len;
}

/* Turns counts of values into where their items begin. false: all items have the same one. */
static bool to_starts(size_t counts[VALUES], size_t n)
{
	size_t start = 0;
	for (unsigned value = 0; value < VALUES; value++) {
		size_t count = counts[value];
		if (count == n)
			return false;
		counts[value] = start;
		start += count;
	}
	return true;
}

/* By key and length, digit by digit from the least one on: prefixes of one table have most digits in common. */
static bool sort(struct footprint_prefix *prefixes, size_t n)
{
	size_t counts[DIGITS][VALUES] = {{0}};
	struct footprint_prefix *from = prefixes, *to = malloc(n * sizeof(*to)), *spare = to;
	if (!to)
		return false;
	for (size_t i = 0; i < n; i++)
		for (unsigned digit = 0; digit < DIGITS; digit++)
			counts[digit][digit_of(&prefixes[i], digit)]++;
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		if (!to_starts(counts[digit], n))
			continue;
		for (size_t i = 0; i < n; i++)
			to[counts[digit][digit_of(&from[i], digit)]++] = from[i];
		struct footprint_prefix *sorted = to;
		to = from;
		from = sorted;
	}
	if (from != prefixes)
		memcpy(prefixes, from, n * sizeof(*prefixes));
	free(spare);
	return true;
}

static int by_term(const void *a, const void *b)
{
	const struct footprint_prefix *x = a, *y = b;
	return (x->term > y->term) - (x->term < y->term);
}

/* How many of them, which now stand in order, are the same prefix as the first one. */
static size_t count_same(struct footprint_prefix *prefixes, size_t n)
{
	size_t same = 1;
	while (same < n && prefixes[same].key == prefixes->key &&
	       prefixes[same].len == prefixes->len)
		same++;
	if (same > 1)
		qsort(prefixes, same, sizeof(*prefixes), by_term);
	return same;
}

bool footprint_build(struct footprint_prefix *prefixes, size_t n, struct footprint_node **root)
{
	struct build build;
	build.n = 0;
	build.key = 0;
	*root = NULL;
	bool done = !n || sort(prefixes, n);
	for (size_t i = 0, same; done && i < n; i += same) {
		same = count_same(prefixes + i, n - i);
		done = add(&build, prefixes + i, (uint32_t)same);
	}
	while (done && build.n > 1)
		done = close_to(&build, build.levels[build.n - 2].depth);
	if (done && build.n) {
		*root = close_level(&build);
		done = *root;
	}
	if (!done)
		abandon(&build);
	return done;
}
