/* compile_target - CDNs, nodes and their states: checked, and taken into the tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"
#include "lib/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct target *target_at(const struct compiler *compiler, uint32_t id)
{
	return slots_get(compiler->targets.root, id);
}

static enum object_kind object_kind_of(enum target_kind kind)
{
	return kind == TARGET_CDN ? OBJECT_CDN : OBJECT_NODE;
}

void compiler_target_path(enum target_kind kind, const char *name, char *path, size_t cap)
{
	snprintf(path, cap, "%s/%s", target_kind_name(kind), name);
}

/* The state that was set at run time, or the configured one. */
static uint8_t state_of(const struct compiler *compiler, enum target_kind kind, const char *name,
			uint8_t configured)
{
	char path[OBJECT_NAME_MAX];
	compiler_target_path(kind, name, path, sizeof(path));
	const struct object *set = object_find(compiler->objects.root, OBJECT_STATE, path);
	return set && !set->removed ? (uint8_t)set->made.id : configured;
}

/* Puts a target, whose reference is taken over, into its place. */
static bool put_target(struct compiler *compiler, struct target *target)
{
	bool done = slots_set(&compiler->targets, target->id, target);
	target_release(target);
	return done;
}

/* A copy of a target, without `less` and with `more`, each of which may be NULL. */
static struct target *copy_target(const struct target *from, const struct attached *less,
				  const struct attached *more)
{
	struct target *to = target_new((enum target_kind)from->kind, from->name, from->provider_id,
				       from->excluded, from->n_dris + (more && more->dri),
				       from->n_adverts + (more && more->advert));
	if (!to)
		return NULL;
	to->id = from->id;
	to->state = from->state;
	to->configured = from->configured;
	to->learnt = from->learnt;
	to->strategy = from->strategy;
	for (uint32_t i = 0; i < from->n_dris; i++)
		if (!less || from->dris[i] != less->dri)
			target_put_dri(to, from->dris[i]);
	for (uint32_t i = 0; i < from->n_adverts; i++)
		if (!less || from->adverts[i] != less->advert)
			target_put_advert(to, from->adverts[i]);
	if (more && more->dri)
		target_put_dri(to, more->dri);
	if (more && more->advert)
		target_put_advert(to, more->advert);
	return to;
}

bool compiler_attach(struct compiler *compiler, uint32_t id, const struct attached *less,
		     const struct attached *more)
{
	struct target *target = copy_target(target_at(compiler, id), less, more);
	return target && put_target(compiler, target);
}

/* As struct target says, the caller's to free. false: a fault was added. */
static bool excluded_keys(struct compiler *compiler, const struct model_target *model,
			  struct place place, char **keys)
{
	struct request req;
	size_t len = 0;
	*keys = model->n_excluded ? malloc(model->n_excluded * (REQUEST_HOST_MAX + 1) + 1) : NULL;
	if (model->n_excluded && !*keys)
		compiler_no_memory(compiler, place, model->name);
	for (size_t i = 0; *keys && i < model->n_excluded; i++) {
		if (!compiler_place_host(model->excluded[i], &req)) {
			faults_add(compiler->faults, place,
				   "cdn '%s': excluded-hosts: '%s' is not a host name", model->name,
				   model->excluded[i]);
			free(*keys);
			*keys = NULL;
			break;
		}
		len += (size_t)sprintf(*keys + len, " %.*s", (int)req.host_len, (char *)req.key);
	}
	return *keys || !model->n_excluded;
}

bool compiler_add_target(struct compiler *compiler, const struct model_target *model,
			 struct place place)
{
	struct entry entry;
	bool refused;
	const char *kind = target_kind_name(model->kind);
	if (compiler->no_memory || !compiler_name_ok(compiler, kind, model->name, place))
		return false;
	if (!entry_begin(compiler, &entry, object_kind_of(model->kind), model->name, model->json,
			 place, &refused))
		return !refused;
	bool there = entry.old && !entry.old->removed;
	const struct target *old = there ? target_at(compiler, entry.old->made.id) : NULL;
	char *excluded;
	if (!excluded_keys(compiler, model, place, &excluded))
		return false;
	struct target *target = target_new(model->kind, model->name, model->provider_id, excluded,
					   old ? old->n_dris : 0, old ? old->n_adverts : 0);
	free(excluded);
	struct object *object = target ? entry_object(compiler, &entry) : NULL;
	bool done = object;
	for (uint32_t i = 0; done && old && i < old->n_dris; i++)
		target_put_dri(target, old->dris[i]);
	for (uint32_t i = 0; done && old && i < old->n_adverts; i++)
		target_put_advert(target, old->adverts[i]);
	if (done) {
		target->configured = (uint8_t)model->state;
		target->learnt = model->learnt;
		target->strategy = (uint8_t)model->strategy;
		target->state = state_of(compiler, model->kind, model->name, target->configured);
		if (old)
			target->id = old->id;
		else
			done = slots_add(&compiler->targets, target, &target->id);
		object->made.id = target->id;
		done = done && compiler_touch_target(compiler, target->id) &&
		       slots_set(&compiler->targets, target->id, target);
	}
	if (target)
		target_release(target);
	if (done)
		return entry_put(compiler, &entry, object);
	if (object)
		object_release(object);
	compiler_no_memory(compiler, place, model->name);
	return false;
}

