/* fci_write - advertisements of ours (RFC 9241 §3.7), whole or filtered (§5). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "fci_write.h"

#include "alto_error.h"
#include "fci_value.h"
#include "json_strict.h"

#include <stdlib.h>
#include <string.h>

json_t *fci_write(const struct alto_vtag *vtag, const struct alto_vtag *map, json_t *entries)
{
	json_t *maps = map ? json_pack("[o]", alto_vtag_write(map)) : NULL;
	if (map && !maps)
		return NULL;
	return json_pack("{s:{s:o, s:o*}, s:{s:O}}", "meta", "vtag", alto_vtag_write(vtag),
			 "dependent-vtags", maps, "cdni-advertisement",
			 "capabilities-with-footprints", entries);
}

/* --- Which values have others ----------------------------------------------------------------- */

/* Of a request, since what is asked for is compared with all entries. */
enum { COMPARISONS_MAX = 10000000 };

static bool covers(const json_t *have, const json_t *want, size_t *left);

static bool one_covers(const json_t *list, const json_t *want, size_t *left)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (covers(json_array_get(list, i), want, left))
			return true;
	return false;
}

/* Does a value have all that another one has? Out of comparisons: no. */
static bool covers(const json_t *have, const json_t *want, size_t *left)
{
	const char *key;
	json_t *member;
	if (!*left || !have)
		return false;
	--*left;
	if (json_is_object(have) && json_is_object(want)) {
		json_object_foreach ((json_t *)want, key, member) {
			if (!covers(json_object_get(have, key), member, left))
				return false;
		}
		return true;
	}
	if (!json_is_array(have) || !json_is_array(want))
		return json_strict_equal(have, want);
	for (size_t i = 0; i < json_array_size(want); i++)
		if (!one_covers(have, json_array_get(want, i), left))
			return false;
	return true;
}

/* A log without "fields" has all of them (RFC 8008 §5.6). */
static bool logging_covers(const json_t *have, const json_t *want, size_t *left)
{
	const json_t *fields = json_object_get(have, "fields");
	const json_t *wanted = json_object_get(want, "fields");
	return covers(json_object_get(have, "record-type"), json_object_get(want, "record-type"),
		      left) &&
	       (!fields || covers(fields, wanted, left));
}

/* --- Filters ---------------------------------------------------------------------------------- */

/* What is asked for: types, and values in canonical form. */
struct filter {
	json_t *wanted;
	json_t **error;
	size_t left;
};

#define FIELD_LIST  "cdni-capabilities"
#define FIELD_TYPE  FIELD_LIST "/capability-type"
#define FIELD_VALUE FIELD_LIST "/capability-value"

static bool fail(struct filter *filter, const char *code, const char *field, const json_t *value)
{
	enum { VALUE_MAX = 200 };
	char *text = value ? json_strict_text(value, false) : NULL;
	bool is_short = text && strlen(text) <= VALUE_MAX;
	*filter->error = alto_error_write(code, field, is_short ? text : NULL);
	free(text);
	return false;
}

/* The value in canonical form. NULL: its type does not have such ones. */
static json_t *canonical_value(const char *type, json_t *value)
{
	struct faults faults = {0};
	const struct json_source source = {.faults = &faults};
	const struct fci_values values = {&source, false, NULL};
	json_t *canonical = fci_value_read(&values, fci_type_parse(type), value);
	faults_clear(&faults);
	return canonical;
}

static bool read_wanted(struct filter *filter, const json_t *json)
{
	json_t *type = json_object_get(json, "capability-type");
	json_t *value = json_object_get(json, "capability-value");
	if (!json_is_object(json))
		return fail(filter, ALTO_E_INVALID_FIELD_TYPE, FIELD_LIST, json);
	if (!type || !value)
		return fail(filter, ALTO_E_MISSING_FIELD, type ? FIELD_VALUE : FIELD_TYPE, NULL);
	if (!json_is_string(type))
		return fail(filter, ALTO_E_INVALID_FIELD_TYPE, FIELD_TYPE, type);
	json_t *canonical = canonical_value(json_string_value(type), value);
	if (!canonical)
		return fail(filter, ALTO_E_INVALID_FIELD_VALUE, FIELD_VALUE, value);
	return json_array_append_new(filter->wanted,
				     json_pack("{s:O, s:o}", "capability-type", type,
					       "capability-value", canonical)) == 0;
}

static bool is_wanted(struct filter *filter, const json_t *entry)
{
	const char *type = json_string_value(json_object_get(entry, "capability-type"));
	const json_t *have = json_object_get(entry, "capability-value");
	bool found = false;
	for (size_t i = 0; !found && i < json_array_size(filter->wanted); i++) {
		const json_t *wanted = json_array_get(filter->wanted, i);
		const json_t *value = json_object_get(wanted, "capability-value");
		if (strcmp(json_string_value(json_object_get(wanted, "capability-type")), type))
			continue;
		found = fci_type_parse(type) == FCI_LOGGING
				? logging_covers(have, value, &filter->left)
				: covers(have, value, &filter->left);
	}
	return found;
}

static bool put_wanted(struct filter *filter, json_t *entries, json_t *kept)
{
	for (size_t i = 0; i < json_array_size(entries); i++) {
		json_t *entry = json_array_get(entries, i);
		if (is_wanted(filter, entry) && json_array_append(kept, entry))
			return false;
	}
	return filter->left || fail(filter, ALTO_E_INVALID_FIELD_VALUE, FIELD_LIST, NULL);
}

json_t *fci_filter(json_t *entries, json_t *request, json_t **error)
{
	json_t *list = json_object_get(request, FIELD_LIST), *kept = NULL;
	struct filter filter = {json_array(), error, COMPARISONS_MAX};
	*error = NULL;
	bool done = list || fail(&filter, ALTO_E_MISSING_FIELD, FIELD_LIST, NULL);
	if (done && !json_is_array(list))
		done = fail(&filter, ALTO_E_INVALID_FIELD_TYPE, FIELD_LIST, list);
	for (size_t i = 0; done && i < json_array_size(list); i++)
		done = read_wanted(&filter, json_array_get(list, i));
	if (done && !json_array_size(list))
		kept = json_incref(entries);
	else if (done)
		kept = json_array();
	if (kept && kept != entries && !put_wanted(&filter, entries, kept)) {
		json_decref(kept);
		kept = NULL;
	}
	json_decref(filter.wanted);
	return kept;
}
