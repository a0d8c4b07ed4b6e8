/* jwe - JSON Web Encryption in compact form with a shared key that encrypts the content itself: alg "dir", enc "A128GCM" or
 * "A256GCM". What its header says is JSON, and not read here. RFC 7516 §7.1, RFC 7518 §4.5, §5.3. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"

/* The parts of a token as base64url, into which they point. With alg "dir" the key is empty. */
struct jwe {
	struct span header, key, iv, ciphertext, tag;
};

/* false: not five parts. Any thread, as all of this. */
bool jwe_split(struct span token, struct jwe *jwe);

/* Decrypts with a key of 16 (A128GCM) or 32 octets (A256GCM). false: it was encrypted with another one, was changed, is of another
 * form, has more than `cap` octets, or no memory; out is then unspecified. */
bool jwe_open(const struct jwe *jwe, struct span key, uint8_t *out, size_t cap, size_t *n);
