/* image_read_scope - reads scopes, and the lists that hang in the scope trie, out of an image. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "image_read.h"

#include "sign_policy.h"

#include "lib/array.h"
#include "lib/hits.h"
#include "lib/octet_class.h"
#include "lib/scope_trie.h"

#include <string.h>

enum { ANY_PROTOCOL = PROTOCOL_DNS | PROTOCOL_HTTP | PROTOCOL_HTTPS };

/* --- One block of memory --------------------------------------------------------------------------------------------- */

static bool form_ok(const struct image_scope *form)
{
	return form->protocols && !(form->protocols & ~ANY_PROTOCOL) &&
	       form->action <= SCOPE_PASS && form->policy <= POLICY_RANDOM &&
	       form->deny_nxdomain <= 1 && form->n_candidates <= SCOPE_CANDIDATES_MAX &&
	       form->n_common <= form->n_patterns && form->n_keys;
}

/* The arrays that stand in an image as they do in memory. */
static size_t arrays_len(const struct image_scope *form)
{
	return form->n_times * sizeof(struct scope_time) +
	       form->n_candidates * sizeof(struct scope_candidate) +
	       form->n_named * sizeof(uint32_t) + form->n_qtypes * sizeof(uint16_t) +
	       (size_t)form->keys_len + form->texts_len;
}

/* Where they are in the block; gives where the texts of the patterns are. */
static char *place_arrays(struct scope *scope, const struct image_scope *form, char *name)
{
	scope->patterns = (struct pattern *)(scope + 1);
	scope->times = (struct scope_time *)(scope->patterns + form->n_patterns);
	scope->candidates = (struct scope_candidate *)(scope->times + form->n_times);
	scope->named = (uint32_t *)(scope->candidates + form->n_candidates);
	scope->qtypes = (uint16_t *)(scope->named + form->n_named);
	scope->keys = (uint8_t *)(scope->qtypes + form->n_qtypes);
	scope->name = name;
	return (char *)scope->keys + form->keys_len;
}

static void fill_in(struct scope *scope, const struct image_scope *form)
{
	scope->refs = 1;
	scope->hits = 0;
	scope->priority = form->priority;
	scope->protocols = form->protocols;
	scope->action = form->action;
	scope->policy = form->policy;
	scope->deny_nxdomain = form->deny_nxdomain;
	scope->status = form->status;
	scope->n_qtypes = form->n_qtypes;
	scope->n_times = form->n_times;
	scope->n_candidates = form->n_candidates;
	scope->n_named = form->n_named;
	scope->n_patterns = form->n_patterns;
	scope->n_common = form->n_common;
	scope->footprint_rank = form->footprint_rank;
	scope->fallback = form->fallback;
	scope->n_keys = form->n_keys;
	scope->seed = form->seed;
	scope->metadata = form->metadata;
}

/* --- What it holds --------------------------------------------------------------------------------------------------- */

static bool text_ok(const char *texts, uint32_t len, uint32_t at)
{
	return at < len && memchr(texts + at, 0, len - at);
}

static bool read_patterns(struct scope *scope, const struct image_scope *form,
			  const uint8_t *patterns, const char *texts)
{
	for (uint16_t i = 0; i < form->n_patterns; i++) {
		struct image_pattern pattern;
		memcpy(&pattern, patterns + i * sizeof(pattern), sizeof(pattern));
		bool has_header = pattern.field == PATTERN_HEADER;
		if (pattern.field > PATTERN_HEADER || pattern.caseless > 1 ||
		    has_header != (pattern.header != IMAGE_NO_TEXT) ||
		    (has_header && !text_ok(texts, form->texts_len, pattern.header)) ||
		    !text_ok(texts, form->texts_len, pattern.regex))
			return false;
		scope->patterns[i] = (struct pattern){
			.field = (enum pattern_field)pattern.field,
			.header = has_header ? texts + pattern.header : NULL,
			.regex = texts + pattern.regex,
			.caseless = pattern.caseless,
		};
	}
	return true;
}

static bool read_signing(struct scope *scope, const struct image_scope *form, char *texts)
{
	struct sign_policy policy;
	scope->signed_uri = form->signing != IMAGE_NO_TEXT;
	scope->signing = scope->signed_uri ? texts + form->signing : NULL;
	return !scope->signed_uri || (text_ok(texts, form->texts_len, form->signing) &&
				      sign_policy_split(&policy, scope->signing));
}

