/* rib - the routes of one peer: each object that it gave for the tables, whether it is in use, and why not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "rib.h"

#include "lib/array.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *rib_state_name(enum rib_state state)
{
	static const char *const names[] = {"new", "accepted", "refused", "suppressed",
					    "withdrawn"};
	return names[state];
}

static void route_clear(struct rib_route *route)
{
	free(route->table);
	free(route->note);
	free(route->reason);
	json_decref(route->object);
	json_decref(route->path);
}

/* false: no memory. */
static bool make_name(const json_t *object, char name[RIB_NAME_MAX])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	bool done = text && SHA256((const uint8_t *)text, strlen(text), digest);
	for (int i = 0; done && i < (RIB_NAME_MAX - 1) / 2; i++)
		snprintf(name + 2 * i, 3, "%02x", digest[i]);
	free(text);
	return done;
}

bool rib_update_add(struct rib_update *update, const struct rib_route *route)
{
	struct rib_route *list =
		array_reserve(update->list, &update->cap, update->n + 1, sizeof(*list));
	struct rib_route added = {.kind = route->kind, .state = RIB_NEW, .since = update->n};
	update->list = list ? list : update->list;
	if (!list || !make_name(route->object, added.name))
		return false;
	added.object = json_incref(route->object);
	added.path = json_incref(route->path);
	added.note = route->note ? strdup(route->note) : NULL;
	list[update->n++] = added;
	return true;
}

void rib_update_clear(struct rib_update *update)
{
	for (size_t i = 0; i < update->n; i++)
		route_clear(&update->list[i]);
	free(update->list);
	faults_clear(&update->faults);
	*update = (struct rib_update){0};
}

static int compare(const struct rib_route *a, const struct rib_route *b)
{
	return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->name, b->name);
}

static int compare_routes(const void *a, const void *b)
{
	return compare(a, b);
}

static int compare_said(const void *a, const void *b)
{
	const struct rib_route *x = a, *y = b;
	int order = compare(x, y);
	return order ? order : x->since < y->since ? -1 : 1;
}

/* The first one of each name stays. Gives how many went. */
static size_t drop_doubles(struct rib_update *update)
{
	size_t kept = 0, n = update->n;
	for (size_t i = 0; i < n; i++) {
		if (kept && compare(&update->list[kept - 1], &update->list[i]) == 0)
			route_clear(&update->list[i]);
		else
			update->list[kept++] = update->list[i];
	}
	update->n = kept;
	return n - kept;
}

/* --- One route, before and after ---------------------------------------------------------------- */

struct merge {
	struct rib *rib;
	struct rib_route *list; /* the next one */
	size_t n;
	bool lasting, changed;
	uint64_t now;
};

static void keep(struct merge *merge, const struct rib_route *route)
{
	merge->list[merge->n++] = *route;
}

/* One that came and went too often waits, and what is in the tables of it goes. */
static void damp(struct merge *merge, struct rib_route *route)
{
	bool before = route->state == RIB_SUPPRESSED;
	if (!damping_suppresses(&route->damping, &merge->rib->damping, merge->now))
		return;
	route->state = RIB_SUPPRESSED;
	free(route->table);
	route->table = NULL;
	merge->rib->suppressed += !before;
}

static void merge_gone(struct merge *merge, struct rib_route *old)
{
	const struct damping_settings *damping = &merge->rib->damping;
	if (old->state != RIB_GONE) {
		merge->changed |= rib_is_wanted(old);
		merge->rib->withdrawn++;
		if (merge->lasting)
			damping_add(&old->damping, damping, DAMPING_WENT, merge->now);
		json_decref(old->object);
		json_decref(old->path);
		free(old->table);
		old->object = old->path = NULL;
		old->table = NULL;
		old->state = RIB_GONE;
		old->since = merge->now;
	}
	if (damping_is_over(&old->damping, damping, merge->now))
		route_clear(old);
	else
		keep(merge, old);
}

static void merge_new(struct merge *merge, struct rib_route *new)
{
	merge->rib->received++;
	new->since = merge->now;
	damp(merge, new);
	merge->changed |= rib_is_wanted(new);
	keep(merge, new);
}

/* What it says is the same, but it may have come another way. */
static void merge_both(struct merge *merge, struct rib_route *old, struct rib_route *new)
{
	bool wanted = rib_is_wanted(old), back = old->state == RIB_GONE;
	new->damping = old->damping;
	new->since = back ? merge->now : old->since;
	merge->rib->received += back;
	if (!back) {
		merge->changed |= old->path != new->path && !json_equal(old->path, new->path);
		new->state = old->state;
		new->table = old->table;
		new->reason = old->reason;
		old->table = old->reason = NULL;
	}
	damp(merge, new);
	merge->changed |= wanted != rib_is_wanted(new);
	route_clear(old);
	keep(merge, new);
}

