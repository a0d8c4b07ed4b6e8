/* image_read - reads a view back out of an image. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "image_read.h"

#include "image_parts.h"
#include "json_place.h"
#include "lib/array.h"
#include "lib/dns_name.h"
#include "lib/scope_trie.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const out_of_range = "an object has numbers out of range";

bool image_read_put(struct image_reader *reader, struct trie_build *build, const uint8_t *key,
		    size_t len, void *value)
{
	switch (trie_build_add(build, key, len, value)) {
	case TRIE_BUILD_ADDED:
		return true;
	case TRIE_BUILD_ORDER:
		return image_in_refuse(&reader->in, "objects or lists are out of order");
	case TRIE_BUILD_NO_MEMORY:
		break;
	}
	return image_in_no_memory(&reader->in);
}

bool image_read_use_target(struct image_reader *reader, uint32_t target)
{
	if (target == SCOPE_NO_TARGET)
		return true;
	if (target >= reader->n_targets || reader->targets[target].uses == UINT32_MAX)
		return image_in_refuse(&reader->in, "a scope has an unknown target");
	reader->targets[target].uses++;
	return true;
}

/* --- Sets and files, footprints ------------------------------------------------------------------------------------ */

static bool read_files(struct image_reader *reader)
{
	struct image_in *in = &reader->in;
	while (image_in_more(in)) {
		char *name;
		const char **files = array_reserve(reader->files, &reader->files_cap,
						   reader->n_files + 1, sizeof(*files));
		if (!files)
			return image_in_no_memory(in);
		reader->files = files;
		if (!image_in_text(in, &name))
			return false;
		if (!name)
			return image_in_refuse(in, "a file has no name");
		const char *file = json_place_file(name);
		free(name);
		if (!file)
			return image_in_no_memory(in);
		files[reader->n_files++] = file;
	}
	return !in->why;
}

static bool read_footprint(struct image_reader *reader)
{
	struct image_in *in = &reader->in;
	struct image_footprint form;
	if (!image_in_bytes(in, &form, sizeof(form)))
		return false;
	uint32_t id;
	struct image_list *lists = array_reserve(reader->lists, &reader->lists_cap,
						 reader->n_lists + 1, sizeof(*lists));
	if (!lists)
		return image_in_no_memory(in);
	reader->lists = lists;
	const uint8_t *content = image_in_take(in, form.len);
	if (!content)
		return false;
	if (form.named > 1)
		return image_in_refuse(in, out_of_range);
	switch (footprint_load_add(reader->footprints, content, form.len, form.named, &id)) {
	case FOOTPRINT_LOADED:
		lists[reader->n_lists++] = (struct image_list){.look = id & 1, .named = form.named};
		return true;
	case FOOTPRINT_LOAD_DAMAGED:
		return image_in_refuse(
			in, "a footprint is not in canonical form, or needs a geolocation "
			    "database that is not there");
	case FOOTPRINT_LOAD_NO_MEMORY:
		break;
	}
	return image_in_no_memory(in);
}

static bool read_footprints(struct image_reader *reader)
{
	while (image_in_more(&reader->in))
		if (!read_footprint(reader))
			return false;
	return !reader->in.why;
}

/* --- What objects are made of --------------------------------------------------------------------------------------- */

static bool read_named(struct image_reader *reader, struct object *object)
{
	struct image_named form;
	struct image_in *in = &reader->in;
	if (!image_in_bytes(in, &form, sizeof(form)))
		return false;
	if (form.list >= reader->n_lists || !reader->lists[form.list].named ||
	    reader->lists[form.list].spoken || form.rank > UINT8_MAX)
		return image_in_refuse(in, out_of_range);
	struct image_list *list = &reader->lists[form.list];
	list->spoken = true;
	list->uses++;
	object->made.id = image_list_id(reader, form.list);
	object->rank = (uint8_t)form.rank;
	return true;
}

