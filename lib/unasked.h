/* unasked - what a request gets that no CDN can be asked about. RFC 7975 §4.4.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "dns_wire.h"
#include "request.h"
#include "target.h"

#include <stddef.h>

/* Only addresses can be asked for: DNS queries of other types than A, AAAA and ANY have no data. NULL: it can be asked about. Any
 * thread. */
static inline const struct dri *unasked_dri(const struct request *req)
{
	static const struct dri no_data = {.n_v4 = 1};
	bool can = req->protocol != PROTOCOL_DNS || req->dns.qtype == DNS_A ||
		   req->dns.qtype == DNS_AAAA || req->dns.qtype == DNS_ANY;
	return can ? NULL : &no_data;
}
