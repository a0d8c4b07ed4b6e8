/* metadata_import - CDNI metadata of an upstream CDN: fetched link by link, compiled, brought into the tables, and fetched again before it is too
 * old. RFC 8006 §6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "metadata_tables.h"

struct peer;

/* RFC 8006 §6.2: what is stale and cannot be fetched again must not be served by. It is used for the peer's hold time more, and then all of its
 * hosts are denied: to leave their scopes out would open what they deny. */
enum metadata_state {
	METADATA_NONE,    /* none is configured */
	METADATA_WAITING, /* none has come yet, and nothing is known of its hosts */
	METADATA_FRESH,
	METADATA_STALE, /* the last try failed, or it is of an earlier process: used until the hold time is over */
	METADATA_DENIED, /* it is, or the operator set the peer down: its hosts are denied */
};
const char *metadata_state_name(enum metadata_state state);

/* Since the process started; all but the last three only grow. */
struct metadata_counts {
	uint64_t fetches;      /* of the whole tree */
	uint64_t failures;     /* of these */
	uint64_t documents;    /* that came */
	uint64_t not_modified; /* 304 in their place */
	uint64_t octets;
	uint64_t faults, notes; /* of what was taken last: hosts denied as a whole, parts denied */
	uint64_t hosts;
};

/* The control thread's. */
struct metadata_import;

/* With what the tables have of an earlier process. The first fetch begins at once. NULL: no memory. */
struct metadata_import *metadata_import_new(struct peer *peer);
void metadata_import_free(struct metadata_import *import); /* NULL is fine; the tables stay */

/* The peer's settings are others now: all is fetched anew; when there is none to be imported any more, what was goes. */
void metadata_import_change(struct metadata_import *import);

/* The operator's orders: up, or anew; down denies its hosts at once. */
void metadata_import_order(struct metadata_import *import, bool up);

/* Once a second. now: seconds since 1970-01-01 UTC. */
void metadata_import_tend(struct metadata_import *import, uint64_t now);

/* For the next CDN (metadata_serve_transit), and for how many seconds it is fresh; borrowed until the next call of anything here. NULL: there is
 * none now. */
const json_t *metadata_import_transit(struct metadata_import *import, uint64_t *seconds);

/* State, times, counts and the last error, for show; null when none is imported. NULL: no memory. */
json_t *metadata_import_json(const struct metadata_import *import);
