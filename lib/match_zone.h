/* match_zone - the part that zone data have in a verdict; for match.c. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "verdict.h"
#include "view.h"

/* The deepest zone that a host in key form is in. NULL: none. */
const struct zone *match_zone(const struct trie_node *zones, const uint8_t *key, size_t host_len);

/* Is the host in what a DRI delegates? Then the verdict says so; but DS of the delegation itself is the zone's, which has none. */
bool match_zone_cut(const struct view *view, const struct request *req, struct verdict *verdict);

/* No scope matched: what the zone says of `name` (len 0: that of the question, which it is then set to). true: it leads to another name
 * in a zone of ours, which is the key of the request now. */
bool match_zone_step(const struct view *view, struct request *req, struct dns_name *name,
		     struct verdict *verdict);

/* The name that the links from the question's name on lead to. */
void match_zone_name(const struct request *req, const struct zone_rrset *const *links, unsigned n,
		     struct dns_name *name);
