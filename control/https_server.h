/* https_server - where other CDNs reach us: HTTP/1.1 over mutual TLS on the control loop, each peer with its own rights and limits. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "https_answer.h"
#include "lib/peers.h"
#include "tls.h"

#include <event2/event.h>

/* A connection belongs to the peer whose identity its certificate has; one without TLS to the peer whose address it comes from.
 * What is unknown is refused while hands are shaken. Of a request the server checks size, time, rate, path, method and role, and
 * answers 400, 403, 404, 405, 413 or 429 (RFC 9110 §15.5, RFC 6585 §4) by itself. Requests on one connection are answered one
 * after another, also when they come at once. All functions are for the control thread. */
struct https_server;

/* Times in milliseconds. */
struct https_limits {
	unsigned connections; /* in all; those of a peer are in its settings */
	unsigned
		shaking; /* of those, whose hands are being shaken; for a new one the oldest goes */
	unsigned shake_ms;   /* from the connection to the end of the handshake */
	unsigned request_ms; /* from the first octet of a request to its last one */
	unsigned idle_ms;    /* between requests */
	unsigned stuck_ms;   /* the other end takes nothing of what waits for it */
	unsigned answer_ms;  /* from a whole answer to its last octet */
	size_t head_octets;
	size_t body_octets;
	size_t pending_octets; /* of a stream that wait for the other end */
};
extern const struct https_limits https_limits_default;

/* Those, for a process that may have so many descriptors: connections take no more than half of them, as one that cannot be taken
 * for want of a descriptor would come again and again. */
struct https_limits https_limits_for(uint64_t descriptors);

/* What happened; each is counted for a peer, or for nobody when no peer is known yet. */
enum https_count {
	HTTPS_CONNECTIONS,       /* taken */
	HTTPS_REQUESTS,          /* that came whole */
	HTTPS_OCTETS_IN,         /* of requests, without TLS */
	HTTPS_OCTETS_OUT,        /* of answers, without TLS */
	HTTPS_REFUSED_HANDSHAKE, /* no TLS, no certificate, or it gave up */
	HTTPS_REFUSED_CERT, /* the authorities do not vouch for it, it has ended, or is not for this */
	HTTPS_REFUSED_IDENTITY,   /* a good certificate, or an address, of nobody we know */
	HTTPS_REFUSED_CONNECTION, /* there are too many */
	HTTPS_REFUSED_MALFORMED,  /* 400 */
	HTTPS_REFUSED_SIZE,       /* 413 */
	HTTPS_REFUSED_ROLE,       /* 403 */
	HTTPS_REFUSED_PATH,       /* 404 */
	HTTPS_REFUSED_METHOD,     /* 405, 501 */
	HTTPS_REFUSED_RATE,       /* 429 */
	HTTPS_CUT_HANDSHAKE,      /* took too long */
	HTTPS_CUT_REQUEST,
	HTTPS_CUT_IDLE,
	HTTPS_CUT_SLOW,    /* did not read its answer, or not fast enough for a stream */
	HTTPS_CUT_EXPIRED, /* its certificate ended while it was connected */
	HTTPS_CUT_CHANGED, /* the configuration knows it no longer, or under another identity */
	HTTPS_CUT_LOST,    /* it went away before its answer was written */
	HTTPS_COUNTS
};

/* "refused_rate". */
const char *https_count_name(enum https_count count);

struct https_counts {
	uint64_t n[HTTPS_COUNTS];
	uint32_t connections; /* there now */
};

/* tls NULL: only plain ones can be listened for. tls has to outlive the server; limits are copied. NULL: no memory. */
struct https_server *https_server_new(struct event_base *base, struct tls *tls,
				      const struct https_limits *limits);

/* Takes connections at an address, with TLS or without; port 0: any. false: err says why. */
bool https_server_listen(struct https_server *server, const struct listen_at *at, bool plain,
			 char *err, size_t err_len);

/* The port of the i-th address, in host order. */
uint16_t https_server_port(const struct https_server *server, size_t i);

/* From now on these are the peers, and peers has to stay until others are given. They are told apart by name: one that stays
 * keeps its connections, unless its identity no longer fits, and its counts. A peer without TLS is warned of in the log when it is
 * new. false: no memory, nothing has changed. */
bool https_server_peers(struct https_server *server, const struct peers *peers);

/* Called with each request for a path; it answers, begins an answer or holds the request before it returns
 * (https_answer.h). */
typedef void https_handler(void *arg, struct https_request *request);

/* Requests for a path, or for all that is below one that ends in '/', from peers with one of the roles (enum peer_role). Methods are
 * joined, as HTTPS_GET | HTTPS_HEAD. The longest path wins. path is not copied. false: no memory. */
bool https_server_route(struct https_server *server, unsigned roles, unsigned methods,
			const char *path, https_handler *handler, void *arg);

/* Of a peer, or with NULL of connections that never belonged to one. NULL: there is no such peer. */
const struct https_counts *https_server_counts(const struct https_server *server, const char *peer);

/* Ends all connections, and tells those who hold requests. NULL is fine. */
void https_server_free(struct https_server *server);
