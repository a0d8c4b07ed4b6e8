/* dns_cookie - DNS cookies: proof that a client can receive at its address. RFC 7873, and RFC 9018 for
 * the form of ours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "settings.h"

/* Seconds that a server cookie is good before and after it was made, and after which a new one is
 * given (RFC 9018 §4.3). */
enum { DNS_COOKIE_FUTURE = 300, DNS_COOKIE_PAST = 3600, DNS_COOKIE_RENEW = 1800 };

/* Reads the data of a COOKIE option that came from dns->resolver, now in seconds since 1970-01-01
 * UTC: dns->cookie and what is beside it. A good server cookie of the first secret goes back as it came
 * while it is young, else a new one is made. false: its length is malformed (RFC 7873 §5.2.2). Any
 * thread. */
bool dns_cookie_read(const struct dns_settings *settings, struct span option, uint64_t now,
		     struct request_dns *dns);
