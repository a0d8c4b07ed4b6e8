/* https_call - inside of the HTTPS client: one question to a peer, from its beginning over redirects to its answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "https_call.h"

#include "lib/array.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 64 << 10, REDIRECTS_MAX = 3, AUTHORITY_MAX = 512, ERROR_MAX = 2048 };

/* --- What may be asked -------------------------------------------------------------------------- */

/* "host:port" of a URL, the port also where it is the scheme's own. */
static bool authority_of(const char *text, char out[AUTHORITY_MAX], bool *plain)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	CURLU *url = curl_url();
	bool good = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
	if (good) {
		*plain = !strcmp(scheme, "http");
		good = (*plain || !strcmp(scheme, "https")) &&
		       snprintf(out, AUTHORITY_MAX, "%s:%s", host, port) < AUTHORITY_MAX;
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
	return good;
}

static bool same_authority(const char *configured, const char *authority)
{
	char other[AUTHORITY_MAX];
	bool plain;
	return configured && authority_of(configured, other, &plain) &&
	       !strcasecmp(other, authority);
}

static bool is_own_host(const struct peer_settings *peer, const char *authority, bool plain)
{
	char url[AUTHORITY_MAX + sizeof("https:///")];
	for (size_t i = 0; i < peer->n_hosts; i++) {
		snprintf(url, sizeof(url), "%s://%s/", plain ? "http" : "https", peer->hosts[i]);
		if (same_authority(url, authority))
			return true;
	}
	return same_authority(peer->directory, authority) ||
	       same_authority(peer->metadata.host_index, authority) ||
	       same_authority(peer->redirection, authority);
}

bool https_call_may(const struct peer_settings *peer, const char *url, char *err, size_t err_len)
{
	char authority[AUTHORITY_MAX];
	bool plain;
	if (!authority_of(url, authority, &plain))
		snprintf(err, err_len, "%.256s is not a URL as \"https://host:port/path\"", url);
	else if (plain != peer->plain_http)
		snprintf(err, err_len,
			 "%.256s is %s TLS, and the peer '%s' is configured %s plain-http", url,
			 plain ? "without" : "with", peer->name, plain ? "without" : "with");
	else if (!is_own_host(peer, authority, plain))
		snprintf(err, err_len,
			 "%.256s is on a host that is not one of the peer '%s'; if it is, add "
			 "\"%s\" to its hosts",
			 url, peer->name, authority);
	else
		return true;
	return false;
}

/* --- What libcurl calls ------------------------------------------------------------------------- */

/* 0 ms: never. */
static void arm(struct https_call *call, unsigned ms)
{
	struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	if (ms)
		event_add(call->late, &time);
	else
		event_del(call->late);
}

static bool streams(const struct https_call *call)
{
	int status = https_client_status(call);
	return call->plan.chunk && status >= 200 && status < 300;
}

static size_t on_head(char *octets, size_t size, size_t n, void *arg)
{
	(void)octets;
	struct https_call *call = arg;
	if (!call->head_octets)
		arm(call, call->plan.chunk ? call->plan.limits.idle_ms : 0);
	call->head_octets += size * n;
	call->too_long = call->head_octets > HEAD_MAX;
	return call->too_long ? 0 : size * n;
}

static size_t give_chunk(struct https_call *call, const char *octets, size_t len)
{
	bool taken = call->plan.chunk(call->plan.arg, call, (const uint8_t *)octets, len);
	if (call->cancelled)
		return 0;
	call->paused = !taken;
	arm(call, taken ? call->plan.limits.idle_ms : 0);
	return taken ? len : CURL_WRITEFUNC_PAUSE;
}

static size_t on_body(char *octets, size_t size, size_t n, void *arg)
{
	struct https_call *call = arg;
	size_t len = size * n;
	if (call->cancelled)
		return 0;
	if (streams(call))
		return give_chunk(call, octets, len);
	call->too_long = len > call->plan.limits.octets - call->len;
	if (call->too_long)
		return 0;
	uint8_t *body = array_reserve(call->body, &call->cap, call->len + len, 1);
	if (!body)
		return 0;
	memcpy(body + call->len, octets, len);
	call->body = body;
	call->len += len;
	return len;
}

