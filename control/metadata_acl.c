/* metadata_acl - the access-control lists of CDNI metadata as rules in their order. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata_acl.h"

#include "lib/request.h"
#include "model_json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HTTP_PROTOCOLS = PROTOCOL_HTTP | PROTOCOL_HTTPS };

static const char union_type[] = "footprintunion";

/* --- What is common to all three ---------------------------------------------------------------------------------- */

/* A list while it is read: whose rules have their conditions in the member `key`. */
struct reading {
	struct json_in in;
	json_t *list;
	struct metadata_acl *acl;
};

static bool begin(struct reading *r, const struct json_source *source, json_t *value,
		  const char *what, const char *key, struct metadata_acl *acl)
{
	*acl = (struct metadata_acl){0};
	r->acl = acl;
	r->list = NULL;
	if (value) {
		json_in_begin(&r->in, source, value, source->place, what);
		r->list = json_in_list(&r->in, key);
		if (!r->in.object || (!r->list && json_object_get(value, key)))
			return false;
	}
	acl->rules = calloc(json_array_size(r->list) + 1, sizeof(*acl->rules));
	if (acl->rules)
		return true;
	faults_add(source->faults, source->place, "%s: no memory", what);
	return false;
}

/* One rule: its action, and the list in its member `key`. */
static json_t *begin_rule(const struct reading *r, struct json_in *rule, size_t i, const char *what,
			  const char *key, bool *allow)
{
	static const char *const actions[] = {"deny", "allow", NULL};
	json_in_begin(rule, r->in.source, json_array_get(r->list, i), r->in.place, what);
	*allow = json_in_choice(rule, "action", actions, 0);
	json_t *list = json_in_list(rule, key);
	if (rule->object && !json_object_get(rule->object, key))
		json_in_fault(rule, NULL, "'%s' is missing", key);
	return list;
}

static void add(struct reading *r, struct metadata_rule rule)
{
	r->acl->rules[r->acl->n++] = rule;
}

void metadata_acl_clear(struct metadata_acl *acl)
{
	for (size_t i = 0; i < acl->n; i++)
		json_decref(acl->rules[i].condition);
	free(acl->rules);
	*acl = (struct metadata_acl){0};
}

/* --- Locations ---------------------------------------------------------------------------------------------------- */

static const char *type_of(const json_t *footprint)
{
	const char *type = json_string_value(json_object_get(footprint, "footprint-type"));
	return type ? type : "";
}

/* Members that are not known are left behind. */
static bool append(json_t *list, json_t *footprint)
{
	json_t *type = json_object_get(footprint, "footprint-type");
	json_t *value = json_object_get(footprint, "footprint-value");
	return json_array_append_new(list, json_pack("{s:O*, s:O*}", "footprint-type", type,
						     "footprint-value", value)) == 0;
}

/* In a rule all footprints are alternatives, in a scope those of different types narrow each other: then a union has them. */
static json_t *alternatives(json_t *footprints)
{
	json_t *flat = json_array(), *one, *inner;
	size_t i, j;
	bool good = flat, mixed = false;
	json_array_foreach (footprints, i, one) {
		json_t *members = json_object_get(one, "footprint-value");
		bool is_union = !strcmp(type_of(one), union_type) && json_array_size(members);
		json_array_foreach (is_union ? members : NULL, j, inner)
			good = good && append(flat, inner);
		if (!is_union)
			good = good && append(flat, one);
	}
	json_array_foreach (flat, i, one)
		mixed |= strcmp(type_of(one), type_of(json_array_get(flat, 0))) != 0;
	if (good && mixed)
		flat = json_pack("[{s:s, s:o}]", "footprint-type", union_type, "footprint-value",
				 flat);
	if (good)
		return flat;
	json_decref(flat);
	return NULL;
}

static void check_values(struct json_in *rule, const struct footprint *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check_values(rule, list[i].members, list[i].n_members);
		for (size_t k = 0; k < list[i].n_values; k++) {
			const char *text = list[i].values[k];
			const char *expected = footprint_value_expected(list[i].type, text);
			if (expected)
				json_in_fault(rule, NULL, "footprint value '%.64s': expected %s",
					      text, expected);
		}
	}
}

/* The number of a list of footprints. What the tables would refuse later is refused now. */
static bool number(struct json_in *rule, json_t *condition, struct footprint_txn *txn, uint32_t *id)
{
	char err[512];
	uint8_t rank;
	struct json_in in;
	struct model_footprints footprints = {0};
	json_t *around = json_pack("{s:O}", "footprints", condition);
	size_t before = rule->source->faults->total;
	if (!around) {
		json_in_fault(rule, NULL, "no memory");
		return false;
	}
	json_in_begin(&in, rule->source, around, rule->place, rule->what);
	model_json_footprints(&in, false, &footprints);
	if (rule->source->faults->total == before && txn &&
	    footprint_take(txn, footprints.list, footprints.n, id, &rank, err, sizeof(err)) != 0)
		json_in_fault(rule, NULL, "%s", err);
	if (!txn)
		check_values(rule, footprints.list, footprints.n);
	model_json_footprints_clear(&footprints);
	json_decref(around);
	return rule->source->faults->total == before;
}

