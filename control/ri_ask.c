/* ri_ask - a downstream CDN asked on behalf of an upstream one, and its answer passed on. RFC 7975 §4.8. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/http_request.h"
#include "ri_exchange.h"

#include <stdio.h>
#include <strings.h>

/* --- The question --------------------------------------------------------------------------- */

/* The URI without our own distinguished host: the CDN below knows that of the content (RFC 7336 §4.8). false: it is too long. */
static bool unstacked_uri(const struct ri_exchange *x, char uri[JSON_IN_TEXT_MAX + 1])
{
	const struct request_http *http = &x->req.http;
	int len = snprintf(uri, JSON_IN_TEXT_MAX + 1, "%s://%.*s%.*s%.*s",
			   x->req.protocol == PROTOCOL_HTTPS ? "https" : "http",
			   (int)http->host.len, (const char *)http->host.at, (int)http->path.len,
			   (const char *)http->path.at, (int)http->query.len,
			   (const char *)http->query.at);
	return len <= JSON_IN_TEXT_MAX;
}

/* max-hops is compared with the length of cdn-path, so ours counts from here on. */
static uint32_t limit_hops(const struct ri_request *request, uint32_t ours)
{
	if (ours == RI_NO_LIMIT || ours > request->max_hops)
		return request->max_hops;
	uint64_t limit = (uint64_t)request->path.n + ours;
	return limit < request->max_hops ? (uint32_t)limit : request->max_hops;
}

/* --- The answer ----------------------------------------------------------------------------- */

static bool holds(const struct ip_prefix *outer, const struct ip_prefix *inner)
{
	struct ip_addr masked = inner->addr;
	ip_addr_mask(&masked, outer->len);
	return outer->len <= inner->len && ip_addr_equal(&masked, &outer->addr);
}

/* Both decisions have to be the same for a client. */
static void narrow(struct ri_response *response, const struct ip_prefix *ours)
{
	uint8_t n = 0;
	for (uint8_t i = 0; i < response->n_ranges; i++) {
		struct ip_prefix range = response->ranges[i];
		if (holds(ours, &range))
			response->ranges[n++] = range;
		else if (holds(&range, ours))
			response->ranges[n++] = *ours;
	}
	response->n_ranges = n;
	response->has_scope = n > 0;
}

static void pass_on(struct ri_exchange *x, const struct ri_response *below,
		    const struct freshness *left)
{
	struct ri_response response = *below;
	struct ip_prefix ours = {x->req.client, x->verdict.ecs_scope};
	ip_addr_mask(&ours.addr, ours.len);
	narrow(&response, &ours);
	response.name = x->request.qname;
	response.uri = x->request.uri;
	response.error_code = RI_NO_ERROR;
	if (x->call.peer->disclose != DISCLOSE_NODES)
		response.path.n = 0;
	ri_exchange_answer(x, &response, left);
}

/* false: x->error says why. */
static bool is_usable(struct ri_exchange *x, const struct ri_response *below)
{
	if (!below)
		return ri_exchange_pass(x, RI_FAILED, "a downstream CDN did not answer");
	if (ri_response_is_refusal(below)) {
		bool theirs = below->error_code >= RI_FAILED &&
			      below->error_code <= RI_REDIRECTION_PROTOCOL;
		return ri_exchange_pass(x, theirs ? (enum ri_error)below->error_code : RI_FAILED,
					"a downstream CDN refused the request");
	}
	if (below->protocol != x->request.protocol)
		return ri_exchange_pass(x, RI_FAILED,
					"a downstream CDN answered for another protocol");
	if (x->req.protocol == PROTOCOL_HTTPS && strncasecmp(below->location, "https:", 6) != 0)
		return ri_exchange_pass(x, RI_DELIVERY_PROTOCOL,
					"a downstream CDN answered with http");
	return true;
}

static void on_asked(void *arg, const struct ri_response *below, const struct freshness *left)
{
	struct ri_exchange *x = arg;
	if (!x->call.done)
		ri_exchange_end(x);
	else if (is_usable(x, below))
		pass_on(x, below, left);
	else
		ri_choose(x);
}

bool ri_ask(struct ri_exchange *x, const struct target *cdn, const struct ri_peer *peer)
{
	char uri[JSON_IN_TEXT_MAX + 1];
	struct ri_server *server = x->server;
	struct ri_request request = x->request;
	if (request.path.n >= request.max_hops || !ri_path_add(&request.path, server->provider_id))
		return ri_exchange_pass(x, RI_TOO_MANY_HOPS,
					"max-hops: no further CDN may be asked");
	if (request.protocol == PROTOCOL_HTTP && x->req.http.unstacked) {
		if (!unstacked_uri(x, uri))
			return ri_exchange_pass(x, RI_FAILED, "the URI is too long");
		request.uri = uri;
	}
	request.max_hops = limit_hops(&x->request, peer->max_hops);
	request.dns_only |= cdn->strategy == STRATEGY_FULL_RECURSIVE;
	x->call.peer->counters->asked++;
	server->ask(server->arg, cdn, &request, on_asked, x);
	return true;
}
