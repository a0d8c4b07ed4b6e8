/* verdict - what match and choose decided about one request; replies are written from it alone. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "scope.h"
#include "target.h"
#include "zone_data.h"

enum verdict_outcome {
	VERDICT_REDIRECT, /* to `target` as `dri` says */
	VERDICT_DENY,     /* `scope` denies */
	VERDICT_NO_SCOPE, /* nothing matches; DNS: `zone`, `found` and `name_exists` say what is answered */
	VERDICT_NO_TARGET, /* `scope` matches but nothing usable is left, not even its fallback */
	VERDICT_ASK, /* `target` is to be asked for its DRI: the packet path does so before it replies */
	VERDICT_FORBIDDEN, /* HTTP: the signed URI is not good */
	VERDICT_DELEGATED, /* DNS: the name is in what `dri` delegates, from its last n_cut_labels labels on */
	VERDICT_ERROR, /* decode already found the error: request.dns.rcode or request.http.status */
};

enum { VERDICT_VARY_MAX = 3 };
enum { ZONE_LINKS_MAX = 16 };

/* Points into the view that the whole burst uses; not valid after it. */
struct verdict {
	uint8_t outcome; /* enum verdict_outcome */
	uint8_t ecs_scope; /* SCOPE PREFIX-LENGTH: the decision is the same for the whole prefix (RFC 7871 §7.2.1);
			    * for requests via_ri and for DNS queries with a client subnet, else 0 */
	bool name_exists; /* DNS: the host, or a name under it, is in the tables; else NXDOMAIN */
	bool stale;       /* dri is used after its life (RFC 5861) */
	bool fell_back;   /* target is the fallback */
	uint8_t n_vary; /* HTTP: fields of the request that were looked at for scopes that might have won;
			 * VERDICT_VARY_MAX + 1: more */
	uint8_t candidate; /* which one of the scope was taken; SCOPE_CANDIDATES_MAX: none */
	/* DNS: records of zones lead from the name of the question to another one, and from the name that a DRI gives on.
	 * The first n_before of the links stand in front of the DRI's. */
	uint8_t n_links, n_before;
	uint8_t n_cut_labels;
	const struct zone *
		zone; /* DNS: the zone that the name which they lead to is in; NULL: none, so REFUSED without links */
	const struct scope *scope; /* that won, or NULL */
	const struct target *target;
	const struct dri *dri;
	const char *vary[VERDICT_VARY_MAX]; /* their names, in lower case, each once */
	struct zone_found
		found; /* DNS: what zone data say of the last name; ZONE_UNASKED: they have no part in the answer */
	const struct zone_rrset
		*links[ZONE_LINKS_MAX]; /* CNAME and DNAME; those from n_links on are not set */
};
