/* jwt_claims - the JSON of a token: its header, and the claims of URI signing. RFC 7515 §4.1, RFC 7519 §4.1, RFC 9246 §2.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/jwt.h"
#include "lib/uri_sign_code.h"

#include <jansson.h>

/* The JSON object that a part of a token is in base64url; NULL: it is none, or no I-JSON (RFC 7493), or no memory. */
json_t *jwt_claims_object(struct span part);

/* What a header says. kid belongs to the object, and is NULL when there is none. false: the algorithm is not taken, or something
 * is critical in it (RFC 7515 §4.1.11), of which nothing is known here. */
bool jwt_claims_header(const json_t *header, enum jwt_alg *alg, const char **kid);

/* Where a renewed token goes (RFC 9246 §2.1.13). */
enum jwt_transport { JWT_TRANSPORT_NONE, JWT_TRANSPORT_COOKIE, JWT_TRANSPORT_QUERY };

/* The claims of one token; texts belong to `json` and are NULL when they are not there. */
struct jwt_claims {
	const json_t *json;
	const char *iss, *sub, *jti, *cdniip, *cdniuc;
	const json_t *aud; /* a string or a list; or NULL */
	double exp, nbf; /* seconds since 1970-01-01 UTC; infinity and 0 when they are not there */
	enum jwt_transport transport;
	uint32_t lifetime; /* of a renewed token, in seconds */
	uint32_t depth;    /* of the paths that a renewed token is for; 0: all */
};

/* Reads them, and refuses what can be refused without knowing who asks and when: a claim of a wrong type, another version than
 * 1, any critical extension, half of what renewal needs, no container. URI_SIGN_GOOD, or the code of what is wrong. */
enum uri_sign_code jwt_claims_read(const json_t *json, struct jwt_claims *claims);

/* Is one of its audiences this one? true when it names none. */
bool jwt_claims_is_for(const struct jwt_claims *claims, const char *audience);
