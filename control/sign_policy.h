/* sign_policy - what a scope wants of signed URIs: the member uri-signing, as the value of MI.UriSigning. RFC 9246 §4.4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "uri_signing.h"

enum { SIGN_ISSUERS_MAX = 32, SIGN_ISSUER_MAX = 255, SIGN_ATTRIBUTE_MAX = 64 };

/* Reads the member uri-signing of a scope: enforce (true), issuers (none: all whose keys are known), package-attribute
 * (URISigningPackage), jwt-header (an object, its text, or that in base64url). What says nothing is taken out. *text, for free(), is what
 * struct scope keeps of it; NULL: it is not there, or not to be enforced, or there are faults. Control thread. */
void sign_policy_read(struct json_in *scope, char **text);

/* Its known members out of metadata, as a scope has them. NULL: no memory. */
json_t *sign_policy_member(const json_t *mi_uri_signing);

/* A text of a scope taken apart. */
struct sign_policy {
	struct uri_signing_policy policy; /* points into this */
	const char *issuers[SIGN_ISSUERS_MAX];
	char text[SIGN_ATTRIBUTE_MAX + 2 * JWT_MAX + SIGN_ISSUERS_MAX * (SIGN_ISSUER_MAX + 1)];
};

/* false: no text that sign_policy_read made; it may come out of an image. Any thread. */
bool sign_policy_split(struct sign_policy *out, const char *text);
