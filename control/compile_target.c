/* compile_target - CDNs, nodes, their states and DRIs: checked, and taken into the tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"
#include "lib/dns_name.h"
#include "lib/request.h"

#include <ctype.h>
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

/* "cdn/b": what states and DRIs are named after. */
static void target_path(enum target_kind kind, const char *name, char *path, size_t cap)
{
	snprintf(path, cap, "%s/%s", target_kind_name(kind), name);
}

/* The state that was set at run time, or the configured one. */
static uint8_t state_of(const struct compiler *compiler, enum target_kind kind, const char *name,
			uint8_t configured)
{
	char path[OBJECT_NAME_MAX];
	target_path(kind, name, path, sizeof(path));
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

/* A copy of a target with other DRIs: without `less` and with `more`, each of which may be NULL. */
static struct target *copy_with_dris(const struct target *from, const struct dri *less,
				     struct dri *more)
{
	struct target *to = target_new((enum target_kind)from->kind, from->name, from->provider_id,
				       from->n_dris + (more != NULL));
	if (!to)
		return NULL;
	to->id = from->id;
	to->state = from->state;
	to->configured = from->configured;
	for (uint32_t i = 0; i < from->n_dris + (more != NULL); i++) {
		struct dri *dri = i < from->n_dris ? from->dris[i] : more;
		if (dri == less)
			continue;
		uint32_t at = to->n_dris++;
		for (; at && dri_before(dri, to->dris[at - 1]); at--)
			to->dris[at] = to->dris[at - 1];
		to->dris[at] = dri;
		dri->refs++;
	}
	return to;
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
	struct target *target =
		target_new(model->kind, model->name, model->provider_id, old ? old->n_dris : 0);
	struct object *object = target ? entry_object(compiler, &entry) : NULL;
	bool done = object;
	for (uint32_t i = 0; done && old && i < old->n_dris; i++) {
		target->dris[target->n_dris++] = old->dris[i];
		old->dris[i]->refs++;
	}
	if (done) {
		target->configured = (uint8_t)model->state;
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
	target_path(model->kind, model->name, path, sizeof(path));
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
	struct target *target = copy_with_dris(old, NULL, NULL);
	if (target)
		target->state =
			state_of(compiler, (enum target_kind)old->kind, old->name, old->configured);
	if (target && put_target(compiler, target))
		return true;
	compiler_no_memory(compiler, (struct place){NULL, 0}, path);
	return false;
}

/* --- DRIs -------------------------------------------------------------------------------------------------------- */

static bool dri_dns(struct compiler *compiler, struct dri *dri, const struct model_dri *model,
		    struct place place)
{
	if (model->dns_host) {
		struct dns_name name;
		if (!dns_name_from_text(model->dns_host, &name)) {
			faults_add(compiler->faults, place,
				   "dns-target host '%s' is not a domain name", model->dns_host);
			return false;
		}
		dri->cname_len = name.len;
		memcpy(dri->cname, name.wire, name.len);
	}
	for (size_t i = 0; i < model->n_addresses; i++) {
		const struct ip_addr *addr = &model->addresses[i];
		uint8_t *n = addr->family == 4 ? &dri->n_v4 : &dri->n_v6;
		if (*n == DRI_ADDRESSES_MAX) {
			faults_add(compiler->faults, place,
				   "dns-target has more than %d addresses of one family",
				   DRI_ADDRESSES_MAX);
			return false;
		}
		if (addr->family == 4)
			memcpy(dri->v4[(*n)++], addr->bytes, 4);
		else
			memcpy(dri->v6[(*n)++], addr->bytes, 16);
	}
	return true;
}

/* host[:port], as it will stand in a Location. */
static bool authority_ok(const char *authority)
{
	struct request req;
	const char *close = authority[0] == '[' ? strchr(authority, ']') : NULL;
	const char *colon = strchr(close ? close : authority, ':');
	size_t host_len = colon ? (size_t)(colon - authority) : strlen(authority);
	if (!request_key_host(&req, (const uint8_t *)authority, host_len))
		return false;
	if (!colon)
		return true;
	char *end;
	unsigned long port = strtoul(colon + 1, &end, 10);
	return isdigit((unsigned char)colon[1]) && *end == '\0' && port >= 1 && port <= 65535;
}

static bool dri_http(struct compiler *compiler, struct dri *dri, const struct model_dri *model,
		     struct place place)
{
	const char *prefix = model->path_prefix ? model->path_prefix : "/";
	if (!model->authority)
		return true;
	if (!authority_ok(model->authority)) {
		faults_add(compiler->faults, place,
			   "http-target host '%s' is not valid: expected a host name with an "
			   "optional :port",
			   model->authority);
		return false;
	}
	if (!compiler_path_prefix_ok(compiler, prefix, place))
		return false;
	dri->authority = compiler_lower(model->authority);
	dri->path_prefix = strdup(prefix);
	dri->scheme = model->scheme ? strdup(model->scheme) : NULL;
	dri->include_redirecting_host = model->include_redirecting_host;
	if (dri->authority && dri->path_prefix && (dri->scheme || !model->scheme))
		return true;
	compiler_no_memory(compiler, place, model->target);
	return false;
}

static bool dri_hosts(struct compiler *compiler, struct dri *dri, const struct model_dri *model,
		      struct place place)
{
	if (model->n_hosts == 0)
		return true;
	dri->hosts = calloc(model->n_hosts, sizeof(char *));
	dri->host_keys = calloc(model->n_hosts, sizeof(char *));
	for (size_t i = 0; dri->hosts && dri->host_keys && i < model->n_hosts; i++) {
		dri->host_keys[i] =
			compiler_host_key(compiler, model->hosts[i], "redirecting host", place);
		if (!dri->host_keys[i])
			return false;
		dri->hosts[i] = compiler_lower(model->hosts[i]);
		dri->n_hosts++;
		if (!dri->hosts[i])
			break;
	}
	if (dri->n_hosts == model->n_hosts && dri->hosts[dri->n_hosts - 1])
		return true;
	compiler_no_memory(compiler, place, model->target);
	return false;
}

/* "cdn/b", and behind a blank the redirecting hosts if it names some. */
static bool dri_name(const struct compiler *compiler, const struct model_dri *model,
		     const struct dri *dri, struct place place, char name[OBJECT_NAME_MAX])
{
	target_path(model->kind, model->target, name, OBJECT_NAME_MAX);
	size_t len = strlen(name);
	for (unsigned i = 0; i < dri->n_hosts; i++) {
		size_t host_len = strlen(dri->hosts[i]);
		if (len + host_len + 2 > OBJECT_NAME_MAX) {
			faults_add(compiler->faults, place,
				   "DRI of %s: its redirecting-hosts have more than %d octets "
				   "together; make several DRIs of it",
				   name, OBJECT_NAME_MAX);
			return false;
		}
		name[len++] = i ? ',' : ' ';
		memcpy(name + len, dri->hosts[i], host_len + 1);
		len += host_len;
	}
	return true;
}

/* A DRI by itself; NULL: refused. */
static struct dri *make_dri(struct compiler *compiler, const struct model_dri *model,
			    struct place place)
{
	struct dri *dri = calloc(1, sizeof(*dri));
	if (!dri) {
		compiler_no_memory(compiler, place, model->target);
		return NULL;
	}
	dri->refs = 1;
	dri->ttl = model->ttl;
	if (dri_hosts(compiler, dri, model, place) && dri_dns(compiler, dri, model, place) &&
	    dri_http(compiler, dri, model, place)) {
		if (dri->cname_len || dri->n_v4 || dri->n_v6 || dri->authority)
			return dri;
		faults_add(compiler->faults, place,
			   "DRI of %s '%s' has neither dns-target nor http-target",
			   target_kind_name(model->kind), model->target);
	}
	dri_release(dri);
	return NULL;
}

/* Takes the DRI's reference over. */
static bool put_dri(struct compiler *compiler, struct entry *entry, struct dri *dri, uint32_t id)
{
	struct object *object = entry_object(compiler, entry);
	if (!object) {
		dri_release(dri);
		return false;
	}
	bool there = entry->old && !entry->old->removed;
	dri->order = object->order;
	object->made.dri = dri;
	struct target *target =
		copy_with_dris(target_at(compiler, id), there ? entry->old->made.dri : NULL, dri);
	if (target && put_target(compiler, target))
		return entry_put(compiler, entry, object);
	object_release(object);
	compiler_no_memory(compiler, entry->place, entry->name);
	return false;
}

bool compiler_add_dri(struct compiler *compiler, const struct model_dri *model, struct place place)
{
	struct model_target_ref ref = {.kind = model->kind, .name = model->target};
	struct entry entry;
	uint32_t target;
	bool refused = true;
	char name[OBJECT_NAME_MAX];
	struct dri *dri = compiler->no_memory ? NULL : make_dri(compiler, model, place);
	if (!dri)
		return false;
	if (dri_name(compiler, model, dri, place, name) &&
	    entry_begin(compiler, &entry, OBJECT_DRI, name, model->json, place, &refused)) {
		if (compiler_target(compiler, &ref, "DRI", NULL, place, &target))
			return put_dri(compiler, &entry, dri, target);
		refused = true;
	}
	dri_release(dri);
	return !refused;
}

bool compiler_take_out_dri(struct compiler *compiler, const struct object *object)
{
	const char *name = strchr(object->name, '/') + 1;
	char target_name[OBJECT_NAME_MAX];
	snprintf(target_name, sizeof(target_name), "%.*s", (int)strcspn(name, " "), name);
	enum object_kind kind = object->name[0] == 'c' ? OBJECT_CDN : OBJECT_NODE;
	const struct object *owner = object_find(compiler->objects.root, kind, target_name);
	struct target *target =
		copy_with_dris(target_at(compiler, owner->made.id), object->made.dri, NULL);
	if (target && put_target(compiler, target) &&
	    compiler_touch_target(compiler, owner->made.id))
		return true;
	compiler_no_memory(compiler, (struct place){NULL, 0}, object->name);
	return false;
}

/* LL-16: between two interconnected CDNs there is always a source of DRIs. */
void compiler_check_targets(struct compiler *compiler)
{
	for (size_t i = 0; i < compiler->n_touched; i++) {
		const struct target *target = target_at(compiler, compiler->touched[i]);
		if (!target || target->n_dris)
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
