/* jwt_claims - the JSON of a token: its header, and the claims of URI signing. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "jwt_claims.h"

#include "lib/base64url.h"

#include <math.h>
#include <string.h>

json_t *jwt_claims_object(struct span part)
{
	uint8_t text[JWT_MAX];
	size_t len;
	if (!base64url_read(part, text, sizeof(text), &len))
		return NULL;
	json_t *json = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

bool jwt_claims_header(const json_t *header, enum jwt_alg *alg, const char **kid)
{
	const char *name = json_string_value(json_object_get(header, "alg"));
	const json_t *key = json_object_get(header, "kid");
	*kid = json_string_value(key);
	return name && jwt_alg_parse(name, alg) && !key == !*kid &&
	       !json_object_get(header, "crit");
}

/* A claim that has to be a text when it is there. */
static bool text(const json_t *json, const char *name, const char **value)
{
	const json_t *claim = json_object_get(json, name);
	*value = json_string_value(claim);
	return !claim == !*value;
}

/* A NumericDate (RFC 7519 §2). */
static bool date(const json_t *json, const char *name, double otherwise, double *value)
{
	const json_t *claim = json_object_get(json, name);
	*value = claim ? json_number_value(claim) : otherwise;
	return !claim || (json_is_number(claim) && isfinite(*value) && *value >= 0);
}

static bool number(const json_t *json, const char *name, uint32_t max, uint32_t *value)
{
	const json_t *claim = json_object_get(json, name);
	json_int_t n = json_integer_value(claim);
	*value = n > 0 && n <= max ? (uint32_t)n : 0;
	return !claim || (json_is_integer(claim) && n >= 0 && n <= max);
}

static bool is_audience(const json_t *aud)
{
	const json_t *one;
	size_t i;
	json_array_foreach (aud, i, one)
		if (!json_is_string(one))
			return false;
	return !aud || json_is_string(aud) || json_is_array(aud);
}

/* RFC 9246 §2.1.12 to §2.1.14. */
static bool read_renewal(const json_t *json, struct jwt_claims *claims)
{
	uint32_t transport;
	bool good = number(json, "cdniets", INT32_MAX, &claims->lifetime) &&
		    number(json, "cdnistt", JWT_TRANSPORT_QUERY, &transport) &&
		    number(json, "cdnistd", INT32_MAX, &claims->depth);
	claims->transport = good ? (enum jwt_transport)transport : JWT_TRANSPORT_NONE;
	return good && !json_object_get(json, "cdniets") == !json_object_get(json, "cdnistt") &&
	       (claims->lifetime || !transport);
}

enum uri_sign_code jwt_claims_read(const json_t *json, struct jwt_claims *claims)
{
	uint32_t version;
	double iat;
	*claims = (struct jwt_claims){.json = json, .aud = json_object_get(json, "aud")};
	if (!text(json, "iss", &claims->iss))
		return URI_SIGN_ISSUER;
	if (!text(json, "sub", &claims->sub))
		return URI_SIGN_SUBJECT;
	if (!is_audience(claims->aud))
		return URI_SIGN_AUDIENCE;
	if (!date(json, "exp", INFINITY, &claims->exp))
		return URI_SIGN_EXPIRED;
	if (!date(json, "nbf", 0, &claims->nbf))
		return URI_SIGN_NOT_BEFORE;
	if (!date(json, "iat", 0, &iat))
		return URI_SIGN_MALFORMED;
	if (!read_renewal(json, claims))
		return URI_SIGN_RENEWAL;
	if (!text(json, "jti", &claims->jti))
		return URI_SIGN_JWT_ID;
	if (!number(json, "cdniv", 1, &version) || (json_object_get(json, "cdniv") && !version))
		return URI_SIGN_VERSION;
	if (json_object_get(json, "cdnicrit"))
		return URI_SIGN_CRITICAL;
	if (!text(json, "cdniip", &claims->cdniip))
		return URI_SIGN_CLIENT;
	if (!text(json, "cdniuc", &claims->cdniuc) || !claims->cdniuc)
		return URI_SIGN_CONTAINER;
	return URI_SIGN_GOOD;
}

bool jwt_claims_is_for(const struct jwt_claims *claims, const char *audience)
{
	const char *only = json_string_value(claims->aud);
	const json_t *one;
	size_t i;
	json_array_foreach (claims->aud, i, one)
		if (!strcmp(json_string_value(one), audience))
			return true;
	return !claims->aud || (only && !strcmp(only, audience));
}
