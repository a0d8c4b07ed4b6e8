/* metadata_acl - the access-control lists of CDNI metadata as rules in their order. RFC 8006 §4.2.2 to §4.2.4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "lib/footprint.h"

/* The first rule whose condition holds decides. The last one has no condition: it allows when the list is not there, and else
 * denies, as the RFC says of what no rule matches. Rules that can match nothing, or nothing that the rules before have left, are
 * left out. */
struct metadata_rule {
	bool allow;
	json_t *condition; /* as the member "footprints" or "times" of a scope (turnout.conf(5)); NULL: always */
	uint32_t footprint; /* of metadata_acl_locations: equal for equal conditions */
	uint8_t protocols;  /* of metadata_acl_protocols: bits of enum request_protocol */
};

struct metadata_acl {
	size_t n;
	struct metadata_rule *rules;
};

/* value: that of the generic metadata object, or NULL when there is none. footprints NULL: only the form is looked at. false: faults, also for footprints that cannot be told
 * on this machine; *acl is to be cleared all the same. Control thread. */
bool metadata_acl_locations(const struct json_source *source, json_t *value,
			    struct footprint_txn *footprints, struct metadata_acl *acl);
bool metadata_acl_times(const struct json_source *source, json_t *value, struct metadata_acl *acl);
bool metadata_acl_protocols(const struct json_source *source, json_t *value,
			    struct metadata_acl *acl);
void metadata_acl_clear(struct metadata_acl *acl);

/* Is a request with this protocol allowed? */
bool metadata_acl_allows(const struct metadata_acl *protocols, uint8_t protocol);
