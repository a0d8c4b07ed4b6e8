/* https_connection - inside of the HTTPS server: connections from their first octet to their end, watched while evhttp reads and writes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "https_connection.h"

#include "lib/array.h"
#include "log.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { QUIET_MS = 60000, INPUT_SPARE = 64 << 10 };

uint64_t https_connection_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct https_counts *counts_of(const struct https_request *request)
{
	return request->peer ? &request->peer->counts : &request->server->unknown;
}

static void count(const struct https_request *request, enum https_count what)
{
	counts_of(request)->n[what]++;
}

/* Without TLS nobody has hands to shake. */
static bool shakes(const struct https_request *request)
{
	return request->phase == PHASE_SHAKE && !request->plain;
}

static void enter(struct https_request *request, enum https_phase phase)
{
	const struct https_limits *limits = &request->server->limits;
	const unsigned ms[] = {limits->shake_ms, limits->idle_ms, limits->request_ms, 0,
			       limits->answer_ms}; /* as enum https_phase */
	request->server->n_shaking -= shakes(request) && phase != PHASE_SHAKE;
	request->phase = phase;
	request->deadline_ms =
		phase == PHASE_HELD ? UINT64_MAX : https_connection_now_ms() + ms[phase];
}

/* --- Who it is ---------------------------------------------------------------------------------- */

/* Whose refusals fill the log would do so once a minute, and all of them together HTTPS_QUIET times. */
static void log_refusal(struct https_server *server, const struct ip_addr *address, const char *why)
{
	uint64_t now = https_connection_now_ms();
	struct https_quiet *slot = &server->quiet[0];
	char text[IP_TEXT_MAX];
	for (size_t i = 0; i < HTTPS_QUIET; i++) {
		struct https_quiet *quiet = &server->quiet[i];
		if (quiet->until_ms > now && ip_addr_equal(&quiet->address, address))
			return;
		if (quiet->until_ms < slot->until_ms)
			slot = quiet;
	}
	if (slot->until_ms > now)
		return;
	*slot = (struct https_quiet){*address, now + QUIET_MS};
	log_line(LOG_LEVEL_WARNING, "refused a connection from %s: %s; not said again for a minute",
		 ip_addr_text(address, text), why);
}

static bool attach(struct https_request *request, struct https_peer *peer)
{
	unsigned max = peer->settings->limits.connections;
	if (request->peer)
		return request->peer == peer;
	if (peer->counts.connections >= max) {
		peer->counts.n[HTTPS_REFUSED_CONNECTION]++;
		request->cause = HTTPS_REFUSED_CONNECTION;
		snprintf(request->check.why, sizeof(request->check.why),
			 "the peer '%s' has %u connections already; raise its limits.connections "
			 "if that is right",
			 peer->settings->name, max);
		return false;
	}
	request->peer = peer;
	peer->counts.connections++;
	count(request, HTTPS_CONNECTIONS);
	return true;
}

/* Asked by TLS once the authorities vouch for a certificate. */
static bool is_peer(struct tls_check *check, const X509 *certificate)
{
	struct https_request *request =
		(struct https_request *)((char *)check - offsetof(struct https_request, check));
	char names[TLS_WHY_MAX / 2];
	for (struct https_peer *peer = request->server->peers; peer; peer = peer->next)
		if (peer->settings->identity &&
		    tls_certificate_fits(certificate, peer->settings->identity))
			return attach(request, peer);
	request->cause = HTTPS_REFUSED_IDENTITY;
	snprintf(check->why, sizeof(check->why),
		 "its certificate (%s) is that of no peer; compare the identities of the peers",
		 tls_certificate_names(certificate, names, sizeof(names)));
	return false;
}

static bool attach_by_address(struct https_request *request)
{
	for (struct https_peer *peer = request->server->peers; peer; peer = peer->next)
		if (https_connection_fits(request, peer->settings))
			return attach(request, peer);
	request->cause = HTTPS_REFUSED_IDENTITY;
	snprintf(request->check.why, sizeof(request->check.why),
		 "no peer with plain-http has this address");
	return false;
}

bool https_connection_fits(const struct https_request *request, const struct peer_settings *peer)
{
	if (request->plain)
		return peer->plain_http && ip_addr_equal(&peer->address, &request->address);
	return peer->identity &&
	       tls_identity_fits(bufferevent_openssl_get_ssl(request->io), peer->identity);
}

