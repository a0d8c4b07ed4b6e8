/* https_connection - inside of the HTTPS server: connections from their first octet to their end, watched while evhttp reads and writes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "https_server.h"

#include <event2/bufferevent.h>
#include <event2/http.h>

enum https_phase {
	PHASE_SHAKE, /* until the handshake is done; without TLS: until the address was looked at */
	PHASE_IDLE,  /* between requests */
	PHASE_READ,  /* a request comes in */
	PHASE_HELD,  /* a handler has it */
	PHASE_WRITE, /* it is answered, but not all is written */
};

/* A peer, for as long as it is configured. */
struct https_peer {
	const struct peer_settings *settings;
	struct https_counts counts;
	uint64_t tokens;      /* requests that it may send now, in thousandths */
	uint64_t refilled_ms; /* when they were counted last */
	struct https_peer *next;
};

struct https_route {
	unsigned roles, methods;
	const char *path;
	size_t len;
	https_handler *handler;
	void *arg;
	struct https_route *next;
};

/* An address whose refusals are not logged for a while. */
struct https_quiet {
	struct ip_addr address;
	uint64_t until_ms;
};

enum { HTTPS_QUIET = 64 };

struct https_server {
	struct event_base *base;
	struct tls *tls;
	struct https_limits limits;
	struct evhttp *secure, *open;
	struct event *every_while, *soon;
	struct https_request *connections; /* the newest first */
	unsigned n_connections, n_shaking; /* shaking: those with TLS */
	struct https_request **by_fd;
	size_t n_by_fd;
	struct https_request *current; /* whose handler runs, or NULL */
	struct https_peer *peers;
	struct https_counts unknown;
	struct https_route *routes;
	size_t n_ports;
	uint16_t ports[2 * LISTEN_MAX];
	struct https_quiet quiet[HTTPS_QUIET];
};

/* A connection, and the request on it that a handler has. */
struct https_request {
	struct https_server *server;
	struct bufferevent
		*io; /* one reference of it is ours, so that we see when evhttp has dropped it */
	int fd;      /* -1: not looked at yet */
	bool plain;
	struct ip_addr address;
	struct tls_check check;
	struct https_peer *peer; /* NULL: not known yet */
	enum https_phase phase;
	uint64_t deadline_ms; /* of the phase; UINT64_MAX: none */
	uint64_t moved_ms; /* when the other end took octets last, or the first one began to wait */
	bool heard;        /* evhttp tells when it ends */
	bool doomed;       /* to be closed; that is counted already */
	enum https_count cause;
	struct evhttp_request *http; /* NULL: no handler has one */
	bool held, begun;
	void (*ended)(void *arg);
	void *ended_arg;
	struct https_request *next, **link;
};

uint64_t https_connection_now_ms(void);

/* What evhttp reads a new connection with; NULL: no memory. */
struct bufferevent *https_connection_secure(struct event_base *base, void *server);
struct bufferevent *https_connection_open(struct event_base *base, void *server);

/* Whose request it is. NULL: nobody's that may ask; evhttp is to refuse it. */
struct https_request *https_connection_of(struct https_server *server, struct evhttp_request *http);

/* A handler is given the request. */
void https_connection_hold(struct https_request *request, struct evhttp_request *http);

/* The handler has returned, and has not answered: see when the other end goes away. */
void https_connection_listen(struct https_request *request);

/* The request is answered: what remains is to write. */
void https_connection_answered(struct https_request *request);

/* Closes it soon, from the event loop. */
void https_connection_doom(struct https_request *request, enum https_count cause);

/* Closes it now; `ended` is called if a handler has a request on it. */
void https_connection_cut(struct https_request *request);

/* Is it the connection of the peer as it is configured now? */
bool https_connection_fits(const struct https_request *request, const struct peer_settings *peer);

/* Cuts what has gone on for too long. */
void https_connection_tend(struct https_server *server);

/* Looks at connections that were just taken, and closes doomed ones. */
void https_connection_greet(struct https_server *server);
