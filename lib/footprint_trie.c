/* footprint_trie - a persistent map from prefixes to sets of terms. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "footprint_node.h"
#include "prefetch.h"

#include <stdlib.h>
#include <string.h>

static struct terms *set_array(footprint_set set)
{
	return (struct terms *)(uintptr_t)set;
}

static struct footprint_node *set_trie(footprint_set set)
{
	return (struct footprint_node *)(uintptr_t)(set & ~(footprint_set)SET_TAGS);
}

static unsigned count(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

static unsigned count_below(uint64_t bits, unsigned bit)
{
	return count(bits & ((UINT64_C(1) << bit) - 1));
}

static bool has_child(const struct footprint_node *node, unsigned bits)
{
	return node->children >> bits & 1;
}

static bool has_prefix(const struct footprint_node *node, unsigned code)
{
	return node->prefixes[code / 64] >> code % 64 & 1;
}

static unsigned set_index(const struct footprint_node *node, unsigned code)
{
	unsigned before = count(node->children) + (code < 64 ? 0 : count(node->prefixes[0]));
	return before + count_below(node->prefixes[code / 64], code % 64);
}

static unsigned n_sets(const struct footprint_node *node)
{
	return count(node->prefixes[0]) + count(node->prefixes[1]);
}

static unsigned n_words(const struct footprint_node *node)
{
	return count(node->children) + n_sets(node);
}

static size_t node_size(unsigned words)
{
	return sizeof(struct footprint_node) + words * sizeof(union word);
}

/* --- Counting ------------------------------------------------------------------------------------------------- */

static void set_retain(footprint_set set)
{
	if (set & SET_TRIE)
		set_trie(set)->refs++;
	else if (!(set & SET_ONE))
		set_array(set)->refs++;
}

void footprint_set_release(footprint_set set)
{
	if (set & SET_TRIE)
		footprint_trie_release(set_trie(set));
	else if (!(set & SET_ONE) && --set_array(set)->refs == 0)
		free(set_array(set));
}

void footprint_trie_retain(struct footprint_node *root)
{
	if (root)
		root->refs++;
}

/* The depth of the recursion is bounded by the bits of a key and of a term. */
void footprint_trie_release(struct footprint_node *root)
{
	if (!root || --root->refs)
		return;
	unsigned children = count(root->children), n = n_words(root);
	for (unsigned i = 0; i < children; i++)
		footprint_trie_release(root->at[i].child);
	for (unsigned i = children; i < n; i++)
		footprint_set_release(root->at[i].set);
	free(root);
}

/* --- Nodes ---------------------------------------------------------------------------------------------------- */

struct footprint_node *footprint_node_new(ip_number key, unsigned depth, unsigned words)
{
	struct footprint_node *node = malloc(node_size(words));
	if (node)
		*node = (struct footprint_node){
			.refs = 1,
			.depth = depth,
			.key = key & ip_number_mask(depth),
		};
	return node;
}

static void mark_child(struct footprint_node *node, unsigned bits)
{
	node->children |= UINT64_C(1) << bits;
}

static void mark_prefix(struct footprint_node *node, unsigned code)
{
	node->prefixes[code / 64] |= UINT64_C(1) << code % 64;
}

static struct footprint_node *leaf_new(ip_number key, unsigned len, uint32_t term)
{
	struct footprint_node *leaf = footprint_node_new(key, depth_of(len), 1);
	if (leaf) {
		mark_prefix(leaf, code_of(key, len));
		leaf->at[0].set = set_one(term);
	}
	return leaf;
}

/* Sees to it that *at may be edited in place: this node if nobody else refers to it, else a copy that takes over the
 * reference. A node with one reference below parents with one reference each belongs to this root alone. */
static bool node_own(struct footprint_node **at)
{
	struct footprint_node *node = *at;
	if (node->refs == 1)
		return true;
	unsigned children = count(node->children), n = n_words(node);
	struct footprint_node *copy = malloc(node_size(n));
	if (!copy)
		return false;
	memcpy(copy, node, node_size(n));
	copy->refs = 1;
	for (unsigned i = 0; i < children; i++)
		copy->at[i].child->refs++;
	for (unsigned i = children; i < n; i++)
		set_retain(copy->at[i].set);
	node->refs--;
	*at = copy;
	return true;
}

