/* ctl_text - text for a terminal: without control characters, with its width known. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* Sets the locale, so that texts are UTF-8 whatever the environment says. Call it first. */
void ctl_text_init(void);

/* Writes text; what is not UTF-8, control characters, and those that turn the direction of writing
 * become '?'. */
void ctl_text_write(FILE *out, const char *text);

/* How many columns it takes as ctl_text_write writes it. */
size_t ctl_text_width(const char *text);

/* Writes as much as fits `columns`; *width tells how many were taken. The last column is "…" when
 * something was left out. */
void ctl_text_write_cut(FILE *out, const char *text, size_t columns, size_t *width);
