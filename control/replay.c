/* replay - what was set at run time, taken in again: from the state file commit by commit, or from a version of the tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "replay.h"

#include "config_objects.h"
#include "json_place.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>

const uint64_t replay_order = UINT64_C(1) << 63;

/* A row that waits for the others of its commit. */
struct waiting {
	struct waiting *next;
	struct object *old; /* that made place; or NULL */
	struct state_row row;
	char texts[];
};

struct replay {
	struct compiler *compiler;
	struct trie_node *said;           /* all that the configuration says */
	uint64_t generation;              /* of the rows that come now */
	struct waiting *removals;         /* the last one first: what others refer to comes last */
	struct waiting *puts, **puts_end; /* what got in the way of another object */
};

static void log_left_out(const struct faults *faults, const char *kind, const char *name)
{
	for (size_t i = 0; i < faults->n; i++)
		log_line(LOG_LEVEL_WARNING, "%s '%s', set at run time, is not in use: %s", kind,
			 name, faults->list[i].text);
}

static void source_of(struct compiler *compiler, const struct state_row *row)
{
	struct compiler_source source = {
		.set = json_place_file(row->set),
		.runtime = true,
		.order = replay_order | row->generation << 24,
	};
	compiler_source(compiler, &source);
}

/* --- One row ------------------------------------------------------------------------------------ */

static bool read_row(struct compiler *compiler, const struct state_row *row, struct faults *faults)
{
	struct json_source source = {faults, NULL, {NULL, row->line}, NULL};
	enum object_kind kind;
	json_t *json = json_loads(row->json, 0, NULL);
	bool done = false;
	if (!object_kind_parse(row->kind, &kind))
		faults_add(faults, source.place, "its kind is not known");
	else if (!json)
		faults_add(faults, source.place, "its text is not JSON");
	else
		done = config_object_read(&source, kind, json, compiler);
	json_decref(json);
	return done;
}

/* When the configuration did not say it at the time, but does so now, that shows again. */
static void remove_row(const struct replay *replay, const struct state_row *row,
		       struct faults *faults)
{
	enum object_kind kind;
	if (!object_kind_parse(row->kind, &kind))
		return;
	const struct trie_node *objects = compiler_objects(replay->compiler);
	const struct object *object = object_find(objects, kind, row->name);
	const struct object *said = object_find(replay->said, kind, row->name);
	if (!row->keep && said && !said->runtime) {
		if (object != said)
			config_object_again(replay->compiler, said, faults);
	} else if (object && !object->removed) {
		compiler_remove(replay->compiler, kind, row->name, (struct place){NULL, 0});
	}
}

/* Takes a row in; false: something is in its way, which is logged when it is to be. */
static bool take(const struct replay *replay, const struct state_row *row, bool log)
{
	struct faults faults = {0}, *before = compiler_set_faults(replay->compiler, &faults);
	source_of(replay->compiler, row);
	if (row->json)
		read_row(replay->compiler, row, &faults);
	else
		remove_row(replay, row, &faults);
	bool done = !faults.total;
	if (log)
		log_left_out(&faults, row->kind, row->name);
	faults_clear(&faults);
	compiler_set_faults(replay->compiler, before);
	return done;
}

/* --- One commit --------------------------------------------------------------------------------- */

static char *append(char **at, const char *text)
{
	char *copy = *at;
	*at = stpcpy(copy, text) + 1;
	return copy;
}

/* Puts a copy in front of the list. */
static void wait_for_others(const struct replay *replay, struct waiting **list,
			    const struct state_row *row)
{
	size_t size = strlen(row->kind) + strlen(row->name) + strlen(row->set) +
		      (row->json ? strlen(row->json) : 0) + 4;
	struct waiting *waiting = malloc(sizeof(*waiting) + size);
	if (!waiting) {
		compiler_no_memory(replay->compiler, (struct place){NULL, 0}, row->name);
		return;
	}
	char *at = waiting->texts;
	waiting->row = *row;
	waiting->row.kind = append(&at, row->kind);
	waiting->row.name = append(&at, row->name);
	waiting->row.set = append(&at, row->set);
	waiting->row.json = row->json ? append(&at, row->json) : NULL;
	waiting->old = NULL;
	waiting->next = *list;
	*list = waiting;
}

/* Rows of a commit come in the order of kinds and names, not in that of its operations: one may want the place that another
 * one leaves. Nothing else goes with an object of these kinds. */
static void make_place(const struct replay *replay, struct waiting *put)
{
	struct state_row removal = put->row;
	enum object_kind kind;
	bool known = object_kind_parse(removal.kind, &kind);
	if (!known || (kind != OBJECT_SCOPE && kind != OBJECT_ZONE && kind != OBJECT_DISTINGUISHED))
		return;
	struct object *old = object_find(compiler_objects(replay->compiler), kind, removal.name);
	if (!old || old->removed)
		return;
	removal.json = NULL;
	removal.keep = true;
	object_retain(old);
	put->old = old;
	take(replay, &removal, false);
}

static void put_again(const struct replay *replay, const struct waiting *put)
{
	struct faults faults = {0};
	if (!take(replay, &put->row, true) && put->old)
		config_object_again(replay->compiler, put->old, &faults);
	faults_clear(&faults);
	if (put->old)
		object_release(put->old);
}

static void end_commit(struct replay *replay)
{
	struct waiting *at;
	for (at = replay->puts; at; at = at->next)
		make_place(replay, at);
	while ((at = replay->removals)) {
		replay->removals = at->next;
		take(replay, &at->row, true);
		free(at);
	}
	while ((at = replay->puts)) {
		replay->puts = at->next;
		put_again(replay, at);
		free(at);
	}
	replay->puts_end = &replay->puts;
}

static bool on_row(void *arg, const struct state_row *row)
{
	struct replay *replay = arg;
	if (row->generation != replay->generation)
		end_commit(replay);
	replay->generation = row->generation;
	if (!row->json) {
		wait_for_others(replay, &replay->removals, row);
	} else if (!take(replay, row, false)) {
		wait_for_others(replay, replay->puts_end, row);
		if (*replay->puts_end)
			replay->puts_end = &(*replay->puts_end)->next;
	}
	return !compiler_exhausted(replay->compiler);
}

int replay_rows(struct state *state, uint64_t after, struct compiler *compiler, char *err,
		size_t err_len)
{
	struct replay replay = {.compiler = compiler,
				.said = (struct trie_node *)compiler_objects(compiler)};
	replay.puts_end = &replay.puts;
	if (replay.said)
		trie_retain(replay.said);
	int result = state_read(state, after, on_row, &replay, err, err_len);
	end_commit(&replay);
	trie_release(replay.said, &object_ops);
	return result;
}

void replay_object(struct compiler *compiler, const struct object *object)
{
	enum object_kind kind = (enum object_kind)object->kind;
	struct faults faults = {0}, *before = compiler_set_faults(compiler, &faults);
	const struct object *base = object_find(compiler_objects(compiler), kind, object->name);
	if (object->runtime && !object->removed)
		config_object_again(compiler, object, &faults);
	else if (object->runtime && base && !base->removed)
		compiler_remove(compiler, kind, object->name, (struct place){NULL, 0});
	log_left_out(&faults, object_kind_name(kind), object->name);
	faults_clear(&faults);
	compiler_set_faults(compiler, before);
}
