/* match - request to verdict: which scope wins, which target it chooses, which DRI says how to get there. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "match.h"
#include "http_request.h"
#include "scope_trie.h"
#include "siphash.h"

#include <math.h>
#include <string.h>

/* More footprints than this are tested for one request only in odd tables; the answer is then for the client alone. */
enum {
	TESTED_MAX = 64,
	UNSTACK_MAX = 4,
	TURNS = sizeof(((struct match_context *)0)->turns) / sizeof(uint32_t)
};

/* What the search for a scope learns on its way, each thing when it is first needed. */
struct search {
	const struct view *view;
	struct match_context *context;
	const struct request *req;
	bool located; /* `client` is filled */
	struct footprint_client client;
	const struct scope_list *scanned; /* whose patterns `matches` holds */
	struct pattern_matches matches;
	uint32_t n_tested;
	bool tested_too_many;
	uint32_t tested[TESTED_MAX];
};

static void remember_tested(struct search *search, uint32_t id)
{
	for (uint32_t i = 0; i < search->n_tested; i++)
		if (search->tested[i] == id)
			return;
	if (search->n_tested == TESTED_MAX)
		search->tested_too_many = true;
	else
		search->tested[search->n_tested++] = id;
}

static bool client_in(struct search *search, uint32_t id)
{
	if (!search->located)
		footprint_find(search->view->footprints, &search->req->client, &search->client);
	search->located = true;
	/* Only an echoed client subnet asks what the decision depended on. */
	if (search->req->protocol == PROTOCOL_DNS && search->req->dns.ecs)
		remember_tested(search, id);
	return footprint_has(&search->client, id);
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

static bool patterns_match(struct search *search, const struct scope_list *list,
			   const struct scope_entry *entry)
{
	if (search->scanned != list && entry->n_patterns) {
		pattern_set_scan(list->patterns, search->req,
				 pattern_scratch_of(search->view->scratch, search->context->worker),
				 &search->matches);
		search->scanned = list;
	}
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

/* The deepest zone that the host is in: keys end at a label, so what follows in the host is '.' or its end. */
static const struct zone *find_zone(const struct trie_node *node, const uint8_t *key,
				    size_t host_len)
{
	const struct zone *zone = NULL;
	size_t at = 0;
	while (node && at + node->skip_len <= host_len &&
	       memcmp(trie_skip(node), key + at, node->skip_len) == 0) {
		at += node->skip_len;
		if (node->value && (at == host_len || at == 0 || key[at] == '.'))
			zone = node->value;
		if (at == host_len)
			break;
		node = trie_child(node, key[at++]);
	}
	return zone;
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

static uint8_t ecs_scope(const struct search *search)
{
	const struct request *req = search->req;
	if (search->tested_too_many)
		return (uint8_t)ip_bits(&req->client);
	return (uint8_t)footprint_scope_len(search->view->footprints, &req->client, search->tested,
					    search->n_tested);
}

void match_scope(const struct view *view, struct match_context *context, struct request *req,
		 struct verdict *verdict)
{
	*verdict = (struct verdict){.outcome = VERDICT_NO_SCOPE, .candidate = SCOPE_CANDIDATES_MAX};
	if (req->protocol == PROTOCOL_DNS) {
		verdict->zone = find_zone(view->zones, req->key, req->host_len);
		if (!verdict->zone)
			return;
	} else if (view->distinguished) {
		unstack(view, context, req);
	}

	struct scope_trie_way way;
	scope_trie_walk(view->scopes, req->key, req->host_len, req->key_len, &way);
	struct search search;
	search.view = view;
	search.context = context;
	search.req = req;
	search.located = false;
	search.scanned = NULL;
	search.n_tested = 0;
	search.tested_too_many = false;
	const struct scope_entry *best = search_way(&search, &way);
	if (best)
		verdict->scope = best->scope;
	if (req->protocol != PROTOCOL_DNS)
		return;
	if (search.n_tested)
		verdict->ecs_scope = ecs_scope(&search);
	verdict->name_exists = way.n || scope_trie_has_host(view->scopes, req->key, req->host_len);
}

/* --- choosing --------------------------------------------------------------------------------------------------- */

/* xorshift64*: https://doi.org/10.18637/jss.v008.i14 with Vigna's multiplier; the high half is used. */
static uint32_t random_below(struct match_context *context, uint32_t limit)
{
	uint64_t x = context->random;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	context->random = x;
	uint64_t high = x * UINT64_C(0x2545f4914f6cdd1d) >> 32;
	return (uint32_t)(high * limit >> 32);
}

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

/* Rendezvous hashing: the target with the highest score; a target that leaves moves only its own requests. The same key gives
 * the same target on every appliance. The logarithm makes the share of each target its weight; without weights it changes no
 * order and is left out. */
static unsigned pick_hash(const struct view *view, const struct request *req,
			  const struct scope_candidate *const usable[], unsigned n)
{
	static const uint8_t fixed_key[16] = "turnout: hash";
	uint64_t content = siphash(fixed_key, req->key, req->key_len), best_hash = 0;
	double best_score = -1;
	unsigned best = 0;
	bool weights = false;
	for (unsigned i = 1; i < n; i++)
		weights |= usable[i]->weight != usable[0]->weight;
	for (unsigned i = 0; i < n; i++) {
		uint64_t h = mix(content ^ view_target(view, usable[i]->target)->seed);
		double score = 0;
		if (weights)
			score = usable[i]->weight / -log(((double)(h >> 11) + 0.5) * 0x1p-53);
		if (score > best_score || (score == best_score && h > best_hash)) {
			best_score = score;
			best_hash = h;
			best = i;
		}
	}
	return best;
}

static unsigned pick_weighted(struct match_context *context,
			      const struct scope_candidate *const usable[], unsigned n)
{
	uint32_t total = 0, i = 0;
	for (unsigned k = 0; k < n; k++)
		total += usable[k]->weight;
	uint32_t at = random_below(context, total);
	while (at >= usable[i]->weight)
		at -= usable[i++]->weight;
	return i;
}

static unsigned pick(const struct view *view, struct match_context *context,
		     const struct request *req, const struct scope *scope,
		     const struct scope_candidate *const usable[], unsigned n)
{
	if (n == 1)
		return 0;
	switch ((enum scope_policy)scope->policy) {
	case POLICY_WEIGHTED:
		return pick_weighted(context, usable, n);
	case POLICY_HASH:
		return pick_hash(view, req, usable, n);
	case POLICY_ROUND_ROBIN:
		return context->turns[scope->seed % TURNS]++ % n;
	case POLICY_RANDOM:
		return random_below(context, n);
	case POLICY_ORDERED:
		break;
	}
	return 0;
}

static void tell_candidates(const struct view *view, const struct match_context *context,
			    const struct scope *scope, const struct scope_candidate *taken)
{
	const struct match_trace *trace = context->trace;
	if (!trace || !trace->candidate)
		return;
	for (uint16_t i = 0; i < scope->n_candidates; i++) {
		const struct scope_candidate *candidate = &scope->candidates[i];
		const struct target *target = view_target(view, candidate->target);
		uint8_t state = target->state;
		enum choose_result result = candidate == taken      ? CHOOSE_TAKEN
					    : state == TARGET_UP    ? CHOOSE_NOT_PICKED
					    : state == TARGET_DRAIN ? CHOOSE_DRAIN
								    : CHOOSE_DOWN;
		trace->candidate(trace->arg, target, result);
	}
}

/* NULL: no candidate is up or draining. */
static const struct scope_candidate *choose_candidate(const struct view *view,
						      struct match_context *context,
						      const struct request *req,
						      const struct scope *scope)
{
	const struct scope_candidate *usable[SCOPE_CANDIDATES_MAX], *taken = NULL;
	unsigned n = 0;
	for (enum target_state state = TARGET_UP; state <= TARGET_DRAIN && !n; state++)
		for (uint16_t i = 0; i < scope->n_candidates; i++)
			if (view_target(view, scope->candidates[i].target)->state == state)
				usable[n++] = &scope->candidates[i];
	if (n)
		taken = usable[pick(view, context, req, scope, usable, n)];
	tell_candidates(view, context, scope, taken);
	return taken;
}

/* The DRI is looked up after the choice and has no part in it (LL-11). An https request is never sent to http (RFC 7336
 * §3.2). */
static bool send_to(const struct view *view, const struct request *req, uint32_t target,
		    struct verdict *verdict)
{
	const struct target *to = view_target(view, target);
	const struct dri *dri = target_dri(to, req->key, req->host_len);
	if (!dri)
		return false;
	if (req->protocol == PROTOCOL_DNS ? !dri->cname_len && !dri->n_v4 && !dri->n_v6
					  : !dri->authority)
		return false;
	if (req->protocol == PROTOCOL_HTTPS && dri->scheme && strcmp(dri->scheme, "http") == 0)
		return false;
	verdict->outcome = VERDICT_REDIRECT;
	verdict->target = to;
	verdict->dri = dri;
	return true;
}

void match_choose(const struct view *view, struct match_context *context, const struct request *req,
		  struct verdict *verdict)
{
	const struct scope *scope = verdict->scope;
	if (!scope)
		return;
	if (scope->action == SCOPE_DENY) {
		verdict->outcome = VERDICT_DENY;
		return;
	}
	if (scope->action == SCOPE_REDIRECT) {
		const struct scope_candidate *taken = choose_candidate(view, context, req, scope);
		if (taken && send_to(view, req, taken->target, verdict)) {
			verdict->candidate = (uint8_t)(taken - scope->candidates);
			return;
		}
	}
	const uint32_t fallbacks[] = {scope->fallback, view->fallback};
	verdict->outcome = VERDICT_NO_TARGET;
	for (unsigned i = 0; i < 2 && !verdict->fell_back; i++)
		verdict->fell_back = fallbacks[i] != SCOPE_NO_TARGET &&
				     view_target(view, fallbacks[i])->state != TARGET_DOWN &&
				     send_to(view, req, fallbacks[i], verdict);
}

void match_request(const struct view *view, struct match_context *context, struct request *req,
		   struct verdict *verdict)
{
	match_scope(view, context, req, verdict);
	match_choose(view, context, req, verdict);
}