static bool read_target(struct image_reader *reader, struct object *object)
{
	struct image_target form;
	struct image_in *in = &reader->in;
	struct image_new_target *targets = array_reserve(reader->targets, &reader->targets_cap,
							 reader->n_targets + 1, sizeof(*targets));
	if (!targets)
		return image_in_no_memory(in);
	reader->targets = targets;
	if (!image_in_bytes(in, &form, sizeof(form)))
		return false;
	if (form.configured > TARGET_DOWN || form.learnt > 1 ||
	    form.strategy > STRATEGY_FULL_RECURSIVE || reader->n_targets == SCOPE_NO_TARGET)
		return image_in_refuse(in, out_of_range);
	struct image_new_target *target = &targets[reader->n_targets];
	*target = (struct image_new_target){.object = object,
					    .configured = form.configured,
					    .strategy = form.strategy,
					    .learnt = form.learnt};
	object->made.id = (uint32_t)reader->n_targets++;
	return image_in_text(in, &target->provider_id) && image_in_text(in, &target->excluded);
}

/* Is the object named after a target ("cdn/b"), and perhaps more ("cdn/b vod.example.com")? */
static bool is_named_after(const struct object *object, const struct object *target)
{
	const char *kind = object_kind_name((enum object_kind)target->kind);
	size_t kind_len = strlen(kind), len = kind_len + 1 + target->name_len;
	const char *name = object->name;
	return object->name_len >= len && memcmp(name, kind, kind_len) == 0 &&
	       name[kind_len] == '/' &&
	       memcmp(name + kind_len + 1, target->name, target->name_len) == 0 &&
	       (name[len] == '\0' || name[len] == ' ');
}

/* What DRIs and adverts begin with. NULL: in.why. */
static struct image_new_attached *read_attached(struct image_reader *reader,
						const struct object *object, uint32_t *footprint)
{
	struct image_attached form;
	struct image_in *in = &reader->in;
	struct image_new_attached *all = array_reserve(reader->attached, &reader->attached_cap,
						       reader->n_attached + 1, sizeof(*all));
	if (!all) {
		image_in_no_memory(in);
		return NULL;
	}
	reader->attached = all;
	if (!image_in_bytes(in, &form, sizeof(form)))
		return NULL;
	if (form.target >= reader->n_targets ||
	    !is_named_after(object, reader->targets[form.target].object)) {
		image_in_refuse(in, "a DRI or an advert is of an unknown target");
		return NULL;
	}
	all[reader->n_attached] = (struct image_new_attached){form.target, NULL, NULL};
	return image_read_use_list(reader, form.footprint, false, footprint)
		       ? &all[reader->n_attached]
		       : NULL;
}

static bool read_dri(struct image_reader *reader, struct object *object)
{
	uint32_t footprint;
	struct image_new_attached *new = read_attached(reader, object, &footprint);
	struct dri *dri = new ? image_in_dri(&reader->in) : NULL;
	if (!dri)
		return false;
	object->made.dri = new->dri = dri;
	dri->order = object->order;
	dri->footprint = footprint;
	reader->targets[new->target].n_dris++;
	reader->n_attached++;
	struct trie_txn txn = {reader->view->cuts, &view_cut_ops};
	uint8_t key[REQUEST_HOST_MAX];
	bool done = true;
	for (unsigned i = 0; dri->delegation && i < dri->n_hosts; i++) {
		size_t len = dri_cut_key(dri, i, key);
		done &= trie_set(&txn, key, len, dri);
	}
	reader->view->cuts = txn.root;
	return done || image_in_no_memory(&reader->in);
}

static bool read_advert(struct image_reader *reader, struct object *object)
{
	uint32_t footprint;
	struct image_advert form;
	struct image_new_attached *new = read_attached(reader, object, &footprint);
	if (!new || !image_in_bytes(&reader->in, &form, sizeof(form)))
		return false;
	if (form.type > ADVERT_OTHER)
		return image_in_refuse(&reader->in, out_of_range);
	struct advert *advert =
		advert_new((enum advert_type)form.type, footprint, form.offers, form.soft);
	if (!advert)
		return image_in_no_memory(&reader->in);
	object->made.advert = new->advert = advert;
	reader->targets[new->target].n_adverts++;
	reader->n_attached++;
	return true;
}

static bool read_zone(struct image_reader *reader, struct object *object)
{
	struct request req;
	unsigned labels;
	struct view *view = reader->view;
	struct zone *zone = object->made.zone = image_in_zone(&reader->in, object->name);
	if (!zone)
		return false;
	dns_name_key(zone->apex.wire, zone->apex.len, &labels, &req);
	struct trie_txn txn = {view->zones, &view_zone_ops};
	bool done = trie_set(&txn, req.key, req.host_len, zone);
	view->zones = txn.root;
	return done || image_in_no_memory(&reader->in);
}

