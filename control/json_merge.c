/* json_merge - JSON merge patches (RFC 7396): applied, and made of two versions of a document. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_merge.h"

#include "json_strict.h"

#include <stdbool.h>
#include <stdio.h>

/* RFC 7396 §2. NULL: no memory. */
static json_t *merge(json_t *target, json_t *patch)
{
	const char *key;
	json_t *value;
	if (!json_is_object(patch))
		return json_incref(patch);
	json_t *merged = json_is_object(target) ? json_strict_copy(target) : json_object();
	json_object_foreach (patch, key, value) {
		if (json_is_null(value)) {
			json_object_del(merged, key);
		} else if (json_object_set_new(merged, key,
					       merge(json_object_get(target, key), value))) {
			json_decref(merged);
			return NULL;
		}
	}
	return merged;
}

json_t *json_merge_apply(json_t *document, json_t *patch, size_t max, char *err, size_t err_len)
{
	json_t *merged = merge(document, patch);
	if (merged && json_strict_size(merged, max) <= max)
		return merged;
	if (merged)
		snprintf(err, err_len, "the patched document is past %zu octets", max);
	else
		snprintf(err, err_len, "no memory");
	json_decref(merged);
	return NULL;
}

/* A null in a patch takes away: one that is to be put there cannot be said. */
static bool has_null(json_t *value)
{
	const char *key;
	json_t *member;
	json_object_foreach (value, key, member) {
		if (json_is_null(member) || has_null(member))
			return true;
	}
	return false;
}

static bool put_removed(const json_t *before, const json_t *after, json_t *patch)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)before, key, value) {
		if (!json_object_get(after, key) && json_object_set_new(patch, key, json_null()))
			return false;
	}
	return true;
}

static bool put_changed(const json_t *before, json_t *after, json_t *patch)
{
	const char *key;
	json_t *value;
	json_object_foreach (after, key, value) {
		json_t *old = json_object_get(before, key);
		if (old && json_equal(old, value))
			continue;
		if (json_is_null(value) ||
		    json_object_set_new(patch, key, json_merge_diff(old, value)))
			return false;
	}
	return true;
}

json_t *json_merge_diff(const json_t *before, json_t *after)
{
	if (!json_is_object(after))
		return json_incref(after);
	if (!json_is_object(before))
		return has_null(after) ? NULL : json_incref(after);
	json_t *patch = json_object();
	if (patch && put_removed(before, after, patch) && put_changed(before, after, patch))
		return patch;
	json_decref(patch);
	return NULL;
}
