/* zone_entry - a master file cut into entries, an entry into words (RFC 1035 §5.1). */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* All zero but `in` and `line` = 1 before the first entry. Control and helper thread. */
struct zone_entry {
	FILE *in;
	unsigned line;  /* of the next octet */
	unsigned first; /* line on which the entry begins */
	bool inherits;  /* begins with a blank: its owner is that of the entry before */
	int parentheses;
	char *text; /* words, each ended by 0; quotes and escapes are still in them */
	size_t len, cap, at;
};

enum zone_entry_got { ZONE_ENTRY_END, ZONE_ENTRY_READ, ZONE_ENTRY_WRONG, ZONE_ENTRY_FATAL };

/* Reads the next one that has words. *why: set if it is wrong, and the rest of the line is then skipped, or if nothing more can be read. */
enum zone_entry_got zone_entry_next(struct zone_entry *entry, const char **why);

/* The next word. NULL: no more. */
char *zone_entry_word(struct zone_entry *entry);

/* The word, and all behind it, with one space between two. */
char *zone_entry_rest(struct zone_entry *entry, char *word);
