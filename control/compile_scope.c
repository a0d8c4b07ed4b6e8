/* compile_scope - one scope of the model: checked, turned into a struct scope, hung into the trie. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"
#include "lib/request.h"
#include "lib/scope_rank.h"
#include "lib/siphash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGEX_MAX = 4096, PATH_RANK_MAX = 2047, LIST_MAX = 65000 };

/* One scope on its way in. */
struct intake {
	struct compiler *compiler;
	const struct model_scope *model;
	struct place place;
	struct scope *scope;
	uint8_t named_rank, list_rank;
};

static bool refuse(const struct intake *in, const char *text, const char *what)
{
	faults_add(in->compiler->faults, in->place, "scope '%s': %s%s%s%s", in->model->name, text,
		   what ? " '" : "", what ? what : "", what ? "'" : "");
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
static bool check_protocols(const struct intake *in)
{
	const struct model_scope *model = in->model;
	uint8_t protocols = model->protocols, all = PROTOCOL_DNS | PROTOCOL_HTTP | PROTOCOL_HTTPS;
	if (needs_http(model)) {
		if (model->n_qtypes)
			return refuse(in,
				      "qtypes belong to DNS, but paths, patterns, queries and "
				      "headers to HTTP; "
				      "make two scopes of it",
				      NULL);
		if (protocols & PROTOCOL_DNS)
			return refuse(
				in,
				"a DNS query has no path, query or header: take \"dns\" out of its "
				"protocols, or the conditions",
				NULL);
		all &= (uint8_t)~PROTOCOL_DNS;
	}
	if (model->n_qtypes) {
		if (protocols & ~PROTOCOL_DNS)
			return refuse(in,
				      "qtypes belong to DNS: its protocols can only be [\"dns\"]",
				      NULL);
		all = PROTOCOL_DNS;
	}
	in->scope->protocols = protocols ? protocols : all;
	return true;
}

/* Their numbers are kept in 16 bits. */
static bool check_sizes(const struct intake *in)
{
	const struct model_scope *model = in->model;
	size_t n_patterns = model->n_patterns + model->n_regexes + model->n_headers;
	if (n_patterns > LIST_MAX || model->n_qtypes > LIST_MAX || model->n_times > LIST_MAX ||
	    model->footprints.n_names > LIST_MAX)
		return refuse(
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
			return refuse(in, "a time window ends before it starts", NULL);
	return true;
}

static bool check_candidates(const struct intake *in)
{
	const struct model_scope *model = in->model;
	if (model->action != SCOPE_REDIRECT && model->n_candidates)
		return refuse(in, "candidates are only for action \"redirect\"", NULL);
	if (model->action == SCOPE_REDIRECT && model->n_candidates == 0)
		return refuse(in, "action \"redirect\" needs candidates", NULL);
	if (model->n_candidates > SCOPE_CANDIDATES_MAX)
		return refuse(in, "more than 64 candidates", NULL);
	return true;
}

static bool take_candidates(struct intake *in)
{
	char owner[300];
	bool good = true;
	snprintf(owner, sizeof(owner), "scope '%s'", in->model->name);
	for (size_t i = 0; i < in->model->n_candidates; i++) {
		struct scope_candidate *candidate = &in->scope->candidates[i];
		const struct model_target_ref *ref = &in->model->candidates[i];
		candidate->weight = ref->weight;
		good &= compiler_target(in->compiler, ref, owner, in->place, &candidate->target);
		for (size_t k = 0; good && k < i; k++)
			if (in->scope->candidates[k].target == candidate->target)
				good = refuse(in, "candidate named twice:", ref->name);
	}
	in->scope->fallback = SCOPE_NO_TARGET;
	if (in->model->fallback.name)
		good &= compiler_target(in->compiler, &in->model->fallback, owner, in->place,
					&in->scope->fallback);
	return good;
}

static bool take_footprints(struct intake *in)
{
	const struct model_footprints *model = &in->model->footprints;
	struct scope *scope = in->scope;
	char err[512];
	scope->footprint = SCOPE_ANY_FOOTPRINT;
	if (model->n &&
	    footprint_builder_add(in->compiler->footprints, model->list, model->n,
				  &scope->footprint, &in->list_rank, err, sizeof(err)) < 0)
		return refuse(in, err, NULL);
	in->named_rank = model->n_names ? UINT8_MAX : 0;
	for (size_t i = 0; i < model->n_names; i++) {
		const void *object = compiler_named(in->compiler, "footprint", model->names[i]);
		if (!object)
			return refuse(in, "no footprint has the name", model->names[i]);
		const struct footprint_name *name =
			&in->compiler->tables->names[(uintptr_t)object - 1];
		scope->named[i] = name->id;
		if (name->rank < in->named_rank)
			in->named_rank = name->rank;
	}
	/* As in footprint_builder_add: what narrows further ranks one higher. */
	uint8_t rank = in->list_rank > in->named_rank ? in->list_rank : in->named_rank;
	scope->footprint_rank = rank + (in->list_rank && in->named_rank && rank < UINT8_MAX);
	return true;
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
			return refuse(in, err, NULL);
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
	to->name = carve_text(carver, model->name);
	to->json = carve_text(carver, model->json);
	to->qtypes = carve(carver, model->n_qtypes * sizeof(*to->qtypes));
	to->times = carve(carver, model->n_times * sizeof(*to->times));
	to->candidates = carve(carver, model->n_candidates * sizeof(*to->candidates));
	to->named = carve(carver, model->footprints.n_names * sizeof(*to->named));
	to->patterns = carve(carver, n_patterns * sizeof(*to->patterns));
	return carve_patterns(in, carver, scope);
}

static bool fill_scope(struct intake *in)
{
	static const uint8_t fixed_key[16] = "turnout: scope";
	const struct model_scope *model = in->model;
	struct carver need = {NULL, sizeof(struct scope)};
	if (!carve_scope(in, &need, NULL))
		return false;
	struct scope *scope = calloc(1, need.used);
	if (!scope) {
		compiler_no_memory(in->compiler, in->place, model->name);
		return false;
	}
	struct carver carver = {(char *)scope, sizeof(*scope)};
	carve_scope(in, &carver, scope);

	scope->refs = 1;
	scope->order = scope->id = in->compiler->tables->n_scopes;
	scope->priority = model->priority;
	scope->action = (uint8_t)model->action;
	scope->policy = (uint8_t)model->policy;
	scope->deny_nxdomain = model->deny_nxdomain;
	scope->status = model->http_status;
	scope->n_qtypes = (uint16_t)model->n_qtypes;
	scope->n_times = (uint16_t)model->n_times;
	scope->n_candidates = (uint16_t)model->n_candidates;
	scope->n_named = (uint16_t)model->footprints.n_names;
	scope->seed = siphash(fixed_key, (const uint8_t *)model->name, strlen(model->name));
	if (model->n_qtypes)
		memcpy(scope->qtypes, model->qtypes, model->n_qtypes * sizeof(*scope->qtypes));
	if (model->n_times)
		memcpy(scope->times, model->times, model->n_times * sizeof(*scope->times));
	scope->file = (char *)in->place.file;
	scope->line = in->place.line;
	in->scope = scope;
	return true;
}

/* --- places in the trie ----------------------------------------------------------------------------------------- */

/* Host part of the key in req; false: not a host. */
static bool place_host(const char *host, struct request *req, struct scope_rank_parts *rank)
{
	bool wildcard = host[0] == '*' && (host[1] == '\0' || host[1] == '.');
	const char *rest = wildcard ? host + 1 + (host[1] == '.') : host;
	rank->host_exact = !wildcard;
	rank->host_labels = 0;
	if (!wildcard || host[1]) {
		if (!request_key_host(req, (const uint8_t *)rest, strlen(rest)))
			return false;
		rank->host_labels = 1;
		for (uint16_t i = 0; i < req->host_len; i++)
			rank->host_labels += req->key[i] == '.';
	} else {
		req->host_len = 0;
	}
	if (wildcard) {
		if (req->host_len)
			req->key[req->host_len++] = '.';
		req->key[req->host_len++] = '*';
		req->key[req->host_len] = '/';
		req->key_len = req->host_len + 1;
	}
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

/* Of two scopes at one key the later one must be able to win some request. */
static bool check_shadow(const struct intake *in, const struct scope_list *list,
			 const struct scope_entry *entry, const char *host, const char *path)
{
	for (uint32_t i = 0; list && i < list->n; i++) {
		const struct scope_entry *other = &list->entries[i];
		bool first = scope_entry_before(other, entry);
		const struct scope_entry *winner = first ? other : entry;
		const struct scope_entry *loser = first ? entry : other;
		if (other->scope == entry->scope || !covers(winner, loser))
			continue;
		faults_add(in->compiler->faults, in->place,
			   "scope '%s' overlaps scope '%s' (line %u) at host %s path %s: '%s' "
			   "takes every request "
			   "that '%s' could; narrow one of them or give them priorities",
			   in->model->name, other->scope->name, other->scope->line, host, path,
			   winner->scope->name, loser->scope->name);
		return false;
	}
	return true;
}

/* Hangs the scope at one host and the path that stands in req->key behind it. */
static bool hang(struct intake *in, const struct request *req, struct scope_rank_parts *rank,
		 uint16_t path_pattern, const char *host, const char *path)
{
	const struct scope *scope = in->scope;
	rank->priority = scope->priority;
	rank->footprint = scope->footprint_rank;
	rank->protocols = scope->protocols;
	rank->conditions = (uint8_t)((scope->n_qtypes > 0) + (scope->n_times > 0) +
				     (scope->n_common < 5 ? scope->n_common : 5));
	struct scope_entry entry = {
		.scope = in->scope,
		.rank = scope_rank(rank),
		.path_pattern = path_pattern,
	};
	struct trie_txn *txn = &in->compiler->scopes;
	const struct scope_list *list = trie_get(txn->root, req->key, req->key_len);
	for (uint32_t i = 0; list && i < list->n; i++)
		if (list->entries[i].scope == scope &&
		    list->entries[i].path_pattern == path_pattern)
			return refuse(in, "host and path are named twice:", host);
	if (!check_shadow(in, list, &entry, host, path))
		return false;
	if (scope_trie_add(txn, req->key, req->key_len, &entry))
		return true;
	compiler_no_memory(in->compiler, in->place, in->model->name);
	return false;
}

static bool hang_prefixes(struct intake *in, struct request *req, struct scope_rank_parts *rank,
			  const char *host)
{
	const struct model_scope *model = in->model;
	bool any = model->n_paths + model->n_patterns + model->n_regexes == 0;
	rank->path_kind = 0;
	for (size_t i = 0; i < model->n_paths + any; i++) {
		const char *path = any ? "/" : model->paths[i];
		if (strpbrk(path, "?#") ||
		    !request_key_path(req, (const uint8_t *)path, strlen(path)))
			return refuse(
				in,
				"not a path, expected one that starts with '/' and has no query:",
				path);
		rank->path_len = req->key_len - req->host_len;
		if (rank->path_len > PATH_RANK_MAX)
			return refuse(in, "path longer than 2047 octets", NULL);
		if (!hang(in, req, rank, SCOPE_ENTRY_NO_PATTERN, host, path))
			return false;
	}
	return true;
}

/* A pattern hangs at its literal start; one without regard to case at what of it has no letters. */
static bool hang_patterns(struct intake *in, struct request *req, struct scope_rank_parts *rank,
			  const char *host)
{
	char literal[REQUEST_PATH_MAX + 1], err[256];
	rank->path_kind = 2;
	for (size_t i = 0; i < in->model->n_patterns; i++) {
		const struct model_pattern *pattern = &in->model->patterns[i];
		if (pattern_literal(pattern->pattern, false, literal, sizeof(literal), err,
				    sizeof(err)) < 0)
			return refuse(in, err, NULL);
		size_t len = strlen(literal);
		/* "*.mp4": a path starts with '/' all the same */
		rank->path_len = (uint16_t)(len < 1               ? 1
					    : len < PATH_RANK_MAX ? len
								  : PATH_RANK_MAX);
		if (!pattern->case_sensitive &&
		    pattern_literal(pattern->pattern, true, literal, sizeof(literal), err,
				    sizeof(err)) < 0)
			return refuse(in, err, NULL);
		if (literal[0] == '\0' && pattern->pattern[0] == '*')
			strcpy(literal, "/");
		if (literal[0] != '/')
			return refuse(
				in,
				"no path matches a pattern that starts with neither '/' nor '*':",
				pattern->pattern);
		len = strlen(literal);
		memcpy(req->key + req->host_len, literal, len);
		req->key_len = (uint16_t)(req->host_len + len);
		if (!hang(in, req, rank, (uint16_t)(in->scope->n_common + i), host,
			  pattern->pattern))
			return false;
	}
	return true;
}

static bool hang_regexes(struct intake *in, struct request *req, struct scope_rank_parts *rank,
			 const char *host)
{
	rank->path_kind = 1;
	rank->path_len = 1;
	req->key_len = req->host_len + 1;
	req->key[req->host_len] = '/';
	for (size_t i = 0; i < in->model->n_regexes; i++)
		if (!hang(in, req, rank,
			  (uint16_t)(in->scope->n_common + in->model->n_patterns + i), host,
			  in->model->regexes[i]))
			return false;
	return true;
}

static bool hang_everywhere(struct intake *in)
{
	for (size_t i = 0; i < in->model->n_hosts; i++) {
		const char *host = in->model->hosts[i];
		struct scope_rank_parts rank = {0};
		struct request req;
		if (!place_host(host, &req, &rank))
			return refuse(
				in,
				"not a host, expected a name, \"*.\" and a name, or \"*\":", host);
		if (!hang_prefixes(in, &req, &rank, host) ||
		    !hang_patterns(in, &req, &rank, host) || !hang_regexes(in, &req, &rank, host))
			return false;
	}
	if (in->model->n_hosts == 0)
		return refuse(in, "has no hosts: add some, or \"*\" for any", NULL);
	return true;
}

void compiler_add_scope(struct compiler *compiler, const struct model_scope *model,
			struct place place)
{
	struct tables *tables = compiler->tables;
	struct intake in = {.compiler = compiler, .model = model, .place = place};
	if (compiler->no_memory)
		return;
	if (!compiler_grow((void **)&tables->scopes, &compiler->cap_scopes, tables->n_scopes,
			   sizeof(*tables->scopes))) {
		compiler_no_memory(compiler, place, model->name);
		return;
	}
	if (!check_sizes(&in) || !check_times(&in) || !check_candidates(&in) || !fill_scope(&in))
		return;
	bool good = check_protocols(&in);
	good &= take_candidates(&in);
	good &= take_footprints(&in);
	if (good && compiler_name(compiler, "scope", model->name, in.scope, place) &&
	    hang_everywhere(&in))
		tables->scopes[tables->n_scopes++] = in.scope;
	else
		scope_release(in.scope);
}
