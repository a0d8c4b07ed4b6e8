/* https_client - what we ask other CDNs: HTTP/1.1 over mutual TLS with libcurl on the control loop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/peers.h"
#include "tls.h"

#include <event2/event.h>

/* The other end has to show the identity that is configured for the peer, whatever host the URL names. Only the peer's own hosts
 * are asked: those of its URLs and of `hosts`. 303 and 307 (RFC 9110 §15.4) are followed there, three times at the most.
 * Connections are kept for the next call, each peer's apart from all others'; names are looked up beside the loop. All functions are
 * for the control thread; none of them calls back before it has returned. */
struct https_client;

/* A question that is on its way. It ends with `done`, or by https_client_cancel. */
struct https_call;

/* Times in milliseconds; 0: none. */
struct https_call_limits {
	unsigned connect_ms; /* with TLS */
	unsigned first_ms;   /* until the answer begins, the wait for a free connection included */
	unsigned total_ms;   /* of an answer that is given whole */
	unsigned idle_ms;    /* of a stream, between octets */
	size_t octets; /* of an answer that is given whole; 0: as many as the limits of the peer say */
};
extern const struct https_call_limits https_call_limits_default;

struct https_call_answer {
	int status;          /* 0: none came */
	const uint8_t *body; /* not terminated; with len 0 it may be NULL */
	size_t len;
	const char *error; /* what went wrong, where, and what to do; NULL: the answer is whole */
};

struct https_call_plan {
	const char *const *headers; /* "Accept: application/json", ends with NULL; NULL: none */
	struct https_call_limits limits;
	/* NULL: the answer is given whole. Else each piece of an answer with status 2xx is given here when it comes; false: it was not
	 * taken, and comes again after https_client_resume. */
	bool (*chunk)(void *arg, struct https_call *call, const uint8_t *octets, size_t len);
	/* The call is gone afterwards. */
	void (*done)(void *arg, struct https_call *call, const struct https_call_answer *answer);
	void *arg;
};

/* tls NULL: only peers with plain-http can be asked. It has to outlive the client. NULL: no memory. */
struct https_client *https_client_new(struct event_base *base, struct tls *tls);

/* From now on these are the peers, and peers has to stay until others are given. Calls to one that is gone, or has another
 * identity, end with an error; connections to it are closed. false: no memory, nothing has changed. */
bool https_client_peers(struct https_client *client, const struct peers *peers);

/* NULL: err says why it cannot be asked. plan and what it points to, and url and body, are copied; arg is not looked at. */
struct https_call *https_client_get(struct https_client *client, const char *peer, const char *url,
				    const struct https_call_plan *plan, char *err, size_t err_len);
struct https_call *https_client_post(struct https_client *client, const char *peer, const char *url,
				     const void *body, size_t len,
				     const struct https_call_plan *plan, char *err, size_t err_len);

/* Within chunk and done: a field of the answer's head (letters without case), or NULL; and its status. */
const char *https_client_header(struct https_call *call, const char *name);
int https_client_status(const struct https_call *call);

/* Goes on with a call whose chunk was not taken. */
void https_client_resume(struct https_call *call);

/* Nothing is called back any more, and the call is gone. Also from within chunk; not from within done. */
void https_client_cancel(struct https_call *call);

/* Calls under way to a peer. */
unsigned https_client_calls(const struct https_client *client, const char *peer);

/* Calls end without done. NULL is fine. */
void https_client_free(struct https_client *client);