static bool read_distinguished(struct image_reader *reader, struct object *object)
{
	struct object **all = array_reserve(reader->distinguished, &reader->distinguished_cap,
					    reader->n_distinguished + 1, sizeof(struct object *));
	if (!all)
		return image_in_no_memory(&reader->in);
	reader->distinguished = all;
	all[reader->n_distinguished++] = object;
	object->made.distinguished = image_in_distinguished(&reader->in);
	return object->made.distinguished;
}

static bool read_state(struct image_reader *reader, struct object *object)
{
	uint8_t state = 0;
	if (!image_in_bytes(&reader->in, &state, 1))
		return false;
	object->made.id = state;
	bool of_target =
		strncmp(object->name, "cdn/", 4) == 0 || strncmp(object->name, "node/", 5) == 0;
	return (state <= TARGET_DOWN && of_target) || image_in_refuse(&reader->in, out_of_range);
}

static bool read_fallback(struct image_reader *reader, struct object *object)
{
	uint32_t target = 0;
	if (!image_in_bytes(&reader->in, &target, sizeof(target)))
		return false;
	if (target == SCOPE_NO_TARGET || strcmp(object->name, "all") != 0)
		return image_in_refuse(&reader->in, out_of_range);
	object->made.id = target;
	reader->view->fallback = target;
	return image_read_use_target(reader, target);
}

typedef bool read_made(struct image_reader *reader, struct object *object);

static read_made *const makers[OBJECT_KINDS] = {
	[OBJECT_FOOTPRINT] = read_named,   [OBJECT_CDN] = read_target,
	[OBJECT_NODE] = read_target,       [OBJECT_DRI] = read_dri,
	[OBJECT_ZONE] = read_zone,         [OBJECT_DISTINGUISHED] = read_distinguished,
	[OBJECT_STATE] = read_state,       [OBJECT_FALLBACK] = read_fallback,
	[OBJECT_SCOPE] = image_read_scope, [OBJECT_ADVERT] = read_advert,
};

/* --- Objects -------------------------------------------------------------------------------------------------------- */

/* Names of states, DRIs and distinguished hosts are put together from others. */
static size_t name_max(unsigned kind)
{
	bool plain = kind <= OBJECT_NODE || kind == OBJECT_SCOPE;
	return plain ? UINT8_MAX : OBJECT_NAME_MAX;
}

static bool form_ok(const struct image_reader *reader, const struct image_object *form)
{
	return form->kind < OBJECT_KINDS && !(form->flags & ~IMAGE_FLAGS) && form->name_len &&
	       form->name_len <= name_max(form->kind) && form->set < reader->n_files &&
	       form->file <= reader->n_files;
}

static struct object *new_object(struct image_reader *reader, const struct image_object *form)
{
	struct image_in *in = &reader->in;
	size_t len = form->name_len + 1u + form->json_len + (size_t)1;
	const char *texts = (const char *)image_in_take(in, len);
	if (!texts)
		return NULL;
	if (strnlen(texts, form->name_len + 1u) != form->name_len || texts[len - 1]) {
		image_in_refuse(in, "an object has a name or text that does not end");
		return NULL;
	}
	struct object *object =
		object_new((enum object_kind)form->kind, texts, texts + form->name_len + 1);
	if (!object) {
		image_in_no_memory(in);
		return NULL;
	}
	object->order = form->order;
	object->line = form->line;
	object->set = reader->files[form->set];
	object->file = form->file ? reader->files[form->file - 1] : NULL;
	object->removed = form->flags & IMAGE_REMOVED;
	object->runtime = form->flags & IMAGE_RUNTIME;
	object->over_base = form->flags & IMAGE_OVER_BASE;
	return object;
}

static bool read_object(struct image_reader *reader)
{
	struct image_object form;
	struct view *view = reader->view;
	uint8_t key[OBJECT_KEY_MAX];
	if (!image_in_bytes(&reader->in, &form, sizeof(form)))
		return false;
	if (!form_ok(reader, &form))
		return image_in_refuse(&reader->in, out_of_range);
	struct object *object = new_object(reader, &form);
	if (!object)
		return false;
	size_t len = object_key((enum object_kind)form.kind, object->name, key);
	if (!image_read_put(reader, reader->objects, key, len, object)) {
		object_release(object);
		return false;
	}
	if (object->removed)
		return true;
	view->n_of[form.kind]++;
	view->n_base += !object->runtime;
	return makers[form.kind](reader, object);
}

