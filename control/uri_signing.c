/* uri_signing - requests with signed URIs: verified, signed anew for the next hop of a redirect, renewed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "uri_signing.h"

#include "digest_cache.h"
#include "jwt_client.h"
#include "lib/base64url.h"
#include "lib/uri_container.h"
#include "lib/uri_sign_token.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	KEYS_TRIED_MAX = 8,
	REMEMBERED_MAX = 3600,    /* seconds, of tokens that do not expire */
	TOKEN_ROOM = 2 * JWT_MAX, /* with a header that the policy has */
};

struct uri_signing {
	char *name;
	const struct jwks *trusted;
	const struct jwks_key *own;
	struct digest_cache *verified, *used;
};

struct uri_signing *uri_signing_new(const struct uri_signing_settings *settings)
{
	struct uri_signing *signing = calloc(1, sizeof(*signing));
	if (!signing)
		return NULL;
	signing->name = strdup(settings->name);
	signing->verified = digest_cache_new(settings->verified);
	signing->used = digest_cache_new(settings->used);
	if (signing->name && signing->verified && signing->used)
		return signing;
	uri_signing_free(signing);
	return NULL;
}

void uri_signing_free(struct uri_signing *signing)
{
	if (!signing)
		return;
	free(signing->name);
	digest_cache_free(signing->verified);
	digest_cache_free(signing->used);
	free(signing);
}

void uri_signing_set_keys(struct uri_signing *signing, const struct jwks *trusted,
			  const struct jwks_key *own)
{
	signing->trusted = trusted;
	signing->own = own;
	digest_cache_flush(signing->verified);
}

static const char *attribute_of(const struct uri_signing_policy *policy)
{
	return policy->attribute ? policy->attribute : URI_SIGN_TOKEN_NAME;
}

static struct span span_of(const char *text)
{
	return (struct span){(const uint8_t *)text, (uint32_t)strlen(text)};
}

/* The text of an object; empty: it is NULL, or too long. json_dumps would leave out what it has no memory for. */
static struct span text_of(const json_t *json, char text[JWT_MAX])
{
	size_t len = json ? json_dumpb(json, text, JWT_MAX, JSON_COMPACT) : 0;
	return (struct span){(const uint8_t *)text, len <= JWT_MAX ? (uint32_t)len : 0};
}

char *uri_signing_header(const json_t *jwt_header)
{
	char dump[JWT_MAX];
	const char *given = json_string_value(jwt_header);
	struct span text = given ? span_of(given) : text_of(jwt_header, dump);
	if (!text.len || text.len > JWT_MAX)
		return NULL;
	size_t room = base64url_len(text.len);
	char *header = calloc(1, room + 1);
	struct writer w = writer_of(header, header ? room : 0);
	if (text.at[0] == '{')
		base64url_write(&w, text.at, text.len);
	else
		writer_bytes(&w, text.at, text.len);
	json_t *json = header ? jwt_claims_object(span_of(header)) : NULL;
	if (!json) {
		free(header);
		header = NULL;
	}
	json_decref(json);
	return header;
}

/* --- Verifying ---------------------------------------------------------------------------------------------------- */

/* A token on its way through the checks. */
struct checking {
	struct uri_signing *signing;
	const struct uri_signing_policy *policy;
	const struct uri_signing_request *request;
	struct uri_signing_verdict *verdict;
	struct jwt jwt;
	json_t *header;
	uint8_t token[TOKEN_ROOM];
};

/* The URI without its token, in normal form. */
static bool normal(const struct uri_sign_token *at, char *out, size_t cap)
{
	uint8_t text[URI_MAX];
	struct uri uri;
	struct writer w = writer_of(text, sizeof(text)), normal = writer_of(out, cap);
	writer_bytes(&w, at->before.at, at->before.len);
	writer_bytes(&w, at->after.at, at->after.len);
	if (w.bad || !uri_split((struct span){text, (uint32_t)(w.at - text)}, &uri) ||
	    !uri_normal(&uri, &normal))
		return false;
	writer_u8(&normal, '\0');
	return !normal.bad;
}