/* Puts a word before the i-th one of a node that may be edited; the caller marks it. false: no memory. */
static bool widen(struct footprint_node **at, unsigned i, union word word)
{
	unsigned n = n_words(*at);
	struct footprint_node *node = realloc(*at, node_size(n + 1));
	if (!node)
		return false;
	memmove(node->at + i + 1, node->at + i, (n - i) * sizeof(word));
	node->at[i] = word;
	*at = node;
	return true;
}

/* Takes the i-th word out; the caller has unmarked it. */
static void narrow(struct footprint_node **at, unsigned i)
{
	unsigned n = n_words(*at);
	memmove((*at)->at + i, (*at)->at + i + 1, (n - i) * sizeof(union word));
	struct footprint_node *node = realloc(*at, node_size(n));
	if (node)
		*at = node;
}

/* --- Sets ----------------------------------------------------------------------------------------------------- */

const uint32_t *footprint_set_terms(footprint_set set, uint32_t *one, uint32_t *n)
{
	*n = 1;
	*one = (uint32_t)(set >> 2);
	if (set & SET_ONE)
		return one;
	*n = set && !(set & SET_TRIE) ? set_array(set)->n : 0;
	return set & SET_TRIE ? NULL : *n ? set_array(set)->at : one;
}

/* The place that a term has or would have. */
static uint32_t terms_index(const struct terms *terms, uint32_t term)
{
	uint32_t low = 0, high = terms->n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (terms->at[mid] < term)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool footprint_set_has(footprint_set set, uint32_t term)
{
	if (set & SET_ONE)
		return set == set_one(term);
	if (set & SET_TRIE)
		return footprint_trie_get(set_trie(set), term_key(term), TERM_LEN);
	if (!set)
		return false;
	const struct terms *terms = set_array(set);
	uint32_t i = terms_index(terms, term);
	return i < terms->n && terms->at[i] == term;
}

/* An array that may be edited and has room for `extra` more terms. NULL: no memory, nothing changed. */
static struct terms *terms_own(struct terms *terms, uint32_t extra)
{
	if (terms->refs == 1)
		return extra ? realloc(terms, terms_size(terms->n + extra)) : terms;
	struct terms *copy = malloc(terms_size(terms->n + extra));
	if (!copy)
		return NULL;
	memcpy(copy, terms, terms_size(terms->n));
	copy->refs = 1;
	terms->refs--;
	return copy;
}

/* Turns a full array into a trie with one more term. */
static bool set_to_trie(footprint_set *set, uint32_t term)
{
	struct footprint_node *root = NULL;
	const struct terms *terms = set_array(*set);
	bool ok = footprint_trie_add(&root, term_key(term), TERM_LEN, term);
	for (uint32_t i = 0; ok && i < terms->n; i++)
		ok = footprint_trie_add(&root, term_key(terms->at[i]), TERM_LEN, terms->at[i]);
	if (!ok) {
		footprint_trie_release(root);
		return false;
	}
	footprint_set_release(*set);
	*set = (uintptr_t)root | SET_TRIE;
	return true;
}

static bool set_to_array(footprint_set *set, uint32_t term)
{
	struct terms *terms = malloc(terms_size(2));
	if (!terms)
		return false;
	uint32_t other = (uint32_t)(*set >> 2);
	*terms = (struct terms){.refs = 1, .n = 2};
	terms->at[0] = term < other ? term : other;
	terms->at[1] = term < other ? other : term;
	*set = (uintptr_t)terms;
	return true;
}

/* Calls an edit of a trie for a set that is one. */
static bool set_edit(footprint_set *set, uint32_t term,
		     bool (*edit)(struct footprint_node **, ip_number, unsigned, uint32_t))
{
	struct footprint_node *root = set_trie(*set);
	bool ok = edit(&root, term_key(term), TERM_LEN, term);
	*set = root ? (uintptr_t)root | SET_TRIE : 0;
	return ok;
}

static bool set_add(footprint_set *set, uint32_t term)
{
	if (*set & SET_TRIE)
		return set_edit(set, term, footprint_trie_add);
	if (footprint_set_has(*set, term))
		return true;
	if (*set & SET_ONE)
		return set_to_array(set, term);
	if (set_array(*set)->n == FOOTPRINT_SET_SMALL)
		return set_to_trie(set, term);
	struct terms *terms = terms_own(set_array(*set), 1);
	if (!terms)
		return false;
	uint32_t i = terms_index(terms, term);
	memmove(terms->at + i + 1, terms->at + i, (terms->n - i) * sizeof(term));
	terms->at[i] = term;
	terms->n++;
	*set = (uintptr_t)terms;
	return true;
}

static bool set_own(footprint_set *set, uint32_t term)
{
	if (*set & SET_TRIE)
		return set_edit(set, term, footprint_trie_own);
	if (*set & SET_ONE)
		return true;
	struct terms *terms = terms_own(set_array(*set), 0);
	if (terms)
		*set = (uintptr_t)terms;
	return terms;
}

/* The set becomes 0 with its last term. */
static void set_remove(footprint_set *set, uint32_t term)
{
	if (*set & SET_TRIE) {
		set_edit(set, term, footprint_trie_remove);
		return;
	}
	if (*set & SET_ONE) {
		*set = 0;
		return;
	}
	struct terms *terms = set_array(*set);
	uint32_t i = terms_index(terms, term);
	terms->n--;
	memmove(terms->at + i, terms->at + i + 1, (terms->n - i) * sizeof(term));
	if (terms->n == 1) {
		*set = set_one(terms->at[0]);
		free(terms);
		return;
	}
	struct terms *smaller = realloc(terms, terms_size(terms->n));
	if (smaller)
		*set = (uintptr_t)smaller;
}

/* --- Edits ---------------------------------------------------------------------------------------------------- */

/* How many whole strides, as bits, a key has in common with that of a node, of which `known` are known to be; at most depth.
 * A node that leaves out no stride is not looked at: its key may be in another cache line. */
static unsigned common_depth(const struct footprint_node *node, ip_number key, unsigned known,
			     unsigned depth)
{
	unsigned most = node->depth < depth ? node->depth : depth;
	if (most == known || ((node->key ^ key) & ip_number_mask(most)) == 0)
		return most;
	return ip_number_common(node->key, key) / STRIDE * STRIDE;
}

/* Puts a node in front of *at, where the key parts from it. */
static bool split(struct footprint_node **at, unsigned depth, ip_number key, unsigned len,
		  uint32_t term)
{
	unsigned old_bits = bits_at((*at)->key, depth), bits = bits_at(key, depth);
	struct footprint_node *top = footprint_node_new(key, depth, 2);
	if (!top)
		return false;
	mark_child(top, old_bits);
	if (depth == depth_of(len)) {
		mark_prefix(top, code_of(key, len));
		top->at[0].child = *at;
		top->at[1].set = set_one(term);
	} else {
		struct footprint_node *leaf = leaf_new(key, len, term);
		if (!leaf) {
			free(top);
			return false;
		}
		mark_child(top, bits);
		top->at[old_bits > bits].child = *at;
		top->at[old_bits < bits].child = leaf;
	}
	*at = top;
	return true;
}

/* Adds to a node that may be edited and holds prefixes of this length. */
static bool add_here(struct footprint_node **at, unsigned code, uint32_t term)
{
	unsigned i = set_index(*at, code);
	if (has_prefix(*at, code))
		return set_add(&(*at)->at[i].set, term);
	if (!widen(at, i, (union word){.set = set_one(term)}))
		return false;
	mark_prefix(*at, code);
	return true;
}

/* Adds a leaf below a node that may be edited and has no child there. */
static bool add_leaf(struct footprint_node **at, ip_number key, unsigned len, uint32_t term)
{
	unsigned bits = bits_at(key, (*at)->depth);
	struct footprint_node *leaf = leaf_new(key, len, term);
	if (!leaf || !widen(at, count_below((*at)->children, bits), (union word){.child = leaf})) {
		free(leaf);
		return false;
	}
	mark_child(*at, bits);
	return true;
}

bool footprint_trie_add(struct footprint_node **root, ip_number key, unsigned len, uint32_t term)
{
	unsigned depth = depth_of(len), known = 0;
	if (!*root) {
		*root = leaf_new(key, len, term);
		return *root;
	}
	for (struct footprint_node **at = root;;) {
		unsigned common = common_depth(*at, key, known, depth);
		if (common < (*at)->depth)
			return split(at, common, key, len, term);
		if (!node_own(at))
			return false;
		if (common == depth)
			return add_here(at, code_of(key, len), term);
		unsigned bits = bits_at(key, common);
		if (!has_child(*at, bits))
			return add_leaf(at, key, len, term);
		at = &(*at)->at[count_below((*at)->children, bits)].child;
		known = common + STRIDE;
	}
}

static struct footprint_node **child_of(struct footprint_node *node, ip_number key)
{
	return &node->at[count_below(node->children, bits_at(key, node->depth))].child;
}

bool footprint_trie_own(struct footprint_node **root, ip_number key, unsigned len, uint32_t term)
{
	unsigned depth = depth_of(len);
	for (struct footprint_node **at = root;; at = child_of(*at, key)) {
		if (!node_own(at))
			return false;
		if ((*at)->depth == depth)
			return set_own(&(*at)->at[set_index(*at, code_of(key, len))].set, term);
	}
}

/* A node that holds one child alone gives its place to it. */
static void join(struct footprint_node **at)
{
	struct footprint_node *node = *at;
	if (n_sets(node) || count(node->children) != 1)
		return;
	*at = node->at[0].child;
	free(node);
}

bool footprint_trie_remove(struct footprint_node **root, ip_number key, unsigned len, uint32_t term)
{
	unsigned depth = depth_of(len), code = code_of(key, len);
	struct footprint_node **at = root, **parent = NULL;
	while ((*at)->depth < depth) {
		parent = at;
		at = child_of(*at, key);
	}
	unsigned i = set_index(*at, code);
	set_remove(&(*at)->at[i].set, term);
	if ((*at)->at[i].set)
		return true;
	(*at)->prefixes[code / 64] &= ~(UINT64_C(1) << code % 64);
	narrow(at, i);
	if (n_words(*at)) {
		join(at);
		return true;
	}
	free(*at);
	*at = NULL;
	if (parent) {
		unsigned bits = bits_at(key, (*parent)->depth);
		i = count_below((*parent)->children, bits);
		(*parent)->children &= ~(UINT64_C(1) << bits);
		narrow(parent, i);
		join(parent);
	}
	return true;
}

/* --- Searching ------------------------------------------------------------------------------------------------ */

static bool holds(const struct footprint_node *node, ip_number key)
{
	return ((node->key ^ key) & ip_number_mask(node->depth)) == 0;
}

footprint_set footprint_trie_get(const struct footprint_node *root, ip_number key, unsigned len)
{
	unsigned depth = depth_of(len), code = code_of(key, len);
	const struct footprint_node *node = root;
	while (node && node->depth < depth) {
		unsigned bits = bits_at(key, node->depth);
		node = has_child(node, bits) ? node->at[count_below(node->children, bits)].child
					     : NULL;
	}
	bool found = node && node->depth == depth && holds(node, key) && has_prefix(node, code);
	return found ? node->at[set_index(node, code)].set : 0;
}

/* The codes below 64 of the prefixes around STRIDE bits. */
static uint64_t codes_around(unsigned bits)
{
	uint64_t codes = 1 << 1;
	for (unsigned past = 1; past < STRIDE; past++)
		codes |= UINT64_C(1) << (1u << past | bits >> (STRIDE - past));
	return codes;
}

unsigned footprint_trie_find(const struct footprint_node *root, ip_number address,
			     const void **sets)
{
	unsigned n = 0, depth = 0;
	for (const struct footprint_node *node = root; node;) {
		if (node->depth != depth && !holds(node, address))
			break;
		depth = node->depth + STRIDE;
		unsigned bits = bits_at(address, node->depth), children = count(node->children);
		const union word *words = node->at + children;
		uint64_t shorter = node->prefixes[0] & codes_around(bits);
		for (; shorter; shorter &= shorter - 1)
			sets[n++] = &words[count_below(node->prefixes[0],
						       (unsigned)__builtin_ctzll(shorter))];
		if (node->prefixes[1] >> bits & 1)
			sets[n++] = &words[count(node->prefixes[0]) +
					   count_below(node->prefixes[1], bits)];
		node = has_child(node, bits) ? node->at[count_below(node->children, bits)].child
					     : NULL;
	}
	return n;
}

const struct footprint_node *footprint_trie_warm(const struct footprint_node *node,
						 ip_number address)
{
	unsigned bits = bits_at(address, node->depth);
	if (!holds(node, address))
		return NULL;
	prefetch(node->at + set_index(node, 1u << STRIDE | bits));
	if (!has_child(node, bits))
		return NULL;
	const struct footprint_node *child = node->at[count_below(node->children, bits)].child;
	prefetch(child);
	prefetch(child->at);
	return child;
}
