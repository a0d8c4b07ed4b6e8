/* ri_exchange - one request of an upstream CDN from its decision to its answer; between the files of ri_server. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ri_server.h"

enum { RI_FALLBACKS = 2 };

struct ri_exchange {
	struct control *control;
	struct ri_server *server;
	struct ri_call call; /* done NULL: cancelled */
	struct ri_request request;
	struct view *view; /* held: what was matched lives as long as this */
	struct request req;
	struct verdict verdict;
	uint64_t tried;                    /* candidates of the scope */
	unsigned n_fallbacks;              /* tried */
	enum ri_error error;               /* what it comes to when nothing is left */
	const char *reason;                /* lives for ever */
	struct uri_signing_verdict *proof; /* the URI is signed, and good; NULL: it need not be */
	bool starting;                     /* within ri_answer */
	bool ended;                        /* the answer was given */
	uint8_t head[];                    /* of the HTTP request that req points into */
};

/* Gives the answer, or none; the exchange is gone after it. A location is signed, when the request's URI had to be, and the answer then good
 * for this request alone. */
void ri_exchange_answer(struct ri_exchange *x, const struct ri_response *response,
			const struct freshness *freshness);
void ri_exchange_fail(struct ri_exchange *x, enum ri_error error, const char *reason);
void ri_exchange_end(struct ri_exchange *x);

/* Goes on with what was not tried yet, until there is an answer or a CDN was asked. */
void ri_choose(struct ri_exchange *x);

/* Asks a downstream CDN, unless the request forbids that. true: it was asked, the exchange may be gone. false: x->error says why
 * not. */
bool ri_ask(struct ri_exchange *x, const struct target *cdn, const struct ri_peer *peer);

/* Notes why a target is not taken; gives false. */
static inline bool ri_exchange_pass(struct ri_exchange *x, enum ri_error error, const char *reason)
{
	x->error = error;
	x->reason = reason;
	return false;
}
