/* compile_settle - what can be told only when all objects of a change have come: ranks that moved, and doubts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"
#include "lib/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes the scope out again and puts back what stood there before. */
bool compiler_put_back(struct compiler *compiler, const char *name, compiler_again *again)
{
	const struct view *from = compiler->from;
	const struct object *before = from ? object_find(from->objects, OBJECT_SCOPE, name) : NULL;
	struct place nowhere = {NULL, 0};
	if (before && !before->removed)
		return again(compiler, before, compiler->faults);
	compiler_source_of(compiler, NULL);
	return compiler_remove(compiler, OBJECT_SCOPE, name, nowhere);
}

/* --- doubts -------------------------------------------------------------------------------------------------------- */

bool compiler_doubt(struct compiler *compiler, const char *name, struct object *older,
		    struct place place, const char *text)
{
	struct doubt *all = array_reserve(compiler->doubts, &compiler->doubts_cap,
					  compiler->n_doubts + 1, sizeof(*all));
	char *copy = strdup(text);
	compiler->doubts = all ? all : compiler->doubts;
	if (!all || !copy) {
		free(copy);
		compiler_no_memory(compiler, place, name);
		return false;
	}
	struct doubt *doubt = &all[compiler->n_doubts++];
	*doubt = (struct doubt){.older = older, .place = place, .text = copy};
	snprintf(doubt->name, sizeof(doubt->name), "%s", name);
	object_retain(older);
	return true;
}

/* Had the older one come changed, it would have been compared with the newer one then. */
static bool settle_doubt(struct compiler *compiler, const struct doubt *doubt,
			 compiler_again *again, bool keep_going)
{
	const struct trie_node *objects = compiler->objects.root;
	const struct object *newer = object_find(objects, OBJECT_SCOPE, doubt->name);
	if (object_find(objects, OBJECT_SCOPE, doubt->older->name) != doubt->older || !newer)
		return true;
	faults_add(compiler->faults, doubt->place, "%s", doubt->text);
	return keep_going && compiler_put_back(compiler, doubt->name, again);
}

static bool settle_doubts(struct compiler *compiler, compiler_again *again, bool keep_going)
{
	bool good = true;
	for (size_t i = 0; i < compiler->n_doubts; i++)
		good &= settle_doubt(compiler, &compiler->doubts[i], again, keep_going);
	compiler_clear_doubts(compiler);
	return good;
}

void compiler_clear_doubts(struct compiler *compiler)
{
	for (size_t i = 0; i < compiler->n_doubts; i++) {
		object_release(compiler->doubts[i].older);
		free(compiler->doubts[i].text);
	}
	free(compiler->doubts);
	compiler->doubts = NULL;
	compiler->n_doubts = compiler->doubts_cap = 0;
}

/* --- scopes whose named footprints rank otherwise now ----------------------------------------------------------- */

struct reranking {
	const struct compiler *compiler;
	struct object *found;
};

static bool is_reranked(const struct compiler *compiler, const struct object *object)
{
	const struct scope *scope = object->made.scope;
	for (uint16_t i = 0; !object->removed && i < scope->n_named; i++)
		for (size_t k = 0; k < compiler->n_reranked; k++)
			if (scope->named[i] == compiler->reranked[k])
				return true;
	return false;
}

static bool rerank_one(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct reranking *reranking = arg;
	(void)key;
	(void)len;
	if (is_reranked(reranking->compiler, value))
		reranking->found = value;
	return !reranking->found;
}

static bool rerank(struct compiler *compiler, compiler_again *again)
{
	uint8_t key[OBJECT_KEY_MAX + 1] = {OBJECT_SCOPE};
	size_t len = 1;
	bool done = true;
	struct compiler_counts counts = compiler->counts;
	struct reranking reranking = {compiler, NULL};
	while (done && compiler->n_reranked &&
	       !trie_walk(compiler->objects.root, key, len, rerank_one, &reranking)) {
		struct object *object = reranking.found;
		len = object_key(OBJECT_SCOPE, object->name, key);
		key[len++] = 0;
		object_retain(object);
		done = again(compiler, object, compiler->faults);
		object_release(object);
		reranking.found = NULL;
	}
	compiler->n_reranked = 0;
	compiler->counts = counts;
	return done;
}

bool compiler_settle(struct compiler *compiler, compiler_again *again, bool keep_going)
{
	return settle_doubts(compiler, again, keep_going) && rerank(compiler, again);
}
