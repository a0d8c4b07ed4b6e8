/* learn - brings the tables to what a RIB says, as one commit of its set. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "learn.h"

#include "config_objects.h"
#include "control.h"
#include "json_place.h"
#include "lib/array.h"
#include "log.h"
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct learn_route {
	enum object_kind kind;
	char name[RIB_NAME_MAX];
	json_t *object;
	char *table; /* its name in the tables; NULL: refused, or the compiler did not have it yet */
	char *reason; /* refused: why */
};

bool learn_init(struct learn *learn, struct control *control, const char *set, const char *cdn)
{
	*learn = (struct learn){
		.control = control, .set = json_place_file(set), .cdn = json_place_file(cdn)};
	return learn->set && learn->cdn;
}

/* --- What the set has in the tables ---------------------------------------------------------------- */

struct own {
	const struct learn *learn;
	enum object_kind kind;
	char prefix[OBJECT_NAME_MAX];
	size_t prefix_len;
	struct object **list; /* with a reference on each */
	size_t n, cap;
	bool no_memory;
};

static bool find_own(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct own *own = arg;
	struct object *object = value;
	(void)len;
	if (key[0] != own->kind || strncmp(object->name, own->prefix, own->prefix_len) != 0)
		return false;
	if (object->set != own->learn->set || object->removed)
		return true;
	struct object **list = array_reserve(own->list, &own->cap, own->n + 1, sizeof(*list));
	own->no_memory |= !list;
	if (!list)
		return false;
	own->list = list;
	object_retain(object);
	list[own->n++] = object;
	return true;
}

/* All objects that a peer gives are named after its CDN. */
static bool find_all_own(const struct learn *learn, const struct trie_node *objects,
			 struct own *own)
{
	static const enum object_kind kinds[] = {OBJECT_DRI, OBJECT_ADVERT};
	uint8_t key[OBJECT_KEY_MAX];
	*own = (struct own){.learn = learn};
	own->prefix_len = (size_t)snprintf(own->prefix, sizeof(own->prefix), "cdn/%s", learn->cdn);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		own->kind = kinds[i];
		trie_walk(objects, key, object_key(own->kind, own->prefix, key), find_own, own);
	}
	return !own->no_memory;
}

static void own_clear(struct own *own)
{
	for (size_t i = 0; i < own->n; i++)
		object_release(own->list[i]);
	free(own->list);
}

static bool recall(const struct object *object, struct rib_update *update)
{
	struct rib_route route = {.kind = (enum object_kind)object->kind,
				  .object = json_loads(object_json(object), 0, NULL)};
	bool done = route.object && rib_update_add(update, &route);
	json_decref(route.object);
	if (done)
		update->list[update->n - 1].table = strdup(object->name);
	return done && update->list[update->n - 1].table;
}

bool learn_recall(struct learn *learn, uint64_t now)
{
	struct rib_update update = {0};
	struct own own;
	bool changed, done = find_all_own(learn, learn->control->head->objects, &own);
	for (size_t i = 0; done && i < own.n; i++)
		done = recall(own.list[i], &update);
	done = done && rib_take(&learn->rib, &update, false, now, &changed);
	for (size_t i = 0; done && i < learn->rib.n; i++)
		learn->rib.list[i].state = RIB_ACCEPTED;
	rib_update_clear(&update);
	own_clear(&own);
	return done;
}

/* --- The routes of a commit -------------------------------------------------------------------------- */

static void forget_routes(struct learn *learn)
{
	for (size_t i = 0; i < learn->n_routes; i++) {
		free(learn->routes[i].table);
		free(learn->routes[i].reason);
		json_decref(learn->routes[i].object);
	}
	free(learn->routes);
	learn->routes = NULL;
	learn->n_routes = learn->next = 0;
}

/* The RIB may change while the commit is under way. */
static bool note_routes(struct learn *learn)
{
	const struct rib *rib = &learn->rib;
	learn->routes = calloc(rib->n + 1, sizeof(*learn->routes));
	for (size_t i = 0; learn->routes && i < rib->n; i++) {
		const struct rib_route *route = &rib->list[i];
		/* What was refused may fit now. */
		if (!rib_is_wanted(route) && route->state != RIB_REFUSED)
			continue;
		struct learn_route *noted = &learn->routes[learn->n_routes++];
		noted->kind = route->kind;
		memcpy(noted->name, route->name, sizeof(noted->name));
		noted->object = json_incref(route->object);
	}
	return learn->routes;
}

/* --- The steps of the commit ---------------------------------------------------------------------- */

static void take(struct learn_route *route, struct compiler *compiler)
{
	struct faults faults = {0}, *before = compiler_set_faults(compiler, &faults);
	struct json_source source = {.faults = &faults};
	json_t *copy = json_deep_copy(route->object);
	if (copy && config_object_read(&source, route->kind, copy, compiler))
		route->table = strdup(compiler_last_name(compiler));
	json_decref(copy);
	compiler_set_faults(compiler, before);
	if (!copy || (!route->table && !faults.total))
		compiler_no_memory(compiler, source.place, "a route");
	if (faults.total)
		route->reason = strdup(faults.n ? faults.list[0].text : "no memory");
	faults_clear(&faults);
}

