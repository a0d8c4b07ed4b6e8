/* peer_stream - follows the update stream of a peer: each version of its advertisement, with the network map that it depends on. RFC 8895. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_media.h"
#include "peer_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Our names of the substreams. */
static const char advertisement_id[] = "advertisement", map_id[] = "map";

enum { EVENT_DEPTH = 32 };

void peer_stream_forget(struct peer_session *session)
{
	alto_update_free(session->update);
	session->update = NULL;
	session->told_of[0][0] = '\0';
}

/* --- What it tells ---------------------------------------------------------------------------------- */

/* NULL: there is none, or why says what is wrong with it. */
static struct alto_map *map_of(const struct peer_session *session, char why[PEER_WHY_MAX])
{
	const json_t *document = alto_update_document(session->update, map_id);
	struct faults faults = {0};
	struct alto_map *map = NULL;
	why[0] = '\0';
	if (document)
		map = alto_map_read(document, session->peer->settings->limits.footprints, &faults);
	if (document && !map)
		snprintf(why, PEER_WHY_MAX, "its network map cannot be used: %.300s",
			 faults.n ? faults.list[0].text : "no memory");
	faults_clear(&faults);
	return map;
}

/* false: the session has ended. */
static bool take(struct peer_session *session)
{
	char why[PEER_WHY_MAX];
	json_t *advertisement = alto_update_document(session->update, advertisement_id);
	if (!advertisement)
		return true;
	struct alto_map *map = map_of(session, why);
	if (why[0]) {
		peer_session_fail(session, why);
		return false;
	}
	if (peer_take(session->peer, advertisement, map, PEER_ESTABLISHED, why, sizeof(why)))
		session->stream_failures = 0;
	alto_map_free(map);
	return true;
}

/* The server tells only what we do not have: what was held is good until it does. */
static bool take_held(struct peer_session *session)
{
	if (session->held_taken)
		return true;
	session->held_taken = true;
	return take(session);
}

/* false: the session has ended. */
static bool on_event(struct peer_session *session)
{
	char why[PEER_WHY_MAX];
	const struct sse *sse = &session->sse;
	switch (alto_update_take(session->update, sse->name, sse->data, sse->len, why,
				 sizeof(why))) {
	case ALTO_UPDATE_NOTHING:
		return take_held(session);
	case ALTO_UPDATE_CHANGED:
		return take(session);
	case ALTO_UPDATE_STOPPED:
	case ALTO_UPDATE_BAD:
		break;
	}
	peer_session_fail(session, why);
	return false;
}

static void on_octets(struct peer_session *session, const uint8_t *octets, size_t len)
{
	const char *at = (const char *)octets, *end = at + len;
	const char *type = https_client_header(session->answered, "Content-Type");
	char why[PEER_WHY_MAX];
	if (!alto_media_is(type, ALTO_EVENT_STREAM)) {
		snprintf(why, sizeof(why), "%.200s answered %.100s instead of an update stream",
			 session->question.uri, type ? type : "no Content-Type");
		peer_session_fail(session, why);
		return;
	}
	for (;;) {
		switch (sse_read(&session->sse, &at, end)) {
		case SSE_MORE:
			return;
		case SSE_COMMENT:
			continue;
		case SSE_EVENT:
			if (!on_event(session))
				return;
			continue;
		case SSE_TOO_LONG:
			snprintf(why, sizeof(why),
				 "an event of its update stream has more than %u octets",
				 session->peer->settings->limits.octets);
			peer_session_fail(session, why);
			return;
		case SSE_NO_MEMORY:
			peer_session_fail(session, "no memory for an event");
			return;
		}
	}
}

static void on_end(struct peer_session *session, const struct https_call_answer *answer)
{
	char why[PEER_WHY_MAX];
	if (answer->error || answer->status != 200)
		peer_session_describe(session, answer, why);
	else
		snprintf(why, sizeof(why), "it ended its update stream");
	peer_session_fail(session, why);
}

/* --- Its beginning ------------------------------------------------------------------------------------ */

/* What was held of the same resources goes on. false: no memory. */
static bool make_update(struct peer_session *session)
{
	const struct alto_choice *choice = &session->choice;
	const char *advertisement = choice->advertisement->id;
	const char *map = choice->network_map ? choice->network_map->id : "";
	const uint32_t octets = session->peer->settings->limits.octets;
	const struct json_limits limits = {octets, EVENT_DEPTH, octets / 4};
	if (session->update && strcmp(session->told_of[0], advertisement) == 0 &&
	    strcmp(session->told_of[1], map) == 0)
		return true;
	peer_stream_forget(session);
	session->update = alto_update_new(&limits);
	snprintf(session->told_of[0], ALTO_NAME_MAX + 1, "%s", advertisement);
	snprintf(session->told_of[1], ALTO_NAME_MAX + 1, "%s", map);
	return session->update &&
	       (!map[0] ||
		alto_update_add(session->update, map_id, map, choice->map_incremental)) &&
	       alto_update_add(session->update, advertisement_id, advertisement,
			       choice->incremental);
}

void peer_stream_begin(struct peer_session *session)
{
	const struct alto_choice *choice = &session->choice;
	if (choice->network_map && !choice->map_in_stream) {
		peer_poll_begin(session);
		return;
	}
	json_t *params = make_update(session) ? alto_update_open(session->update) : NULL;
	char *body = params ? json_dumps(params, JSON_COMPACT) : NULL;
	json_decref(params);
	if (!body) {
		peer_stream_forget(session);
		peer_session_fail(session, "no memory for an update stream");
		return;
	}
	const struct peer_question question = {
		.uri = choice->stream->uri,
		.accept = ALTO_EVENT_STREAM ", " ALTO_ERROR,
		.body = body,
		.type = ALTO_UPDATE_PARAMS,
		.done = on_end,
		.chunk = on_octets,
	};
	session->streaming = true;
	session->held_taken = false;
	sse_clear(&session->sse);
	session->sse.max = session->peer->settings->limits.octets;
	peer_session_ask(session, &question);
	free(body);
}
