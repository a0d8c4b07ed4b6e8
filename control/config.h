/* config - a configuration file and its table files, read into settings and a compiler. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"
#include "lib/settings.h"

/* Reads everything and reports all that is wrong. false: there were faults. settings is written
 * whole and is to be cleared in either case. Order in which objects reach the compiler: geolocation
 * databases, footprints, CDNs, nodes, DRIs, zones, distinguished hosts, scopes, the lines of the
 * table files, the fallback. Control thread. */
bool config_load(const char *path, struct settings *settings, struct compiler *compiler,
		 struct faults *faults);

void settings_clear(struct settings *settings);

/* The names of the parts in which two settings differ, as "ports, tcp"; "" when they are equal.
 * Gives buf. */
enum { SETTINGS_CHANGES_MAX = 64 };
const char *settings_changes(const struct settings *a, const struct settings *b,
			     char buf[SETTINGS_CHANGES_MAX]);
