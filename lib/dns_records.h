/* dns_records - records written into a DNS answer, names compressed. RFC 1035 §4.1.3, §4.1.4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"
#include "zone_data.h"

enum { DNS_RECORDS_HOSTS = 32 };

/* Where they are written. What does not fit sets w.bad. */
struct dns_records {
	struct writer w;
	uint8_t *msg;
	/* Names that stand in the message: that of the question (len 0: none), in whose end others may end, and some hosts of records. */
	const uint8_t *question;
	size_t question_len;
	unsigned n_hosts;
	struct {
		const uint8_t *wire; /* outlives the answer */
		uint16_t at;
		uint8_t len;
	} hosts[DNS_RECORDS_HOSTS];
	uint16_t answers, authorities, additionals;
	uint32_t turn; /* which address stands first */
};

/* The name that records are for. */
struct dns_owner {
	size_t at; /* its offset in the message; 0: it is not there */
	struct dns_name name;
};

/* A name; gives its offset, for other names to point to, or 0. */
size_t dns_records_name(struct dns_records *records, const uint8_t *wire, size_t len);

/* What stands before the data of a record, and, when these have been written behind `data`, their length. */
uint8_t *dns_records_begin(struct dns_records *records, const struct dns_owner *owner,
			   uint16_t type, uint32_t ttl);
void dns_records_end(struct dns_records *records, uint8_t *data);

/* Records of a name that is not the owner's node when a wildcard covers it. */
void dns_records_rrset(struct dns_records *records, const struct dns_owner *owner,
		       const struct zone_rrset *rrset, uint32_t ttl, uint16_t *count);
/* Those of the node itself. */
void dns_records_own(struct dns_records *records, const struct zone_rrset *rrset, uint32_t ttl,
		     uint16_t *count);

/* A CNAME to a target, which is the owner from then on. */
void dns_records_alias(struct dns_records *records, struct dns_owner *owner, uint32_t ttl,
		       const uint8_t *target, size_t len);

/* A CNAME, or a DNAME and the CNAME that is made from it (RFC 6672 §3.1). The name that it leads to is the owner from then on. false: it is
 * too long, and only the DNAME was written. */
bool dns_records_link(struct dns_records *records, struct dns_owner *owner,
		      const struct zone_rrset *link);

/* Addresses that the zone knows of name servers. Those of servers below the delegation, if it is one, have to fit (RFC 9471 §3.1); of
 * the others as many as do. */
void dns_records_glue(struct dns_records *records, const struct zone_data *data,
		      const struct zone_rrset *servers);
