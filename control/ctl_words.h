/* ctl_words - a command line as words, with quotes and backslashes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Blanks end a word. Within '...' all stands for itself; within "..." a backslash does, unless a
 * quote or a backslash follows it; elsewhere a backslash makes the next octet part of the word. */
struct ctl_words {
	char **list; /* ends with NULL */
	int n;
	char open;    /* the quote, or backslash, that the line ends within; else 0 */
	bool behind;  /* the line ends behind a blank, or is empty: the next octet begins a word */
	size_t begin; /* where in the line that word begins, or the last one */
};

/* false: no memory. */
bool ctl_words_split(struct ctl_words *words, const char *line);
void ctl_words_clear(struct ctl_words *words);

/* A word with backslashes where ctl_words_split needs them, for free(); NULL: no memory. */
char *ctl_words_quote(const char *word);