/* A token without header has one dot, or an empty header. */
static bool take_token(struct checking *c, struct span token)
{
	struct writer w = writer_of(c->token, sizeof(c->token));
	const char *header = c->policy->header;
	const uint8_t *dot = token.len ? memchr(token.at, '.', token.len) : NULL;
	bool bare = dot && !memchr(dot + 1, '.', token.len - (size_t)(dot - token.at) - 1);
	if (header && (bare || dot == token.at)) {
		writer_text(&w, header);
		writer_bytes(&w, ".", bare);
	}
	writer_bytes(&w, token.at, token.len);
	return !w.bad && jwt_split((struct span){c->token, (uint32_t)(w.at - c->token)}, &c->jwt);
}

static enum uri_sign_code find(struct checking *c)
{
	struct uri_sign_token at;
	const char *name = attribute_of(c->policy);
	uri_sign_token_find(c->request->uri, name, &at);
	if (!at.token.at)
		at.token = uri_sign_token_cookie(c->request->cookies, name);
	if (!normal(&at, c->verdict->uri, sizeof(c->verdict->uri))) {
		c->verdict->uri[0] = '\0';
		return URI_SIGN_MALFORMED;
	}
	if (!take_token(c, at.token))
		return URI_SIGN_MALFORMED;
	c->header = jwt_claims_object(c->jwt.header);
	c->verdict->json = jwt_claims_object(c->jwt.claims);
	return c->header && c->verdict->json ? URI_SIGN_GOOD : URI_SIGN_MALFORMED;
}

/* What we signed ourselves comes back when it was renewed (RFC 9246 §3.3). */
static bool is_trusted(const struct checking *c, const char *issuer)
{
	if (issuer && !strcmp(issuer, c->signing->name) && jwks_knows(c->signing->trusted, issuer))
		return true;
	for (size_t i = 0; i < c->policy->n_issuers; i++)
		if (issuer && !strcmp(issuer, c->policy->issuers[i]))
			return true;
	return !c->policy->n_issuers && (!issuer || jwks_knows(c->signing->trusted, issuer));
}

static enum uri_sign_code check_signature(const struct checking *c, const char *issuer)
{
	const struct jwks_key *key = NULL;
	const char *kid;
	enum jwt_alg alg;
	if (!jwt_claims_header(c->header, &alg, &kid))
		return URI_SIGN_SIGNATURE;
	for (unsigned i = 0; i < KEYS_TRIED_MAX; i++) {
		key = jwks_next(c->signing->trusted, issuer, kid, alg, key);
		if (!key)
			break;
		if (jwt_verify(&c->jwt, alg, key->pkey))
			return URI_SIGN_GOOD;
	}
	return URI_SIGN_SIGNATURE;
}

static bool digest(uint8_t out[DIGEST_LEN], struct span first, const char *second)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
		    EVP_DigestUpdate(ctx, first.at, first.len) && EVP_DigestUpdate(ctx, "", 1) &&
		    EVP_DigestUpdate(ctx, second, strlen(second)) &&
		    EVP_DigestFinal_ex(ctx, out, NULL);
	EVP_MD_CTX_free(ctx);
	return good;
}

/* In whole seconds, and at the most an hour from now. */
static uint64_t remembered_until(const struct checking *c)
{
	double end = c->verdict->claims.exp;
	uint64_t most = c->request->now + REMEMBERED_MAX;
	return end < (double)most ? (uint64_t)ceil(end) : most;
}

/* The signature, and that the container has the URI: what costs much, and is the same the next time. */
static enum uri_sign_code check_dear(const struct checking *c, bool known)
{
	struct uri_signing_verdict *verdict = c->verdict;
	const json_t *iss = json_object_get(verdict->json, "iss");
	if (!is_trusted(c, json_string_value(iss)) || (iss && !json_is_string(iss)))
		return URI_SIGN_ISSUER;
	enum uri_sign_code code =
		known ? URI_SIGN_GOOD : check_signature(c, json_string_value(iss));
	if (code == URI_SIGN_GOOD)
		code = jwt_claims_read(verdict->json, &verdict->claims);
	if (code == URI_SIGN_GOOD && !known &&
	    !uri_container_has(verdict->claims.cdniuc, verdict->uri))
		code = URI_SIGN_CONTAINER;
	return code;
}

/* Whoever redirects to us knows us by our name, or by the host that it redirects to. */
static bool is_for_us(const struct checking *c)
{
	char host[URI_MAX + 1];
	struct uri uri;
	const struct jwt_claims *claims = &c->verdict->claims;
	if (jwt_claims_is_for(claims, c->signing->name))
		return true;
	if (!uri_split(span_of(c->verdict->uri), &uri))
		return false;
	memcpy(host, uri.host.at, uri.host.len);
	host[uri.host.len] = '\0';
	return jwt_claims_is_for(claims, host);
}

