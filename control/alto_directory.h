/* alto_directory - information resource directories (RFC 7285 §9.2): read, with those that they name; searched; written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* One entry. Without `accepts` it is asked for by GET, else by POST of that type (§9.2.2). In a directory that was read the texts
 * belong to it. */
struct alto_resource {
	const char *id, *uri; /* uri is absolute when it was read */
	const char *media_type;
	const char *accepts;        /* or NULL */
	const json_t *uses;         /* a list of IDs, or NULL */
	const json_t *capabilities; /* an object, or NULL */
};

/* Directories may name others: their documents are read one after the other.
 *	while ((uri = alto_directory_next(directory)))
 *		fetch it, then alto_directory_read, or alto_directory_skip
 * Control thread. */
struct alto_directory;
enum { ALTO_DIRECTORIES_MAX = 16, ALTO_RESOURCES_MAX = 1024 };

struct alto_directory *alto_directory_new(const char *uri); /* NULL: no memory */
void alto_directory_free(struct alto_directory *directory); /* NULL is fine */

/* The URI of the next document, valid until the directory ends. No document comes twice, and there are at most
 * ALTO_DIRECTORIES_MAX. NULL: all were read. */
const char *alto_directory_next(const struct alto_directory *directory);

/* Takes the document in that alto_directory_next named, or passes it over. Entries that are wrong become faults and are left
 * out; of two with one ID the first one counts. false: it is no directory; nothing was taken. Both count as read. */
bool alto_directory_read(struct alto_directory *directory, json_t *body, struct faults *faults);
void alto_directory_skip(struct alto_directory *directory);

/* NULL: there is none of that ID. */
const struct alto_resource *alto_directory_find(const struct alto_directory *directory,
						const char *id);

/* "default-alto-network-map" of the first document, or NULL. */
const char *alto_directory_default_map(const struct alto_directory *directory);

/* What is needed for the CDNI advertisement of a peer (RFC 9241 §3.4, RFC 8895 §6.3). NULL: there is none such. */
struct alto_choice {
	const struct alto_resource *advertisement; /* GET */
	const struct alto_resource *filtered;      /* POST, of the same or the only one */
	const struct alto_resource *network_map;   /* that the advertisement uses */
	const struct alto_resource *stream;        /* that covers the advertisement */
	bool map_in_stream;
	bool stream_control;
	/* Does the stream announce only patches that we can apply? Else we have to ask for full replacements. */
	bool incremental, map_incremental;
};

/* id: the advertisement, or NULL for the first one. false, with the reason in err: there is none, or it uses a network map that
 * the directory does not have. */
bool alto_directory_choose(const struct alto_directory *directory, const char *id,
			   struct alto_choice *choice, char *err, size_t err_len);

/* The document of a directory of ours, a new reference. default_map may be NULL. NULL: no memory. */
json_t *alto_directory_write(const struct alto_resource *list, size_t n, const char *default_map);