/* --- Its end ------------------------------------------------------------------------------------ */

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg);
static void on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg);

static void release(struct https_request *request)
{
	struct https_server *server = request->server;
	*request->link = request->next;
	if (request->next)
		request->next->link = request->link;
	if (request->fd >= 0)
		server->by_fd[request->fd] = NULL;
	server->n_connections--;
	server->n_shaking -= shakes(request);
	if (request->peer)
		request->peer->counts.connections--;
	if (server->current == request)
		server->current = NULL;
	evbuffer_remove_cb(bufferevent_get_input(request->io), on_input, request);
	evbuffer_remove_cb(bufferevent_get_output(request->io), on_output, request);
	bufferevent_decref(request->io);
	free(request);
}

/* evhttp is about to free the connection. A request that is still a handler's belongs to nobody then. */
static void on_closed(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	struct https_request *request = arg;
	struct evhttp_request *http = request->http;
	void (*ended)(void *arg) = http ? request->ended : NULL;
	void *ended_arg = request->ended_arg;
	if (!request->doomed && (request->phase == PHASE_HELD || request->phase == PHASE_WRITE))
		count(request, HTTPS_CUT_LOST);
	if (http && !evhttp_request_get_connection(http))
		evhttp_request_free(http);
	release(request);
	if (ended)
		ended(ended_arg);
}

/* A time-out ends it whatever evhttp is doing with it. */
void https_connection_cut(struct https_request *request)
{
	bool heard = request->heard;
	bufferevent_trigger_event(request->io, BEV_EVENT_READING | BEV_EVENT_TIMEOUT, 0);
	if (!heard)
		release(request);
}

void https_connection_doom(struct https_request *request, enum https_count cause)
{
	if (request->doomed)
		return;
	request->doomed = true;
	request->cause = cause;
	count(request, cause);
	event_active(request->server->soon, EV_TIMEOUT, 0);
}

/* evhttp has dropped what never became a request: the handshake failed, or nothing came. */
static void note_dropped(struct https_request *request)
{
	char why[TLS_WHY_MAX];
	if (request->doomed || request->phase != PHASE_SHAKE)
		return;
	unsigned long error = bufferevent_get_openssl_error(request->io);
	const char *reason = error ? ERR_reason_error_string(error) : NULL;
	snprintf(why, sizeof(why), "the handshake failed: %s", reason ? reason : "it went away");
	if (request->check.why[0] && request->cause == HTTPS_REFUSED_HANDSHAKE)
		request->cause = HTTPS_REFUSED_CERT;
	if (request->cause != HTTPS_REFUSED_CONNECTION)
		count(request, request->cause);
	log_refusal(request->server, &request->address,
		    request->check.why[0] ? request->check.why : why);
}

/* --- Its phases --------------------------------------------------------------------------------- */

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	(void)buffer;
	struct https_request *request = arg;
	counts_of(request)->n[HTTPS_OCTETS_IN] += info->n_added;
	if (info->n_added && request->phase <= PHASE_IDLE)
		enter(request, PHASE_READ);
}

/* What no handler has seen is answered by evhttp itself: "HTTP/1.1 413 ...". */
static void note_own_answer(struct https_request *request, struct evbuffer *buffer)
{
	char line[sizeof("HTTP/1.1 413")] = "";
	if (evbuffer_copyout(buffer, line, sizeof(line) - 1) < (ev_ssize_t)sizeof(line) - 1)
		return;
	switch (atoi(line + sizeof("HTTP/1.1 ") - 1)) {
	case 100:
		return;
	case 413:
		count(request, HTTPS_REFUSED_SIZE);
		break;
	case 501:
		count(request, HTTPS_REFUSED_METHOD);
		break;
	default:
		count(request, HTTPS_REFUSED_MALFORMED);
	}
	enter(request, PHASE_WRITE);
}

static void on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct https_request *request = arg;
	counts_of(request)->n[HTTPS_OCTETS_OUT] += info->n_deleted;
	if (info->n_deleted || !info->orig_size)
		request->moved_ms = https_connection_now_ms();
	if (info->n_added && request->phase < PHASE_HELD)
		note_own_answer(request, buffer);
}

static void on_written(struct evhttp_request *http, void *arg)
{
	(void)http;
	struct https_request *request = arg;
	enter(request,
	      evbuffer_get_length(bufferevent_get_input(request->io)) ? PHASE_READ : PHASE_IDLE);
}

