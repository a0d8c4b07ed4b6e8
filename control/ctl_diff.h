/* ctl_diff - what differs between two versions of the tables, written like a diff. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Differences are a list of kind, name, before, after. An object that came or went is one line with
 * '+' or '-'; one that changed has a line for itself and two for each member that differs. */
void ctl_diff_print(FILE *out, const json_t *differences, bool coloured);

/* Of standard output. */
bool ctl_diff_is_coloured(void);
