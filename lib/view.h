/* view - one version of everything a decision needs, published by one pointer. Versions share what did not change. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "footprint.h"
#include "object.h"
#include "pattern_scratch.h"
#include "scope.h"
#include "slots.h"
#include "target.h"
#include "trie.h"
#include "zone.h"

#include <stdint.h>

enum { WORKERS_MAX = 64 };

/* A host that uCDNs put before the original one when they redirect to us (RFC 7336 §3.2). Immutable, counted. One block of memory. */
struct distinguished {
	uint32_t refs;
	const char *host;        /* lower case */
	const char *host_key;    /* in key form (lib/request.h) */
	const char *path_prefix; /* starts and ends with '/' */
};
void distinguished_release(struct distinguished *distinguished);

/* All of them, those that were said first in front. Counted. */
struct distinguished_list {
	uint32_t refs, n;
	struct distinguished *at[];
};
void distinguished_list_release(struct distinguished_list *list); /* NULL is fine */

/* Immutable. Workers read it for a whole burst; it goes after a grace period. All counts are touched by the control thread alone. */
struct view {
	uint32_t refs;
	uint64_t generation;      /* 1 for the first */
	uint64_t created;         /* seconds since 1970-01-01 UTC */
	struct trie_node *scopes; /* values: struct scope_list (lib/scope_trie.h) */
	struct trie_node *zones;  /* key "com.example" -> struct zone */
	struct trie_node *cuts;   /* names that DRIs delegate, key "com.example.b" -> struct dri */
	struct footprint_table *footprints;
	struct slots_node *targets;               /* struct target */
	struct distinguished_list *distinguished; /* NULL: none */
	struct pattern_scratch *scratch;          /* NULL: no patterns */
	uint32_t fallback;                        /* target, or SCOPE_NO_TARGET */

	/* Control thread. */
	struct trie_node *objects; /* lib/object.h */
	struct slots_node *
		target_uses; /* how many scopes and fallbacks refer to each target, as a number in place of the pointer */
	uint32_t n_of[OBJECT_KINDS]; /* objects by enum object_kind, without removed ones */
	uint32_t n_base;   /* objects that the configuration says, without those set at run time */
	uint32_t n_passes; /* scopes that need the fallback */
};

static inline const struct target *view_target(const struct view *view, uint32_t target)
{
	return (const struct target *)slots_get(view->targets, target);
}

/* Control thread. A new view begins with one reference and shares all parts of `from` (NULL: an empty one, without
 * footprint table). NULL: no memory. */
struct view *view_new(const struct view *from);
void view_retain(struct view *view);
void view_release(struct view *view); /* NULL is fine */

/* Values of `zones`, `cuts` and `targets`, and the numbers in `target_uses`. */
extern const struct trie_ops view_zone_ops, view_cut_ops, view_target_ops, view_number_ops;
