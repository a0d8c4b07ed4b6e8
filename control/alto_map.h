/* alto_map - ALTO network maps (RFC 7285 §11.2.1): read, searched for the addresses of a PID, written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "alto_vtag.h"
#include "lib/faults.h"
#include "lib/ip.h"

/* One version of a network map. Immutable. Control thread. */
struct alto_map;

/* Reads a response {"meta": {"vtag"}, "network-map": {PID: {"ipv4": [...], "ipv6": [...]}}}; other address types are passed over.
 * NULL: it is not one, has more than `max` prefixes, a prefix is wrong or stands in two PIDs (§11.2.2), or no memory; what is wrong
 * is in faults, and nothing of the map can be used, since an address that one PID lacks would fall to another. */
struct alto_map *alto_map_read(const json_t *body, size_t max, struct faults *faults);
void alto_map_free(struct alto_map *map); /* NULL is fine */

const struct alto_vtag *alto_map_vtag(const struct alto_map *map);
bool alto_map_has(const struct alto_map *map, const char *pid);

/* Does it cover all addresses of a family (4 or 6) that it has prefixes of (§11.2.2)? If not, the rest is in no PID. */
bool alto_map_covers(const struct alto_map *map, unsigned family);

/* The addresses of some PIDs: those whose longest prefix in the whole map is theirs, and so not those of the more specific
 * prefixes of other PIDs. The fewest prefixes that say it, IPv4 first, in ascending order; in *list, for free(). PIDs that are not
 * in the map have none. *left is how many ranges may be looked at and prefixes made, and gets less. false, with the reason in
 * err: it does not suffice and is 0 now, or no memory. */
bool alto_map_prefixes(const struct alto_map *map, const char *const *pids, size_t n_pids,
		       size_t *left, struct ip_prefix **list, size_t *n, char *err, size_t err_len);

/* The response of a map of ours, a new reference. NULL: no memory. */
struct alto_pid {
	const char *name;
	const struct ip_prefix *prefixes;
	size_t n;
};
json_t *alto_map_write(const struct alto_vtag *vtag, const struct alto_pid *pids, size_t n);
