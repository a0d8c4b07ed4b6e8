/* rollback - the methods about versions: the history, what differs between two, and the way back to one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "rollback.h"

#include "change.h"
#include "config_objects.h"
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- rollback ------------------------------------------------------------------------------- */

/* First what nothing refers to goes, even if it comes back otherwise, so that it is not in the way; then all that was there comes back, what is referred to first; then the rest
 * goes, what refers to others first. */
static const struct {
	bool remove;
	enum object_kind first, last;
} passes[] = {
	{true, OBJECT_SCOPE, OBJECT_SCOPE},
	{true, OBJECT_STATE, OBJECT_STATE},
	{true, OBJECT_DISTINGUISHED, OBJECT_DISTINGUISHED},
	{true, OBJECT_ZONE, OBJECT_ZONE},
	{false, OBJECT_FOOTPRINT, OBJECT_SCOPE},
	{true, OBJECT_FALLBACK, OBJECT_FALLBACK},
	{true, OBJECT_DRI, OBJECT_ADVERT},
	{true, OBJECT_CDN, OBJECT_NODE},
	{true, OBJECT_FOOTPRINT, OBJECT_FOOTPRINT},
};
enum { N_PASSES = sizeof(passes) / sizeof(passes[0]) };

struct going_back {
	struct view *from, *to;
	size_t pass;
	uint8_t key[OBJECT_KEY_MAX + 1]; /* where the pass goes on */
	size_t key_len;
	struct compiler *compiler;
	struct faults *faults;
	unsigned left;
};

static void bring_back(struct going_back *back, const struct object *object)
{
	struct compiler_source source_then = {
		.set = object->runtime ? object->set : "operator",
		.runtime = true,
		.order = compiler_order(back->compiler),
	};
	compiler_source(back->compiler, &source_then);
	struct json_source source = {back->faults, NULL, {object->file, object->line}, NULL};
	json_t *json = json_loads(object_json(object), 0, NULL);
	if (json)
		config_object_read(&source, (enum object_kind)object->kind, json, back->compiler);
	else
		compiler_no_memory(back->compiler, source.place, object->name);
	json_decref(json);
}

static bool go_back_one(void *arg, const uint8_t *key, size_t len, void *before, void *after)
{
	struct going_back *back = arg;
	const struct object *now = before, *then = after;
	enum object_kind kind = (enum object_kind)key[0];
	if (kind > passes[back->pass].last || !back->left)
		return false;
	back->left--;
	memcpy(back->key, key, len);
	back->key[len] = 0;
	back->key_len = len + 1;
	bool was_there = then && !then->removed, is_there = now && !now->removed;
	if (was_there && is_there && strcmp(object_json(then), object_json(now)) == 0)
		return true;
	/* One of these may be in the place of another one. */
	bool moves = kind == OBJECT_SCOPE || kind == OBJECT_ZONE || kind == OBJECT_DISTINGUISHED;
	if (!passes[back->pass].remove && was_there) {
		bring_back(back, then);
	} else if (passes[back->pass].remove && is_there && (!was_there || moves)) {
		/* A DRI may have gone with its target. */
		const struct object *still =
			object_find(compiler_objects(back->compiler), kind, now->name);
		if (still && !still->removed)
			compiler_remove(back->compiler, kind, now->name, (struct place){NULL, 0});
	}
	return true;
}

static bool step(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget)
{
	struct going_back *back = arg;
	back->compiler = compiler;
	back->faults = faults;
	back->left = budget;
	if (!back->key_len) {
		back->key[0] = (uint8_t)passes[back->pass].first;
		back->key_len = 1;
	}
	trie_diff(back->from->objects, back->to->objects, back->key, back->key_len, go_back_one,
		  back);
	if (compiler_exhausted(compiler))
		return false;
	if (!back->left)
		return true;
	back->key_len = 0;
	return ++back->pass < N_PASSES;
}

static void clear(void *arg)
{
	struct going_back *back = arg;
	view_release(back->from);
	view_release(back->to);
	free(back);
}