/* It is copied into answers. */
static bool read_cache_control(struct scope *scope, const struct image_scope *form, char *texts)
{
	scope->cache_control = NULL;
	if (form->cache_control == IMAGE_NO_TEXT)
		return true;
	if (!text_ok(texts, form->texts_len, form->cache_control))
		return false;
	scope->cache_control = texts + form->cache_control;
	for (const char *at = scope->cache_control; *at; at++)
		if (!(octet_class[(uint8_t)*at] & OCTET_VALUE))
			return false;
	return true;
}

/* They fill their place and can all be keys of requests. */
static bool keys_ok(const struct scope *scope, size_t left)
{
	const uint8_t *key = scope->keys;
	for (uint32_t i = 0; i < scope->n_keys; i++) {
		if (left < 2 || load_be16(key) > left - 2 || load_be16(key) > REQUEST_KEY_MAX)
			return false;
		left -= load_be16(key) + 2u;
		key += load_be16(key) + 2;
	}
	return left == 0;
}

bool image_read_use_list(struct image_reader *reader, uint32_t number, bool named, uint32_t *id)
{
	if (number == SCOPE_ANY_FOOTPRINT && !named) {
		*id = number;
		return true;
	}
	if (number >= reader->n_lists || reader->lists[number].named != named ||
	    reader->lists[number].spoken != named || reader->lists[number].uses == UINT32_MAX)
		return image_in_refuse(&reader->in, "an object has an unknown footprint");
	reader->lists[number].uses++;
	*id = image_list_id(reader, number);
	return true;
}

/* Numbers in the image become those of the view. */
static bool use_all(struct image_reader *reader, struct scope *scope, uint32_t footprint)
{
	bool done = image_read_use_target(reader, scope->fallback);
	for (uint16_t i = 0; done && i < scope->n_candidates; i++) {
		const struct scope_candidate *candidate = &scope->candidates[i];
		if (!candidate->weight || candidate->weight > UINT16_MAX ||
		    candidate->target == SCOPE_NO_TARGET)
			return image_in_refuse(&reader->in, "a candidate is none");
		done = image_read_use_target(reader, candidate->target);
	}
	for (uint16_t i = 0; done && i < scope->n_named; i++)
		done = image_read_use_list(reader, scope->named[i], true, &scope->named[i]);
	scope->footprint = SCOPE_ANY_FOOTPRINT;
	return done && image_read_use_list(reader, footprint, false, &scope->footprint);
}

/* A scope by itself, in one block that ends with its name. NULL: in.why. */
static struct scope *read_block(struct image_reader *reader, const struct image_scope *form,
				const struct object *object)
{
	struct image_in *in = &reader->in;
	const size_t arrays = arrays_len(form),
		     patterns_in = form->n_patterns * sizeof(struct image_pattern),
		     fixed = sizeof(struct scope) + form->n_patterns * sizeof(struct pattern);
	if (fixed + arrays > UINT32_MAX) {
		image_in_refuse(in, "a scope is too long");
		return NULL;
	}
	const uint8_t *from = image_in_take(in, patterns_in + arrays);
	if (!from)
		return NULL;
	struct scope *scope = malloc(fixed + arrays + object->name_len + 1);
	if (!scope) {
		image_in_no_memory(in);
		return NULL;
	}
	char *block = (char *)scope;
	memcpy(block + fixed, from + patterns_in, arrays);
	memcpy(block + fixed + arrays, object->name, object->name_len + 1);
	fill_in(scope, form);
	scope->order = object->order;
	char *texts = place_arrays(scope, form, block + fixed + arrays);
	if (read_patterns(scope, form, from, texts) && read_signing(scope, form, texts) &&
	    read_cache_control(scope, form, texts) && keys_ok(scope, form->keys_len))
		return scope;
	image_in_refuse(in, "the patterns, keys or texts of a scope are out of place");
	free(scope);
	return NULL;
}

bool image_read_scope(struct image_reader *reader, struct object *object)
{
	struct image_scope form;
	struct image_in *in = &reader->in;
	if (!image_in_bytes(in, &form, sizeof(form)))
		return false;
	if (!form_ok(&form))
		return image_in_refuse(in, "a scope has numbers out of range");
	if (form.footprint < reader->n_lists)
		__builtin_prefetch(&reader->lists[form.footprint], 1);
	struct image_hung *scopes = array_reserve(reader->scopes, &reader->scopes_cap,
						  reader->n_scopes + 1, sizeof(*scopes));
	if (!scopes)
		return image_in_no_memory(in);
	reader->scopes = scopes;
	struct scope *scope = read_block(reader, &form, object);
	if (!scope)
		return false;
	object->made.scope = scope;
	uint32_t first = (uint32_t)(scope->keys - (const uint8_t *)scope);
	scopes[reader->n_scopes++] = (struct image_hung){scope, first, scope->n_keys};
	reader->keys_left += scope->n_keys;
	if (!use_all(reader, scope, form.footprint))
		return false;
	reader->view->n_passes += scope->action == SCOPE_PASS && form.fallback == SCOPE_NO_TARGET;
	/* Without a place it is not counted. */
	if (!hits_take(scope->n_candidates + 2u, &scope->hits))
		scope->hits = 0;
	return true;
}

