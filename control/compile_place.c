/* compile_place - where a scope hangs in the trie: its keys and ranks, and whether it gets in another one's way. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compile_scope.h"
#include "lib/array.h"
#include "lib/request.h"

#include <stdio.h>
#include <string.h>

enum { PATH_RANK_MAX = 2047 };

/* --- places in the trie ----------------------------------------------------------------------------------------- */

bool compiler_place_host(const char *host, struct request *req)
{
	bool wildcard = host[0] == '*' && (host[1] == '\0' || host[1] == '.');
	const char *rest = wildcard ? host + 1 + (host[1] == '.') : host;
	req->host_len = 0;
	if ((!wildcard || host[1]) && !request_key_host(req, (const uint8_t *)rest, strlen(rest)))
		return false;
	if (wildcard) {
		if (req->host_len)
			req->key[req->host_len++] = '.';
		req->key[req->host_len++] = '*';
		req->key[req->host_len] = '/';
		req->key_len = req->host_len + 1;
	}
	return true;
}

static bool place_host(const char *host, struct request *req, struct scope_rank_parts *rank)
{
	if (!compiler_place_host(host, req))
		return false;
	rank->host_exact = req->key[req->host_len - 1] != '*';
	rank->host_labels = rank->host_exact;
	for (uint16_t i = 0; i < req->host_len; i++)
		rank->host_labels += req->key[i] == '.';
	return true;
}

/* Notes the host and the path that stand in req->key as a place of the scope. */
static bool place(struct intake *in, const struct request *req, struct scope_rank_parts *rank,
		  uint16_t path_pattern, const char *host, const char *path)
{
	for (size_t i = 0; i < in->n_places; i++) {
		const struct place_at *at = &in->places[i];
		if (at->len == req->key_len && at->path_pattern == path_pattern &&
		    memcmp(in->keys + at->key, req->key, at->len) == 0)
			return intake_refuse(in, "host and path are named twice:", host);
	}
	struct place_at *all =
		array_reserve(in->places, &in->places_cap, in->n_places + 1, sizeof(*all));
	in->places = all ? all : in->places;
	uint8_t *keys = array_reserve(in->keys, &in->keys_cap, in->keys_len + req->key_len + 2, 1);
	in->keys = keys ? keys : in->keys;
	if (!all || !keys)
		return intake_no_memory(in);
	all[in->n_places++] = (struct place_at){
		.key = (uint32_t)in->keys_len + 2,
		.len = req->key_len,
		.path_pattern = path_pattern,
		.rank = *rank,
		.host = host,
		.path = path,
	};
	keys[in->keys_len] = (uint8_t)(req->key_len >> 8);
	keys[in->keys_len + 1] = (uint8_t)req->key_len;
	memcpy(keys + in->keys_len + 2, req->key, req->key_len);
	in->keys_len += (size_t)req->key_len + 2;
	return true;
}

static bool place_prefixes(struct intake *in, struct request *req, struct scope_rank_parts *rank,
			   const char *host)
{
	const struct model_scope *model = in->model;
	bool any = model->n_paths + model->n_patterns + model->n_regexes == 0;
	rank->path_kind = 0;
	for (size_t i = 0; i < model->n_paths + any; i++) {
		const char *path = any ? "/" : model->paths[i];
		if (strpbrk(path, "?#") ||
		    !request_key_path(req, (const uint8_t *)path, strlen(path)))
			return intake_refuse(
				in,
				"not a path, expected one that starts with '/' and has no query:",
				path);
		rank->path_len = req->key_len - req->host_len;
		if (rank->path_len > PATH_RANK_MAX)
			return intake_refuse(in, "path longer than 2047 octets", NULL);
		if (!place(in, req, rank, SCOPE_ENTRY_NO_PATTERN, host, path))
			return false;
	}
	return true;
}

/* A pattern hangs at its literal start; one without regard to case at what of it has no letters. */
static bool place_patterns(struct intake *in, struct request *req, struct scope_rank_parts *rank,
			   const char *host)
{
	char literal[REQUEST_PATH_MAX + 1], err[256];
	rank->path_kind = 2;
	for (size_t i = 0; i < in->model->n_patterns; i++) {
		const struct model_pattern *pattern = &in->model->patterns[i];
		if (pattern_literal(pattern->pattern, false, literal, sizeof(literal), err,
				    sizeof(err)) < 0)
			return intake_refuse(in, err, NULL);
		size_t len = strlen(literal);
		/* "*.mp4": a path starts with '/' all the same */
		rank->path_len = (uint16_t)(len < 1               ? 1
					    : len < PATH_RANK_MAX ? len
								  : PATH_RANK_MAX);
		if (!pattern->case_sensitive &&
		    pattern_literal(pattern->pattern, true, literal, sizeof(literal), err,
				    sizeof(err)) < 0)
			return intake_refuse(in, err, NULL);
		if (literal[0] == '\0' && pattern->pattern[0] == '*')
			strcpy(literal, "/");
		if (literal[0] != '/')
			return intake_refuse(
				in,
				"no path matches a pattern that starts with neither '/' nor '*':",
				pattern->pattern);
		len = strlen(literal);
		memcpy(req->key + req->host_len, literal, len);
		req->key_len = (uint16_t)(req->host_len + len);
		if (!place(in, req, rank, (uint16_t)(in->n_common + i), host, pattern->pattern))
			return false;
	}
	return true;
}

