/* fci_value - the values of capabilities (RFC 8008 §5, RFC 8804 §2, RFC 9808 §2): checked, and brought to canonical form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "fci.h"
#include "json_in.h"

enum {
	FCI_TEXTS_MAX = 1024,
	FCI_LIMITS_MAX = 256
}; /* of one list; the second is for lists of objects */

/* Where values come from. */
struct fci_values {
	const struct json_source *source;
	/* Lists where the RFCs have an object are taken: RFC 9241's sample ["https/1.1"], Apache Traffic Control's
	 * [{"limits": [...]}]. */
	bool lenient;
	json_t *ids; /* of capacity limits that were seen: an object that is filled; NULL: they may come twice */
};

/* The value in canonical form: a new reference. NULL: it is missing or wrong, which the faults say, or no memory. Control
 * thread. */
json_t *fci_value_read(const struct fci_values *values, enum fci_type type, json_t *value);

/* FCI.RedirectTarget alone (fci_value_target.c). */
json_t *fci_value_target(const struct json_source *source, json_t *value);

/* A value that was just made; NULL, for which there was no memory, becomes a fault. Gives it. */
json_t *fci_value_made(struct json_in *in, json_t *value);

/* Puts a text into an object, unless it is NULL. json_pack takes an optional text that there is no memory for as one that is not
 * there. */
void fci_value_put(struct json_in *in, json_t *object, const char *key, const char *text);

/* The texts of a list, each once and sorted. */
json_t *fci_value_set(struct json_in *in, const json_t *list);

/* Any value with the members of its objects sorted. */
json_t *fci_value_sorted(struct json_in *in, const json_t *value);
