/* match_choose - scope and request to target and DRI: who can be sent it, who is, and how. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "hits.h"
#include "match.h"
#include "match_client.h"

#include <endian.h>
#include <math.h>
#include <string.h>

enum { TURNS = sizeof(((struct match_context *)0)->turns) / sizeof(uint32_t) };

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

static uint64_t load(const uint8_t *at, size_t len)
{
	uint64_t word = 0;
	memcpy(&word, at, len);
	return le64toh(word);
}

/* Of what is asked for; the same on every appliance. It is no secret, so that it need not be a keyed one. */
static uint64_t hash_content(const uint8_t *key, size_t len)
{
	uint64_t h = len * UINT64_C(0x9e3779b97f4a7c15);
	if (len < 8)
		return mix(h ^ load(key, len));
	for (size_t at = 0; at + 8 < len; at += 8) {
		h = (h ^ load(key + at, 8)) * UINT64_C(0x94d049bb133111eb);
		h ^= h >> 32;
	}
	return mix(h ^ load(key + len - 8, 8));
}

/* A candidate that can be chosen. */
struct usable {
	const struct scope_candidate *candidate;
	const struct target *target;
};

static bool same_weights(const struct usable usable[], unsigned n)
{
	unsigned i = 1;
	while (i < n && usable[i].candidate->weight == usable[0].candidate->weight)
		i++;
	return i >= n;
}

/* The logarithm makes the share of each target its weight. */
static unsigned pick_hash_weighted(uint64_t content, const struct usable usable[], unsigned n)
{
	uint64_t best_hash = 0;
	double best_score = -1;
	unsigned best = 0;
	for (unsigned i = 0; i < n; i++) {
		uint64_t h = mix(content ^ usable[i].target->seed);
		double score =
			usable[i].candidate->weight / -log(((double)(h >> 11) + 0.5) * 0x1p-53);
		if (score > best_score || (score == best_score && h > best_hash)) {
			best_score = score;
			best_hash = h;
			best = i;
		}
	}
	return best;
}

/* Rendezvous hashing: the target with the highest score; a target that leaves moves only its own requests. The same key gives
 * the same target on every appliance. Without weights the logarithm changes no order and is left out. */
static unsigned pick_hash(const struct request *req, const struct usable usable[], unsigned n)
{
	uint64_t content = hash_content(req->key, req->key_len), best_hash = 0;
	unsigned best = 0;
	if (!same_weights(usable, n))
		return pick_hash_weighted(content, usable, n);
	for (unsigned i = 0; i < n; i++) {
		uint64_t h = mix(content ^ usable[i].target->seed);
		best = h > best_hash ? i : best;
		best_hash = h > best_hash ? h : best_hash;
	}
	return best;
}

static unsigned pick_weighted(struct match_context *context, const struct usable usable[],
			      unsigned n)
{
	uint32_t total = 0, i = 0;
	for (unsigned k = 0; k < n; k++)
		total += usable[k].candidate->weight;
	uint32_t at = random_below(context, total);
	while (at >= usable[i].candidate->weight)
		at -= usable[i++].candidate->weight;
	return i;
}

static unsigned pick(struct match_context *context, const struct request *req,
		     const struct scope *scope, const struct usable usable[], unsigned n)
{
	if (n == 1)
		return 0;
	switch ((enum scope_policy)scope->policy) {
	case POLICY_WEIGHTED:
		return pick_weighted(context, usable, n);
	case POLICY_HASH:
		return pick_hash(req, usable, n);
	case POLICY_ROUND_ROBIN:
		return context->turns[scope->seed % TURNS]++ % n;
	case POLICY_RANDOM:
		return random_below(context, n);
	case POLICY_ORDERED:
		break;
	}
	return 0;
}

/* What a choice learns on its way. */
struct choice {
	const struct view *view;
	struct match_context *context;
	const struct request *req;
	const struct scope *scope;
	struct match_client client;
};

