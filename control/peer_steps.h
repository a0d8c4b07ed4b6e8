/* peer_steps - inside of a session: what its steps (directory, stream, poll) know of each other. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "alto_directory.h"
#include "alto_update.h"
#include "backoff.h"
#include "https_client.h"
#include "lib/sse.h"
#include "peer_session.h"

#include <event2/event.h>

enum { PEER_ETAG_MAX = 256, PEER_WHY_MAX = 512 };

struct peer_session;
typedef void peer_answer(struct peer_session *session, const struct https_call_answer *answer);
/* A resource; body NULL: by GET, else by POST. */
struct peer_question {
	const char *uri;
	const char *accept, *etag; /* etag "" or NULL: none */
	const char *body, *type;   /* or NULL */
	peer_answer *done;
	/* A stream: each piece; or NULL. false: the session has ended. */
	void (*chunk)(struct peer_session *session, const uint8_t *octets, size_t len);
};
struct peer_session {
	struct peer *peer;
	struct backoff backoff;
	struct event *timer;                        /* of the next attempt or poll */
	void (*then)(struct peer_session *session); /* what it does */
	struct https_call *call;                    /* under way, or NULL */
	struct https_call *answered;                /* while its answer is looked at */
	struct peer_question question;              /* of the call */

	/* The directory, and what of it is used. */
	struct alto_directory *directory;
	bool directory_read; /* the first document was asked for */
	struct alto_choice choice;

	/* The update stream. What it told outlives it. */
	unsigned stream_failures; /* one after the other, before it gave routes */
	bool streaming;
	bool held_taken; /* what was held at its beginning is in use */
	struct sse sse;
	struct alto_update *update; /* or NULL */
	char told_of[2]
		    [ALTO_NAME_MAX + 1]; /* the resources: advertisement, and network map or "" */

	/* Polling. */
	const char *poll_uri; /* of the advertisement */
	char *own_poll_uri;   /* when it is not the directory's; or NULL */
	struct alto_map *map; /* the last one, or NULL */
	char etag[PEER_ETAG_MAX], map_etag[PEER_ETAG_MAX];
	uint64_t polling_since; /* seconds; 0: it does not */
	bool map_again;         /* the map did not fit, and was asked for again */
};

/* Asks it; the texts are copied, but for accept. Only one question is asked at a time. */
void peer_session_ask(struct peer_session *session, const struct peer_question *question);

/* The document of an answer: status 200, and of this media type; any JSON with lenient. NULL: why says what it is instead. */
json_t *peer_session_document(struct peer_session *session, const struct https_call_answer *answer,
			      const char *type, char why[PEER_WHY_MAX]);

/* What went wrong with an answer that is not what was asked for. Gives why. */
const char *peer_session_describe(struct peer_session *session,
				  const struct https_call_answer *answer, char why[PEER_WHY_MAX]);

/* In so many milliseconds. */
void peer_session_later(struct peer_session *session, uint32_t ms,
			void (*then)(struct peer_session *session));

/* The steps. Each ends by beginning the next one, or by peer_session_fail. */
void peer_directory_begin(struct peer_session *session);
void peer_stream_begin(struct peer_session *session);
void peer_stream_forget(struct peer_session *session); /* what it told */
void peer_poll_begin(struct peer_session *session);
