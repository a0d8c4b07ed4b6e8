/* uri_sign_token - the URI Signing Package in a URI: found, taken out, put in. RFC 9246 §2, §2.1.15. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"

/* The name of the package when metadata names no other (RFC 9246 §4.4). */
#define URI_SIGN_TOKEN_NAME "URISigningPackage"

/* Where a package is in its URI: all point into it. before and after are what is left without it: when a sub-delimiter
 * follows the token, that goes with it, else the delimiter before the name does. */
struct uri_sign_token {
	struct span token; /* what is between the '=' and the first octet that no JWT has */
	struct span before, after;
};

/* The first parameter with that name: path-style (";name=") in the path, form-style ("?name=", "&name=") in the query. The
 * name is case-sensitive. false: there is none; `before` is then the whole URI and the rest empty. The URI need not be
 * valid. Any thread, as all of this. */
bool uri_sign_token_find(struct span uri, const char *name, struct uri_sign_token *found);

/* The token in a Cookie header field's value (RFC 6265 §4.2.1), which is where a renewed one comes from (RFC 9246 §3.3).
 * Empty, with at NULL: there is none. */
struct span uri_sign_token_cookie(struct span cookies, const char *name);

/* Writes the URI with `token` in place of the one that it has; else as the last parameter of its query. */
void uri_sign_token_put(struct writer *w, struct span uri, const char *name, struct span token);
