/* sign - the signed URIs of requests: verified as their scope wants with the keys that are configured, and signed for the next hop.
 * RFC 9246. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/request.h"
#include "lib/scope.h"
#include "lib/settings.h"
#include "lib/target.h"
#include "uri_signing.h"

/* Control thread, as all of this. */
struct sign;

/* Without any key: no signature is good. NULL: no memory. */
struct sign *sign_new(void);
void sign_free(struct sign *sign); /* NULL is fine */

/* Reads the key files and uses them from then on; without a name in the settings none. What was remembered stays, unless the name or a
 * size changed. false: faults say what is wrong with which file, and all stays as it was. */
bool sign_load(struct sign *sign, const struct signing_settings *settings, struct faults *faults);

/* The same at a reload; faults are logged. */
void sign_reload(struct sign *sign, const struct signing_settings *settings);

/* Is there a group `signing`? */
bool sign_is_configured(const struct sign *sign);

/* A request, and the scope with signed URIs that won. */
struct sign_request {
	const struct scope *scope;
	const struct request *req; /* HTTP: its fields, client and time */
	struct span uri;           /* as the client sent it: http_request_uri, or cs-uri */
	bool look; /* somebody wants to know what would be: nothing is remembered, counted or logged */
};

/* Verifies it once, before anybody is asked about it: a token with a JWT ID is good only once. Good: URI_SIGN_GOOD. Everything else is
 * answered with 403; it is counted, and of each code the first one in a minute is logged. sign NULL: nothing is good. The verdict is to
 * be cleared in any case. May take some milliseconds. */
enum uri_sign_code sign_verify(struct sign *sign, const struct sign_request *request,
			       struct uri_signing_verdict *verdict);

/* Signs where a good request is redirected: location as http_answer_location or a CDN that was asked gives it, with the client's token or
 * without. audience: the next hop as it calls itself; NULL: the host of the location. It is said only when the client's token
 * says one. Gives the DRI that http_answer_write takes for this one request, with one reference: location, and a cookie when the
 * client's token asks for a renewed one. NULL: the location is too long or not a URI, or there is no memory: 503. */
struct dri *sign_location(struct sign *sign, const struct sign_request *request,
			  const struct uri_signing_verdict *verdict, struct span location,
			  const char *audience);

/* Both, for a request whose location is known at once. */
enum uri_sign_code sign_redirect(struct sign *sign, const struct sign_request *request,
				 struct span location, const char *audience, struct dri **dri);

/* What is configured, and how many requests ended how. NULL: no memory. */
json_t *sign_json(const struct sign *sign);
