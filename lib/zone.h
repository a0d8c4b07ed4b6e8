/* zone - a DNS zone that Turnout is authoritative for: its apex, SOA, name servers and their addresses. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ip.h"

#include <stdint.h>

/* Wire form, uncompressed, letters as configured. */
struct dns_name {
	uint8_t len; /* with the root octet; 0: unset */
	uint8_t wire[255];
};

enum { ZONE_SERVERS_MAX = 13, ZONE_ADDRESSES_MAX = 4 };

struct zone_server {
	struct dns_name name;
	uint8_t n_addresses; /* only for names inside the zone (glue) */
	struct ip_addr addresses[ZONE_ADDRESSES_MAX];
};

/* Immutable, counted by the control thread. Times in seconds, host byte order. */
struct zone {
	uint32_t refs;
	char *text; /* "example.com" */
	struct dns_name apex;
	struct dns_name primary; /* SOA MNAME */
	struct dns_name contact; /* SOA RNAME */
	uint32_t serial, refresh, retry, expire;
	uint32_t negative_ttl; /* SOA MINIMUM and the TTL of negative answers (RFC 2308) */
	uint32_t ttl;          /* of SOA, NS and glue */
	uint8_t n_servers;
	struct zone_server servers[ZONE_SERVERS_MAX];
};

void zone_release(struct zone *zone);
