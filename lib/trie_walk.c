/* trie_walk - the keys of a trie in order, and what differs between two tries. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "trie.h"

#include <string.h>

enum { BYTES = 256 };

struct diff {
	const uint8_t *from;
	size_t from_len;
	trie_visit_two *visit;
	void *arg;
	uint8_t key[TRIE_KEY_MAX];
};

static const uint8_t *rest(struct trie_place place)
{
	return trie_skip(place.node) + place.skip;
}

static size_t rest_len(struct trie_place place)
{
	return place.node->skip_len - place.skip;
}

/* How far the tries, or the only one that has a node here, go on in the same single way. */
static size_t common_run(struct trie_place a, struct trie_place b)
{
	if (!a.node || !b.node)
		return rest_len(a.node ? a : b);
	size_t max = rest_len(a) < rest_len(b) ? rest_len(a) : rest_len(b), n = 0;
	while (n < max && rest(a)[n] == rest(b)[n])
		n++;
	return n;
}

/* The lowest byte, not below `byte`, with which a key goes on from a place; BYTES: none. */
static unsigned next_byte(struct trie_place place, unsigned byte)
{
	if (!place.node)
		return BYTES;
	if (rest_len(place))
		return *rest(place) >= byte ? *rest(place) : BYTES;
	for (; byte < BYTES; byte = (byte | 63) + 1) {
		uint64_t left = place.node->map[byte / 64] >> byte % 64;
		if (left)
			return byte + (unsigned)__builtin_ctzll(left);
	}
	return BYTES;
}

/* The first len bytes of the key are read. `bounded`: they are those of from, so that what is below may be before it. */
static bool differ(struct diff *diff, struct trie_place a, struct trie_place b, size_t len,
		   bool bounded)
{
	if (a.node == b.node && a.skip == b.skip)
		return true;
	size_t run = common_run(a, b), end = len + run;
	memcpy(diff->key + len, rest(a.node ? a : b), run);
	a.skip += (uint32_t)run;
	b.skip += (uint32_t)run;
	if (bounded) {
		size_t left = diff->from_len - len;
		int order = memcmp(diff->key + len, diff->from + len, run < left ? run : left);
		if (order < 0)
			return true;
		bounded = order == 0 && run < left;
	}
	void *before = trie_value(a), *after = trie_value(b);
	if (!bounded && before != after && !diff->visit(diff->arg, diff->key, end, before, after))
		return false;

	for (unsigned next = bounded ? diff->from[end] : 0; next < BYTES; next++) {
		unsigned next_a = next_byte(a, next), next_b = next_byte(b, next);
		next = next_a < next_b ? next_a : next_b;
		if (next == BYTES)
			return true;
		uint8_t byte = diff->key[end] = (uint8_t)next;
		if (!differ(diff, trie_read(a, &byte, 1), trie_read(b, &byte, 1), end + 1,
			    bounded && byte == diff->from[end]))
			return false;
	}
	return true;
}

bool trie_diff(const struct trie_node *before, const struct trie_node *after, const uint8_t *from,
	       size_t from_len, trie_visit_two *visit, void *arg)
{
	struct diff diff;
	diff.from = from;
	diff.from_len = from_len;
	diff.visit = visit;
	diff.arg = arg;
	return differ(&diff, (struct trie_place){before, 0}, (struct trie_place){after, 0}, 0,
		      from_len > 0);
}

struct walk {
	trie_visit *visit;
	void *arg;
};

static bool visit_one(void *arg, const uint8_t *key, size_t len, void *before, void *after)
{
	(void)before;
	const struct walk *walk = arg;
	return walk->visit(walk->arg, key, len, after);
}

bool trie_walk(const struct trie_node *root, const uint8_t *from, size_t from_len,
	       trie_visit *visit, void *arg)
{
	struct walk walk = {visit, arg};
	return trie_diff(NULL, root, from, from_len, visit_one, &walk);
}
