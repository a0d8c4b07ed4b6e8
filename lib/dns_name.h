/* dns_name - domain names in wire form: from and to text, compared, as keys of the scope trie. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wire form (RFC 1035 §3.1): labels, each behind its length octet, and the root's zero octet. All
 * functions are for any thread. */

/* Length of the uncompressed name that starts at `wire`, with the root octet, and its labels
 * without the root. 0: it runs past `avail`, is longer than 255 octets, or has a pointer or a
 * reserved label type. Everything below wants a name that this has accepted. */
size_t dns_name_scan(const uint8_t *wire, size_t avail, unsigned *labels);

/* Reads a name in the text form of RFC 1035 §5.1: with or without the final dot, "." for the root,
 * \X and \DDD for octets that are not plain. Letters are kept as they are. false: empty, an empty
 * label or one over 63 octets, more than 255 octets in all, a bad escape, or an octet that has to
 * be escaped but is not; *out is then unspecified. */
bool dns_name_from_text(const char *text, struct dns_name *out);

/* Room for any name as text. */
enum { DNS_NAME_TEXT_MAX = 1024 };

/* Text form without the final dot ("." for the root), odd octets escaped. Always terminated; gives
 * buf. */
const char *dns_name_text(const uint8_t *wire, size_t len, char buf[DNS_NAME_TEXT_MAX]);

/* Letters compare without case (RFC 4343). */
bool dns_name_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/* Is `name` the same as `parent` or below it? */
bool dns_name_is_under(const uint8_t *name, size_t name_len, const uint8_t *parent,
		       size_t parent_len);

/* The same, and writes req->key, host_len and key_len: the labels from the right, joined by '.', in lower
 * case, then "/": "com.example.vod/"; "/" for the root. An octet that no host name has (outside a-z,
 * 0-9, '-', '_') becomes 0x01, which no stored key holds: such a name can be matched by a wildcard
 * only. 0: the key is that of the root. */
size_t dns_name_key(const uint8_t *wire, size_t avail, unsigned *labels, struct request *req);

/* Writes that of the root. */
static inline void dns_name_no_key(struct request *req)
{
	req->host_len = 0;
	req->key_len = 1;
	req->key[0] = '/';
}
