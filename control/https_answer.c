/* https_answer - a peer's request, and its answer: at once, later, or in pieces for as long as the peer listens. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "https_answer.h"

#include "https_connection.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- What was asked ----------------------------------------------------------------------------- */

const struct peer_settings *https_request_peer(const struct https_request *request)
{
	return request->peer->settings;
}

enum https_method https_request_method(const struct https_request *request)
{
	switch (evhttp_request_get_command(request->http)) {
	case EVHTTP_REQ_GET:
		return HTTPS_GET;
	case EVHTTP_REQ_HEAD:
		return HTTPS_HEAD;
	case EVHTTP_REQ_POST:
		return HTTPS_POST;
	case EVHTTP_REQ_PUT:
		return HTTPS_PUT;
	default:
		return HTTPS_DELETE;
	}
}

const char *https_request_path(const struct https_request *request)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request->http));
	return path && *path ? path : "/";
}

const char *https_request_query(const struct https_request *request)
{
	return evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request->http));
}

const char *https_request_header(const struct https_request *request, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(request->http), name);
}

const uint8_t *https_request_body(const struct https_request *request, size_t *len)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request->http);
	*len = evbuffer_get_length(body);
	const uint8_t *octets = *len ? evbuffer_pullup(body, -1) : NULL;
	if (!octets)
		*len = 0;
	return octets;
}

/* --- The answer --------------------------------------------------------------------------------- */

bool https_answer_header(struct https_request *request, const char *name, const char *value)
{
	return !evhttp_add_header(evhttp_request_get_output_headers(request->http), name, value);
}

static void set_type(struct https_request *request, const char *type)
{
	if (type)
		https_answer_header(request, "Content-Type", type);
}

/* That of the body which a GET would get (RFC 9110 §8.6). */
static bool set_length(struct https_request *request, size_t len)
{
	char text[32];
	snprintf(text, sizeof(text), "%zu", len);
	return !len || https_answer_header(request, "Content-Length", text);
}

void https_answer(struct https_request *request, int status, const char *type, const void *body,
		  size_t len)
{
	struct evhttp_request *http = request->http;
	struct evbuffer *out = evbuffer_new();
	/* libevent would send it. */
	bool head = https_request_method(request) == HTTPS_HEAD;
	request->ended = NULL;
	if (!out || (head ? !set_length(request, len) : evbuffer_add(out, body, len))) {
		/* Half an answer would be taken for a whole one. */
		https_connection_doom(request, HTTPS_CUT_LOST);
	} else {
		set_type(request, type);
		https_connection_answered(request);
		evhttp_send_reply(http, status, NULL, out);
	}
	if (out)
		evbuffer_free(out);
}

void https_answer_text(struct https_request *request, int status, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text) - 1, format, args);
	va_end(args);
	strcat(text, "\n");
	https_answer(request, status, "text/plain", text, strlen(text));
}

void https_answer_hold(struct https_request *request, void (*ended)(void *arg), void *arg)
{
	request->held = true;
	request->ended = ended;
	request->ended_arg = arg;
}

void https_answer_begin(struct https_request *request, int status, const char *type)
{
	set_type(request, type);
	request->begun = true;
	evhttp_send_reply_start(request->http, status, NULL);
}

size_t https_answer_pending(const struct https_request *request)
{
	return evbuffer_get_length(bufferevent_get_output(request->io));
}

bool https_answer_chunk(struct https_request *request, const void *octets, size_t len)
{
	if (request->doomed)
		return false;
	struct evbuffer *chunk = evbuffer_new();
	bool fits = https_answer_pending(request) + len <= request->server->limits.pending_octets &&
		    chunk && !evbuffer_add(chunk, octets, len);
	if (fits)
		evhttp_send_reply_chunk(request->http, chunk);
	else
		https_connection_doom(request, HTTPS_CUT_SLOW);
	if (chunk)
		evbuffer_free(chunk);
	return fits;
}

void https_answer_end(struct https_request *request)
{
	struct evhttp_request *http = request->http;
	request->ended = NULL;
	if (request->doomed)
		return;
	https_connection_answered(request);
	evhttp_send_reply_end(http);
}
