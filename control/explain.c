/* explain - one made-up request taken through the real decode, match, choose and reply, with each step told. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain.h"

#include "lib/dns_name.h"
#include "lib/match_zone.h"
#include "lib/scope_rank.h"
#include "lib/unasked.h"
#include "qtype.h"
#include "show.h"

#include <string.h>

enum { CONSIDERED_MAX = 1000 };

bool explain_from(struct json_in *params, struct ip_addr *client)
{
	const char *from = json_in_text(params, "from", JSON_IN_NEEDED);
	if (!from || ip_addr_parse(from, client))
		return from;
	json_in_fault(params, NULL, "from: '%.64s' is not an IP address", from);
	return false;
}

bool explain_begin(struct explained *explained, struct control *control,
		   const struct ip_addr *client)
{
	memset(explained, 0, sizeof(*explained));
	explained->control = control;
	explained->req.client = *client;
	explained->req.client_len = (uint8_t)ip_bits(client);
	explained->req.now = plane_now_ns(control->plane) / UINT64_C(1000000000);
	explained->unstacked = json_array();
	explained->considered = json_array();
	explained->candidates = json_array();
	return explained->unstacked && explained->considered && explained->candidates;
}

/* --- The steps as they happen --------------------------------------------------------------- */

static const char *const results[] = {
	[MATCH_WON] = "won",
	[MATCH_LESS_SPECIFIC] = "less specific",
	[MATCH_PROTOCOL] = "other protocol",
	[MATCH_QTYPE] = "other query type",
	[MATCH_FOOTPRINT] = "client outside its footprints",
	[MATCH_TIME] = "outside its times",
	[MATCH_PATTERN] = "a pattern does not match",
};

/* The rank goes along, as a signed number, until the walk is over and tell_why has compared it. */
static void on_scope(void *arg, const struct scope *scope, enum match_result result, uint64_t rank)
{
	struct explained *explained = arg;
	if (json_array_size(explained->considered) == CONSIDERED_MAX && result != MATCH_WON) {
		explained->more++;
		return;
	}
	const struct object *object =
		object_find(explained->control->head->objects, OBJECT_SCOPE, scope->name);
	json_t *file = object && object->file ? rpc_text(object->file) : json_null();
	json_array_append_new(explained->considered,
			      json_pack("{s:s, s:o, s:i, s:s, s:I}", "scope", scope->name, "file",
					file, "line", object ? (int)object->line : 0, "result",
					results[result], "rank", (json_int_t)rank));
}

static json_t *choice_text(enum choose_result result, uint64_t missing)
{
	static const char *const choices[] = {
		[CHOOSE_TAKEN] = "taken",
		[CHOOSE_NOT_PICKED] = "not picked",
		[CHOOSE_DRAIN] = "draining",
		[CHOOSE_DOWN] = "down",
		[CHOOSE_EXCLUDED] = "excluded by the content provider",
	};
	char offers[256];
	if (result == CHOOSE_OVER_CAPACITY)
		return json_string("over the capacity that it advertises");
	if (result < CHOOSE_NO_DELIVERY_PROTOCOL)
		return json_string(choices[result]);
	enum advert_type type = (enum advert_type)(result - CHOOSE_NO_DELIVERY_PROTOCOL);
	advert_offers_text(type, missing, offers, sizeof(offers));
	return json_sprintf("%s has no %s in this footprint",
			    advert_type_name(type) + strlen("FCI."), offers);
}

static void on_candidate(void *arg, const struct target *target, enum choose_result result,
			 uint64_t missing)
{
	struct explained *explained = arg;
	json_array_append_new(explained->candidates,
			      json_pack("{s:s, s:o}",
					target_kind_name((enum target_kind)target->kind),
					target->name, "result", choice_text(result, missing)));
}

static void on_unstacked(void *arg, const char *distinguished_host)
{
	struct explained *explained = arg;
	json_array_append_new(explained->unstacked, rpc_text(distinguished_host));
}

/* What the workers would find in their cache. */
static void look_up(struct explained *explained)
{
	struct verdict *verdict = &explained->verdict;
	const struct plane *plane = explained->control->plane;
	const struct request *req = &explained->req;
	struct ip_prefix client = {req->client, req->client_len};
	struct dri_ask ask;
	uint64_t now = plane_tsc_ms(plane);
	const struct dri *no_data = unasked_dri(req);
	if (no_data) {
		verdict->outcome = VERDICT_REDIRECT;
		verdict->dri = no_data;
		return;
	}
	explained->asked = verdict->target;
	if (!plane->dris)
		return;
	dri_cache_ask(plane->dris, verdict->target, req, &ask);
	const struct dri_answer *answer = dri_cache_find(plane->dris, &ask, &client, now);
	if (!answer)
		return;
	explained->kept_ms = answer->until_ms - now;
	if (!answer->dri)
		return;
	verdict->outcome = VERDICT_REDIRECT;
	verdict->dri = answer->dri;
	verdict->stale = now - answer->since_ms >= answer->fresh_ms;
	if (answer->client.len > verdict->ecs_scope)
		verdict->ecs_scope = answer->client.len;
}

void explain_match(struct explained *explained, enum drop_reason decoded)
{
	struct control *control = explained->control;
	struct match_trace trace = {explained, on_scope, on_candidate, on_unstacked};
	if (decoded != DROP_none) {
		explained->verdict = (struct verdict){.outcome = VERDICT_ERROR};
		return;
	}
	control->match.trace = &trace;
	match_request(control->plane->view, &control->match, &explained->req, &explained->verdict);
	control->match.trace = NULL;
	if (explained->verdict.outcome == VERDICT_ASK)
		look_up(explained);
}

/* --- What it came to ------------------------------------------------------------------------ */

