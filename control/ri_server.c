/* ri_server - answers upstream CDNs over the Redirection Interface. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_server.h"

#include "cdni_media.h"
#include "ri_decode.h"
#include "ri_exchange.h"
#include "sign.h"

#include <stdio.h>
#include <stdlib.h>

static const char media_type[] = "application/cdni; ptype=" RI_RESPONSE_PTYPE,
		  not_stored[] = "no-store";

/* --- The answer ----------------------------------------------------------------------------- */

static void exchange_free(struct ri_exchange *x)
{
	if (x->proof)
		uri_signing_verdict_clear(x->proof);
	free(x->proof);
	ri_request_clear(&x->request);
	view_release(x->view);
	free(x);
}

static void reply(const struct ri_call *call, unsigned status, const char *cache_control,
		  const struct ri_response *response)
{
	char *body = ri_response_write(response);
	struct ri_reply told = {
		.status = body ? status : 500,
		.media_type = media_type,
		.cache_control = body ? cache_control : not_stored,
		.body = body ? body : "{\"error\":{\"error-code\":500,\"reason\":\"no memory\"}}",
	};
	told.len = strlen(told.body);
	call->done(call->arg, &told);
	free(body);
}

static void reply_error(const struct ri_call *call, unsigned status, enum ri_error error,
			const char *reason)
{
	const struct ri_response response = {.error_code = error, .error_reason = reason};
	if (error < RI_FAILED)
		call->peer->counters->bad++;
	else
		call->peer->counters->errors[error - RI_FAILED]++;
	reply(call, status, not_stored, &response);
}

void ri_exchange_end(struct ri_exchange *x)
{
	x->ended = true;
	if (!x->starting)
		exchange_free(x);
}

static struct sign_request signed_request(const struct ri_exchange *x)
{
	const char *uri = x->request.uri;
	return (struct sign_request){
		.scope = x->verdict.scope,
		.req = &x->req,
		.uri = {(const uint8_t *)uri, (uint32_t)strlen(uri)},
	};
}

/* RFC 9246 §4.3. Nobody else may be told of it, nor this one again. */
static void answer_signed(struct ri_exchange *x, const struct ri_response *response)
{
	const char *to = response->location;
	struct sign_request request = signed_request(x);
	struct dri *dri =
		sign_location(x->control->sign, &request, x->proof,
			      (struct span){(const uint8_t *)to, (uint32_t)strlen(to)}, NULL);
	if (!dri) {
		ri_exchange_fail(x, RI_FAILED, "the redirection target cannot be signed");
		return;
	}
	struct ri_response told = *response;
	told.location = dri->location;
	told.has_scope = false;
	x->call.peer->counters->redirects++;
	reply(&x->call, 200, not_stored, &told);
	dri_release(dri);
	ri_exchange_end(x);
}

void ri_exchange_answer(struct ri_exchange *x, const struct ri_response *response,
			const struct freshness *freshness)
{
	if (x->proof) {
		answer_signed(x, response);
		return;
	}
	char cache_control[96] = "max-age=0";
	if (freshness->fresh)
		snprintf(cache_control, sizeof(cache_control),
			 "max-age=%u, stale-while-revalidate=%u, stale-if-error=%u",
			 freshness->fresh, freshness->stale_while, freshness->stale_if_error);
	x->call.peer->counters->redirects++;
	reply(&x->call, 200, cache_control, response);
	ri_exchange_end(x);
}

void ri_exchange_fail(struct ri_exchange *x, enum ri_error error, const char *reason)
{
	reply_error(&x->call, error < RI_FAILED ? 400 : 500, error, reason);
	ri_exchange_end(x);
}

/* --- The request ---------------------------------------------------------------------------- */

static void on_scope(void *arg, const struct scope *scope, enum match_result result, uint64_t rank)
{
	(void)scope, (void)rank;
	if (result == MATCH_PROTOCOL)
		*(bool *)arg = true;
}

/* Says whether a scope would take the request if it came by another protocol. */
static void fail_without_scope(struct ri_exchange *x)
{
	bool other_protocol = false;
	struct match_trace trace = {.arg = &other_protocol, .scope = on_scope};
	struct match_context *context = &x->control->match;
	context->trace = &trace;
	match_scope(x->view, context, &x->req, &x->verdict);
	context->trace = NULL;
	if (!other_protocol)
		ri_exchange_fail(x, RI_FAILED, "no scope takes this request");
	else if (x->req.protocol == PROTOCOL_DNS)
		ri_exchange_fail(x, RI_REDIRECTION_PROTOCOL, "not redirected by DNS");
	else
		ri_exchange_fail(x, RI_DELIVERY_PROTOCOL, "not delivered by this protocol");
}