/* What has to be offered so that a request can be sent on. For DNS it is not known yet how the content will be asked for. */
static uint64_t needed(const struct choice *choice, const struct target *target,
		       enum advert_type type)
{
	bool asked = target->strategy != STRATEGY_ITERATIVE;
	uint8_t content = PROTOCOL_HTTP | PROTOCOL_HTTPS;
	bool dns = choice->req->protocol == PROTOCOL_DNS;
	switch (type) {
	case ADVERT_DELIVERY_PROTOCOL:
		if (!dns)
			return choice->req->protocol;
		return choice->scope->protocols & content ? choice->scope->protocols & content
							  : content;
	case ADVERT_REDIRECTION_MODE:
		if (dns)
			return asked ? MODE_DNS_R : MODE_DNS_I;
		return asked ? MODE_HTTP_R : MODE_HTTP_I;
	default:
		return choice->scope->metadata;
	}
}

/* Metadata has to be enforced all of it, by whatever adverts there are; else one of those needed is enough. A type of which nothing is
 * advertised is as it was agreed. */
static enum choose_result test_adverts(struct choice *choice, const struct target *target,
				       uint64_t *missing)
{
	uint32_t i = 0;
	while (i < target->n_adverts && target->adverts[i]->type < ADVERT_OFFERS) {
		enum advert_type type = (enum advert_type)target->adverts[i]->type;
		uint64_t need = needed(choice, target, type), offered = 0;
		for (; i < target->n_adverts && target->adverts[i]->type == type; i++) {
			const struct advert *advert = target->adverts[i];
			if (advert->offers & need & ~offered &&
			    match_client_in(&choice->client, choice->view, choice->req,
					    advert->footprint))
				offered |= advert->offers & need;
		}
		*missing = need & ~offered;
		if (type == ADVERT_METADATA ? *missing : !offered)
			return (enum choose_result)(CHOOSE_NO_DELIVERY_PROTOCOL + type);
	}
	return CHOOSE_NOT_PICKED;
}

/* All limits that are for the client count (RFC 9808 §2.2). */
static bool within_capacity(struct choice *choice, const struct target *target)
{
	for (uint32_t i = 0; i < target->n_adverts; i++) {
		const struct advert *advert = target->adverts[i];
		if (advert->type != ADVERT_CAPACITY)
			continue;
		uint16_t shed = __atomic_load_n(&advert->capacity.shed, __ATOMIC_RELAXED);
		if (shed &&
		    match_client_in(&choice->client, choice->view, choice->req,
				    advert->footprint) &&
		    random_below(choice->context, CAPACITY_ALL) < shed)
			return false;
	}
	return true;
}

static void count_capacity(struct choice *choice, const struct target *target)
{
	for (uint32_t i = 0; i < target->n_adverts; i++) {
		const struct advert *advert = target->adverts[i];
		if (advert->type == ADVERT_CAPACITY && advert->capacity.hits &&
		    match_client_in(&choice->client, choice->view, choice->req, advert->footprint))
			hits_count(choice->context->worker, advert->capacity.hits, 0,
				   choice->req->now);
	}
}

static enum choose_result test_candidate(struct choice *choice, const struct target *target,
					 uint64_t *missing)
{
	*missing = 0;
	if (target->state == TARGET_DOWN)
		return CHOOSE_DOWN;
	if (target_excludes(target, choice->req->key, choice->req->host_len))
		return CHOOSE_EXCLUDED;
	enum choose_result result = test_adverts(choice, target, missing);
	if (result == CHOOSE_NOT_PICKED && !within_capacity(choice, target))
		return CHOOSE_OVER_CAPACITY;
	return result == CHOOSE_NOT_PICKED && target->state == TARGET_DRAIN ? CHOOSE_DRAIN : result;
}

/* Tests them once more: only explain asks. */
static void tell_candidates(struct choice *choice, const struct scope_candidate *taken)
{
	const struct match_trace *trace = choice->context->trace;
	const struct scope *scope = choice->scope;
	if (!trace || !trace->candidate)
		return;
	for (uint16_t i = 0; i < scope->n_candidates; i++) {
		uint64_t missing;
		const struct scope_candidate *candidate = &scope->candidates[i];
		const struct target *target = view_target(choice->view, candidate->target);
		enum choose_result result = test_candidate(choice, target, &missing);
		trace->candidate(trace->arg, target, candidate == taken ? CHOOSE_TAKEN : result,
				 missing);
	}
}

/* Is it one that can always be chosen? */
static bool target_is_plain(const struct target *target)
{
	return target->state == TARGET_UP && !target->excluded && !target->n_adverts;
}

