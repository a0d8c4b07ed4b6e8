/* explain - one made-up request taken through the real decode, match, choose and reply, with each step told. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

rpc_method explain_dns, explain_http;

/* "redirect", "no scope", ...; "dns", "http", "https". */
const char *explain_outcome(enum verdict_outcome outcome);
const char *explain_protocol(uint8_t protocol);

/* --- Inside --------------------------------------------------------------------------------- */

/* What both kinds begin and end with. */
struct explained {
	struct control *control;
	struct request req;
	struct verdict verdict;
	const struct target *asked; /* a CDN that is asked for its DRI; NULL: there is none */
	uint64_t kept_ms;           /* that what it said is still used; 0: nothing is kept */
	json_t *unstacked, *considered, *candidates; /* filled by the trace */
	size_t more; /* scopes considered that are not in the list */
};

/* Sets the client from text, the time, and the lists. false: no memory. */
bool explain_begin(struct explained *explained, struct control *control,
		   const struct ip_addr *client);

/* Matches and chooses, unless decode found an error. */
void explain_match(struct explained *explained, enum drop_reason decoded);

/* The answer of the method; takes `answer` and the lists over. */
json_t *explain_end(struct explained *explained, enum drop_reason reason, json_t *answer);

/* The mandatory parameter "from". */
bool explain_from(struct json_in *params, struct ip_addr *client);
