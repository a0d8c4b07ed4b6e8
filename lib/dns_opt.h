/* dns_opt - the OPT record of an answer: what EDNS says beside the records. RFC 6891 §6.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"
#include "request.h"
#include "settings.h"

/* Octets of the record that this query's answer must have; 0: none, as the query had none (RFC 6891
 * §7). Any thread. */
size_t dns_opt_len(const struct request_dns *dns);

struct dns_opt {
	uint16_t rcode;
	uint8_t ecs_scope; /* SCOPE PREFIX-LENGTH */
	int error;         /* INFO-CODE of an extended error (RFC 8914), or -1 */
	const char *text;  /* its EXTRA-TEXT, or NULL */
};

/* Writes it, with as much of this as there is room for: the server's identifier if it was asked for
 * (RFC 5001 §2.1), the extended error, its text. The client subnet option is echoed with ecs_scope,
 * or 0 when SOURCE was 0 (RFC 7871 §7.2.1). Any thread. */
void dns_opt_put(struct writer *w, const struct request *req, const struct dns_settings *settings,
		 const struct dns_opt *opt);
