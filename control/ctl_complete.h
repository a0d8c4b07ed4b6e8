/* ctl_complete - what the word at the end of a command may become. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ctl_options.h"
#include "ctl_words.h"

enum {
	CTL_COMPLETE_WAIT_MS = 300,     /* for each answer of the daemon about names */
	CTL_COMPLETE_NAMES_MAX = 10000, /* a longer list is not asked for */
};

/* Sorted, each once. Names of folders end with '/': more follows. */
struct ctl_candidates {
	char **list;
	size_t n, room;
};

/* The words of a command, without turnoutctl itself; the last one is completed, or a new one begun.
 * Names of objects come from the daemon, when it answers soon. */
void ctl_complete(struct ctl_candidates *found, const struct ctl_options *options,
		  const struct ctl_words *words);
void ctl_candidates_clear(struct ctl_candidates *found);

/* For shells: the line begins with the name of the program. One candidate a line. false: no
 * memory. */
bool ctl_complete_print(FILE *out, const struct ctl_options *options, const char *line);
