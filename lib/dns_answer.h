/* dns_answer - the answer to a DNS query, written from the verdict over the query itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "drop_reason.h"
#include "request.h"
#include "settings.h"
#include "verdict.h"

struct dns_answer {
	size_t len;              /* octets from msg on: at least 12, at most cap */
	enum drop_reason reason; /* why it is no redirect, or DROP_none */
	bool zone_data;          /* SOA, NS or server addresses: no redirect, and no fault either */
};

/* Turns the query at msg, that dns_query_parse() has read into req, into its answer. Header and
 * question stay in place; all behind the question is written anew. `cap`, at least 12, is the room
 * from msg on and the most that the client and the path take; what does not fit gives an answer
 * without records, with TC set (RFC 2181 §9), but glue is left out without it. `turn` says which
 * address stands first.
 *
 * - VERDICT_ERROR: the code in req->dns.rcode; NOERROR as req->dns.reason says (lib/dns_query.h;
 *   DROP_dns_slip is as DROP_dns_no_cookie).
 * - No zone: REFUSED.
 * - The apex with type SOA, NS or ANY: zone data; for ANY the SOA (RFC 8482 §4.1); NS with glue in
 *   the additional section.
 * - VERDICT_DENY: REFUSED, or NXDOMAIN as the scope says.
 * - VERDICT_REDIRECT: the DRI's CNAME for every type (SERVFAIL at the apex, where none may be: RFC
 *   1034 §3.6.2), or its addresses of the type asked for (ANY: those of one family); other types:
 *   NODATA. A DRI without DNS part, or none: SERVFAIL.
 * - VERDICT_NO_SCOPE: the addresses of one of the zone's servers; NODATA for a name that exists,
 *   that is, the apex, one in the tables, a server or a name above one (RFC 8020); else NXDOMAIN.
 * - VERDICT_NO_TARGET: SERVFAIL.
 *
 * Negative answers carry the SOA with the smaller of its TTL and the negative TTL (RFC 2308 §3,
 * §5). AA is set when the answer is from a zone, but not for class ANY (RFC 1035 §6.2); RA, AD and
 * Z are 0, and so is CD (RFC 4035 §3.1.6); opcode and RD are copied. OPT is there when the query had it
 * (lib/dns_opt.h), with an extended error that says why; a client subnet option is echoed in it with the verdict's SCOPE PREFIX-LENGTH, or 0 when the answer is an error, is the
 * same for everyone, or SOURCE was 0 (RFC 7871 §7.2.1).
 *
 * Any thread; no allocation. */
struct dns_answer dns_answer_write(uint8_t *msg, size_t cap, const struct request *req,
				   const struct verdict *verdict,
				   const struct dns_settings *settings, uint32_t turn);