/* --- states ------------------------------------------------------------------------------------------------------ */

bool compiler_add_state(struct compiler *compiler, const struct model_state *model,
			struct place place)
{
	struct entry entry;
	bool refused;
	char path[OBJECT_NAME_MAX];
	compiler_target_path(model->kind, model->name, path, sizeof(path));
	if (compiler->no_memory || !compiler_name_ok(compiler, "state", model->name, place))
		return false;
	if (!entry_begin(compiler, &entry, OBJECT_STATE, path, model->json, place, &refused))
		return !refused;
	struct object *object = entry_object(compiler, &entry);
	if (!object)
		return false;
	object->made.id = model->state;
	return entry_put(compiler, &entry, object) && compiler_apply_state(compiler, path);
}

/* Gives the target that a state is about, if it is there, the state that it has now. */
bool compiler_apply_state(struct compiler *compiler, const char *path)
{
	const char *slash = strchr(path, '/');
	enum object_kind kind = path[0] == 'c' ? OBJECT_CDN : OBJECT_NODE;
	const struct object *object = object_find(compiler->objects.root, kind, slash + 1);
	if (!object || object->removed)
		return true;
	const struct target *old = target_at(compiler, object->made.id);
	struct target *target = copy_target(old, NULL, NULL);
	if (target)
		target->state =
			state_of(compiler, (enum target_kind)old->kind, old->name, old->configured);
	if (target && put_target(compiler, target))
		return true;
	compiler_no_memory(compiler, (struct place){NULL, 0}, path);
	return false;
}

/* --- what is attached ---------------------------------------------------------------------------------------------- */

uint32_t compiler_owner(const struct compiler *compiler, const struct object *object)
{
	const char *name = strchr(object->name, '/') + 1;
	char target_name[OBJECT_NAME_MAX];
	snprintf(target_name, sizeof(target_name), "%.*s", (int)strcspn(name, " "), name);
	enum object_kind kind = object->name[0] == 'c' ? OBJECT_CDN : OBJECT_NODE;
	return object_find(compiler->objects.root, kind, target_name)->made.id;
}

bool compiler_take_footprint(struct compiler *compiler, const struct model_footprints *model,
			     const char *what, struct place place, uint32_t *id)
{
	char err[512];
	uint8_t rank;
	*id = SCOPE_ANY_FOOTPRINT;
	if (!model->n || footprint_take(compiler->footprints, model->list, model->n, id, &rank, err,
					sizeof(err)) == 0)
		return true;
	faults_add(compiler->faults, place, "%s: %s", what, err);
	return false;
}

bool compiler_drop_footprint(struct compiler *compiler, uint32_t id)
{
	if (id == SCOPE_ANY_FOOTPRINT || footprint_drop(compiler->footprints, id))
		return true;
	compiler_no_memory(compiler, (struct place){NULL, 0}, "a footprint");
	return false;
}

/* LL-16: between two interconnected CDNs there is always a source of DRIs. A CDN that is asked is one. */
void compiler_check_targets(struct compiler *compiler)
{
	for (size_t i = 0; i < compiler->n_touched; i++) {
		const struct target *target = target_at(compiler, compiler->touched[i]);
		if (!target || target->n_dris || target->learnt ||
		    target->strategy != STRATEGY_ITERATIVE)
			continue;
		const char *kind = target_kind_name((enum target_kind)target->kind);
		const struct object *object =
			object_find(compiler->objects.root,
				    object_kind_of((enum target_kind)target->kind), target->name);
		faults_add(compiler->faults, (struct place){object->file, object->line},
			   "%s '%s' has no DRI: add one to dris with %s = \"%s\"", kind,
			   target->name, kind, target->name);
	}
}
