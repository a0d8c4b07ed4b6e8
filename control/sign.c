/* sign - the signed URIs of requests: verified as their scope wants with the keys that are configured, and signed for the next hop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "sign.h"

#include "lib/http_request.h"
#include "lib/octet_class.h"
#include "log.h"
#include "sign_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOG_SECONDS = 60,
	LOCATION_MAX = URI_MAX + JWT_MAX + 512, /* with a token; and a cookie */
};

static const enum uri_sign_code codes[] = {
	URI_SIGN_NONE,    URI_SIGN_GOOD,      URI_SIGN_SIGNATURE, URI_SIGN_ISSUER,
	URI_SIGN_SUBJECT, URI_SIGN_AUDIENCE,  URI_SIGN_EXPIRED,   URI_SIGN_NOT_BEFORE,
	URI_SIGN_RENEWAL, URI_SIGN_JWT_ID,    URI_SIGN_VERSION,   URI_SIGN_CRITICAL,
	URI_SIGN_CLIENT,  URI_SIGN_CONTAINER, URI_SIGN_MALFORMED,
};
enum { CODES = sizeof(codes) / sizeof(codes[0]) };

struct sign {
	struct uri_signing *signing; /* NULL: nothing is configured */
	struct jwks keys;
	const struct jwks_key *own; /* one of keys */
	char *name;
	uint32_t verified, used;
	uint64_t redirects, renewed, unsignable;
	struct {
		uint64_t n, unlogged, log_again; /* seconds since 1970-01-01 UTC */
	} ended[CODES];
};

struct sign *sign_new(void)
{
	return calloc(1, sizeof(struct sign));
}

void sign_free(struct sign *sign)
{
	if (!sign)
		return;
	uri_signing_free(sign->signing);
	jwks_clear(&sign->keys);
	free(sign->name);
	free(sign);
}

/* --- Keys --------------------------------------------------------------------------------------------------------- */

static const struct jwks_key *find_own(const struct jwks *keys,
				       const struct signing_settings *settings, size_t first)
{
	const char *kid = settings->own.kid;
	for (size_t i = first; i < keys->n; i++) {
		const struct jwks_key *key = &keys->keys[i];
		if (key->can_sign && key->algs && (!kid || (key->kid && !strcmp(kid, key->kid))))
			return key;
	}
	return NULL;
}

/* Our own key is a trusted one, too: what was renewed with it comes back. */
static bool load_keys(const struct signing_settings *settings, struct jwks *keys,
		      const struct jwks_key **own, struct faults *faults)
{
	size_t before = faults->total;
	for (size_t i = 0; i < settings->n_keys; i++) {
		const struct signing_key *key = &settings->keys[i];
		const struct jwks_owner owner = {key->issuer, key->kid, key->shared};
		jwks_load(keys, key->file, &owner, faults);
	}
	const struct jwks_owner owner = {settings->name, settings->own.kid, settings->own.shared};
	size_t first = keys->n;
	bool loaded = jwks_load(keys, settings->own.file, &owner, faults);
	*own = loaded ? find_own(keys, settings, first) : NULL;
	if (loaded && !*own)
		faults_add(faults, (struct place){settings->own.file, 0},
			   "it has no private key%s%s%s that can sign; own-key has to be one",
			   settings->own.kid ? " with the kid '" : "",
			   settings->own.kid ? settings->own.kid : "",
			   settings->own.kid ? "'" : "");
	return faults->total == before;
}

/* The same one, when what it remembers is still right. */
static struct uri_signing *signing_for(struct sign *sign, const struct signing_settings *settings)
{
	const struct uri_signing_settings wanted = {settings->name, settings->verified,
						    settings->used};
	bool same = sign->signing && !strcmp(sign->name, settings->name) &&
		    sign->verified == settings->verified && sign->used == settings->used;
	return same ? sign->signing : uri_signing_new(&wanted);
}

static void unload(struct sign *sign)
{
	uri_signing_free(sign->signing);
	jwks_clear(&sign->keys);
	free(sign->name);
	sign->signing = NULL;
	sign->own = NULL;
	sign->name = NULL;
}