static CURLcode on_context(CURL *easy, void *context, void *arg)
{
	(void)easy;
	struct https_remote *remote = arg;
	remote->check.why[0] = '\0';
	return tls_connect(remote->client->tls, context, &remote->check) ? CURLE_OK
									 : CURLE_OUT_OF_MEMORY;
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct https_call *call = arg;
	if (call->cancelled)
		return;
	if (call->head_octets)
		https_call_fail(call,
				"nothing came for %u ms; is the peer, or the network, overloaded?",
				call->plan.limits.idle_ms);
	else
		https_call_fail(call,
				"no answer began within %u ms; is the peer overloaded, or are too "
				"few connections allowed?",
				call->plan.limits.first_ms);
}

/* --- Its beginning ------------------------------------------------------------------------------ */

/* The verification is ours (tls.h), not libcurl's: it knows the identity, and reads no files. Nothing from the environment or from
 * an earlier connection may change whom we talk to. */
static bool set_tls(struct https_call *call)
{
	CURL *easy = call->easy;
	bool set = !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	set &= !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	set &= !curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	set &= !curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	set &= !curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	set &= !curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	set &= !curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
	set &= !curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, call->remote);
	set &= !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
				 call->remote->settings->plain_http ? "http" : "https");
	return set && !curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

/* QUICK_EXIT: a cancelled call does not wait for the thread that looks its name up. */
static bool set_options(struct https_call *call)
{
	CURL *easy = call->easy;
	const struct https_call_limits *limits = &call->plan.limits;
	bool set = !curl_easy_setopt(easy, CURLOPT_URL, call->url);
	set &= !curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	set &= !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->detail);
	set &= !curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
	set &= !curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	set &= !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	set &= !curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	set &= !curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	set &= !curl_easy_setopt(easy, CURLOPT_USERAGENT, "turnout/" TURNOUT_VERSION);
	set &= !curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	set &= !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	set &= !curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	set &= !curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	set &= !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_ms);
	set &= !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
				 call->plan.chunk ? 0L : (long)limits->total_ms);
	return set && set_tls(call);
}

static bool add_header(struct https_call *call, const char *line)
{
	struct curl_slist *headers = curl_slist_append(call->headers, line);
	if (headers)
		call->headers = headers;
	return headers;
}

static void list_call(struct https_call *call)
{
	struct https_remote *remote = call->remote;
	call->next = remote->calls;
	call->link = &remote->calls;
	if (call->next)
		call->next->link = &call->next;
	remote->calls = call;
	remote->n_calls++;
}

struct https_call *https_call_new(struct https_remote *remote, const char *url,
				  const struct https_call_plan *plan)
{
	struct https_call *call = calloc(1, sizeof(*call));
	if (!call)
		return NULL;
	call->remote = remote;
	call->plan = *plan;
	call->plan.headers = NULL;
	if (!call->plan.limits.octets)
		call->plan.limits.octets = remote->settings->limits.octets;
	call->method = "GET";
	call->url = strdup(url);
	call->easy = curl_easy_init();
	call->late = evtimer_new(remote->client->base, on_late, call);
	list_call(call);
	bool made = call->url && call->easy && call->late && add_header(call, "Expect:");
	for (const char *const *line = plan->headers; made && line && *line; line++)
		made = add_header(call, *line);
	if (made && set_options(call))
		return call;
	https_call_free(call);
	return NULL;
}

bool https_call_post(struct https_call *call, const void *body, size_t len)
{
	call->method = "POST";
	return !curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) &&
	       !curl_easy_setopt(call->easy, CURLOPT_COPYPOSTFIELDS, len ? body : "");
}

void https_call_add(struct https_call *call)
{
	CURLMcode code = curl_multi_add_handle(call->remote->multi, call->easy);
	call->added = code == CURLM_OK;
	if (call->added)
		arm(call, call->plan.limits.first_ms);
	else
		https_call_fail(call, "%s", curl_multi_strerror(code));
}

