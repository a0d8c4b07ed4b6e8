/* trie - a persistent map from byte strings to values: a change copies the path from the root and shares the rest. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "trie.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct trie_node) == 48,
	      "a node's head and its first two children share a cache line");

static uint8_t *skip_of(struct trie_node *node)
{
	return (uint8_t *)(node->children + node->n_children);
}

static struct trie_node *node_new(unsigned n_children, size_t skip_len)
{
	struct trie_node *node =
		malloc(sizeof(*node) + n_children * sizeof(node->children[0]) + skip_len);
	if (!node)
		return NULL;
	*node = (struct trie_node){
		.refs = 1,
		.n_children = (uint16_t)n_children,
		.skip_len = (uint16_t)skip_len,
	};
	return node;
}

/* The place that a byte's child has or would have. */
static unsigned child_index(const struct trie_node *node, uint8_t byte)
{
	unsigned i = 0;
	for (unsigned w = 0; w < byte / 64u; w++)
		i += (unsigned)__builtin_popcountll(node->map[w]);
	return i + (unsigned)__builtin_popcountll(node->map[byte / 64] &
						  ((UINT64_C(1) << byte % 64) - 1));
}

static void map_set(struct trie_node *node, uint8_t byte)
{
	node->map[byte / 64] |= UINT64_C(1) << byte % 64;
}

static void map_clear(struct trie_node *node, uint8_t byte)
{
	node->map[byte / 64] &= ~(UINT64_C(1) << byte % 64);
}

void trie_retain(struct trie_node *root)
{
	if (root)
		root->refs++;
}

/* The depth of the recursion is bounded by the length of a key. */
void trie_release(struct trie_node *root, const struct trie_ops *ops)
{
	if (!root || --root->refs)
		return;
	for (unsigned i = 0; i < root->n_children; i++)
		trie_release(root->children[i], ops);
	if (root->value)
		ops->release(root->value);
	free(root);
}

void trie_begin(struct trie_txn *txn, struct trie_node *root, const struct trie_ops *ops)
{
	trie_retain(root);
	*txn = (struct trie_txn){root, ops};
}

struct trie_node *trie_commit(struct trie_txn *txn)
{
	struct trie_node *root = txn->root;
	txn->root = NULL;
	return root;
}

void trie_abort(struct trie_txn *txn)
{
	trie_release(txn->root, txn->ops);
	txn->root = NULL;
}

/* A copy with another skip, and room at `gap` for one more child unless that is -1. The copy holds references of its own
 * on the value and on each child it shares. */
static struct trie_node *node_copy(const struct trie_node *node, int gap, const uint8_t *skip,
				   size_t skip_len, const struct trie_ops *ops)
{
	unsigned n = node->n_children + (gap >= 0);
	struct trie_node *copy = node_new(n, skip_len);
	if (!copy)
		return NULL;
	memcpy(copy->map, node->map, sizeof(copy->map));
	copy->value = node->value;
	if (copy->value)
		ops->retain(copy->value);
	unsigned to = 0;
	for (unsigned from = 0; from < node->n_children; from++) {
		if (to == (unsigned)gap)
			copy->children[to++] = NULL;
		node->children[from]->refs++;
		copy->children[to++] = node->children[from];
	}
	if (to < n)
		copy->children[to] = NULL;
	if (skip_len)
		memcpy(skip_of(copy), skip, skip_len);
	return copy;
}

/* A node that may be edited in place: this one if nobody else refers to it, else a copy that replaces it. Takes the
 * caller's reference on `node` unless it fails. A node with one reference below parents with one reference each is reachable
 * from this transaction alone. */
static struct trie_node *node_own(struct trie_node *node, const struct trie_ops *ops)
{
	if (node->refs == 1)
		return node;
	struct trie_node *copy = node_copy(node, -1, trie_skip(node), node->skip_len, ops);
	if (copy)
		trie_release(node, ops);
	return copy;
}

static struct trie_node *leaf_new(const uint8_t *key, size_t len, void *value,
				  const struct trie_ops *ops)
{
	struct trie_node *leaf = node_new(0, len);
	if (!leaf)
		return NULL;
	leaf->value = value;
	ops->retain(value);
	if (len)
		memcpy(skip_of(leaf), key, len);
	return leaf;
}

static size_t common_len(const struct trie_node *node, const uint8_t *key, size_t len)
{
	const uint8_t *skip = trie_skip(node);
	size_t max = node->skip_len < len ? node->skip_len : len, i = 0;
	while (i < max && skip[i] == key[i])
		i++;
	return i;
}

/* Cuts `node` at `at` in its skip: a new parent with the first `at` bytes, the rest below it. */
static struct trie_node *split(struct trie_node *node, size_t at, const struct trie_ops *ops)
{
	const uint8_t *skip = trie_skip(node);
	struct trie_node *top = node_new(1, at);
	struct trie_node *rest = node_copy(node, -1, skip + at + 1, node->skip_len - at - 1, ops);
	if (!top || !rest) {
		free(top);
		trie_release(rest, ops);
		return NULL;
	}
	map_set(top, skip[at]);
	top->children[0] = rest;
	if (at)
		memcpy(skip_of(top), skip, at);
	trie_release(node, ops);
	return top;
}

static struct trie_node *insert(struct trie_node *node, const uint8_t *key, size_t len, void *value,
				const struct trie_ops *ops);

