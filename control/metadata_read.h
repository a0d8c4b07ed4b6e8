/* metadata_read - the objects of a CDNI metadata tree (RFC 8006) collected, link by link, and put together. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"

#include <jansson.h>
#include <stdbool.h>

/* Every object may stand as a link, {"href": URI, "type": "MI.X"} (RFC 8006 §4.3.1). It is asked which documents it still wants,
 * in any number at a time, until nothing is wanted any more; then the tree is put together. Each document is fetched once. Control
 * thread. */
struct metadata_read;

struct metadata_limits {
	size_t documents;
	size_t octets;  /* of all documents */
	size_t objects; /* of the tree; a document counts as often as it is linked to */
	unsigned depth; /* of objects within objects */
};

/* A tree whose root is the HostIndex at `href`. NULL: no memory. */
struct metadata_read *metadata_read_new(const char *href, const struct metadata_limits *limits);
void metadata_read_free(struct metadata_read *read); /* NULL is fine */

/* A document to be fetched with Accept: application/cdni; ptype=`ptype`. The texts live as long as the reading. */
struct metadata_document {
	const char *href;
	const char *ptype; /* "MI.HostMetadata" */
};

/* The next one; each is given once. false: nothing is wanted but what was given already. */
bool metadata_read_next(struct metadata_read *read, struct metadata_document *document);

/* The answer to one that was given: its Content-Type (or NULL) and body. false: faults say what is wrong with it, and there will be
 * no tree, since nothing may be served whose metadata is incomplete (RFC 8006 §6.2). */
bool metadata_read_answer(struct metadata_read *read, const char *href, const char *content_type,
			  const char *body, size_t len, struct faults *faults);

/* The tree without links, for json_decref. NULL: something is not there yet, it has a loop or is beyond the limits, or no memory;
 * faults say what. */
json_t *metadata_read_tree(const struct metadata_read *read, struct faults *faults);
