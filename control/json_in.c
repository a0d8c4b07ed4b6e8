/* json_in - reads the members of a JSON object; whatever is wrong with them becomes a fault with its place. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_in.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "a group";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
		return "a number";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_NULL:
		return "null";
	default:
		return "true or false";
	}
}

void json_in_begin(struct json_in *in, const struct json_source *source, json_t *object,
		   struct place around, const char *what)
{
	*in = (struct json_in){.source = source, .what = what, .faults = source->faults->total};
	in->place = json_place_of(source->places, object, around);
	if (!json_is_object(object)) {
		json_in_fault(in, NULL, "expected a group of members, not %s", type_name(object));
		return;
	}
	in->object = object;
	in->name = json_string_value(json_object_get(object, "name"));
}

void json_in_fault(struct json_in *in, const json_t *value, const char *format, ...)
{
	char text[1024];
	int len = in->name ? snprintf(text, sizeof(text), "%s '%.255s': ", in->what, in->name)
			   : snprintf(text, sizeof(text), "%s: ", in->what);
	va_list args;
	va_start(args, format);
	vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
	va_end(args);
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	faults_add(in->source->faults, json_place_of(in->source->places, value, in->place), "%s",
		   text);
}

/* Edit distance of two short words; 99 when one is long. */
static unsigned distance(const char *a, const char *b)
{
	enum { LONG = 32 };
	unsigned row[LONG + 1];
	size_t n = strlen(b);
	if (strlen(a) > LONG || n > LONG)
		return 99;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; *a; a++, i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned best = diagonal + (*a != b[j - 1]);
			diagonal = row[j];
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (row[j] + 1 < best)
				best = row[j] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

static void unknown_key(struct json_in *in, const char *key, const json_t *value)
{
	char known[512] = "";
	size_t len = 0;
	for (unsigned i = 0; i < in->n_keys; i++) {
		if (distance(key, in->keys[i]) <= 2) {
			json_in_fault(in, value, "unknown key '%.64s'; did you mean '%s'?", key,
				      in->keys[i]);
			return;
		}
		if (len < sizeof(known))
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
						i ? ", " : "", in->keys[i]);
	}
	json_in_fault(in, value, "unknown key '%.64s'; known: %s", key, known);
}

static bool is_known(const struct json_in *in, const char *key)
{
	for (unsigned i = 0; i < in->n_keys; i++)
		if (!strcmp(in->keys[i], key))
			return true;
	return false;
}

bool json_in_good(const struct json_in *in)
{
	return in->source->faults->total == in->faults;
}

void json_in_begin_group(struct json_in *in, struct json_in *root, const char *key)
{
	json_t *group = json_in_object(root, key);
	if (group)
		json_in_begin(in, root->source, group, root->place, key);
	else
		*in = (struct json_in){.source = root->source,
				       .place = root->place,
				       .what = key,
				       .faults = root->source->faults->total};
}

bool json_in_end(struct json_in *in)
{
	const char *key;
	json_t *value;
	json_object_foreach (in->object, key, value) {
		if (!is_known(in, key))
			unknown_key(in, key, value);
	}
	return json_in_good(in);
}

static json_t *member(struct json_in *in, const char *key, enum json_in_need need)
{
	if (in->n_keys < JSON_IN_KEYS_MAX)
		in->keys[in->n_keys++] = key;
	json_t *value = json_object_get(in->object, key);
	if (in->object && !value && need == JSON_IN_NEEDED)
		json_in_fault(in, NULL, "'%s' is missing", key);
	return value;
}

static json_t *typed(struct json_in *in, const char *key, enum json_in_need need, json_type type,
		     const char *expected)
{
	json_t *value = member(in, key, need);
	if (!value || json_typeof(value) == type)
		return value;
	json_in_fault(in, value, "%s: expected %s, not %s", key, expected, type_name(value));
	return NULL;
}

void json_in_not_empty(struct json_in *in, const char *key, const char *what)
{
	const json_t *value = json_object_get(in->object, key);
	if (in->object && (!value || (json_is_array(value) && !json_array_size(value))))
		json_in_fault(in, value, "%s: expected at least one %s", key, what);
}

