/* ctl_table - JSON values as aligned columns of text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>

struct ctl_column {
	const char *title;
	const char *path; /* of the member: "counters.rx-packets" */
};

/* One line for each object of the list, below the titles. columns ends with title NULL. */
void ctl_table_print(const json_t *list, const struct ctl_column *columns);

/* One "title  value" line for each column; members that are not there are left out. */
void ctl_table_fields(const json_t *object, const struct ctl_column *columns);

/* A value as one line of text, for free(): lists joined by ", ", groups as "key value"; control
 * characters become '?'. */
char *ctl_table_text(const json_t *value);
