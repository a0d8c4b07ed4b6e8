/* peer_redirect - asks a downstream peer for redirection targets: its Redirection Interface client, at the URL of its settings. RFC 7975 §4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "breaker.h"
#include "peer.h"
#include "ri_client.h"

/* What is kept of a peer's answers, and the questions to it. Control thread. Settings that change make a new one. */
struct peer_redirect;

/* NULL: no memory. The peer has the URL `redirection`. */
struct peer_redirect *peer_redirect_new(struct peer *peer);

/* Those who wait are told that there is no answer; what they ask then is not asked of this peer. NULL is fine. */
void peer_redirect_free(struct peer_redirect *redirect);

/* It begins anew: nothing that is kept is used again, and the breaker closes. NULL is fine. */
void peer_redirect_reset(struct peer_redirect *redirect);

/* Asks a peer; the request lives only during this call. Calls done once, in any case, at once or later (ri_client_ask). A peer that
 * cannot be asked (no URL, set down by the operator), or that did not answer several times in a row (breaker.h), is not asked; in the
 * second case what is kept still serves. */
void peer_redirect_ask(struct peer *peer, const struct ri_request *request, ri_asked *done,
		       void *arg);

/* The same for an answer that takes the place of the one that is kept. */
void peer_redirect_refresh(struct peer *peer, const struct ri_request *request, ri_asked *done,
			   void *arg);

/* Of a peer that is asked; false: it is not. */
struct peer_redirect_counters {
	struct ri_client_counters client;
	uint64_t held_back; /* questions that the breaker did not let pass */
	uint64_t opened;    /* how often it opened */
	uint64_t failed;    /* questions without an answer */
	bool open;
	unsigned asking;   /* on their way */
	const char *error; /* why the last one failed, or "" */
};
bool peer_redirect_counts(const struct peer *peer, struct peer_redirect_counters *counters);
