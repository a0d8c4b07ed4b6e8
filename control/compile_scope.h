/* compile_scope - the inside of compile_scope.c and compile_place.c: one scope on its way in. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compiler.h"
#include "lib/scope_rank.h"

/* A place where the scope is to hang: its key lies in the intake's keys. */
struct place_at {
	uint32_t key; /* behind its length in two octets, as in scope->keys */
	uint16_t len, path_pattern;
	struct scope_rank_parts rank;
	const char *host, *path; /* as they were said */
};

/* One scope on its way in. */
struct intake {
	struct compiler *compiler;
	const struct model_scope *model;
	struct place place;
	struct entry entry;
	struct object *object;
	struct scope *scope;
	uint32_t targets[SCOPE_CANDIDATES_MAX], fallback, footprint;
	uint8_t protocols, named_rank, list_rank;
	uint16_t n_common;
	struct place_at *places;
	size_t n_places, places_cap;
	uint8_t *keys;
	size_t keys_len, keys_cap;
};

/* Both give false: a fault about the scope, and what of it (or NULL); memory ran out. */
bool intake_refuse(const struct intake *in, const char *text, const char *what);
bool intake_no_memory(const struct intake *in);

/* Finds the keys of all its places. false: refused. */
bool intake_find_places(struct intake *in);

/* Is there room at each of them, and nothing that takes all its requests, or loses all to it? What it replaces (NULL: nothing) does not
 * count. */
bool intake_check_places(const struct intake *in, const struct scope *replaced);

/* What hangs at one of them, once in->scope is made. */
struct scope_entry intake_entry(const struct intake *in, const struct place_at *at);
