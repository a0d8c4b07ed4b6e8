/* trie - a persistent map from byte strings to values: a change copies the path from the root and shares the rest, so that
 * readers of an older root see nothing of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A root is a node or NULL (empty). Each root is counted: a version is kept by keeping a reference on its root. Counts
 * are touched by the control thread alone; readers only follow pointers. A node holds the bytes that all keys below it
 * share (skip), the value of the key that ends there, and its children by next byte: bit b of map is set when there is
 * a child for byte b, and the children stand in the order of their bytes. */
struct trie_node {
	uint32_t refs;
	uint16_t n_children;
	uint16_t skip_len;
	void *value; /* NULL: no key ends here */
	uint64_t map[4];
	struct trie_node *children[]; /* followed by skip_len bytes of skip */
};

/* How values are counted. */
struct trie_ops {
	void (*retain)(void *value);
	void (*release)(void *value);
};

/* --- Control thread ------------------------------------------------------------------------------------------- */

void trie_retain(struct trie_node *root);

/* The last release frees the nodes and values that no other root shares, but at most TRIE_REAP_AT_ONCE of them: a large trie would hold up its
 * caller for long. The others are freed by later releases, and by trie_reap: about max nodes; true: there are more. */
void trie_release(struct trie_node *root, const struct trie_ops *ops);
bool trie_reap(size_t max);
enum { TRIE_REAP_AT_ONCE = 10000 };

/* A change: begin on a root, edit any number of times, then commit or abort. The root that it began on is not touched and
 * stays the caller's. */
struct trie_txn {
	struct trie_node *root;
	const struct trie_ops *ops;
};
void trie_begin(struct trie_txn *txn, struct trie_node *root, const struct trie_ops *ops);

enum { TRIE_KEY_MAX = UINT16_MAX };

/* Sets the value of key (takes a reference of its own). false: no memory, or a key longer than TRIE_KEY_MAX; the
 * transaction is as before. */
bool trie_set(struct trie_txn *txn, const uint8_t *key, size_t len, void *value);

/* Removes key if it is there. false: no memory; the transaction is as before. */
bool trie_remove(struct trie_txn *txn, const uint8_t *key, size_t len);

/* Gives the new root, which the caller owns. */
struct trie_node *trie_commit(struct trie_txn *txn);
void trie_abort(struct trie_txn *txn);

/* A node with one reference whose map, children and skip are the caller's to fill in (lib/trie_build.c). NULL: no memory. */
struct trie_node *trie_node_new(unsigned n_children, size_t skip_len);

/* --- Any thread ----------------------------------------------------------------------------------------------- */

/* The value of exactly this key, or NULL. */
void *trie_get(const struct trie_node *root, const uint8_t *key, size_t len);

static inline const uint8_t *trie_skip(const struct trie_node *node)
{
	return (const uint8_t *)(node->children + node->n_children);
}

/* The child for a byte, or NULL. */
static inline struct trie_node *trie_child(const struct trie_node *node, uint8_t byte)
{
	uint64_t word = node->map[byte / 64], bit = UINT64_C(1) << byte % 64;
	if (!(word & bit))
		return NULL;
	unsigned i = (unsigned)__builtin_popcountll(word & (bit - 1));
	if (byte >= 64)
		i += (unsigned)__builtin_popcountll(node->map[0]);
	for (unsigned w = 1; w < byte / 64u; w++) /* only octets that hosts do not have */
		i += (unsigned)__builtin_popcountll(node->map[w]);
	return node->children[i];
}

/* A place in the trie: `node` with the first `skip` bytes of its skip read. */
struct trie_place {
	const struct trie_node *node; /* NULL: off the trie */
	uint32_t skip;
};

/* The value of the key that ends in this place, or NULL. */
static inline void *trie_value(struct trie_place place)
{
	return place.node && place.skip == place.node->skip_len ? place.node->value : NULL;
}

/* Reads len bytes from a place. */
struct trie_place trie_read(struct trie_place place, const uint8_t *bytes, size_t len);

/* Calls visit for each key that is not before `from`, in the order of the keys' bytes, until it gives false. Gives false then.
 * The key is valid during the call only. A walk is gone on with by giving the last key with a NUL octet behind it: this costs
 * no more than to look up a key. Needs no memory but the stack: 64 KiB, and less than 256 octets for each node on the way to a
 * key. The root must stay as it is: visit must not edit a transaction that it belongs to. */
typedef bool trie_visit(void *arg, const uint8_t *key, size_t len, void *value);
bool trie_walk(const struct trie_node *root, const uint8_t *from, size_t from_len,
	       trie_visit *visit, void *arg);

/* Calls visit for each key, not before `from`, whose value is not the same pointer in both (NULL: not there). Else as
 * trie_walk. Nodes that both share are passed over: the cost goes with the difference. */
typedef bool trie_visit_two(void *arg, const uint8_t *key, size_t len, void *before, void *after);
bool trie_diff(const struct trie_node *before, const struct trie_node *after, const uint8_t *from,
	       size_t from_len, trie_visit_two *visit, void *arg);

/* Nodes and bytes of a root, for tests. */
struct trie_size {
	size_t nodes, values, bytes;
};
struct trie_size trie_measure(const struct trie_node *root);
