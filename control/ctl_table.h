/* ctl_table - JSON values as aligned columns of text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CTL_TABLE_COLUMNS_MAX = 24,
	CTL_TABLE_CELL_MAX = 64, /* columns of a terminal; the last cell of a line may be longer */
};

struct ctl_column {
	const char *title;
	const char *path; /* of the member: "counters.rx-packets" */
};

/* One line for each object of the list, below the titles. columns ends with title NULL. */
void ctl_table_print(const json_t *list, const struct ctl_column *columns);

/* One "title  value" line for each column; members that are not there are left out. */
void ctl_table_fields(const json_t *object, const struct ctl_column *columns);

/* A table whose lines come one at a time, printed at once. A column becomes wider when a cell needs
 * it. All zero, but for columns and the least widths. */
struct ctl_table_live {
	const struct ctl_column *columns;
	size_t widths[CTL_TABLE_COLUMNS_MAX];
	bool begun;
};
void ctl_table_live_line(struct ctl_table_live *table, const json_t *object);

/* A value as one line of text, for free(): lists joined by ", ", groups as "key value"; control
 * characters become '?'. */
char *ctl_table_text(const json_t *value);
