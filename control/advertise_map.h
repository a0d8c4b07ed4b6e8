/* advertise_map - our own network map: the PIDs that an advertisement names, each with the addresses of the footprint of that name. RFC 7285
 * §11.2, RFC 9241 §3.6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "alto_vtag.h"

extern const char advertise_map_resource_id[];

/* Where named footprints are. Control thread, or the helper. */
struct advertise_footprints {
	/* The list "footprints" of the one with this name, a new reference; NULL: there is none, or no memory. */
	json_t *(*find)(void *arg, const char *name);
	/* What is wrong with a PID; at is the text that names it, in what was advertised. */
	void (*fault)(void *arg, const json_t *at, const char *pid, const char *why);
	void *arg;
};

/* The response of the map for base objects, a new reference in *map; NULL: they name no PID. A PID whose footprint is missing or has other
 * types than ipv4cidr and ipv6cidr is left out, and so is a prefix that another PID has already (§11.2.2): each is a fault. All other
 * addresses are in a PID of their own. The tag is a digest of the PIDs. false: no memory. */
bool advertise_map_compose(const json_t *own, const struct advertise_footprints *footprints,
			   json_t **map);
