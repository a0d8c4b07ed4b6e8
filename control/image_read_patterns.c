/* image_read_patterns - reads pattern sets out of an image, and compiles those that it has not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "image_read.h"

#include "lib/scope_trie.h"

#include <stdlib.h>
#include <string.h>

/* The patterns of a list; 0: in.why. */
static size_t patterns_of(struct image_reader *reader, const struct scope_list *list,
			  struct pattern patterns[PATTERN_SET_MAX])
{
	const struct scope *owners[PATTERN_SET_MAX];
	size_t n = scope_list_patterns(list, patterns, owners);
	if (n <= PATTERN_SET_MAX)
		return n;
	image_in_refuse(&reader->in, "a list has too many patterns");
	return 0;
}

/* --- The section ----------------------------------------------------------------------------------------------------- */

static bool read_saved(struct image_reader *reader, struct image_patterned *patterned, bool good)
{
	struct image_in *in = &reader->in;
	struct pattern patterns[PATTERN_SET_MAX];
	uint32_t len = 0;
	if (!image_in_bytes(in, &len, sizeof(len)) || !len)
		return !in->why;
	const uint8_t *saved = image_in_take(in, len);
	size_t n = saved && good ? patterns_of(reader, patterned->list, patterns) : 0;
	if (n)
		patterned->set = pattern_set_load(patterns, n, (struct span){saved, len});
	return !in->why;
}

bool image_read_databases(struct image_reader *reader)
{
	char *compiler, own[128];
	struct image_in *in = &reader->in;
	if (!image_in_more(in) || !image_in_text(in, &compiler))
		return !in->why;
	pattern_set_compiler(own, sizeof(own));
	bool good = compiler && strcmp(compiler, own) == 0, done = true;
	free(compiler);
	for (size_t i = 0; done && i < reader->n_patterned; i++)
		done = read_saved(reader, &reader->patterned[i], good);
	return done;
}

/* --- Sets for lists -------------------------------------------------------------------------------------------------- */

/* One that Hyperscan has no part in is nothing to keep. */
static struct pattern_set *make_set(struct image_reader *reader, const struct pattern *patterns,
				    size_t n)
{
	char err[256];
	size_t bad;
	struct pattern_set *set = pattern_set_load(patterns, n, (struct span){NULL, 0});
	if (set)
		return set;
	set = pattern_set_compile(patterns, n, err, sizeof(err), &bad);
	if (!set)
		image_in_refuse(
			&reader->in,
			"patterns of a scope cannot be compiled, or there is no memory for it");
	if (reader->use->n_compiled)
		++*reader->use->n_compiled;
	return set;
}

/* A set with a reference of its own: one that is there, that of the image, or a new one. */
static struct pattern_set *find_set(struct image_reader *reader, struct image_patterned *patterned)
{
	struct pattern_cache *cache = reader->use->patterns;
	struct pattern patterns[PATTERN_SET_MAX];
	size_t n = patterns_of(reader, patterned->list, patterns);
	struct pattern_set *set = n ? pattern_cache_find(cache, patterns, n) : NULL;
	if (set || !n)
		return set;
	set = patterned->set ? patterned->set : make_set(reader, patterns, n);
	patterned->set = NULL;
	if (!set || pattern_cache_keep(cache, set))
		return set;
	image_in_no_memory(&reader->in);
	pattern_set_release(set);
	return NULL;
}

static bool set_list(struct image_reader *reader, struct image_patterned *patterned)
{
	struct view *view = reader->view;
	struct pattern_set *set = find_set(reader, patterned);
	if (!set)
		return false;
	scope_list_set_patterns(patterned->list, set);
	struct pattern_scratch *fit =
		pattern_scratch_fit(view->scratch, set, reader->use->n_workers);
	pattern_set_release(set);
	if (!fit)
		return image_in_no_memory(&reader->in);
	pattern_scratch_release(view->scratch);
	view->scratch = fit;
	return true;
}

bool image_read_patterns(struct image_reader *reader)
{
	bool done = true;
	for (size_t i = 0; done && i < reader->n_patterned; i++)
		done = set_list(reader, &reader->patterned[i]);
	return done;
}

void image_read_patterns_clear(struct image_reader *reader)
{
	for (size_t i = 0; i < reader->n_patterned; i++)
		pattern_set_release(reader->patterned[i].set);
	free(reader->patterned);
}
