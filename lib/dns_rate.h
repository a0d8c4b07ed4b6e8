/* dns_rate - how many DNS answers a prefix may get: what is over the limit is dropped or goes out truncated, so that who forges
 * its addresses does not make it drown in them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "settings.h"

/* Of one worker; nobody else looks at it. A token bucket for each pair of prefix and kind of answer, found by a keyed hash, in sets
 * of one cache line. Where a set is full the pair goes that has the most tokens left, as it loses the least by being forgotten. */
struct dns_rate;

/* Each has a limit of its own, so that one kind does not use up that of another. */
enum dns_rate_kind { DNS_RATE_DATA, DNS_RATE_NONE, DNS_RATE_ERROR };

enum dns_rate_verdict { DNS_RATE_SEND, DNS_RATE_SLIP, DNS_RATE_DROP };

/* Octets that it needs, in zeroed memory that starts at a cache line; init makes it. settings stay the caller's. Any thread. */
size_t dns_rate_size(const struct dns_rate_settings *settings);
void dns_rate_init(struct dns_rate *rate, const struct dns_rate_settings *settings,
		   const uint8_t key[16]);

/* What becomes of an answer to this client. Milliseconds may go back; then no time has passed. */
enum dns_rate_verdict dns_rate_take(struct dns_rate *rate, const struct ip_addr *client,
				    enum dns_rate_kind kind, uint64_t now_ms);
