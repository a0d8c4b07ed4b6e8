/* host_key - the host part of a scope trie key from labels: in lower case, the last one first, sixteen octets at a time. For lib/dns_name and lib/request. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	HOST_KEY_BLOCK = 16,
	HOST_KEY_ODD = 0x01, /* stands for an octet that no host name has */
};
typedef uint8_t host_key_block __attribute__((vector_size(HOST_KEY_BLOCK)));

static inline host_key_block host_key_load(const uint8_t *at)
{
	host_key_block octets;
	memcpy(&octets, at, sizeof(octets));
	return octets;
}

static inline void host_key_store(uint8_t *at, host_key_block octets)
{
	memcpy(at, &octets, sizeof(octets));
}

/* Each octet as it stands in a key: a-z, 0-9, '-', '_', or HOST_KEY_ODD, which dots and length octets become, too, or else something. */
static inline host_key_block host_key_octets(host_key_block c)
{
	host_key_block alpha = (host_key_block)((host_key_block)((c | 0x20) - 'a') <= 25);
	host_key_block host = alpha | (host_key_block)((host_key_block)(c - '0') <= 9) |
			      (host_key_block)(c == '-') | (host_key_block)(c == '_');
	return ((c | (alpha & 0x20)) & host) | (~host & HOST_KEY_ODD);
}

/* Writes the labels from the last one on, joined by '.', and '/' behind them; gives the length without that. Label i is host[starts[i], starts[i + 1] - 1);
 * up to a block is read behind a label and written behind the key. */
static inline size_t host_key_write(uint8_t *key, const uint8_t *host, const uint8_t *starts,
				    unsigned n)
{
	uint8_t *to = key;
	for (unsigned i = n; i-- > 0; *to++ = '.') {
		size_t len = (size_t)starts[i + 1] - starts[i] - 1, done = 0;
		const uint8_t *label = host + starts[i];
		do {
			host_key_store(to + done, host_key_octets(host_key_load(label + done)));
			done += HOST_KEY_BLOCK;
		} while (done < len);
		to += len;
	}
	size_t len = n ? (size_t)(to - key) - 1 : 0;
	key[len] = '/';
	return len;
}
