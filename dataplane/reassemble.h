/* reassemble - queries that came in IP fragments, put together within a bound. RFC 791 §3.2, RFC 8200 §4.5. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "burst.h"

/* For settings->dns.fragments packets at once, or fewer where the ports have so few buffers that this would be more than a quarter
 * of them, on the memory of a NUMA node; each of at most RTE_LIBRTE_IP_FRAG_MAX_FRAG fragments that come within a second. NULL: no
 * memory. Control thread. */
struct fragments *fragments_new(const struct settings *settings, int socket);
void fragments_free(struct fragments *fragments); /* NULL is fine */

/* Packet i is a fragment whose IP header has been checked. true: mbuf i is a whole packet now, to be classified anew. false: it
 * stays what it is, or, when its lane is LANE_HELD, it waits for others and the mbuf is no longer the burst's. What makes no packet
 * is freed and counted: fragments that overlap (RFC 5722), come twice, late, or are too many or too long. */
bool reassemble(struct worker *worker, uint16_t i);