/* `node` is owned and key goes on below it. */
static struct trie_node *insert_below(struct trie_node *node, const uint8_t *key, size_t len,
				      void *value, const struct trie_ops *ops)
{
	uint8_t byte = key[0];
	unsigned i = child_index(node, byte);
	if (trie_child(node, byte)) {
		struct trie_node *child = insert(node->children[i], key + 1, len - 1, value, ops);
		if (!child)
			return NULL;
		node->children[i] = child;
		return node;
	}
	struct trie_node *leaf = leaf_new(key + 1, len - 1, value, ops);
	struct trie_node *wide =
		leaf ? node_copy(node, (int)i, trie_skip(node), node->skip_len, ops) : NULL;
	if (!wide) {
		trie_release(leaf, ops);
		return NULL;
	}
	map_set(wide, byte);
	wide->children[i] = leaf;
	trie_release(node, ops);
	return wide;
}

/* Gives the node that takes the place of `node`, whose reference it takes; NULL: no memory, and `node` still maps the same
 * keys to the same values. */
static struct trie_node *insert(struct trie_node *node, const uint8_t *key, size_t len, void *value,
				const struct trie_ops *ops)
{
	if (!node)
		return leaf_new(key, len, value, ops);
	size_t common = common_len(node, key, len);
	struct trie_node *own =
		common < node->skip_len ? split(node, common, ops) : node_own(node, ops);
	if (!own)
		return NULL;
	if (common < len) {
		struct trie_node *result =
			insert_below(own, key + common, len - common, value, ops);
		/* What was split or copied holds the same keys, but its place is with our caller. */
		return result ? result : own;
	}
	ops->retain(value);
	if (own->value)
		ops->release(own->value);
	own->value = value;
	return own;
}

bool trie_set(struct trie_txn *txn, const uint8_t *key, size_t len, void *value)
{
	if (len > TRIE_KEY_MAX)
		return false;
	struct trie_node *root = insert(txn->root, key, len, value, txn->ops);
	if (!root)
		return false;
	txn->root = root;
	return trie_get(root, key, len) == value;
}

/* Joins a node without value to its only child: the child takes its place with a longer skip. */
static struct trie_node *join(struct trie_node *node, const struct trie_ops *ops)
{
	struct trie_node *child = node->children[0];
	size_t len = (size_t)node->skip_len + 1 + child->skip_len;
	uint8_t byte = 0;
	while (!trie_child(node, byte))
		byte++;

	struct trie_node *joined = node_new(child->n_children, len);
	if (!joined)
		return node; /* longer than it could be, but right */
	memcpy(joined->map, child->map, sizeof(joined->map));
	joined->value = child->value;
	if (joined->value)
		ops->retain(joined->value);
	for (unsigned i = 0; i < child->n_children; i++) {
		child->children[i]->refs++;
		joined->children[i] = child->children[i];
	}
	uint8_t *skip = skip_of(joined);
	if (node->skip_len)
		memcpy(skip, trie_skip(node), node->skip_len);
	skip[node->skip_len] = byte;
	if (child->skip_len)
		memcpy(skip + node->skip_len + 1, trie_skip(child), child->skip_len);
	trie_release(node, ops);
	return joined;
}

/* Takes the i-th child, which is gone already, out of a node that may be edited in place. */
static void cut(struct trie_node *node, unsigned i, uint8_t byte)
{
	size_t behind = --node->n_children - i;
	memmove(node->children + i, node->children + i + 1,
		behind * sizeof(node->children[0]) + node->skip_len);
	map_clear(node, byte);
}

/* Removes a key that is there. Gives false when memory ran out, with *place mapping the same keys as before; *place becomes
 * NULL when nothing is left. */
static bool erase(struct trie_node **place, const uint8_t *key, size_t len,
		  const struct trie_ops *ops)
{
	struct trie_node *node = *place;
	if (node->n_children > 0) {
		node = node_own(node, ops);
		if (!node)
			return false;
		*place = node;
		key += node->skip_len;
		len -= node->skip_len;
		if (len == 0) {
			ops->release(node->value);
			node->value = NULL;
		} else {
			unsigned i = child_index(node, key[0]);
			if (!erase(&node->children[i], key + 1, len - 1, ops))
				return false;
			if (!node->children[i])
				cut(node, i, key[0]);
		}
		if (node->value || node->n_children > 1)
			return true;
		if (node->n_children == 1) {
			*place = join(node, ops);
			return true;
		}
	}
	trie_release(node, ops);
	*place = NULL;
	return true;
}

bool trie_remove(struct trie_txn *txn, const uint8_t *key, size_t len)
{
	if (!trie_get(txn->root, key, len))
		return true;
	return erase(&txn->root, key, len, txn->ops);
}

struct trie_place trie_read(struct trie_place place, const uint8_t *bytes, size_t len)
{
	while (len && place.node) {
		const struct trie_node *node = place.node;
		size_t left = node->skip_len - place.skip;
		if (left == 0) {
			place = (struct trie_place){trie_child(node, *bytes++), 0};
			len--;
			continue;
		}
		size_t n = left < len ? left : len;
		if (memcmp(trie_skip(node) + place.skip, bytes, n) != 0)
			return (struct trie_place){NULL, 0};
		place.skip += (uint32_t)n;
		bytes += n;
		len -= n;
	}
	return place;
}

void *trie_get(const struct trie_node *root, const uint8_t *key, size_t len)
{
	struct trie_place place = trie_read((struct trie_place){root, 0}, key, len);
	return place.node && place.skip == place.node->skip_len ? place.node->value : NULL;
}

struct trie_size trie_measure(const struct trie_node *root)
{
	struct trie_size size = {0};
	if (!root)
		return size;
	size.nodes = 1;
	size.values = root->value != NULL;
	size.bytes = sizeof(*root) + root->n_children * sizeof(root->children[0]) + root->skip_len;
	for (unsigned i = 0; i < root->n_children; i++) {
		struct trie_size below = trie_measure(root->children[i]);
		size.nodes += below.nodes;
		size.values += below.values;
		size.bytes += below.bytes;
	}
	return size;
}
