/* base64url - octets as text that may stand in a URI: base64url without padding. RFC 4648 §5, RFC 7515 §2. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"

/* Octets of the text that n octets make, without a terminating NUL. */
static inline size_t base64url_len(size_t n)
{
	return (n * 4 + 2) / 3;
}

void base64url_write(struct writer *w, const void *octets, size_t n);

/* false: an octet that is no digit (padding and white space are none), a length that no octets make, bits set past the
 * last octet, or more than `cap` octets. out may be the text itself. Any thread, as all of this. */
bool base64url_read(struct span text, uint8_t *out, size_t cap, size_t *n);
