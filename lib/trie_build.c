/* trie_build - a trie made of keys that come in ascending order, each node once and of its final size. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "trie_build.h"

#include "array.h"

#include <string.h>

/* A node on the way of the last key, which may get more children. */
struct open_node {
	void *value;
	size_t end;         /* how far the key is read where the node ends */
	size_t first_child; /* in closed */
};

/* A finished node, whose parent is still open. */
struct closed_node {
	struct trie_node *node;
	uint8_t byte;
};

struct trie_build {
	const struct trie_ops *ops;
	struct open_node *open; /* from the root down */
	size_t n_open, open_cap;
	struct closed_node *closed; /* children of open nodes, in their order */
	size_t n_closed, closed_cap;
	size_t len; /* of the last key */
	uint8_t key[TRIE_KEY_MAX];
};

struct trie_build *trie_build_new(const struct trie_ops *ops)
{
	struct trie_build *build = malloc(sizeof(*build));
	if (!build)
		return NULL;
	build->ops = ops;
	build->open = NULL;
	build->closed = NULL;
	build->n_open = build->open_cap = build->n_closed = build->closed_cap = build->len = 0;
	return build;
}

void trie_build_free(struct trie_build *build)
{
	if (!build)
		return;
	for (size_t i = 0; i < build->n_open; i++)
		if (build->open[i].value)
			build->ops->release(build->open[i].value);
	for (size_t i = 0; i < build->n_closed; i++)
		trie_release(build->closed[i].node, build->ops);
	free(build->open);
	free(build->closed);
	free(build);
}

static bool push(struct trie_build *build, size_t end, void *value, size_t first_child)
{
	struct open_node *open =
		array_reserve(build->open, &build->open_cap, build->n_open + 1, sizeof(*open));
	if (!open)
		return false;
	build->open = open;
	open[build->n_open++] = (struct open_node){value, end, first_child};
	return true;
}

/* Makes the last open node, which begins at `start` in the key, and takes its children away. */
static struct trie_node *close_node(struct trie_build *build, size_t start)
{
	const struct open_node *open = &build->open[build->n_open - 1];
	const struct closed_node *children = build->closed + open->first_child;
	size_t n = build->n_closed - open->first_child, skip_len = open->end - start;
	struct trie_node *node = trie_node_new((unsigned)n, skip_len);
	if (!node)
		return NULL;
	node->value = open->value;
	for (size_t i = 0; i < n; i++) {
		node->children[i] = children[i].node;
		node->map[children[i].byte / 64] |= UINT64_C(1) << children[i].byte % 64;
	}
	if (skip_len)
		memcpy(node->children + n, build->key + start, skip_len);
	build->n_closed -= n;
	build->n_open--;
	return node;
}

/* Closes the last open node as a child of the one before it, or of a new one if the next key parts from this one between
 * them. */
static bool fold(struct trie_build *build, size_t common)
{
	bool alone = build->n_open == 1 || build->open[build->n_open - 2].end < common;
	size_t parent_end = alone ? common : build->open[build->n_open - 2].end;
	struct closed_node *closed = array_reserve(build->closed, &build->closed_cap,
						   build->n_closed + 1, sizeof(*closed));
	if (!closed)
		return false;
	build->closed = closed;
	struct trie_node *node = close_node(build, parent_end + 1);
	if (!node)
		return false;
	build->closed[build->n_closed++] = (struct closed_node){node, build->key[parent_end]};
	/* It takes the place of the node that was closed. */
	return !alone || push(build, common, NULL, build->n_closed - 1);
}

static size_t common_len(const struct trie_build *build, const uint8_t *key, size_t len)
{
	size_t max = build->len < len ? build->len : len, i = 0;
	while (i < max && build->key[i] == key[i])
		i++;
	return i;
}

enum trie_build_result trie_build_add(struct trie_build *build, const uint8_t *key, size_t len,
				      void *value)
{
	if (len > TRIE_KEY_MAX)
		return TRIE_BUILD_ORDER;
	size_t common = 0;
	if (build->n_open) {
		common = common_len(build, key, len);
		if (common == len || (common < build->len && key[common] < build->key[common]))
			return TRIE_BUILD_ORDER;
		while (build->open[build->n_open - 1].end > common)
			if (!fold(build, common))
				return TRIE_BUILD_NO_MEMORY;
	}
	if (!push(build, len, value, build->n_closed))
		return TRIE_BUILD_NO_MEMORY;
	if (len > common)
		memcpy(build->key + common, key + common, len - common);
	build->len = len;
	return TRIE_BUILD_ADDED;
}

bool trie_build_finish(struct trie_build *build, struct trie_node **root)
{
	*root = NULL;
	while (build->n_open > 1)
		if (!fold(build, 0))
			return false;
	return !build->n_open || (*root = close_node(build, 0));
}
