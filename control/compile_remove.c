/* compile_remove - takes objects out of the tables: one by its name, or all that a reading did not find again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"

#include <stdio.h>
#include <string.h>

/* --- who refers to it --------------------------------------------------------------------------------------------- */

struct search {
	enum object_kind kind;
	uint32_t id;
	const char *found;
};

static bool refers(const struct scope *scope, enum object_kind kind, uint32_t id)
{
	if (kind != OBJECT_FOOTPRINT) {
		for (uint16_t i = 0; i < scope->n_candidates; i++)
			if (scope->candidates[i].target == id)
				return true;
		return scope->fallback == id;
	}
	for (uint16_t i = 0; i < scope->n_named; i++)
		if (scope->named[i] == id)
			return true;
	return false;
}

static bool search_one(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct search *search = arg;
	const struct object *object = value;
	(void)key;
	(void)len;
	if (!object->removed && refers(object->made.scope, search->kind, search->id))
		search->found = object->name;
	return !search->found;
}

const char *compiler_referrer(const struct compiler *compiler, enum object_kind kind, uint32_t id)
{
	const uint8_t scopes = OBJECT_SCOPE;
	struct search search = {kind, id, NULL};
	trie_walk(compiler->objects.root, &scopes, 1, search_one, &search);
	return search.found;
}

/* --- one ---------------------------------------------------------------------------------------------------------- */

static bool refuse_used(struct compiler *compiler, const struct object *object, struct place place)
{
	const char *kind = object_kind_name((enum object_kind)object->kind);
	const char *user =
		compiler_referrer(compiler, (enum object_kind)object->kind, object->made.id);
	if (user)
		faults_add(compiler->faults, place,
			   "%s '%s' cannot be removed: scope '%s' refers to it; change that scope "
			   "first",
			   kind, object->name, user);
	else
		faults_add(compiler->faults, place,
			   "%s '%s' cannot be removed: it is the fallback; name another one first",
			   kind, object->name);
	return false;
}

static bool may_go(struct compiler *compiler, const struct object *object, struct place place)
{
	switch ((enum object_kind)object->kind) {
	case OBJECT_FOOTPRINT:
		return footprint_uses(compiler->footprints, object->made.id) <= 1 ||
		       refuse_used(compiler, object, place);
	case OBJECT_CDN:
	case OBJECT_NODE:
		return !compiler_target_uses(compiler, object->made.id) ||
		       refuse_used(compiler, object, place);
	case OBJECT_FALLBACK:
		if (!compiler->view->n_passes)
			return true;
		faults_add(compiler->faults, place,
			   "the fallback cannot be removed: %u scopes with action \"pass\" have no "
			   "other",
			   compiler->view->n_passes);
		return false;
	default:
		return true;
	}
}

static bool take_out(struct compiler *compiler, const struct object *object);

struct attached_search {
	enum object_kind kind;
	const char *owner;
	size_t len;
	struct object *found;
};

static bool search_attached(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct attached_search *search = arg;
	struct object *object = value;
	(void)len;
	if (key[0] != search->kind || strncmp(object->name, search->owner, search->len) != 0)
		return false;
	bool own = !object->name[search->len] || object->name[search->len] == ' ';
	if (own && !object->removed)
		search->found = object;
	return !search->found;
}

static bool take_out_attached(struct compiler *compiler, const struct object *object,
			      enum object_kind kind)
{
	char owner[OBJECT_NAME_MAX];
	uint8_t key[OBJECT_KEY_MAX];
	struct attached_search search = {kind, owner, 0, NULL};
	struct place place = {object->file, object->line};
	search.len =
		(size_t)snprintf(owner, sizeof(owner), "%s/%s",
				 object_kind_name((enum object_kind)object->kind), object->name);
	size_t len = object_key(kind, owner, key);
	do {
		search.found = NULL;
		trie_walk(compiler->objects.root, key, len, search_attached, &search);
		if (search.found && !compiler_remove(compiler, kind, search.found->name, place))
			return false;
	} while (search.found);
	return true;
}

