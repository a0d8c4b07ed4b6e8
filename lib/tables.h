/* tables - everything a decision needs, compiled; and the view: tables plus the state of each target, published by one
 * pointer. Workers only read. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "footprint.h"
#include "pattern_set.h"
#include "scope.h"
#include "target.h"
#include "trie.h"
#include "zone.h"

#include <stdint.h>

enum { WORKERS_MAX = 64 };

/* A host that uCDNs put before the original one when they redirect to us (RFC 7336 §3.2). */
struct distinguished {
	char *host;        /* lower case */
	char *host_key;    /* in key form (lib/request.h) */
	char *path_prefix; /* starts and ends with '/' */
	unsigned line;
};

/* Immutable; shared by views, counted by the control thread. */
struct tables {
	uint32_t refs;
	struct trie_node *scopes_trie; /* values: struct scope_list (lib/scope_trie.h) */
	struct trie_node *zones_trie;  /* key "com.example" -> struct zone */
	struct footprint_table *footprints;
	uint32_t n_targets, n_scopes, n_zones, n_distinguished, n_names;
	struct target *targets;
	struct scope **scopes; /* in configuration order */
	struct zone *zones;
	struct distinguished *distinguished;
	struct footprint_name {
		char *name;
		uint32_t id;
		unsigned line;
		uint8_t rank;
	} * names;         /* named footprints */
	uint32_t fallback; /* target, or SCOPE_NO_TARGET */
	hs_scratch_t
		*scratch[WORKERS_MAX +
			 1]; /* one per worker, the last for control; all NULL without patterns */
	struct trie_size trie_size; /* of scopes_trie */
	double build_seconds;
};

/* One version of all decisions. Read by a worker for a whole burst; freed after a grace period. */
struct view {
	uint64_t generation; /* 1 for the first */
	uint64_t created;    /* seconds since 1970-01-01 UTC */
	struct tables *tables;
	uint8_t states[]; /* enum target_state by target index */
};

/* Control thread. view_new takes a reference of its own on tables; states NULL: all up. NULL: no memory. */
/* Values of zones_trie are not counted. */
extern const struct trie_ops tables_zone_ops;

struct view *view_new(struct tables *tables, uint64_t generation, uint64_t created,
		      const uint8_t *states);
void view_free(struct view *view);
void tables_release(struct tables *tables);
