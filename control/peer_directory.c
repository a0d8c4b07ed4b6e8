/* peer_directory - a session's first step: the directory of the peer and those that it names, and what is chosen of them. RFC 7285 §9. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_media.h"
#include "log.h"
#include "peer_steps.h"

#include <stdio.h>
#include <string.h>

enum { STREAM_FAILURES = 3 }; /* then its routes are polled */

static void choose(struct peer_session *session)
{
	char err[PEER_WHY_MAX];
	if (!alto_directory_choose(session->directory, NULL, &session->choice, err, sizeof(err))) {
		peer_session_fail(session, err);
		return;
	}
	peer_attempt(session->peer, PEER_WAITING);
	session->poll_uri = session->choice.advertisement->uri;
	if (session->choice.stream && session->stream_failures < STREAM_FAILURES)
		peer_stream_begin(session);
	else
		peer_poll_begin(session);
}

/* Some give out their advertisement and nothing else: it is polled. */
static bool is_advertisement(const struct peer_session *session, const json_t *body)
{
	return session->peer->settings->lenient && (json_object_get(body, "capabilities") ||
						    json_object_get(body, "cdni-advertisement"));
}

static void poll_instead(struct peer_session *session)
{
	session->own_poll_uri = strdup(session->question.uri);
	session->poll_uri = session->own_poll_uri;
	session->choice = (struct alto_choice){0};
	if (!session->own_poll_uri) {
		peer_session_fail(session, "no memory");
		return;
	}
	peer_attempt(session->peer, PEER_WAITING);
	peer_poll_begin(session);
}

static void next(struct peer_session *session);

static void log_left_out(const struct peer_session *session, const struct faults *faults)
{
	if (faults->total)
		log_line(LOG_LEVEL_WARNING,
			 "peer %s: %zu entries of its directory are left out: %s",
			 session->peer->settings->name, faults->total,
			 faults->n ? faults->list[0].text : "no memory");
}

/* One that is named by another and cannot be had is passed over. */
static void on_directory(struct peer_session *session, const struct https_call_answer *answer)
{
	bool first = session->peer->life.state == PEER_CONNECTING;
	char why[PEER_WHY_MAX];
	struct faults faults = {0};
	json_t *body = peer_session_document(session, answer, ALTO_DIRECTORY, why);
	bool read = body && alto_directory_read(session->directory, body, &faults);
	bool instead = body && !read && first && is_advertisement(session, body);
	json_decref(body);
	log_left_out(session, &faults);
	if (body && !read)
		snprintf(why, sizeof(why), "%.300s is no ALTO directory", session->question.uri);
	faults_clear(&faults);
	if (instead) {
		poll_instead(session);
	} else if (!read && first) {
		peer_session_fail(session, why);
	} else {
		if (!body)
			alto_directory_skip(session->directory);
		next(session);
	}
}

static void next(struct peer_session *session)
{
	struct peer_question question = {
		.uri = alto_directory_next(session->directory),
		.accept = ALTO_DIRECTORY ", " ALTO_ERROR,
		.done = on_directory,
	};
	if (!question.uri) {
		choose(session);
		return;
	}
	if (session->directory_read)
		peer_attempt(session->peer, PEER_DIRECTORY);
	session->directory_read = true;
	peer_session_ask(session, &question);
}

void peer_directory_begin(struct peer_session *session)
{
	session->directory = alto_directory_new(session->peer->settings->directory);
	session->directory_read = false;
	if (!session->directory) {
		peer_session_fail(session, "no memory");
		return;
	}
	peer_attempt(session->peer, PEER_CONNECTING);
	next(session);
}
