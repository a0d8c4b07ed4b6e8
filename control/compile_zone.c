/* compile_zone - zones, distinguished hosts, named footprints and the fallback: checked, and taken into the tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"
#include "lib/array.h"
#include "lib/dns_name.h"
#include "lib/request.h"
#include "zone_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- zones ------------------------------------------------------------------------------------------------------- */

static void zone_key(const struct zone *zone, struct request *req)
{
	unsigned labels;
	dns_name_key(zone->apex.wire, zone->apex.len, &labels, req);
}

/* Takes the zone's reference over. */
static bool put_zone(struct compiler *compiler, const struct entry *entry, struct zone *zone)
{
	struct request req;
	zone_key(zone, &req);
	struct object *object = entry_object(compiler, entry);
	if (!object) {
		zone_release(zone);
		return false;
	}
	object->made.zone = zone;
	if (trie_set(&compiler->zones, req.key, req.host_len, zone))
		return entry_put(compiler, entry, object);
	compiler_no_memory(compiler, entry->place, entry->name); /* a text of the zone's */
	object_release(object);
	return false;
}

bool compiler_add_zone(struct compiler *compiler, const struct model_zone *model,
		       struct place place)
{
	struct entry entry;
	bool refused = true;
	struct zone *zone =
		compiler->no_memory ? NULL : zone_source_make(model, place, compiler->faults);
	if (!zone)
		return false;
	if (entry_begin(compiler, &entry, OBJECT_ZONE, zone->text, model->json, place, &refused))
		return put_zone(compiler, &entry, zone);
	zone_release(zone);
	return !refused;
}

bool compiler_keep_zone(struct compiler *compiler, const struct model_zone *model,
			struct place place, const struct faults *faults)
{
	struct dns_name apex;
	char text[DNS_NAME_TEXT_MAX];
	if (!compiler->source.tolerant || !dns_name_from_text(model->name, &apex))
		return false;
	char *name = compiler_lower(dns_name_text(apex.wire, apex.len, text));
	if (!name)
		return false;
	struct object *old = object_find(compiler->objects.root, OBJECT_ZONE, name);
	free(name);
	if (old && !old->runtime && !old->removed)
		entry_same(compiler, old, place);
	faults_append(&compiler->aside, faults);
	return true;
}

bool compiler_take_out_zone(struct compiler *compiler, const struct object *object)
{
	struct request req;
	zone_key(object->made.zone, &req);
	if (trie_remove(&compiler->zones, req.key, req.host_len))
		return true;
	compiler_no_memory(compiler, (struct place){NULL, 0}, object->name);
	return false;
}

/* --- distinguished hosts ------------------------------------------------------------------------------------------ */

static struct distinguished *distinguished_new(const char *host, const char *key,
					       const char *prefix)
{
	size_t host_len = strlen(host) + 1, key_len = strlen(key) + 1,
	       prefix_len = strlen(prefix) + 1;
	struct distinguished *d = malloc(sizeof(*d) + host_len + key_len + prefix_len);
	if (!d)
		return NULL;
	char *text = (char *)(d + 1);
	d->refs = 1;
	d->host = memcpy(text, host, host_len);
	d->host_key = memcpy(text + host_len, key, key_len);
	d->path_prefix = memcpy(text + host_len + key_len, prefix, prefix_len);
	return d;
}

bool compiler_add_distinguished(struct compiler *compiler, const struct model_distinguished *model,
				struct place place)
{
	const char *prefix = model->path_prefix ? model->path_prefix : "/";
	char name[OBJECT_NAME_MAX];
	struct entry entry;
	bool refused = true;
	if (compiler->no_memory || !compiler_path_prefix_ok(compiler, prefix, place))
		return false;
	char *key = compiler_host_key(compiler, model->host, "distinguished host", place);
	char *host = key ? compiler_lower(model->host) : NULL;
	struct object *object = NULL;
	if (host && snprintf(name, sizeof(name), "%s%s", host, prefix) >= (int)sizeof(name))
		faults_add(compiler->faults, place,
			   "distinguished host '%s': its path-prefix has more than %d octets", host,
			   OBJECT_NAME_MAX - 255);
	else if (host && entry_begin(compiler, &entry, OBJECT_DISTINGUISHED, name, model->json,
				     place, &refused))
		object = entry_object(compiler, &entry);
	else if (key && !host)
		compiler_no_memory(compiler, place, model->host);
	if (object) {
		object->made.distinguished = distinguished_new(host, key, prefix);
		compiler->distinguished = true;
		refused = !object->made.distinguished;
		if (refused) {
			compiler_no_memory(compiler, place, model->host);
			object_release(object);
		} else {
			refused = !entry_put(compiler, &entry, object);
		}
	}
	free(key);
	free(host);
	return !refused;
}

