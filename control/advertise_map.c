/* advertise_map - our own network map: the PIDs that an advertisement names, each with the addresses of the footprint of that name. RFC 7285
 * §11.2, RFC 9241 §3.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "advertise_map.h"

#include "alto_map.h"
#include "lib/array.h"
#include "lib/footprint.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char advertise_map_resource_id[] = "network-map";
static const char rest[] = "@rest"; /* the PID of all other addresses */

struct pid {
	struct ip_prefix *list;
	size_t n, cap;
};

struct building {
	const struct advertise_footprints *footprints;
	json_t *taken; /* prefixes, each with its PID */
	struct alto_pid *list;
	size_t n, cap;
	bool no_memory;
};

static const char *type_of(const json_t *footprint)
{
	const char *type = json_string_value(json_object_get(footprint, "footprint-type"));
	return type ? type : "";
}

static json_t *values_of(const json_t *footprint)
{
	return json_object_get(footprint, "footprint-value");
}

/* --- The PIDs that are named ---------------------------------------------------------------------- */

static bool find_pids(const json_t *footprints, json_t *pids)
{
	size_t i, k;
	json_t *footprint, *pid;
	bool done = true;
	json_array_foreach (footprints, i, footprint) {
		if (strcmp(type_of(footprint), "footprintunion") == 0)
			done &= find_pids(values_of(footprint), pids);
		if (strcmp(type_of(footprint), "altopid") != 0)
			continue;
		json_array_foreach (values_of(footprint), k, pid)
			if (json_is_string(pid) && !json_object_get(pids, json_string_value(pid)))
				done &= !json_object_set(pids, json_string_value(pid), pid);
	}
	return done;
}

/* By name, each with a text that names it. NULL: no memory. */
static json_t *pids_of(const json_t *own)
{
	size_t i;
	json_t *object, *pids = json_object();
	bool done = pids;
	json_array_foreach (own, i, object)
		done = done && find_pids(json_object_get(object, "footprints"), pids);
	if (done)
		return pids;
	json_decref(pids);
	return NULL;
}

/* --- Their addresses ------------------------------------------------------------------------------ */

static void fault(const struct building *building, const json_t *at, const char *pid,
		  const char *why)
{
	building->footprints->fault(building->footprints->arg, at, pid, why);
}

/* at NULL: a prefix that is taken is none that is missing. */
static void add_prefix(struct building *building, struct pid *pid, const json_t *at,
		       const char *name, const char *text)
{
	char canonical[IP_TEXT_MAX], why[256];
	struct ip_prefix prefix;
	if (!ip_prefix_parse(text, &prefix))
		return;
	ip_prefix_text(&prefix, canonical);
	const char *other = json_string_value(json_object_get(building->taken, canonical));
	if (other) {
		snprintf(why, sizeof(why), "PID '%.64s' has %s already, and each is in one PID",
			 other, canonical);
		if (at && strcmp(other, name) != 0)
			fault(building, at, name, why);
		return;
	}
	struct ip_prefix *list = array_reserve(pid->list, &pid->cap, pid->n + 1, sizeof(*list));
	if (!list || json_object_set_new(building->taken, canonical, json_string(name))) {
		building->no_memory = true;
	} else {
		list[pid->n++] = prefix;
	}
	pid->list = list ? list : pid->list;
}

/* What the footprints of a list have in common is no list of prefixes, unless they are of one type. */
static bool are_prefixes(const json_t *list, bool in_union)
{
	size_t i;
	json_t *footprint;
	json_array_foreach (list, i, footprint) {
		enum footprint_type type;
		if (!footprint_type_parse(type_of(footprint), &type) ||
		    (type != FOOTPRINT_IPV4CIDR && type != FOOTPRINT_IPV6CIDR))
			return false;
		if (!in_union && strcmp(type_of(footprint), type_of(json_array_get(list, 0))) != 0)
			return false;
	}
	return true;
}

