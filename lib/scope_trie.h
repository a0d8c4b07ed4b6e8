/* scope_trie - scopes by host and path: what hangs at each key of the trie, and the walk that finds all of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "pattern_set.h"
#include "request.h"
#include "scope.h"
#include "trie.h"

#include <string.h>

/* A scope at one key. A scope with several hosts or paths hangs at several keys. */
struct scope_entry {
	struct scope *scope;
	uint64_t rank;         /* lib/scope_rank.h */
	uint32_t pattern;      /* the first of its patterns in the list's set */
	uint16_t n_patterns;   /* all of them have to match */
	uint16_t path_pattern; /* index into scope->patterns, or SCOPE_ENTRY_NO_PATTERN */
};
enum { SCOPE_ENTRY_NO_PATTERN = UINT16_MAX };

/* The value of a key: its entries, the winning ones first. Immutable once published. */
struct scope_list {
	uint32_t refs;
	uint32_t n;
	struct pattern_set *patterns; /* NULL: no entry has any, or not compiled yet */
	struct scope_entry entries[];
};

/* Does a win over b when both match? What was said at once goes by name. */
static inline bool scope_entry_before(const struct scope_entry *a, const struct scope_entry *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	if (a->scope->order != b->scope->order)
		return a->scope->order < b->scope->order;
	return strcmp(a->scope->name, b->scope->name) < 0;
}

/* Keys: "com.example.vod/live/" for the host vod.example.com; the label "*" in place of the leftmost ones for a wildcard,
 * which stands for one label or more; "*" alone for any host. */

/* --- Control thread ------------------------------------------------------------------------------------------- */

extern const struct trie_ops scope_trie_ops;

/* Hangs an entry at a key within a transaction; the scope gets a reference. Its patterns are not compiled yet. false: no
 * memory. */
bool scope_trie_add(struct trie_txn *txn, const uint8_t *key, size_t len,
		    const struct scope_entry *entry);

/* Takes a scope's entries away from a key. false: no memory. */
bool scope_trie_drop(struct trie_txn *txn, const uint8_t *key, size_t len,
		     const struct scope *scope);

/* Does any entry have patterns? NULL: no. */
bool scope_list_has_patterns(const struct scope_list *list);

/* A list by itself, with one reference, room for n entries and none yet. NULL: no memory. */
struct scope_list *scope_list_new(size_t n);
/* Adds the entry that comes next in the order; the scope gets a reference. */
void scope_list_append(struct scope_list *list, const struct scope_entry *entry);
/* As scope_trie_patterns and scope_trie_set_patterns. */
size_t scope_list_patterns(const struct scope_list *list, struct pattern out[PATTERN_SET_MAX],
			   const struct scope *owners[PATTERN_SET_MAX]);
void scope_list_set_patterns(struct scope_list *list, struct pattern_set *set);

/* The patterns of the list at a key, in the order in which a set has to be made of them, and whose they are; more than PATTERN_SET_MAX are only
 * counted. 0: it has none, or has its set already. */
size_t scope_trie_patterns(const struct trie_node *root, const uint8_t *key, size_t len,
			   struct pattern out[PATTERN_SET_MAX],
			   const struct scope *owners[PATTERN_SET_MAX]);

/* Is there a list without a set that wants one of exactly these patterns? */
bool scope_trie_wants(const struct trie_node *root, const uint8_t *key, size_t len,
		      const struct pattern *patterns, size_t n);

/* Gives it its set, of which it takes a reference. Only within the transaction that made the list. */
void scope_trie_set_patterns(struct trie_node *root, const uint8_t *key, size_t len,
			     struct pattern_set *set);

/* Lists on the way of a request with exactly this key. */
size_t scope_trie_way_len(const struct trie_node *root, const uint8_t *key, size_t len);

/* --- Any thread ----------------------------------------------------------------------------------------------- */

enum { SCOPE_TRIE_WAY_MAX = 256 };

/* The lists on the way of a request, the most specific key last. The compiler adds no scope to a longer way; should there be more
 * in the end, the most specific ones are left out. */
struct scope_trie_way {
	uint32_t n;
	const struct scope_list *lists[SCOPE_TRIE_WAY_MAX];
};
void scope_trie_walk(const struct trie_node *root, const uint8_t *key, size_t host_len,
		     size_t key_len, struct scope_trie_way *way);

/* The same for some requests, a step of each at a time, so that their cache misses overlap; what is met at the end of each way is on its way
 * into the cache then. */
enum { SCOPE_TRIE_MANY_MAX = 32 };
void scope_trie_walk_many(const struct trie_node *root, const struct request *const requests[],
			  struct scope_trie_way *const ways[], unsigned n);

/* Is the host, or a name under it, or a wildcard that covers it, in the trie? */
bool scope_trie_has_host(const struct trie_node *root, const uint8_t *key, size_t host_len);