struct listing {
	struct object **objects;
	size_t n, cap;
	bool full;
};

static bool list_one(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct listing *listing = arg;
	struct object *object = value;
	(void)len;
	if (key[0] != OBJECT_DISTINGUISHED || object->removed)
		return key[0] <= OBJECT_DISTINGUISHED;
	struct object **all =
		array_reserve(listing->objects, &listing->cap, listing->n + 1, sizeof(*all));
	listing->full = !all;
	if (!all)
		return false;
	listing->objects = all;
	all[listing->n++] = object;
	return true;
}

static int by_order(const void *a, const void *b)
{
	const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;
	return (x->order > y->order) - (x->order < y->order);
}

bool compiler_list_distinguished(struct compiler *compiler)
{
	const uint8_t first = OBJECT_DISTINGUISHED;
	struct listing listing = {NULL, 0, 0, false};
	if (!compiler->distinguished)
		return true;
	trie_walk(compiler->objects.root, &first, 1, list_one, &listing);
	struct distinguished_list *list = NULL;
	if (!listing.full && listing.n)
		list = malloc(sizeof(*list) + listing.n * sizeof(list->at[0]));
	bool done = !listing.full && (list || !listing.n);
	if (list) {
		list->refs = 1;
		list->n = (uint32_t)listing.n;
		qsort(listing.objects, listing.n, sizeof(*listing.objects), by_order);
	}
	for (size_t i = 0; list && i < listing.n; i++) {
		list->at[i] = listing.objects[i]->made.distinguished;
		list->at[i]->refs++;
	}
	free(listing.objects);
	if (!done)
		return false;
	distinguished_list_release(compiler->view->distinguished);
	compiler->view->distinguished = list;
	return true;
}

/* --- named footprints --------------------------------------------------------------------------------------------- */

static bool note_rank(struct compiler *compiler, uint32_t id)
{
	uint32_t *all = array_reserve(compiler->reranked, &compiler->reranked_cap,
				      compiler->n_reranked + 1, sizeof(*all));
	if (!all)
		return false;
	compiler->reranked = all;
	all[compiler->n_reranked++] = id;
	return true;
}

bool compiler_add_footprint(struct compiler *compiler, const struct model_footprint_name *model,
			    struct place place)
{
	const struct model_footprints *list = &model->footprints;
	struct entry entry;
	bool refused;
	char err[512];
	if (compiler->no_memory || !compiler_name_ok(compiler, "footprint", model->name, place))
		return false;
	if (!entry_begin(compiler, &entry, OBJECT_FOOTPRINT, model->name, model->json, place,
			 &refused))
		return !refused;
	struct object *object = entry_object(compiler, &entry);
	if (!object)
		return false;
	bool there = entry.old && !entry.old->removed;
	object->made.id = there ? entry.old->made.id : 0;
	int failed = there ? footprint_replace(compiler->footprints, object->made.id, list->list,
					       list->n, &object->rank, err, sizeof(err))
			   : footprint_add(compiler->footprints, list->list, list->n,
					   &object->made.id, &object->rank, err, sizeof(err));
	if (failed) {
		faults_add(compiler->faults, place, "footprint '%s': %s", model->name, err);
		object_release(object);
		return false;
	}
	bool moved = there && entry.old->rank != object->rank;
	if (!moved || note_rank(compiler, object->made.id))
		return entry_put(compiler, &entry, object);
	object_release(object);
	compiler_no_memory(compiler, place, model->name);
	return false;
}

/* --- the fallback of all scopes ----------------------------------------------------------------------------------- */

bool compiler_add_fallback(struct compiler *compiler, const struct model_fallback *model,
			   struct place place)
{
	struct entry entry;
	uint32_t target;
	bool refused;
	if (compiler->no_memory)
		return false;
	if (!entry_begin(compiler, &entry, OBJECT_FALLBACK, "all", model->json, place, &refused))
		return !refused;
	if (!compiler_target(compiler, &model->target, "fallback", NULL, place, &target))
		return false;
	struct object *object = entry_object(compiler, &entry);
	if (!object)
		return false;
	object->made.id = target;
	if (compiler_set_fallback(compiler, target))
		return entry_put(compiler, &entry, object);
	object_release(object);
	return false;
}

bool compiler_set_fallback(struct compiler *compiler, uint32_t target)
{
	uint32_t old = compiler->view->fallback;
	if ((target == SCOPE_NO_TARGET || compiler_use_target(compiler, target, 1)) &&
	    (old == SCOPE_NO_TARGET || compiler_use_target(compiler, old, -1))) {
		compiler->view->fallback = target;
		return true;
	}
	compiler_no_memory(compiler, (struct place){NULL, 0}, "the fallback");
	return false;
}
