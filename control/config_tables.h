/* config_tables - table files: JSON Lines, one object a line, read one by one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"

#include <stdint.h>

enum { CONFIG_TABLES_LINE_MAX = 1 << 20 };

/* An open table file. Control thread. */
struct config_tables;

/* NULL: faults at `place` say why. */
struct config_tables *config_tables_open(const char *path, struct faults *faults,
					 struct place place);
void config_tables_close(struct config_tables *tables); /* NULL is fine */

/* Gives at most `lines` lines of a common length to the compiler, or fewer that are longer. Each is an object with one member, whose key is a kind of object. Blank lines are
 * passed over. true: there is more. */
bool config_tables_read(struct config_tables *tables, struct compiler *compiler,
			struct faults *faults, unsigned lines);

struct config_tables_progress {
	uint64_t lines, octets, octets_total, refused;
};
void config_tables_progress(const struct config_tables *tables,
			    struct config_tables_progress *progress);