void https_connection_hold(struct https_request *request, struct evhttp_request *http)
{
	evhttp_connection_set_closecb(evhttp_request_get_connection(http), on_closed, request);
	evhttp_request_set_on_complete_cb(http, on_written, request);
	request->heard = true;
	request->http = http;
	request->held = request->begun = false;
	request->ended = NULL;
	enter(request, PHASE_HELD);
	count(request, HTTPS_REQUESTS);
}

/* evhttp does not read while it waits for an answer, and would not stand what comes in then; so nobody is told of octets, which
 * wait, but evhttp is told of the end. Once an answer was begun it does the same by itself. */
void https_connection_listen(struct https_request *request)
{
	bufferevent_event_cb on_event;
	void *arg;
	if (request->begun)
		return;
	bufferevent_getcb(request->io, NULL, NULL, &on_event, &arg);
	bufferevent_setcb(request->io, NULL, NULL, on_event, arg);
	bufferevent_enable(request->io, EV_READ);
}

void https_connection_answered(struct https_request *request)
{
	request->http = NULL;
	enter(request, PHASE_WRITE);
}

/* --- Its beginning ------------------------------------------------------------------------------ */

/* Nobody tells when a handshake has ended. */
static void note_shaken(struct https_request *request)
{
	if (shakes(request) && request->peer &&
	    SSL_is_init_finished(bufferevent_openssl_get_ssl(request->io)))
		enter(request, PHASE_IDLE);
}

static struct https_request *oldest_shaking(const struct https_server *server)
{
	struct https_request *oldest = NULL;
	for (struct https_request *request = server->connections; request;
	     request = request->next) {
		note_shaken(request);
		if (shakes(request) && !request->doomed)
			oldest = request;
	}
	return oldest;
}

static bool is_full(const struct https_server *server)
{
	return server->n_connections > server->limits.connections ||
	       server->n_shaking > server->limits.shaking;
}

/* Who has not said who it is makes room for others. */
static void make_room(struct https_server *server, struct https_request *newest)
{
	if (!is_full(server))
		return;
	struct https_request *oldest = oldest_shaking(server);
	if (is_full(server))
		https_connection_doom(oldest ? oldest : newest, HTTPS_REFUSED_CONNECTION);
}

static struct https_request *request_new(struct https_server *server, bool plain)
{
	struct https_request *request = calloc(1, sizeof(*request));
	if (!request)
		return NULL;
	request->server = server;
	request->plain = plain;
	request->fd = -1;
	request->check.fits = is_peer;
	request->cause = HTTPS_REFUSED_HANDSHAKE;
	request->moved_ms = https_connection_now_ms();
	request->deadline_ms = request->moved_ms + server->limits.shake_ms;
	return request;
}

static void watch(struct https_request *request)
{
	struct https_server *server = request->server;
	const struct https_limits *limits = &server->limits;
	bufferevent_incref(request->io);
	bufferevent_setwatermark(request->io, EV_READ, 0,
				 limits->head_octets + limits->body_octets + INPUT_SPARE);
	evbuffer_add_cb(bufferevent_get_input(request->io), on_input, request);
	evbuffer_add_cb(bufferevent_get_output(request->io), on_output, request);
	request->next = server->connections;
	request->link = &server->connections;
	if (request->next)
		request->next->link = &request->next;
	server->connections = request;
	server->n_connections++;
	server->n_shaking += shakes(request);
	make_room(server, request);
	event_active(server->soon, EV_TIMEOUT, 0);
}

/* Without memory evhttp takes a bufferevent of its own; nobody knows its requests, and so they are refused. */
struct bufferevent *https_connection_secure(struct event_base *base, void *arg)
{
	struct https_server *server = arg;
	struct https_request *request = request_new(server, false);
	SSL *ssl = request ? tls_accept(server->tls, &request->check) : NULL;
	if (ssl)
		request->io = bufferevent_openssl_socket_new(
			base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (!request || !request->io) {
		free(request);
		return NULL;
	}
	watch(request);
	return request->io;
}

struct bufferevent *https_connection_open(struct event_base *base, void *arg)
{
	struct https_request *request = request_new(arg, true);
	if (request)
		request->io = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!request || !request->io) {
		free(request);
		return NULL;
	}
	watch(request);
	return request->io;
}

