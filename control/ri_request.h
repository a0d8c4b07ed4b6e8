/* ri_request - redirection-request: what an upstream CDN asks a downstream CDN about one user request. RFC 7975 §4.4.1, §4.5.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/request.h"
#include "lib/zone.h"
#include "ri_message.h"
#include "ri_path.h"

#define RI_NO_LIMIT UINT32_MAX

/* Texts belong to json when it was read, else to whoever filled it. */
struct ri_request {
	json_t *json; /* NULL: it was not read from a message */
	uint8_t protocol; /* PROTOCOL_DNS, PROTOCOL_HTTP (whatever the scheme), or 0: one we do not know */

	/* PROTOCOL_DNS; the class is IN. */
	struct ip_addr resolver;
	bool has_subnet;
	struct ip_prefix subnet; /* of the user */
	uint16_t qtype;          /* DNS_A or DNS_AAAA */
	const char *qname;       /* text form */
	bool dns_only;           /* only addresses of surrogates will do */

	/* PROTOCOL_HTTP. */
	struct ip_addr client;
	const char *uri;     /* effective request URI (RFC 9110 §7.1) */
	const char *method;  /* "GET" */
	const char *version; /* "HTTP/1.1" */
	json_t *headers; /* whose members "cs-(name)" are the header fields, others mean nothing; NULL: none */

	struct ri_path path;
	uint32_t max_hops; /* the longest path that may ask further CDNs; RI_NO_LIMIT */
};

/* Reads a message. false: faults say why. Cleared in both cases. Control thread. */
bool ri_request_read(struct ri_request *request, const void *octets, size_t len,
		     struct faults *faults);
void ri_request_clear(struct ri_request *request);

/* The message, for free(). Fields that only the user's own CDN has to know are left out (§4.1): Cookie, Authorization. NULL: no
 * memory. */
char *ri_request_write(const struct ri_request *request);

/* What of a request its answers are stored under (§4.6): all of it but the addresses; the qname in lower case. For free(). NULL:
 * no memory. */
char *ri_request_key(const struct ri_request *request);

/* Whom the answer is for: the user's prefix, else the resolver; the client for HTTP. */
struct ip_prefix ri_request_client(const struct ri_request *request);

/* Is `member` the name of a header field, "cs-(user-agent)"? Gives the field's name. Upper case is not let pass. */
bool ri_request_field(const char *member, const char **name, size_t *len);
