/* pattern_glob - regexes of literals and RFC 8006 wildcards alone, matched without Hyperscan. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "pattern_glob.h"

#include "octet_class.h"

/* The code: a wildcard's octet, or a literal one, in lower case when case is ignored. */
enum { ANY_RUN = 1, ANY_ONE = 2 };

static uint8_t fold(uint8_t c, bool caseless)
{
	return caseless && c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_hex(uint8_t c, bool caseless)
{
	return octet_class[c] & OCTET_HEX && (caseless || c < 'a');
}

/* --- regex to code ---------------------------------------------------------------------------------------------- */

static bool take(const char **at, const char *text)
{
	size_t len = strlen(text);
	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* A '%' that starts no triplet would let a wildcard begin within one: then the first match need not be the one that ends
 * first. */
static unsigned take_literal(const char **at, bool caseless, char *code)
{
	const char *from = *at;
	unsigned len = 1;
	if (*from == '\\') {
		from++;
		if (!*from || !strchr(PATTERN_ESCAPED, *from))
			return 0;
	} else if (*from < ' ' || *from > '~' || strchr(PATTERN_ESCAPED, *from)) {
		return 0;
	}
	if (*from == '%') {
		len = 3;
		if (!is_hex((uint8_t)from[1], false) || !is_hex((uint8_t)from[2], false))
			return 0;
	}
	for (unsigned i = 0; i < len; i++)
		code[i] = (char)fold((uint8_t)from[i], caseless);
	*at = from + len;
	return len;
}

unsigned pattern_glob_compile(const char *regex, bool caseless, char *code)
{
	unsigned piece = 0, longest = 0;
	bool after_run = false;
	if (!take(&regex, "^"))
		return 0;
	while (!take(&regex, "\\z")) {
		unsigned len = 1;
		if (take(&regex, PATTERN_ANY_RUN)) {
			after_run = true;
			piece = 0;
			*code = ANY_RUN;
		} else {
			if (take(&regex, PATTERN_ANY_ONE))
				*code = ANY_ONE;
			else
				len = take_literal(&regex, caseless, code);
			if (!len)
				return 0;
			piece += len;
		}
		code += len;
		if (after_run && piece > longest)
			longest = piece;
	}
	*code = '\0';
	return *regex ? 0 : longest + 1;
}

/* --- matching --------------------------------------------------------------------------------------------------- */

struct text {
	const uint8_t *end;
	bool caseless;
};

/* Past an octet or a triplet; NULL: there is none. */
static const uint8_t *step(const struct text *text, const uint8_t *at)
{
	if (at == text->end)
		return NULL;
	if (*at != '%')
		return at + 1;
	if (text->end - at < 3 || !is_hex(at[1], text->caseless) || !is_hex(at[2], text->caseless))
		return NULL;
	return at + 3;
}

/* The end of what a piece of code, up to a run or the end, matches at a place; NULL: it does not match there. */
static const uint8_t *match_piece(const struct text *text, const char *code, const uint8_t *at)
{
	for (; *code > ANY_RUN && at; code++) {
		if (*code == ANY_ONE)
			at = at < text->end && *at == '/' ? NULL : step(text, at);
		else
			at = at < text->end && fold(*at, text->caseless) == (uint8_t)*code ? at + 1
											   : NULL;
	}
	return at;
}

static const char *piece_end(const char *code)
{
	while (*code > ANY_RUN)
		code++;
	return code;
}

/* The first place from `at` on, in steps, where a piece matches, and for the last piece so that the text ends there. */
static const uint8_t *find_piece(const struct text *text, const char *code, const uint8_t *at)
{
	bool last = *piece_end(code) == '\0';
	for (; at; at = step(text, at)) {
		const uint8_t *end = match_piece(text, code, at);
		if (end && (!last || end == text->end))
			return end;
	}
	return NULL;
}

bool pattern_glob_matches(const char *code, bool caseless, struct span span)
{
	const struct text text = {span.at + span.len, caseless};
	const uint8_t *at = match_piece(&text, code, span.at);
	for (code = piece_end(code); *code && at; code = piece_end(code)) {
		code++;
		at = find_piece(&text, code, at);
	}
	return at == text.end;
}
