/* slots - a persistent array: numbered places that hold counted values; a change copies the way to one place and shares the
 * rest, so that readers of an older root see nothing of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "trie.h"

#include <stdbool.h>
#include <stdint.h>

/* A node holds 64 values, or 64 nodes of the next lower height. A root is a node or NULL (empty); roots are counted by the
 * control thread alone, as in lib/trie.h. */
enum { SLOTS_BITS = 6, SLOTS_FAN = 1 << SLOTS_BITS };

struct slots_node {
	uint32_t refs;
	uint32_t height; /* 0: at[] holds values */
	uint64_t full;   /* bit i: there is no empty place below at[i] */
	void *at[SLOTS_FAN];
};

/* --- Control thread ------------------------------------------------------------------------------------------- */

void slots_retain(struct slots_node *root);
void slots_release(struct slots_node *root, const struct trie_ops *ops);

/* A change: begin on a root, edit, then commit or abort. The root that it began on is not touched and stays the caller's. */
struct slots_txn {
	struct slots_node *root;
	const struct trie_ops *ops;
};
void slots_begin(struct slots_txn *txn, struct slots_node *root, const struct trie_ops *ops);

/* Puts a value (taking a reference of its own) into the lowest empty place. false: no memory, or all 2^32 places are taken;
 * nothing changed. */
bool slots_add(struct slots_txn *txn, void *value, uint32_t *place);

/* Puts a value into a place, whatever was there; NULL empties it. false: no memory, nothing changed. */
bool slots_set(struct slots_txn *txn, uint32_t place, void *value);

/* Gives the new root, which the caller owns. */
struct slots_node *slots_commit(struct slots_txn *txn);
void slots_abort(struct slots_txn *txn);

/* --- Any thread ----------------------------------------------------------------------------------------------- */

/* The value of a place, NULL when it is empty or past the end. */
static inline void *slots_get(const struct slots_node *node, uint32_t place)
{
	if (!node || (uint64_t)place >> SLOTS_BITS * (node->height + 1))
		return NULL;
	while (node && node->height) {
		uint32_t i = place >> SLOTS_BITS * node->height & (SLOTS_FAN - 1);
		node = (const struct slots_node *)node->at[i];
	}
	return node ? node->at[place & (SLOTS_FAN - 1)] : NULL;
}

/* The first occupied place at or after `place`; false: there is none. */
bool slots_next(const struct slots_node *root, uint32_t *place);