/* A JWT ID is unique for its issuer (RFC 7519 §4.1.7). */
static enum uri_sign_code use_once(const struct checking *c)
{
	const struct jwt_claims *claims = &c->verdict->claims;
	uint64_t now = c->request->now;
	uint8_t id[DIGEST_LEN];
	if (!claims->jti)
		return URI_SIGN_GOOD;
	if (claims->exp > UINT32_MAX ||
	    !digest(id, span_of(claims->iss ? claims->iss : ""), claims->jti) ||
	    digest_cache_has(c->signing->used, id, now))
		return URI_SIGN_JWT_ID;
	if (!c->request->look &&
	    !digest_cache_add(c->signing->used, id, (uint64_t)ceil(claims->exp), now, false))
		return URI_SIGN_JWT_ID;
	return URI_SIGN_GOOD;
}

static enum uri_sign_code check(struct checking *c)
{
	uint8_t token[DIGEST_LEN];
	struct digest_cache *verified = c->signing->verified;
	const struct jwt_claims *claims = &c->verdict->claims;
	double now = (double)c->request->now;
	enum uri_sign_code code = find(c);
	if (code != URI_SIGN_GOOD)
		return code;
	struct span whole = {c->token, c->jwt.input.len + 1 + c->jwt.signature.len};
	bool has_digest = digest(token, whole, c->verdict->uri);
	bool known = has_digest && digest_cache_has(verified, token, c->request->now);
	code = check_dear(c, known);
	if (code != URI_SIGN_GOOD)
		return code;
	if (now >= claims->exp)
		return URI_SIGN_EXPIRED;
	if (now < claims->nbf)
		return URI_SIGN_NOT_BEFORE;
	if (!is_for_us(c))
		return URI_SIGN_AUDIENCE;
	if (claims->cdniip && jwt_client_is(c->signing->trusted, claims->iss, claims->cdniip,
					    &c->request->client) == JWT_CLIENT_NO)
		return URI_SIGN_CLIENT;
	if (has_digest && !known && !c->request->look)
		digest_cache_add(verified, token, remembered_until(c), c->request->now, true);
	return use_once(c);
}

void uri_signing_verify(struct uri_signing *signing, const struct uri_signing_policy *policy,
			const struct uri_signing_request *request,
			struct uri_signing_verdict *verdict)
{
	struct checking c = {signing, policy, request, verdict, .header = NULL};
	verdict->json = NULL;
	verdict->uri[0] = '\0';
	verdict->code = policy->enforce ? check(&c) : URI_SIGN_NONE;
	json_decref(c.header);
	if (verdict->code != URI_SIGN_GOOD)
		uri_signing_verdict_clear(verdict);
}

void uri_signing_verdict_clear(struct uri_signing_verdict *verdict)
{
	json_decref(verdict->json);
	verdict->json = NULL;
	verdict->claims = (struct jwt_claims){0};
}

/* --- Signing ------------------------------------------------------------------------------------------------------ */

/* What every token of ours takes over from the one that it follows, when that has it. */
static json_t *follow(const struct uri_signing *signing, const json_t *old, uint64_t now)
{
	static const char *const copied[] = {"sub",     "aud",     "exp",    "nbf",
					     "jti",     "cdniip",  "cdniv",  "cdniuc",
					     "cdniets", "cdnistt", "cdnistd"};
	json_t *claims = json_pack("{s:s, s:I}", "iss", signing->name, "iat", (json_int_t)now);
	bool good = claims;
	for (size_t i = 0; good && i < sizeof(copied) / sizeof(copied[0]); i++) {
		json_t *value = json_object_get(old, copied[i]);
		good = !value || json_object_set(claims, copied[i], value) == 0;
	}
	if (good)
		return claims;
	json_decref(claims);
	return NULL;
}

/* Takes claims over; NULL is fine. */
static bool sign(const struct uri_signing *signing, json_t *claims, struct writer *w)
{
	char header_text[JWT_MAX], claims_text[JWT_MAX];
	const struct jwks_key *own = signing->own;
	enum jwt_alg alg = own ? (enum jwt_alg)__builtin_ctz(own->algs) : JWT_ES256;
	json_t *header = own ? json_pack("{s:s, s:s, s:s*}", "alg", jwt_alg_name(alg), "typ", "JWT",
					 "kid", own->kid)
			     : NULL;
	struct span first = text_of(header, header_text), second = text_of(claims, claims_text);
	bool good = own && own->can_sign && first.len && second.len &&
		    jwt_sign(w, first, second, alg, own->pkey);
	json_decref(header);
	json_decref(claims);
	return good;
}