static bool place_regexes(struct intake *in, struct request *req, struct scope_rank_parts *rank,
			  const char *host)
{
	rank->path_kind = 1;
	rank->path_len = 1;
	req->key_len = req->host_len + 1;
	req->key[req->host_len] = '/';
	for (size_t i = 0; i < in->model->n_regexes; i++)
		if (!place(in, req, rank, (uint16_t)(in->n_common + in->model->n_patterns + i),
			   host, in->model->regexes[i]))
			return false;
	return true;
}

bool intake_find_places(struct intake *in)
{
	for (size_t i = 0; i < in->model->n_hosts; i++) {
		const char *host = in->model->hosts[i];
		struct scope_rank_parts rank = {0};
		struct request req;
		if (!place_host(host, &req, &rank))
			return intake_refuse(
				in,
				"not a host, expected a name, \"*.\" and a name, or \"*\":", host);
		if (!place_prefixes(in, &req, &rank, host) ||
		    !place_patterns(in, &req, &rank, host) || !place_regexes(in, &req, &rank, host))
			return false;
	}
	if (in->model->n_hosts == 0)
		return intake_refuse(in, "has no hosts: add some, or \"*\" for any", NULL);
	return true;
}

/* Does every request that b takes at this key also match a? */
static bool covers(const struct scope_entry *a, const struct scope_entry *b)
{
	const struct scope *x = a->scope, *y = b->scope;
	if ((x->protocols & y->protocols) != y->protocols || x->n_common || x->n_times ||
	    (x->footprint != SCOPE_ANY_FOOTPRINT && x->footprint != y->footprint))
		return false;
	if (x->n_qtypes && (x->n_qtypes != y->n_qtypes ||
			    memcmp(x->qtypes, y->qtypes, x->n_qtypes * sizeof(*x->qtypes)) != 0))
		return false;
	if (x->n_named && (x->n_named != y->n_named ||
			   memcmp(x->named, y->named, x->n_named * sizeof(*x->named)) != 0))
		return false;
	if (a->path_pattern == SCOPE_ENTRY_NO_PATTERN)
		return true;
	if (b->path_pattern == SCOPE_ENTRY_NO_PATTERN)
		return false;
	const struct pattern *p = &x->patterns[a->path_pattern], *q = &y->patterns[b->path_pattern];
	return strcmp(p->regex, q->regex) == 0 && (p->caseless || !q->caseless);
}

struct scope_entry intake_entry(const struct intake *in, const struct place_at *at)
{
	const struct scope *scope = in->scope;
	struct scope_rank_parts rank = at->rank;
	rank.priority = scope->priority;
	rank.footprint = scope->footprint_rank;
	rank.protocols = scope->protocols;
	rank.conditions = (uint8_t)((scope->n_qtypes > 0) + (scope->n_times > 0) +
				    (scope->n_common < 5 ? scope->n_common : 5));
	return (struct scope_entry){
		.scope = in->scope,
		.rank = scope_rank(&rank),
		.path_pattern = at->path_pattern,
	};
}

/* Two scopes get in each other's way. */
static bool refuse_overlap(const struct intake *in, const struct place_at *at,
			   const struct scope *other, const char *winner, const char *loser)
{
	struct compiler *compiler = in->compiler;
	struct object *object = object_find(compiler->objects.root, OBJECT_SCOPE, other->name);
	char text[2048];
	snprintf(text, sizeof(text),
		 "scope '%s' overlaps scope '%s' (line %u) at host %s path %s: '%s' takes every "
		 "request that '%s' could; narrow one of them or give them priorities",
		 in->model->name, other->name, object->line, at->host, at->path, winner, loser);
	if (compiler_may_sweep(compiler, object))
		return compiler_doubt(compiler, in->model->name, object, in->place, text);
	faults_add(compiler->faults, in->place, "%s", text);
	return false;
}

/* Of two scopes at one key the later one must be able to win some request. What the scope replaces does not count. */
static bool check_shadow(const struct intake *in, const struct place_at *at,
			 const struct scope *replaced)
{
	const struct scope_entry entry = intake_entry(in, at);
	const struct scope_list *list =
		trie_get(in->compiler->scopes.root, in->keys + at->key, at->len);
	for (uint32_t i = 0; list && i < list->n; i++) {
		const struct scope_entry *other = &list->entries[i];
		bool first = scope_entry_before(other, &entry);
		const struct scope_entry *winner = first ? other : &entry;
		const struct scope_entry *loser = first ? &entry : other;
		if (other->scope != replaced && covers(winner, loser) &&
		    !refuse_overlap(in, at, other->scope, winner->scope->name, loser->scope->name))
			return false;
	}
	return true;
}

bool intake_check_places(const struct intake *in, const struct scope *replaced)
{
	for (size_t i = 0; i < in->n_places; i++) {
		const struct place_at *at = &in->places[i];
		if (scope_trie_way_len(in->compiler->scopes.root, in->keys + at->key, at->len) >=
		    SCOPE_TRIE_WAY_MAX)
			return intake_refuse(
				in,
				"more than 256 scope paths and wildcards can apply to one "
				"request: nest fewer of them around",
				at->path);
		if (!check_shadow(in, at, replaced))
			return false;
	}
	return true;
}
