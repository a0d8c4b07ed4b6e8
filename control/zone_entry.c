/* zone_entry - a master file cut into entries, an entry into words (RFC 1035 §5.1). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone_entry.h"

#include "lib/array.h"

#include <string.h>

enum { TEXT_MAX = 1 << 19 }; /* 65535 octets as \DDD, and room */

static int get(struct zone_entry *entry)
{
	int c = getc_unlocked(entry->in);
	entry->line += c == '\n';
	return c;
}

static void unget(struct zone_entry *entry, int c)
{
	entry->line -= c == '\n';
	ungetc(c, entry->in);
}

static enum zone_entry_got wrong(const char **why, const char *text)
{
	*why = text;
	return ZONE_ENTRY_WRONG;
}

static enum zone_entry_got fatal(const char **why, const char *text)
{
	*why = text;
	return ZONE_ENTRY_FATAL;
}

static enum zone_entry_got put(struct zone_entry *entry, int c, const char **why)
{
	if (entry->len == TEXT_MAX)
		return wrong(why, "an entry that is too long for a record");
	char *text = array_reserve(entry->text, &entry->cap, entry->len + 1, 1);
	if (!text)
		return fatal(why, "no memory");
	entry->text = text;
	text[entry->len++] = (char)c;
	return ZONE_ENTRY_READ;
}

static bool ends_word(int c)
{
	return c == EOF || c == '\0' || strchr(" \t\r\n;()", c);
}

/* From its first octet to what ends it, which stays unread. */
static enum zone_entry_got read_word(struct zone_entry *entry, int c, const char **why)
{
	bool whole = c == '"', quoted = false;
	enum zone_entry_got got = ZONE_ENTRY_READ;
	for (; got == ZONE_ENTRY_READ; c = get(entry)) {
		if (!quoted && ends_word(c)) {
			unget(entry, c);
			break;
		}
		if (c == '"')
			quoted = !quoted;
		if (c == '\\') {
			if ((got = put(entry, c, why)) != ZONE_ENTRY_READ)
				return got;
			c = get(entry);
		}
		if (c == EOF || c == '\0' || c == '\n') {
			unget(entry, c);
			return wrong(why, "a quoted text or an escape that does not end");
		}
		got = put(entry, c, why);
		if (whole && !quoted && got == ZONE_ENTRY_READ) {
			c = get(entry);
			unget(entry, c);
			if (!ends_word(c))
				return wrong(why, "a quoted text with something right behind it");
			break;
		}
	}
	return got == ZONE_ENTRY_READ ? put(entry, '\0', why) : got;
}

static void skip_line(struct zone_entry *entry)
{
	int c;
	do
		c = get(entry);
	while (c != '\n' && c != EOF);
	unget(entry, c);
}

static enum zone_entry_got at_end(struct zone_entry *entry, const char **why)
{
	if (ferror(entry->in))
		return fatal(why, "it cannot be read");
	if (entry->parentheses)
		return fatal(why, "a parenthesis that is not closed");
	return entry->len ? ZONE_ENTRY_READ : ZONE_ENTRY_END;
}

static enum zone_entry_got read_entry(struct zone_entry *entry, const char **why)
{
	enum zone_entry_got got = ZONE_ENTRY_READ;
	bool begins = true; /* of a line that no entry is on yet */
	while (got == ZONE_ENTRY_READ) {
		int c = get(entry);
		if (c == EOF)
			return at_end(entry, why);
		if (c == '\0')
			return fatal(why, "an octet 0");
		if (begins)
			entry->inherits = c == ' ' || c == '\t';
		begins = c == '\n' && !entry->parentheses;
		if (begins && entry->len)
			break;
		if (c == ';')
			skip_line(entry);
		else if ((c == '(' && entry->parentheses++) || (c == ')' && !entry->parentheses--))
			return wrong(why, "a parenthesis that has no other");
		else if (!ends_word(c)) {
			entry->first = entry->len ? entry->first : entry->line;
			got = read_word(entry, c, why);
		}
	}
	return got;
}

enum zone_entry_got zone_entry_next(struct zone_entry *entry, const char **why)
{
	entry->len = entry->at = 0;
	entry->parentheses = 0;
	entry->first = entry->line;
	enum zone_entry_got got = read_entry(entry, why);
	if (got != ZONE_ENTRY_READ && !entry->len)
		entry->first = entry->line;
	if (got == ZONE_ENTRY_WRONG) {
		skip_line(entry);
		get(entry);
	}
	return got;
}

char *zone_entry_word(struct zone_entry *entry)
{
	if (entry->at == entry->len)
		return NULL;
	char *word = entry->text + entry->at;
	entry->at += strlen(word) + 1;
	return word;
}

char *zone_entry_rest(struct zone_entry *entry, char *word)
{
	for (char *end = word + strlen(word); end + 1 < entry->text + entry->len;
	     end += strlen(end))
		*end = ' ';
	entry->at = entry->len;
	return word;
}