const char *json_in_text_of(struct json_in *in, json_t *value, const char *key)
{
	if (!json_is_string(value)) {
		json_in_fault(in, value, "%s: expected a text, not %s", key, type_name(value));
		return NULL;
	}
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	bool control = false;
	for (size_t i = 0; i < len; i++)
		control |= (unsigned char)text[i] < ' ' || text[i] == 0x7f;
	if (len && len <= JSON_IN_TEXT_MAX && !control)
		return text;
	json_in_fault(in, value, "%s: expected a text of 1 to %d octets without control characters",
		      key, JSON_IN_TEXT_MAX);
	return NULL;
}

const char *json_in_text(struct json_in *in, const char *key, enum json_in_need need)
{
	json_t *value = member(in, key, need);
	return value ? json_in_text_of(in, value, key) : NULL;
}

int64_t json_in_integer(struct json_in *in, const char *key, int64_t min, int64_t max,
			int64_t otherwise)
{
	json_t *value = member(in, key, JSON_IN_OPTIONAL);
	if (!value)
		return otherwise;
	if (!json_is_integer(value))
		json_in_fault(in, value,
			      "%s: expected a number from %" PRId64 " to %" PRId64 ", not %s", key,
			      min, max, type_name(value));
	else if (json_integer_value(value) < min || json_integer_value(value) > max)
		json_in_fault(in, value,
			      "%s: expected a number from %" PRId64 " to %" PRId64
			      ", not %" JSON_INTEGER_FORMAT,
			      key, min, max, json_integer_value(value));
	else
		return json_integer_value(value);
	return otherwise;
}

bool json_in_flag(struct json_in *in, const char *key, bool otherwise)
{
	json_t *value = member(in, key, JSON_IN_OPTIONAL);
	if (!value)
		return otherwise;
	if (json_is_boolean(value))
		return json_is_true(value);
	json_in_fault(in, value, "%s: expected true or false, not %s", key, type_name(value));
	return otherwise;
}

json_t *json_in_object(struct json_in *in, const char *key)
{
	return typed(in, key, JSON_IN_OPTIONAL, JSON_OBJECT, "a group of members");
}

json_t *json_in_list(struct json_in *in, const char *key)
{
	return typed(in, key, JSON_IN_OPTIONAL, JSON_ARRAY, "a list");
}

int json_in_choice_of(struct json_in *in, json_t *value, const char *key,
		      const char *const *choices, int otherwise)
{
	char list[256] = "";
	size_t len = 0;
	const char *text = json_string_value(value);
	for (int i = 0; choices[i]; i++) {
		if (text && !strcmp(text, choices[i]))
			return i;
		if (len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s\"%s\"",
						i ? ", " : "", choices[i]);
	}
	if (text)
		json_in_fault(in, value, "%s: expected one of %s, not \"%.64s\"", key, list, text);
	else
		json_in_fault(in, value, "%s: expected one of %s, not %s", key, list,
			      type_name(value));
	return otherwise;
}

int json_in_choice(struct json_in *in, const char *key, const char *const *choices, int otherwise)
{
	json_t *value = member(in, key, JSON_IN_OPTIONAL);
	return value ? json_in_choice_of(in, value, key, choices, otherwise) : otherwise;
}

void *json_in_room(struct json_in *in, const json_t *list, size_t size, size_t *n)
{
	*n = 0;
	if (!json_array_size(list))
		return NULL;
	void *room = calloc(json_array_size(list), size);
	if (room)
		*n = json_array_size(list);
	else
		json_in_fault(in, list, "no memory for a list of %zu", json_array_size(list));
	return room;
}

const char **json_in_texts(struct json_in *in, const char *key, size_t *n)
{
	json_t *list = json_in_list(in, key);
	const char **texts = json_in_room(in, list, sizeof(*texts), n);
	for (size_t i = 0; i < *n; i++)
		texts[i] = json_in_text_of(in, json_array_get(list, i), key);
	return texts;
}

struct ip_addr *json_in_addresses(struct json_in *in, const char *key, size_t *n)
{
	json_t *list = json_in_list(in, key);
	struct ip_addr *addresses = json_in_room(in, list, sizeof(*addresses), n);
	for (size_t i = 0; i < *n; i++) {
		json_t *value = json_array_get(list, i);
		const char *text = json_in_text_of(in, value, key);
		if (text && !ip_addr_parse(text, &addresses[i]))
			json_in_fault(in, value, "%s: '%.64s' is not an IP address", key, text);
	}
	return addresses;
}

void json_in_drop(const struct json_in *in, json_t *object, const char *key)
{
	if (json_object_del(object, key) == 0 && in->source->rewritten)
		*in->source->rewritten = true;
}