/* A target goes with its DRIs and adverts. */
static bool take_out_target(struct compiler *compiler, const struct object *object)
{
	if (!take_out_attached(compiler, object, OBJECT_DRI) ||
	    !take_out_attached(compiler, object, OBJECT_ADVERT))
		return false;
	if (slots_set(&compiler->targets, object->made.id, NULL))
		return true;
	compiler_no_memory(compiler, (struct place){object->file, object->line}, object->name);
	return false;
}

static bool take_out(struct compiler *compiler, const struct object *object)
{
	switch ((enum object_kind)object->kind) {
	case OBJECT_SCOPE:
		return compiler_take_out_scope(compiler, object);
	case OBJECT_DRI:
		return compiler_take_out_dri(compiler, object);
	case OBJECT_ADVERT:
		return compiler_take_out_advert(compiler, object);
	case OBJECT_ZONE:
		return compiler_take_out_zone(compiler, object);
	case OBJECT_CDN:
	case OBJECT_NODE:
		return take_out_target(compiler, object);
	case OBJECT_FALLBACK:
		return compiler_set_fallback(compiler, SCOPE_NO_TARGET);
	case OBJECT_DISTINGUISHED:
		compiler->distinguished = true;
		return true;
	case OBJECT_FOOTPRINT:
		if (footprint_drop(compiler->footprints, object->made.id))
			return true;
		compiler_no_memory(compiler, (struct place){NULL, 0}, object->name);
		return false;
	default:
		return true;
	}
}

/* What the configuration says, too, leaves a mark that it is gone. */
static struct object *mark_new(const struct compiler *compiler, const struct object *object)
{
	struct object *mark = object_new((enum object_kind)object->kind, object->name, "");
	if (!mark)
		return NULL;
	mark->removed = true;
	mark->runtime = true;
	mark->over_base = true;
	mark->set = compiler->source.set;
	mark->order = compiler->source.order;
	mark->seen = object->seen;
	return mark;
}

/* Puts a mark, or nothing (NULL), into the place of an object. */
static bool take_away(struct compiler *compiler, struct object *object, struct object *mark)
{
	enum object_kind kind = (enum object_kind)object->kind;
	uint8_t key[OBJECT_KEY_MAX];
	size_t len = object_key(kind, object->name, key);
	object_retain(object);
	bool done = object->removed || take_out(compiler, object);
	if (done && !(mark ? trie_set(&compiler->objects, key, len, mark)
			   : trie_remove(&compiler->objects, key, len))) {
		compiler_no_memory(compiler, (struct place){NULL, 0}, object->name);
		done = false;
	}
	if (done && !object->removed) {
		compiler->view->n_of[kind]--;
		compiler->view->n_base -= !object->runtime;
		compiler_count(compiler, object, NULL);
		done = kind != OBJECT_STATE || compiler_apply_state(compiler, object->name);
	}
	object_release(object);
	return done;
}

bool compiler_remove(struct compiler *compiler, enum object_kind kind, const char *name,
		     struct place place)
{
	struct object *object = object_find(compiler->objects.root, kind, name), *mark = NULL;
	snprintf(compiler->last_name, sizeof(compiler->last_name), "%s", name);
	if (compiler->no_memory)
		return false;
	if (!object || object->removed) {
		faults_add(compiler->faults, place, "there is no %s '%.255s'",
			   object_kind_name(kind), name);
		return false;
	}
	if (!may_go(compiler, object, place))
		return false;
	if (compiler->source.runtime && (!object->runtime || object->over_base)) {
		mark = mark_new(compiler, object);
		if (!mark) {
			compiler_no_memory(compiler, place, name);
			return false;
		}
	}
	bool done = take_away(compiler, object, mark);
	if (mark)
		object_release(mark);
	return done;
}

