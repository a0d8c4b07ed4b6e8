/* compiler - the inside of compile.c and compile_scope.c. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"
#include "lib/scope_trie.h"

struct compiler {
	struct faults *faults;
	struct tables *tables; /* what is being made; the arrays grow by doubling */
	struct footprint_builder *footprints;
	struct trie_txn scopes; /* becomes tables->scopes_trie */
	struct trie_txn zones;  /* becomes tables->zones_trie */
	struct trie_txn names;  /* "kind/name" -> the object that has it */
	uint8_t *states;        /* by target */
	size_t cap_targets, cap_scopes, cap_zones, cap_distinguished, cap_names;
	size_t faults_before;
	double started; /* monotonic clock, seconds */
	bool no_memory; /* said once; nothing more is taken in */
};

/* Room for one more element at *array; false: no memory. */
bool compiler_grow(void **array, size_t *cap, size_t n, size_t size);

/* The object with this name among those of a kind ("cdn", "scope", ...), or NULL. */
void *compiler_named(const struct compiler *compiler, const char *kind, const char *name);

/* Gives a name to an object; a fault when the name is not a name, or is taken. */
bool compiler_name(struct compiler *compiler, const char *kind, const char *name, void *object,
		   struct place place);

/* Finds the target that an object refers to; a fault when there is none. */
bool compiler_target(struct compiler *compiler, const struct model_target_ref *ref,
		     const char *owner, struct place place, uint32_t *target);

/* What a name stands for when its object lies in an array that moves while it grows: its index. */
void *compiler_index_object(size_t index);

/* A host in key form; NULL and a fault when it is not a host name. The caller's to free, as is the next. */
char *compiler_host_key(struct compiler *compiler, const char *host, const char *what,
			struct place place);
char *compiler_lower(const char *text);

/* A URI path that starts and ends with '/'; else a fault. */
bool compiler_path_prefix_ok(struct compiler *compiler, const char *prefix, struct place place);
