/* jwt - JSON Web Tokens in compact form: taken apart, their signature verified or made. What is in them is JSON, and not read
 * here. RFC 7515, RFC 7518 §3, RFC 8037 §3.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"

#include <openssl/types.h>

/* Octets of a token, and of a signature. */
enum { JWT_MAX = 4096, JWT_SIGNATURE_MAX = 1024 };

/* All that are taken; "none" is none of them. */
enum jwt_alg { JWT_ES256, JWT_RS256, JWT_PS256, JWT_EDDSA, JWT_HS256, JWT_ALGS };

const char *jwt_alg_name(enum jwt_alg alg); /* "ES256" */
bool jwt_alg_parse(const char *name, enum jwt_alg *alg);

/* Is it a key for this algorithm, and a strong one: P-256; RSA of 2048 to 8192 bits; Ed25519; 256 bits or more of an HMAC key? What
 * a token says of its algorithm is worth nothing without it. Any thread, as all of this. */
bool jwt_alg_fits(enum jwt_alg alg, const EVP_PKEY *key);

/* The parts of a token as base64url, into which they point. */
struct jwt {
	struct span header, claims, signature;
	struct span input; /* what is signed: header, '.', claims */
};

/* false: not three parts, an empty one, or longer than JWT_MAX. */
bool jwt_split(struct span token, struct jwt *jwt);

/* Is the signature of this algorithm and key? Memory that runs out is a no. */
bool jwt_verify(const struct jwt *jwt, enum jwt_alg alg, EVP_PKEY *key);

/* Writes a token for a header and claims, both JSON texts, with a private key. false: the key does not fit, no memory, or no
 * room; what was written is then not to be used. */
bool jwt_sign(struct writer *w, struct span header, struct span claims, enum jwt_alg alg,
	      EVP_PKEY *key);
