/* image_write_scope - writes scopes, and the lists that hang in the scope trie, into an image. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "image_write.h"

#include "lib/array.h"
#include "lib/scope_trie.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Those of the patterns. */
static uint32_t texts_len(const struct scope *scope)
{
	size_t len = 0;
	for (uint16_t i = 0; i < scope->n_patterns; i++)
		len += text_size(scope->patterns[i].header) + text_size(scope->patterns[i].regex);
	return (uint32_t)len;
}

static void write_patterns(struct image_out *out, const struct scope *scope)
{
	uint32_t at = 0;
	for (uint16_t i = 0; i < scope->n_patterns; i++) {
		const struct pattern *pattern = &scope->patterns[i];
		uint32_t header_len = (uint32_t)text_size(pattern->header);
		const struct image_pattern form = {
			.header = pattern->header ? at : IMAGE_NO_TEXT,
			.regex = at + header_len,
			.field = (uint8_t)pattern->field,
			.caseless = pattern->caseless,
		};
		at = form.regex + (uint32_t)text_size(pattern->regex);
		image_out_bytes(out, &form, sizeof(form));
	}
}

static void write_texts(struct image_out *out, const struct scope *scope)
{
	for (uint16_t i = 0; i < scope->n_patterns; i++) {
		const struct pattern *pattern = &scope->patterns[i];
		image_out_bytes(out, pattern->header, text_size(pattern->header));
		image_out_bytes(out, pattern->regex, text_size(pattern->regex));
	}
	image_out_bytes(out, scope->cache_control, text_size(scope->cache_control));
	image_out_bytes(out, scope->signing, text_size(scope->signing));
}

/* --- Keys ---------------------------------------------------------------------------------------------------------- */

static size_t key_size(const uint8_t *key)
{
	return (size_t)load_be16(key) + 2;
}

static int by_key(const void *a, const void *b)
{
	const uint8_t *x = *(const uint8_t *const *)a, *y = *(const uint8_t *const *)b;
	size_t x_len = load_be16(x), y_len = load_be16(y);
	int order = memcmp(x + 2, y + 2, x_len < y_len ? x_len : y_len);
	return order ? order : (x_len > y_len) - (x_len < y_len);
}

static uint32_t keys_len(const struct scope *scope)
{
	const uint8_t *end = scope->keys;
	for (uint32_t i = 0; i < scope->n_keys; i++)
		end += key_size(end);
	return (uint32_t)(end - scope->keys);
}

/* In the order in which their lists come. */
static void write_keys(struct image_writer *writer, const struct scope *scope, uint32_t len)
{
	if (scope->n_keys == 1) {
		image_out_bytes(&writer->out, scope->keys, len);
		return;
	}
	const uint8_t **keys =
		array_reserve(writer->keys, &writer->keys_cap, scope->n_keys, sizeof(*keys));
	if (!keys) {
		writer->out.error = ENOMEM;
		return;
	}
	writer->keys = keys;
	const uint8_t *key = scope->keys;
	for (uint32_t i = 0; i < scope->n_keys; i++, key += key_size(key))
		keys[i] = key;
	qsort(keys, scope->n_keys, sizeof(*keys), by_key);
	for (uint32_t i = 0; i < scope->n_keys; i++)
		image_out_bytes(&writer->out, keys[i], key_size(keys[i]));
}

/* --- Scopes -------------------------------------------------------------------------------------------------------- */

uint32_t image_write_list_number(const struct image_writer *writer, uint32_t id)
{
	return id == SCOPE_ANY_FOOTPRINT ? id : writer->lists.numbers[id >> 1];
}

static uint32_t target_number(const struct image_writer *writer, uint32_t target)
{
	return target == SCOPE_NO_TARGET ? target : writer->targets.numbers[target];
}

