/* dns_query - a DNS query read into a request, or the error answer that it deserves. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "drop_reason.h"
#include "request.h"
#include "settings.h"

/* Reads the message msg[0, len). Before: req->client and client_len hold the resolver's full
 * address, dns.tcp says whether it came over TCP, now is the time. After:
 *
 * - DROP_dns_short, DROP_dns_response: nothing is to be sent.
 * - Another reason: an answer is due that is no redirect; do not match. req->dns.rcode is set for an error;
 *   else it is DROP_dns_no_cookie (an empty answer with TC), DROP_dns_cookie_only (an empty one) or
 *   DROP_dns_chaos (dns_chaos_text). req->dns.reason is the same.
 * - DROP_none: match it; protocol, dns and the key are set.
 *
 * dns.question_end is set whenever there is one question that can be read, so that it can be
 * echoed; else the answer is a bare header (and OPT, when dns.edns is set). The first of these that
 * is so decides:
 *
 * - NOTIMP: opcode is not QUERY.
 * - FORMERR: more than one question (RFC 9619 §4), or none, unless the query asks for a cookie (RFC 7873
 *   §5.4); a name that is compressed in the question or
 *   malformed anywhere; a record that runs past the end; an OPT record that is not in the
 *   additional section, not owned by the root or not the only one (RFC 6891 §6.1.1).
 * - BADVERS: EDNS version is not 0 (RFC 6891 §6.1.3); its options are not read.
 * - FORMERR: an option past its end; a client subnet option that is malformed (RFC 7871 §6, §7.2.1)
 *   or there twice; a COOKIE option whose length is malformed (RFC 7873 §5.2.2).
 * - BADCOOKIE: a query for a cookie alone with a server cookie that is not ours (RFC 7873 §5.4); where
 *   cookies are required, any query over UDP with a client cookie but none of ours (§5.2.3, §5.2.4).
 * - REFUSED: class is neither IN nor ANY; type is AXFR or IXFR: there are no zone transfers here,
 *   and AXFR over UDP is not defined (RFC 5936 §4.2).
 *
 * Records of the answer and authority sections (an IXFR query has one) and other additional records
 * (TSIG) must be well formed and are skipped. Octets behind the last record are ignored, as BIND
 * and NSD do.
 *
 * Client subnet (RFC 7871), when the settings want it (else the option is one more unknown option):
 * client and client_len become the prefix. With SOURCE PREFIX-LENGTH 0 the client asks that its
 * address be not used, and the decision is made for the resolver's own address, as without the
 * option (§7.1.2); family 0 is then accepted too.
 *
 * Any thread; no allocation; time is bounded by len. */
enum drop_reason dns_query_parse(const uint8_t *msg, size_t len,
				 const struct dns_settings *settings, struct request *req);
