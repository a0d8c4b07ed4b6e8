/* alto_vtag - names and version tags of ALTO resources (RFC 7285 §10): checked, read, written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { ALTO_NAME_MAX = 64 };

/* A resource in one of its versions. Two are the same when both texts are, octet by octet (§10.3). */
struct alto_vtag {
	char resource[ALTO_NAME_MAX + 1];
	char tag[ALTO_NAME_MAX + 1];
};

/* Resource IDs, names of PIDs, substream IDs: 1 to 64 of letters, digits and -:@_. (§10.1, §10.2; RFC 8895 §6.1). Any thread. */
bool alto_name_ok(const char *name);

/* The member "vtag" of "meta" in a response. RFC 9241's samples have it in a list: one of one element is taken for it. false: it
 * is missing, or wrong; *vtag is empty then. */
bool alto_vtag_read(const json_t *body, struct alto_vtag *vtag);

/* The i-th of "dependent-vtags" of "meta". false: there is no such one. One that is wrong gives an empty vtag. */
bool alto_vtag_dependent(const json_t *body, size_t i, struct alto_vtag *vtag);

bool alto_vtag_equal(const struct alto_vtag *a, const struct alto_vtag *b);

/* {"resource-id", "tag"}, a new reference. NULL: no memory. */
json_t *alto_vtag_write(const struct alto_vtag *vtag);
