/* metadata_tables - brings the tables to what the compiled metadata of a peer says: one commit of its set, all of it or nothing. RFC 8006. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata_tables.h"

#include "config_objects.h"
#include "control.h"
#include "json_place.h"
#include "log.h"
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- What the set has in the tables ------------------------------------------------------------------------ */

struct own {
	const struct metadata_tables *tables;
	enum object_kind kind;
	char prefix[METADATA_TABLES_NAME_MAX + 8];
	size_t n;
	json_t *list; /* their JSON, each in a group with its kind; NULL: they are only counted */
	bool no_memory;
};

static bool find_own(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct own *own = arg;
	const struct object *object = value;
	(void)len;
	if (key[0] != own->kind || strncmp(object->name, own->prefix, strlen(own->prefix)) != 0)
		return false;
	if (object->set != own->tables->set || object->removed)
		return true;
	own->n++;
	if (own->list)
		own->no_memory |= json_array_append_new(
			own->list, json_pack("{s:o}", object_kind_name(own->kind),
					     json_loads(object_json(object), 0, NULL)));
	return true;
}

static void find_all_own(const struct metadata_tables *tables, struct own *own)
{
	static const enum object_kind kinds[] = {OBJECT_NODE, OBJECT_DRI, OBJECT_SCOPE};
	uint8_t key[OBJECT_KEY_MAX];
	own->tables = tables;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		own->kind = kinds[i];
		snprintf(own->prefix, sizeof(own->prefix),
			 "%s%s:", own->kind == OBJECT_DRI ? "node/" : "", tables->name);
		trie_walk(tables->control->head->objects, key,
			  object_key(own->kind, own->prefix, key), find_own, own);
	}
}

bool metadata_tables_init(struct metadata_tables *tables, struct control *control, const char *peer)
{
	char set[PEER_NAME_MAX + 16];
	struct own own = {.list = json_array()};
	snprintf(set, sizeof(set), "peer %s metadata", peer);
	*tables = (struct metadata_tables){.control = control, .set = json_place_file(set)};
	snprintf(tables->name, sizeof(tables->name), METADATA_TABLES_PREFIX "%s", peer);
	if (tables->set && own.list)
		find_all_own(tables, &own);
	if (tables->set && own.list && own.n && !own.no_memory)
		tables->objects = json_incref(own.list);
	json_decref(own.list);
	return tables->set && own.list && !own.no_memory;
}

/* --- The commit -------------------------------------------------------------------------------------------------- */

static void take(json_t *object, unsigned line, struct compiler *compiler, struct faults *faults)
{
	struct json_source source = {.faults = faults, .place = {NULL, line}};
	void *member = json_object_iter(object);
	enum object_kind kind;
	json_t *copy = json_deep_copy(json_object_iter_value(member));
	if (!copy)
		compiler_no_memory(compiler, source.place, "metadata");
	else if (object_kind_parse(json_object_iter_key(member), &kind))
		config_object_read(&source, kind, copy, compiler);
	json_decref(copy);
}

static bool step(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget)
{
	struct metadata_tables *tables = arg;
	for (; budget && tables->next < json_array_size(tables->taking); budget--) {
		json_t *object = json_array_get(tables->taking, tables->next++);
		take(object, (unsigned)tables->next, compiler, faults);
	}
	return tables->next < json_array_size(tables->taking) && !compiler_exhausted(compiler);
}

static void log_refusal(struct metadata_tables *tables, const struct commit_result *result)
{
	const char *text = result->why         ? result->why
			   : result->faults->n ? result->faults->list[0].text
					       : "no memory";
	bool said = strncmp(tables->error, text, sizeof(tables->error) - 1) == 0;
	snprintf(tables->error, sizeof(tables->error), "%s", text);
	if (!said)
		log_line(LOG_LEVEL_ERROR, "%s: the tables stay as they were: %s", tables->set,
			 text);
}

static void start(struct metadata_tables *tables);

