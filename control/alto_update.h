/* alto_update - what one update stream (RFC 8895) has told: a version of each resource, kept current by its events. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "alto_vtag.h"
#include "json_strict.h"

/* It knows nothing of connections: it gives the request that opens a stream, takes its events, and tells what there is now. It may
 * outlive a connection: what was held then goes on. Control thread. */
struct alto_update;
enum { ALTO_SUBSTREAMS_MAX = 16 };

/* The limits hold for each event and for each version that patches make. NULL: no memory. */
struct alto_update *alto_update_new(const struct json_limits *limits);
void alto_update_free(struct alto_update *update); /* NULL is fine */

/* Asks for a resource, before the stream is opened. incremental: patches may come. false: the ID is no name or taken, there are
 * ALTO_SUBSTREAMS_MAX, or no memory. */
bool alto_update_add(struct alto_update *update, const char *substream, const char *resource,
		     bool incremental);

/* A version that came some other way (by GET); its tag then goes into the request. false: it is no object. */
bool alto_update_put(struct alto_update *update, const char *substream, json_t *document);

/* Begins a new stream: gives the body of the POST (§6.5), with the tags of what is held, a new reference. NULL: no memory. */
json_t *alto_update_open(struct alto_update *update);

enum alto_update_result {
	ALTO_UPDATE_NOTHING, /* nothing is different: a control event, an update without effect, one that others have to follow, or
				one of a substream that we do not have */
	ALTO_UPDATE_CHANGED, /* alto_update_document gives something else */
	ALTO_UPDATE_STOPPED, /* the server stopped substreams: err says which */
	ALTO_UPDATE_BAD, /* the stream cannot be followed any more: err says why; close it and open a new one */
};

/* Takes one event: its name, "media-type,data-id" (§5.1), and its data. The first one has to be a control event with the member
 * control-uri (§5.3). A patch applies to the last version of the substream, a full replacement may come at any time (§6.4).
 * After ALTO_UPDATE_BAD that substream begins anew with the next stream; what was given out stays. */
enum alto_update_result alto_update_take(struct alto_update *update, const char *name,
					 const char *data, size_t len, char *err, size_t err_len);

/* As the server gave it, to be resolved against the URI of the stream; NULL: there is none. */
const char *alto_update_control_uri(const struct alto_update *update);

/* The version to be used, borrowed; NULL: none is there yet. Versions are given out together: as long as one of them depends on
 * a version of another one ("dependent-vtags") that is not the last one that came, all stay as they were (§6.7.1). */
json_t *alto_update_document(const struct alto_update *update, const char *substream);
