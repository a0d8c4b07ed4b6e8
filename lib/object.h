/* object - one thing that was configured, learnt or set: what was said, where, and what was made of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "scope.h"
#include "target.h"
#include "trie.h"
#include "zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which they depend on each other: an object refers only to objects of kinds before its own. */
enum object_kind {
	OBJECT_FOOTPRINT,
	OBJECT_CDN,
	OBJECT_NODE,
	OBJECT_DRI,
	OBJECT_ADVERT,
	OBJECT_ZONE,
	OBJECT_DISTINGUISHED,
	OBJECT_STATE,
	OBJECT_FALLBACK,
	OBJECT_SCOPE,
	OBJECT_KINDS
};

/* Control thread only; immutable but for what is marked. One block of memory. */
struct object {
	uint32_t refs;
	uint8_t kind;
	bool removed; /* taken away at run time, but the configuration has it; nothing was made of it */
	bool runtime;    /* set at run time: stands over the configuration */
	bool over_base;  /* the configuration says something of it, too */
	uint8_t rank;    /* of a named footprint */
	uint32_t line;   /* changes: where it is said now; 0: not in a file */
	uint32_t seen;   /* changes: the last reading that found it */
	const char *set; /* where it belongs to: "configuration", "operator", ...; lives for ever */
	const char *file; /* NULL: none; lives for ever */
	uint64_t order;   /* the lower one was said first */
	union {
		struct scope *scope;
		struct zone *zone;
		struct dri *dri;
		struct advert *advert;
		struct distinguished *distinguished;
		uint32_t id; /* of a target, or of a footprint */
	} made;
	uint32_t name_len;
	char name[]; /* with its NUL, then the JSON text with its NUL */
};

static inline const char *object_json(const struct object *object)
{
	return object->name + object->name_len + 1;
}

const char *object_kind_name(enum object_kind kind);
bool object_kind_parse(const char *text, enum object_kind *kind);

/* Was the same said, in the same place of the order? Either may be NULL: nothing. */
bool object_same(const struct object *a, const struct object *b);

/* NULL: no memory. One reference, nothing made of it yet. */
struct object *object_new(enum object_kind kind, const char *name, const char *json);
/* The same, with what was made of it, so that its marks can be others. */
struct object *object_copy(const struct object *object);
void object_retain(struct object *object);
void object_release(struct object *object); /* and what was made of it */

/* Of the trie of all objects: keys are the kind, as one octet, and the name. */
extern const struct trie_ops object_ops;
enum { OBJECT_NAME_MAX = 1024, OBJECT_KEY_MAX = OBJECT_NAME_MAX + 1 };

/* Gives its length; 0: the name is too long. */
size_t object_key(enum object_kind kind, const char *name, uint8_t key[OBJECT_KEY_MAX]);
struct object *object_find(const struct trie_node *objects, enum object_kind kind,
			   const char *name);
