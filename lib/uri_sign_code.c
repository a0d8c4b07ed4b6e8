/* uri_sign_code - how the check of a signed URI ended. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "uri_sign_code.h"

const char *uri_sign_code_text(enum uri_sign_code code)
{
	switch (code) {
	case URI_SIGN_NONE:
		return "not checked";
	case URI_SIGN_GOOD:
		return "good";
	case URI_SIGN_SIGNATURE:
		return "the signature is wrong";
	case URI_SIGN_ISSUER:
		return "the issuer is not accepted";
	case URI_SIGN_SUBJECT:
		return "the subject is not accepted";
	case URI_SIGN_AUDIENCE:
		return "it is meant for another audience";
	case URI_SIGN_EXPIRED:
		return "it has expired";
	case URI_SIGN_NOT_BEFORE:
		return "it is not valid yet";
	case URI_SIGN_RENEWAL:
		return "cdnistt and cdniets do not fit together";
	case URI_SIGN_JWT_ID:
		return "its JWT ID was used already, or cannot be checked";
	case URI_SIGN_VERSION:
		return "its version is not known";
	case URI_SIGN_CRITICAL:
		return "a critical claim is not known";
	case URI_SIGN_CLIENT:
		return "it is meant for another client";
	case URI_SIGN_CONTAINER:
		return "it is for another URI";
	case URI_SIGN_MALFORMED:
		return "the URI has no token that can be read";
	}
	return "unknown";
}
