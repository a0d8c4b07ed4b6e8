/* json_strict - loads JSON that comes from a peer: under caps, and only what I-JSON (RFC 7493) allows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_strict.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_int_t INTEGER_MAX = (INT64_C(1) << 53) - 1;

/* --- Before it is parsed ---------------------------------------------------------------------- */

/* Behind the string that starts at `at`, or the end. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at < end ? at + 1 : end;
}

/* Depth and values as their marks tell. In what is no JSON they mean nothing, and the parser says so. */
static bool within(const char *text, size_t len, const struct json_limits *limits, char *err,
		   size_t err_len)
{
	const char *at = text, *end = text + len;
	size_t depth = 0, values = 0;
	while (at < end) {
		char c = *at;
		if (c == '"') {
			at = skip_string(at, end);
			continue;
		}
		depth += c == '[' || c == '{';
		depth -= (c == ']' || c == '}') && depth;
		values += c == '[' || c == '{' || c == ',';
		if (depth > limits->depth || values > limits->values) {
			snprintf(err, err_len,
				 depth > limits->depth ? "JSON is nested deeper than %zu"
						       : "JSON has more than %zu values",
				 depth > limits->depth ? (size_t)limits->depth : limits->values);
			return false;
		}
		at++;
	}
	return true;
}

/* --- Behind it -------------------------------------------------------------------------------- */

/* U+FDD0 to U+FDEF, and the last two of each plane. The text is UTF-8, which jansson has seen to. */
static bool has_noncharacter(const char *text, size_t len)
{
	for (size_t i = 0; i + 2 < len; i++) {
		uint8_t a = (uint8_t)text[i], b = (uint8_t)text[i + 1], c = (uint8_t)text[i + 2];
		if (a == 0xef &&
		    ((b == 0xb7 && c >= 0x90 && c <= 0xaf) || (b == 0xbf && c >= 0xbe)))
			return true;
		if (a >= 0xf0 && (b & 0x0f) == 0x0f && c == 0xbf && (uint8_t)text[i + 3] >= 0xbe)
			return true;
	}
	return false;
}

static const char *fault_of(const json_t *value);

static const char *fault_of_member(const json_t *object)
{
	const char *key;
	json_t *member;
	json_object_foreach ((json_t *)object, key, member) {
		const char *fault =
			has_noncharacter(key, strlen(key))
				? "the name of a member has a character that Unicode has not"
				: fault_of(member);
		if (fault)
			return fault;
	}
	return NULL;
}

/* What I-JSON has against it, or NULL. */
static const char *fault_of(const json_t *value)
{
	const char *fault = NULL;
	if (json_is_object(value))
		return fault_of_member(value);
	if (json_is_string(value) &&
	    has_noncharacter(json_string_value(value), json_string_length(value)))
		return "a text has a character that Unicode has not";
	if (json_is_integer(value) &&
	    (json_integer_value(value) > INTEGER_MAX || json_integer_value(value) < -INTEGER_MAX))
		return "a number is beyond 9007199254740991, which I-JSON does not allow";
	for (size_t i = 0; !fault && i < json_array_size(value); i++)
		fault = fault_of(json_array_get(value, i));
	return fault;
}

json_t *json_strict_load(const char *text, size_t len, const struct json_limits *limits, char *err,
			 size_t err_len)
{
	json_error_t error;
	if (len > limits->octets) {
		snprintf(err, err_len, "JSON of %zu octets, at most %zu are allowed", len,
			 limits->octets);
		return NULL;
	}
	if (memchr(text, '\0', len)) {
		snprintf(err, err_len, "not JSON: it has a NUL");
		return NULL;
	}
	if (!within(text, len, limits, err, err_len))
		return NULL;
	json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!value) {
		snprintf(err, err_len, "not JSON: %s (octet %d)", error.text, error.position);
		return NULL;
	}
	const char *fault = fault_of(value);
	if (!fault)
		return value;
	snprintf(err, err_len, "%s", fault);
	json_decref(value);
	return NULL;
}

/* --- Texts and copies ------------------------------------------------------------------------ */

json_t *json_strict_copy(json_t *value)
{
	bool is_object = json_is_object(value);
	json_t *copy = is_object ? json_object() : json_array();
	if (copy &&
	    (is_object ? json_object_update(copy, value) : json_array_extend(copy, value)) == 0)
		return copy;
	json_decref(copy);
	return NULL;
}

char *json_strict_text(const json_t *value, bool sorted)
{
	size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | (sorted ? JSON_SORT_KEYS : 0);
	size_t len = json_dumpb(value, NULL, 0, flags);
	char *text = len ? malloc(len + 1) : NULL;
	if (text && json_dumpb(value, text, len, flags) == len) {
		text[len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

/* --- Size and equality ------------------------------------------------------------------------ */

size_t json_strict_size(const json_t *value, size_t max)
{
	enum { PLAIN = 8, AROUND = 3 };
	const char *key;
	json_t *member;
	size_t size = json_is_string(value) ? json_string_length(value) + AROUND : PLAIN;
	for (size_t i = 0; i < json_array_size(value) && size <= max; i++)
		size += json_strict_size(json_array_get(value, i), max - size);
	json_object_foreach ((json_t *)value, key, member) {
		size += strlen(key) + AROUND;
		if (size > max)
			break;
		size += json_strict_size(member, max - size);
	}
	return size > max ? max + 1 : size;
}

static bool members_equal(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *member;
	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach ((json_t *)a, key, member) {
		if (!json_strict_equal(member, json_object_get(b, key)))
			return false;
	}
	return true;
}

bool json_strict_equal(const json_t *a, const json_t *b)
{
	if (!a || !b)
		return false;
	if (json_is_number(a) && json_is_number(b) && json_typeof(a) != json_typeof(b))
		return json_number_value(a) == json_number_value(b);
	if (json_is_object(a) && json_is_object(b))
		return members_equal(a, b);
	if (!json_is_array(a) || !json_is_array(b))
		return json_equal(a, b);
	bool equal = json_array_size(a) == json_array_size(b);
	for (size_t i = 0; equal && i < json_array_size(a); i++)
		equal = json_strict_equal(json_array_get(a, i), json_array_get(b, i));
	return equal;
}
