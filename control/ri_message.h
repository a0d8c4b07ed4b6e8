/* ri_message - what requests and responses of the Redirection Interface have in common. RFC 7975 §4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"

#define RI_REQUEST_PTYPE  "redirection-request"
#define RI_RESPONSE_PTYPE "redirection-response"

/* The longest message that is read. */
enum { RI_OCTETS_MAX = 65536 };

/* error-code (RFC 7975 §4.7). Those below 200 come beside a redirection target, and are no errors. */
enum ri_error {
	RI_NO_ERROR = 0,
	RI_REQUEST_BAD = 400,
	RI_FAILED = 500,
	RI_NO_METADATA = 501,
	RI_LOOP = 502,
	RI_TOO_MANY_HOPS = 503,
	RI_NO_CAPACITY = 504,
	RI_DELIVERY_PROTOCOL = 505,
	RI_REDIRECTION_PROTOCOL = 506,
};

/* The message as a JSON object: I-JSON (RFC 7493), so UTF-8, without duplicate members. NULL: a fault says why. */
json_t *ri_message_load(const void *octets, size_t len, struct faults *faults);

/* The message as text without white space, for free(); flags are jansson's. NULL: no memory, or there is no message (NULL). */
char *ri_message_text(const json_t *message, size_t flags);

/* Begins to read an object of a message. Members that are not asked for are let pass (RFC 7975 §4.2), so json_in_end is not
 * called. */
void ri_message_begin(struct json_in *in, const struct json_source *source, json_t *object,
		      const char *what);

/* An address text that has to be there: any form of RFC 4291 is read. false: a fault says why. */
bool ri_message_address(struct json_in *in, const char *key, struct ip_addr *addr);