static struct view *find_view(struct control *control, int64_t generation, struct rpc_call *call)
{
	struct view *view = history_view(&control->history, (uint64_t)generation);
	if (!view)
		snprintf(call->text, sizeof(call->text),
			 "generation %ld is not kept; turnoutctl show history marks those that are",
			 (long)generation);
	return view;
}

json_t *rollback_to(struct control *control, struct json_in *params, struct rpc_call *call)
{
	int64_t generation = json_in_integer(params, "generation", 1, INT64_MAX, -1);
	if (params->object && generation < 0)
		json_in_fault(params, NULL, "'generation' is missing");
	if (!json_in_end(params))
		return NULL;
	struct view *to = find_view(control, generation, call);
	struct going_back *back = to ? calloc(1, sizeof(*back)) : NULL;
	if (!back)
		return NULL;
	back->from = control->head;
	back->to = to;
	view_retain(back->from);
	view_retain(back->to);
	char origin[300], text[64];
	change_origin(call, NULL, origin, sizeof(origin));
	snprintf(text, sizeof(text), "rollback to generation %ld", (long)generation);
	struct commit_plan plan = {
		.origin = origin,
		.text = text,
		.source = {.set = "operator", .runtime = true, .order = change_order(control)},
		.strict = true,
		.store = true,
	};
	struct change_work work = {back, step, NULL, NULL, clear};
	return change_run(control, call, &plan, &work);
}

/* --- diff ----------------------------------------------------------------------------------- */

json_t *rollback_diff(struct control *control, struct json_in *params, struct rpc_call *call)
{
	bool more;
	int64_t from = json_in_integer(params, "from", 1, INT64_MAX, -1);
	int64_t to = json_in_integer(params, "to", 1, INT64_MAX, (int64_t)control->generation);
	int64_t limit = json_in_integer(params, "limit", 1, 10000, 1000);
	if (params->object && from < 0)
		json_in_fault(params, NULL, "'from' is missing");
	if (!json_in_end(params))
		return NULL;
	const struct view *before = find_view(control, from, call);
	const struct view *after = before ? find_view(control, to, call) : NULL;
	if (!after)
		return NULL;
	json_t *list = commit_differences(before->objects, after->objects, (size_t)limit, &more);
	if (!list)
		return NULL;
	return json_pack("{s:I, s:I, s:o, s:b}", "from", (json_int_t)from, "to", (json_int_t)to,
			 "differences", list, "more", (int)more);
}

/* --- history -------------------------------------------------------------------------------- */

struct listing {
	const struct history *history;
	json_t *list;
};

static void list_commit(void *arg, const struct state_commit *commit)
{
	struct listing *listing = arg;
	char when[SHOW_TIME_MAX];
	json_array_append_new(
		listing->list,
		json_pack("{s:I, s:s, s:o, s:o, s:I, s:I, s:I, s:b}", "generation",
			  (json_int_t)commit->generation, "time",
			  show_time(commit->time_ns / UINT64_C(1000000000), when), "origin",
			  rpc_text(commit->origin), "text", rpc_text(commit->text), "added",
			  (json_int_t)commit->added, "changed", (json_int_t)commit->changed,
			  "removed", (json_int_t)commit->removed, "kept",
			  history_view(listing->history, commit->generation) != NULL));
}

json_t *rollback_history(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct listing listing = {&control->history, NULL};
	uint64_t limit = (uint64_t)json_in_integer(params, "limit", 1, STATE_HISTORY_MAX, 20);
	uint64_t offset = (uint64_t)json_in_integer(params, "offset", 0, INT64_MAX, 0);
	if (!json_in_end(params) || !(listing.list = json_array()))
		return NULL;
	if (control->state && state_history(control->state, offset, limit, list_commit, &listing,
					    call->text, sizeof(call->text)) < 0) {
		json_decref(listing.list);
		return NULL;
	}
	const struct history_commit *at;
	for (uint64_t i = offset;
	     !control->state && i < offset + limit && (at = history_at(&control->history, i)); i++)
		list_commit(&listing, &at->commit);
	return json_pack("{s:o}", "commits", listing.list);
}
