/* fci_footprint - the footprints of an advertised capability (RFC 8008 App. B, RFC 9388, RFC 9241 §4), in canonical form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "fci_footprint.h"

#include "fci_value.h"
#include "lib/footprint.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* altopid takes the place of the union among the types of values. */
enum { PIDS = FOOTPRINT_UNION, SLOTS };
static const char pids_name[] = "altopid";

/* Values while they are gathered: lists of texts by type. */
struct gathering {
	struct fci_footprints *how;
	json_t *own[SLOTS], *in_union[SLOTS];
	bool has_union, has_pids;
	char **nobody;
};

/* The first reason counts. */
static void match_nobody(struct gathering *gathering, struct json_in *in, const char *what,
			 const char *why)
{
	if (!*gathering->nobody && asprintf(gathering->nobody, "%.64s %s", what, why) < 0) {
		*gathering->nobody = NULL;
		fci_value_made(in, NULL);
	}
}

/* --- Values ----------------------------------------------------------------------------------- */

static void put(struct gathering *gathering, struct json_in *in, json_t **slot, const char *text)
{
	if (!gathering->how->left) {
		gathering->how->over = true;
		json_in_fault(in, NULL, "past the limit of footprints");
		return;
	}
	gathering->how->left--;
	if (!*slot)
		*slot = json_array();
	if (json_array_append_new(*slot, json_string(text)))
		fci_value_made(in, NULL);
}

static void put_prefix(struct gathering *gathering, struct json_in *in, enum footprint_type type,
		       json_t **slots, const char *text)
{
	struct ip_prefix prefix;
	char canonical[IP_TEXT_MAX];
	uint8_t family = type == FOOTPRINT_IPV4CIDR ? 4 : 6;
	if ((strchr(text, '/') || gathering->how->lenient) && ip_prefix_parse(text, &prefix) &&
	    prefix.addr.family == family)
		put(gathering, in, &slots[type], ip_prefix_text(&prefix, canonical));
	else
		json_in_fault(in, NULL, "'%.64s' is not %s", text,
			      footprint_value_expected(type, "") ?: "");
}

static void put_code(struct gathering *gathering, struct json_in *in, enum footprint_type type,
		     json_t **slots, const char *text)
{
	char code[16];
	size_t len = strlen(text);
	const char *expected = len < sizeof(code) ? NULL : footprint_value_expected(type, "");
	for (size_t i = 0; !expected && i <= len; i++)
		code[i] = gathering->how->lenient ? (char)tolower((unsigned char)text[i]) : text[i];
	if (!expected)
		expected = footprint_value_expected(type, code);
	if (expected)
		json_in_fault(in, NULL, "'%.64s' is not %s", text, expected);
	else
		put(gathering, in, &slots[type], code);
}

/* The addresses of the PIDs go into the union. */
static void put_pids(struct gathering *gathering, struct json_in *in, const json_t *set)
{
	size_t n_pids = json_array_size(set), n = 0;
	struct ip_prefix *list = NULL;
	char err[128], text[IP_TEXT_MAX];
	const char **pids = calloc(n_pids + 1, sizeof(*pids));
	for (size_t i = 0; pids && i < n_pids; i++)
		pids[i] = json_string_value(json_array_get(set, i));
	if (!pids) {
		fci_value_made(in, NULL);
	} else if (!alto_map_prefixes(gathering->how->map, pids, n_pids, &gathering->how->left,
				      &list, &n, err, sizeof(err))) {
		gathering->how->over = !gathering->how->left;
		json_in_fault(in, NULL, "%s", err);
	}
	gathering->how->left += n;
	for (size_t i = 0; i < n; i++)
		put(gathering, in,
		    &gathering->in_union[list[i].addr.family == 4 ? FOOTPRINT_IPV4CIDR
								  : FOOTPRINT_IPV6CIDR],
		    ip_prefix_text(&list[i], text));
	free(list);
	free(pids);
}

/* --- Objects ---------------------------------------------------------------------------------- */

static void read_object(struct gathering *gathering, struct json_in *outer, json_t *json,
			bool within);

static void read_members(struct gathering *gathering, struct json_in *in, json_t *list, bool within)
{
	if (within)
		json_in_fault(in, NULL, "a footprintunion cannot stand within another one");
	gathering->has_union = true;
	for (size_t i = 0; json_in_good(in) && i < json_array_size(list); i++)
		read_object(gathering, in, json_array_get(list, i), true);
}

static void read_pids(struct gathering *gathering, struct json_in *in, json_t **slots, json_t *list)
{
	for (size_t i = 0; json_in_good(in) && i < json_array_size(list); i++) {
		const char *pid = json_in_text_of(in, json_array_get(list, i), "footprint-value");
		if (pid && !alto_name_ok(pid))
			json_in_fault(in, NULL, "'%.64s' is not the name of a PID", pid);
		else if (pid)
			put(gathering, in, &slots[PIDS], pid);
	}
}

static void read_values(struct gathering *gathering, struct json_in *in, enum footprint_type type,
			json_t **slots, json_t *list)
{
	for (size_t i = 0; json_in_good(in) && i < json_array_size(list); i++) {
		const char *text = json_in_text_of(in, json_array_get(list, i), "footprint-value");
		if (text && (type == FOOTPRINT_IPV4CIDR || type == FOOTPRINT_IPV6CIDR))
			put_prefix(gathering, in, type, slots, text);
		else if (text)
			put_code(gathering, in, type, slots, text);
	}
}

