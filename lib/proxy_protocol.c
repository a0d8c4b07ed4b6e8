/* proxy_protocol - the binary header that a proxy sends before what its client sent. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "proxy_protocol.h"

#include "bytes.h"

enum { SIGNATURE_LEN = 12, LOCAL = 0x20, PROXY = 0x21, UNSPEC = 0x00, TCP4 = 0x11, TCP6 = 0x21 };

/* Octets of addresses and ports of a family; -1: not taken. */
static int addresses_len(uint8_t family)
{
	switch (family) {
	case UNSPEC:
		return 0;
	case TCP4:
		return 2 * 4 + 2 * 2;
	case TCP6:
		return 2 * 16 + 2 * 2;
	default:
		return -1;
	}
}

enum drop_reason proxy_protocol_read(const uint8_t *bytes, size_t n, uint32_t *len,
				     struct ip_addr *client)
{
	static const uint8_t signature[SIGNATURE_LEN] = "\r\n\r\n\0\r\nQUIT\n";
	if (n && memcmp(bytes, signature, n < SIGNATURE_LEN ? n : SIGNATURE_LEN) != 0)
		return DROP_http_proxy;
	if (n > SIGNATURE_LEN && bytes[12] != LOCAL && bytes[12] != PROXY)
		return DROP_http_proxy;
	if (n < PROXY_PROTOCOL_FIXED)
		return DROP_http_head_split;
	const uint16_t more = load_be16(bytes + 14);
	const bool tells = bytes[12] == PROXY;
	const int addresses = tells ? addresses_len(bytes[13]) : 0;
	if (addresses < 0 || more < addresses || more > PROXY_PROTOCOL_MAX)
		return DROP_http_proxy;
	if (n - PROXY_PROTOCOL_FIXED < more)
		return DROP_http_head_split;
	*len = PROXY_PROTOCOL_FIXED + (uint32_t)more;
	if (!addresses)
		return DROP_none;
	*client = (struct ip_addr){.family = bytes[13] == TCP4 ? 4 : 6};
	memcpy(client->bytes, bytes + PROXY_PROTOCOL_FIXED, client->family == 4 ? 4 : 16);
	ip_addr_unmap(client);
	return DROP_none;
}
