/* compiler - the inside of compile*.c. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"
#include "lib/object.h"
#include "lib/scope_trie.h"

struct compiler {
	struct faults *faults;
	struct view *from; /* or NULL */
	struct view
		*view; /* what is being made; its tries and slots are in the transactions below */
	struct pattern_cache *patterns;
	unsigned n_workers;
	struct trie_txn scopes, zones, cuts, objects;
	struct slots_txn targets, uses;
	struct footprint_txn *footprints;
	struct trie_txn uncompiled; /* keys of lists whose patterns have no set yet */
	struct compiler_source source;
	const struct object *as; /* compiler_source_of */
	struct compiler_counts counts;
	uint32_t *touched; /* targets whose DRIs have to be looked at in the end */
	size_t n_touched, touched_cap;
	struct doubt *doubts; /* of scopes that get in the way of what may go yet */
	size_t n_doubts, doubts_cap;
	uint32_t *reranked; /* named footprints */
	size_t n_reranked, reranked_cap;
	uint8_t sweep_key[OBJECT_KEY_MAX + 1];
	size_t sweep_len;
	int sweep_kind;
	char last_name[OBJECT_NAME_MAX + 1];
	bool distinguished;  /* the list has to be made again */
	struct faults aside; /* that stop nothing */
	size_t faults_before;
	bool no_memory; /* said once; nothing more is taken in */
};

/* A name that is fit for objects of a kind; else a fault. */
bool compiler_name_ok(struct compiler *compiler, const char *kind, const char *name,
		      struct place place);

/* An object on its way in. */
struct entry {
	enum object_kind kind;
	const char *name, *json;
	struct place place;
	struct object *old; /* what stands in its place, perhaps removed; NULL: nothing */
};

/* Looks up what is there. false: the object is not to be taken in, because it is what is there already, because it is
 * overridden at run time, or because its name comes twice (a fault). *refused says whether it was the last. */
bool entry_begin(struct compiler *compiler, struct entry *entry, enum object_kind kind,
		 const char *name, const char *json, struct place place, bool *refused);

/* Notes whether the configuration says something of an object that stands over it; it counts as having come. false: no memory, which was
 * said. */
bool compiler_note_base(struct compiler *compiler, struct object *object, bool over_base);

/* What is there comes again, as it is. */
void entry_same(struct compiler *compiler, struct object *old, struct place place);

/* The object that it becomes; nothing is changed yet. NULL: no memory, which was said. */
struct object *entry_object(struct compiler *compiler, const struct entry *entry);

/* Its place in the order, when it comes now. */
uint64_t compiler_next_order(const struct compiler *compiler, struct place place);

/* Puts it into the trie in the place of the old one, whose effects were undone; takes its reference over. */
bool entry_put(struct compiler *compiler, const struct entry *entry, struct object *object);

/* Counts what the change of an object, at least one of old and new, makes of the difference to what was there at first. */
void compiler_count(struct compiler *compiler, const struct object *old,
		    const struct object *object);

/* Undo what an object that is in the tables does there. false: no memory, which was said. */
bool compiler_take_out_scope(struct compiler *compiler, const struct object *object);
bool compiler_take_out_dri(struct compiler *compiler, const struct object *object);
bool compiler_take_out_advert(struct compiler *compiler, const struct object *object);
bool compiler_take_out_zone(struct compiler *compiler, const struct object *object);

/* SCOPE_NO_TARGET: none. false: no memory, which was said. */
bool compiler_set_fallback(struct compiler *compiler, uint32_t target);

/* Gives the target of "cdn/NAME", if it is there, the state that it has now. false: no memory, which was said. */
bool compiler_apply_state(struct compiler *compiler, const char *path);

/* Finds the target that an object refers to; a fault when there is none. owner: its kind, name: its name, or NULL. */
bool compiler_target(struct compiler *compiler, const struct model_target_ref *ref,
		     const char *owner, const char *name, struct place place, uint32_t *target);

/* "cdn/b": what is attached to a target is named after it. Cut when it does not fit. */
void compiler_target_path(enum target_kind kind, const char *name, char *path, size_t cap);

/* The target that such an object is attached to. */
uint32_t compiler_owner(const struct compiler *compiler, const struct object *object);

/* Something that a target has: one of them. */
struct attached {
	struct dri *dri;
	struct advert *advert;
};

/* Gives a target `more` in place of `less`; either may be NULL. false: no memory. */
bool compiler_attach(struct compiler *compiler, uint32_t id, const struct attached *less,
		     const struct attached *more);

/* Takes a footprint in for what is attached; none: SCOPE_ANY_FOOTPRINT, which drop takes. false: a fault was added. */
bool compiler_take_footprint(struct compiler *compiler, const struct model_footprints *model,
			     const char *what, struct place place, uint32_t *id);
bool compiler_drop_footprint(struct compiler *compiler, uint32_t id);

/* One use more, or less, of a target. false: no memory. */
bool compiler_use_target(struct compiler *compiler, uint32_t target, int change);
uint32_t compiler_target_uses(const struct compiler *compiler, uint32_t target);

/* Has the DRIs of a target looked at in the end. false: no memory. */
bool compiler_touch_target(struct compiler *compiler, uint32_t target);

/* The scope that refers to a target or to a named footprint, for a message; NULL: none. */
const char *compiler_referrer(const struct compiler *compiler, enum object_kind kind, uint32_t id);

/* A host in key form; NULL and a fault when it is not a host name. The caller's to free, as is the next. */
char *compiler_host_key(struct compiler *compiler, const char *host, const char *what,
			struct place place);
char *compiler_lower(const char *text);

/* The host part of the key of a host, or of "*.com" and "*": "com.*", "*". false: not a host. */
struct request;
bool compiler_place_host(const char *host, struct request *req);

/* A URI path that starts and ends with '/'; else a fault. */
bool compiler_path_prefix_ok(struct compiler *compiler, const char *prefix, struct place place);

/* A scope that was let in although it and an older one get in each other's way, since the older one may go with the sweep. */
struct doubt {
	char name[256];
	struct object *older;
	struct place place;
	char *text; /* of the fault that it would have been */
};
bool compiler_doubt(struct compiler *compiler, const char *name, struct object *older,
		    struct place place, const char *text);

void compiler_clear_doubts(struct compiler *compiler);

/* Takes a scope out again and puts back what stood there when the change began. */
bool compiler_put_back(struct compiler *compiler, const char *name, compiler_again *again);

/* Does the object go when it does not come in this pass any more? */
bool compiler_may_sweep(const struct compiler *compiler, const struct object *object);

/* Checks of the whole, in the end. */
void compiler_check_targets(struct compiler *compiler);
bool compiler_list_distinguished(struct compiler *compiler);
