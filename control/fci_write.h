/* fci_write - advertisements of ours (RFC 9241 §3.7), whole or filtered (§5). */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "alto_vtag.h"

/* The response: entries is an array of base advertisement objects; map: the network map whose PIDs they name, or NULL. A new
 * reference. NULL: no memory. Any thread. */
json_t *fci_write(const struct alto_vtag *vtag, const struct alto_vtag *map, json_t *entries);

/* Those of the entries, in canonical form (struct fci_entry, base), that a request {"cdni-capabilities": [{"capability-type",
 * "capability-value"}]} asks for: of that type, with a value that has all of the one asked for. An empty list asks for all. A new
 * array, to be written with the vtag of the full resource. NULL: *error is the body of the answer with status 400 (RFC 7285
 * §8.5.2), or NULL when there is no memory. Control thread. */
json_t *fci_filter(json_t *entries, json_t *request, json_t **error);
