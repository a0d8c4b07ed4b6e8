/* fci_read - an advertisement of a peer, entry by entry, to objects for the tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "fci.h"
#include "lib/faults.h"

struct fci_how {
	const char *cdn; /* that advertises: the objects are its; NULL: none are made */
	bool lenient; /* what peers are known to get wrong is taken: see fci_value.h and fci_footprint.h */
	bool keep_pids;             /* altopid stays as it is, for what we advertise ourselves */
	const struct alto_map *map; /* the network map that altopid may mean, or NULL */
	size_t max_entries,
		max_footprints; /* the second counts their values, and ranges of PIDs that were looked at */
};

/* Reads a response with "cdni-advertisement" (RFC 9241 §3.7), or RFC 8008's {"capabilities": [...]}. PIDs are resolved only if
 * the response depends on the map in its version ("dependent-vtags"). An entry that is wrong is left out and becomes one fault,
 * "entry 3 (FCI.Logging): ..."; the others stay. false: the body is no advertisement, is past a limit, or no memory; nothing is
 * taken then, and the last fault says why. *list is to be cleared in any case. About 30 us for an entry with ten prefixes: a large
 * advertisement is for the helper thread, which may call this while nobody else touches body, map and faults. */
bool fci_read(const struct fci_how *how, json_t *body, struct fci_list *list,
	      struct faults *faults);
