/* ri_choose - the redirection target for an upstream CDN, by the candidates and fallbacks of the scope. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/dns_name.h"
#include "lib/http_answer.h"
#include "ri_exchange.h"

enum { LOCATION_MAX = 4 * JSON_IN_TEXT_MAX };

/* --- What is told --------------------------------------------------------------------------- */

static struct ri_response start_response(const struct ri_exchange *x)
{
	struct ri_response response = {
		.protocol = x->request.protocol,
		.name = x->request.qname,
		.uri = x->request.uri,
		.has_scope = true,
		.n_ranges = 1,
		.ranges = {{x->req.client, x->verdict.ecs_scope}},
	};
	ip_addr_mask(&response.ranges[0].addr, response.ranges[0].len);
	if (x->call.peer->disclose == DISCLOSE_NODES) {
		response.path = x->request.path;
		if (!ri_path_add(&response.path, x->server->provider_id))
			response.path.n = 0;
	}
	return response;
}

static struct freshness freshness_of_ttl(uint32_t ttl)
{
	return (struct freshness){ttl, ttl < RI_STALE_WHILE ? ttl : RI_STALE_WHILE,
				  RI_STALE_IF_ERROR};
}

static bool tell_dns(struct ri_exchange *x, const struct dri *dri)
{
	char cname[DNS_NAME_TEXT_MAX];
	struct ri_response response = start_response(x);
	response.ttl = dri->ttl;
	response.n_v4 = dri->n_v4;
	response.n_v6 = dri->n_v6;
	memcpy(response.v4, dri->v4, sizeof(response.v4));
	memcpy(response.v6, dri->v6, sizeof(response.v6));
	if (dri->cname_len) {
		response.n_cnames = 1;
		response.cnames[0] = dns_name_text(dri->cname, dri->cname_len, cname);
		response.n_v4 = response.n_v6 = 0;
	}
	struct freshness freshness = freshness_of_ttl(dri->ttl);
	ri_exchange_answer(x, &response, &freshness);
	return true;
}

static bool tell_http(struct ri_exchange *x, const struct dri *dri)
{
	char location[LOCATION_MAX];
	struct writer w = writer_of(location, sizeof(location));
	if (!http_answer_location(&w, &x->req, dri))
		return ri_exchange_pass(x, RI_NO_CAPACITY, "the request has no host");
	writer_u8(&w, 0);
	if (w.bad)
		return ri_exchange_pass(x, RI_FAILED, "the redirection target is too long");
	struct ri_response response = start_response(x);
	response.status = x->verdict.scope->status ? x->verdict.scope->status : 302;
	response.location = location;
	struct freshness freshness = freshness_of_ttl(dri->ttl);
	ri_exchange_answer(x, &response, &freshness);
	return true;
}

static bool pass_over(struct ri_exchange *x, enum match_fit fit)
{
	switch (fit) {
	case MATCH_FIT_NO_PART:
		return ri_exchange_pass(x, RI_REDIRECTION_PROTOCOL,
					"there is no redirection target for this protocol");
	case MATCH_FIT_DOWNGRADE:
		return ri_exchange_pass(x, RI_DELIVERY_PROTOCOL,
					"there is no redirection target with https");
	default:
		return ri_exchange_pass(x, RI_NO_CAPACITY, "there is no redirection target");
	}
}

/* What is told in place of a node. NULL: nothing. */
static const struct dri *router_dri(struct ri_exchange *x)
{
	const char *name = x->server->router;
	const struct object *object =
		name ? object_find(x->view->objects, OBJECT_NODE, name) : NULL;
	const struct target *router =
		object && !object->removed ? view_target(x->view, object->made.id) : NULL;
	if (!router || router->state == TARGET_DOWN)
		return NULL;
	return match_dri(x->view, &x->req, router, &x->verdict);
}

/* As the target's DRI says. No other candidate is tried when it does not fit: a DRI does not change the selection (LL-11). */
static bool tell(struct ri_exchange *x, const struct target *target)
{
	bool node = target->kind == TARGET_NODE,
	     hidden = node && x->call.peer->disclose != DISCLOSE_NODES;
	if (x->request.dns_only && (!node || hidden))
		return ri_exchange_pass(x, RI_REDIRECTION_PROTOCOL,
					"dns-only: no address of a node can be told");
	const struct dri *dri =
		hidden ? router_dri(x) : match_dri(x->view, &x->req, target, &x->verdict);
	enum match_fit fit = match_dri_fit(&x->req, dri);
	if (fit == MATCH_FITS && x->request.dns_only && dri->cname_len)
		fit = MATCH_FIT_NO_PART;
	if (fit != MATCH_FITS) {
		x->tried = UINT64_MAX;
		return pass_over(x, fit);
	}
	return x->req.protocol == PROTOCOL_DNS ? tell_dns(x, dri) : tell_http(x, dri);
}

/* --- Who is tried --------------------------------------------------------------------------- */

/* true: there is an answer, or the CDN was asked. */
static bool try_target(struct ri_exchange *x, uint32_t id)
{
	const struct ri_server *server = x->server;
	const struct target *target = view_target(x->view, id);
	if (target->kind == TARGET_NODE)
		return tell(x, target);
	if (target->provider_id && ri_path_has(&x->request.path, target->provider_id))
		return ri_exchange_pass(x, RI_LOOP, "the CDN is in cdn-path already");
	if (target->strategy == STRATEGY_ITERATIVE)
		return tell(x, target);
	const struct ri_peer *peer = server->downstream(server->arg, target);
	return peer ? ri_ask(x, target, peer)
		    : ri_exchange_pass(x, RI_NO_CAPACITY, "a downstream CDN cannot be asked");
}

static const struct scope_candidate *next_candidate(struct ri_exchange *x)
{
	const struct scope *scope = x->verdict.scope;
	struct match_context *context = &x->control->match;
	if (scope->action != SCOPE_REDIRECT)
		return NULL;
	context->tried = x->tried;
	const struct scope_candidate *next =
		match_candidate(x->view, context, &x->req, &x->verdict);
	context->tried = 0;
	if (next)
		x->tried |= UINT64_C(1) << (next - scope->candidates);
	return next;
}

void ri_choose(struct ri_exchange *x)
{
	const struct scope_candidate *candidate;
	while ((candidate = next_candidate(x)))
		if (try_target(x, candidate->target))
			return;
	const uint32_t fallbacks[RI_FALLBACKS] = {x->verdict.scope->fallback, x->view->fallback};
	while (x->n_fallbacks < RI_FALLBACKS) {
		uint32_t id = fallbacks[x->n_fallbacks++];
		if (match_may_have(x->view, &x->req, id) && try_target(x, id))
			return;
	}
	ri_exchange_fail(x, x->error, x->reason);
}
