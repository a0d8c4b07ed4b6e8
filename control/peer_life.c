/* peer_life - in which state the session with a peer is, how long it may stay silent, and how long its routes outlive it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_life.h"

#include <stdio.h>

const char *peer_state_name(enum peer_state state)
{
	static const char *const names[PEER_STATES] = {
		[PEER_IDLE] = "idle",
		[PEER_CONNECTING] = "connecting",
		[PEER_DIRECTORY] = "directory",
		[PEER_WAITING] = "waiting",
		[PEER_ESTABLISHED] = "established",
		[PEER_POLLING] = "polling",
		[PEER_STALE] = "stale",
		[PEER_DOWN] = "down",
	};
	return names[state];
}

static void enter(struct peer_life *life, enum peer_state state, uint64_t now)
{
	if (life->state != state)
		life->since = now;
	life->state = state;
}

static bool is_session(enum peer_state state)
{
	return state >= PEER_CONNECTING && state <= PEER_POLLING;
}

static void make_stale(struct peer_life *life, uint64_t now)
{
	if (life->routes && !life->stale_routes)
		life->lost_at = now;
	life->stale_routes = life->routes;
}

void peer_life_recall(struct peer_life *life, uint64_t now)
{
	life->routes = true;
	make_stale(life, now);
	enter(life, PEER_STALE, now);
}

void peer_life_attempt(struct peer_life *life, enum peer_state state, uint64_t now)
{
	life->attempts += state == PEER_CONNECTING;
	enter(life, state, now);
	peer_life_heard(life, 0, now);
}

void peer_life_heard(struct peer_life *life, unsigned expected, uint64_t now)
{
	life->silent_at = now + expected + life->hold;
}

void peer_life_up(struct peer_life *life, enum peer_state state, uint64_t now)
{
	life->sessions += life->state != PEER_ESTABLISHED && life->state != PEER_POLLING;
	life->routes = true;
	life->stale_routes = false;
	life->error[0] = '\0';
	enter(life, state, now);
}

void peer_life_lost(struct peer_life *life, const char *why, uint64_t now)
{
	snprintf(life->error, sizeof(life->error), "%s", why);
	life->losses += life->state == PEER_ESTABLISHED || life->state == PEER_POLLING;
	make_stale(life, now);
	enter(life, life->routes ? PEER_STALE : PEER_DOWN, now);
}

void peer_life_stop(struct peer_life *life, uint64_t now)
{
	life->routes = life->stale_routes = false;
	enter(life, PEER_DOWN, now);
}

enum peer_due peer_life_due(struct peer_life *life, uint64_t now)
{
	if (life->stale_routes && now >= life->lost_at + life->stale) {
		life->routes = life->stale_routes = false;
		if (life->state == PEER_STALE)
			enter(life, PEER_DOWN, now);
		return PEER_DUE_WITHDRAW;
	}
	return is_session(life->state) && now >= life->silent_at ? PEER_DUE_HOLD : PEER_DUE_NOTHING;
}