/* What came in this change, or was set at run time, does not go with its target. */
static bool is_owner(struct compiler *compiler, const struct object *object)
{
	enum object_kind kind = (enum object_kind)object->kind;
	if (kind != OBJECT_CDN && kind != OBJECT_NODE)
		return false;
	const struct target *target = slots_get(compiler->targets.root, object->made.id);
	if (!target->n_dris && !target->n_adverts)
		return false;
	faults_add(compiler->faults, (struct place){object->file, object->line},
		   "%s '%s' cannot be removed: it has a DRI or an advert; remove that, too",
		   object_kind_name(kind), object->name);
	return true;
}

bool compiler_remove_as(struct compiler *compiler, enum object_kind kind, const char *name,
			struct object *mark)
{
	struct object *object = object_find(compiler->objects.root, kind, name);
	if (compiler->no_memory)
		return false;
	if (!object)
		return true;
	if (!object->removed &&
	    (is_owner(compiler, object) || !may_go(compiler, object, (struct place){NULL, 0})))
		return false;
	return take_away(compiler, object, mark);
}

/* --- all that were not seen --------------------------------------------------------------------------------------- */

bool compiler_may_sweep(const struct compiler *compiler, const struct object *object)
{
	const struct compiler_source *source = &compiler->source;
	bool own = source->runtime ? object->set == source->set : !object->runtime;
	return source->sweep && own && !object->removed && object->seen != source->pass;
}

/* What the configuration says no longer is not stood over any more. */
static bool may_forget_base(const struct compiler *compiler, const struct object *object)
{
	const struct compiler_source *source = &compiler->source;
	return !source->runtime && object->over_base && object->seen != source->pass;
}

enum { SWEEP_FOUND_MAX = 64 };

struct sweep {
	struct compiler *compiler;
	unsigned left, n_found;
	struct object *found[SWEEP_FOUND_MAX];
};

static bool sweep_one(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct sweep *sweep = arg;
	struct compiler *compiler = sweep->compiler;
	struct object *object = value;
	if (key[0] != compiler->sweep_kind)
		return false;
	memcpy(compiler->sweep_key, key, len);
	compiler->sweep_key[len] = 0;
	compiler->sweep_len = len + 1;
	if (compiler_may_sweep(compiler, object) || may_forget_base(compiler, object)) {
		object_retain(object);
		sweep->found[sweep->n_found++] = object;
	}
	return --sweep->left && sweep->n_found < SWEEP_FOUND_MAX;
}

static void sweep_away(struct compiler *compiler, struct object *object)
{
	enum object_kind kind = (enum object_kind)object->kind;
	uint8_t key[OBJECT_KEY_MAX];
	if (compiler_may_sweep(compiler, object)) {
		if (!is_owner(compiler, object))
			compiler_remove(compiler, kind, object->name,
					(struct place){object->file, object->line});
		return;
	}
	/* Nothing but a mark that it is gone? */
	if (!object->removed)
		compiler_note_base(compiler, object, false);
	else if (trie_remove(&compiler->objects, key, object_key(kind, object->name, key)))
		compiler->counts.forgotten++;
	else
		compiler_no_memory(compiler, (struct place){NULL, 0}, object->name);
}

bool compiler_sweep(struct compiler *compiler, unsigned max)
{
	struct sweep sweep = {compiler, max, 0, {NULL}};
	if (!compiler->source.sweep || compiler->sweep_kind < 0 || compiler->no_memory)
		return false;
	if (!compiler->sweep_len) {
		compiler->sweep_key[0] = (uint8_t)compiler->sweep_kind;
		compiler->sweep_len = 1;
	}
	bool ended = trie_walk(compiler->objects.root, compiler->sweep_key, compiler->sweep_len,
			       sweep_one, &sweep) ||
		     (sweep.left && sweep.n_found < SWEEP_FOUND_MAX);
	for (unsigned i = 0; i < sweep.n_found; i++) {
		sweep_away(compiler, sweep.found[i]);
		object_release(sweep.found[i]);
	}
	if (ended) {
		compiler->sweep_kind--;
		compiler->sweep_len = 0;
	}
	return compiler->sweep_kind >= 0;
}
