/* https_client - what we ask other CDNs: HTTP/1.1 over mutual TLS with libcurl on the control loop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "https_client.h"

#include "config_peers.h"
#include "https_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CALLS_MAX = 4096 };

const struct https_call_limits https_call_limits_default = {
	.connect_ms = 5000,
	.first_ms = 10000,
	.total_ms = 30000,
	.idle_ms = 45000,
};

/* --- libcurl on the loop ------------------------------------------------------------------------ */

/* What is ended in one callback may have been the last call of another one: libcurl's list is asked each time. */
static void harvest(struct https_remote *remote)
{
	int left;
	CURLMsg *message;
	while ((message = curl_multi_info_read(remote->multi, &left))) {
		struct https_call *call = NULL;
		CURLcode result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		if (message->msg == CURLMSG_DONE)
			https_call_finish(call, result);
	}
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct https_remote *remote = arg;
	int running, flags = (what & EV_READ ? CURL_CSELECT_IN : 0) |
			     (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	curl_multi_socket_action(remote->multi, fd, flags, &running);
	harvest(remote);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct https_remote *remote = arg;
	int running;
	curl_multi_socket_action(remote->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	harvest(remote);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket)
{
	(void)easy;
	struct https_remote *remote = arg;
	struct event *event = socket;
	if (event)
		event_free(event);
	curl_multi_assign(remote->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	short events = (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) |
			       (what & CURL_POLL_OUT ? EV_WRITE : 0));
	event = event_new(remote->client->base, fd, events, on_ready, remote);
	if (!event || event_add(event, NULL)) {
		if (event)
			event_free(event);
		return -1;
	}
	curl_multi_assign(remote->multi, fd, event);
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	(void)multi;
	struct https_remote *remote = arg;
	struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	return ms < 0 ? event_del(remote->timer) : event_add(remote->timer, &time);
}

static void on_work(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct https_remote *remote = arg;
	while (remote->todo) {
		struct https_call *call = remote->todo;
		remote->todo = call->todo_next;
		call->queued = false;
		if (call->cancelled)
			https_call_free(call);
		else if (!call->added)
			https_call_add(call);
		else if (call->resumed)
			https_call_resume(call);
	}
	harvest(remote);
}

static void queue(struct https_call *call)
{
	if (call->queued)
		return;
	call->queued = true;
	call->todo_next = call->remote->todo;
	call->remote->todo = call;
	event_active(call->remote->work, EV_TIMEOUT, 0);
}

/* --- A peer's connections ----------------------------------------------------------------------- */

static bool is_expected(struct tls_check *check, const X509 *certificate)
{
	struct https_remote *remote =
		(struct https_remote *)((char *)check - offsetof(struct https_remote, check));
	char names[TLS_WHY_MAX / 2];
	if (tls_certificate_fits(certificate, remote->settings->identity)) {
		remote->ends = check->ends < remote->ends ? check->ends : remote->ends;
		return true;
	}
	snprintf(check->why, sizeof(check->why), "its certificate (%s) is not that of '%.128s'",
		 tls_certificate_names(certificate, names, sizeof(names)),
		 remote->settings->identity);
	return false;
}

static bool set_multi(struct https_remote *remote, CURLM *multi)
{
	long max = (long)remote->settings->limits.connections;
	return multi && !curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, set_socket) &&
	       !curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, remote) &&
	       !curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer) &&
	       !curl_multi_setopt(multi, CURLMOPT_TIMERDATA, remote) &&
	       !curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, max) &&
	       !curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, max);
}

static void remote_free(struct https_remote *remote)
{
	while (remote->calls)
		https_call_free(remote->calls);
	curl_multi_cleanup(remote->multi);
	if (remote->timer)
		event_free(remote->timer);
	if (remote->work)
		event_free(remote->work);
	free(remote);
}

static void remotes_free(struct https_remote *list)
{
	for (struct https_remote *remote = list, *next; remote; remote = next) {
		next = remote->next;
		remote_free(remote);
	}
}

static struct https_remote *remote_new(struct https_client *client,
				       const struct peer_settings *settings)
{
	struct https_remote *remote = calloc(1, sizeof(*remote));
	if (!remote)
		return NULL;
	remote->client = client;
	remote->settings = settings;
	remote->check.fits = is_expected;
	remote->ends = UINT64_MAX;
	remote->timer = evtimer_new(client->base, on_timer, remote);
	remote->work = event_new(client->base, -1, 0, on_work, remote);
	remote->multi = curl_multi_init();
	if (remote->timer && remote->work && set_multi(remote, remote->multi))
		return remote;
	remote_free(remote);
	return NULL;
}

/* Ends all calls that have begun. What their `done` begins is not one of them. */
static void fail_calls(struct https_remote *remote, const char *why)
{
	for (struct https_call *call = remote->calls; call;) {
		bool begun = call->added || call->cancelled;
		if (call->cancelled)
			https_call_free(call);
		else if (begun)
			https_call_fail(call, "%s", why);
		call = begun ? remote->calls : call->next;
	}
}