static bool read_objects(struct image_reader *reader)
{
	while (image_in_more(&reader->in))
		if (!read_object(reader))
			return false;
	return !reader->in.why;
}

/* --- What follows from them ------------------------------------------------------------------------------------------ */

/* The state that was set at run time, or the configured one. */
static uint8_t state_of(const struct image_reader *reader, const struct image_new_target *new)
{
	char path[OBJECT_KEY_MAX];
	snprintf(path, sizeof(path), "%s/%s",
		 object_kind_name((enum object_kind) new->object->kind), new->object->name);
	const struct object *set = object_find(reader->view->objects, OBJECT_STATE, path);
	return set && !set->removed ? (uint8_t)set->made.id : new->configured;
}

static bool make_target(struct image_reader *reader, uint32_t i)
{
	const struct image_new_target *new = &reader->targets[i];
	struct view *view = reader->view;
	enum target_kind kind = new->object->kind == OBJECT_CDN ? TARGET_CDN : TARGET_NODE;
	struct target *target = target_new(kind, new->object->name, new->provider_id, new->excluded,
					   new->n_dris, new->n_adverts);
	if (!target)
		return false;
	target->id = i;
	target->configured = new->configured;
	target->learnt = new->learnt;
	target->strategy = new->strategy;
	target->state = state_of(reader, new);
	struct slots_txn targets = {view->targets, &view_target_ops},
			 uses = {view->target_uses, &view_number_ops};
	bool done = slots_set(&targets, i, target) &&
		    slots_set(&uses, i, (void *)(uintptr_t) new->uses);
	view->targets = targets.root;
	view->target_uses = uses.root;
	target_release(target);
	return done;
}

static void attach(const struct view *view, const struct image_new_attached *new)
{
	struct target *target = slots_get(view->targets, new->target);
	if (new->dri)
		target_put_dri(target, new->dri);
	else
		target_put_advert(target, new->advert);
}

static bool make_targets(struct image_reader *reader)
{
	bool done = true;
	for (uint32_t i = 0; done && i < reader->n_targets; i++)
		done = make_target(reader, i);
	for (size_t i = 0; done && i < reader->n_attached; i++)
		attach(reader->view, &reader->attached[i]);
	return done || image_in_no_memory(&reader->in);
}

static int by_order(const void *a, const void *b)
{
	const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;
	return (x->order > y->order) - (x->order < y->order);
}

static bool make_distinguished(struct image_reader *reader)
{
	size_t n = reader->n_distinguished;
	if (!n)
		return true;
	struct distinguished_list *list = malloc(sizeof(*list) + n * sizeof(list->at[0]));
	if (!list)
		return image_in_no_memory(&reader->in);
	qsort(reader->distinguished, n, sizeof(*reader->distinguished), by_order);
	list->refs = 1;
	list->n = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		list->at[i] = reader->distinguished[i]->made.distinguished;
		list->at[i]->refs++;
	}
	reader->view->distinguished = list;
	return true;
}

static bool count_uses(struct image_reader *reader)
{
	for (uint32_t i = 0; i < reader->n_lists; i++) {
		const struct image_list *list = &reader->lists[i];
		if (!list->uses)
			return image_in_refuse(&reader->in, "a footprint is not used");
		if (list->uses > 1 &&
		    !footprint_load_uses(reader->footprints, image_list_id(reader, i), list->uses))
			return image_in_no_memory(&reader->in);
	}
	return true;
}

/* --- From start to end ------------------------------------------------------------------------------------------------ */

typedef bool read_section(struct image_reader *reader);

static bool section(struct image_reader *reader, int fd, const struct image_head *head,
		    enum image_section which, read_section *read)
{
	image_in_begin(&reader->in, fd, head, which);
	read(reader);
	return image_in_end(&reader->in, head, which);
}

static void *build_footprints(void *arg)
{
	struct footprint_load *load = arg;
	return footprint_load_build(load) ? arg : NULL;
}

