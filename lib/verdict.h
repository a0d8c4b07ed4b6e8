/* verdict - what match and choose decided about one request; replies are written from it alone. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "scope.h"
#include "target.h"
#include "zone.h"

enum verdict_outcome {
	VERDICT_REDIRECT, /* to `target` as `dri` says */
	VERDICT_DENY,     /* `scope` denies */
	VERDICT_NO_SCOPE, /* nothing matches; DNS: `zone` and `name_exists` say which negative answer */
	VERDICT_NO_TARGET, /* `scope` matches but nothing usable is left, not even its fallback */
	VERDICT_ASK, /* `target` is to be asked for its DRI: the packet path does so before it replies */
	VERDICT_FORBIDDEN, /* HTTP: the signed URI is not good */
	VERDICT_ERROR, /* decode already found the error: request.dns.rcode or request.http.status */
};

enum { VERDICT_VARY_MAX = 3 };

/* Points into the view that the whole burst uses; not valid after it. */
struct verdict {
	uint8_t outcome; /* enum verdict_outcome */
	uint8_t ecs_scope; /* SCOPE PREFIX-LENGTH: the decision is the same for the whole prefix (RFC 7871 §7.2.1);
			    * for requests via_ri and for DNS queries with a client subnet, else 0 */
	bool name_exists; /* DNS: the host, or a name under it, is in the tables; else NXDOMAIN */
	bool fell_back;   /* target is the fallback */
	uint8_t n_vary; /* HTTP: fields of the request that were looked at for scopes that might have won;
			    * VERDICT_VARY_MAX + 1: more */
	uint8_t candidate;       /* which one of the scope was taken; SCOPE_CANDIDATES_MAX: none */
	const struct zone *zone; /* DNS: the zone the name is in; NULL: none, so REFUSED */
	const struct scope *scope; /* that won, or NULL */
	const struct target *target;
	const struct dri *dri;
	const char *vary[VERDICT_VARY_MAX]; /* their names, in lower case, each once */
};
