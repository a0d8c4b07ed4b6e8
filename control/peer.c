/* peer - another CDN at run time: the session in which we learn from it, its routes, and what we tell it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer.h"

#include "advertise_serve.h"
#include "log.h"
#include "metadata_route.h"
#include "peer_redirect.h"
#include "peer_session.h"
#include "push_dri.h"
#include "ri_serve.h"
#include "sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESYNC_SECONDS = 60 };

uint64_t peer_now(const struct peer *peer)
{
	return plane_now_ns(peer->sessions->control->plane) / UINT64_C(1000000000);
}

/* What was a change of state is logged. */
static void note(struct peer *peer, enum peer_state before)
{
	const struct peer_life *life = &peer->life;
	bool bad = life->state == PEER_STALE || life->state == PEER_DOWN;
	if (life->state == before)
		return;
	log_line(bad ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "peer %s: %s, was %s%s%s",
		 peer->settings->name, peer_state_name(life->state), peer_state_name(before),
		 bad && life->error[0] ? ": " : "", bad ? life->error : "");
}

/* --- What is learnt --------------------------------------------------------------------------------- */

static void routes_changed(void *arg)
{
	struct peer *peer = arg;
	push_dri_done(peer);
	sessions_changed(peer->sessions);
}

static bool learn_begin(struct peer *peer, struct learn *learn, const char *more)
{
	char set[PEER_NAME_MAX + 16];
	snprintf(set, sizeof(set), "peer %s%s", peer->settings->name, more);
	if (!learn_init(learn, peer->sessions->control, set, peer->settings->name))
		return false;
	learn->rib.damping = peer->settings->damping;
	learn->done = routes_changed;
	learn->arg = peer;
	return learn_recall(learn, peer_now(peer));
}

/* Everything that came by ALTO goes. */
static void withdraw(struct peer *peer)
{
	struct rib_update nothing = {0};
	bool changed;
	if (rib_take(&peer->learnt.rib, &nothing, false, peer_now(peer), &changed) && changed)
		learn_publish(&peer->learnt);
}

void peer_attempt(struct peer *peer, enum peer_state state)
{
	enum peer_state before = peer->life.state;
	peer_life_attempt(&peer->life, state, peer_now(peer));
	note(peer, before);
}

void peer_up(struct peer *peer, enum peer_state state)
{
	enum peer_state before = peer->life.state;
	peer_life_up(&peer->life, state, peer_now(peer));
	note(peer, before);
}

void peer_lost(struct peer *peer, const char *why)
{
	enum peer_state before = peer->life.state;
	peer_life_lost(&peer->life, why, peer_now(peer));
	note(peer, before);
}

/* --- Its life --------------------------------------------------------------------------------------- */

static bool set_up(struct peer *peer)
{
	const struct peer_settings *settings = peer->settings;
	peer->life.hold = settings->hold_s;
	peer->life.stale = settings->stale_s;
	snprintf(peer->streams_path, sizeof(peer->streams_path), ADVERTISE_SERVE_PATH "%s/updates/",
		 settings->name);
	peer->learnt.rib.damping = peer->pushed.rib.damping = settings->damping;
	peer->streams.path = peer->streams_path;
	peer->streams.now = &peer->told;
	json_decref(peer->own);
	peer->own = settings->advertise ? json_loads(settings->advertise, 0, NULL) : NULL;
	return !settings->advertise || peer->own;
}

static bool wants_session(const struct peer *peer)
{
	return peer->settings->roles & PEER_DOWNSTREAM && peer->settings->directory &&
	       !peer->set_down;
}

static bool begin_session(struct peer *peer)
{
	if (wants_session(peer))
		peer->session = peer_session_new(peer);
	return peer->session || !wants_session(peer);
}

static bool begin_redirect(struct peer *peer)
{
	const struct peer_settings *settings = peer->settings;
	peer_redirect_free(peer->redirect);
	if (!(settings->roles & PEER_DOWNSTREAM) || !settings->redirection)
		return true;
	peer->redirect = peer_redirect_new(peer);
	return peer->redirect;
}

struct peer *peer_new(struct sessions *sessions, const struct peer_settings *settings)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	peer->sessions = sessions;
	peer->settings = settings;
	if (!set_up(peer) || !learn_begin(peer, &peer->learnt, "") ||
	    !learn_begin(peer, &peer->pushed, " pushed") ||
	    !advertise_compose(&peer->told, NULL, NULL, NULL, 0, NULL)) {
		peer_free(peer);
		return NULL;
	}
	if (peer->learnt.rib.n) {
		peer_life_recall(&peer->life, peer_now(peer));
		note(peer, PEER_IDLE);
	}
	peer->metadata = metadata_import_new(peer);
	if (peer->metadata && metadata_route_set(peer) && begin_redirect(peer) &&
	    begin_session(peer))
		return peer;
	peer_free(peer);
	return NULL;
}

