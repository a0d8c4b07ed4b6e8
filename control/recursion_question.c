/* recursion_question - a request of the packet path as a redirection-request, and what was answered as a DRI. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "recursion_question.h"

#include "lib/dns_name.h"
#include "lib/scope.h"
#include "lib/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A Location is sent in one segment. */
enum { LOCATION_MAX = 8192 };

/* "com.example.vod/" as "vod.example.com". */
static bool write_name(const struct span *key, struct writer *w)
{
	const char *host = (const char *)key->at;
	size_t end = key->len - 1;
	if (!end || memchr(host, 1, end))
		return false;
	while (end) {
		size_t start = end;
		while (start && host[start - 1] != '.')
			start--;
		writer_bytes(w, host + start, end - start);
		if (start)
			writer_u8(w, '.');
		end = start ? start - 1 : 0;
	}
	writer_u8(w, 0);
	return !w->bad;
}

/* The effective URI (RFC 9110 §7.1), without distinguished hosts of ours: those below know that of the content. */
static bool write_uri(const struct request *req, struct writer *w)
{
	const struct request_http *http = &req->http;
	if (!http->host.len)
		return false;
	writer_text(w, req->protocol == PROTOCOL_HTTPS ? "https://" : "http://");
	writer_bytes(w, http->host.at, http->host.len);
	writer_bytes(w, http->path.at, http->path.len);
	writer_bytes(w, http->query.at, http->query.len);
	writer_u8(w, 0);
	return !w->bad;
}

struct recursion_question *recursion_question_new(const struct dri_ask *ask, const char *uri,
						  const struct request *req)
{
	enum { SCHEME_MAX = 9 };
	bool dns = ask->protocol == PROTOCOL_DNS;
	size_t room = uri ? strlen(uri) + 1 : ask->key.len + 1;
	if (!dns && !uri)
		room = SCHEME_MAX + (size_t)req->http.host.len + req->http.path.len +
		       req->http.query.len;
	if (room > JSON_IN_TEXT_MAX)
		return NULL;
	size_t keys = ask->key.len + ask->query.len;
	struct recursion_question *question = calloc(1, sizeof(*question) + keys + room);
	if (!question)
		return NULL;
	struct writer w = writer_of(question->text, keys + room);
	question->ask = *ask;
	question->ask.key.at = w.at;
	writer_bytes(&w, ask->key.at, ask->key.len);
	question->ask.query.at = w.at;
	writer_bytes(&w, ask->query.at, ask->query.len);
	const char *text = (const char *)w.at;
	*(dns ? &question->name : &question->uri) = text;
	bool good = true;
	if (uri)
		writer_bytes(&w, uri, room);
	else
		good = dns ? write_name(&ask->key, &w) : write_uri(req, &w);
	if (good && !w.bad)
		return question;
	free(question);
	return NULL;
}

void recursion_question_fill(const struct recursion_question *question, struct ri_request *request)
{
	*request = (struct ri_request){.protocol = question->ask.protocol};
	if (question->ask.protocol == PROTOCOL_DNS) {
		request->resolver = question->source;
		request->has_subnet = question->user.len < ip_bits(&question->user.addr) ||
				      !ip_addr_equal(&question->user.addr, &question->source);
		request->subnet = question->user;
		request->qtype = question->ask.kind;
		request->qname = question->name;
		request->dns_only = question->ask.strategy == STRATEGY_FULL_RECURSIVE;
		return;
	}
	request->protocol = PROTOCOL_HTTP;
	request->client = question->user.addr;
	request->uri = question->uri;
	request->method = http_method_name((enum http_method)question->ask.kind);
	request->version = "HTTP/1.1";
}

/* --- The answer ------------------------------------------------------------------------------------------------------ */

static bool fill_dns(const struct ri_response *response, uint32_t turn, struct dri *dri)
{
	const char *cname = ri_response_cname(response, turn);
	struct dns_name name;
	dri->ttl = response->ttl;
	if (cname)
		return dns_name_from_text(cname, &name) && dri_set_cname(dri, name.wire, name.len);
	dri->n_v4 = response->n_v4;
	dri->n_v6 = response->n_v6;
	memcpy(dri->v4, response->v4, sizeof(dri->v4));
	memcpy(dri->v6, response->v6, sizeof(dri->v6));
	return dri->n_v4 || dri->n_v6;
}

/* An https request is never sent to http (RFC 7336 §3.2). */
static bool fill_http(const struct recursion_question *question, const char *location,
		      struct dri *dri)
{
	struct uri uri;
	struct span text = {(const uint8_t *)location, (uint32_t)strlen(location)};
	if (text.len > LOCATION_MAX || !uri_split(text, &uri) ||
	    (question->ask.protocol == PROTOCOL_HTTPS && !uri.https))
		return false;
	dri->location = strdup(location);
	dri->scheme = strdup(uri.https ? "https" : "http");
	if (asprintf(&dri->authority, "%.*s%s%.*s", (int)uri.host.len, (const char *)uri.host.at,
		     uri.port.len ? ":" : "", (int)uri.port.len, (const char *)uri.port.at) < 0)
		dri->authority = NULL;
	return dri->location && dri->scheme && dri->authority;
}

struct dri *recursion_question_dri(const struct recursion_question *question,
				   const struct ri_response *response, uint32_t turn)
{
	bool dns = question->ask.protocol == PROTOCOL_DNS;
	if (ri_response_is_refusal(response) ||
	    response->protocol != (dns ? PROTOCOL_DNS : PROTOCOL_HTTP))
		return NULL;
	struct dri *dri = calloc(1, sizeof(*dri));
	if (!dri)
		return NULL;
	dri->refs = 1;
	dri->footprint = SCOPE_ANY_FOOTPRINT;
	if (dns ? fill_dns(response, turn, dri) : fill_http(question, response->location, dri))
		return dri;
	dri_release(dri);
	return NULL;
}

struct ip_prefix recursion_question_range(const struct recursion_question *question,
					  const struct ri_response *response)
{
	struct ip_prefix range = question->user;
	bool found = false;
	for (unsigned i = 0; response->has_scope && i < response->n_ranges; i++) {
		const struct ip_prefix *next = &response->ranges[i];
		struct ip_addr user = question->user.addr;
		ip_addr_mask(&user, next->len);
		if (next->addr.family != user.family || next->len > question->user.len ||
		    !ip_addr_equal(&user, &next->addr) || (found && next->len <= range.len))
			continue;
		range = *next;
		found = true;
	}
	return range;
}
