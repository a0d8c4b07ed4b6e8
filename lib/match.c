/* match - request to verdict: which scope wins. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "match.h"
#include "http_request.h"
#include "match_client.h"
#include "match_zone.h"
#include "scope_trie.h"

#include <string.h>

enum { UNSTACK_MAX = 4 };

/* What the search for a scope learns on its way, each thing when it is first needed. */
struct search {
	const struct view *view;
	struct match_context *context;
	const struct request *req;
	struct match_client client;
	struct verdict *verdict;
	const struct scope_list *scanned; /* whose patterns `matches` holds */
	struct pattern_matches matches;
};

static bool client_in(struct search *search, uint32_t id)
{
	return match_client_in(&search->client, search->view, search->req, id);
}

static bool footprint_matches(struct search *search, const struct scope *scope)
{
	if (scope->footprint != SCOPE_ANY_FOOTPRINT && !client_in(search, scope->footprint))
		return false;
	for (uint16_t i = 0; i < scope->n_named; i++)
		if (client_in(search, scope->named[i]))
			return true;
	return scope->n_named == 0;
}

static bool qtype_matches(const struct scope *scope, uint16_t qtype)
{
	for (uint16_t i = 0; i < scope->n_qtypes; i++)
		if (scope->qtypes[i] == qtype)
			return true;
	return scope->n_qtypes == 0;
}

static bool time_matches(const struct scope *scope, uint64_t now)
{
	for (uint16_t i = 0; i < scope->n_times; i++)
		if (scope->times[i].start <= now && now < scope->times[i].end)
			return true;
	return scope->n_times == 0;
}

/* The answer would have been another one with another value of these fields (RFC 9110 §12.5.5). */
static void note_fields(struct verdict *verdict, const struct scope *scope)
{
	for (uint16_t i = 0; i < scope->n_common; i++) {
		const char *name = scope->patterns[i].header;
		uint8_t k = 0;
		while (name && k < verdict->n_vary && k < VERDICT_VARY_MAX &&
		       strcmp(name, verdict->vary[k]) != 0)
			k++;
		if (!name || k < verdict->n_vary)
			continue;
		if (k < VERDICT_VARY_MAX)
			verdict->vary[k] = name;
		verdict->n_vary = k + 1;
	}
}

static bool patterns_match(struct search *search, const struct scope_list *list,
			   const struct scope_entry *entry)
{
	if (search->scanned != list && entry->n_patterns) {
		pattern_set_scan(list->patterns, search->req,
				 pattern_scratch_of(search->view->scratch, search->context->worker),
				 &search->matches);
		search->scanned = list;
	}
	note_fields(search->verdict, entry->scope);
	for (uint32_t i = 0; i < entry->n_patterns; i++)
		if (!pattern_matched(&search->matches, entry->pattern + i))
			return false;
	return true;
}

/* The cheap tests first; the footprint before the patterns. */
static enum match_result test(struct search *search, const struct scope_list *list,
			      const struct scope_entry *entry)
{
	const struct scope *scope = entry->scope;
	const struct request *req = search->req;
	if (!(scope->protocols & req->protocol))
		return MATCH_PROTOCOL;
	if (scope->n_qtypes && !qtype_matches(scope, req->dns.qtype))
		return MATCH_QTYPE;
	if (scope->n_times && !time_matches(scope, req->now))
		return MATCH_TIME;
	if (!footprint_matches(search, scope))
		return MATCH_FOOTPRINT;
	if (entry->n_patterns && !patterns_match(search, list, entry))
		return MATCH_PATTERN;
	return MATCH_WON;
}

static void tell_scope(const struct search *search, const struct scope_entry *entry,
		       enum match_result result)
{
	const struct match_trace *trace = search->context->trace;
	if (trace && trace->scope)
		trace->scope(trace->arg, entry->scope, result, entry->rank);
}

/* From the most specific place on; in a list, from its first entry on until one cannot win any more. A less specific place
 * can still win by priority. */
static const struct scope_entry *search_way(struct search *search, const struct scope_trie_way *way)
{
	const struct scope_entry *best = NULL;
	for (uint32_t i = way->n; i-- > 0;) {
		const struct scope_list *list = way->lists[i];
		for (uint32_t k = 0; k < list->n; k++) {
			const struct scope_entry *entry = &list->entries[k];
			if (best && !scope_entry_before(entry, best)) {
				if (!search->context->trace)
					break;
				tell_scope(search, entry, MATCH_LESS_SPECIFIC);
				continue;
			}
			enum match_result result = test(search, list, entry);
			tell_scope(search, entry, result);
			if (result == MATCH_WON)
				best = entry;
		}
	}
	return best;
}

