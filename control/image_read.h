/* image_read - the inside of image_read.c and image_read_scope.c. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "image_file.h"
#include "lib/footprint_load.h"
#include "lib/trie_build.h"

struct image_reader {
	struct image_in in; /* the section that is being read */
	const struct image_use *use;
	struct view *view;

	const char **files;
	size_t n_files, files_cap;

	struct footprint_load *footprints;
	struct image_list {
		uint32_t uses;
		bool look;   /* its id has FOOTPRINT_ID_LOOK */
		bool named;  /* it belongs to an object, */
		bool spoken; /* which was read */
	} * lists;
	size_t n_lists, lists_cap;

	struct image_new_target {
		const struct object *object;
		char *provider_id, *excluded;
		uint8_t configured, strategy;
		bool learnt;
		uint32_t n_dris, n_adverts, uses;
	} * targets;
	size_t n_targets, targets_cap;

	/* To be attached to a target: one of the two. */
	struct image_new_attached {
		uint32_t target;
		struct dri *dri;
		struct advert *advert;
	} * attached;
	size_t n_attached, attached_cap;

	struct object **distinguished;
	size_t n_distinguished, distinguished_cap;

	/* Its keys that did not come yet: where in the block the next one is, and how many there are. */
	struct image_hung {
		struct scope *scope;
		uint32_t next, left;
	} * scopes;
	size_t n_scopes, scopes_cap;
	uint64_t keys_left; /* of all */

	/* Lists that need a pattern set, and the one that the image had for it. */
	struct image_patterned {
		struct scope_list *list;
		struct pattern_set *set;
	} * patterned;
	size_t n_patterned, patterned_cap;

	struct trie_build *objects, *lists_by_key;
};

/* What a scope object is made of. false: in.why. */
bool image_read_scope(struct image_reader *reader, struct object *object);

/* The third section: what hangs in the scope trie. */
bool image_read_lists(struct image_reader *reader);

/* The last section: pattern sets, which are not to be used before its checksum is known to be right. */
bool image_read_databases(struct image_reader *reader);

/* Gives lists their pattern sets, and the view the scratch space for them. */
bool image_read_patterns(struct image_reader *reader);
void image_read_patterns_clear(struct image_reader *reader);

static inline uint32_t image_list_id(const struct image_reader *reader, uint32_t number)
{
	return number << 1 | reader->lists[number].look;
}

/* Does the builder take the key? */
bool image_read_put(struct image_reader *reader, struct trie_build *build, const uint8_t *key,
		    size_t len, void *value);

/* One use of a footprint by its number, which becomes its id. SCOPE_ANY_FOOTPRINT is fine unless it is a named one. */
bool image_read_use_list(struct image_reader *reader, uint32_t number, bool named, uint32_t *id);

/* One use of a target; SCOPE_NO_TARGET is fine. */
bool image_read_use_target(struct image_reader *reader, uint32_t target);
