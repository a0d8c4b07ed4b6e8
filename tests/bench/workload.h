/* workload - what the tables and requests of the benchmarks are to be like. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "draw.h"
#include "lib/syn_cookie.h"

#include <stdio.h>

/* With footprints in the table: prefixes of 16.0.0.0/4 (each a /24) and 2001:db8::/32 (each a /56), and clients from there. */
enum { WORKLOAD_NETS = 1 << 20, WORKLOAD_CHANNELS = 100, WORKLOAD_BITRATES = 8 };

/* Host h of n_hosts has two scopes: one for the host, one for a path below it that is for a part of the world only. */
struct workload {
	uint32_t n_scopes, n_hosts, n_prefixes, n_regexes, count;
	unsigned ipv6, edns, ecs, dns_cookies, aaaa, misses, wildcards, spoofed_syns; /* percent */
	unsigned size_min, size_max; /* octets of a GET; 0: as it comes */
	bool browsers, zipf;
	uint64_t now;
	struct syn_cookie_keys keys;
	struct draw draw;
	uint8_t mac[6], address4[4], address6[16]; /* ours */
};

/* One host of a hundred has expressions in place of the path. */
static inline bool workload_has_regexes(const struct workload *load, uint32_t host)
{
	return load->n_regexes && host % 100 == host / 100 % 100;
}

/* So many of a hundred neighbours have a wildcard beside. */
static inline bool workload_has_wildcard(const struct workload *load, uint32_t host)
{
	return host % 100 < load->wildcards;
}

/* The table, one object of JSON a line. */
void workload_table(FILE *out, const struct workload *load);

enum workload_frame { WORKLOAD_DNS, WORKLOAD_HTTP, WORKLOAD_SYN };
enum { WORKLOAD_FRAME_MAX = 1514 };

/* A frame with a request for a host, drawn from the workload; gives its length, 0 when a request cannot be as small as is wanted. */
size_t workload_frame(uint8_t *frame, enum workload_frame kind, struct workload *load,
		      uint32_t host);

/* The text of a GET for this name; gives its length, 0 when it cannot be as small as is wanted. */
size_t workload_get(char *text, size_t cap, struct workload *load, const char *name, uint32_t host);
