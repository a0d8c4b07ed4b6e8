/* ri_response - redirection-response: the redirection target that a downstream CDN gives, or why it gives none. RFC 7975 §4.4.2,
 * §4.5.2, §4.6, §4.7. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/request.h"
#include "lib/target.h"
#include "ri_message.h"
#include "ri_path.h"

/* Of longer lists the first ones count. */
enum { RI_CNAMES_MAX = 16, RI_RANGES_MAX = 64 };

/* Texts belong to json when it was read, else to whoever filled it. */
struct ri_response {
	json_t *json; /* NULL: it was not read from a message */
	uint8_t protocol; /* of the target: PROTOCOL_DNS, PROTOCOL_HTTP, or 0: there is none, but an error */

	/* PROTOCOL_DNS: with rcode 0, names or addresses of either family. Others have none of them. */
	uint16_t rcode;
	const char *name; /* that the answer is about, in text form */
	uint32_t ttl;     /* seconds, of the answer to the user; not how long this may be kept */
	uint8_t n_cnames, n_v4, n_v6;
	const char *cnames[RI_CNAMES_MAX]; /* text form; one is for the answer (RFC 1034 §3.6.2) */
	uint8_t v4[DRI_ADDRESSES_MAX][4];
	uint8_t v6[DRI_ADDRESSES_MAX][16];

	/* PROTOCOL_HTTP. The reason phrase, the version and other fields of the answer are not kept: the upstream CDN writes its
	 * own (§4.5.2). */
	uint16_t status;      /* 301, 302, 303, 307, 308 */
	const char *uri;      /* that was asked about */
	const char *location; /* an absolute http or https URI of visible ASCII */

	bool has_scope; /* false: it is good for exactly this request only */
	uint8_t n_ranges;
	struct ip_prefix ranges[RI_RANGES_MAX]; /* of users for whom it is the same */

	struct ri_path path;
	uint16_t error_code;      /* enum ri_error, or another of three digits; 0: none */
	const char *error_reason; /* or NULL */
};

/* Reads a message. false: faults say why. Cleared in both cases. Control thread. */
bool ri_response_read(struct ri_response *response, const void *octets, size_t len,
		      struct faults *faults);
void ri_response_clear(struct ri_response *response);

/* Says the response that nothing is to be had: an error, or a DNS answer that is one? */
bool ri_response_is_refusal(const struct ri_response *response);

/* The name that the answer to a user gets, as it can have one only: another one for each turn. NULL: there are none. */
const char *ri_response_cname(const struct ri_response *response, uint32_t turn);

/* The message, for free(). NULL: no memory. */
char *ri_response_write(const struct ri_response *response);
