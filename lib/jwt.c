/* jwt - JSON Web Tokens in compact form: taken apart, their signature verified or made. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "jwt.h"

#include "base64url.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

enum { ES256_HALF = 32, HMAC_KEY_MIN = 32, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

static const char *const names[JWT_ALGS] = {"ES256", "RS256", "PS256", "EdDSA", "HS256"};

const char *jwt_alg_name(enum jwt_alg alg)
{
	return names[alg];
}

bool jwt_alg_parse(const char *name, enum jwt_alg *alg)
{
	for (unsigned i = 0; i < JWT_ALGS; i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*alg = (enum jwt_alg)i;
		return true;
	}
	return false;
}

bool jwt_alg_fits(enum jwt_alg alg, const EVP_PKEY *key)
{
	char group[32];
	size_t len;
	int bits = EVP_PKEY_get_bits(key);
	switch (alg) {
	case JWT_ES256:
		return EVP_PKEY_is_a(key, "EC") &&
		       EVP_PKEY_get_group_name(key, group, sizeof(group), &len) &&
		       !strcmp(group, "prime256v1");
	case JWT_RS256:
	case JWT_PS256:
		return EVP_PKEY_is_a(key, "RSA") && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
	case JWT_EDDSA:
		return EVP_PKEY_is_a(key, "ED25519");
	case JWT_HS256:
		return EVP_PKEY_is_a(key, "HMAC") &&
		       EVP_PKEY_get_raw_private_key(key, NULL, &len) && len >= HMAC_KEY_MIN;
	default:
		return false;
	}
}

/* --- Taking apart ------------------------------------------------------------------------------------------------- */

static struct span take_part(struct span *text)
{
	const uint8_t *dot = text->len ? memchr(text->at, '.', text->len) : NULL;
	struct span front = *text;
	*text = (struct span){NULL, 0};
	if (dot) {
		uint32_t len = (uint32_t)(dot - front.at);
		*text = (struct span){dot + 1, front.len - len - 1};
		front.len = len;
	}
	return front;
}

bool jwt_split(struct span token, struct jwt *jwt)
{
	struct span rest = token;
	jwt->header = take_part(&rest);
	jwt->claims = take_part(&rest);
	jwt->signature = rest;
	jwt->input = (struct span){token.at, jwt->header.len + 1 + jwt->claims.len};
	return token.len <= JWT_MAX && jwt->header.len && jwt->claims.len && rest.len &&
	       !memchr(rest.at, '.', rest.len);
}

/* --- ES256: two numbers, not the DER that OpenSSL wants (RFC 7518 §3.4) ------------------------------------------------ */

static size_t der_of_es256(const uint8_t *raw, uint8_t *der, size_t cap)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, ES256_HALF, NULL),
	       *s = BN_bin2bn(raw + ES256_HALF, ES256_HALF, NULL);
	int len = 0;
	if (!sig || !r || !s || !ECDSA_SIG_set0(sig, r, s)) {
		BN_free(r);
		BN_free(s);
	} else if ((size_t)i2d_ECDSA_SIG(sig, NULL) <= cap) {
		len = i2d_ECDSA_SIG(sig, &der);
	}
	ECDSA_SIG_free(sig);
	return len > 0 ? (size_t)len : 0;
}

static bool es256_of_der(const uint8_t *der, size_t len, uint8_t *raw)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, ES256_HALF) == ES256_HALF &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + ES256_HALF, ES256_HALF) == ES256_HALF;
	ECDSA_SIG_free(sig);
	return good;
}

/* --- Signatures --------------------------------------------------------------------------------------------------- */

static const EVP_MD *digest_of(enum jwt_alg alg)
{
	return alg == JWT_EDDSA ? NULL : EVP_sha256();
}

/* RFC 7518 §3.5: the salt is as long as the digest. */
static bool pad(EVP_PKEY_CTX *ctx, enum jwt_alg alg)
{
	return alg != JWT_PS256 ||
	       (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0);
}

static bool make(EVP_MD_CTX *ctx, struct span input, enum jwt_alg alg, EVP_PKEY *key, uint8_t *out,
		 size_t *len)
{
	EVP_PKEY_CTX *inner;
	return EVP_DigestSignInit(ctx, &inner, digest_of(alg), NULL, key) > 0 && pad(inner, alg) &&
	       EVP_DigestSign(ctx, out, len, input.at, input.len) > 0;
}

static bool check(EVP_MD_CTX *ctx, struct span input, enum jwt_alg alg, EVP_PKEY *key,
		  const uint8_t *signature, size_t len)
{
	EVP_PKEY_CTX *inner;
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t mac_len = sizeof(mac);
	if (alg == JWT_HS256)
		return make(ctx, input, alg, key, mac, &mac_len) && mac_len == len &&
		       CRYPTO_memcmp(mac, signature, len) == 0;
	return EVP_DigestVerifyInit(ctx, &inner, digest_of(alg), NULL, key) > 0 &&
	       pad(inner, alg) && EVP_DigestVerify(ctx, signature, len, input.at, input.len) > 0;
}

bool jwt_verify(const struct jwt *jwt, enum jwt_alg alg, EVP_PKEY *key)
{
	uint8_t raw[JWT_SIGNATURE_MAX], der[2 * ES256_HALF + 16], *signature = raw;
	size_t len;
	if (!jwt_alg_fits(alg, key) || !base64url_read(jwt->signature, raw, sizeof(raw), &len))
		return false;
	if (alg == JWT_ES256) {
		if (len != 2 * ES256_HALF)
			return false;
		len = der_of_es256(raw, der, sizeof(der));
		signature = der;
	}
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && len && check(ctx, jwt->input, alg, key, signature, len);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

bool jwt_sign(struct writer *w, struct span header, struct span claims, enum jwt_alg alg,
	      EVP_PKEY *key)
{
	uint8_t signature[JWT_SIGNATURE_MAX], raw[2 * ES256_HALF];
	size_t len = sizeof(signature);
	const uint8_t *start = w->at;
	base64url_write(w, header.at, header.len);
	writer_u8(w, '.');
	base64url_write(w, claims.at, claims.len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && !w->bad && jwt_alg_fits(alg, key) &&
		    make(ctx, (struct span){start, (uint32_t)(w->at - start)}, alg, key, signature,
			 &len);
	EVP_MD_CTX_free(ctx);
	if (good && alg == JWT_ES256) {
		good = es256_of_der(signature, len, raw);
		memcpy(signature, raw, sizeof(raw));
		len = sizeof(raw);
	}
	ERR_clear_error();
	writer_u8(w, '.');
	base64url_write(w, signature, good ? len : 0);
	return good && !w->bad;
}
