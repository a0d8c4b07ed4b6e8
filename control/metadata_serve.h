/* metadata_serve - a tree of CDNI metadata as the documents that downstream CDNs fetch. RFC 8006 §6. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>

enum { METADATA_ETAG_MAX = 48 };

/* What is answered to a GET or HEAD: 200 with Content-Type "application/cdni; ptype=`ptype`" and the ETag. */
struct metadata_answer {
	char *body; /* for free() */
	const char *ptype;
	char etag[METADATA_ETAG_MAX]; /* with its quotes; the same for the same body */
};

/* The document at a path below `base`, a URI that ends with '/': "" is the HostIndex, which links to the metadata of each host, and
 * "hosts/NAME" that of a host (in lower case, as the index has it), with all that is under it. tree: a HostIndex without links
 * (metadata_read_tree). false: there is no such document, or no memory; then body is NULL. Control thread. */
bool metadata_serve(const json_t *tree, const char *base, const char *path,
		    struct metadata_answer *answer);

/* The tree as it is passed on to the next CDN, for json_decref: what is not safe to redistribute, which nothing here has adapted
 * for it, is marked incomprehensible (RFC 8006 §3.2, table 1); other marks stay as they are. NULL: no memory. */
json_t *metadata_serve_transit(const json_t *tree);
