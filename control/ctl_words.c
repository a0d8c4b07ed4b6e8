/* ctl_words - a command line as words, with quotes and backslashes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_words.h"

#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

/* Copies the word at *at without its quotes to `to`, and ends it; gives where the next may begin. */
static char *take_word(const char **at, char *to, char *open)
{
	const char *from = *at;
	char quote = 0;
	for (; *from && (quote || !strchr(blanks, *from)); from++) {
		bool escapes = *from == '\\' && quote != '\'' &&
			       (!quote || from[1] == quote || from[1] == '\\');
		if (escapes && from[1]) {
			*to++ = *++from;
		} else if (escapes && !quote) {
			quote = '\\';
		} else if (quote ? *from == quote : *from == '\'' || *from == '"') {
			quote = quote ? 0 : *from;
		} else {
			*to++ = *from;
		}
	}
	*to++ = '\0';
	*at = from;
	*open = quote;
	return to;
}

bool ctl_words_split(struct ctl_words *words, const char *line)
{
	size_t len = strlen(line);
	/* No more words than octets, and each with its end. */
	size_t list_size = (len / 2 + 2) * sizeof(char *);
	*words = (struct ctl_words){.list = malloc(list_size + len + 2), .behind = true};
	if (!words->list)
		return false;
	char *to = (char *)words->list + list_size;
	const char *at = line + strspn(line, blanks);
	for (; *at; at += strspn(at, blanks)) {
		words->begin = (size_t)(at - line);
		words->list[words->n++] = to;
		to = take_word(&at, to, &words->open);
		words->behind = *at;
	}
	if (words->behind)
		words->begin = len;
	words->list[words->n] = NULL;
	return true;
}

void ctl_words_clear(struct ctl_words *words)
{
	free(words->list);
	*words = (struct ctl_words){0};
}

char *ctl_words_quote(const char *word)
{
	char *quoted = malloc(2 * strlen(word) + 3), *to = quoted;
	if (quoted && !*word)
		return strcpy(quoted, "''");
	for (; quoted && *word; word++) {
		if (strchr(" \t\r\n\\'\"#", *word))
			*to++ = '\\';
		*to++ = *word;
	}
	if (quoted)
		*to = '\0';
	return quoted;
}
