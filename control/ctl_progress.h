/* ctl_progress - how far a long change is, on one line that is rewritten on a terminal. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CTL_PROGRESS_SPACING_MS = 5000 }; /* between lines where there is no terminal */

struct ctl_progress {
	FILE *out;
	unsigned columns; /* of the terminal; 0: none */
	uint64_t last_ms; /* when the last line was written, or all began */
	bool shown;       /* a line on the terminal has to go */
};

/* out is a file like stderr. */
void ctl_progress_begin(struct ctl_progress *progress, FILE *out, uint64_t now_ms);

/* Shows the params of a notification "progress". */
void ctl_progress_show(struct ctl_progress *progress, const json_t *params, uint64_t now_ms);

/* Before anything else is written. */
void ctl_progress_end(struct ctl_progress *progress);

/* "reading: 5000 lines, 1.5 of 3.0 MiB (50 %), 2 refused" */
void ctl_progress_text(const json_t *params, char *text, size_t text_len);