/* So that a peer that always says something else does not fill the memory. */
static void forget_some(struct rib *rib, uint64_t now)
{
	size_t gone = rib_count(rib, RIB_GONE);
	for (int pass = 0; pass < 2 && gone > RIB_GONE_MAX; pass++) {
		size_t kept = 0;
		for (size_t i = 0; i < rib->n; i++) {
			struct rib_route *route = &rib->list[i];
			bool often =
				damping_penalty(&route->damping, &rib->damping, now) > DAMPING_WENT;
			if (gone > RIB_GONE_MAX && route->state == RIB_GONE && (!often || pass)) {
				route_clear(route);
				gone--;
			} else {
				rib->list[kept++] = *route;
			}
		}
		rib->n = kept;
	}
}

bool rib_take(struct rib *rib, struct rib_update *update, bool lasting, uint64_t now, bool *changed)
{
	struct rib_route *list = malloc((rib->n + update->n + 1) * sizeof(*list));
	if (!list)
		return false;
	struct merge merge = {rib, list, 0, lasting, false, now};
	size_t i = 0, k = 0;
	if (update->n)
		qsort(update->list, update->n, sizeof(*update->list), compare_said);
	rib->doubled += drop_doubles(update);
	rib->refused += update->faults.total;
	while (i < rib->n || k < update->n) {
		struct rib_route *old = i < rib->n ? &rib->list[i] : NULL;
		struct rib_route *new = k < update->n ? &update->list[k] : NULL;
		int order = !old ? 1 : !new ? -1 : compare(old, new);
		i += order <= 0;
		k += order >= 0;
		if (order < 0)
			merge_gone(&merge, old);
		else if (order > 0)
			merge_new(&merge, new);
		else
			merge_both(&merge, old, new);
	}
	free(rib->list);
	free(update->list);
	faults_clear(&rib->faults);
	rib->faults = update->faults;
	*update = (struct rib_update){0};
	rib->list = list;
	rib->n = merge.n;
	forget_some(rib, now);
	*changed = merge.changed;
	return true;
}

/* --- Meanwhile ---------------------------------------------------------------------------------- */

bool rib_tend(struct rib *rib, uint64_t now)
{
	bool again = false;
	size_t kept = 0;
	for (size_t i = 0; i < rib->n; i++) {
		struct rib_route *route = &rib->list[i];
		if (route->state == RIB_SUPPRESSED &&
		    !damping_suppresses(&route->damping, &rib->damping, now)) {
			route->state = RIB_NEW;
			again = true;
		}
		if (route->state == RIB_GONE &&
		    damping_is_over(&route->damping, &rib->damping, now))
			route_clear(route);
		else
			rib->list[kept++] = *route;
	}
	rib->n = kept;
	return again;
}

struct rib_route *rib_find(const struct rib *rib, enum object_kind kind, const char *name)
{
	struct rib_route key = {.kind = kind};
	snprintf(key.name, sizeof(key.name), "%s", name);
	return rib->n ? bsearch(&key, rib->list, rib->n, sizeof(key), compare_routes) : NULL;
}

const char *rib_route_type(const struct rib_route *route)
{
	const char *type = json_string_value(json_object_get(route->object, "type"));
	if (!route->object)
		return "";
	return route->kind == OBJECT_DRI || !type ? "FCI.RedirectTarget" : type;
}

bool rib_is_wanted(const struct rib_route *route)
{
	return route->state == RIB_NEW || route->state == RIB_ACCEPTED;
}

size_t rib_count(const struct rib *rib, enum rib_state state)
{
	size_t n = 0;
	for (size_t i = 0; i < rib->n; i++)
		n += rib->list[i].state == state;
	return n;
}

void rib_settle(struct rib *rib, struct rib_route *route, const char *table, const char *reason)
{
	rib->refused += !table && route->state != RIB_REFUSED;
	free(route->table);
	free(route->reason);
	route->table = table ? strdup(table) : NULL;
	route->reason = reason ? strdup(reason) : NULL;
	route->state = table ? RIB_ACCEPTED : RIB_REFUSED;
}

void rib_clear(struct rib *rib)
{
	for (size_t i = 0; i < rib->n; i++)
		route_clear(&rib->list[i]);
	free(rib->list);
	faults_clear(&rib->faults);
	*rib = (struct rib){.damping = rib->damping};
}
