/* compile - takes objects in, one by one, checks each against the others, and makes the next view of the last one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compile.h"

#include "compiler.h"
#include "json_place.h"
#include "lib/array.h"
#include "lib/request.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 255 };

static void key_keep(void *object)
{
	(void)object;
}

static const struct trie_ops key_ops = {key_keep, key_keep};

/* --- what every object needs ------------------------------------------------------------------------------------ */

void compiler_no_memory(struct compiler *compiler, struct place place, const char *what)
{
	if (!compiler->no_memory)
		faults_add(compiler->faults, place,
			   "not enough memory for the table: it ran out at %s, after %u scopes; "
			   "make the table smaller or give the process more memory",
			   what, compiler->view->n_of[OBJECT_SCOPE]);
	compiler->no_memory = true;
}

bool compiler_exhausted(const struct compiler *compiler)
{
	return compiler->no_memory;
}

struct compiler_counts compiler_counts(const struct compiler *compiler)
{
	return compiler->counts;
}

void compiler_set_counts(struct compiler *compiler, const struct compiler_counts *counts)
{
	compiler->counts = *counts;
}

void compiler_rebase(struct compiler *compiler, struct view *from)
{
	view_release(compiler->from);
	view_retain(from);
	compiler->from = from;
}

const char *compiler_last_name(const struct compiler *compiler)
{
	return compiler->last_name;
}

const struct faults *compiler_aside(const struct compiler *compiler)
{
	return &compiler->aside;
}

const struct trie_node *compiler_base(const struct compiler *compiler)
{
	return compiler->from ? compiler->from->objects : NULL;
}

const struct trie_node *compiler_objects(const struct compiler *compiler)
{
	return compiler->objects.root;
}

bool compiler_name_ok(struct compiler *compiler, const char *kind, const char *name,
		      struct place place)
{
	size_t len = 0;
	while (name[len] && isgraph((unsigned char)name[len]))
		len++;
	if (len && len <= NAME_MAX_LEN && !name[len])
		return true;
	faults_add(compiler->faults, place,
		   "%s name '%.40s' is not a name: expected 1 to %d visible ASCII characters", kind,
		   name, NAME_MAX_LEN);
	return false;
}

bool compiler_target(struct compiler *compiler, const struct model_target_ref *ref,
		     const char *owner, const char *name, struct place place, uint32_t *target)
{
	enum object_kind kind = ref->kind == TARGET_CDN ? OBJECT_CDN : OBJECT_NODE;
	const struct object *object = object_find(compiler->objects.root, kind, ref->name);
	if (object && !object->removed) {
		*target = object->made.id;
		return true;
	}
	const char *quote = name ? "'" : "";
	faults_add(compiler->faults, place, "%s%s%s%s%s refers to %s '%s', which is not configured",
		   owner, name ? " " : "", quote, name ? name : "", quote,
		   target_kind_name(ref->kind), ref->name);
	return false;
}

uint32_t compiler_target_uses(const struct compiler *compiler, uint32_t target)
{
	return (uint32_t)(uintptr_t)slots_get(compiler->uses.root, target);
}

bool compiler_use_target(struct compiler *compiler, uint32_t target, int change)
{
	uintptr_t uses = (uintptr_t)slots_get(compiler->uses.root, target) + (uintptr_t)change;
	return slots_set(&compiler->uses, target, (void *)uses);
}

bool compiler_touch_target(struct compiler *compiler, uint32_t target)
{
	uint32_t *touched = array_reserve(compiler->touched, &compiler->touched_cap,
					  compiler->n_touched + 1, sizeof(*touched));
	if (!touched)
		return false;
	compiler->touched = touched;
	touched[compiler->n_touched++] = target;
	return true;
}

char *compiler_host_key(struct compiler *compiler, const char *host, const char *what,
			struct place place)
{
	struct request req;
	if (!request_key_host(&req, (const uint8_t *)host, strlen(host))) {
		faults_add(compiler->faults, place, "%s '%s' is not a host name", what, host);
		return NULL;
	}
	char *key = strndup((const char *)req.key, req.host_len);
	if (!key)
		compiler_no_memory(compiler, place, host);
	return key;
}