void https_call_resume(struct https_call *call)
{
	call->resumed = false;
	if (!call->paused)
		return;
	call->paused = false;
	arm(call, call->plan.limits.idle_ms);
	curl_easy_pause(call->easy, CURLPAUSE_CONT);
}

/* --- Its end ------------------------------------------------------------------------------------ */

static void take_back(struct https_call *call)
{
	if (call->added)
		curl_multi_remove_handle(call->remote->multi, call->easy);
	call->added = false;
}

void https_call_free(struct https_call *call)
{
	struct https_call **todo = &call->remote->todo;
	while (*todo && *todo != call)
		todo = &(*todo)->todo_next;
	if (*todo)
		*todo = call->todo_next;
	take_back(call);
	*call->link = call->next;
	if (call->next)
		call->next->link = call->link;
	call->remote->n_calls--;
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	if (call->late)
		event_free(call->late);
	free(call->body);
	free(call->url);
	free(call);
}

static void give(struct https_call *call, const struct https_call_answer *answer)
{
	event_del(call->late);
	if (!call->cancelled)
		call->plan.done(call->plan.arg, call, answer);
	https_call_free(call);
}

void https_call_fail(struct https_call *call, const char *format, ...)
{
	char text[ERROR_MAX];
	int len = snprintf(text, sizeof(text), "%s %.512s: ", call->method, call->url);
	va_list args;
	va_start(args, format);
	vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
	va_end(args);
	take_back(call);
	give(call, &(struct https_call_answer){.error = text});
}

static const char *advice(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "look at the name, and at the resolver of this machine";
	case CURLE_COULDNT_CONNECT:
		return "is the peer up, and its port open?";
	case CURLE_OPERATION_TIMEDOUT:
		return "is the peer, or the network, overloaded?";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return "compare the certificates, the authorities and the configured identity of "
		       "both sides";
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return "the connection broke, or what came is not HTTP; look at the log of the "
		       "peer, also for what it says about our certificate";
	default:
		return "ask the peer's operators about it";
	}
}

static void fail_with(struct https_call *call, CURLcode code)
{
	const char *why = call->remote->check.why;
	bool tls = code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
	if (call->too_long && call->head_octets > HEAD_MAX)
		https_call_fail(call, "the head of the answer has more than %d octets", HEAD_MAX);
	else if (call->too_long)
		https_call_fail(call,
				"the answer has more than %zu octets; raise limits.octets of the "
				"peer '%s' if that is right",
				call->plan.limits.octets, call->remote->settings->name);
	else if (code == CURLE_WRITE_ERROR)
		https_call_fail(call, "no memory for the answer");
	else
		https_call_fail(call, "%s; %s",
				tls && why[0]     ? why
				: call->detail[0] ? call->detail
						  : curl_easy_strerror(code),
				advice(code));
}

static void follow(struct https_call *call, int status)
{
	char err[ERROR_MAX / 2];
	char *location = NULL;
	curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &location);
	char *url = location ? strdup(location) : NULL;
	if (!url) {
		https_call_fail(call, "it redirects with status %d to nowhere", status);
		return;
	}
	bool may = https_call_may(call->remote->settings, url, err, sizeof(err));
	if (!may || ++call->redirects > REDIRECTS_MAX) {
		if (may)
			https_call_fail(call, "it redirects more than %d times", REDIRECTS_MAX);
		else
			https_call_fail(call, "it redirects, but %s", err);
		free(url);
		return;
	}
	free(call->url);
	call->url = url;
	call->len = call->head_octets = 0;
	curl_easy_setopt(call->easy, CURLOPT_URL, url);
	if (status == 303) {
		call->method = "GET";
		curl_easy_setopt(call->easy, CURLOPT_HTTPGET, 1L);
	}
	https_call_add(call);
}

void https_call_finish(struct https_call *call, CURLcode result)
{
	int status = https_client_status(call);
	if (call->cancelled)
		return;
	take_back(call);
	if (result != CURLE_OK)
		fail_with(call, result);
	else if (status == 303 || status == 307)
		follow(call, status);
	else
		give(call, &(struct https_call_answer){
				   .status = status, .body = call->body, .len = call->len});
}