static bool unstack_one(const struct distinguished *d, struct request *req)
{
	return strlen(d->host_key) == req->host_len &&
	       memcmp(d->host_key, req->key, req->host_len) == 0 &&
	       http_request_unstack(req, d->path_prefix, strlen(d->path_prefix));
}

static void unstack(const struct view *view, struct match_context *context, struct request *req)
{
	const struct distinguished_list *list = view->distinguished;
	for (unsigned round = 0; round < UNSTACK_MAX; round++) {
		uint32_t i = 0;
		while (i < list->n && !unstack_one(list->at[i], req))
			i++;
		if (i == list->n)
			return;
		if (context->trace && context->trace->unstacked)
			context->trace->unstacked(context->trace->arg, list->at[i]->host);
	}
}

/* The links, which are not to be read before they are set, are not cleared either. */
static void begin(struct verdict *verdict)
{
	memset(verdict, 0, offsetof(struct verdict, links));
	verdict->outcome = VERDICT_NO_SCOPE;
	verdict->candidate = SCOPE_CANDIDATES_MAX;
}

/* RFC 7871 §7.2.1: where the option is not used, it is not there. */
static void forget_subnet(struct request *req)
{
	if (!req->dns.ecs)
		return;
	req->dns.ecs = false;
	req->client = req->dns.resolver;
	req->client_len = (uint8_t)ip_bits(&req->client);
}

bool match_begin(const struct view *view, struct match_context *context, struct request *req,
		 struct verdict *verdict)
{
	begin(verdict);
	if (req->protocol == PROTOCOL_DNS) {
		verdict->zone = match_zone(view->zones, req->key, req->host_len);
		if (!verdict->zone && !req->via_ri)
			return false;
		if (verdict->zone && verdict->zone->no_client_subnet)
			forget_subnet(req);
	} else if (view->distinguished) {
		unstack(view, context, req);
	}
	return true;
}

static const struct scope_entry *search_host(struct search *search,
					     const struct scope_trie_way *way)
{
	const struct request *req = search->req;
	if (req->protocol == PROTOCOL_DNS)
		search->verdict->name_exists =
			way->n ||
			scope_trie_has_host(search->view->scopes, req->key, req->host_len);
	return search_way(search, way);
}

/* Behind a link of a zone: another name. */
static const struct scope_entry *search_links(struct search *search, struct request *req,
					      struct scope_trie_way *way)
{
	const struct view *view = search->view;
	struct verdict *verdict = search->verdict;
	const struct scope_entry *best = NULL;
	struct dns_name name;
	name.len = 0;
	while (!best && verdict->zone && match_zone_step(view, req, &name, verdict)) {
		if (view->cuts && match_zone_cut(view, req, verdict))
			break;
		scope_trie_walk(view->scopes, req->key, req->host_len, req->key_len, way);
		best = search_host(search, way);
	}
	return best;
}

void match_way(const struct view *view, struct match_context *context, struct request *req,
	       struct scope_trie_way *way, struct verdict *verdict)
{
	struct search search;
	const struct scope_entry *best = NULL;
	search.view = view;
	search.context = context;
	search.req = req;
	search.verdict = verdict;
	match_client_init(&search.client);
	search.scanned = NULL;
	if (!view->cuts || !verdict->zone || !match_zone_cut(view, req, verdict)) {
		best = search_host(&search, way);
		if (!best && verdict->zone)
			best = search_links(&search, req, way);
	}
	if (best)
		verdict->scope = best->scope;
	verdict->ecs_scope = match_client_scope(&search.client, view, req);
}

void match_scope(const struct view *view, struct match_context *context, struct request *req,
		 struct verdict *verdict)
{
	struct scope_trie_way way;
	if (!match_begin(view, context, req, verdict))
		return;
	scope_trie_walk(view->scopes, req->key, req->host_len, req->key_len, &way);
	match_way(view, context, req, &way, verdict);
}

void match_request(const struct view *view, struct match_context *context, struct request *req,
		   struct verdict *verdict)
{
	match_scope(view, context, req, verdict);
	match_choose(view, context, req, verdict);
}