static bool take_over(struct sign *sign, const struct signing_settings *settings, struct jwks *keys,
		      const struct jwks_key *own)
{
	char *name = strdup(settings->name);
	struct uri_signing *signing = name ? signing_for(sign, settings) : NULL;
	if (!signing) {
		free(name);
		return false;
	}
	if (signing == sign->signing)
		sign->signing = NULL;
	unload(sign);
	sign->signing = signing;
	sign->name = name;
	sign->keys = *keys;
	sign->own = own;
	sign->verified = settings->verified;
	sign->used = settings->used;
	*keys = (struct jwks){0};
	uri_signing_set_keys(signing, &sign->keys, own);
	return true;
}

bool sign_is_configured(const struct sign *sign)
{
	return sign && sign->signing;
}

bool sign_load(struct sign *sign, const struct signing_settings *settings, struct faults *faults)
{
	struct jwks keys = {0};
	const struct jwks_key *own;
	size_t before = faults->total;
	if (!settings->name) {
		unload(sign);
		return true;
	}
	/* Settings that are at fault have told why. */
	bool whole = settings->own.file;
	for (size_t i = 0; i < settings->n_keys; i++)
		whole &= settings->keys[i].issuer && settings->keys[i].file;
	if (whole && load_keys(settings, &keys, &own, faults) &&
	    !take_over(sign, settings, &keys, own))
		faults_add(faults, (struct place){NULL, 0}, "no memory for signing");
	jwks_clear(&keys);
	return whole && faults->total == before;
}

void sign_reload(struct sign *sign, const struct signing_settings *settings)
{
	struct faults faults = {0};
	if (!sign_load(sign, settings, &faults)) {
		log_faults(&faults);
		log_line(LOG_LEVEL_ERROR, "signing: the keys were not loaded; those that were "
					  "there before stay in use");
	}
	faults_clear(&faults);
}

/* --- Requests ----------------------------------------------------------------------------------------------------- */

static size_t index_of(enum uri_sign_code code)
{
	size_t i = 0;
	while (i < CODES - 1 && codes[i] != code)
		i++;
	return i;
}

/* Never the token: whoever reads it may use it. */
static void tell(struct sign *sign, const struct sign_request *request,
		 const struct uri_signing_verdict *verdict)
{
	char client[IP_TEXT_MAX], more[64] = "";
	size_t i = index_of(verdict->code);
	uint64_t now = request->req->now;
	sign->ended[i].n++;
	if (verdict->code == URI_SIGN_GOOD || verdict->code == URI_SIGN_NONE)
		return;
	if (now < sign->ended[i].log_again) {
		sign->ended[i].unlogged++;
		return;
	}
	if (sign->ended[i].unlogged)
		snprintf(more, sizeof(more), "; %lu more like this since the last line",
			 sign->ended[i].unlogged);
	log_line(LOG_LEVEL_WARNING,
		 "scope %s: a signed URI was refused with code %d, %s: %.200s from %s%s",
		 request->scope->name, (int)verdict->code,
		 sign->signing ? uri_sign_code_text(verdict->code)
			       : "as no key is known; configure the group signing",
		 verdict->uri[0] ? verdict->uri : "no URI",
		 ip_addr_text(&request->req->client, client), more);
	sign->ended[i].unlogged = 0;
	sign->ended[i].log_again = now + LOG_SECONDS;
}

enum uri_sign_code sign_verify(struct sign *sign, const struct sign_request *request,
			       struct uri_signing_verdict *verdict)
{
	struct sign_policy policy;
	const struct uri_signing_request what = {
		.uri = request->uri,
		.cookies = http_request_header(request->req, "cookie", 6),
		.client = request->req->client,
		.now = request->req->now,
		.look = request->look,
	};
	verdict->json = NULL;
	verdict->uri[0] = '\0';
	verdict->code = URI_SIGN_ISSUER;
	if (sign && sign->signing && sign_policy_split(&policy, request->scope->signing))
		uri_signing_verify(sign->signing, &policy.policy, &what, verdict);
	if (sign && !request->look)
		tell(sign, request, verdict);
	return verdict->code;
}

/* What was written so far, for free(); NULL: it did not fit, or no memory. */
static char *copy_of(const struct writer *w, const char *start)
{
	return w->bad ? NULL : strndup(start, (size_t)((const char *)w->at - start));
}

static struct dri *dri_new(const struct uri *to)
{
	struct dri *dri = calloc(1, sizeof(*dri));
	if (!dri)
		return NULL;
	dri->refs = 1;
	dri->footprint = SCOPE_ANY_FOOTPRINT;
	dri->signed_uri = true;
	dri->scheme = strdup(to->https ? "https" : "http");
	dri->authority = strndup((const char *)to->host.at, to->host.len);
	for (char *at = dri->authority; at && *at; at++)
		*at = (char)octet_lower((uint8_t)*at);
	return dri;
}

