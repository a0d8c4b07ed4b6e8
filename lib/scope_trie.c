/* scope_trie - scopes by host and path: what hangs at each key of the trie, and the walk that finds all of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "scope_trie.h"

#include "hits.h"

#include <stdlib.h>
#include <string.h>

void scope_release(struct scope *scope)
{
	if (--scope->refs)
		return;
	if (scope->hits)
		hits_give_back(scope->hits, scope->n_candidates + 2u);
	free(scope);
}

static void list_retain(void *value)
{
	((struct scope_list *)value)->refs++;
}

static void list_release(void *value)
{
	struct scope_list *list = value;
	if (--list->refs)
		return;
	for (uint32_t i = 0; i < list->n; i++)
		scope_release(list->entries[i].scope);
	pattern_set_release(list->patterns);
	free(list);
}

const struct trie_ops scope_trie_ops = {list_retain, list_release};

struct scope_list *scope_list_new(size_t n)
{
	struct scope_list *list = calloc(1, sizeof(*list) + n * sizeof(list->entries[0]));
	if (list)
		list->refs = 1;
	return list;
}

void scope_list_append(struct scope_list *list, const struct scope_entry *entry)
{
	entry->scope->refs++;
	list->entries[list->n++] = *entry;
}

/* Puts a new list, whose reference is taken, in the place of the old one. */
static bool list_replace(struct trie_txn *txn, const uint8_t *key, size_t len,
			 struct scope_list *list)
{
	bool done = list->n ? trie_set(txn, key, len, list) : trie_remove(txn, key, len);
	list_release(list);
	return done;
}

bool scope_trie_add(struct trie_txn *txn, const uint8_t *key, size_t len,
		    const struct scope_entry *entry)
{
	const struct scope_list *old = trie_get(txn->root, key, len);
	uint32_t n = old ? old->n : 0, i = 0;
	struct scope_list *list = scope_list_new(n + 1);
	if (!list)
		return false;
	while (i < n && scope_entry_before(&old->entries[i], entry))
		scope_list_append(list, &old->entries[i++]);
	scope_list_append(list, entry);
	while (i < n)
		scope_list_append(list, &old->entries[i++]);
	return list_replace(txn, key, len, list);
}

bool scope_trie_drop(struct trie_txn *txn, const uint8_t *key, size_t len,
		     const struct scope *scope)
{
	const struct scope_list *old = trie_get(txn->root, key, len);
	if (!old)
		return true;
	struct scope_list *list = scope_list_new(old->n);
	if (!list)
		return false;
	for (uint32_t i = 0; i < old->n; i++)
		if (old->entries[i].scope != scope)
			scope_list_append(list, &old->entries[i]);
	return list_replace(txn, key, len, list);
}

/* In the order of its entries: those that an entry shares with all places of its scope, then the one of its place. */
size_t scope_list_patterns(const struct scope_list *list, struct pattern out[PATTERN_SET_MAX],
			   const struct scope *owners[PATTERN_SET_MAX])
{
	size_t n = 0;
	for (uint32_t i = 0; i < list->n; i++) {
		const struct scope_entry *entry = &list->entries[i];
		const struct scope *scope = entry->scope;
		size_t want = scope->n_common + (entry->path_pattern != SCOPE_ENTRY_NO_PATTERN);
		for (size_t k = 0; k < want; k++, n++) {
			if (n >= PATTERN_SET_MAX)
				continue;
			out[n] = scope->patterns[k < scope->n_common ? k : entry->path_pattern];
			owners[n] = scope;
		}
	}
	return n;
}

size_t scope_trie_patterns(const struct trie_node *root, const uint8_t *key, size_t len,
			   struct pattern out[PATTERN_SET_MAX],
			   const struct scope *owners[PATTERN_SET_MAX])
{
	const struct scope_list *list = trie_get(root, key, len);
	return list && !list->patterns ? scope_list_patterns(list, out, owners) : 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool scope_trie_wants(const struct trie_node *root, const uint8_t *key, size_t len,
		      const struct pattern *patterns, size_t n)
{
	struct pattern own[PATTERN_SET_MAX];
	const struct scope *owners[PATTERN_SET_MAX];
	if (scope_trie_patterns(root, key, len, own, owners) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (own[i].field != patterns[i].field || own[i].caseless != patterns[i].caseless ||
		    !same_text(own[i].header, patterns[i].header) ||
		    !same_text(own[i].regex, patterns[i].regex))
			return false;
	return n > 0;
}

void scope_list_set_patterns(struct scope_list *list, struct pattern_set *set)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < list->n; i++) {
		struct scope_entry *entry = &list->entries[i];
		entry->pattern = n;
		entry->n_patterns = (uint16_t)(entry->scope->n_common +
					       (entry->path_pattern != SCOPE_ENTRY_NO_PATTERN));
		n += entry->n_patterns;
	}
	pattern_set_retain(set);
	list->patterns = set;
}

