/* ip - addresses and prefixes of both families: parse, print, compare. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes are in network byte order; IPv4 uses the first four, the rest are zero. family is 4 or 6. */
struct ip_addr {
	uint8_t bytes[16];
	uint8_t family;
};

/* Bits past len are zero. len is 0..32 or 0..128. */
struct ip_prefix {
	struct ip_addr addr;
	uint8_t len;
};

/* Text: RFC 4291 forms in, RFC 5952 out. Room for any of them. */
enum { IP_TEXT_MAX = 48 };

static inline unsigned ip_bits(const struct ip_addr *addr)
{
	return addr->family == 4 ? 32 : 128;
}

/* false: not an address (or prefix); *out is then unspecified. A bare address is a full-length prefix.
 * A prefix with bits set past its length is refused. */
bool ip_addr_parse(const char *text, struct ip_addr *out);
bool ip_prefix_parse(const char *text, struct ip_prefix *out);

/* Always terminated; gives buf. */
const char *ip_addr_text(const struct ip_addr *addr, char buf[IP_TEXT_MAX]);
const char *ip_prefix_text(const struct ip_prefix *prefix, char buf[IP_TEXT_MAX]);

bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b);

/* Is the address within one of n prefixes? */
bool ip_prefixes_have(const struct ip_prefix *list, size_t n, const struct ip_addr *addr);

/* IPv4 within IPv6 (RFC 4291 §2.5.5.2) becomes IPv4; others stay. */
void ip_addr_unmap(struct ip_addr *addr);

/* Clears the bits past len (len above the family's bits leaves all). */
void ip_addr_mask(struct ip_addr *addr, unsigned len);
