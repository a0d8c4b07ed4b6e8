/* uri_sign_code - how the check of a signed URI ended: the s-uri-signing codes of RFC 9246 §6.4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

enum uri_sign_code {
	URI_SIGN_NONE = 0,
	URI_SIGN_GOOD = 200,
	URI_SIGN_SIGNATURE = 400,
	URI_SIGN_ISSUER = 401,
	URI_SIGN_SUBJECT = 402,
	URI_SIGN_AUDIENCE = 403,
	URI_SIGN_EXPIRED = 404,
	URI_SIGN_NOT_BEFORE = 405,
	URI_SIGN_RENEWAL = 406,
	URI_SIGN_JWT_ID = 407,
	URI_SIGN_VERSION = 408,
	URI_SIGN_CRITICAL = 409,
	URI_SIGN_CLIENT = 410,
	URI_SIGN_CONTAINER = 411,
	URI_SIGN_MALFORMED = 500,
};

/* A few words for logs (s-uri-signing-deny-reason, RFC 9246 §6.2). Any thread. */
const char *uri_sign_code_text(enum uri_sign_code code);