/* Its container for `to`, which has the path that the client asked for behind some prefix. */
static bool set_container(json_t *claims, const struct uri_signing_verdict *verdict, const char *to)
{
	char container[URI_CONTAINER_MAX + sizeof("regex:")];
	struct writer w = writer_of(container, sizeof(container));
	return claims && uri_container_carry(&w, verdict->claims.cdniuc, verdict->uri, to) &&
	       json_object_set_new(claims, "cdniuc", json_string(container)) == 0;
}

bool uri_signing_redirect(const struct uri_signing *signing,
			  const struct uri_signing_policy *policy,
			  const struct uri_signing_verdict *verdict, struct span location,
			  const char *audience, uint64_t now, struct writer *w)
{
	char to[URI_MAX + 2];
	uint8_t token[JWT_MAX];
	struct writer made = writer_of(token, sizeof(token));
	struct uri_sign_token at;
	if (verdict->code != URI_SIGN_GOOD) {
		writer_bytes(w, location.at, location.len);
		return !w->bad;
	}
	uri_sign_token_find(location, attribute_of(policy), &at);
	if (!normal(&at, to, sizeof(to)))
		return false;
	json_t *claims = follow(signing, verdict->json, now);
	bool good = set_container(claims, verdict, to);
	if (good && audience && verdict->claims.aud)
		good = json_object_set_new(claims, "aud", json_string(audience)) == 0;
	if (!good) {
		json_decref(claims);
		return false;
	}
	if (!sign(signing, claims, &made))
		return false;
	uri_sign_token_put(w, location, attribute_of(policy),
			   (struct span){token, (uint32_t)(made.at - token)});
	return !w->bad;
}

/* The first `depth` segments of the path of a URI in normal form. Empty: it has fewer. */
static struct span leading_path(const char *uri, uint32_t depth)
{
	const char *path = strchr(strstr(uri, "://") + 3, '/'), *end = path;
	for (uint32_t i = 0; i < depth; i++) {
		if (*end != '/' || !end[1] || end[1] == '?')
			return (struct span){NULL, 0};
		end++;
		end += strcspn(end, "/?");
	}
	return (struct span){(const uint8_t *)path, depth ? (uint32_t)(end - path) : 1};
}

bool uri_signing_renew(const struct uri_signing *signing, const struct uri_signing_policy *policy,
		       const struct uri_signing_verdict *verdict, uint64_t now, struct writer *w)
{
	const struct jwt_claims *old = &verdict->claims;
	uint8_t token[JWT_MAX];
	struct writer made = writer_of(token, sizeof(token));
	if (verdict->code != URI_SIGN_GOOD || old->transport == JWT_TRANSPORT_NONE || old->jti)
		return false;
	struct span path = leading_path(verdict->uri, old->depth);
	json_t *claims = path.len ? follow(signing, verdict->json, now) : NULL;
	if (claims && json_object_set_new(claims, "exp",
					  json_integer((json_int_t)now + old->lifetime)) != 0) {
		json_decref(claims);
		claims = NULL;
	}
	if (!claims || !sign(signing, claims, &made))
		return false;
	struct span text = {token, (uint32_t)(made.at - token)};
	if (old->transport == JWT_TRANSPORT_QUERY) {
		uri_sign_token_put(w, span_of(verdict->uri), attribute_of(policy), text);
		return !w->bad;
	}
	/* A cookie cannot say such a path (RFC 6265 §4.1.1). */
	if (memchr(path.at, ';', path.len))
		return false;
	char age[40];
	snprintf(age, sizeof(age), "; Max-Age=%u; HttpOnly", old->lifetime);
	writer_text(w, attribute_of(policy));
	writer_u8(w, '=');
	writer_bytes(w, text.at, text.len);
	writer_text(w, "; Path=");
	writer_bytes(w, path.at, path.len);
	writer_text(w, age);
	writer_text(w, strncmp(verdict->uri, "https:", 6) == 0 ? "; Secure" : "");
	return !w->bad;
}
