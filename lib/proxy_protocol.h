/* proxy_protocol - the binary header that a proxy sends before what its client sent. The PROXY protocol, version 2 (haproxy.org,
 * doc/proxy-protocol.txt, §2.2). */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "drop_reason.h"
#include "ip.h"

/* With PROXY_PROTOCOL_MAX octets for addresses and TLVs, which are skipped, more than the 536 that each receiver has to take. */
enum { PROXY_PROTOCOL_FIXED = 16, PROXY_PROTOCOL_MAX = 2048 };

/* Reads the header that the bytes begin with. Any thread.
 * - none: it is the first *len octets, and *client is set, unless the proxy speaks for itself (LOCAL) or tells no address (UNSPEC).
 * - http_head_split: it is good so far, but not whole.
 * - http_proxy: it is none of version 2, of another command or family than TCP over IPv4 or IPv6, or too short or long. */
enum drop_reason proxy_protocol_read(const uint8_t *bytes, size_t n, uint32_t *len,
				     struct ip_addr *client);
