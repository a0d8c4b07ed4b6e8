/* peer_redirect - asks a downstream peer for redirection targets: its Redirection Interface client, at the URL of its settings. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_redirect.h"

#include "log.h"
#include "recursion.h"
#include "sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

enum {
	CONNECT_MS = 1000, /* an answer that is late for those who wait is good for others */
	TOTAL_MS = 3000,
	BREAKER_FAILURES = 5,
	BREAKER_FLOOR_MS = 1000,
	BREAKER_CAP_MS = 30000,
	LOG_EVERY_S = 60,
};

static const struct ri_cache_limits cache_limits = {
	.entries = 65536,
	.octets = 64 << 20,
	.hot_hits = 3,
	.negative_ms = 1000,
	.retry_ms = 1000,
};
static const struct ri_pending_limits pending_limits = {.keys = 4096, .waiters = 65536};

/* One question on its way. */
struct asking {
	TAILQ_ENTRY(asking) beside;
	struct peer_redirect *redirect;
	struct ri_question *question;
	struct https_call *call;
	bool probe;
};

struct peer_redirect {
	struct peer *peer;
	struct ri_client *client;
	struct event *timer; /* of those who wait */
	struct breaker breaker;
	TAILQ_HEAD(, asking) asking;
	unsigned n_asking;
	uint64_t held_back, failed;
	uint64_t quiet_until; /* second until which unusable answers are not logged */
	char error[256];
};

static uint64_t now_ms(const struct peer_redirect *redirect)
{
	return plane_tsc_ms(redirect->peer->sessions->control->plane);
}

/* --- The time that is left to those who wait -------------------------------------------------- */