static bool fill(struct sign *sign, const struct sign_request *request,
		 const struct uri_signing_verdict *verdict, struct span location,
		 const char *audience, struct dri *dri)
{
	struct sign_policy policy;
	char text[LOCATION_MAX], set[LOCATION_MAX];
	struct writer to = writer_of(text, sizeof(text)), cookie = writer_of(set, sizeof(set));
	uint64_t now = request->req->now;
	if (!dri->authority || !dri->scheme ||
	    !sign_policy_split(&policy, request->scope->signing) ||
	    !uri_signing_redirect(sign->signing, &policy.policy, verdict, location,
				  audience ? audience : dri->authority, now, &to))
		return false;
	dri->location = copy_of(&to, text);
	if (verdict->claims.transport == JWT_TRANSPORT_COOKIE &&
	    uri_signing_renew(sign->signing, &policy.policy, verdict, now, &cookie))
		dri->cookie = copy_of(&cookie, set);
	return dri->location;
}

struct dri *sign_location(struct sign *sign, const struct sign_request *request,
			  const struct uri_signing_verdict *verdict, struct span location,
			  const char *audience)
{
	struct uri to;
	if (!sign || !sign->signing || verdict->code != URI_SIGN_GOOD)
		return NULL;
	struct dri *dri = uri_split(location, &to) ? dri_new(&to) : NULL;
	if (dri && !fill(sign, request, verdict, location, audience, dri)) {
		dri_release(dri);
		dri = NULL;
	}
	if (request->look)
		return dri;
	sign->redirects += dri != NULL;
	sign->renewed += dri && dri->cookie;
	sign->unsignable += !dri;
	return dri;
}

enum uri_sign_code sign_redirect(struct sign *sign, const struct sign_request *request,
				 struct span location, const char *audience, struct dri **dri)
{
	struct uri_signing_verdict verdict;
	enum uri_sign_code code = sign_verify(sign, request, &verdict);
	*dri = code == URI_SIGN_GOOD ? sign_location(sign, request, &verdict, location, audience)
				     : NULL;
	uri_signing_verdict_clear(&verdict);
	return code;
}

/* --- What is shown ------------------------------------------------------------------------------------------------ */

static json_t *algs_json(const struct jwks_key *key)
{
	json_t *list = json_array();
	for (unsigned alg = 0; alg < JWT_ALGS; alg++)
		if (key->algs >> alg & 1)
			json_array_append_new(list, json_string(jwt_alg_name((enum jwt_alg)alg)));
	return list;
}

static json_t *keys_json(const struct sign *sign)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sign->keys.n; i++) {
		const struct jwks_key *key = &sign->keys.keys[i];
		const char *use = key == sign->own ? "signs" : key->algs ? "verifies" : "decrypts";
		json_array_append_new(list, json_pack("{s:s, s:s?, s:s, s:o}", "issuer",
						      key->issuer, "kid", key->kid, "use", use,
						      "algorithms", algs_json(key)));
	}
	return list;
}

static json_t *codes_json(const struct sign *sign)
{
	json_t *list = json_array();
	for (size_t i = 0; i < CODES; i++)
		if (sign->ended[i].n)
			json_array_append_new(list,
					      json_pack("{s:i, s:s, s:I}", "code", (int)codes[i],
							"text", uri_sign_code_text(codes[i]),
							"count", (json_int_t)sign->ended[i].n));
	return list;
}

json_t *sign_json(const struct sign *sign)
{
	uint64_t refused = 0;
	for (size_t i = 0; i < CODES; i++)
		if (codes[i] != URI_SIGN_GOOD && codes[i] != URI_SIGN_NONE)
			refused += sign->ended[i].n;
	return json_pack("{s:s?, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "name", sign->name,
			 "verified", (json_int_t)sign->verified, "used", (json_int_t)sign->used,
			 "keys", keys_json(sign), "good",
			 (json_int_t)sign->ended[index_of(URI_SIGN_GOOD)].n, "refused",
			 (json_int_t)refused, "redirects", (json_int_t)sign->redirects, "renewed",
			 (json_int_t)sign->renewed, "unsignable", (json_int_t)sign->unsignable,
			 "codes", codes_json(sign));
}
