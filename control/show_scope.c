/* show_scope - the method that shows one scope whole: what was said, where it hangs, and how often it was hit. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/hits.h"
#include "lib/text.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

/* "com.example.*" and "/live/" are read as "*.example.com/live/". */
static json_t *key_json(const uint8_t *key, size_t len)
{
	const uint8_t *slash = memchr(key, '/', len);
	size_t host_len = slash ? (size_t)(slash - key) : len;
	char text[REQUEST_KEY_MAX + 2];
	text_host(key, host_len, text);
	size_t used = strlen(text);
	snprintf(text + used, sizeof(text) - used, "%.*s", (int)(len - host_len),
		 (const char *)key + host_len);
	return rpc_text(text);
}

static json_t *keys_json(const struct scope *scope)
{
	json_t *list = json_array();
	const uint8_t *keys = scope->keys;
	for (uint32_t i = 0; i < scope->n_keys; i++) {
		size_t len;
		const uint8_t *key = scope_next_key(&keys, &len);
		json_array_append_new(list, key_json(key, len));
	}
	return list;
}

/* The names are the texts in the list that was said, in the same order. */
static json_t *footprints_json(const struct scope *scope, const json_t *said)
{
	const json_t *names = json_object_get(said, "footprints");
	json_t *list = json_array();
	size_t at = 0;
	if (scope->footprint != SCOPE_ANY_FOOTPRINT)
		json_array_append_new(
			list, json_pack("{s:I, s:n}", "id", (json_int_t)scope->footprint, "name"));
	for (uint16_t i = 0; i < scope->n_named; i++) {
		while (at < json_array_size(names) && !json_is_string(json_array_get(names, at)))
			at++;
		json_array_append_new(list,
				      json_pack("{s:I, s:O?}", "id", (json_int_t)scope->named[i],
						"name", json_array_get(names, at++)));
	}
	return list;
}

static json_t *hits_json(const struct view *view, const struct scope *scope)
{
	uint64_t words[HITS_WORDS_MAX], total = 0;
	char last[SHOW_TIME_MAX];
	if (!scope->hits)
		return json_null();
	hits_read(scope->hits, scope->n_candidates + 2u, words);
	json_t *list = json_array();
	for (uint16_t i = 0; i < scope->n_candidates; i++) {
		const struct target *target = view_target(view, scope->candidates[i].target);
		total += words[1 + i];
		json_array_append_new(list,
				      json_pack("{s:s, s:I}",
						target_kind_name((enum target_kind)target->kind),
						target->name, "hits", (json_int_t)words[1 + i]));
	}
	uint64_t otherwise = words[1 + scope->n_candidates];
	return json_pack("{s:I, s:o, s:o, s:I}", "total", (json_int_t)(total + otherwise), "last",
			 words[0] ? json_string(show_time(words[0], last)) : json_null(),
			 "candidates", list, "otherwise", (json_int_t)otherwise);
}

const struct object *show_find_scope(const struct control *control, const char *name,
				     struct rpc_call *call)
{
	const struct object *object = object_find(control->head->objects, OBJECT_SCOPE, name);
	if (object && !object->removed)
		return object;
	snprintf(call->text, sizeof(call->text),
		 "there is no scope '%.255s'; turnoutctl show scopes lists them", name);
	return NULL;
}

json_t *show_scope(struct control *control, struct json_in *params, struct rpc_call *call)
{
	const char *name = json_in_text(params, "name", JSON_IN_NEEDED);
	if (!json_in_end(params))
		return NULL;
	const struct object *object = show_find_scope(control, name, call);
	if (!object)
		return NULL;
	const struct scope *scope = object->made.scope;
	json_t *said = json_loads(object_json(object), 0, NULL);
	json_t *json = show_object_place(object);
	json_t *more = json_pack("{s:O, s:o, s:o, s:o}", "scope", said, "keys", keys_json(scope),
				 "footprints", footprints_json(scope, said), "hits",
				 hits_json(control->head, scope));
	bool whole = json && more && !json_object_update(json, more);
	json_decref(said);
	json_decref(more);
	if (whole)
		return json;
	json_decref(json);
	return NULL;
}
