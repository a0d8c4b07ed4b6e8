/* jwks - the keys of issuers of tokens, from JWK sets (RFC 7517, RFC 8037) and PEM files. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"
#include "lib/jwt.h"

#include <stdbool.h>
#include <stddef.h>

/* Whose keys a file has. */
struct jwks_owner {
	const char *issuer; /* as the claim iss says it */
	const char *kid; /* of the key in a PEM file; NULL: it has none. A JWK set says its own */
	bool shared;     /* may keys be symmetric? Never those of another CDN (RFC 9246 §5.2) */
};

struct jwks_key {
	char *issuer;
	char *kid; /* or NULL */
	EVP_PKEY *pkey;
	uint8_t algs; /* bits of enum jwt_alg; none: a key of 16 or 32 octets that decrypts (lib/jwe.h) */
	bool can_sign;
};

/* All zero is empty. Filled by one thread, read by any. */
struct jwks {
	struct jwks_key *keys;
	size_t n, room;
};

enum { JWKS_FILE_MAX = 1 << 20 };

/* Adds the keys of a file that begins with "-----BEGIN" (PEM: one public or private key, or a certificate), or is a JWK set or a JWK.
 * A JWK of kty "oct" with the use "enc" decrypts what is for us alone, whoever's it is; other keys that are not for signatures are
 * passed over, and so are kinds of keys that are not known (RFC 7517 §5); a file without a key that fits is a fault. false: faults say which file and key, and none of the file's keys
 * was added. Reads the file at once. */
bool jwks_load(struct jwks *jwks, const char *path, const struct jwks_owner *owner,
	       struct faults *faults);
void jwks_clear(struct jwks *jwks);

/* The keys that may have signed what a token's header says, one after the other: of this issuer (NULL: of any), for this
 * algorithm, and with this kid, when both have one. after NULL: the first. NULL: no more. */
const struct jwks_key *jwks_next(const struct jwks *jwks, const char *issuer, const char *kid,
				 enum jwt_alg alg, const struct jwks_key *after);

/* The keys of an issuer (NULL: of any) that decrypt, likewise. */
const struct jwks_key *jwks_next_cipher(const struct jwks *jwks, const char *issuer,
					const struct jwks_key *after);

/* Is there a key of this issuer? */
bool jwks_knows(const struct jwks *jwks, const char *issuer);
