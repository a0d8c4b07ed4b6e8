/* model_json_footprint - footprint objects (RFC 8006 §4.2.2.2, RFC 9388) and lists of them, from JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "model_json.h"

#include <stdlib.h>

enum { UNION_DEPTH_MAX = 1 };

static void read_footprint(struct json_in *outer, json_t *json, unsigned depth,
			   struct footprint *out);

static void read_members(struct json_in *in, unsigned depth, struct footprint *out)
{
	json_t *list = json_in_list(in, "footprint-value");
	if (depth == UNION_DEPTH_MAX) {
		json_in_fault(in, NULL, "a footprintunion cannot stand within another one");
		return;
	}
	out->members = json_in_room(in, list, sizeof(*out->members), &out->n_members);
	for (size_t i = 0; i < out->n_members; i++)
		read_footprint(in, json_array_get(list, i), depth + 1, &out->members[i]);
}

/* The texts are only read, so they may stay those of the JSON value. */
static void read_values(struct json_in *in, struct footprint *out)
{
	const char **texts = json_in_texts(in, "footprint-value", &out->n_values);
	out->values = (char **)texts;
}

static void read_footprint(struct json_in *outer, json_t *json, unsigned depth,
			   struct footprint *out)
{
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "footprint");
	const char *type = json_in_text(&in, "footprint-type", JSON_IN_NEEDED);
	if (type && !footprint_type_parse(type, &out->type))
		json_in_fault(
			&in, json_object_get(json, "footprint-type"),
			"footprint-type: '%.64s' is not known; expected ipv4cidr, ipv6cidr, asn, "
			"countrycode, subdivisioncode or footprintunion",
			type);
	if (type && out->type == FOOTPRINT_UNION)
		read_members(&in, depth, out);
	else
		read_values(&in, out);
	json_in_not_empty(&in, "footprint-value", "value");
	json_in_end(&in);
}

void model_json_footprints(struct json_in *in, bool with_names, struct model_footprints *out)
{
	size_t room;
	json_t *list = json_in_list(in, "footprints");
	*out = (struct model_footprints){0};
	out->list = json_in_room(in, list, sizeof(*out->list), &room);
	if (out->list && with_names)
		out->names = json_in_room(in, list, sizeof(*out->names), &room);
	for (size_t i = 0; i < room; i++) {
		json_t *value = json_array_get(list, i);
		if (with_names && json_is_string(value))
			out->names[out->n_names++] = json_in_text_of(in, value, "footprints");
		else
			read_footprint(in, value, 0, &out->list[out->n++]);
	}
}

static void footprint_clear(struct footprint *footprint)
{
	for (size_t i = 0; i < footprint->n_members; i++)
		footprint_clear(&footprint->members[i]);
	free(footprint->members);
	free(footprint->values);
}

void model_json_footprints_clear(struct model_footprints *footprints)
{
	for (size_t i = 0; i < footprints->n; i++)
		footprint_clear(&footprints->list[i]);
	free(footprints->list);
	free(footprints->names);
	*footprints = (struct model_footprints){0};
}

bool model_json_footprint_name(const struct json_source *source, json_t *json,
			       struct model_footprint_name *footprint)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, "footprint");
	footprint->name = json_in_text(&in, "name", JSON_IN_NEEDED);
	model_json_footprints(&in, false, &footprint->footprints);
	json_in_not_empty(&in, "footprints", "footprint object");
	return json_in_end(&in);
}

void model_json_footprint_name_clear(struct model_footprint_name *footprint)
{
	model_json_footprints_clear(&footprint->footprints);
}