static bool came_before(const struct metadata_acl *acl, uint32_t footprint)
{
	for (size_t i = 0; i < acl->n; i++)
		if (acl->rules[i].footprint == footprint)
			return true;
	return false;
}

bool metadata_acl_locations(const struct json_source *source, json_t *value,
			    struct footprint_txn *footprints, struct metadata_acl *acl)
{
	struct reading r;
	size_t before = source->faults->total;
	if (!begin(&r, source, value, "LocationACL", "locations", acl))
		return false;
	for (size_t i = 0; i < json_array_size(r.list); i++) {
		struct json_in rule;
		uint32_t id = 0;
		bool allow;
		json_t *list = begin_rule(&r, &rule, i, "LocationRule", "footprints", &allow);
		json_t *condition = alternatives(list);
		if (!condition)
			json_in_fault(&rule, NULL, "no memory");
		if (json_array_size(condition) && number(&rule, condition, footprints, &id) &&
		    !came_before(acl, id))
			add(&r, (struct metadata_rule){allow, condition, id, 0});
		else
			json_decref(condition);
	}
	add(&r, (struct metadata_rule){.allow = !r.list});
	return source->faults->total == before;
}

/* --- Times -------------------------------------------------------------------------------------------------------- */

/* Adds a window that is not empty. RFC 8006 §4.2.3.2, erratum 7657: numbers, not texts. */
static void add_window(const struct json_in *rule, json_t *value, json_t *windows)
{
	struct json_in in;
	json_in_begin(&in, rule->source, value, rule->place, "TimeWindow");
	int64_t start = json_in_integer(&in, "start", 0, INT64_MAX, 0);
	int64_t end = json_in_integer(&in, "end", 0, INT64_MAX, 0);
	if (in.object && (!json_object_get(value, "start") || !json_object_get(value, "end")))
		json_in_fault(&in, NULL, "expected 'start' and 'end'");
	if (start < end &&
	    json_array_append_new(windows, json_pack("{s:I, s:I}", "start", (json_int_t)start,
						     "end", (json_int_t)end)) != 0)
		json_in_fault(&in, NULL, "no memory");
}

bool metadata_acl_times(const struct json_source *source, json_t *value, struct metadata_acl *acl)
{
	struct reading r;
	size_t before = source->faults->total;
	if (!begin(&r, source, value, "TimeWindowACL", "times", acl))
		return false;
	for (size_t i = 0; i < json_array_size(r.list); i++) {
		struct json_in rule;
		bool allow;
		json_t *list = begin_rule(&r, &rule, i, "TimeWindowRule", "windows", &allow);
		json_t *condition = json_array();
		for (size_t j = 0; j < json_array_size(list); j++)
			add_window(&rule, json_array_get(list, j), condition);
		if (json_array_size(condition))
			add(&r, (struct metadata_rule){allow, condition, 0, 0});
		else
			json_decref(condition);
	}
	add(&r, (struct metadata_rule){.allow = !r.list});
	return source->faults->total == before;
}

/* --- Protocols ---------------------------------------------------------------------------------------------------- */

/* RFC 8006 §7.3. Requests here are HTTP/1; other protocols match none of them. */
static uint8_t protocol_of(const char *name)
{
	if (!strcasecmp(name, "http/1.1"))
		return PROTOCOL_HTTP;
	return strcasecmp(name, "https/1.1") == 0 ? PROTOCOL_HTTPS : 0;
}

bool metadata_acl_protocols(const struct json_source *source, json_t *value,
			    struct metadata_acl *acl)
{
	struct reading r;
	uint8_t left = HTTP_PROTOCOLS;
	size_t before = source->faults->total;
	if (!begin(&r, source, value, "ProtocolACL", "protocol-acl", acl))
		return false;
	for (size_t i = 0; i < json_array_size(r.list); i++) {
		struct json_in rule;
		bool allow;
		uint8_t protocols = 0;
		json_t *list = begin_rule(&r, &rule, i, "ProtocolRule", "protocols", &allow);
		for (size_t j = 0; j < json_array_size(list); j++) {
			const char *name =
				json_in_text_of(&rule, json_array_get(list, j), "protocols");
			protocols |= name ? protocol_of(name) : 0;
		}
		protocols &= left;
		left &= (uint8_t)~protocols;
		if (protocols)
			add(&r, (struct metadata_rule){allow, NULL, 0, protocols});
	}
	if (left)
		add(&r, (struct metadata_rule){!r.list, NULL, 0, left});
	return source->faults->total == before;
}

bool metadata_acl_allows(const struct metadata_acl *protocols, uint8_t protocol)
{
	for (size_t i = 0; i < protocols->n; i++)
		if (protocols->rules[i].protocols & protocol)
			return protocols->rules[i].allow;
	return false;
}
