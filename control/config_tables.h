/* config_tables - table files: JSON Lines, one object a line, read one by one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"
#include "json_in.h"

enum { CONFIG_TABLES_LINE_MAX = 1 << 20 };

/* Each line is an object with one member, whose key is a kind of config_object_kind(). Blank lines
 * are passed over. Only source->faults is used; place is that of the file's name in the
 * configuration. Control thread. */
void config_tables_read(const char *path, struct compiler *compiler, struct json_source *source,
			struct place place);
