/* jwt_client - is a token meant for this client? */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "jwt_client.h"

#include "jwt_claims.h"
#include "lib/jwe.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { KEY_MAX = 32 };

/* Does the header say what its key is for? */
static bool says(const json_t *header, size_t key_len)
{
	const char *alg = json_string_value(json_object_get(header, "alg"));
	const char *enc = json_string_value(json_object_get(header, "enc"));
	return alg && enc && !strcmp(alg, "dir") &&
	       !strcmp(enc, key_len == 16 ? "A128GCM" : "A256GCM") &&
	       !json_object_get(header, "crit") && !json_object_get(header, "zip");
}

static bool is_within(const char *text, const struct ip_addr *client)
{
	struct ip_prefix prefix;
	struct ip_addr masked = *client;
	if (!ip_prefix_parse(text, &prefix))
		return false;
	ip_addr_mask(&masked, prefix.len);
	return ip_addr_equal(&masked, &prefix.addr);
}

static bool opens(const struct jwe *jwe, const json_t *header, EVP_PKEY *pkey,
		  const struct ip_addr *client)
{
	uint8_t key[KEY_MAX], text[IP_TEXT_MAX];
	size_t key_len = sizeof(key), len;
	bool good =
		EVP_PKEY_get_raw_private_key(pkey, key, &key_len) > 0 && says(header, key_len) &&
		jwe_open(jwe, (struct span){key, (uint32_t)key_len}, text, sizeof(text) - 1, &len);
	OPENSSL_cleanse(key, sizeof(key));
	if (!good || memchr(text, '\0', len))
		return false;
	text[len] = '\0';
	return is_within((const char *)text, client);
}

enum jwt_client jwt_client_is(const struct jwks *jwks, const char *issuer, const char *cdniip,
			      const struct ip_addr *client)
{
	struct jwe jwe;
	const struct jwks_key *key = jwks_next_cipher(jwks, issuer, NULL);
	struct span token = {(const uint8_t *)cdniip, (uint32_t)strlen(cdniip)};
	if (!key)
		return JWT_CLIENT_UNKNOWN;
	json_t *header = jwe_split(token, &jwe) ? jwt_claims_object(jwe.header) : NULL;
	const char *kid = json_string_value(json_object_get(header, "kid"));
	bool is = false;
	for (; header && key && !is; key = jwks_next_cipher(jwks, issuer, key))
		if (!kid || !key->kid || !strcmp(kid, key->kid))
			is = opens(&jwe, header, key->pkey, client);
	json_decref(header);
	return is ? JWT_CLIENT_YES : JWT_CLIENT_NO;
}
