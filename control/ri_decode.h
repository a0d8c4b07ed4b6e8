/* ri_decode - a redirection-request as the content request that the packet path would have read. RFC 7975 §4.4.1, §4.5.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ri_request.h"

/* Fills req from a request with one of the protocols that we know; its spans point into what is written to head. Of HTTP a head
 * with the method, the effective URI and the cs-(...) fields is made and read; fields that are malformed, and those that frame a
 * message, are left out. now: seconds since 1970-01-01 UTC. NULL, or why the packet path would not match it. Any thread. */
const char *ri_decode(const struct ri_request *from, uint64_t now, struct writer head,
		      struct request *req);

/* Room for the head of a request that was read from a message of so many octets. */
static inline size_t ri_decode_room(size_t octets)
{
	enum { FIXED = 64 };
	return 2 * octets + FIXED;
}
