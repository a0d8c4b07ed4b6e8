/* fci_read - an advertisement of a peer, entry by entry, to objects for the tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "fci_read.h"

#include "fci_footprint.h"
#include "fci_object.h"
#include "fci_value.h"
#include "lib/array.h"

#include <string.h>

struct reading {
	const struct fci_how *how;
	struct fci_footprints footprints;
	json_t *ids;   /* of capacity limits */
	json_t *names; /* of entries so far */
	struct fci_list *list;
	struct faults *faults;
};

/* What names of types are made of. */
static const char name_octets[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";

/* --- Entries ---------------------------------------------------------------------------------- */

static const char *read_type(struct json_in *in)
{
	const char *type = json_in_text(in, "capability-type", JSON_IN_NEEDED);
	if (type && (strspn(type, name_octets) != strlen(type) || strlen(type) > ALTO_NAME_MAX)) {
		json_in_fault(in, NULL, "capability-type: '%.64s' is not the name of a type", type);
		return NULL;
	}
	return type;
}

/* The base object in canonical form. NULL: the faults say why. */
static json_t *read_base(struct reading *reading, struct json_in *in, struct fci_entry *entry)
{
	const struct fci_values values = {in->source, reading->how->lenient, reading->ids};
	const char *type = read_type(in);
	json_t *value = json_object_get(in->object, "capability-value"), *footprints = NULL;
	if (in->object && !value)
		json_in_fault(in, NULL, "'capability-value' is missing");
	if (!json_in_good(in))
		return NULL;
	entry->type = fci_type_parse(type);
	value = fci_value_read(&values, entry->type, value);
	if (!value)
		return NULL;
	if (!fci_footprints_read(&reading->footprints, in, &footprints, &entry->nobody)) {
		json_decref(value);
		return NULL;
	}
	return fci_value_made(in, json_pack("{s:s, s:o, s:o*}", "capability-type", type,
					    "capability-value", value, "footprints", footprints));
}

static bool make_entry(struct reading *reading, json_t *json, struct fci_entry *entry,
		       struct faults *faults)
{
	const struct json_source source = {.faults = faults};
	struct json_in in;
	json_in_begin(&in, &source, json, source.place, "capability");
	entry->base = read_base(reading, &in, entry);
	if (entry->base && reading->how->cdn && !fci_object_make(entry, reading->how->cdn))
		fci_value_made(&in, NULL);
	return json_in_good(&in);
}

/* Takes the entry over. false: no memory. */
static bool put_entry(struct reading *reading, struct fci_entry *entry)
{
	struct fci_list *list = reading->list;
	struct fci_entry *room =
		array_reserve(list->list, &list->cap, list->n + 1, sizeof(*list->list));
	if (!room) {
		fci_entry_clear(entry);
		return false;
	}
	list->list = room;
	room[list->n++] = *entry;
	list->other += entry->type == FCI_OTHER;
	return !entry->name || json_object_set_new(reading->names, entry->name, json_true()) == 0;
}

static void refuse(struct reading *reading, size_t index, json_t *json, const struct faults *faults)
{
	const char *type = json_string_value(json_object_get(json, "capability-type"));
	const char *text = faults->n ? faults->list[0].text : "no memory";
	bool plain = type && strspn(type, name_octets) == strlen(type);
	faults_add(reading->faults, (struct place){0}, "entry %zu (%.64s): %s", index,
		   plain ? type : "?", text);
	reading->list->refused++;
}

/* false: nothing more can be read. */
static bool read_entry(struct reading *reading, size_t index, json_t *json)
{
	struct fci_entry entry = {.index = index};
	struct faults faults = {0};
	bool good = make_entry(reading, json, &entry, &faults), done = true;
	bool again = good && entry.name && json_object_get(reading->names, entry.name);
	if (!good)
		refuse(reading, index, json, &faults);
	reading->list->doubled += again;
	if (good && !again)
		done = put_entry(reading, &entry);
	else
		fci_entry_clear(&entry);
	faults_clear(&faults);
	return done && !reading->footprints.over;
}

/* --- Advertisements --------------------------------------------------------------------------- */

static json_t *entries_of(json_t *body)
{
	json_t *advertisement = json_object_get(body, "cdni-advertisement");
	return advertisement ? json_object_get(advertisement, "capabilities-with-footprints")
			     : json_object_get(body, "capabilities");
}

static const struct alto_map *fitting_map(const struct alto_map *map, json_t *body)
{
	struct alto_vtag vtag;
	for (size_t i = 0; map && alto_vtag_dependent(body, i, &vtag); i++)
		if (alto_vtag_equal(&vtag, alto_map_vtag(map)))
			return map;
	return NULL;
}

static const char *read_entries(struct reading *reading, json_t *entries)
{
	if (!json_is_array(entries))
		return "expected an object with \"cdni-advertisement\" (RFC 9241 section 3.6)";
	if (json_array_size(entries) > reading->how->max_entries)
		return "it has more entries than the peer may have";
	for (size_t i = 0; i < json_array_size(entries); i++)
		if (!read_entry(reading, i, json_array_get(entries, i)))
			return reading->footprints.over
				       ? "it has more footprints than the peer may have"
				       : "no memory";
	return NULL;
}

bool fci_read(const struct fci_how *how, json_t *body, struct fci_list *list, struct faults *faults)
{
	struct reading reading = {
		.how = how,
		.footprints = {how->lenient, how->keep_pids, fitting_map(how->map, body),
			       how->max_footprints, false},
		.ids = json_object(),
		.names = json_object(),
		.list = list,
		.faults = faults,
	};
	*list = (struct fci_list){0};
	const char *fault = reading.ids && reading.names ? read_entries(&reading, entries_of(body))
							 : "no memory";
	json_decref(reading.ids);
	json_decref(reading.names);
	if (!fault)
		return true;
	fci_list_clear(list);
	faults_add(faults, (struct place){0}, "advertisement: %s", fault);
	return false;
}
