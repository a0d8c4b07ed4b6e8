/* peer_session - the tries to learn from a downstream CDN, one after the other: its directory, then its update stream or polling. RFC 7285, RFC
 * 9241, RFC 8895. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_session.h"

#include "alto_error.h"
#include "alto_media.h"
#include "json_strict.h"
#include "peer_steps.h"
#include "sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_FLOOR_MS = 1000, AGAIN_CAP_MS = 60000, DOCUMENT_DEPTH = 32 };

/* What belongs to an attempt. */
static void clear_attempt(struct peer_session *session)
{
	if (session->call)
		https_client_cancel(session->call);
	session->call = NULL;
	evtimer_del(session->timer);
	alto_directory_free(session->directory);
	session->directory = NULL;
	sse_clear(&session->sse);
	session->streaming = false;
	alto_map_free(session->map);
	session->map = NULL;
	free(session->own_poll_uri);
	session->own_poll_uri = NULL;
	session->etag[0] = session->map_etag[0] = '\0';
	session->polling_since = 0;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct peer_session *session = arg;
	(void)fd;
	(void)what;
	session->then(session);
}

void peer_session_later(struct peer_session *session, uint32_t ms,
			void (*then)(struct peer_session *session))
{
	struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	session->then = then;
	evtimer_add(session->timer, &wait);
}

struct peer_session *peer_session_new(struct peer *peer)
{
	struct peer_session *session = calloc(1, sizeof(*session));
	if (!session)
		return NULL;
	session->peer = peer;
	session->timer = evtimer_new(peer->sessions->control->base, on_timer, session);
	if (!session->timer) {
		free(session);
		return NULL;
	}
	backoff_init(&session->backoff, AGAIN_FLOOR_MS, AGAIN_CAP_MS);
	peer_session_later(session, 0, peer_directory_begin);
	return session;
}

void peer_session_free(struct peer_session *session)
{
	if (!session)
		return;
	clear_attempt(session);
	peer_stream_forget(session);
	event_free(session->timer);
	free(session);
}

void peer_session_fail(struct peer_session *session, const char *why)
{
	struct peer *peer = session->peer;
	if (peer->life.state == PEER_ESTABLISHED || peer->life.state == PEER_POLLING)
		backoff_reset(&session->backoff);
	else if (session->streaming)
		session->stream_failures++;
	peer_lost(peer, why);
	clear_attempt(session);
	peer_session_later(session, backoff_next(&session->backoff), peer_directory_begin);
}

int64_t peer_session_wait_ms(const struct peer_session *session)
{
	struct timeval due, now;
	if (!evtimer_pending(session->timer, &due))
		return -1;
	event_base_gettimeofday_cached(session->peer->sessions->control->base, &now);
	int64_t ms = (due.tv_sec - now.tv_sec) * INT64_C(1000) + (due.tv_usec - now.tv_usec) / 1000;
	return ms > 0 ? ms : 0;
}

/* --- Questions and answers ------------------------------------------------------------------------ */

static bool on_chunk(void *arg, struct https_call *call, const uint8_t *octets, size_t len)
{
	struct peer_session *session = arg;
	session->peer->octets += len;
	peer_life_heard(&session->peer->life, 0, peer_now(session->peer));
	session->answered = call;
	session->question.chunk(session, octets, len);
	session->answered = NULL;
	return true;
}

static void on_done(void *arg, struct https_call *call, const struct https_call_answer *answer)
{
	struct peer_session *session = arg;
	session->call = NULL;
	session->peer->octets += answer->len;
	session->answered = call;
	session->question.done(session, answer);
	session->answered = NULL;
}

/* At most so many; gives the next free place. */
static size_t add_header(const char *headers[], size_t n, char line[PEER_ETAG_MAX + 32],
			 const char *name, const char *value)
{
	snprintf(line, PEER_ETAG_MAX + 32, "%s: %s", name, value);
	headers[n] = line;
	return n + 1;
}

void peer_session_ask(struct peer_session *session, const struct peer_question *question)
{
	const struct peer_settings *settings = session->peer->settings;
	struct https_client *client = session->peer->sessions->client;
	char lines[3][PEER_ETAG_MAX + 32], err[PEER_WHY_MAX];
	const char *headers[4] = {NULL};
	size_t n = add_header(headers, 0, lines[0], "Accept", question->accept);
	if (question->type)
		n = add_header(headers, n, lines[1], "Content-Type", question->type);
	if (question->etag && question->etag[0])
		add_header(headers, n, lines[2], "If-None-Match", question->etag);
	struct https_call_plan plan = {
		.headers = headers,
		.limits = https_call_limits_default,
		.chunk = question->chunk ? on_chunk : NULL,
		.done = on_done,
		.arg = session,
	};
	plan.limits.octets = settings->limits.octets;
	plan.limits.idle_ms = 0; /* a stream has its hold time */
	session->question = *question;
	session->call = question->body ? https_client_post(client, settings->name, question->uri,
							   question->body, strlen(question->body),
							   &plan, err, sizeof(err))
				       : https_client_get(client, settings->name, question->uri,
							  &plan, err, sizeof(err));
	if (!session->call)
		peer_session_fail(session, err);
}

const char *peer_session_describe(struct peer_session *session,
				  const struct https_call_answer *answer, char why[PEER_WHY_MAX])
{
	const struct json_limits limits = {1 << 16, DOCUMENT_DEPTH, 1000};
	const char *type = https_client_header(session->answered, "Content-Type");
	struct alto_error error;
	char err[128], text[256] = "";
	if (answer->error) {
		snprintf(why, PEER_WHY_MAX, "%s", answer->error);
		return why;
	}
	if (alto_media_is(type, ALTO_ERROR)) {
		json_t *body = json_strict_load((const char *)answer->body, answer->len, &limits,
						err, sizeof(err));
		if (body && alto_error_read(body, &error))
			alto_error_text(&error, text, sizeof(text));
		json_decref(body);
	}
	snprintf(why, PEER_WHY_MAX, "%.200s answered status %d%s%s%s%.250s", session->question.uri,
		 answer->status, type ? " with " : "", type ? type : "", text[0] ? ": " : "", text);
	return why;
}

json_t *peer_session_document(struct peer_session *session, const struct https_call_answer *answer,
			      const char *type, char why[PEER_WHY_MAX])
{
	const struct peer_settings *settings = session->peer->settings;
	const struct json_limits limits = {settings->limits.octets, DOCUMENT_DEPTH,
					   settings->limits.octets / 4};
	const char *came = https_client_header(session->answered, "Content-Type");
	bool fits = alto_media_is(came, type) ||
		    (settings->lenient && alto_media_is(came, "application/json"));
	char err[PEER_WHY_MAX / 2];
	if (answer->error || answer->status != 200 || !fits) {
		peer_session_describe(session, answer, why);
		return NULL;
	}
	json_t *value = json_strict_load((const char *)answer->body, answer->len, &limits, err,
					 sizeof(err));
	if (!value)
		snprintf(why, PEER_WHY_MAX, "%.200s: %s", session->question.uri, err);
	return value;
}
