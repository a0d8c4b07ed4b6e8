/* config - a configuration file and its table files, read into settings and a compiler. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"
#include "config_tables.h"
#include "lib/settings.h"

/* A configuration while it is read, with the table files that it names. Control thread. */
struct config_reading;

/* Reads the settings, which are written whole and are to be cleared in either case. NULL: the file cannot be read at all, or no memory; faults say which.
 * Other faults of the settings are added to the list. */
struct config_reading *config_open(const char *path, struct settings *settings,
				   struct faults *faults);
void config_close(struct config_reading *reading); /* NULL is fine */

/* The geolocation databases that it names. */
size_t config_geo(const struct config_reading *reading, const char *const **paths,
		  struct place *place);

/* The i-th file that it names, a table file or a geolocation database; NULL: there are no more. */
const char *config_file(const struct config_reading *reading, size_t i);

/* Gives about `objects` objects to the compiler. true: there is more. Order in which they come: footprints, CDNs, nodes, DRIs,
 * adverts, zones, distinguished hosts, the fallback, scopes, the lines of the table files. */
bool config_read(struct config_reading *reading, struct compiler *compiler, struct faults *faults,
		 unsigned objects);

/* Of the table file that is being read; all 0 before. */
struct config_tables_progress config_progress(const struct config_reading *reading);

void settings_clear(struct settings *settings);

/* The names of the parts in which two settings differ, as "ports, tcp"; "" when they are equal. Peers, signing, and the files of the
 * interconnection, are no part: they are read again at a reload. Gives buf. */
enum { SETTINGS_CHANGES_MAX = 128 };
const char *settings_changes(const struct settings *a, const struct settings *b,
			     char buf[SETTINGS_CHANGES_MAX]);