static void done(void *arg, const struct commit_result *result)
{
	struct metadata_tables *tables = arg;
	const struct compiler_counts *counts = &result->counts;
	tables->commit = NULL;
	tables->failed = !result->done;
	if (!result->done)
		log_refusal(tables, result);
	else
		tables->error[0] = '\0';
	if (result->done && counts->added + counts->changed + counts->removed)
		log_line(LOG_LEVEL_INFO, "%s: generation %lu, %u added, %u changed, %u removed",
			 tables->set, result->generation, counts->added, counts->changed,
			 counts->removed);
	json_decref(tables->taking);
	tables->taking = NULL;
	if (tables->again)
		start(tables);
	else if (tables->done)
		tables->done(tables->arg);
}

/* The sweep takes away what does not come; until then it is no obstacle to what comes. The commit may be over when it returns. */
static void start(struct metadata_tables *tables)
{
	struct control *control = tables->control;
	struct commit_plan plan = {
		.origin = tables->set,
		.source = {.set = tables->set,
			   .runtime = true,
			   .pass = ++control->pass,
			   .sweep = true,
			   .yields = true,
			   .order = replay_order | (control->generation + 1) << 24},
		.store = true,
		.step = step,
		.done = done,
		.arg = tables,
	};
	tables->again = false;
	tables->next = 0;
	tables->taking = json_incref(tables->objects);
	struct commit *commit = commit_start(control, &plan);
	if (commit)
		tables->commit = commit;
}

void metadata_tables_put(struct metadata_tables *tables, json_t *objects)
{
	json_decref(tables->objects);
	tables->objects = objects;
	if (tables->commit)
		tables->again = true;
	else
		start(tables);
}

void metadata_tables_tend(struct metadata_tables *tables)
{
	struct own own = {0};
	if (tables->commit || !tables->objects)
		return;
	if (!tables->failed && tables->generation == tables->control->generation)
		return;
	tables->generation = tables->control->generation;
	find_all_own(tables, &own);
	if (tables->failed || own.n != json_array_size(tables->objects))
		start(tables);
}

/* --- When it is not known any more ------------------------------------------------------------------------------ */

/* The number is that of the first scope that metadata_compile makes of a host. */
static json_t *denial_of(const struct metadata_tables *tables, const char *host, int16_t priority,
			 bool dns)
{
	json_t *scope = json_pack("{s:o, s:[s], s:i, s:s}", "name",
				  json_sprintf("%s:%s#0", tables->name, host), "hosts", host,
				  "priority", (int)priority, "action", "deny");
	if (!dns && json_object_set_new(scope, "protocols", json_pack("[s, s]", "http", "https"))) {
		json_decref(scope);
		return NULL;
	}
	return json_pack("{s:o}", "scope", scope);
}

bool metadata_tables_deny(struct metadata_tables *tables, int16_t priority, bool dns)
{
	json_t *denials = json_array(), *seen = json_object(), *object;
	bool good = denials && seen;
	size_t i;
	json_array_foreach (tables->objects, i, object) {
		const json_t *hosts = json_object_get(json_object_get(object, "scope"), "hosts");
		const char *host = json_string_value(json_array_get(hosts, 0));
		if (!good || !host || json_object_get(seen, host))
			continue;
		good = !json_object_set_new(seen, host, json_true()) &&
		       !json_array_append_new(denials, denial_of(tables, host, priority, dns));
	}
	json_decref(seen);
	if (good)
		metadata_tables_put(tables, denials);
	else
		json_decref(denials);
	return good;
}

size_t metadata_tables_scopes(const struct metadata_tables *tables)
{
	size_t n = 0, i;
	json_t *object;
	json_array_foreach (tables->objects, i, object)
		n += json_object_get(object, "scope") != NULL;
	return n;
}

void metadata_tables_clear(struct metadata_tables *tables)
{
	if (tables->commit)
		commit_cancel(tables->commit);
	tables->commit = NULL;
	json_decref(tables->taking);
	json_decref(tables->objects);
	tables->taking = tables->objects = NULL;
}
