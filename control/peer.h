/* peer - another CDN at run time: the session in which we learn from it, its routes, and what we tell it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "advertise_stream.h"
#include "alto_map.h"
#include "learn.h"
#include "lib/peers.h"
#include "metadata_import.h"
#include "peer_life.h"
#include "ri_server.h"

#include <sys/queue.h>

struct peer_session;
struct peer_redirect;
struct serving;

/* The control thread's. */
struct peer {
	struct peer *next;
	struct sessions *sessions;
	const struct peer_settings *settings;
	bool set_down; /* by the operator */

	/* Downstream: what we learn from it. */
	struct peer_life life;
	struct learn learnt, pushed;  /* by ALTO; by PUT */
	struct peer_session *session; /* NULL: there is none */
	uint64_t updates, refused_updates, octets;
	struct https_request *push; /* a PUT that waits for the tables, or NULL */
	uint64_t pushes;
	struct ri_peer ri;              /* what the Redirection Interface has to know of it */
	struct peer_redirect *redirect; /* NULL: it is not asked for redirection targets */
	bool no_dri; /* nothing says how requests are sent to it (LL-16); noticed every second */

	/* Upstream: the metadata that we serve by. */
	struct metadata_import *metadata;

	/* Downstream: the metadata that it serves by. */
	json_t *served; /* of a file, or NULL */
	uint64_t served_documents;

	/* Upstream: what it learns from us. */
	json_t *own; /* the base objects of the configuration, or NULL */
	struct advertisement told;
	char map_fault
		[256]; /* what was wrong with its network map when it was last composed, or "" */
	struct advertise_streams streams;
	struct ri_counters ri_counters; /* of its redirection requests */
	uint64_t ri_quiet_until;        /* second until which its errors are not logged */
	LIST_HEAD(, serving) servings;  /* those that wait for an answer */
	char streams_path[PEER_NAME_MAX + sizeof("/alto//updates/")];
};

/* NULL: no memory. settings have to stay. */
struct peer *peer_new(struct sessions *sessions, const struct peer_settings *settings);
void peer_free(struct peer *peer);

/* Its settings are others now, with the same name. false: no memory. */
bool peer_change(struct peer *peer, const struct peer_settings *settings);

/* Takes its session where it is to be: up, down, or down and up again. */
enum peer_order { PEER_ORDER_UP, PEER_ORDER_DOWN, PEER_ORDER_RESET };
void peer_order(struct peer *peer, enum peer_order order);

/* Once a second. now: seconds since 1970-01-01 UTC. */
void peer_tend(struct peer *peer, uint64_t now);

/* The CDN of the newest tables that it is; NULL: there is none. */
const struct target *peer_target(const struct peer *peer);

/* LL-16: does anything say how requests are sent to it? Its DRIs; or, when the strategy of its CDN is recursive, it by itself. */
bool peer_has_dri(const struct peer *peer);

/* --- For its session ---------------------------------------------------------------------------------------------- */

/* Goes on to another state of an attempt. */
void peer_attempt(struct peer *peer, enum peer_state state);

/* Its routes are in use: PEER_ESTABLISHED or PEER_POLLING. */
void peer_up(struct peer *peer, enum peer_state state);

/* An advertisement came whole, with the network map that it depends on (or NULL). false: it was refused as a whole; why is a
 * sentence, and what was there before stays. */
bool peer_take(struct peer *peer, json_t *advertisement, const struct alto_map *map,
	       enum peer_state state, char *why, size_t why_len);

/* The same up to the update of a RIB, which is to be cleared, or taken. */
bool peer_read(const struct peer *peer, json_t *advertisement, const struct alto_map *map,
	       struct rib_update *update, char *why, size_t why_len);

/* The session failed, and says why. */
void peer_lost(struct peer *peer, const char *why);

/* Seconds since 1970-01-01 UTC. */
uint64_t peer_now(const struct peer *peer);
