/* jwt_client - is a token meant for this client? The claim cdniip, an address or prefix that is encrypted. RFC 9246 §2.1.10. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "jwks.h"
#include "lib/ip.h"

enum jwt_client { JWT_CLIENT_UNKNOWN, JWT_CLIENT_YES, JWT_CLIENT_NO };

/* UNKNOWN: there is no key of this issuer (NULL: any) for it, so that only another CDN can tell. NO: another address, or not what
 * our keys can decrypt. */
enum jwt_client jwt_client_is(const struct jwks *jwks, const char *issuer, const char *cdniip,
			      const struct ip_addr *client);
