/* json_in - reads the members of a JSON object; whatever is wrong with them becomes a fault with its place. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_place.h"
#include "lib/ip.h"

#include <stdint.h>

/* Where values come from. places NULL: all of them are at `place`. */
struct json_source {
	struct faults *faults;
	const struct json_places *places;
	struct place place;
	bool *rewritten; /* set when reading brought the value to another form; or NULL */
};

enum { JSON_IN_KEYS_MAX = 32, JSON_IN_TEXT_MAX = 4096 };

/* One object while it is read. Each member that is asked for becomes a known one; json_in_end
 * refuses all others. */
struct json_in {
	const struct json_source *source;
	json_t *object; /* NULL: the value is not an object; that was said, and nothing more is */
	struct place place;
	const char *what; /* "scope", for messages */
	const char *name; /* its member "name", or NULL */
	size_t faults;    /* how many there were before */
	unsigned n_keys;
	const char *keys[JSON_IN_KEYS_MAX];
};

/* `around` is the place of what the object is in. what and keys are not copied. */
void json_in_begin(struct json_in *in, const struct json_source *source, json_t *object,
		   struct place around, const char *what);

/* The same with a member of `root` that may be missing: then every member of it is at its default. */
void json_in_begin_group(struct json_in *in, struct json_in *root, const char *key);

/* true: nothing was wrong since json_in_begin, in this object and those read within it. */
bool json_in_end(struct json_in *in);

/* The same for a peer's object, whose members that nobody asked for are left alone. */
bool json_in_good(const struct json_in *in);

/* A fault at a value (NULL: at the object), with "what 'name': " before the text. */
void json_in_fault(struct json_in *in, const json_t *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Strings and arrays that these give belong to the JSON value. Wrong or missing: a fault, and
 * `otherwise`, NULL or 0. Texts have 1 to JSON_IN_TEXT_MAX octets without control characters. */
enum json_in_need { JSON_IN_OPTIONAL, JSON_IN_NEEDED };
const char *json_in_text(struct json_in *in, const char *key, enum json_in_need need);
const char *json_in_text_of(struct json_in *in, json_t *value, const char *key);
int64_t json_in_integer(struct json_in *in, const char *key, int64_t min, int64_t max,
			int64_t otherwise);
bool json_in_flag(struct json_in *in, const char *key, bool otherwise);
json_t *json_in_object(struct json_in *in, const char *key);
json_t *json_in_list(struct json_in *in, const char *key);

/* Takes a member of `object` out that says nothing, if it is there. */
void json_in_drop(const struct json_in *in, json_t *object, const char *key);

/* A fault when the list is missing or empty: "key: expected at least one `what`". */
void json_in_not_empty(struct json_in *in, const char *key, const char *what);

/* The index in choices, which ends with NULL. */
int json_in_choice(struct json_in *in, const char *key, const char *const *choices, int otherwise);
int json_in_choice_of(struct json_in *in, json_t *value, const char *key,
		      const char *const *choices, int otherwise);

/* Arrays made with malloc, for the caller to free. NULL and *n 0 when there is nothing. */
void *json_in_room(struct json_in *in, const json_t *list, size_t size, size_t *n);
const char **json_in_texts(struct json_in *in, const char *key, size_t *n);
struct ip_addr *json_in_addresses(struct json_in *in, const char *key, size_t *n);