void image_write_scope(struct image_writer *writer, const struct scope *scope)
{
	struct image_out *out = &writer->out;
	const uint32_t patterns_len = texts_len(scope),
		       signing_at = patterns_len + (uint32_t)text_size(scope->cache_control);
	const struct image_scope form = {
		.seed = scope->seed,
		.metadata = scope->metadata,
		.footprint = image_write_list_number(writer, scope->footprint),
		.fallback = target_number(writer, scope->fallback),
		.n_keys = scope->n_keys,
		.keys_len = keys_len(scope),
		.texts_len = signing_at + (uint32_t)text_size(scope->signing),
		.signing = scope->signing ? signing_at : IMAGE_NO_TEXT,
		.cache_control = scope->cache_control ? patterns_len : IMAGE_NO_TEXT,
		.priority = scope->priority,
		.status = scope->status,
		.n_qtypes = scope->n_qtypes,
		.n_times = scope->n_times,
		.n_candidates = scope->n_candidates,
		.n_named = scope->n_named,
		.n_patterns = scope->n_patterns,
		.n_common = scope->n_common,
		.protocols = scope->protocols,
		.action = scope->action,
		.policy = scope->policy,
		.deny_nxdomain = scope->deny_nxdomain,
		.footprint_rank = scope->footprint_rank,
	};
	image_out_bytes(out, &form, sizeof(form));
	write_patterns(out, scope);
	image_out_bytes(out, scope->times, scope->n_times * sizeof(*scope->times));
	for (uint16_t i = 0; i < scope->n_candidates; i++) {
		struct scope_candidate candidate = scope->candidates[i];
		candidate.target = target_number(writer, candidate.target);
		image_out_bytes(out, &candidate, sizeof(candidate));
	}
	for (uint16_t i = 0; i < scope->n_named; i++) {
		uint32_t list = image_write_list_number(writer, scope->named[i]);
		image_out_bytes(out, &list, sizeof(list));
	}
	image_out_bytes(out, scope->qtypes, scope->n_qtypes * sizeof(*scope->qtypes));
	write_keys(writer, scope, form.keys_len);
	write_texts(out, scope);
}

/* --- Lists --------------------------------------------------------------------------------------------------------- */

static bool add_set(struct image_writer *writer, const struct pattern_set *set)
{
	const struct pattern_set **sets =
		array_reserve(writer->sets, &writer->sets_cap, writer->n_sets + 1, sizeof(*sets));
	if (!sets)
		return false;
	writer->sets = sets;
	sets[writer->n_sets++] = set;
	return true;
}

static bool write_list(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct image_writer *writer = arg;
	const struct scope_list *list = value;
	(void)key;
	(void)len;
	image_out_bytes(&writer->out, &list->n, sizeof(list->n));
	for (uint32_t i = 0; i < list->n; i++) {
		const struct scope_entry *entry = &list->entries[i];
		const struct image_entry form = {
			.rank = entry->rank,
			.scope = image_number_of(&writer->numbers, entry->scope),
			.path_pattern = entry->path_pattern,
		};
		image_out_bytes(&writer->out, &form, sizeof(form));
	}
	if (scope_list_has_patterns(list) && !add_set(writer, list->patterns))
		writer->out.error = ENOMEM;
	return !writer->out.error;
}

void image_write_lists(struct image_writer *writer)
{
	trie_walk(writer->view->scopes, NULL, 0, write_list, writer);
}

/* --- Databases ----------------------------------------------------------------------------------------------------- */

static void write_databases(struct image_writer *writer, const struct pattern_set *set)
{
	uint8_t *saved;
	size_t len;
	if (!pattern_set_save(set, &saved, &len)) {
		writer->out.error = ENOMEM;
		return;
	}
	uint32_t form = (uint32_t)len;
	image_out_bytes(&writer->out, &form, sizeof(form));
	image_out_bytes(&writer->out, saved, len);
	free(saved);
}

void image_write_databases(struct image_writer *writer)
{
	char compiler[128];
	const uint32_t none = 0;
	struct image_numbers written;
	if (!writer->n_sets)
		return;
	if (!image_numbers_begin(&written, writer->n_sets)) {
		writer->out.error = ENOMEM;
		return;
	}
	pattern_set_compiler(compiler, sizeof(compiler));
	image_out_text(&writer->out, compiler);
	for (size_t i = 0; i < writer->n_sets && !writer->out.error; i++) {
		const struct pattern_set *set = writer->sets[i];
		if (image_number_of(&written, set)) {
			image_out_bytes(&writer->out, &none, sizeof(none));
			continue;
		}
		image_number_put(&written, set, 1);
		write_databases(writer, set);
	}
	free(written.list);
}