char *compiler_lower(const char *text)
{
	char *copy = strdup(text);
	for (char *c = copy; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

bool compiler_path_prefix_ok(struct compiler *compiler, const char *prefix, struct place place)
{
	struct request req = {.host_len = 0};
	size_t len = strlen(prefix);
	if (len && prefix[0] == '/' && prefix[len - 1] == '/' && !strpbrk(prefix, "?#") &&
	    request_key_path(&req, (const uint8_t *)prefix, len))
		return true;
	faults_add(compiler->faults, place,
		   "path-prefix '%s' is not valid: expected a URI path that starts and ends with "
		   "'/' (RFC 8804 section 2.3)",
		   prefix);
	return false;
}

/* --- an object's way into the trie of all objects ----------------------------------------------------------------- */

/* What the configuration says stays where it is in the order when nothing said before it in this reading comes after it. What is
 * set at run time keeps the order in which it was first set. */
static bool is_same(const struct compiler *compiler, const struct object *old, const char *json,
		    size_t json_len)
{
	return !old->removed && old->set == compiler->source.set &&
	       old->runtime == compiler->source.runtime && strlen(object_json(old)) == json_len &&
	       memcmp(object_json(old), json, json_len) == 0 &&
	       (old->runtime || old->order >= compiler->source.order);
}

void entry_same(struct compiler *compiler, struct object *old, struct place place)
{
	old->seen = compiler->source.pass;
	__atomic_store_n(&old->line, place.line, __ATOMIC_RELAXED);
	__atomic_store_n(&old->file, place.file, __ATOMIC_RELAXED);
	if (!old->runtime)
		compiler->source.order = old->order + 1;
	compiler->counts.unchanged++;
}

bool compiler_came_again(struct compiler *compiler, enum object_kind kind, const char *name,
			 size_t name_len, const char *json, size_t json_len, struct place place)
{
	uint8_t key[OBJECT_KEY_MAX];
	if (name_len > OBJECT_NAME_MAX)
		return false;
	key[0] = (uint8_t)kind;
	memcpy(key + 1, name, name_len);
	struct object *old = trie_get(compiler->objects.root, key, name_len + 1);
	if (!old || old->seen == compiler->source.pass || !is_same(compiler, old, json, json_len))
		return false;
	entry_same(compiler, old, place);
	return true;
}

bool compiler_note_base(struct compiler *compiler, struct object *object, bool over_base)
{
	uint8_t key[OBJECT_KEY_MAX];
	size_t len = object_key((enum object_kind)object->kind, object->name, key);
	object->seen = compiler->source.pass;
	if (object->over_base == over_base)
		return true;
	struct object *copy = object_copy(object);
	if (copy)
		copy->over_base = over_base;
	bool done = copy && trie_set(&compiler->objects, key, len, copy);
	if (copy)
		object_release(copy);
	if (!done)
		compiler_no_memory(compiler, (struct place){NULL, 0},
				   "what the configuration says");
	return done;
}

bool entry_begin(struct compiler *compiler, struct entry *entry, enum object_kind kind,
		 const char *name, const char *json, struct place place, bool *refused)
{
	struct compiler_source *source = &compiler->source;
	struct object *old = object_find(compiler->objects.root, kind, name);
	*entry = (struct entry){kind, name, json ? json : "", place, old};
	size_t len = strlen(name);
	memcpy(compiler->last_name, name, (len < OBJECT_NAME_MAX ? len : OBJECT_NAME_MAX) + 1);
	compiler->last_name[OBJECT_NAME_MAX] = '\0';
	*refused = false;
	if (!old || compiler->as)
		return true;
	if (source->pass && old->seen == source->pass) {
		faults_add(compiler->faults, place,
			   "%s name '%s' is already taken (line %u): give it another name",
			   object_kind_name(kind), name, old->line);
		*refused = true;
		return false;
	}
	if (source->yields && old->set != source->set) {
		faults_add(compiler->faults, place,
			   "set '%s' has %s '%.255s' already, and that counts", old->set,
			   object_kind_name(kind), name);
		*refused = true;
		return false;
	}
	if (old->runtime && !source->runtime) {
		compiler->counts.overridden++;
		*refused = !compiler_note_base(compiler, old, true);
		return false;
	}
	if (!is_same(compiler, old, entry->json, strlen(entry->json)))
		return true;
	entry_same(compiler, old, place);
	return false;
}

/* At first lines are far apart in the order, so that what is put between them later finds room. */
enum { ORDER_STEP = 1 << 12 };

struct object *entry_object(struct compiler *compiler, const struct entry *entry)
{
	struct compiler_source *source = &compiler->source;
	const struct object *as = compiler->as;
	struct object *object = object_new(entry->kind, entry->name, entry->json);
	if (!object) {
		compiler_no_memory(compiler, entry->place, entry->name);
		return NULL;
	}
	object->set = as ? as->set : source->set;
	object->runtime = as ? as->runtime : source->runtime;
	object->file = entry->place.file;
	object->line = entry->place.line;
	object->seen = as ? as->seen : source->pass;
	object->over_base = as && compiler->from
				    ? as->over_base
				    : entry->old && (entry->old->over_base ||
						     (object->runtime && !entry->old->runtime));
	object->order = compiler_next_order(compiler, entry->place);
	if (as || source->runtime)
		return object;
	bool first = source->pass && (!compiler->from || !compiler->from->n_base);
	source->order += first ? ORDER_STEP : 1;
	return object;
}

static void count_object(struct compiler *compiler, const struct object *object, int change)
{
	if (!object || object->removed)
		return;
	compiler->view->n_of[object->kind] += (uint32_t)change;
	if (!object->runtime)
		compiler->view->n_base += (uint32_t)change;
}

/* Where an object counts that was another one at first. NULL: nowhere. */
static uint32_t *counter(struct compiler *compiler, const struct object *from,
			 const struct object *now)
{
	bool was = from && !from->removed, is = now && !now->removed;
	if (from == now || (!was && !is))
		return NULL;
	if (!is)
		return &compiler->counts.removed;
	return was ? &compiler->counts.changed : &compiler->counts.added;
}

void compiler_count(struct compiler *compiler, const struct object *old,
		    const struct object *object)
{
	const struct object *any = old ? old : object;
	const struct object *from =
		object_find(compiler_base(compiler), (enum object_kind)any->kind, any->name);
	uint32_t *before = counter(compiler, from, old), *after = counter(compiler, from, object);
	if (before)
		--*before;
	if (after)
		++*after;
}

bool entry_put(struct compiler *compiler, const struct entry *entry, struct object *object)
{
	uint8_t key[OBJECT_KEY_MAX];
	size_t len = object_key(entry->kind, entry->name, key);
	struct object *old = entry->old;
	if (old)
		object_retain(old);
	bool done = trie_set(&compiler->objects, key, len, object);
	if (done) {
		count_object(compiler, old, -1);
		count_object(compiler, object, 1);
		compiler_count(compiler, old, object);
	} else {
		compiler_no_memory(compiler, entry->place, entry->name);
	}
	if (old)
		object_release(old);
	object_release(object);
	return done;
}

void compiler_source(struct compiler *compiler, const struct compiler_source *source)
{
	/* Sets are told apart by their addresses. */
	const char *set = source->set ? json_place_file(source->set) : NULL;
	compiler->source = *source;
	if (set)
		compiler->source.set = set;
	compiler->as = NULL;
}

/* What is set at run time comes out the same when it is read from the state file, which has the line. */
uint64_t compiler_next_order(const struct compiler *compiler, struct place place)
{
	if (compiler->as)
		return compiler->as->order;
	return compiler->source.order + (compiler->source.runtime ? place.line : 0);
}

uint64_t compiler_order(const struct compiler *compiler)
{
	return compiler->source.order;
}

struct faults *compiler_set_faults(struct compiler *compiler, struct faults *faults)
{
	struct faults *before = compiler->faults;
	compiler->faults = faults;
	return before;
}

void compiler_source_of(struct compiler *compiler, const struct object *object)
{
	compiler->as = object;
}

/* --- from start to end ------------------------------------------------------------------------------------------ */

struct compiler *compiler_new(struct view *from, struct pattern_cache *patterns, unsigned n_workers,
			      struct faults *faults)
{
	struct compiler *compiler = calloc(1, sizeof(*compiler));
	if (!compiler)
		return NULL;
	compiler->faults = faults;
	compiler->faults_before = faults->total;
	compiler->patterns = patterns;
	compiler->n_workers = n_workers;
	compiler->sweep_kind = OBJECT_KINDS - 1;
	compiler_source(compiler, &(struct compiler_source){.set = "configuration"});
	compiler->view = view_new(from);
	if (compiler->view && !compiler->view->footprints)
		compiler->view->footprints = footprint_table_new(NULL);
	if (!compiler->view || !compiler->view->footprints ||
	    !(compiler->footprints = footprint_begin(compiler->view->footprints))) {
		compiler_free(compiler);
		return NULL;
	}
	if (from) {
		view_retain(from);
		compiler->from = from;
	}
	trie_begin(&compiler->scopes, compiler->view->scopes, &scope_trie_ops);
	trie_begin(&compiler->zones, compiler->view->zones, &view_zone_ops);
	trie_begin(&compiler->cuts, compiler->view->cuts, &view_cut_ops);
	trie_begin(&compiler->objects, compiler->view->objects, &object_ops);
	trie_begin(&compiler->uncompiled, NULL, &key_ops);
	slots_begin(&compiler->targets, compiler->view->targets, &view_target_ops);
	slots_begin(&compiler->uses, compiler->view->target_uses, &view_number_ops);
	return compiler;
}

void compiler_free(struct compiler *compiler)
{
	if (!compiler)
		return;
	trie_abort(&compiler->scopes);
	trie_abort(&compiler->zones);
	trie_abort(&compiler->cuts);
	trie_abort(&compiler->objects);
	trie_abort(&compiler->uncompiled);
	slots_abort(&compiler->targets);
	slots_abort(&compiler->uses);
	footprint_abort(compiler->footprints);
	view_release(compiler->view);
	view_release(compiler->from);
	compiler_clear_doubts(compiler);
	faults_clear(&compiler->aside);
	free(compiler->touched);
	free(compiler->reranked);
	free(compiler);
}

void compiler_set_geo(struct compiler *compiler, struct footprint_geo *geo)
{
	struct footprint_table *table = footprint_table_new(geo);
	struct footprint_txn *txn = table ? footprint_begin(table) : NULL;
	if (!txn) {
		if (table)
			footprint_table_release(table);
		compiler_no_memory(compiler, (struct place){NULL, 0}, "geolocation databases");
		return;
	}
	footprint_abort(compiler->footprints);
	footprint_table_release(compiler->view->footprints);
	compiler->footprints = txn;
	compiler->view->footprints = table;
}

static void replace_trie(struct trie_node **root, struct trie_txn *txn)
{
	trie_release(*root, txn->ops);
	*root = trie_commit(txn);
}

static void replace_slots(struct slots_node **root, struct slots_txn *txn)
{
	slots_release(*root, txn->ops);
	*root = slots_commit(txn);
}

static bool compile_patterns(struct compiler *compiler)
{
	struct pattern_job *job;
	size_t before = compiler->faults->total;
	while (!compiler->no_memory && compiler->faults->total == before &&
	       (job = compiler_pattern_job(compiler, UINT32_MAX))) {
		pattern_job_run(job);
		compiler_pattern_done(compiler, job, NULL, false);
	}
	return !compiler->no_memory && compiler->faults->total == before;
}

struct view *compiler_finish(struct compiler *compiler)
{
	struct place nowhere = {NULL, 0};
	size_t before = compiler->faults->total;
	if (!compiler->no_memory)
		compiler_check_targets(compiler);
	if (compiler->no_memory || compiler->faults->total != before || !compile_patterns(compiler))
		return NULL;
	struct footprint_table *footprints = NULL;
	if (!compiler_list_distinguished(compiler) ||
	    !(footprints = footprint_commit(compiler->footprints))) {
		compiler_no_memory(compiler, nowhere, "the view");
		return NULL;
	}
	struct view *view = compiler->view;
	compiler->footprints = NULL;
	compiler->view = NULL;
	footprint_table_release(view->footprints);
	view->footprints = footprints;
	replace_trie(&view->scopes, &compiler->scopes);
	replace_trie(&view->zones, &compiler->zones);
	replace_trie(&view->cuts, &compiler->cuts);
	replace_trie(&view->objects, &compiler->objects);
	replace_slots(&view->targets, &compiler->targets);
	replace_slots(&view->target_uses, &compiler->uses);
	return view;
}