static unsigned list_usable(struct choice *choice, enum choose_result wanted,
			    struct usable usable[SCOPE_CANDIDATES_MAX], bool *drains)
{
	const struct scope *scope = choice->scope;
	unsigned n = 0;
	for (uint16_t i = 0; i < scope->n_candidates; i++) {
		const struct scope_candidate *candidate = &scope->candidates[i];
		const struct target *target = view_target(choice->view, candidate->target);
		uint64_t missing;
		enum choose_result result = CHOOSE_NOT_PICKED;
		if (!target_is_plain(target))
			result = test_candidate(choice, target, &missing);
		*drains |= result == CHOOSE_DRAIN;
		if (result == wanted && !(choice->context->tried >> i & 1))
			usable[n++] = (struct usable){candidate, target};
	}
	return n;
}

/* Those that are up, or else those that drain. NULL: none can be used. */
static const struct scope_candidate *choose_candidate(struct choice *choice)
{
	struct usable usable[SCOPE_CANDIDATES_MAX];
	const struct scope_candidate *taken = NULL;
	bool drains = false;
	unsigned n = list_usable(choice, CHOOSE_NOT_PICKED, usable, &drains);
	if (!n && drains)
		n = list_usable(choice, CHOOSE_DRAIN, usable, &drains);
	if (n)
		taken = usable[pick(choice->context, choice->req, choice->scope, usable, n)]
				.candidate;
	tell_candidates(choice, taken);
	return taken;
}

/* The same for most scopes without detours: in order, or by hash without weights, and each candidate can always be chosen. NULL: it is
 * none of those. */
static const struct scope_candidate *choose_plain(const struct choice *choice)
{
	const struct scope *scope = choice->scope;
	const struct scope_candidate *all = scope->candidates;
	unsigned n = scope->policy == POLICY_ORDERED ? 1 : scope->n_candidates, best = 0;
	if ((n > 1 && scope->policy != POLICY_HASH) || !scope->n_candidates ||
	    choice->context->tried || choice->context->trace)
		return NULL;
	uint64_t content = n > 1 ? hash_content(choice->req->key, choice->req->key_len) : 0;
	uint64_t best_hash = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct target *target = view_target(choice->view, all[i].target);
		if (!target_is_plain(target) || all[i].weight != all[0].weight)
			return NULL;
		uint64_t h = mix(content ^ target->seed);
		best = h > best_hash ? i : best;
		best_hash = h > best_hash ? h : best_hash;
	}
	return &all[best];
}

/* The DRI is looked up after the choice and has no part in it (LL-11). */
static const struct dri *find_dri(struct choice *choice, const struct target *target)
{
	const struct request *req = choice->req;
	for (uint32_t i = 0; i < target->n_dris; i++) {
		const struct dri *dri = target->dris[i];
		if ((!dri->n_hosts || dri_is_for(dri, req->key, req->host_len)) &&
		    match_client_in(&choice->client, choice->view, req, dri->footprint))
			return dri;
	}
	return NULL;
}

enum match_fit match_dri_fit(const struct request *req, const struct dri *dri)
{
	if (!dri)
		return MATCH_FIT_NO_DRI;
	if (req->protocol == PROTOCOL_DNS)
		return dri->cname_len || dri->n_v4 || dri->n_v6 || (dri->delegation && !req->via_ri)
			       ? MATCH_FITS
			       : MATCH_FIT_NO_PART;
	if (!dri->authority)
		return MATCH_FIT_NO_PART;
	bool to_http = dri->scheme && strcmp(dri->scheme, "http") == 0;
	return req->protocol == PROTOCOL_HTTPS && to_http ? MATCH_FIT_DOWNGRADE : MATCH_FITS;
}

static bool send_to(struct choice *choice, uint32_t target, bool may_ask, struct verdict *verdict)
{
	const struct target *to = view_target(choice->view, target);
	if (to->strategy != STRATEGY_ITERATIVE && may_ask) {
		verdict->outcome = VERDICT_ASK;
		verdict->target = to;
		return true;
	}
	const struct dri *dri = find_dri(choice, to);
	if (match_dri_fit(choice->req, dri) != MATCH_FITS)
		return false;
	verdict->outcome = VERDICT_REDIRECT;
	verdict->target = to;
	verdict->dri = dri;
	return true;
}