void scope_trie_set_patterns(struct trie_node *root, const uint8_t *key, size_t len,
			     struct pattern_set *set)
{
	scope_list_set_patterns(trie_get(root, key, len), set);
}

bool scope_list_has_patterns(const struct scope_list *list)
{
	for (uint32_t i = 0; list && i < list->n; i++)
		if (list->entries[i].scope->n_common ||
		    list->entries[i].path_pattern != SCOPE_ENTRY_NO_PATTERN)
			return true;
	return false;
}

/* Adds the lists that lie on the way of `bytes` from a place. */
static void collect(struct trie_place place, const uint8_t *bytes, size_t len,
		    struct scope_trie_way *way)
{
	const struct trie_node *node = place.node;
	size_t skip = place.skip;
	while (node) {
		size_t left = node->skip_len - skip;
		if (left > len || memcmp(trie_skip(node) + skip, bytes, left) != 0)
			return;
		bytes += left;
		len -= left;
		if (node->value && way->n < SCOPE_TRIE_WAY_MAX)
			way->lists[way->n++] = node->value;
		if (!len)
			return;
		node = trie_child(node, *bytes);
		bytes++;
		len--;
		skip = 0;
	}
}

/* The length of the label at `at`, with its dot if it has one. */
static size_t label_len(const uint8_t *key, size_t at, size_t host_len)
{
	const uint8_t *dot = memchr(key + at, '.', host_len - at);
	return dot ? (size_t)(dot - key) + 1 - at : host_len - at;
}

void scope_trie_walk(const struct trie_node *root, const uint8_t *key, size_t host_len,
		     size_t key_len, struct scope_trie_way *way)
{
	struct trie_place place = {root, 0};
	size_t at = 0;
	way->n = 0;
	do {
		struct trie_place wildcard = trie_read(place, (const uint8_t *)"*", 1);
		if (wildcard.node)
			collect(wildcard, key + host_len, key_len - host_len, way);
		size_t len = label_len(key, at, host_len);
		place = trie_read(place, key + at, len);
		at += len;
	} while (place.node && at < host_len);
	if (place.node)
		collect(place, key + host_len, key_len - host_len, way);
}

/* One step of a walk: over the node's skip to the child for the next byte; NULL at the end of the way. */
static const struct trie_node *step(const struct trie_node *node, const uint8_t **at,
				    const uint8_t *end)
{
	const uint8_t *skip = trie_skip(node);
	for (uint16_t i = 0; i < node->skip_len; i++)
		if (*at == end || *(*at)++ != skip[i])
			return NULL;
	return *at == end ? NULL : trie_child(node, *(*at)++);
}

void scope_trie_warm(const struct trie_node *root, const struct request *const requests[],
		     unsigned n)
{
	struct {
		const struct trie_node *node;
		const uint8_t *at, *end;
		const struct scope_list *list;
	} ways[SCOPE_TRIE_WARM_MAX];
	unsigned going = n;
	for (unsigned i = 0; i < n; i++) {
		ways[i].node = root;
		ways[i].at = requests[i]->key;
		ways[i].end = requests[i]->key + requests[i]->key_len;
		ways[i].list = NULL;
	}
	while (root && going) {
		going = 0;
		for (unsigned i = 0; i < n; i++) {
			if (!ways[i].node)
				continue;
			if (ways[i].node->value) {
				ways[i].list = ways[i].node->value;
				__builtin_prefetch(ways[i].list);
			}
			ways[i].node = step(ways[i].node, &ways[i].at, ways[i].end);
			if (ways[i].node) {
				going++;
				__builtin_prefetch(ways[i].node);
				__builtin_prefetch((const char *)ways[i].node + 64);
			}
		}
	}
	/* A scope: its fixed part, behind which its lists lie. */
	for (unsigned i = 0; i < n; i++)
		for (unsigned at = 0; ways[i].list && at < sizeof(struct scope); at += 64)
			__builtin_prefetch((const char *)ways[i].list->entries[0].scope + at);
}

size_t scope_trie_way_len(const struct trie_node *root, const uint8_t *key, size_t len)
{
	struct scope_trie_way way;
	const uint8_t *slash = memchr(key, '/', len);
	scope_trie_walk(root, key, slash ? (size_t)(slash - key) : len, len, &way);
	return way.n;
}

bool scope_trie_has_host(const struct trie_node *root, const uint8_t *key, size_t host_len)
{
	struct trie_place place = {root, 0};
	size_t at = 0;
	do {
		if (trie_read(place, (const uint8_t *)"*", 1).node)
			return true;
		size_t len = label_len(key, at, host_len);
		place = trie_read(place, key + at, len);
		at += len;
	} while (place.node && at < host_len);
	return trie_read(place, (const uint8_t *)"/", 1).node ||
	       trie_read(place, (const uint8_t *)".", 1).node;
}
