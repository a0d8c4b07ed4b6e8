/* show - the methods that only look: status and show.*. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

/* Lists of the tables take the parameters "match" (a part of the name or, for scopes, of anything
 * in it), "limit" (100) and "offset" (0), and tell the "total". */
rpc_method show_status, show_ports, show_workers, show_cycles, show_tcp, show_recursion, show_drops,
	show_scopes, show_cdns, show_nodes, show_dris, show_adverts, show_footprints, show_zones,
	show_signing;

rpc_method show_scope;

/* The scope of that name; NULL: there is none, which refuses the call. */
const struct object *show_find_scope(const struct control *control, const char *name,
				     struct rpc_call *call);

/* A DRI in the form of the configuration, with its target. */
json_t *show_dri_json(const struct target *target, const struct dri *dri);

/* Where an object was said: set, file, line. NULL: no memory. */
json_t *show_object_place(const struct object *object);

/* Seconds since 1970-01-01 UTC as RFC 3339 writes them. Gives text. */
enum { SHOW_TIME_MAX = sizeof("18446744073-01-01T00:00:00Z") };
const char *show_time(uint64_t seconds, char text[SHOW_TIME_MAX]);
