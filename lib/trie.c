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

static size_t node_size(unsigned n_children, size_t skip_len)
{
	return sizeof(struct trie_node) + n_children * sizeof(struct trie_node *) + skip_len;
}

struct trie_node *trie_node_new(unsigned n_children, size_t skip_len)
{
	struct trie_node *node = malloc(node_size(n_children, skip_len));
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

/* Nodes that nobody refers to any more, to be freed. Their maps, which are of no use now, hold the next one and the ops. */
static struct trie_node *dead;

static void bury(struct trie_node *node, const struct trie_ops *ops)
{
	node->map[0] = (uintptr_t)dead;
	node->map[1] = (uintptr_t)ops;
	dead = node;
}

bool trie_reap(size_t max)
{
	for (; dead && max; max--) {
		struct trie_node *node = dead;
		const struct trie_ops *ops = (const struct trie_ops *)(uintptr_t)node->map[1];
		dead = (struct trie_node *)(uintptr_t)node->map[0];
		for (unsigned i = 0; i < node->n_children; i++)
			if (!--node->children[i]->refs)
				bury(node->children[i], ops);
		if (node->value)
			ops->release(node->value);
		free(node);
	}
	return dead;
}

void trie_release(struct trie_node *root, const struct trie_ops *ops)
{
	if (!root || --root->refs)
		return;
	bury(root, ops);
	trie_reap(TRIE_REAP_AT_ONCE);
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

/* A copy with a shorter or longer skip that ends as that of the node does; what is in front is left to the caller. The copy
 * may be freed, or takes the node's place with hand_over. */
static struct trie_node *node_copy(const struct trie_node *node, size_t skip_len)
{
	struct trie_node *copy = trie_node_new(node->n_children, skip_len);
	if (!copy)
		return NULL;
	memcpy(copy->map, node->map, sizeof(copy->map));
	copy->value = node->value;
	size_t same = skip_len < node->skip_len ? skip_len : node->skip_len;
	memcpy(copy->children, node->children, node->n_children * sizeof(node->children[0]));
	memcpy(skip_of(copy) + skip_len - same, trie_skip(node) + node->skip_len - same, same);
	return copy;
}

/* Gives up the caller's reference on a node of which there is a copy now: the copy gets its references on the value and the
 * children, or ones of its own when somebody else holds the node. */
static void hand_over(struct trie_node *node, const struct trie_ops *ops)
{
	if (--node->refs == 0) {
		free(node);
		return;
	}
	if (node->value)
		ops->retain(node->value);
	for (unsigned i = 0; i < node->n_children; i++)
		node->children[i]->refs++;
}

/* A node that may be edited in place: this one if nobody else refers to it, else a copy that replaces it. Takes the
 * caller's reference on `node` unless it fails. A node with one reference below parents with one reference each is reachable
 * from this transaction alone. */
static struct trie_node *node_own(struct trie_node *node, const struct trie_ops *ops)
{
	if (node->refs == 1)
		return node;
	struct trie_node *copy = node_copy(node, node->skip_len);
	if (copy)
		hand_over(node, ops);
	return copy;
}

/* Makes room for the i-th child, of this byte, in a node that may be edited in place. */
static struct trie_node *widen(struct trie_node *node, unsigned i, uint8_t byte)
{
	struct trie_node *wide = realloc(node, node_size(node->n_children + 1u, node->skip_len));
	if (!wide)
		return NULL;
	size_t behind = wide->n_children++ - i;
	memmove(wide->children + i + 1, wide->children + i,
		behind * sizeof(wide->children[0]) + wide->skip_len);
	map_set(wide, byte);
	return wide;
}

static struct trie_node *leaf_new(const uint8_t *key, size_t len, void *value,
				  const struct trie_ops *ops)
{
	struct trie_node *leaf = trie_node_new(0, len);
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
	struct trie_node *top = trie_node_new(1, at);
	struct trie_node *rest = node_copy(node, node->skip_len - at - 1);
	if (!top || !rest) {
		free(top);
		free(rest);
		return NULL;
	}
	map_set(top, skip[at]);
	top->children[0] = rest;
	memcpy(skip_of(top), skip, at);
	hand_over(node, ops);
	return top;
}

/* Hangs a leaf with the rest of a key below *place, which may be edited in place. */
static bool insert_leaf(struct trie_node **place, const uint8_t *key, size_t len, void *value,
			const struct trie_ops *ops)
{
	unsigned i = child_index(*place, key[0]);
	struct trie_node *leaf = leaf_new(key + 1, len - 1, value, ops);
	struct trie_node *wide = leaf ? widen(*place, i, key[0]) : NULL;
	if (!wide) {
		trie_release(leaf, ops);
		return false;
	}
	wide->children[i] = leaf;
	*place = wide;
	return true;
}

bool trie_set(struct trie_txn *txn, const uint8_t *key, size_t len, void *value)
{
	const struct trie_ops *ops = txn->ops;
	struct trie_node **place = &txn->root;
	if (len > TRIE_KEY_MAX)
		return false;
	if (!*place)
		return (*place = leaf_new(key, len, value, ops));
	/* What was split or copied when memory runs out still holds the same keys. */
	for (;;) {
		struct trie_node *node = *place;
		size_t common = common_len(node, key, len);
		node = common < node->skip_len ? split(node, common, ops) : node_own(node, ops);
		if (!node)
			return false;
		*place = node;
		key += common;
		len -= common;
		if (len == 0)
			break;
		if (!trie_child(node, key[0]))
			return insert_leaf(place, key, len, value, ops);
		place = &node->children[child_index(node, key[0])];
		key++;
		len--;
	}
	ops->retain(value);
	if ((*place)->value)
		ops->release((*place)->value);
	(*place)->value = value;
	return true;
}

/* Joins an owned node without value to its only child: the child takes its place with a longer skip. */
static struct trie_node *join(struct trie_node *node, const struct trie_ops *ops)
{
	struct trie_node *child = node->children[0];
	uint8_t byte = 0;
	while (!trie_child(node, byte))
		byte++;

	struct trie_node *joined = node_copy(child, (size_t)node->skip_len + 1 + child->skip_len);
	if (!joined)
		return node; /* longer than it could be, but right */
	uint8_t *skip = skip_of(joined);
	memcpy(skip, trie_skip(node), node->skip_len);
	skip[node->skip_len] = byte;
	hand_over(child, ops);
	free(node);
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
	return trie_value(trie_read((struct trie_place){root, 0}, key, len));
}

struct trie_size trie_measure(const struct trie_node *root)
{
	struct trie_size size = {0};
	if (!root)
		return size;
	size.nodes = 1;
	size.values = root->value != NULL;
	size.bytes = node_size(root->n_children, root->skip_len);
	for (unsigned i = 0; i < root->n_children; i++) {
		struct trie_size below = trie_measure(root->children[i]);
		size.nodes += below.nodes;
		size.values += below.values;
		size.bytes += below.bytes;
	}
	return size;
}