/* The winner stands at the last "won"; scopes that matched but were overtaken, or rank below it,
 * get the rule that decided. */
static void tell_why(json_t *considered)
{
	const char *won = results[MATCH_WON], *less = results[MATCH_LESS_SPECIFIC];
	json_t *winner = NULL;
	for (size_t i = json_array_size(considered); i-- > 0 && !winner;) {
		json_t *entry = json_array_get(considered, i);
		if (!strcmp(json_string_value(json_object_get(entry, "result")), won))
			winner = entry;
	}
	uint64_t best = (uint64_t)json_integer_value(json_object_get(winner, "rank"));
	for (size_t i = 0; i < json_array_size(considered); i++) {
		json_t *entry = json_array_get(considered, i);
		uint64_t rank = (uint64_t)json_integer_value(json_object_get(entry, "rank"));
		const char *result = json_string_value(json_object_get(entry, "result"));
		if (winner && entry != winner && (!strcmp(result, won) || !strcmp(result, less))) {
			json_object_set_new(entry, "result", json_string(less));
			json_object_set_new(entry, "why",
					    json_sprintf("the winner goes before: %s",
							 scope_rank_why(best, rank)));
		}
	}
	for (size_t i = 0; i < json_array_size(considered); i++)
		json_object_del(json_array_get(considered, i), "rank");
}

const char *explain_outcome(enum verdict_outcome outcome)
{
	static const char *const outcomes[] = {
		[VERDICT_REDIRECT] = "redirect",
		[VERDICT_DENY] = "denied by its scope",
		[VERDICT_NO_SCOPE] = "no scope",
		[VERDICT_NO_TARGET] = "nothing usable",
		[VERDICT_ASK] = "redirect, as the CDN says when it is asked",
		[VERDICT_DELEGATED] = "delegated to the servers of a DRI",
		[VERDICT_FORBIDDEN] = "signed URI not good",
		[VERDICT_ERROR] = "request in error",
	};
	return outcomes[outcome];
}

const char *explain_protocol(uint8_t protocol)
{
	return protocol == PROTOCOL_DNS ? "dns" : protocol == PROTOCOL_HTTP ? "http" : "https";
}

static json_t *request_json(const struct request *req)
{
	char text[IP_TEXT_MAX], key[REQUEST_KEY_MAX + 1], type[QTYPE_TEXT_MAX];
	struct ip_prefix client = {req->client, req->client_len};
	memcpy(key, req->key, req->key_len);
	key[req->key_len] = '\0';
	json_t *json = json_pack("{s:s, s:s, s:o}", "protocol", explain_protocol(req->protocol),
				 "client", ip_prefix_text(&client, text), "key", rpc_text(key));
	if (req->protocol == PROTOCOL_DNS)
		json_object_set_new(json, "type", json_string(qtype_text(req->dns.qtype, type)));
	return json;
}

/* The names that records of zones lead to, up to the one that was matched. */
static void add_chain(json_t *json, const struct explained *explained)
{
	const struct verdict *verdict = &explained->verdict;
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name name;
	json_t *chain = verdict->n_before ? json_array() : NULL;
	for (unsigned i = 0; chain && i <= verdict->n_before; i++) {
		match_zone_name(&explained->req, verdict->links, i, &name);
		json_array_append_new(chain, rpc_text(dns_name_text(name.wire, name.len, text)));
	}
	if (chain)
		json_object_set_new(json, "chain", chain);
}

static void add_decision(json_t *json, const struct explained *explained)
{
	const struct verdict *verdict = &explained->verdict;
	if (verdict->scope)
		json_object_set_new(json, "scope", json_string(verdict->scope->name));
	if (verdict->zone)
		json_object_set_new(json, "zone", json_string(verdict->zone->text));
	if (verdict->target) {
		json_object_set_new(
			json, "target",
			json_pack("{s:s}",
				  target_kind_name((enum target_kind)verdict->target->kind),
				  verdict->target->name));
		json_object_set_new(json, "fell-back", json_boolean(verdict->fell_back));
	}
	if (explained->asked)
		json_object_set_new(
			json, "asked",
			json_pack("{s:s, s:s, s:f}", "strategy",
				  redirection_strategy_name(
					  (enum redirection_strategy)explained->asked->strategy),
				  "answer",
				  !explained->kept_ms ? "not kept, a request waits for it"
				  : verdict->dri      ? "kept"
						      : "refused",
				  "seconds", (double)explained->kept_ms / 1000));
	if (verdict->dri && verdict->target && verdict->dri != unasked_dri(&explained->req))
		json_object_set_new(json, "dri", show_dri_json(verdict->target, verdict->dri));
	if (explained->req.protocol != PROTOCOL_DNS)
		return;
	add_chain(json, explained);
	json_object_set_new(json, "ecs-scope", json_integer(verdict->ecs_scope));
}

json_t *explain_end(struct explained *explained, enum drop_reason reason, json_t *answer)
{
	tell_why(explained->considered);
	json_t *json = json_pack(
		"{s:I, s:o, s:s, s:o, s:o, s:I, s:o, s:o*}", "generation",
		(json_int_t)explained->control->plane->view->generation, "request",
		request_json(&explained->req), "outcome",
		explain_outcome((enum verdict_outcome)explained->verdict.outcome), "unstacked",
		explained->unstacked, "considered", explained->considered, "considered-more",
		(json_int_t)explained->more, "candidates", explained->candidates, "answer", answer);
	if (json)
		add_decision(json, explained);
	if (json && explained->verdict.outcome == VERDICT_ASK)
		json_object_del(json, "answer");
	else if (json && reason != DROP_none)
		json_object_set_new(json, "reason",
				    json_pack("{s:s, s:s}", "name", drop_reason_name(reason),
					      "text", drop_reason_text(reason)));
	return json;
}