static void read_object(struct gathering *gathering, struct json_in *outer, json_t *json,
			bool within)
{
	struct json_in in;
	enum footprint_type type;
	json_in_begin(&in, outer->source, json, outer->place, "footprint");
	const char *name = json_in_text(&in, "footprint-type", JSON_IN_NEEDED);
	json_t *list = json_in_list(&in, "footprint-value");
	bool added = within || gathering->how->lenient; /* to others, in a union */
	json_t **slots = added ? gathering->in_union : gathering->own;
	json_in_not_empty(&in, "footprint-value", "value");
	if (!json_in_good(&in))
		return;
	if (strcmp(name, pids_name) == 0) {
		gathering->has_pids |= !within;
		read_pids(gathering, &in, slots, list);
	} else if (footprint_type_parse(name, &type)) {
		if (type == FOOTPRINT_UNION)
			read_members(gathering, &in, list, within);
		else
			read_values(gathering, &in, type, slots, list);
	} else if (!added) {
		match_nobody(gathering, &in, name, "is not a footprint type that is known");
	}
}

/* --- Lists ------------------------------------------------------------------------------------ */

static json_t *write_list(struct json_in *in, json_t *const slots[SLOTS])
{
	json_t *list = json_array();
	for (unsigned type = 0; type < SLOTS; type++) {
		if (!slots[type])
			continue;
		const char *name =
			type == PIDS ? pids_name : footprint_type_name((enum footprint_type)type);
		json_t *object = json_pack("{s:s, s:o}", "footprint-type", name, "footprint-value",
					   fci_value_set(in, slots[type]));
		if (json_array_append_new(list, object))
			fci_value_made(in, NULL);
	}
	return list;
}

/* A union of one type that stands alone is that type. */
static json_t *write_lists(struct json_in *in, const struct gathering *gathering)
{
	json_t *own = write_list(in, gathering->own);
	json_t *in_union = write_list(in, gathering->in_union);
	if (!json_array_size(own) && json_array_size(in_union) == 1) {
		json_decref(own);
		return in_union;
	}
	if (!json_array_size(in_union))
		json_decref(in_union);
	else if (json_array_append_new(own, json_pack("{s:s, s:o}", "footprint-type",
						      footprint_type_name(FOOTPRINT_UNION),
						      "footprint-value", in_union)))
		fci_value_made(in, NULL);
	return own;
}

static json_t *write_nobody(void)
{
	return json_pack("[{s:s, s:[s]}, {s:s, s:[s]}]", "footprint-type", "ipv4cidr",
			 "footprint-value", "255.255.255.255/32", "footprint-type", "ipv6cidr",
			 "footprint-value", "::/128");
}

/* Gives PIDs the addresses that they have. Those beside others in a union say nothing when they have none. */
static void resolve(struct gathering *gathering, struct json_in *in, json_t **pids)
{
	if (!*pids || gathering->how->keep_pids)
		return;
	if (gathering->how->map)
		put_pids(gathering, in, *pids);
	else if (pids == &gathering->own[PIDS])
		match_nobody(gathering, in, pids_name,
			     "means a network map that is not there in its version");
	json_decref(*pids);
	*pids = NULL;
}

static bool is_empty(json_t *const slots[SLOTS])
{
	bool empty = true;
	for (unsigned type = 0; type < SLOTS; type++)
		empty &= !slots[type];
	return empty;
}

static void check_matches(struct gathering *gathering, struct json_in *in)
{
	bool in_union = gathering->has_union || (gathering->has_pids && !gathering->own[PIDS]);
	if (gathering->has_pids && gathering->has_union && !gathering->how->lenient)
		match_nobody(gathering, in, pids_name,
			     "beside a footprintunion has a common part that cannot be said");
	else if (is_empty(gathering->in_union) && (in_union || is_empty(gathering->own)))
		match_nobody(gathering, in, gathering->has_pids ? pids_name : "the list",
			     "has no address");
}

bool fci_footprints_read(struct fci_footprints *how, struct json_in *in, json_t **canonical,
			 char **why)
{
	struct gathering gathering = {.how = how, .nobody = why};
	json_t *list = json_object_get(in->object, "footprints");
	*canonical = NULL;
	*why = NULL;
	if (!list || json_is_null(list))
		return true;
	list = json_in_list(in, "footprints");
	if (!json_array_size(list))
		return list;
	for (size_t i = 0; json_in_good(in) && i < json_array_size(list); i++)
		read_object(&gathering, in, json_array_get(list, i), false);
	if (json_in_good(in)) {
		resolve(&gathering, in, &gathering.own[PIDS]);
		resolve(&gathering, in, &gathering.in_union[PIDS]);
		check_matches(&gathering, in);
	}
	if (json_in_good(in))
		*canonical = *why ? write_nobody() : write_lists(in, &gathering);
	if (json_in_good(in))
		fci_value_made(in, *canonical);
	for (unsigned type = 0; type < SLOTS; type++) {
		json_decref(gathering.own[type]);
		json_decref(gathering.in_union[type]);
	}
	if (json_in_good(in))
		return true;
	json_decref(*canonical);
	free(*why);
	*canonical = NULL;
	*why = NULL;
	return false;
}
