/* zone_data - the records of a zone, found by name and type. RFC 1034 §4.3.2, RFC 4592, RFC 6672. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The records of one name and type. */
struct zone_rrset {
	const struct zone_node *node;
	uint16_t type;
	uint16_t n;
	uint32_t ttl; /* seconds */
	const uint8_t
		*data; /* n times: length (16 bits, network order) and data, names uncompressed */
};

/* A name that has records, or names below it that have some (an empty non-terminal). */
struct zone_node {
	const uint8_t *name; /* wire form, lower case */
	uint8_t name_len;
	bool cut;   /* NS, and not the apex: a delegation */
	bool dname; /* one is here: what is below is elsewhere */
	bool cname;
	uint16_t n_rrsets;
	const struct zone_rrset *rrsets;  /* by type, ascending */
	const struct zone_node *wildcard; /* "*" right below it, or NULL */
};

/* Immutable. */
struct zone_data {
	const struct zone_node *apex;
	const struct zone_rrset *soa, *ns; /* of the apex */
	uint32_t
		negative_ttl; /* of negative answers: the smaller of the SOA's and its MINIMUM (RFC 2308 §3) */
	uint32_t serial;
	uint32_t n_records, n_rrsets, n_nodes;
	uint32_t *slots; /* hash table of nodes: their number and 1; 0: free */
	size_t mask;
	uint8_t key[16];
	uint8_t apex_name[255]; /* of the first node */
	struct zone_node *nodes;
	struct zone_rrset *rrsets;
	size_t packed_len;
	uint8_t packed[];
};

/* Records in packed form: for each name and type, names together: length of the owner (8), owner in
 * lower case, type (16), TTL (32), how many (16), and each record's length (16) and data. Numbers
 * in network order. The key makes hashes that others cannot guess. NULL: no memory, or *why says
 * what is wrong with it. Control thread. */
struct zone_data *zone_data_new(const struct dns_name *apex, const uint8_t *packed, size_t len,
				const uint8_t key[16], const char **why);
void zone_data_free(struct zone_data *data); /* NULL is fine */

/* --- lib/zone_find.c: any thread, no allocation ------------------------------------------------------------------ */

/* Exactly this name, in lower case. NULL: there is none. */
const struct zone_node *zone_data_node(const struct zone_data *data, const uint8_t *name,
				       size_t len);
const struct zone_rrset *zone_node_rrset(const struct zone_node *node, uint16_t type);

/* What the zone says of a name and a type. */
enum zone_outcome {
	ZONE_UNASKED,
	ZONE_ANSWER, /* rrset; of a wildcard for a name that it covers */
	ZONE_NODATA,
	ZONE_NXDOMAIN,
	ZONE_REFERRAL, /* rrset: the NS of the delegation */
	ZONE_LINK,     /* rrset: a CNAME of the name, or a DNAME above it */
	ZONE_TOO_LONG, /* the name that a DNAME makes has over 255 octets (RFC 6672 §2.2) */
};

struct zone_found {
	uint8_t outcome; /* enum zone_outcome */
	const struct zone_rrset *rrset;
	const struct zone_data *data; /* that was asked */
};

/* The name is within the zone. ANY finds one RRset (RFC 8482 §4.1); DS at a delegation is the
 * parent's (RFC 4035 §3.1.4.1). */
void zone_data_find(const struct zone_data *data, const uint8_t *name, size_t len, uint16_t type,
		    struct zone_found *found);

/* The records of exactly this name and type, even below a delegation, where addresses are glue.
 * NULL: none. */
const struct zone_rrset *zone_data_rrset(const struct zone_data *data, const uint8_t *name,
					 size_t len, uint16_t type);

/* Where a link leads from a name. false: to a name that is too long; the name is as before. */
bool zone_link(const struct zone_rrset *link, struct dns_name *name);