/* So that nothing goes on over connections that were begun before. */
static void reconnect(struct https_remote *remote, const char *why)
{
	CURLM *multi = curl_multi_init();
	fail_calls(remote, why);
	if (set_multi(remote, multi)) {
		curl_multi_cleanup(remote->multi);
		remote->multi = multi;
		remote->ends = UINT64_MAX;
	} else {
		curl_multi_cleanup(multi);
	}
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct https_client *client = arg;
	uint64_t now = (uint64_t)time(NULL);
	for (struct https_remote *remote = client->remotes; remote; remote = remote->next)
		if (remote->ends <= now)
			reconnect(remote, "the certificate of the peer, or one that vouches for "
					  "it, has ended; it needs a new one");
}

/* --- The client --------------------------------------------------------------------------------- */

struct https_client *https_client_new(struct event_base *base, struct tls *tls)
{
	static const struct timeval second = {.tv_sec = 1};
	struct https_client *client =
		curl_global_init(CURL_GLOBAL_DEFAULT) ? NULL : calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->base = base;
	client->tls = tls;
	client->every_second = event_new(base, -1, EV_PERSIST, on_second, client);
	if (client->every_second && !event_add(client->every_second, &second))
		return client;
	https_client_free(client);
	return NULL;
}

void https_client_free(struct https_client *client)
{
	if (!client)
		return;
	remotes_free(client->remotes);
	if (client->every_second)
		event_free(client->every_second);
	free(client);
	curl_global_cleanup();
}

static struct https_remote *find_remote(const struct https_client *client, const char *name)
{
	struct https_remote *remote = client->remotes;
	while (remote && strcmp(remote->settings->name, name) != 0)
		remote = remote->next;
	return remote;
}

static bool make_remotes(struct https_client *client, const struct peers *peers,
			 struct https_remote **list)
{
	for (size_t i = 0; i < peers->n; i++) {
		if (find_remote(client, peers->list[i].name))
			continue;
		struct https_remote *remote = remote_new(client, &peers->list[i]);
		if (!remote)
			return false;
		remote->next = *list;
		*list = remote;
	}
	return true;
}

static bool is_same(const struct peer_settings *a, const struct peer_settings *b)
{
	return a->plain_http == b->plain_http &&
	       (a->identity && b->identity ? !strcmp(a->identity, b->identity)
					   : a->identity == b->identity);
}

/* Calls that wait are begun, so that they are told, too. */
static void dismiss(struct https_remote *remote, const char *why)
{
	while (remote->todo)
		on_work(-1, 0, remote);
	fail_calls(remote, why);
}

bool https_client_peers(struct https_client *client, const struct peers *peers)
{
	struct https_remote *fresh = NULL;
	if (!make_remotes(client, peers, &fresh)) {
		remotes_free(fresh);
		return false;
	}
	struct https_remote **link = &client->remotes;
	while (*link) {
		struct https_remote *remote = *link;
		const struct peer_settings *now = config_peers_find(peers, remote->settings->name);
		if (now && !is_same(now, remote->settings))
			reconnect(remote,
				  "the configuration has another identity for the peer now");
		if (now) {
			remote->settings = now;
			set_multi(remote, remote->multi);
			link = &remote->next;
		} else {
			/* Nobody finds it any more to ask it anew. */
			*link = remote->next;
			dismiss(remote, "the configuration does not have the peer any more");
			remote_free(remote);
		}
	}
	*link = fresh;
	return true;
}

/* --- Calls -------------------------------------------------------------------------------------- */

static struct https_call *start(struct https_client *client, const char *peer, const char *url,
				const struct https_call_plan *plan, char *err, size_t err_len)
{
	struct https_remote *remote = find_remote(client, peer);
	if (!remote)
		snprintf(err, err_len, "there is no peer '%s'", peer);
	else if (remote->n_calls >= CALLS_MAX)
		snprintf(err, err_len, "%u calls to the peer '%s' are under way already",
			 remote->n_calls, peer);
	else if (!client->tls && !remote->settings->plain_http)
		snprintf(err, err_len,
			 "the peer '%s' needs TLS, and interconnection has no certificate", peer);
	else if (https_call_may(remote->settings, url, err, err_len)) {
		struct https_call *call = https_call_new(remote, url, plan);
		if (!call)
			snprintf(err, err_len, "no memory to ask the peer '%s'", peer);
		return call;
	}
	return NULL;
}

struct https_call *https_client_get(struct https_client *client, const char *peer, const char *url,
				    const struct https_call_plan *plan, char *err, size_t err_len)
{
	struct https_call *call = start(client, peer, url, plan, err, err_len);
	if (call)
		queue(call);
	return call;
}

struct https_call *https_client_post(struct https_client *client, const char *peer, const char *url,
				     const void *body, size_t len,
				     const struct https_call_plan *plan, char *err, size_t err_len)
{
	struct https_call *call = start(client, peer, url, plan, err, err_len);
	if (call && !https_call_post(call, body, len)) {
		snprintf(err, err_len, "no memory to ask the peer '%s'", peer);
		https_call_free(call);
		call = NULL;
	}
	if (call)
		queue(call);
	return call;
}

const char *https_client_header(struct https_call *call, const char *name)
{
	struct curl_header *header;
	return curl_easy_header(call->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
		       ? header->value
		       : NULL;
}

int https_client_status(const struct https_call *call)
{
	long status = 0;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

void https_client_resume(struct https_call *call)
{
	call->resumed = true;
	queue(call);
}

void https_client_cancel(struct https_call *call)
{
	call->cancelled = true;
	queue(call);
}

unsigned https_client_calls(const struct https_client *client, const char *peer)
{
	const struct https_remote *remote = find_remote(client, peer);
	return remote ? remote->n_calls : 0;
}
