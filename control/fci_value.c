/* fci_value - the values of capabilities (RFC 8008 §5, RFC 8804 §2, RFC 9808 §2): checked, and brought to canonical form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "fci_value.h"

#include "json_strict.h"

#include <stdlib.h>
#include <string.h>

static const int64_t UNSIGNED_MAX = (INT64_C(1) << 53) - 1;

/* The one list that the value of most types is or begins with. */
static const char *const list_keys[FCI_OTHER + 1] = {
	[FCI_DELIVERY_PROTOCOL] = "delivery-protocols",
	[FCI_ACQUISITION_PROTOCOL] = "acquisition-protocols",
	[FCI_REDIRECTION_MODE] = "redirection-modes",
	[FCI_METADATA] = "metadata",
	[FCI_CAPACITY_LIMITS] = "limits",
	[FCI_TELEMETRY] = "sources",
};

json_t *fci_value_made(struct json_in *in, json_t *value)
{
	if (!value)
		json_in_fault(in, NULL, "no memory");
	return value;
}

void fci_value_put(struct json_in *in, json_t *object, const char *key, const char *text)
{
	if (text && json_object_set_new(object, key, json_string(text)))
		fci_value_made(in, NULL);
}

json_t *fci_value_sorted(struct json_in *in, const json_t *value)
{
	char *text = json_strict_text(value, true);
	json_t *sorted = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
	free(text);
	return fci_value_made(in, sorted);
}

/* --- Lists of texts --------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *fci_value_set(struct json_in *in, const json_t *list)
{
	size_t n = json_array_size(list);
	const char **texts = malloc((n + 1) * sizeof(*texts));
	json_t *set = texts ? json_array() : NULL;
	for (size_t i = 0; set && i < n; i++)
		texts[i] = json_string_value(json_array_get(list, i));
	if (set && n)
		qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 0; set && i < n; i++) {
		bool again = i && strcmp(texts[i], texts[i - 1]) == 0;
		if (!again && json_array_append_new(set, json_string(texts[i]))) {
			json_decref(set);
			set = NULL;
		}
	}
	free(texts);
	return fci_value_made(in, set);
}

/* NULL: one of them is wrong, or the list is not there. */
static json_t *read_texts(struct json_in *in, const char *key)
{
	json_t *list = json_in_list(in, key);
	if (json_array_size(list) > FCI_TEXTS_MAX)
		json_in_fault(in, list, "%s: more than %d values", key, FCI_TEXTS_MAX);
	for (size_t i = 0; json_in_good(in) && i < json_array_size(list); i++)
		json_in_text_of(in, json_array_get(list, i), key);
	return list && json_in_good(in) ? fci_value_set(in, list) : NULL;
}

static json_t *need_texts(struct json_in *in, const char *key)
{
	if (in->object && !json_object_get(in->object, key))
		json_in_fault(in, NULL, "'%s' is missing", key);
	return read_texts(in, key);
}

static json_t *read_logging(struct json_in *in)
{
	const char *type = json_in_text(in, "record-type", JSON_IN_NEEDED);
	json_t *fields = read_texts(in, "fields");
	if (!json_in_good(in)) {
		json_decref(fields);
		return NULL;
	}
	return json_pack("{s:s, s:o*}", "record-type", type, "fields", fields);
}

/* --- Capacity and telemetry ------------------------------------------------------------------- */

/* Takes the value over; NULL is none. */
static void put(struct json_in *in, json_t *object, const char *key, json_t *value)
{
	if (value && json_object_set_new(object, key, value))
		fci_value_made(in, NULL);
}

/* A number that need not be there, or NULL. */
static json_t *read_unsigned(struct json_in *in, const char *key, int64_t max)
{
	int64_t number = json_in_integer(in, key, 0, max, -1);
	return number < 0 ? NULL : fci_value_made(in, json_integer(number));
}

static json_t *read_telemetry_source(struct json_in *outer)
{
	json_t *json = json_in_object(outer, "telemetry-source");
	if (!json)
		return NULL;
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "telemetry-source");
	const char *id = json_in_text(&in, "id", JSON_IN_NEEDED);
	const char *metric = json_in_text(&in, "metric", JSON_IN_NEEDED);
	if (!json_in_good(&in))
		return NULL;
	return fci_value_made(&in, json_pack("{s:s, s:s}", "id", id, "metric", metric));
}

static void check_id(const struct fci_values *values, struct json_in *in, const char *id)
{
	if (!id || !values->ids)
		return;
	if (json_object_get(values->ids, id))
		json_in_fault(in, NULL, "id: '%.64s' is that of another limit, too", id);
	else
		json_object_set_new(values->ids, id, json_true());
}

