/* compile - takes objects in, one by one, checks each against the others, and makes the next view of the last one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"
#include "lib/pattern_cache.h"
#include "lib/view.h"
#include "model.h"

/* The cost of an object goes with its own size, not with the table's. An object that is refused adds its faults to the list and changes
 * nothing. Objects refer to what is there already: kinds come in the order of enum object_kind. Control thread. Nothing of a model
 * is kept by reference, but `place.file`, which must live for ever. */
struct compiler;

/* from NULL: begins empty; it is kept by a reference until compiler_free. n_workers: for how many the patterns need scratch space. NULL: no memory. */
struct compiler *compiler_new(struct view *from, struct pattern_cache *patterns, unsigned n_workers,
			      struct faults *faults);
void compiler_free(struct compiler *compiler);

/* Where the objects that follow come from. */
struct compiler_source {
	const char *set; /* lives for ever */
	bool runtime;    /* stands over what is not */
	/* One reading of files: a name is refused when it comes twice in it. 0: none. */
	uint32_t pass;
	bool sweep;    /* what does not come in this pass goes in the end, by compiler_sweep */
	bool tolerant; /* a zone whose file is at fault is left out, or stays as it was */
	bool yields; /* an object of the same name in another set stays, and this one is refused */
	uint64_t order; /* the next object without an order gets at least this one */
};
void compiler_source(struct compiler *compiler, const struct compiler_source *source);
uint64_t compiler_order(const struct compiler *compiler); /* that the next object gets */

/* Another list for what is wrong with the objects that follow. Gives the one before. */
struct faults *compiler_set_faults(struct compiler *compiler, struct faults *faults);

/* The objects that follow take their place again as the old one had it: source, order and line are those of this object. */
void compiler_source_of(struct compiler *compiler, const struct object *object);

/* An empty table with other databases; only before the first object. */
void compiler_set_geo(struct compiler *compiler, struct footprint_geo *geo);

/* Each adds an object or puts it in the place of the one with its name. false: refused. */
bool compiler_add_footprint(struct compiler *compiler, const struct model_footprint_name *footprint,
			    struct place place);
bool compiler_add_target(struct compiler *compiler, const struct model_target *target,
			 struct place place);
bool compiler_add_dri(struct compiler *compiler, const struct model_dri *dri, struct place place);
bool compiler_add_advert(struct compiler *compiler, const struct model_advert *advert,
			 struct place place);
bool compiler_add_zone(struct compiler *compiler, const struct model_zone *zone,
		       struct place place);
/* A zone cannot be read from its file. true: what stood in its place stays, and the faults are told in the end (compiler_aside); false: they are
 * the caller's. */
bool compiler_keep_zone(struct compiler *compiler, const struct model_zone *zone,
			struct place place, const struct faults *faults);
const struct faults *compiler_aside(const struct compiler *compiler);
bool compiler_add_distinguished(struct compiler *compiler, const struct model_distinguished *d,
				struct place place);
bool compiler_add_state(struct compiler *compiler, const struct model_state *state,
			struct place place);
bool compiler_add_fallback(struct compiler *compiler, const struct model_fallback *fallback,
			   struct place place);
bool compiler_add_scope(struct compiler *compiler, const struct model_scope *scope,
			struct place place);

/* Is the object there already with exactly this JSON text, in the same set and place of the order? Then it counts as having come. name and json are not
 * terminated. */
bool compiler_came_again(struct compiler *compiler, enum object_kind kind, const char *name,
			 size_t name_len, const char *json, size_t json_len, struct place place);

/* false: refused: it is not there, or others refer to it. A CDN or node goes with its DRIs and adverts. */
bool compiler_remove(struct compiler *compiler, enum object_kind kind, const char *name,
		     struct place place);

/* As it went in another version, where `mark` says at run time that it is gone, or nothing does (NULL). It need not be there. */
bool compiler_remove_as(struct compiler *compiler, enum object_kind kind, const char *name,
			struct object *mark);

/* Of the object that came last, taken in or not; "" before. */
const char *compiler_last_name(const struct compiler *compiler);

/* What was there when it began. */
const struct trie_node *compiler_base(const struct compiler *compiler);

/* What is there now, with all that was taken in. */
const struct trie_node *compiler_objects(const struct compiler *compiler);

/* Takes away objects of the pass's set (all that are not runtime, when the source is not) that did not come in this pass, those that
 * others refer to last. Looks at about `max` objects a call; true: there is more to do. */
bool compiler_sweep(struct compiler *compiler, unsigned max);

/* Says once that memory ran out while `what` was taken in. From then on the compiler takes nothing more in, and there is no
 * use in reading on. */
void compiler_no_memory(struct compiler *compiler, struct place place, const char *what);
bool compiler_exhausted(const struct compiler *compiler);

/* How many objects came in, as against `from`, and how many did not change or are overridden at run time. */
struct compiler_counts {
	uint32_t added, changed, removed, unchanged, overridden;
	uint32_t forgotten; /* removals that stand over nothing any more */
};
struct compiler_counts compiler_counts(const struct compiler *compiler);
void compiler_set_counts(struct compiler *compiler, const struct compiler_counts *counts);

/* Another version to begin from, whose differences to the first one were taken in. */
void compiler_rebase(struct compiler *compiler, struct view *from);

/* Compiles an object anew from its JSON text, as it was said. */
typedef bool compiler_again(struct compiler *compiler, const struct object *object,
			    struct faults *faults);

/* After the last object and the sweep: scopes whose named footprints now rank otherwise are hung anew; what got in the way of something that
 * might have gone, but stayed, is refused. keep_going: then it is put back to what it was. */
bool compiler_settle(struct compiler *compiler, compiler_again *again, bool keep_going);

/* The patterns that have to be compiled before the view can be made; at most `max` sets. NULL: none. Its work may run on any thread. */
struct pattern_job *compiler_pattern_job(struct compiler *compiler, unsigned max);
void pattern_job_run(struct pattern_job *job);

/* Takes the sets in and frees the job. Scopes with patterns that cannot be compiled become faults. keep_going: they are put back to what they were
 * (again, from `from`), and the others stay. */
void compiler_pattern_done(struct compiler *compiler, struct pattern_job *job,
			   compiler_again *again, bool keep_going);

/* The view with all that was taken in; patterns that are not compiled yet are compiled now. NULL: something is wrong with the whole, the faults say what. The
 * compiler can then only be freed. */
struct view *compiler_finish(struct compiler *compiler);