/* Footprints are made searchable on another thread meanwhile. */
static bool read_tables(struct image_reader *reader, int fd, const struct image_head *head)
{
	pthread_t thread;
	struct view *view = reader->view;
	bool alone = pthread_create(&thread, NULL, build_footprints, reader->footprints) != 0;
	bool done = section(reader, fd, head, IMAGE_OBJECTS, read_objects) &&
		    section(reader, fd, head, IMAGE_LISTS, image_read_lists);
	void *built = NULL;
	if (alone)
		built = build_footprints(reader->footprints);
	else
		pthread_join(thread, &built);
	if (!done)
		return false;
	if (!built || !trie_build_finish(reader->objects, &view->objects) ||
	    !trie_build_finish(reader->lists_by_key, &view->scopes))
		return image_in_no_memory(&reader->in);
	return true;
}

static bool read_all(struct image_reader *reader, int fd, const struct image_head *head)
{
	if (!section(reader, fd, head, IMAGE_FILES, read_files) ||
	    !section(reader, fd, head, IMAGE_FOOTPRINTS, read_footprints) ||
	    !read_tables(reader, fd, head) || !make_targets(reader) ||
	    !make_distinguished(reader) || !count_uses(reader) ||
	    !section(reader, fd, head, IMAGE_DATABASES, image_read_databases) ||
	    !image_read_patterns(reader))
		return false;
	reader->view->footprints = footprint_load_finish(reader->footprints);
	reader->footprints = NULL;
	reader->view->generation = head->generation;
	reader->view->created = head->created;
	return true;
}

static bool reader_begin(struct image_reader *reader, const struct image_use *use)
{
	*reader = (struct image_reader){
		.use = use,
		.view = view_new(NULL),
		.footprints = footprint_load_new(use->geo),
		.objects = trie_build_new(&object_ops),
		.lists_by_key = trie_build_new(&scope_trie_ops),
	};
	return (reader->view && reader->footprints && reader->objects && reader->lists_by_key) ||
	       image_in_no_memory(&reader->in);
}

/* All but the view. */
static void reader_clear(struct image_reader *reader)
{
	for (size_t i = 0; i < reader->n_targets; i++) {
		free(reader->targets[i].provider_id);
		free(reader->targets[i].excluded);
	}
	trie_build_free(reader->lists_by_key);
	trie_build_free(reader->objects);
	footprint_load_free(reader->footprints);
	free(reader->files);
	free(reader->lists);
	free(reader->targets);
	free(reader->attached);
	free(reader->distinguished);
	free(reader->scopes);
	image_read_patterns_clear(reader);
}

static enum image_outcome check_key(const char *path, const struct image_key *key,
				    const struct image_key *own, char *err, size_t err_len)
{
	bool same = memcmp(key->digest, own->digest, sizeof(key->digest)) == 0;
	if (same && key->generation == own->generation)
		return IMAGE_READ;
	snprintf(err, err_len, "the image %s is of another %s", path,
		 same ? "generation of the state file" : "configuration or version of turnoutd");
	return IMAGE_STALE;
}

enum image_outcome image_read(const char *path, const struct image_key *key,
			      const struct image_use *use, struct view **view, char *err,
			      size_t err_len)
{
	int fd;
	struct image_head head;
	struct image_reader reader;
	*view = NULL;
	enum image_outcome outcome = image_in_open(path, &fd, &head, err, err_len);
	if (outcome != IMAGE_READ)
		return outcome;
	outcome = check_key(path, key, &head.key, err, err_len);
	if (outcome == IMAGE_READ) {
		if (reader_begin(&reader, use) && read_all(&reader, fd, &head)) {
			*view = reader.view;
		} else {
			outcome = reader.in.no_memory ? IMAGE_NO_MEMORY
				  : reader.in.stale   ? IMAGE_STALE
						      : IMAGE_DAMAGED;
			snprintf(err, err_len, "the image %s %s: %s", path,
				 reader.in.no_memory ? "cannot be read"
				 : reader.in.stale   ? "is too old"
						     : "is damaged",
				 reader.in.why);
			view_release(reader.view);
		}
		reader_clear(&reader);
	}
	close(fd);
	return outcome;
}

enum image_outcome image_read_key(const char *path, struct image_key *key, char *err,
				  size_t err_len)
{
	int fd;
	struct image_head head;
	enum image_outcome outcome = image_in_open(path, &fd, &head, err, err_len);
	if (outcome == IMAGE_READ) {
		*key = head.key;
		close(fd);
	}
	return outcome;
}
