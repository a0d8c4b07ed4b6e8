/* compile_scope - one scope of the model: checked, turned into a struct scope, hung into the trie. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compile_scope.h"
#include "lib/hits.h"
#include "lib/request.h"
#include "lib/siphash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGEX_MAX = 4096, LIST_MAX = 65000 };

bool intake_refuse(const struct intake *in, const char *text, const char *what)
{
	faults_add(in->compiler->faults, in->place, "scope '%s': %s%s%s%s", in->model->name, text,
		   what ? " '" : "", what ? what : "", what ? "'" : "");
	return false;
}

bool intake_no_memory(const struct intake *in)
{
	compiler_no_memory(in->compiler, in->place, in->model->name);
	return false;
}

/* --- conditions ------------------------------------------------------------------------------------------------- */

static bool needs_http(const struct model_scope *model)
{
	for (size_t i = 0; i < model->n_paths; i++)
		if (strcmp(model->paths[i], "/") != 0)
			return true;
	return model->n_patterns || model->n_regexes || model->query_regex || model->n_headers;
}

/* Protocols that are not said are those that fit the other conditions. */
static bool check_protocols(struct intake *in)
{
	const struct model_scope *model = in->model;
	uint8_t protocols = model->protocols, all = PROTOCOL_DNS | PROTOCOL_HTTP | PROTOCOL_HTTPS;
	if (needs_http(model)) {
		if (model->n_qtypes)
			return intake_refuse(
				in,
				"qtypes belong to DNS, but paths, patterns, queries and "
				"headers to HTTP; "
				"make two scopes of it",
				NULL);
		if (protocols & PROTOCOL_DNS)
			return intake_refuse(
				in,
				"a DNS query has no path, query or header: take \"dns\" out of its "
				"protocols, or the conditions",
				NULL);
		all &= (uint8_t)~PROTOCOL_DNS;
	}
	if (model->n_qtypes) {
		if (protocols & ~PROTOCOL_DNS)
			return intake_refuse(
				in, "qtypes belong to DNS: its protocols can only be [\"dns\"]",
				NULL);
		all = PROTOCOL_DNS;
	}
	in->protocols = protocols ? protocols : all;
	return true;
}

/* Their numbers are kept in 16 bits. */
static bool check_sizes(const struct intake *in)
{
	const struct model_scope *model = in->model;
	size_t n_patterns = model->n_patterns + model->n_regexes + model->n_headers;
	if (n_patterns > LIST_MAX || model->n_qtypes > LIST_MAX || model->n_times > LIST_MAX ||
	    model->footprints.n_names > LIST_MAX)
		return intake_refuse(
			in,
			"more than 65000 query types, time windows, named footprints or patterns "
			"with regexes and headers; make several scopes of it",
			NULL);
	return true;
}

static bool check_times(const struct intake *in)
{
	for (size_t i = 0; i < in->model->n_times; i++)
		if (in->model->times[i].start >= in->model->times[i].end)
			return intake_refuse(in, "a time window ends before it starts", NULL);
	return true;
}

static bool check_candidates(const struct intake *in)
{
	const struct model_scope *model = in->model;
	if (model->action != SCOPE_REDIRECT && model->n_candidates)
		return intake_refuse(in, "candidates are only for action \"redirect\"", NULL);
	if (model->action == SCOPE_REDIRECT && model->n_candidates == 0)
		return intake_refuse(in, "action \"redirect\" needs candidates", NULL);
	if (model->action != SCOPE_REDIRECT && model->signing)
		return intake_refuse(in, "uri-signing is only for action \"redirect\"", NULL);
	if (model->n_candidates > SCOPE_CANDIDATES_MAX)
		return intake_refuse(in, "more than 64 candidates", NULL);
	return true;
}

/* --- what it refers to --------------------------------------------------------------------------------------------- */