/* Deadlines come in order, so a timer that runs is early enough. */
static void wind_up(struct peer_redirect *redirect)
{
	uint64_t next = ri_client_next(redirect->client), now = now_ms(redirect);
	if (next == UINT64_MAX || evtimer_pending(redirect->timer, NULL))
		return;
	uint64_t ms = next > now ? next - now : 0;
	struct timeval wait = {.tv_sec = (time_t)(ms / 1000),
			       .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
	evtimer_add(redirect->timer, &wait);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct peer_redirect *redirect = arg;
	(void)fd;
	(void)what;
	ri_client_expire(redirect->client, now_ms(redirect));
	wind_up(redirect);
}

/* --- Questions ------------------------------------------------------------------------------------ */

static void note_end(struct peer_redirect *redirect, bool probe, bool answered, const char *why)
{
	const char *name = redirect->peer->settings->name;
	bool turned = breaker_ended(&redirect->breaker, probe, answered, now_ms(redirect));
	if (!answered) {
		redirect->failed++;
		snprintf(redirect->error, sizeof(redirect->error), "%s", why);
	}
	if (turned && answered)
		log_line(LOG_LEVEL_INFO, "peer %s: answers redirection requests again", name);
	else if (turned)
		log_line(LOG_LEVEL_WARNING,
			 "peer %s: %u redirection requests in a row had no answer; it is asked "
			 "only now and then until it has one: %s",
			 name, redirect->breaker.failures, why);
}

/* One now and then. */
static void note_unusable(struct peer_redirect *redirect, int status)
{
	const char *name = redirect->peer->settings->name;
	uint64_t now = peer_now(redirect->peer);
	if (now < redirect->quiet_until)
		return;
	redirect->quiet_until = now + LOG_EVERY_S;
	log_line(LOG_LEVEL_WARNING,
		 "peer %s: its answer to a redirection request, with status %d, is no "
		 "redirection-response (RFC 7975 section 4); ask its operators about it",
		 name, status);
}

static void asking_free(struct asking *asking)
{
	TAILQ_REMOVE(&asking->redirect->asking, asking, beside);
	asking->redirect->n_asking--;
	free(asking);
}

static void on_done(void *arg, struct https_call *call, const struct https_call_answer *answer)
{
	struct asking *asking = arg;
	struct peer_redirect *redirect = asking->redirect;
	struct ri_question *question = asking->question;
	const struct ri_heard heard = {
		.content_type = https_client_header(call, "Content-Type"),
		.fields = {.cache_control = https_client_header(call, "Cache-Control"),
			   .age = https_client_header(call, "Age"),
			   .expires = https_client_header(call, "Expires"),
			   .date = https_client_header(call, "Date")},
		.body = answer->body,
		.len = answer->len,
		.second = peer_now(redirect->peer),
	};
	uint64_t unusable = ri_client_counts(redirect->client).unusable;
	note_end(redirect, asking->probe, !answer->error, answer->error);
	asking_free(asking);
	ri_client_hear(question, answer->error ? NULL : &heard, now_ms(redirect));
	if (!answer->error && ri_client_counts(redirect->client).unusable != unusable)
		note_unusable(redirect, answer->status);
	wind_up(redirect);
}

static bool may_send(void *arg)
{
	struct peer_redirect *redirect = arg;
	bool may = breaker_lets(&redirect->breaker, now_ms(redirect));
	redirect->held_back += !may;
	return may;
}

/* NULL: err says why. */
static struct https_call *post(struct asking *asking, const char *body, size_t len, char *err,
			       size_t err_len)
{
	static const char *const headers[] = {
		"Content-Type: application/cdni; ptype=" RI_REQUEST_PTYPE,
		"Accept: application/cdni; ptype=" RI_RESPONSE_PTYPE, NULL};
	const struct peer *peer = asking->redirect->peer;
	const struct https_call_plan plan = {
		.headers = headers,
		.limits = {.connect_ms = CONNECT_MS, .total_ms = TOTAL_MS, .octets = RI_OCTETS_MAX},
		.done = on_done,
		.arg = asking,
	};
	return https_client_post(peer->sessions->client, peer->settings->name,
				 peer->settings->redirection, body, len, &plan, err, err_len);
}

static void send_question(void *arg, struct ri_question *question, const char *body, size_t len)
{
	struct peer_redirect *redirect = arg;
	struct asking *asking = calloc(1, sizeof(*asking));
	char err[256] = "no memory";
	bool probe = breaker_sent(&redirect->breaker);
	if (asking) {
		*asking =
			(struct asking){.redirect = redirect, .question = question, .probe = probe};
		TAILQ_INSERT_TAIL(&redirect->asking, asking, beside);
		redirect->n_asking++;
		asking->call = post(asking, body, len, err, sizeof(err));
		if (asking->call)
			return;
		asking_free(asking);
	}
	note_end(redirect, probe, false, err);
	ri_client_hear(question, NULL, now_ms(redirect));
}

typedef void ask_client(struct ri_client *client, const struct ri_request *request, uint64_t now,
			ri_asked *done, void *arg);

static void ask(struct peer *peer, ask_client *ask_it, const struct ri_request *request,
		ri_asked *done, void *arg)
{
	static const struct freshness nothing;
	struct peer_redirect *redirect = peer->redirect;
	if (!redirect || peer->set_down) {
		done(arg, NULL, &nothing);
		return;
	}
	ask_it(redirect->client, request, now_ms(redirect), done, arg);
	wind_up(redirect);
}

void peer_redirect_ask(struct peer *peer, const struct ri_request *request, ri_asked *done,
		       void *arg)
{
	ask(peer, ri_client_ask, request, done, arg);
}

void peer_redirect_refresh(struct peer *peer, const struct ri_request *request, ri_asked *done,
			   void *arg)
{
	ask(peer, ri_client_refresh, request, done, arg);
}

/* --- Its life ------------------------------------------------------------------------------------- */

struct peer_redirect *peer_redirect_new(struct peer *peer)
{
	struct peer_redirect *redirect = calloc(1, sizeof(*redirect));
	if (!redirect)
		return NULL;
	const struct ri_client_plan plan = {
		.cache = cache_limits,
		.pending = pending_limits,
		.wait_ms = peer->sessions->control->settings->recursion.wait_ms,
		.send = send_question,
		.may_send = may_send,
		.arg = redirect,
	};
	TAILQ_INIT(&redirect->asking);
	redirect->peer = peer;
	breaker_init(&redirect->breaker, BREAKER_FAILURES, BREAKER_FLOOR_MS, BREAKER_CAP_MS);
	redirect->timer = evtimer_new(peer->sessions->control->base, on_timer, redirect);
	redirect->client = ri_client_new(&plan);
	if (redirect->timer && redirect->client)
		return redirect;
	peer_redirect_free(redirect);
	return NULL;
}

void peer_redirect_reset(struct peer_redirect *redirect)
{
	if (!redirect)
		return;
	ri_client_forget(redirect->client);
	recursion_forget(redirect->peer->sessions->control->recursion,
			 redirect->peer->settings->name);
	redirect->breaker.open = redirect->breaker.probing = false;
	redirect->breaker.failures = 0;
}

void peer_redirect_free(struct peer_redirect *redirect)
{
	if (!redirect)
		return;
	if (redirect->peer->redirect == redirect)
		redirect->peer->redirect = NULL;
	recursion_forget(redirect->peer->sessions->control->recursion,
			 redirect->peer->settings->name);
	while (!TAILQ_EMPTY(&redirect->asking)) {
		struct asking *asking = TAILQ_FIRST(&redirect->asking);
		https_client_cancel(asking->call);
		asking_free(asking);
	}
	ri_client_free(redirect->client);
	if (redirect->timer)
		event_free(redirect->timer);
	free(redirect);
}

bool peer_redirect_counts(const struct peer *peer, struct peer_redirect_counters *counters)
{
	const struct peer_redirect *redirect = peer->redirect;
	if (!redirect)
		return false;
	*counters = (struct peer_redirect_counters){
		.client = ri_client_counts(redirect->client),
		.held_back = redirect->held_back,
		.opened = redirect->breaker.opened,
		.failed = redirect->failed,
		.open = redirect->breaker.open,
		.asking = redirect->n_asking,
		.error = redirect->error,
	};
	return true;
}
