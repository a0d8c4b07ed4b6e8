/* compile_pattern - which patterns have to be compiled for a view, and what becomes of scopes whose patterns cannot be. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The patterns of one key of the scope trie. One block of memory with the copies of its texts. */
struct pattern_item {
	struct pattern_item *next;
	struct pattern_set *set; /* made by the job */
	char err[256];
	size_t bad, n;
	uint8_t *key;
	size_t key_len;
	struct pattern patterns[];
};

struct pattern_job {
	struct pattern_item *items;
};

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static const char *copy_text(char **at, const char *text)
{
	size_t size = text_size(text);
	char *copy = size ? memcpy(*at, text, size) : NULL;
	*at += size;
	return copy;
}

static struct pattern_item *item_new(const uint8_t *key, size_t key_len,
				     const struct pattern *patterns, size_t n)
{
	size_t size = sizeof(struct pattern_item) + n * sizeof(*patterns);
	size_t texts = key_len;
	for (size_t i = 0; i < n; i++)
		texts += text_size(patterns[i].header) + text_size(patterns[i].regex);
	struct pattern_item *item = malloc(size + texts);
	if (!item)
		return NULL;
	*item = (struct pattern_item){.n = n, .bad = n, .key_len = key_len};
	char *at = (char *)item + size;
	for (size_t i = 0; i < n; i++) {
		item->patterns[i] = patterns[i];
		item->patterns[i].header = copy_text(&at, patterns[i].header);
		item->patterns[i].regex = copy_text(&at, patterns[i].regex);
	}
	item->key = memcpy(at, key, key_len);
	return item;
}

/* Gives the list at a key its set, which is counted for it, and grows the scratch. */
static bool set_list(struct compiler *compiler, const uint8_t *key, size_t len,
		     struct pattern_set *set)
{
	struct view *view = compiler->view;
	struct pattern_scratch *fit = pattern_scratch_fit(view->scratch, set, compiler->n_workers);
	if (!fit)
		return false;
	pattern_scratch_release(view->scratch);
	view->scratch = fit;
	scope_trie_set_patterns(compiler->scopes.root, key, len, set);
	return true;
}

struct gathering {
	struct compiler *compiler;
	struct pattern_job *job;
	unsigned left;
	bool full;
	struct trie_txn done; /* keys that need no compiling */
};

static bool too_many(struct gathering *gathering, const uint8_t *key, size_t len, size_t n)
{
	struct pattern_item *item = item_new(key, len, NULL, 0);
	if (!item)
		return false;
	snprintf(item->err, sizeof(item->err),
		 "%zu patterns at one host and path, at most %d can stand there", n,
		 PATTERN_SET_MAX);
	item->next = gathering->job->items;
	gathering->job->items = item;
	return true;
}

static bool gather_one(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct gathering *gathering = arg;
	struct compiler *compiler = gathering->compiler;
	struct pattern patterns[PATTERN_SET_MAX];
	const struct scope *owners[PATTERN_SET_MAX];
	(void)value;
	size_t n = scope_trie_patterns(compiler->scopes.root, key, len, patterns, owners);
	bool done = true;
	if (n > PATTERN_SET_MAX) {
		done = too_many(gathering, key, len, n);
		gathering->left--;
	} else if (n) {
		struct pattern_set *set = pattern_cache_find(compiler->patterns, patterns, n);
		struct pattern_item *item = set ? NULL : item_new(key, len, patterns, n);
		if (set) {
			done = set_list(compiler, key, len, set);
			pattern_set_release(set);
		} else if (item) {
			item->next = gathering->job->items;
			gathering->job->items = item;
			gathering->left--;
		} else {
			done = false;
		}
	}
	gathering->full = !done;
	return done && gathering->left;
}

static void job_free(struct pattern_job *job)
{
	for (struct pattern_item *item = job->items, *next; item; item = next) {
		next = item->next;
		pattern_set_release(item->set);
		free(item);
	}
	free(job);
}

struct pattern_job *compiler_pattern_job(struct compiler *compiler, unsigned max)
{
	struct pattern_job *job = compiler->uncompiled.root ? calloc(1, sizeof(*job)) : NULL;
	struct gathering gathering = {.compiler = compiler, .job = job, .left = max};
	if (!compiler->uncompiled.root)
		return NULL;
	if (job && trie_walk(compiler->uncompiled.root, NULL, 0, gather_one, &gathering)) {
		/* Keys whose list has its set now, or nothing to compile, need no second look. */
		trie_abort(&compiler->uncompiled);
	}
	if (!job || gathering.full)
		compiler_no_memory(compiler, (struct place){NULL, 0}, "patterns");
	if (job && job->items)
		return job;
	if (job)
		job_free(job);
	return NULL;
}

/* The places of a scope often have the same patterns: those share a set. Without memory for the cache each gets its own. */
void pattern_job_run(struct pattern_job *job)
{
	struct pattern_cache *made = pattern_cache_new();
	for (struct pattern_item *item = job->items; item; item = item->next) {
		if (item->err[0])
			continue;
		item->set = made ? pattern_cache_find(made, item->patterns, item->n) : NULL;
		if (item->set)
			continue;
		item->set = pattern_set_compile(item->patterns, item->n, item->err,
						sizeof(item->err), &item->bad);
		if (item->set && made)
			(void)!pattern_cache_keep(made, item->set);
	}
	pattern_cache_free(made);
}

/* --- what came of it ---------------------------------------------------------------------------------------------- */

static void refuse_item(struct compiler *compiler, const struct pattern_item *item,
			compiler_again *again, bool keep_going)
{
	struct pattern patterns[PATTERN_SET_MAX];
	const struct scope *owners[PATTERN_SET_MAX];
	char name[256];
	size_t n = scope_trie_patterns(compiler->scopes.root, item->key, item->key_len, patterns,
				       owners);
	/* A scope that was put back may have changed the list: then it is compiled again. */
	if (!n || (item->n && !scope_trie_wants(compiler->scopes.root, item->key, item->key_len,
						item->patterns, item->n)))
		return;
	/* When none of them is at fault alone, the one that came last. */
	const struct scope *owner = owners[0];
	for (size_t i = 0; i < n && i < PATTERN_SET_MAX; i++)
		if (owners[i]->order > owner->order)
			owner = owners[i];
	if (item->bad < n && item->bad < item->n)
		owner = owners[item->bad];
	snprintf(name, sizeof(name), "%s", owner->name);
	const struct object *object = object_find(compiler->objects.root, OBJECT_SCOPE, name);
	faults_add(compiler->faults, (struct place){object->file, object->line}, "scope '%s': %s",
		   name, item->err);
	if (!keep_going)
		return;
	if (compiler_put_back(compiler, name, again) &&
	    trie_set(&compiler->uncompiled, item->key, item->key_len, compiler))
		return;
	compiler_no_memory(compiler, (struct place){object->file, object->line}, name);
}

void compiler_pattern_done(struct compiler *compiler, struct pattern_job *job,
			   compiler_again *again, bool keep_going)
{
	bool done = true;
	for (struct pattern_item *item = job->items; done && item; item = item->next) {
		if (!item->set)
			refuse_item(compiler, item, again, keep_going);
		else
			done = pattern_cache_keep(compiler->patterns, item->set) &&
			       (!scope_trie_wants(compiler->scopes.root, item->key, item->key_len,
						  item->patterns, item->n) ||
				set_list(compiler, item->key, item->key_len, item->set));
	}
	if (!done)
		compiler_no_memory(compiler, (struct place){NULL, 0}, "patterns");
	job_free(job);
}
