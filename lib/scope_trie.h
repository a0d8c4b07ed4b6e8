/* scope_trie - scopes by host and path: what hangs at each key of the trie, and the walk that finds all of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "pattern_set.h"
#include "request.h"
#include "scope.h"
#include "trie.h"

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

/* Does a win over b when both match? */
static inline bool scope_entry_before(const struct scope_entry *a, const struct scope_entry *b)
{
	return a->rank != b->rank ? a->rank > b->rank : a->scope->order < b->scope->order;
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

/* Compiles the patterns of each list that has some and was changed, and grows *scratch to fit all. Before a commit.
 * false: refused; the scope at fault, and the reason in err. */
bool scope_trie_compile(struct trie_node *root, hs_scratch_t **scratch,
			const struct scope **at_fault, char *err, size_t err_len);

/* No request's way has more lists than this. It is exact unless the longest ways below a host and below the wildcards above
 * it have different paths. */
size_t scope_trie_longest_way(const struct trie_node *root);

void scope_release(struct scope *scope);

/* --- Any thread ----------------------------------------------------------------------------------------------- */

enum { SCOPE_TRIE_WAY_MAX = 256 };

/* The lists on the way of a request, the most specific key last. The compiler refuses tables with a longer way. */
struct scope_trie_way {
	uint32_t n;
	const struct scope_list *lists[SCOPE_TRIE_WAY_MAX];
};
void scope_trie_walk(const struct trie_node *root, const uint8_t *key, size_t host_len,
		     size_t key_len, struct scope_trie_way *way);

/* Brings what lies on the ways of some requests into the cache, one step of each at a time, so that their misses overlap.
 * A hint: nothing depends on it. */
enum { SCOPE_TRIE_WARM_MAX = 32 };
void scope_trie_warm(const struct trie_node *root, const struct request *const requests[],
		     unsigned n);

/* Is the host, or a name under it, or a wildcard that covers it, in the trie? */
bool scope_trie_has_host(const struct trie_node *root, const uint8_t *key, size_t host_len);