static bool find_targets(struct intake *in)
{
	const struct model_scope *model = in->model;
	bool good = true;
	for (size_t i = 0; i < model->n_candidates; i++) {
		const struct model_target_ref *ref = &model->candidates[i];
		good &= compiler_target(in->compiler, ref, "scope", model->name, in->place,
					&in->targets[i]);
		for (size_t k = 0; good && k < i; k++)
			if (in->targets[k] == in->targets[i])
				good = intake_refuse(in, "candidate named twice:", ref->name);
	}
	in->fallback = SCOPE_NO_TARGET;
	if (model->fallback.name)
		good &= compiler_target(in->compiler, &model->fallback, "scope", model->name,
					in->place, &in->fallback);
	else if (model->action == SCOPE_PASS && in->compiler->view->fallback == SCOPE_NO_TARGET)
		good = intake_refuse(in, "action \"pass\" needs a fallback, here or for all scopes",
				     NULL);
	return good;
}

static const struct object *find_named(const struct intake *in, size_t i)
{
	const struct object *object = object_find(in->compiler->objects.root, OBJECT_FOOTPRINT,
						  in->model->footprints.names[i]);
	return object && !object->removed ? object : NULL;
}

static bool check_named(struct intake *in)
{
	const struct model_footprints *model = &in->model->footprints;
	in->named_rank = model->n_names ? UINT8_MAX : 0;
	for (size_t i = 0; i < model->n_names; i++) {
		const struct object *object = find_named(in, i);
		if (!object)
			return intake_refuse(in, "no footprint has the name", model->names[i]);
		if (object->rank < in->named_rank)
			in->named_rank = object->rank;
	}
	return true;
}

/* The last check: what it takes has to be given back when the scope is refused. */
static bool take_footprint(struct intake *in)
{
	const struct model_footprints *model = &in->model->footprints;
	char err[512];
	in->footprint = SCOPE_ANY_FOOTPRINT;
	if (model->n && footprint_take(in->compiler->footprints, model->list, model->n,
				       &in->footprint, &in->list_rank, err, sizeof(err)) < 0)
		return intake_refuse(in, err, NULL);
	return true;
}

/* As in footprint_take: what narrows further ranks one higher. */
static uint8_t footprint_rank(const struct intake *in)
{
	uint8_t rank = in->list_rank > in->named_rank ? in->list_rank : in->named_rank;
	return rank + (in->list_rank && in->named_rank && rank < UINT8_MAX);
}

/* --- one block of memory for all of a scope --------------------------------------------------------------------- */

/* Cuts pieces off a block; with at NULL it only adds up what they need. */
struct carver {
	char *at;
	size_t used;
};

static void *carve(struct carver *carver, size_t size)
{
	size_t from = carver->used;
	carver->used += (size + 7) & ~(size_t)7;
	return carver->at ? carver->at + from : NULL;
}

static char *carve_text(struct carver *carver, const char *text)
{
	char *copy = carve(carver, strlen(text) + 1);
	if (copy)
		strcpy(copy, text);
	return copy;
}

static bool carve_pattern(struct carver *carver, struct scope *scope, enum pattern_field field,
			  const char *header, const char *regex, bool caseless)
{
	struct pattern pattern = {.field = field, .caseless = caseless};
	pattern.header = header ? carve_text(carver, header) : NULL;
	pattern.regex = carve_text(carver, regex);
	if (scope)
		scope->patterns[scope->n_patterns++] = pattern;
	return true;
}

/* Query and headers first: they are needed at every place. Then the patterns of single places: those of RFC 8006, then
 * regexes. */
static bool carve_patterns(const struct intake *in, struct carver *carver, struct scope *scope)
{
	const struct model_scope *model = in->model;
	char regex[REGEX_MAX], err[256];
	if (model->query_regex)
		carve_pattern(carver, scope, PATTERN_QUERY, NULL, model->query_regex, false);
	for (size_t i = 0; i < model->n_headers; i++)
		carve_pattern(carver, scope, PATTERN_HEADER, model->headers[i].name,
			      model->headers[i].regex, false);
	if (scope)
		scope->n_common = scope->n_patterns;
	for (size_t i = 0; i < model->n_patterns; i++) {
		const struct model_pattern *pattern = &model->patterns[i];
		if (pattern_regex(pattern->pattern, regex, sizeof(regex), err, sizeof(err)) < 0)
			return intake_refuse(in, err, NULL);
		carve_pattern(carver, scope, PATTERN_PATH, NULL, regex, !pattern->case_sensitive);
	}
	for (size_t i = 0; i < model->n_regexes; i++)
		carve_pattern(carver, scope, PATTERN_PATH, NULL, model->regexes[i], false);
	return true;
}

