/* jwk - one JSON Web Key as a key of OpenSSL. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "jwk.h"

#include "lib/base64url.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

enum { OCTETS_MAX = 1024, COORDINATE_LEN = 32, ED25519_LEN = 32, NUMBERS_MAX = 8 };

/* A key while it is put together; OpenSSL wants the numbers to live until then. */
struct building {
	struct json_in *in;
	OSSL_PARAM_BLD *params;
	BIGNUM *numbers[NUMBERS_MAX];
	unsigned n;
	bool good;
};

/* The octets of a member; 0: it is not there, or a fault. */
static size_t octets(struct json_in *in, const char *key, enum json_in_need need,
		     uint8_t out[OCTETS_MAX])
{
	size_t len = 0;
	const char *text = json_in_text(in, key, need);
	if (!text)
		return 0;
	struct span span = {(const uint8_t *)text, (uint32_t)strlen(text)};
	if (base64url_read(span, out, OCTETS_MAX, &len))
		return len;
	json_in_fault(in, json_object_get(in->object, key),
		      "%s: expected base64url without padding, of at most %d octets", key,
		      OCTETS_MAX);
	return 0;
}

static void add_number(struct building *b, const char *key, const char *param)
{
	uint8_t raw[OCTETS_MAX];
	size_t len = octets(b->in, key, JSON_IN_NEEDED, raw);
	BIGNUM *number = len ? BN_secure_new() : NULL;
	if (number)
		b->numbers[b->n++] = number;
	b->good = b->good && number && BN_bin2bn(raw, (int)len, number) &&
		  OSSL_PARAM_BLD_push_BN(b->params, param, number);
	OPENSSL_cleanse(raw, sizeof(raw));
}

static EVP_PKEY *finish(struct building *b, const char *type, bool is_private)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = b->good ? OSSL_PARAM_BLD_to_param(b->params) : NULL;
	int selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	bool good = ctx && params && EVP_PKEY_fromdata_init(ctx) > 0 &&
		    EVP_PKEY_fromdata(ctx, &key, selection, params) > 0;
	EVP_PKEY_CTX_free(ctx);
	ctx = good ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	good = ctx && (is_private ? EVP_PKEY_check(ctx) : EVP_PKEY_public_check(ctx)) > 0;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	for (unsigned i = 0; i < b->n; i++)
		BN_clear_free(b->numbers[i]);
	OSSL_PARAM_BLD_free(b->params);
	if (!good) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	return key;
}

static EVP_PKEY *read_rsa(struct json_in *in, bool is_private)
{
	static const struct {
		const char *key, *param;
	} parts[NUMBERS_MAX] = {
		{"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
		{"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
		{"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
		{"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
	};
	struct building b = {.in = in, .params = OSSL_PARAM_BLD_new()};
	b.good = b.params;
	for (unsigned i = 0; i < (is_private ? NUMBERS_MAX : 2); i++)
		add_number(&b, parts[i].key, parts[i].param);
	return finish(&b, "RSA", is_private);
}

static EVP_PKEY *read_ec(struct json_in *in, bool is_private)
{
	uint8_t x[OCTETS_MAX], y[OCTETS_MAX],
		point[1 + 2 * COORDINATE_LEN] = {POINT_CONVERSION_UNCOMPRESSED};
	size_t x_len = octets(in, "x", JSON_IN_NEEDED, x),
	       y_len = octets(in, "y", JSON_IN_NEEDED, y);
	struct building b = {.in = in, .params = OSSL_PARAM_BLD_new()};
	b.good = b.params && x_len == COORDINATE_LEN && y_len == COORDINATE_LEN;
	if (b.good) {
		memcpy(point + 1, x, COORDINATE_LEN);
		memcpy(point + 1 + COORDINATE_LEN, y, COORDINATE_LEN);
		b.good = OSSL_PARAM_BLD_push_utf8_string(b.params, OSSL_PKEY_PARAM_GROUP_NAME,
							 "prime256v1", 0) &&
			 OSSL_PARAM_BLD_push_octet_string(b.params, OSSL_PKEY_PARAM_PUB_KEY, point,
							  sizeof(point));
	}
	if (is_private)
		add_number(&b, "d", OSSL_PKEY_PARAM_PRIV_KEY);
	return finish(&b, "EC", is_private);
}

static bool same_public_key(EVP_PKEY *key, const uint8_t *x, size_t len)
{
	uint8_t own[ED25519_LEN];
	size_t own_len = sizeof(own);
	return EVP_PKEY_get_raw_public_key(key, own, &own_len) > 0 && own_len == len &&
	       !memcmp(own, x, len);
}

static EVP_PKEY *read_okp(struct json_in *in, bool is_private)
{
	uint8_t x[OCTETS_MAX], d[OCTETS_MAX];
	size_t len = octets(in, "x", JSON_IN_NEEDED, x);
	EVP_PKEY *key = NULL;
	if (!is_private) {
		key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, len);
	} else {
		size_t d_len = octets(in, "d", JSON_IN_NEEDED, d);
		key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, d, d_len);
		OPENSSL_cleanse(d, sizeof(d));
	}
	if (key && !same_public_key(key, x, len)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	return key;
}

static EVP_PKEY *read_oct(struct json_in *in)
{
	uint8_t k[OCTETS_MAX];
	size_t len = octets(in, "k", JSON_IN_NEEDED, k);
	EVP_PKEY *key = len ? EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, k, len) : NULL;
	OPENSSL_cleanse(k, sizeof(k));
	return key;
}

EVP_PKEY *jwk_read(struct json_in *in, bool *is_private)
{
	size_t before = in->source->faults->total;
	const char *kty = json_in_text(in, "kty", JSON_IN_NEEDED);
	const char *crv = json_in_text(in, "crv", JSON_IN_OPTIONAL);
	EVP_PKEY *key = NULL;
	*is_private = json_object_get(in->object, "d") != NULL;
	if (!kty)
		return NULL;
	if (!strcmp(kty, "RSA")) {
		key = read_rsa(in, *is_private);
	} else if (!strcmp(kty, "EC") && crv && !strcmp(crv, "P-256")) {
		key = read_ec(in, *is_private);
	} else if (!strcmp(kty, "OKP") && crv && !strcmp(crv, "Ed25519")) {
		key = read_okp(in, *is_private);
	} else if (!strcmp(kty, "oct")) {
		*is_private = true;
		key = read_oct(in);
	} else {
		return NULL;
	}
	if (!key && in->source->faults->total == before)
		json_in_fault(in, NULL, "its members do not make a valid key of kty %s", kty);
	return key;
}