/* Once, whoever is asked then: a token may be good only once. true: it need not be signed, or is good. */
static bool verify(struct ri_exchange *x)
{
	char reason[128];
	if (!x->verdict.scope->signed_uri || x->req.protocol == PROTOCOL_DNS)
		return true;
	x->proof = malloc(sizeof(*x->proof));
	if (!x->proof) {
		ri_exchange_fail(x, RI_FAILED, "no memory");
		return false;
	}
	struct sign_request request = signed_request(x);
	enum uri_sign_code code = sign_verify(x->control->sign, &request, x->proof);
	if (code == URI_SIGN_GOOD)
		return true;
	snprintf(reason, sizeof(reason), "URI signing: %d, %s", (int)code,
		 uri_sign_code_text(code));
	ri_exchange_fail(x, RI_FAILED, reason);
	return false;
}

static void decide(struct ri_exchange *x)
{
	match_scope(x->view, &x->control->match, &x->req, &x->verdict);
	const struct scope *scope = x->verdict.scope;
	if (!scope)
		fail_without_scope(x);
	else if (scope->action == SCOPE_DENY)
		ri_exchange_fail(x, RI_FAILED, "denied");
	else if (verify(x))
		ri_choose(x);
}

/* What has to be so before anything is looked up. */
static bool path_is_good(struct ri_exchange *x)
{
	const struct ri_path *path = &x->request.path;
	const char *theirs = x->call.peer->provider_id;
	if (theirs && strcmp(path->ids[path->n - 1], theirs) != 0)
		ri_exchange_fail(x, RI_REQUEST_BAD, "cdn-path does not end with the CDN that asks");
	else if (ri_path_has(path, x->server->provider_id))
		ri_exchange_fail(x, RI_LOOP, "this CDN is in cdn-path already");
	else if (path->n > x->request.max_hops)
		ri_exchange_fail(x, RI_TOO_MANY_HOPS, "cdn-path is longer than max-hops");
	else
		return true;
	return false;
}

static void start(struct ri_exchange *x)
{
	if (!path_is_good(x))
		return;
	if (!x->request.protocol) {
		ri_exchange_fail(x, RI_REDIRECTION_PROTOCOL, "expected 'dns' or 'http'");
		return;
	}
	uint64_t now = plane_now_ns(x->control->plane) / UINT64_C(1000000000);
	struct writer head = writer_of(x->head, ri_decode_room(x->call.len));
	const char *wrong = ri_decode(&x->request, now, head, &x->req);
	if (wrong)
		ri_exchange_fail(x, RI_REQUEST_BAD, wrong);
	else
		decide(x);
}

static struct ri_exchange *exchange_new(struct control *control, struct ri_server *server,
					const struct ri_call *call)
{
	size_t readable = call->len <= RI_OCTETS_MAX ? call->len : 0;
	struct ri_exchange *x = malloc(sizeof(*x) + ri_decode_room(readable));
	if (!x)
		return NULL;
	x->control = control;
	x->server = server;
	x->call = *call;
	x->view = control->plane->view;
	view_retain(x->view);
	x->proof = NULL;
	x->tried = 0;
	x->n_fallbacks = 0;
	x->error = RI_NO_CAPACITY;
	x->reason = "nothing usable";
	x->starting = true;
	x->ended = false;
	return x;
}

/* It may quote any octets, and end within a character. */
static const char *reason_of(struct faults *faults)
{
	if (!faults->n)
		return "malformed";
	for (char *at = faults->list[0].text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return faults->list[0].text;
}

struct ri_exchange *ri_answer(struct control *control, struct ri_server *server,
			      const struct ri_call *call)
{
	struct faults faults = {0};
	call->peer->counters->requests++;
	if (!cdni_media_is(call->content_type, RI_REQUEST_PTYPE)) {
		reply_error(call, 415, RI_REQUEST_BAD,
			    "expected Content-Type: application/cdni; ptype=" RI_REQUEST_PTYPE);
		return NULL;
	}
	struct ri_exchange *x = exchange_new(control, server, call);
	if (!x) {
		reply_error(call, 500, RI_FAILED, "no memory");
		return NULL;
	}
	if (ri_request_read(&x->request, call->body, call->len, &faults))
		start(x);
	else
		ri_exchange_fail(x, RI_REQUEST_BAD, reason_of(&faults));
	faults_clear(&faults);
	x->starting = false;
	if (!x->ended)
		return x;
	exchange_free(x);
	return NULL;
}

void ri_cancel(struct ri_exchange *exchange)
{
	exchange->call.done = NULL;
}