void peer_free(struct peer *peer)
{
	peer_session_free(peer->session);
	ri_serve_forget(peer);
	peer_redirect_free(peer->redirect);
	if (peer->push)
		https_answer_text(peer->push, 503, "turnoutd is stopping, or knows you no more");
	metadata_import_free(peer->metadata);
	json_decref(peer->served);
	advertise_stream_clear(&peer->streams);
	learn_clear(&peer->learnt);
	learn_clear(&peer->pushed);
	advertise_clear(&peer->told);
	json_decref(peer->own);
	free(peer);
}

bool peer_change(struct peer *peer, const struct peer_settings *settings)
{
	enum peer_state before = peer->life.state;
	peer_session_free(peer->session);
	peer->session = NULL;
	peer->settings = settings;
	if (!(settings->roles & PEER_UPSTREAM))
		advertise_stream_clear(&peer->streams);
	if (!wants_session(peer) && peer->life.routes) {
		peer_life_stop(&peer->life, peer_now(peer));
		withdraw(peer);
		note(peer, before);
	}
	metadata_import_change(peer->metadata);
	return set_up(peer) && begin_redirect(peer) && begin_session(peer);
}

void peer_order(struct peer *peer, enum peer_order order)
{
	static const char *const why[] = {"the operator set it up", "the operator set it down",
					  "the operator began it anew"};
	enum peer_state before = peer->life.state;
	peer_session_free(peer->session);
	peer->session = NULL;
	peer->set_down = order == PEER_ORDER_DOWN;
	peer_redirect_reset(peer->redirect);
	if ((before != PEER_DOWN && before != PEER_IDLE) || peer->set_down)
		peer_life_lost(&peer->life, why[order], peer_now(peer));
	if (peer->set_down) {
		peer_life_stop(&peer->life, peer_now(peer));
		withdraw(peer);
	}
	note(peer, before);
	metadata_import_order(peer->metadata, !peer->set_down);
	if (!begin_session(peer))
		log_line(LOG_LEVEL_ERROR, "peer %s: no memory for a session", peer->settings->name);
}

/* --- Every second ----------------------------------------------------------------------------------- */

static void tend_session(struct peer *peer, uint64_t now)
{
	enum peer_state before = peer->life.state;
	char why[128];
	switch (peer_life_due(&peer->life, now)) {
	case PEER_DUE_HOLD:
		snprintf(why, sizeof(why), "nothing was heard of it in the hold time of %u seconds",
			 peer->life.hold);
		peer_session_fail(peer->session, why);
		break;
	case PEER_DUE_WITHDRAW:
		log_line(LOG_LEVEL_WARNING,
			 "peer %s: its routes are withdrawn, %u seconds after it was lost",
			 peer->settings->name, peer->life.stale);
		withdraw(peer);
		note(peer, before);
		break;
	case PEER_DUE_NOTHING:
		break;
	}
}

const struct target *peer_target(const struct peer *peer)
{
	const struct view *view = peer->sessions->control->head;
	const struct object *object = object_find(view->objects, OBJECT_CDN, peer->settings->name);
	return object && !object->removed ? view_target(view, object->made.id) : NULL;
}

bool peer_has_dri(const struct peer *peer)
{
	const struct target *target = peer_target(peer);
	if (!target)
		return false;
	return target->strategy == STRATEGY_ITERATIVE ? target->n_dris > 0
						      : peer->settings->redirection != NULL;
}

static void look_for_dri(struct peer *peer)
{
	bool none = peer->settings->roles & PEER_DOWNSTREAM && !peer_has_dri(peer);
	if (none != peer->no_dri)
		sessions_changed(peer->sessions);
	if (none && !peer->no_dri)
		log_line(LOG_LEVEL_WARNING,
			 "peer %s: no DRI source: add one to dris or wait until it pushes one, or, "
			 "when its strategy in cdns is recursive, give the peer the URL "
			 "'redirection'; until then nothing is sent to it",
			 peer->settings->name);
	peer->no_dri = none;
}

void peer_tend(struct peer *peer, uint64_t now)
{
	bool resync = now % RESYNC_SECONDS == 0;
	tend_session(peer, now);
	if (rib_tend(&peer->learnt.rib, now))
		learn_publish(&peer->learnt);
	if (rib_tend(&peer->pushed.rib, now))
		learn_publish(&peer->pushed);
	if (resync) {
		learn_tend(&peer->learnt);
		learn_tend(&peer->pushed);
	}
	metadata_import_tend(peer->metadata, now);
	look_for_dri(peer);
	advertise_stream_tend(&peer->streams, now);
}