/* --- Lists ----------------------------------------------------------------------------------------------------------- */

/* An entry, at the next key of its scope, which is that of the list. */
static bool read_entry(struct image_reader *reader, const uint8_t *bytes, struct scope_list *list,
		       const uint8_t **list_key)
{
	struct image_entry form;
	memcpy(&form, bytes, sizeof(form));
	if (form.scope >= reader->n_scopes || !reader->scopes[form.scope].left)
		return image_in_refuse(&reader->in, "a list has an unknown scope");
	struct image_hung *hung = &reader->scopes[form.scope];
	struct scope *scope = hung->scope;
	const uint8_t *key = (const uint8_t *)scope + hung->next;
	uint32_t size = load_be16(key) + 2u;
	if (!*list_key)
		*list_key = key;
	const struct scope_entry entry = {
		.scope = scope,
		.rank = form.rank,
		.path_pattern = form.path_pattern,
	};
	if (memcmp(key, *list_key, 2) != 0 || memcmp(key, *list_key, size) != 0 ||
	    (form.path_pattern != SCOPE_ENTRY_NO_PATTERN &&
	     form.path_pattern >= scope->n_patterns) ||
	    (list->n && scope_entry_before(&entry, &list->entries[list->n - 1])))
		return image_in_refuse(&reader->in,
				       "a list has an entry that does not belong to it");
	hung->next += size;
	hung->left--;
	reader->keys_left--;
	scope_list_append(list, &entry);
	return true;
}

static bool fill_list(struct image_reader *reader, struct scope_list *list, uint32_t n,
		      const uint8_t *bytes)
{
	const uint8_t *key = NULL;
	for (uint32_t i = 0; i < n; i++)
		if (!read_entry(reader, bytes + i * sizeof(struct image_entry), list, &key))
			return false;
	if (scope_list_has_patterns(list)) {
		struct image_patterned *patterned =
			array_reserve(reader->patterned, &reader->patterned_cap,
				      reader->n_patterned + 1, sizeof(*patterned));
		if (!patterned)
			return image_in_no_memory(&reader->in);
		reader->patterned = patterned;
		patterned[reader->n_patterned++] = (struct image_patterned){list, NULL};
	}
	return image_read_put(reader, reader->lists_by_key, key + 2, load_be16(key), list);
}

static bool read_list(struct image_reader *reader)
{
	uint32_t n = 0;
	struct image_in *in = &reader->in;
	if (!image_in_bytes(in, &n, sizeof(n)))
		return false;
	if (!n)
		return image_in_refuse(in, "a list is empty");
	const uint8_t *bytes = image_in_take(in, n * sizeof(struct image_entry));
	if (!bytes)
		return false;
	struct scope_list *list = scope_list_new(n);
	if (!list)
		return image_in_no_memory(in);
	if (fill_list(reader, list, n, bytes))
		return true;
	scope_trie_ops.release(list);
	return false;
}

/* What the i-th list from here on refers to, if all before it have one entry, as most have; else whatever it is does no harm. */
static const struct image_hung *look_ahead(const struct image_reader *reader, size_t i)
{
	const size_t size = sizeof(uint32_t) + sizeof(struct image_entry);
	const struct image_in *in = &reader->in;
	struct image_entry form;
	if (in->filled - in->at < (i + 1) * size)
		return NULL;
	memcpy(&form, in->buf + in->at + i * size + sizeof(uint32_t), sizeof(form));
	return form.scope < reader->n_scopes ? &reader->scopes[form.scope] : NULL;
}

/* Scopes come in another order than their keys, so each would be waited for. */
bool image_read_lists(struct image_reader *reader)
{
	enum { NEAR = 8, FAR = 16 };
	while (image_in_more(&reader->in)) {
		const struct image_hung *near = look_ahead(reader, NEAR);
		__builtin_prefetch(look_ahead(reader, FAR), 1);
		if (near) {
			__builtin_prefetch(near->scope, 1);
			__builtin_prefetch((const uint8_t *)near->scope + near->next);
		}
		if (!read_list(reader))
			return false;
	}
	return !reader->keys_left || image_in_refuse(&reader->in, "a scope hangs nowhere");
}
