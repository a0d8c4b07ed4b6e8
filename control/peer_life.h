/* peer_life - in which state the session with a peer is, how long it may stay silent, and how long its routes outlive it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum peer_state {
	PEER_IDLE,        /* nothing is to be learnt from it */
	PEER_CONNECTING,  /* its directory is asked for */
	PEER_DIRECTORY,   /* the directories that it names are read */
	PEER_WAITING,     /* for the advertisement, and the network map that it depends on */
	PEER_ESTABLISHED, /* an update stream is open, and its routes are in use */
	PEER_POLLING,     /* its routes are in use and asked for again and again */
	PEER_STALE,       /* lost; its routes are used until the stale time is over */
	PEER_DOWN,        /* lost, and there are no routes of it; or the operator set it down */
	PEER_STATES,
};
const char *peer_state_name(enum peer_state state);

/* What is to be done. */
enum peer_due {
	PEER_DUE_NOTHING,
	PEER_DUE_HOLD,     /* it was silent for too long: the session is to be closed */
	PEER_DUE_WITHDRAW, /* its routes are to go */
};

/* Times are in seconds of a clock that does not go back. Set up with state PEER_IDLE, hold and stale; all else is zero. */
struct peer_life {
	unsigned hold, stale;
	enum peer_state state;
	uint64_t since;     /* in this state */
	uint64_t silent_at; /* from then on a session is too silent */
	bool routes;        /* routes of it are in use */
	bool stale_routes;  /* but the session that they came by is over */
	uint64_t lost_at;   /* since when they are stale */
	uint64_t attempts, sessions, losses;
	char error[256]; /* the last one; or "" */
};

/* Routes of an earlier process are in use. */
void peer_life_recall(struct peer_life *life, uint64_t now);

/* An attempt begins, or goes on to another state before there are routes. */
void peer_life_attempt(struct peer_life *life, enum peer_state state, uint64_t now);

/* There was a sign of life. The next one is due in `expected` seconds and the hold time. */
void peer_life_heard(struct peer_life *life, unsigned expected, uint64_t now);

/* Its routes came: PEER_ESTABLISHED or PEER_POLLING. */
void peer_life_up(struct peer_life *life, enum peer_state state, uint64_t now);

/* The session failed. `why` is a sentence. */
void peer_life_lost(struct peer_life *life, const char *why, uint64_t now);

/* The operator's: lost for good. Its routes are to go at once. */
void peer_life_stop(struct peer_life *life, uint64_t now);

/* After PEER_DUE_WITHDRAW there are no routes any more. */
enum peer_due peer_life_due(struct peer_life *life, uint64_t now);
