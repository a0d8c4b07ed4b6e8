/* show - the methods that only look: status and show.*. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

/* Lists of the tables take the parameters "match" (a part of the name or, for scopes, of anything
 * in it), "limit" (100) and "offset" (0), and tell the "total". */
rpc_method show_status, show_ports, show_workers, show_drops, show_scopes, show_cdns, show_nodes,
	show_dris, show_footprints, show_zones;

/* A DRI in the form of the configuration, with its target. */
json_t *show_dri_json(const struct view *view, const struct dri *dri);