static bool carve_scope(const struct intake *in, struct carver *carver, struct scope *scope)
{
	const struct model_scope *model = in->model;
	size_t n_patterns = model->n_patterns + model->n_regexes + model->n_headers +
			    (model->query_regex != NULL);
	struct scope ignored;
	struct scope *to = scope ? scope : &ignored;
	to->candidates = carve(carver, model->n_candidates * sizeof(*to->candidates));
	to->named = carve(carver, model->footprints.n_names * sizeof(*to->named));
	to->qtypes = carve(carver, model->n_qtypes * sizeof(*to->qtypes));
	to->times = carve(carver, model->n_times * sizeof(*to->times));
	to->name = carve_text(carver, model->name);
	to->signing = model->signing ? carve_text(carver, model->signing) : NULL;
	to->cache_control = model->cache_control ? carve_text(carver, model->cache_control) : NULL;
	to->patterns = carve(carver, n_patterns * sizeof(*to->patterns));
	to->keys = carve(carver, in->keys_len);
	if (scope)
		memcpy(scope->keys, in->keys, in->keys_len);
	return carve_patterns(in, carver, scope);
}

static void fill_lists(const struct intake *in, struct scope *scope)
{
	const struct model_scope *model = in->model;
	scope->n_qtypes = (uint16_t)model->n_qtypes;
	scope->n_times = (uint16_t)model->n_times;
	scope->n_candidates = (uint16_t)model->n_candidates;
	scope->n_named = (uint16_t)model->footprints.n_names;
	scope->n_keys = (uint32_t)in->n_places;
	if (model->n_qtypes)
		memcpy(scope->qtypes, model->qtypes, model->n_qtypes * sizeof(*scope->qtypes));
	if (model->n_times)
		memcpy(scope->times, model->times, model->n_times * sizeof(*scope->times));
	for (size_t i = 0; i < model->n_candidates; i++)
		scope->candidates[i] =
			(struct scope_candidate){in->targets[i], model->candidates[i].weight};
	for (size_t i = 0; i < model->footprints.n_names; i++)
		scope->named[i] = find_named(in, i)->made.id;
}

static bool make_scope(struct intake *in)
{
	static const uint8_t fixed_key[16] = "turnout: scope";
	const struct model_scope *model = in->model;
	struct carver need = {NULL, sizeof(struct scope)};
	if (!carve_scope(in, &need, NULL))
		return false;
	struct scope *scope = calloc(1, need.used);
	if (!scope)
		return intake_no_memory(in);
	struct carver carver = {(char *)scope, sizeof(*scope)};
	scope->refs = 1;
	carve_scope(in, &carver, scope);
	scope->priority = model->priority;
	scope->protocols = in->protocols;
	scope->action = (uint8_t)model->action;
	scope->policy = (uint8_t)model->policy;
	scope->deny_nxdomain = model->deny_nxdomain;
	scope->signed_uri = model->signing;
	scope->status = model->http_status;
	scope->fallback = in->fallback;
	scope->metadata = model->metadata;
	scope->seed = siphash(fixed_key, (const uint8_t *)model->name, strlen(model->name));
	scope->footprint = in->footprint;
	scope->footprint_rank = footprint_rank(in);
	fill_lists(in, scope);
	in->scope = scope;
	return true;
}

/* --- into the tables, and out of them ----------------------------------------------------------------------------- */

/* The list at a key has changed: its patterns may have to be compiled anew. */
static bool note_list(struct compiler *compiler, const uint8_t *key, size_t len)
{
	if (!scope_list_has_patterns(trie_get(compiler->scopes.root, key, len)))
		return true;
	return trie_set(&compiler->uncompiled, key, len, compiler);
}