static void read_address(int fd, struct ip_addr *address)
{
	struct sockaddr_in6 from = {.sin6_family = AF_UNSPEC};
	socklen_t len = sizeof(from);
	address->family = 4;
	if (getpeername(fd, (struct sockaddr *)&from, &len))
		return;
	if (from.sin6_family == AF_INET6) {
		address->family = 6;
		memcpy(address->bytes, &from.sin6_addr, 16);
	} else {
		memcpy(address->bytes, &((struct sockaddr_in *)(void *)&from)->sin_addr, 4);
	}
}

/* false: no memory. */
static bool enlist(struct https_request *request, size_t fd)
{
	struct https_server *server = request->server;
	size_t old = server->n_by_fd;
	struct https_request **by_fd = array_reserve(server->by_fd, &server->n_by_fd, fd + 1,
						     sizeof(struct https_request *));
	if (!by_fd)
		return false;
	server->by_fd = by_fd;
	if (server->n_by_fd > old)
		memset(by_fd + old, 0, (server->n_by_fd - old) * sizeof(struct https_request *));
	by_fd[fd] = request;
	request->fd = (int)fd;
	return true;
}

/* Only now evhttp has given it its socket. */
static void look(struct https_request *request)
{
	int fd = bufferevent_getfd(request->io), on = 1;
	read_address(fd, &request->address);
	/* Answers to requests that came at once leave one by one; none shall wait for a receipt of the one before. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (fd < 0 || !enlist(request, (size_t)fd)) {
		https_connection_doom(request, HTTPS_REFUSED_CONNECTION);
		return;
	}
	if (!request->plain || request->doomed)
		return;
	if (attach_by_address(request)) {
		enter(request, request->phase == PHASE_SHAKE ? PHASE_IDLE : request->phase);
		return;
	}
	log_refusal(request->server, &request->address, request->check.why);
	request->doomed = true;
	if (request->cause != HTTPS_REFUSED_CONNECTION)
		count(request, request->cause);
}

void https_connection_greet(struct https_server *server)
{
	for (struct https_request *request = server->connections;
	     request && !request->address.family; request = request->next)
		look(request);
	for (struct https_request *request = server->connections; request;) {
		bool doomed = request->doomed;
		if (doomed)
			https_connection_cut(request);
		/* Who was told of one end may have brought about others. */
		request = doomed ? server->connections : request->next;
	}
}

struct https_request *https_connection_of(struct https_server *server, struct evhttp_request *http)
{
	int fd = bufferevent_getfd(
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(http)));
	struct https_request *request =
		fd >= 0 && (size_t)fd < server->n_by_fd ? server->by_fd[fd] : NULL;
	return request && request->peer && !request->doomed ? request : NULL;
}

/* --- What goes on for too long ------------------------------------------------------------------ */

static bool is_dropped(const struct https_request *request)
{
	bufferevent_event_cb on_event;
	bufferevent_getcb(request->io, NULL, NULL, &on_event, NULL);
	return !on_event;
}

static bool has_expired(const struct https_request *request, uint64_t unix_now)
{
	char text[IP_TEXT_MAX];
	if (!request->peer || request->plain || request->check.ends > unix_now)
		return false;
	log_line(LOG_LEVEL_WARNING,
		 "closed a connection of the peer '%s' from %s: its certificate, or one that "
		 "vouches for it, has ended",
		 request->peer->settings->name, ip_addr_text(&request->address, text));
	return true;
}

static void judge(struct https_request *request, uint64_t now, uint64_t unix_now)
{
	static const enum https_count late[] = {HTTPS_CUT_HANDSHAKE, HTTPS_CUT_IDLE,
						HTTPS_CUT_REQUEST, HTTPS_CUT_SLOW, HTTPS_CUT_SLOW};
	bool waits = evbuffer_get_length(bufferevent_get_output(request->io)) > 0;
	note_shaken(request);
	if (has_expired(request, unix_now))
		https_connection_doom(request, HTTPS_CUT_EXPIRED);
	else if (now >= request->deadline_ms)
		https_connection_doom(request, late[request->phase]);
	else if (waits && now - request->moved_ms > request->server->limits.stuck_ms)
		https_connection_doom(request, HTTPS_CUT_SLOW);
}

void https_connection_tend(struct https_server *server)
{
	uint64_t now = https_connection_now_ms(), unix_now = (uint64_t)time(NULL);
	struct https_request *next;
	for (struct https_request *request = server->connections; request; request = next) {
		next = request->next;
		if (is_dropped(request)) {
			note_dropped(request);
			release(request);
		} else if (!request->doomed) {
			judge(request, now, unix_now);
		}
	}
}
