/* forwarded - the addresses that proxies wrote into a request: Forwarded (RFC 7239) or X-Forwarded-For. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ip.h"
#include "request.h"

/* An element's address: for=192.0.2.1, for="[2001:db8::1]:80" (RFC 7239 §4, §6). false: it has none ("unknown", "_hidden"), or is
 * malformed. Any thread. */
bool forwarded_for(struct span element, struct ip_addr *addr);

/* The same of a member of X-Forwarded-For, which has no standard: an address, and perhaps a port; IPv6 in brackets or without. */
bool forwarded_x_for(struct span member, struct ip_addr *addr);

enum { FORWARDED_HOPS_MAX = 16 };

/* *client is the peer, whom `proxies` hold. Each hop that is believed tells where its request came from, so the list is read from
 * its end: *client becomes the last address, and again the one before, as long as that is a proxy of ours, too; so in the end the
 * first one from the right that is not, whatever a client wrote before it. An element without an address ends it, and so do
 * FORWARDED_HOPS_MAX of them. For requests to be matched. Any thread. */
void forwarded_client(const struct request *req, bool x_forwarded_for,
		      const struct ip_prefix *proxies, size_t n, struct ip_addr *client);
