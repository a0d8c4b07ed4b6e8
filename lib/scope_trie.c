/* scope_trie - scopes by host and path: what hangs at each key of the trie, and the walk that finds all of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "scope_trie.h"

#include "bytes.h"
#include "hits.h"
#include "prefetch.h"

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

/* A walk: `node` is next, its skip stands at key[at]. */
struct walk {
	const struct trie_node *node;
	const uint8_t *key;
	uint32_t at, host_len, key_len;
};

static inline void add_list(struct scope_trie_way *way, const struct trie_node *node)
{
	if (node->value && way->n < SCOPE_TRIE_WAY_MAX)
		way->lists[way->n++] = node->value;
}

/* Adds the lists that lie on the way of `bytes` from a place. */
static void collect(struct trie_place place, const uint8_t *bytes, size_t len,
		    struct scope_trie_way *way)
{
	const struct trie_node *node = place.node;
	size_t skip = place.skip;
	while (node) {
		size_t left = node->skip_len - skip;
		if (left > len || !octets_equal(trie_skip(node) + skip, bytes, left))
			return;
		bytes += left;
		len -= left;
		add_list(way, node);
		if (!len)
			return;
		node = trie_child(node, *bytes);
		bytes++;
		len--;
		skip = 0;
	}
}

/* The wildcard label, which ends in this place, stands for all the rest of the host. */
static void collect_wildcard(const struct walk *walk, struct trie_place place,
			     struct scope_trie_way *way)
{
	collect(place, walk->key + walk->host_len, walk->key_len - walk->host_len, way);
}

static bool begins_label(const struct walk *walk, size_t at)
{
	return at == 0 || (at < walk->host_len && walk->key[at - 1] == '.');
}

/* The key leaves the trie within the node's skip: to a wildcard, if that is what stands there in place of a label. */
static void leave(const struct walk *walk, struct scope_trie_way *way)
{
	const struct trie_node *node = walk->node;
	const uint8_t *skip = trie_skip(node), *key = walk->key + walk->at;
	uint32_t i = 0, left = walk->key_len - walk->at;
	while (i < node->skip_len && i < left && skip[i] == key[i])
		i++;
	if (i < node->skip_len && skip[i] == '*' && begins_label(walk, walk->at + i))
		collect_wildcard(walk, (struct trie_place){node, i + 1}, way);
}

/* Over one node. A key has no '*' in its host, so a wildcard is met where the way branches or ends, never passed. */
static inline void step(struct walk *walk, struct scope_trie_way *way)
{
	const struct trie_node *node = walk->node;
	uint32_t left = walk->key_len - walk->at, skip_len = node->skip_len;
	if (skip_len > left || !octets_equal(trie_skip(node), walk->key + walk->at, skip_len)) {
		leave(walk, way);
		walk->node = NULL;
		return;
	}
	walk->at += skip_len;
	add_list(way, node);
	if (node->map[0] & UINT64_C(1) << '*' && begins_label(walk, walk->at))
		collect_wildcard(walk, (struct trie_place){trie_child(node, '*'), 0}, way);
	walk->node = left == skip_len ? NULL : trie_child(node, walk->key[walk->at]);
	walk->at++;
}

void scope_trie_walk(const struct trie_node *root, const uint8_t *key, size_t host_len,
		     size_t key_len, struct scope_trie_way *way)
{
	struct walk walk = {root, key, 0, (uint32_t)host_len, (uint32_t)key_len};
	way->n = 0;
	while (walk.node)
		step(&walk, way);
}

/* The most specific lists are looked at first, and mostly no others; of a list the first entries. */
enum { PREFETCH_LISTS = 2, PREFETCH_ENTRIES = 2 };

static uint32_t first_to_prefetch(const struct scope_trie_way *way)
{
	return way->n > PREFETCH_LISTS ? way->n - PREFETCH_LISTS : 0;
}

static void prefetch_lists(const struct scope_trie_way *way)
{
	for (uint32_t i = first_to_prefetch(way); i < way->n; i++) {
		prefetch(way->lists[i]);
		prefetch(way->lists[i]->entries + 1);
	}
}

static void prefetch_scopes(const struct scope_trie_way *way)
{
	for (uint32_t i = first_to_prefetch(way); i < way->n; i++) {
		const struct scope_list *list = way->lists[i];
		for (uint32_t k = 0; k < list->n && k < PREFETCH_ENTRIES; k++)
			scope_prefetch(list->entries[k].scope);
	}
}

void scope_trie_walk_many(const struct trie_node *root, const struct request *const requests[],
			  struct scope_trie_way *const ways[], unsigned n)
{
	struct walk walks[SCOPE_TRIE_MANY_MAX];
	uint8_t going[SCOPE_TRIE_MANY_MAX];
	for (unsigned i = 0; i < n; i++) {
		const struct request *req = requests[i];
		walks[i] = (struct walk){root, req->key, 0, req->host_len, req->key_len};
		ways[i]->n = 0;
		going[i] = (uint8_t)i;
	}
	for (unsigned left = root ? n : 0, still; left; left = still) {
		still = 0;
		for (unsigned k = 0; k < left; k++) {
			struct walk *walk = &walks[going[k]];
			struct scope_trie_way *way = ways[going[k]];
			step(walk, way);
			if (!walk->node) /* a prefetch of what is not there costs a page walk */
				continue;
			prefetch(walk->node);
			prefetch((const char *)walk->node + 64);
			going[still++] = going[k];
		}
	}
	for (unsigned i = 0; i < n; i++)
		prefetch_lists(ways[i]);
	for (unsigned i = 0; i < n; i++)
		prefetch_scopes(ways[i]);
}

size_t scope_trie_way_len(const struct trie_node *root, const uint8_t *key, size_t len)
{
	struct scope_trie_way way;
	const uint8_t *slash = memchr(key, '/', len);
	scope_trie_walk(root, key, slash ? (size_t)(slash - key) : len, len, &way);
	return way.n;
}

/* The length of the label at `at`, with its dot if it has one. */
static size_t label_len(const uint8_t *key, size_t at, size_t host_len)
{
	const uint8_t *dot = memchr(key + at, '.', host_len - at);
	return dot ? (size_t)(dot - key) + 1 - at : host_len - at;
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
