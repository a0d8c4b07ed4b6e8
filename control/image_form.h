/* image_form - the fixed parts of what stands in an image. Numbers are in the machine's byte order; an image is read where it was written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "image.h"

#include <assert.h>

enum { IMAGE_FORMAT = 6 };

/* In the order of the file. */
enum image_section {
	IMAGE_FOOTPRINTS, /* struct image_footprint, content of the list (lib/footprint_table.h) */
	IMAGE_OBJECTS,    /* by kind and name: struct image_object, what was made of it */
	IMAGE_LISTS, /* by key of the scope trie: how many entries (uint32_t), struct image_entry */
	IMAGE_FILES, /* texts: names of sets and files */
	/* What Hyperscan made of patterns. Nothing, or the text of pattern_set_compiler, and for each list that has patterns, in the order of
	 * IMAGE_LISTS, the length (uint32_t) of what pattern_set_save gave, and that; 0 also when a list before has the same set. */
	IMAGE_DATABASES,
	IMAGE_SECTIONS
};

struct image_head {
	char magic[8];
	uint32_t format; /* tells the byte order, too */
	uint32_t zero;
	struct image_key key;
	uint64_t generation, created;
	struct {
		uint64_t len;
		uint32_t checksum, zero;
	} sections[IMAGE_SECTIONS];
	uint32_t more_zero;
	uint32_t checksum; /* of all before */
};

struct image_footprint {
	uint32_t len;
	uint32_t named; /* 1: it belongs to an object */
};

enum { IMAGE_REMOVED = 1, IMAGE_RUNTIME = 2, IMAGE_OVER_BASE = 4, IMAGE_FLAGS = 7 };

/* Followed by the name and the JSON text, each with its NUL, and, unless it is removed, what its kind says:
 * footprint: struct image_named; CDN and node: struct image_target and the provider id; DRI: struct image_attached, then as zone and
 * distinguished in control/image_parts.c; advert: struct image_attached and struct image_advert;
 * state: one octet; fallback: the number of a target; scope: struct image_scope. */
struct image_object {
	uint64_t order;
	uint32_t line, json_len;
	uint16_t name_len;
	uint16_t set;  /* number in IMAGE_FILES */
	uint16_t file; /* the same and one more; 0: none */
	uint8_t kind, flags;
};

struct image_named {
	uint32_t list; /* number in IMAGE_FOOTPRINTS */
	uint32_t rank;
};

/* Targets are numbered in the order of their objects. */
struct image_target {
	uint8_t configured, learnt, strategy;
};

/* Before what a DRI or an advert is by itself. */
struct image_attached {
	uint32_t target;    /* its number */
	uint32_t footprint; /* number in IMAGE_FOOTPRINTS, or SCOPE_ANY_FOOTPRINT */
};

struct image_advert {
	uint64_t offers, soft, type;
};

/* Followed by struct image_pattern, then the arrays of a struct scope: times, candidates (with numbers of targets), named (numbers in IMAGE_FOOTPRINTS), qtypes,
 * keys (ascending); then the texts: those of the patterns, cache_control, signing. */
struct image_scope {
	uint64_t seed, metadata;
	uint32_t footprint; /* number in IMAGE_FOOTPRINTS, or SCOPE_ANY_FOOTPRINT */
	uint32_t fallback;  /* number of a target, or SCOPE_NO_TARGET */
	uint32_t n_keys, keys_len, texts_len;
	uint32_t signing;       /* where it begins within the texts, or IMAGE_NO_TEXT */
	uint32_t cache_control; /* the same */
	int16_t priority;
	uint16_t status, n_qtypes, n_times, n_candidates, n_named, n_patterns, n_common;
	uint8_t protocols, action, policy, deny_nxdomain, footprint_rank, zero[7];
};

enum { IMAGE_NO_TEXT = UINT32_MAX };

/* Where its texts begin within those of the scope. */
struct image_pattern {
	uint32_t header, regex;
	uint8_t field, caseless, zero[2];
};

/* The key is the next one of the scope's keys that did not come yet. */
struct image_entry {
	uint64_t rank;
	uint32_t scope; /* scopes are numbered in the order of their objects */
	uint16_t path_pattern, zero;
};

static_assert(sizeof(struct image_head) == 8 + 8 + 40 + 16 + 80 + 8 &&
		      sizeof(struct image_object) == 24 && sizeof(struct image_scope) == 72 &&
		      sizeof(struct image_pattern) == 12 && sizeof(struct image_entry) == 16,
	      "no octet of an image is left to chance");
