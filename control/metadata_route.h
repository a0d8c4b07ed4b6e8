/* metadata_route - answers downstream CDNs that fetch the CDNI metadata which the configuration has for them. RFC 8006 §6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "https_answer.h"

/* The HostIndex is here, and all that it links to is below. Each peer finds only its own, by its certificate. */
#define METADATA_ROUTE_PATH "/metadata/"

struct peer;

/* What it is served, as the settings say now. false: no memory, and nothing is served. */
bool metadata_route_set(struct peer *peer);

/* For https_server_route, GET and HEAD, PEER_DOWNSTREAM; arg: the sessions. */
void metadata_route(void *arg, struct https_request *request);