static int compare_tables(const void *a, const void *b)
{
	const struct learn_route *x = a, *y = b;
	int order = (int)x->kind - (int)y->kind;
	return order ? order : strcmp(x->table ? x->table : "", y->table ? y->table : "");
}

/* A sweep by itself, since that of the compiler looks at all objects there are. */
static void remove_others(struct learn *learn, struct compiler *compiler)
{
	struct own own;
	if (!find_all_own(learn, compiler_objects(compiler), &own))
		compiler_no_memory(compiler, (struct place){NULL, 0}, learn->set);
	if (learn->n_routes)
		qsort(learn->routes, learn->n_routes, sizeof(*learn->routes), compare_tables);
	for (size_t i = 0; i < own.n; i++) {
		const struct learn_route key = {.kind = (enum object_kind)own.list[i]->kind,
						.table = own.list[i]->name};
		if (!learn->n_routes ||
		    !bsearch(&key, learn->routes, learn->n_routes, sizeof(key), compare_tables))
			compiler_remove(compiler, key.kind, key.table, (struct place){NULL, 0});
	}
	own_clear(&own);
}

static bool step(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget)
{
	struct learn *learn = arg;
	(void)faults;
	for (; budget && learn->next < learn->n_routes; budget--)
		take(&learn->routes[learn->next++], compiler);
	if (learn->next < learn->n_routes && !compiler_exhausted(compiler))
		return true;
	remove_others(learn, compiler);
	return false;
}

/* One that came meanwhile is taken by the next commit. */
static void settle(struct learn *learn)
{
	for (size_t i = 0; i < learn->n_routes; i++) {
		const struct learn_route *noted = &learn->routes[i];
		struct rib_route *route = rib_find(&learn->rib, noted->kind, noted->name);
		if (route && route->state != RIB_SUPPRESSED && route->state != RIB_GONE)
			rib_settle(&learn->rib, route, noted->table, noted->reason);
	}
}

static void log_refusal(struct learn *learn, const struct commit_result *result)
{
	const char *text = result->why         ? result->why
			   : result->faults->n ? result->faults->list[0].text
					       : "no memory";
	bool said = strncmp(learn->error, text, sizeof(learn->error) - 1) == 0;
	snprintf(learn->error, sizeof(learn->error), "%s", text);
	if (!said)
		log_line(LOG_LEVEL_ERROR, "%s: its routes were not taken: %s", learn->set, text);
}

static void log_result(struct learn *learn, const struct commit_result *result)
{
	const struct compiler_counts *counts = &result->counts;
	if (counts->added || counts->changed || counts->removed)
		log_line(LOG_LEVEL_INFO,
			 "%s: generation %lu, %u added, %u changed, %u removed; %zu refused, %zu "
			 "suppressed",
			 learn->set, result->generation, counts->added, counts->changed,
			 counts->removed, rib_count(&learn->rib, RIB_REFUSED),
			 rib_count(&learn->rib, RIB_SUPPRESSED));
}

static void follow(struct learn *learn)
{
	if (learn->again)
		learn_publish(learn);
	else if (learn->done)
		learn->done(learn->arg);
}

static void done(void *arg, const struct commit_result *result)
{
	struct learn *learn = arg;
	bool later = learn->commit;
	learn->commit = NULL;
	learn->failed = !result->done;
	if (result->done) {
		learn->error[0] = '\0';
		learn->generation = result->generation;
		settle(learn);
		log_result(learn, result);
	} else {
		log_refusal(learn, result);
	}
	forget_routes(learn);
	if (later)
		follow(learn);
}

/* The commit may be over when it returns. */
static void start(struct learn *learn)
{
	struct control *control = learn->control;
	struct commit_plan plan = {
		.origin = learn->set,
		.source = {.set = learn->set,
			   .runtime = true,
			   .pass = ++control->pass,
			   .yields = true,
			   .order = replay_order | (control->generation + 1) << 24},
		.keep_going = true,
		.store = true,
		.step = step,
		.done = done,
		.arg = learn,
	};
	learn->again = false;
	if (!note_routes(learn)) {
		static const struct faults none;
		struct commit_result result = {.faults = &none};
		done(learn, &result);
		return;
	}
	learn->commit = commit_start(control, &plan);
}

void learn_publish(struct learn *learn)
{
	if (learn->commit) {
		learn->again = true;
		return;
	}
	start(learn);
	if (!learn->commit)
		follow(learn);
}

void learn_tend(struct learn *learn)
{
	if (!learn->commit && (learn->failed || learn->generation != learn->control->generation))
		learn_publish(learn);
}

void learn_clear(struct learn *learn)
{
	if (learn->commit)
		commit_cancel(learn->commit);
	learn->commit = NULL;
	forget_routes(learn);
	rib_clear(&learn->rib);
}