static bool use_all(struct compiler *compiler, const struct scope *scope, int change)
{
	bool done = true;
	for (uint16_t i = 0; done && i < scope->n_candidates; i++)
		done = compiler_use_target(compiler, scope->candidates[i].target, change);
	if (done && scope->fallback != SCOPE_NO_TARGET)
		done = compiler_use_target(compiler, scope->fallback, change);
	for (uint16_t i = 0; done && i < scope->n_named; i++)
		done = change > 0 ? footprint_use(compiler->footprints, scope->named[i])
				  : footprint_drop(compiler->footprints, scope->named[i]);
	if (scope->action == SCOPE_PASS && scope->fallback == SCOPE_NO_TARGET)
		compiler->view->n_passes += (uint32_t)change;
	return done;
}

bool compiler_take_out_scope(struct compiler *compiler, const struct object *object)
{
	const struct scope *scope = object->made.scope;
	const uint8_t *keys = scope->keys;
	bool done = use_all(compiler, scope, -1);
	for (uint32_t i = 0; done && i < scope->n_keys; i++) {
		size_t len;
		const uint8_t *key = scope_next_key(&keys, &len);
		done = scope_trie_drop(&compiler->scopes, key, len, scope) &&
		       note_list(compiler, key, len);
	}
	if (done && scope->footprint != SCOPE_ANY_FOOTPRINT)
		done = footprint_drop(compiler->footprints, scope->footprint);
	if (!done)
		compiler_no_memory(compiler, (struct place){object->file, object->line},
				   object->name);
	return done;
}

static bool hang(struct intake *in)
{
	struct compiler *compiler = in->compiler;
	bool done = use_all(compiler, in->scope, 1);
	for (size_t i = 0; done && i < in->n_places; i++) {
		const struct place_at *at = &in->places[i];
		const uint8_t *key = in->keys + at->key;
		struct scope_entry entry = intake_entry(in, at);
		done = scope_trie_add(&compiler->scopes, key, at->len, &entry) &&
		       note_list(compiler, key, at->len);
	}
	return done || intake_no_memory(in);
}

/* Everything that can be wrong with it by itself. */
static bool check(struct intake *in)
{
	const struct model_scope *model = in->model;
	in->n_common = (uint16_t)(model->n_headers + (model->query_regex != NULL));
	if (!check_sizes(in) || !check_times(in) || !check_candidates(in))
		return false;
	bool good = check_protocols(in);
	good &= find_targets(in);
	good &= check_named(in);
	return good && intake_find_places(in);
}

/* The scope takes the place of the old one. From here on only memory can be wrong. */
static bool put(struct intake *in)
{
	const struct object *old = in->entry.old;
	in->object = entry_object(in->compiler, &in->entry);
	if (!in->object) {
		scope_release(in->scope);
		return false;
	}
	in->object->made.scope = in->scope;
	in->scope->order = in->object->order;
	if (!hits_take(in->scope->n_candidates + 2u, &in->scope->hits))
		in->scope->hits = 0;
	bool there = old && !old->removed;
	if ((!there || compiler_take_out_scope(in->compiler, old)) && hang(in))
		return entry_put(in->compiler, &in->entry, in->object);
	object_release(in->object);
	return false;
}

static bool take_in(struct intake *in)
{
	const struct object *old = in->entry.old;
	if (!check(in) || !take_footprint(in))
		return false;
	if (make_scope(in)) {
		/* So that it stands where it will when it is compared. */
		in->scope->order = compiler_next_order(in->compiler, in->entry.place);
		if (intake_check_places(in, old && !old->removed ? old->made.scope : NULL))
			return put(in);
		scope_release(in->scope);
	}
	if (in->footprint != SCOPE_ANY_FOOTPRINT &&
	    !footprint_drop(in->compiler->footprints, in->footprint))
		intake_no_memory(in);
	return false;
}

bool compiler_add_scope(struct compiler *compiler, const struct model_scope *model,
			struct place place)
{
	struct intake in = {.compiler = compiler, .model = model, .place = place};
	bool refused;
	if (compiler->no_memory || !compiler_name_ok(compiler, "scope", model->name, place))
		return false;
	if (!entry_begin(compiler, &in.entry, OBJECT_SCOPE, model->name, model->json, place,
			 &refused))
		return !refused;
	bool done = take_in(&in);
	free(in.places);
	free(in.keys);
	return done;
}
