/* uri_signing - requests with signed URIs: verified, signed anew for the next hop of a redirect, renewed. RFC 9246. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "jwks.h"
#include "jwt_claims.h"
#include "lib/ip.h"
#include "lib/uri.h"

/* What a scope asks for (MI.UriSigning, RFC 9246 §4.4). The texts belong to whoever made it. */
struct uri_signing_policy {
	bool enforce; /* false: nothing is verified, and nothing signed */
	size_t n_issuers;
	const char *const
		*issuers;      /* none: any whose keys are known, and tokens without an issuer */
	const char *attribute; /* NULL: URI_SIGN_TOKEN_NAME */
	const char *
		header; /* base64url, for tokens that come without one; NULL: they have their own */
};

/* The header that a token comes without, as a policy wants it, from the member "jwt-header" of metadata: an object, its text, or
 * that in base64url. For free(). NULL: none of these, or no memory. */
char *uri_signing_header(const json_t *jwt_header);

struct uri_signing_request {
	struct span uri;     /* with scheme and authority, as the client sent it */
	struct span cookies; /* value of its Cookie field, or empty */
	struct ip_addr client;
	uint64_t now; /* seconds since 1970-01-01 UTC */
	bool look;    /* nothing is remembered of it; a JWT ID stays good */
};

/* How it ended. URI_SIGN_NONE and URI_SIGN_GOOD may be served; for all others the answer is 403 (RFC 9246 §5.1). With
 * URI_SIGN_GOOD alone, claims and uri are there. */
struct uri_signing_verdict {
	enum uri_sign_code code;
	struct jwt_claims claims;
	json_t *json;          /* what claims points into; owned by the verdict */
	char uri[URI_MAX + 2]; /* in normal form, without the token; "": it is none */
};

/* Verifies and signs; remembers which tokens were good, and which JWT IDs were used. One thread. */
struct uri_signing;

struct uri_signing_settings {
	const char *
		name; /* ours: the audience of tokens for us, and the issuer of those that we make */
	size_t verified, used; /* how many good tokens and used JWT IDs are remembered */
};

/* It knows no keys yet. NULL: no memory. */
struct uri_signing *uri_signing_new(const struct uri_signing_settings *settings);
void uri_signing_free(struct uri_signing *signing); /* NULL is fine */

/* Which issuers are trusted, and the key that tokens are signed with, which has to be able to (or NULL: none). Both are the
 * caller's, to be there until they are set anew. When our own key is among the trusted ones, what is renewed is good whatever issuers a
 * policy lists. What was good by the old keys is forgotten; used JWT IDs are not. */
void uri_signing_set_keys(struct uri_signing *signing, const struct jwks *trusted,
			  const struct jwks_key *own);

/* Times are compared without leeway. The claims sub and cdniip are encrypted (RFC 9246 §2.1.2, §2.1.10). cdniip is held against the
 * client when there is a key of the issuer that decrypts; without one, and sub always, they are passed on as they are to the CDN that
 * delivers. A token with a JWT ID is good once, and has
 * to expire. Audience is our name, or the host of the URI. May take some milliseconds when the token has not been seen before. */
void uri_signing_verify(struct uri_signing *signing, const struct uri_signing_policy *policy,
			const struct uri_signing_request *request,
			struct uri_signing_verdict *verdict);
void uri_signing_verdict_clear(struct uri_signing_verdict *verdict);

/* Writes the URI to which a verified request is redirected, with a token of ours for it (RFC 9246 §5.1): issuer and time are
 * ours, the container is carried over (lib/uri_container.h), and what else is copied or not is as §2.1 says. location may have the
 * old token in it. audience: the next hop as it calls itself, written when the old token had one; NULL: then it is left as it is.
 * Without URI_SIGN_GOOD: location as it is. false: no own key, not a URI, no memory or no room; the redirect cannot be made. */
bool uri_signing_redirect(const struct uri_signing *signing,
			  const struct uri_signing_policy *policy,
			  const struct uri_signing_verdict *verdict, struct span location,
			  const char *audience, uint64_t now, struct writer *w);

/* Writes what a verified request is answered with when its token asks for a renewed one (RFC 9246 §3.2, §3.3): with
 * JWT_TRANSPORT_COOKIE the value of a Set-Cookie field, with JWT_TRANSPORT_QUERY the URI with the new token in it. false: nothing is
 * to be sent: it asks for none, the path has fewer segments than its depth, it has a JWT ID, which is good only once, or as
 * above. */
bool uri_signing_renew(const struct uri_signing *signing, const struct uri_signing_policy *policy,
		       const struct uri_signing_verdict *verdict, uint64_t now, struct writer *w);
