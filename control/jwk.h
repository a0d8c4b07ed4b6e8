/* jwk - one JSON Web Key as a key of OpenSSL. RFC 7517 §4, RFC 7518 §6, RFC 8037 §2. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"

#include <openssl/types.h>

/* Members that are not known are passed over (RFC 7517 §4). *is_private: it can sign. NULL: there are faults, or the kind of key is
 * not known. */
EVP_PKEY *jwk_read(struct json_in *in, bool *is_private);