bool match_may_have(const struct view *view, const struct request *req, uint32_t id)
{
	if (id == SCOPE_NO_TARGET)
		return false;
	const struct target *target = view_target(view, id);
	return target->state != TARGET_DOWN && !target_excludes(target, req->key, req->host_len);
}

static void choose(struct choice *choice, struct verdict *verdict)
{
	const struct scope *scope = choice->scope;
	if (scope->action == SCOPE_REDIRECT) {
		const struct scope_candidate *taken = choose_plain(choice);
		if (!taken)
			taken = choose_candidate(choice);
		if (taken && send_to(choice, taken->target, true, verdict)) {
			verdict->candidate = (uint8_t)(taken - scope->candidates);
			if (choice->context->counts)
				count_capacity(choice, verdict->target);
			return;
		}
	}
	const uint32_t fallbacks[] = {scope->fallback, choice->view->fallback};
	verdict->outcome = VERDICT_NO_TARGET;
	for (unsigned i = 0; i < 2 && !verdict->fell_back; i++)
		verdict->fell_back = match_may_have(choice->view, choice->req, fallbacks[i]) &&
				     send_to(choice, fallbacks[i], false, verdict);
}

static void begin(struct choice *choice, const struct view *view, struct match_context *context,
		  const struct request *req, const struct verdict *verdict)
{
	choice->view = view;
	choice->context = context;
	choice->req = req;
	choice->scope = verdict->scope;
	match_client_init(&choice->client);
}

static void end(const struct choice *choice, struct verdict *verdict)
{
	uint8_t scope = match_client_scope(&choice->client, choice->view, choice->req);
	if (scope > verdict->ecs_scope)
		verdict->ecs_scope = scope;
}

void match_choose(const struct view *view, struct match_context *context, const struct request *req,
		  struct verdict *verdict)
{
	if (!verdict->scope)
		return;
	if (verdict->scope->action == SCOPE_DENY) {
		verdict->outcome = VERDICT_DENY;
		return;
	}
	struct choice choice;
	begin(&choice, view, context, req, verdict);
	choose(&choice, verdict);
	end(&choice, verdict);
}

/* --- Choosing again -------------------------------------------------------------------------------------------------- */

uint64_t match_tried(const struct view *view, const struct scope *scope, const uint64_t *seeds,
		     unsigned n)
{
	uint64_t tried = 0;
	for (uint16_t i = 0; scope && i < scope->n_candidates; i++)
		for (unsigned k = 0; k < n; k++)
			if (view_target(view, scope->candidates[i].target)->seed == seeds[k])
				tried |= UINT64_C(1) << i;
	return tried;
}

static bool is_there(const struct view *view, const struct request *req, uint32_t id, uint64_t seed)
{
	return match_may_have(view, req, id) && view_target(view, id)->seed == seed;
}

bool match_resume(const struct view *view, const struct request *req, uint64_t seed,
		  struct verdict *verdict)
{
	const struct scope *scope = verdict->scope;
	if (!scope || scope->action == SCOPE_DENY)
		return false;
	for (uint16_t i = 0; scope->action == SCOPE_REDIRECT && i < scope->n_candidates; i++)
		if (is_there(view, req, scope->candidates[i].target, seed)) {
			verdict->target = view_target(view, scope->candidates[i].target);
			verdict->candidate = (uint8_t)i;
			verdict->fell_back = false;
			return true;
		}
	const uint32_t fallbacks[] = {scope->fallback, view->fallback};
	for (unsigned i = 0; i < 2; i++)
		if (is_there(view, req, fallbacks[i], seed)) {
			verdict->target = view_target(view, fallbacks[i]);
			verdict->fell_back = true;
			return true;
		}
	return false;
}

/* --- One step at a time --------------------------------------------------------------------------------------------- */

const struct scope_candidate *match_candidate(const struct view *view,
					      struct match_context *context,
					      const struct request *req, struct verdict *verdict)
{
	struct choice choice;
	begin(&choice, view, context, req, verdict);
	const struct scope_candidate *taken = choose_candidate(&choice);
	end(&choice, verdict);
	return taken;
}

const struct dri *match_dri(const struct view *view, const struct request *req,
			    const struct target *target, struct verdict *verdict)
{
	struct choice choice;
	begin(&choice, view, NULL, req, verdict);
	const struct dri *dri = find_dri(&choice, target);
	end(&choice, verdict);
	return dri;
}