static json_t *read_limit(const struct fci_values *values, struct json_in *outer, json_t *json)
{
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "limit");
	const char *id = json_in_text(&in, "id", JSON_IN_OPTIONAL);
	const char *type = json_in_text(&in, "limit-type", JSON_IN_NEEDED);
	json_t *hard = read_unsigned(&in, "maximum-hard", UNSIGNED_MAX);
	json_t *soft = read_unsigned(&in, "maximum-soft", UNSIGNED_MAX);
	json_t *current = read_unsigned(&in, "current", UNSIGNED_MAX);
	json_t *telemetry = read_telemetry_source(&in);
	if (in.object && !json_object_get(json, "maximum-hard"))
		json_in_fault(&in, NULL, "'maximum-hard' is missing");
	if (hard && soft && json_integer_value(soft) >= json_integer_value(hard))
		json_in_fault(&in, NULL, "maximum-soft: expected less than maximum-hard");
	check_id(values, &in, id);
	json_t *limit = fci_value_made(&in, json_object());
	fci_value_put(&in, limit, "id", id);
	fci_value_put(&in, limit, "limit-type", type);
	put(&in, limit, "maximum-hard", hard);
	put(&in, limit, "maximum-soft", soft);
	put(&in, limit, "current", current);
	put(&in, limit, "telemetry-source", telemetry);
	if (json_in_good(&in))
		return limit;
	json_decref(limit);
	return NULL;
}

static json_t *read_metric(const struct fci_values *values, struct json_in *outer, json_t *json)
{
	struct json_in in;
	(void)values;
	json_in_begin(&in, outer->source, json, outer->place, "metric");
	const char *name = json_in_text(&in, "name", JSON_IN_NEEDED);
	json_t *granularity = read_unsigned(&in, "time-granularity", UNSIGNED_MAX);
	json_t *percentile = read_unsigned(&in, "data-percentile", 100);
	json_t *latency = read_unsigned(&in, "latency", UNSIGNED_MAX);
	json_t *metric = fci_value_made(&in, json_object());
	fci_value_put(&in, metric, "name", name);
	put(&in, metric, "time-granularity", granularity);
	put(&in, metric, "data-percentile", percentile);
	put(&in, metric, "latency", latency);
	if (json_in_good(&in))
		return metric;
	json_decref(metric);
	return NULL;
}

typedef json_t *item_reader(const struct fci_values *values, struct json_in *outer, json_t *json);

/* NULL: one of them is wrong, the list is not there, or no memory. */
static json_t *read_items(const struct fci_values *values, struct json_in *in, const char *key,
			  item_reader *read)
{
	json_t *given = json_in_list(in, key), *list = json_array();
	if (in->object && !json_object_get(in->object, key))
		json_in_fault(in, NULL, "'%s' is missing", key);
	else if (json_array_size(given) > FCI_LIMITS_MAX)
		json_in_fault(in, given, "%s: more than %d values", key, FCI_LIMITS_MAX);
	bool done = given && list && json_in_good(in);
	for (size_t i = 0; done && i < json_array_size(given); i++)
		done = json_array_append_new(list, read(values, in, json_array_get(given, i))) == 0;
	if (done)
		return list;
	json_decref(list);
	return json_in_good(in) ? fci_value_made(in, NULL) : NULL;
}

static json_t *read_source(const struct fci_values *values, struct json_in *outer, json_t *json)
{
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "source");
	const char *id = json_in_text(&in, "id", JSON_IN_NEEDED);
	const char *type = json_in_text(&in, "type", JSON_IN_NEEDED);
	json_t *metrics = read_items(values, &in, "metrics", read_metric);
	json_t *configuration = json_object_get(in.object, "configuration");
	if (configuration)
		configuration = fci_value_sorted(&in, configuration);
	json_t *source = fci_value_made(&in, json_object());
	fci_value_put(&in, source, "id", id);
	fci_value_put(&in, source, "type", type);
	put(&in, source, "metrics", metrics);
	put(&in, source, "configuration", configuration);
	if (json_in_good(&in))
		return source;
	json_decref(source);
	return NULL;
}

/* --- Values ----------------------------------------------------------------------------------- */

/* {key: all that the list has in lists of that name, or itself}: a new reference. */
static json_t *object_of(const char *key, const json_t *given)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < json_array_size(given); i++) {
		json_t *item = json_array_get(given, i);
		json_t *inner = json_object_get(item, key);
		if (json_is_array(inner) ? json_array_extend(list, inner)
					 : json_array_append(list, item)) {
			json_decref(list);
			return NULL;
		}
	}
	return list ? json_pack("{s:o}", key, list) : NULL;
}

static json_t *read_value(const struct fci_values *values, struct json_in *in, enum fci_type type)
{
	const char *key = list_keys[type];
	if (type == FCI_OTHER)
		return fci_value_sorted(in, in->object);
	if (type == FCI_LOGGING)
		return read_logging(in);
	json_t *list = type == FCI_CAPACITY_LIMITS ? read_items(values, in, key, read_limit)
		       : type == FCI_TELEMETRY     ? read_items(values, in, key, read_source)
						   : need_texts(in, key);
	return list ? json_pack("{s:o}", key, list) : NULL;
}

json_t *fci_value_read(const struct fci_values *values, enum fci_type type, json_t *value)
{
	struct json_in in;
	if (type == FCI_REDIRECT_TARGET)
		return fci_value_target(values->source, value);
	json_t *object = values->lenient && json_is_array(value) && list_keys[type]
				 ? object_of(list_keys[type], value)
				 : json_incref(value);
	if (!object) {
		faults_add(values->source->faults, values->source->place, "no memory");
		return NULL;
	}
	json_in_begin(&in, values->source, object, values->source->place, "capability-value");
	json_t *canonical = in.object ? read_value(values, &in, type) : NULL;
	if (json_in_good(&in))
		fci_value_made(&in, canonical);
	json_decref(object);
	return canonical;
}
