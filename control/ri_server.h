/* ri_server - answers upstream CDNs over the Redirection Interface, by the match and choice of the packet path. RFC 7975. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"
#include "freshness.h"
#include "lib/peers.h"
#include "ri_request.h"
#include "ri_response.h"

/* How long our answers may be used when they are old, in seconds: while one is asked for again, that the user does not wait for it; and
 * when we cannot be asked, as the nodes that they name are most likely there. */
enum { RI_STALE_WHILE = 30, RI_STALE_IF_ERROR = 300 };

struct ri_counters {
	uint64_t requests;
	uint64_t redirects; /* answered with a redirection target */
	uint64_t asked;     /* questions to downstream CDNs for it */
	uint64_t bad;       /* errors 4xx */
	uint64_t errors[7]; /* errors 500 to 506 */
};

/* A CDN that we are connected to, as the configuration says. */
struct ri_peer {
	/* As an upstream. */
	const char *
		provider_id; /* its CDN Provider ID, looked at within ri_answer; NULL: it is not checked */
	enum disclosure
		disclose; /* what it may see: our request router in place of our own nodes, or the nodes */
	struct ri_counters *counters;
	/* As a downstream. */
	uint32_t max_hops; /* how many CDNs there may be behind us in a chain; RI_NO_LIMIT */
};

/* What a downstream CDN answered, and for how long that may be kept from now on (never NULL; all 0: not at all; fresh 0 and stale_while
 * not: it is stale, and is asked for again just now). NULL: it did not answer. Both live only during the call. */
typedef void ri_asked(void *arg, const struct ri_response *response, const struct freshness *left);

/* Outlives all that is under way. Callbacks are called in the control thread. */
struct ri_server {
	const char *provider_id; /* ours */
	const char *
		router; /* the node whose DRIs say how our request router is reached, for those who may not see nodes; NULL: none */
	/* The peer that a CDN of the tables is, whose strategy is not iterative; NULL: none that can be asked. */
	const struct ri_peer *(*downstream)(void *arg, const struct target *cdn);
	/* Asks it; request and cdn live only during this call. Calls done once, in any case, at once or later. */
	void (*ask)(void *arg, const struct target *cdn, const struct ri_request *request,
		    ri_asked *done, void *done_arg);
	void *arg;
};

/* Good while it is told. */
struct ri_reply {
	unsigned
		status; /* HTTP: 200; 400 for errors 4xx, 500 for 5xx (§4.7 has such a pair), 415 */
	const char *media_type;
	const char *cache_control;
	const char *body; /* redirection-response */
	size_t len;
};

struct ri_call {
	const struct ri_peer *peer; /* that asks; outlives the exchange */
	const char *content_type;   /* of the request, or NULL */
	const void *body;
	size_t len;
	void (*done)(void *arg, const struct ri_reply *reply);
	void *arg;
};

/* Answers one POST of redirection-request. The body is not needed after the call. NULL: done was called already; else it is called
 * later, unless the exchange is cancelled. What is answered:
 *
 * - 415 and error 400: the media type is wrong. Error 400: the message is malformed, its cdn-path does not end with the peer, or
 *   the packet path would refuse the request as such. 506: neither DNS nor HTTP.
 * - 502: we are in its cdn-path already. 503: the cdn-path is longer than max-hops.
 * - A redirection target, as the scope's candidates give it in their order of choice. A node of ours: its DRI, or our request
 *   router where the peer may not see nodes. A CDN: its DRI, or what it answers when it is asked; one that is in the cdn-path
 *   already is passed over. When a CDN that is asked has no answer, the next candidate is tried, then the fallbacks (RFC 7337
 *   RI-5). A DRI that does not fit leads to the fallbacks at once, as on the packet path.
 *   When the scope has signed URIs, cs-uri is verified before, with a cookie if there is one, as on the packet path; the target is then signed
 *   for the next hop (RFC 9246 §4.3), whoever gave it, told without a scope, and not to be stored. Error 500 "URI signing: CODE, why": it
 *   is not good.
 * - Else an error: 500 no scope takes the request, or its scope denies it; 503 a CDN would have to be asked, but max-hops forbids
 *   it; 504 nothing usable; 505 no scope or DRI for the protocol of the URI (an https request is never sent to http); 506 none
 *   that redirects by DNS or HTTP as it is asked for; dns-only takes only addresses of nodes, or what a CDN below answers. What the
 *   CDN asked last said, when it gave a code of 5xx.
 *
 * scope.iprange is the prefix of clients for whom the decision is the same, within that of a CDN below (none, when that gives none).
 * max-age is the DRI's ttl; stale-while-revalidate the same, but not more than RI_STALE_WHILE seconds; stale-if-error RI_STALE_IF_ERROR.
 * Of an answer from below it is what is left of it. Errors are not to be stored. cdn-path is told only to peers
 * that may see nodes.
 *
 * Control thread. */
struct ri_exchange;
struct ri_exchange *ri_answer(struct control *control, struct ri_server *server,
			      const struct ri_call *call);

/* Whoever asked is gone: done will not be called. The peer may go, too. */
void ri_cancel(struct ri_exchange *exchange);
