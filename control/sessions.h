/* sessions - all peers at run time, and the doors to them: server, client, certificates. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"
#include "https_client.h"
#include "https_server.h"
#include "peer.h"

/* The control thread's. */
struct sessions {
	struct control *control;
	struct settings
		kept; /* of the last reload: its peers and interconnection; the start's are control->settings */
	const struct settings *settings; /* whose peers and interconnection are in use */
	struct tls *tls;                 /* NULL: no certificate is configured */
	struct https_server *server;     /* NULL: nothing is listened for */
	struct https_client *client;
	struct ri_server ri;
	struct peer *list;
	struct leaving *leaving; /* what they said has to go from the tables */
	struct event *second, *compose;
	bool composing; /* due soon */
};

/* Begins to listen, and the sessions with all peers. NULL: err says why. Control thread, as all else. */
struct sessions *sessions_start(struct control *control, char *err, size_t err_len);
void sessions_free(struct sessions *sessions); /* NULL is fine */

/* The configuration was read again: takes its peers and interconnection over, which are then empty. What did not change is not
 * disturbed. What is wrong with the files is logged, and the old ones stay in use. NULL sessions is fine. */
void sessions_reload(struct sessions *sessions, struct settings *settings);

/* NULL: there is no such peer. */
struct peer *sessions_find(const struct sessions *sessions, const char *name);

/* Something that is advertised may have changed: looked at soon. NULL is fine. */
void sessions_changed(struct sessions *sessions);