static void add_footprints(struct building *building, struct pid *pid, const json_t *at,
			   const char *name, const json_t *list)
{
	size_t i, k;
	json_t *footprint, *text;
	const json_t *first = json_array_get(list, 0);
	bool in_union = json_array_size(list) == 1 && !strcmp(type_of(first), "footprintunion");
	if (in_union)
		list = values_of(first);
	if (!are_prefixes(list, in_union)) {
		fault(building, at, name,
		      "the footprint of that name is neither of type ipv4cidr or ipv6cidr nor a "
		      "footprintunion of them");
		return;
	}
	json_array_foreach (list, i, footprint)
		json_array_foreach (values_of(footprint), k, text)
			add_prefix(building, pid, at, name, json_string_value(text) ?: "");
}

static int compare(const void *a, const void *b)
{
	const struct ip_prefix *x = a, *y = b;
	int order = x->addr.family - y->addr.family;
	order = order ? order : memcmp(x->addr.bytes, y->addr.bytes, sizeof(x->addr.bytes));
	return order ? order : x->len - y->len;
}

static void add_pid(struct building *building, const char *name, struct pid *pid)
{
	struct alto_pid *list =
		array_reserve(building->list, &building->cap, building->n + 1, sizeof(*list));
	building->list = list ? list : building->list;
	building->no_memory |= !list;
	if (!list) {
		free(pid->list);
		return;
	}
	if (pid->n)
		qsort(pid->list, pid->n, sizeof(*pid->list), compare);
	list[building->n++] = (struct alto_pid){name, pid->list, pid->n};
}

static void add_named(struct building *building, const char *name, const json_t *at)
{
	const struct advertise_footprints *footprints = building->footprints;
	struct pid pid = {0};
	json_t *list = strcmp(name, rest) == 0 ? NULL : footprints->find(footprints->arg, name);
	if (!list) {
		fault(building, at, name,
		      strcmp(name, rest) == 0 ? "the name is that of all other addresses"
					      : "no footprint has the name");
		return;
	}
	add_footprints(building, &pid, at, name, list);
	json_decref(list);
	add_pid(building, name, &pid);
}

static void add_rest(struct building *building)
{
	struct pid pid = {0};
	add_prefix(building, &pid, NULL, rest, "0.0.0.0/0");
	add_prefix(building, &pid, NULL, rest, "::/0");
	if (pid.n)
		add_pid(building, rest, &pid);
	else
		free(pid.list);
}

/* --- The map -------------------------------------------------------------------------------------- */

/* Gives the map the digest of what it says for a tag. */
static bool set_tag(json_t *map)
{
	struct alto_vtag vtag = {0};
	uint8_t digest[EVP_MAX_MD_SIZE];
	char *text = json_dumps(json_object_get(map, "network-map"), JSON_COMPACT | JSON_SORT_KEYS);
	bool done = text && EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL);
	free(text);
	strcpy(vtag.resource, advertise_map_resource_id);
	for (int i = 0; done && i < 16; i++)
		snprintf(vtag.tag + 2 * i, 3, "%02x", digest[i]);
	return done &&
	       !json_object_set_new(json_object_get(map, "meta"), "vtag", alto_vtag_write(&vtag));
}

bool advertise_map_compose(const json_t *own, const struct advertise_footprints *footprints,
			   json_t **map)
{
	static const struct alto_vtag none = {"-", "-"};
	struct building building = {.footprints = footprints};
	const char *name;
	json_t *at, *pids = pids_of(own);
	*map = NULL;
	if (pids && !json_object_size(pids)) {
		json_decref(pids);
		return true;
	}
	building.taken = json_object();
	json_object_foreach (pids, name, at)
		add_named(&building, name, at);
	add_rest(&building);
	if (pids && building.taken && !building.no_memory)
		*map = alto_map_write(&none, building.list, building.n);
	if (*map && !set_tag(*map)) {
		json_decref(*map);
		*map = NULL;
	}
	for (size_t i = 0; i < building.n; i++)
		free((struct ip_prefix *)building.list[i].prefixes);
	free(building.list);
	json_decref(building.taken);
	json_decref(pids);
	return *map;
}
