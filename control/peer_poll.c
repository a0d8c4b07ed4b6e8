/* peer_poll - asks for the advertisement of a peer, and the network map that it depends on, again and again. RFC 9241 §3, RFC 7285 §6.3. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_media.h"
#include "freshness.h"
#include "peer_steps.h"

#include <stdio.h>
#include <string.h>

enum {
	POLL_FLOOR_S = 5,
	POLL_CAP_S = 300,
	POLL_DEFAULT_S = 60,  /* when the answer says nothing */
	STREAM_AGAIN_S = 600, /* so long after a stream failed it is tried again */
};

static void ask_advertisement(struct peer_session *session);

static uint32_t interval(const struct peer_session *session, uint64_t now)
{
	struct https_call *call = session->answered;
	const struct freshness_fields head = {
		.cache_control = https_client_header(call, "Cache-Control"),
		.age = https_client_header(call, "Age"),
		.expires = https_client_header(call, "Expires"),
		.date = https_client_header(call, "Date"),
	};
	bool said;
	uint32_t seconds = freshness_of(&head, now, &said).fresh;
	if (!said)
		return POLL_DEFAULT_S;
	return seconds < POLL_FLOOR_S ? POLL_FLOOR_S : seconds > POLL_CAP_S ? POLL_CAP_S : seconds;
}

static void note_etag(const struct peer_session *session, char etag[PEER_ETAG_MAX])
{
	const char *given = https_client_header(session->answered, "ETag");
	bool fits = given && strlen(given) < PEER_ETAG_MAX;
	snprintf(etag, PEER_ETAG_MAX, "%s", fits ? given : "");
}

static void poll_again(struct peer_session *session)
{
	uint64_t now = peer_now(session->peer);
	bool stream = session->choice.stream && now - session->polling_since >= STREAM_AGAIN_S;
	if (!stream) {
		peer_poll_begin(session);
		return;
	}
	session->stream_failures = 0;
	session->polling_since = 0;
	peer_stream_begin(session);
}

static void wait(struct peer_session *session)
{
	struct peer *peer = session->peer;
	uint64_t now = peer_now(peer);
	uint32_t seconds = interval(session, now);
	if (!session->polling_since)
		session->polling_since = now;
	peer_life_heard(&peer->life, seconds, now);
	backoff_reset(&session->backoff);
	peer_session_later(session, seconds * 1000, poll_again);
}

/* --- The network map ------------------------------------------------------------------------------ */

static void on_map(struct peer_session *session, const struct https_call_answer *answer)
{
	char why[PEER_WHY_MAX];
	struct faults faults = {0};
	if (answer->status == 304 && session->map && !answer->error) {
		ask_advertisement(session);
		return;
	}
	json_t *body = peer_session_document(session, answer, ALTO_NETWORK_MAP, why);
	struct alto_map *map = NULL;
	if (body)
		map = alto_map_read(body, session->peer->settings->limits.footprints, &faults);
	if (body && !map)
		snprintf(why, sizeof(why), "its network map cannot be used: %.300s",
			 faults.n ? faults.list[0].text : "no memory");
	json_decref(body);
	faults_clear(&faults);
	if (!map) {
		peer_session_fail(session, why);
		return;
	}
	alto_map_free(session->map);
	session->map = map;
	note_etag(session, session->map_etag);
	ask_advertisement(session);
}

static void ask_map(struct peer_session *session)
{
	const struct peer_question question = {
		.uri = session->choice.network_map->uri,
		.accept = ALTO_NETWORK_MAP ", " ALTO_ERROR,
		.etag = session->map_etag,
		.done = on_map,
	};
	peer_session_ask(session, &question);
}

/* Is the map the version that the advertisement depends on? */
static bool map_fits(const struct peer_session *session, const json_t *advertisement)
{
	struct alto_vtag vtag;
	for (size_t i = 0; alto_vtag_dependent(advertisement, i, &vtag); i++)
		if (alto_vtag_equal(&vtag, alto_map_vtag(session->map)))
			return true;
	return false;
}

/* --- The advertisement ---------------------------------------------------------------------------- */

static void take(struct peer_session *session, json_t *advertisement)
{
	char why[PEER_WHY_MAX];
	/* They may have changed between the two answers. */
	if (session->map && !map_fits(session, advertisement)) {
		session->etag[0] = '\0';
		if (session->map_again) {
			peer_session_fail(session,
					  "its advertisement depends on another version of "
					  "its network map than the one it gives");
			return;
		}
		session->map_again = true;
		session->map_etag[0] = '\0';
		ask_map(session);
		return;
	}
	session->map_again = false;
	note_etag(session, session->etag);
	peer_take(session->peer, advertisement, session->map, PEER_POLLING, why, sizeof(why));
	wait(session);
}

static void on_advertisement(struct peer_session *session, const struct https_call_answer *answer)
{
	char why[PEER_WHY_MAX];
	if (answer->status == 304 && session->etag[0] && !answer->error) {
		wait(session);
		return;
	}
	json_t *body = peer_session_document(session, answer, ALTO_CDNI, why);
	if (body)
		take(session, body);
	else
		peer_session_fail(session, why);
	json_decref(body);
}

static void ask_advertisement(struct peer_session *session)
{
	const struct peer_question question = {
		.uri = session->poll_uri,
		.accept = session->peer->settings->lenient ? ALTO_CDNI
				  ", application/json, " ALTO_ERROR
							   : ALTO_CDNI ", " ALTO_ERROR,
		.etag = session->etag,
		.done = on_advertisement,
	};
	peer_session_ask(session, &question);
}

void peer_poll_begin(struct peer_session *session)
{
	session->map_again = false;
	if (session->choice.network_map)
		ask_map(session);
	else
		ask_advertisement(session);
}
