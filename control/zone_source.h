/* zone_source - zones made from what a model says, and from files. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/zone_data.h"
#include "model.h"

enum { ZONE_SERVERS_MAX = 13, ZONE_FILES_MAX = 1000 };

/* What a file said. */
struct zone_source {
	char *path;       /* absolute */
	char content[33]; /* tells one content from another: the records, whatever their order */
	uint8_t *packed;  /* lib/zone_data.h */
	size_t packed_len;
	size_t n_files; /* the file and those that it includes */
	char **files;
	uint8_t stamps[32];
};

/* Reads the file of a model; a relative path is from the folder of place.file. NULL: faults were added. */
struct zone_source *zone_source_read(const struct model_zone *model, struct place place,
				     struct faults *faults);
void zone_source_free(struct zone_source *source); /* NULL is fine */

/* A zone with one reference, by its source if it has one, else by its members. NULL: faults were added. */
struct zone *zone_source_make(const struct model_zone *model, struct place place,
			      struct faults *faults);

/* zone_data_new with a key that nobody knows. */
struct zone_data *zone_source_data(const struct dns_name *apex, const uint8_t *packed, size_t len,
				   const char **why);
