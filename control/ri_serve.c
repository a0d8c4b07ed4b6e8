/* ri_serve - the Redirection Interface for upstream peers: POST /ri. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_serve.h"

#include "log.h"
#include "peer_redirect.h"
#include "sessions.h"

#include <stdlib.h>

enum { LOG_EVERY_S = 60 };

/* A request whose answer depends on other CDNs, from its arrival on. */
struct serving {
	LIST_ENTRY(serving) beside;
	struct peer *peer;
	struct https_request *request;
	struct ri_exchange *exchange;
};

/* --- Downstream ----------------------------------------------------------------------------------- */

/* What the settings say now: one whose peer was changed meanwhile goes on by the new ones. */
static const struct ri_peer *ri_peer_of(struct peer *peer)
{
	const struct peer_settings *settings = peer->settings;
	peer->ri = (struct ri_peer){.provider_id = settings->provider_id,
				    .disclose = settings->disclose,
				    .max_hops = settings->max_hops,
				    .counters = &peer->ri_counters};
	return &peer->ri;
}

static const struct ri_peer *downstream(void *arg, const struct target *cdn)
{
	struct peer *peer = sessions_find(arg, cdn->name);
	return peer && peer->redirect ? ri_peer_of(peer) : NULL;
}

static void ask(void *arg, const struct target *cdn, const struct ri_request *request,
		ri_asked *done, void *done_arg)
{
	peer_redirect_ask(sessions_find(arg, cdn->name), request, done, done_arg);
}

void ri_serve_settings(struct sessions *sessions)
{
	const struct interconnection *self = &sessions->settings->interconnection;
	sessions->ri = (struct ri_server){
		.provider_id = self->provider_id,
		.router = self->router,
		.downstream = downstream,
		.ask = ask,
		.arg = sessions,
	};
}

/* --- Upstream ------------------------------------------------------------------------------------- */

/* One now and then: a peer in trouble has many. */
static void note_error(struct peer *peer, const struct ri_reply *reply)
{
	uint64_t now = peer_now(peer);
	if (reply->status == 200 || now < peer->ri_quiet_until)
		return;
	peer->ri_quiet_until = now + LOG_EVERY_S;
	log_line(LOG_LEVEL_WARNING,
		 "peer %s: a redirection request of it was answered with %s; for all of them look "
		 "at turnoutctl show peer %s",
		 peer->settings->name, reply->body, peer->settings->name);
}

static void on_reply(void *arg, const struct ri_reply *reply)
{
	struct serving *serving = arg;
	note_error(serving->peer, reply);
	https_answer_header(serving->request, "Cache-Control", reply->cache_control);
	https_answer(serving->request, (int)reply->status, reply->media_type, reply->body,
		     reply->len);
	LIST_REMOVE(serving, beside);
	free(serving);
}

static void cancel(struct serving *serving)
{
	ri_cancel(serving->exchange);
	LIST_REMOVE(serving, beside);
	free(serving);
}

/* The peer went away. */
static void on_ended(void *arg)
{
	cancel(arg);
}

void ri_serve_forget(struct peer *peer)
{
	struct serving *serving;
	while ((serving = LIST_FIRST(&peer->servings))) {
		struct https_request *request = serving->request;
		cancel(serving);
		https_answer_text(request, 503, "turnoutd is stopping, or knows you no more");
	}
}

void ri_serve(void *arg, struct https_request *request)
{
	struct sessions *sessions = arg;
	struct peer *peer = sessions_find(sessions, https_request_peer(request)->name);
	struct serving *serving = peer ? calloc(1, sizeof(*serving)) : NULL;
	if (!serving) {
		https_answer_text(request, 503, "no memory");
		return;
	}
	struct ri_call call = {.peer = ri_peer_of(peer),
			       .content_type = https_request_header(request, "Content-Type"),
			       .done = on_reply,
			       .arg = serving};
	call.body = https_request_body(request, &call.len);
	serving->peer = peer;
	serving->request = request;
	LIST_INSERT_HEAD(&peer->servings, serving, beside);
	struct ri_exchange *exchange = ri_answer(sessions->control, &sessions->ri, &call);
	if (!exchange)
		return;
	serving->exchange = exchange;
	https_answer_hold(request, on_ended, serving);
}
