/* slots - a persistent array: a change copies the way to one place and shares the rest. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "slots.h"

#include <stdlib.h>

/* No node is empty, and the topmost one holds more than its first child: the shape follows from the places alone. Only
 * within a change it may be otherwise. */

static unsigned index_at(uint64_t place, uint32_t height)
{
	return place >> SLOTS_BITS * height & (SLOTS_FAN - 1);
}

static bool fits(const struct slots_node *root, uint64_t place)
{
	return !(place >> SLOTS_BITS * (root->height + 1));
}

/* Nothing in the places from..end of a node. */
static bool empty_from(const struct slots_node *node, unsigned from)
{
	for (unsigned i = from; i < SLOTS_FAN; i++)
		if (node->at[i])
			return false;
	return true;
}

static void mark(struct slots_node *node, unsigned i)
{
	const struct slots_node *child = node->at[i];
	bool full = child && (node->height == 0 || child->full == UINT64_MAX);
	node->full = (node->full & ~(UINT64_C(1) << i)) | (uint64_t)full << i;
}

void slots_retain(struct slots_node *root)
{
	if (root)
		root->refs++;
}

void slots_release(struct slots_node *root, const struct trie_ops *ops)
{
	if (!root || --root->refs)
		return;
	for (unsigned i = 0; i < SLOTS_FAN; i++) {
		if (root->height)
			slots_release(root->at[i], ops);
		else if (root->at[i])
			ops->release(root->at[i]);
	}
	free(root);
}

void slots_begin(struct slots_txn *txn, struct slots_node *root, const struct trie_ops *ops)
{
	slots_retain(root);
	*txn = (struct slots_txn){root, ops};
}

struct slots_node *slots_commit(struct slots_txn *txn)
{
	struct slots_node *root = txn->root;
	txn->root = NULL;
	return root;
}

void slots_abort(struct slots_txn *txn)
{
	slots_release(txn->root, txn->ops);
	txn->root = NULL;
}

static struct slots_node *node_new(uint32_t height)
{
	struct slots_node *node = calloc(1, sizeof(*node));
	if (node) {
		node->refs = 1;
		node->height = height;
	}
	return node;
}

/* A node that may be edited in place: this one if nobody else refers to it, else a copy that takes over the caller's
 * reference. A node with one reference below parents with one reference each is reachable from this change alone. */
static struct slots_node *node_own(struct slots_node *node, const struct trie_ops *ops)
{
	if (node->refs == 1)
		return node;
	struct slots_node *copy = malloc(sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *node;
	copy->refs = 1;
	for (unsigned i = 0; i < SLOTS_FAN; i++) {
		if (node->height)
			slots_retain(node->at[i]);
		else if (node->at[i])
			ops->retain(node->at[i]);
	}
	node->refs--;
	return copy;
}

/* Puts a value below *root, which may be NULL. false: no memory, and *root holds what it held before. */
static bool put(struct slots_node **root, uint32_t height, uint32_t place, void *value,
		const struct trie_ops *ops)
{
	struct slots_node *node = *root ? node_own(*root, ops) : node_new(height);
	if (!node)
		return false;
	bool done = true;
	unsigned i = index_at(place, height);
	if (height) {
		struct slots_node *child = node->at[i];
		done = put(&child, height - 1, place, value, ops);
		node->at[i] = child;
	} else {
		if (value)
			ops->retain(value);
		if (node->at[i])
			ops->release(node->at[i]);
		node->at[i] = value;
	}
	mark(node, i);
	*root = node;
	if (!node->at[i] && empty_from(node, 0)) {
		free(node);
		*root = NULL;
	}
	return done;
}

/* Puts nodes on top until the place fits. */
static bool grow(struct slots_txn *txn, uint32_t place)
{
	while (!fits(txn->root, place)) {
		struct slots_node *top = node_new(txn->root->height + 1);
		if (!top)
			return false;
		top->at[0] = txn->root;
		mark(top, 0);
		txn->root = top;
	}
	return true;
}

static void shrink(struct slots_txn *txn)
{
	while (txn->root && txn->root->height && empty_from(txn->root, 1)) {
		struct slots_node *child = txn->root->at[0];
		slots_retain(child);
		slots_release(txn->root, txn->ops);
		txn->root = child;
	}
}

bool slots_set(struct slots_txn *txn, uint32_t place, void *value)
{
	if (slots_get(txn->root, place) == value)
		return true;
	bool done = true;
	uint32_t height = 0;
	if (txn->root) {
		done = grow(txn, place);
		height = txn->root->height;
	} else {
		while ((uint64_t)place >> SLOTS_BITS * (height + 1))
			height++;
	}
	done = done && put(&txn->root, height, place, value, txn->ops);
	shrink(txn);
	return done;
}

/* The lowest empty place; may be more than a place can be. */
static uint64_t first_empty(const struct slots_node *node)
{
	if (node && node->full == UINT64_MAX)
		return UINT64_C(1) << SLOTS_BITS * (node->height + 1);
	uint64_t place = 0;
	while (node) {
		unsigned i = (unsigned)__builtin_ctzll(~node->full);
		place |= (uint64_t)i << SLOTS_BITS * node->height;
		node = node->height ? node->at[i] : NULL;
	}
	return place;
}

bool slots_add(struct slots_txn *txn, void *value, uint32_t *place)
{
	uint64_t empty = first_empty(txn->root);
	if (empty > UINT32_MAX || !slots_set(txn, (uint32_t)empty, value))
		return false;
	*place = (uint32_t)empty;
	return true;
}

bool slots_next(const struct slots_node *root, uint32_t *place)
{
	uint64_t at = *place;
	while (root && fits(root, at)) {
		const struct slots_node *node = root;
		unsigned i = index_at(at, node->height);
		while (node->height && node->at[i]) {
			node = node->at[i];
			i = index_at(at, node->height);
		}
		if (node->at[i]) {
			*place = (uint32_t)at;
			return true;
		}
		at = ((at >> SLOTS_BITS * node->height) + 1) << SLOTS_BITS * node->height;
	}
	return false;
}
