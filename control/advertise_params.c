/* advertise_params - what a client asks of an update stream: the body that opens it, and that of its control. RFC 8895 §6.5, §7.4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "advertise_params.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Gives false. value may be NULL. */
__attribute__((format(printf, 4, 5))) static bool refuse(struct alto_error *error, const char *code,
							 const char *value, const char *field, ...)
{
	va_list args;
	*error = (struct alto_error){.code = ""};
	snprintf(error->code, sizeof(error->code), "%s", code);
	va_start(args, field);
	vsnprintf(error->field, sizeof(error->field), field, args);
	va_end(args);
	if (value)
		snprintf(error->value, sizeof(error->value), "%s", value);
	return false;
}

static bool read_tag(const char *id, const json_t *value, char tag[ALTO_NAME_MAX + 1],
		     struct alto_error *error)
{
	const char *text = json_string_value(value);
	tag[0] = '\0';
	if (!value)
		return true;
	if (!text)
		return refuse(error, ALTO_E_INVALID_FIELD_TYPE, NULL, "add/%.64s/tag", id);
	/* A longer one is none of ours, and so not current. */
	if (strlen(text) <= ALTO_NAME_MAX)
		snprintf(tag, ALTO_NAME_MAX + 1, "%s", text);
	return true;
}

static bool read_added(const char *id, const json_t *value, const char *const *resources,
		       struct advertise_params *params, struct alto_error *error)
{
	struct advertise_added *added = &params->added[params->n_added];
	const json_t *wanted = json_object_get(value, "resource-id");
	const json_t *incremental = json_object_get(value, "incremental-changes");
	const char *name = json_string_value(wanted);
	if (!alto_name_ok(id))
		return refuse(error, ALTO_E_INVALID_FIELD_VALUE, id, "add");
	if (!json_is_object(value))
		return refuse(error, ALTO_E_INVALID_FIELD_TYPE, NULL, "add/%.64s", id);
	if (!wanted)
		return refuse(error, ALTO_E_MISSING_FIELD, NULL, "add/%.64s/resource-id", id);
	if (!name)
		return refuse(error, ALTO_E_INVALID_FIELD_TYPE, NULL, "add/%.64s/resource-id", id);
	while (resources[added->resource] && strcmp(name, resources[added->resource]) != 0)
		added->resource++;
	if (!resources[added->resource])
		return refuse(error, ALTO_E_INVALID_FIELD_VALUE, name, "add/%.64s/resource-id", id);
	if (incremental && !json_is_boolean(incremental))
		return refuse(error, ALTO_E_INVALID_FIELD_TYPE, NULL,
			      "add/%.64s/incremental-changes", id);
	snprintf(added->id, sizeof(added->id), "%s", id);
	added->incremental = !json_is_false(incremental);
	params->n_added++;
	return read_tag(id, json_object_get(value, "tag"), added->tag, error);
}

static bool read_all_added(json_t *list, const char *const *resources,
			   struct advertise_params *params, struct alto_error *error)
{
	const char *id;
	json_t *value;
	if (list && !json_is_object(list))
		return refuse(error, ALTO_E_INVALID_FIELD_TYPE, NULL, "add");
	if (json_object_size(list) > ADVERTISE_SUBSTREAMS_MAX)
		return refuse(error, ALTO_E_INVALID_FIELD_VALUE, "more than 16 substreams", "add");
	json_object_foreach (list, id, value)
		if (!read_added(id, value, resources, params, error))
			return false;
	return true;
}

static bool read_removed(const json_t *list, struct advertise_params *params,
			 struct alto_error *error)
{
	size_t i;
	json_t *value;
	if (list && !json_is_array(list))
		return refuse(error, ALTO_E_INVALID_FIELD_TYPE, NULL, "remove");
	if (json_array_size(list) > ADVERTISE_SUBSTREAMS_MAX)
		return refuse(error, ALTO_E_INVALID_FIELD_VALUE, "more than 16 substreams",
			      "remove");
	json_array_foreach (list, i, value) {
		const char *id = json_string_value(value);
		if (!id)
			return refuse(error, ALTO_E_INVALID_FIELD_TYPE, NULL, "remove");
		if (!alto_name_ok(id))
			return refuse(error, ALTO_E_INVALID_FIELD_VALUE, id, "remove");
		snprintf(params->removed[params->n_removed++], ALTO_NAME_MAX + 1, "%s", id);
	}
	params->remove_all = list && !params->n_removed;
	return true;
}

bool advertise_params_read(const json_t *body, const char *const *resources, bool opens,
			   struct advertise_params *params, struct alto_error *error)
{
	json_t *add = json_object_get(body, "add"), *remove = json_object_get(body, "remove");
	*params = (struct advertise_params){0};
	if (!json_is_object(body))
		return refuse(error, ALTO_E_INVALID_FIELD_TYPE, NULL, "%s", "");
	if (opens ? !add : !add && !remove)
		return refuse(error, ALTO_E_MISSING_FIELD, NULL, "add");
	if (!read_all_added(add, resources, params, error) ||
	    (!opens && !read_removed(remove, params, error)))
		return false;
	if (opens && !params->n_added)
		return refuse(error, ALTO_E_MISSING_FIELD, NULL, "add");
	if (params->remove_all && params->n_added)
		return refuse(error, ALTO_E_INVALID_FIELD_VALUE, "[]", "remove");
	return true;
}
