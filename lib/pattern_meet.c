/* pattern_meet - the paths that several patterns of RFC 8006 §4.1.5 match at once, as regexes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "pattern_meet.h"

#include "octet_class.h"
#include "pattern_glob.h"
#include "pattern_set.h"
#include "percent.h"

#include <stdio.h>
#include <stdlib.h>

/* A unit of a path is an octet, or a triplet in normal form, which stands for an octet too. */
enum {
	ANY_RUN = 0x1000,
	ANY_ONE = 0x1001,
	TRIPLET = 0x100,
	FOLD = 0x200, /* a letter in either case; it is in lower case here */
	CODE_MAX = 512,
	ALTERNATIVES_MAX = 64,
	STEPS_MAX = 200000,
};

struct code {
	size_t n;
	uint16_t at[CODE_MAX];
};

struct pattern_meet {
	size_t n;
	struct code codes[ALTERNATIVES_MAX];
};

/* --- Patterns to codes -------------------------------------------------------------------------------------------- */

static bool take(const char **at, const char *text)
{
	size_t len = strlen(text);
	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

static uint16_t take_unit(const char **at, bool fold)
{
	const uint8_t *octets = (const uint8_t *)*at;
	if (*octets == '%') {
		*at += 3;
		return (uint16_t)(TRIPLET | percent_digit(octets[1]) << 4 |
				  percent_digit(octets[2]));
	}
	octets += *octets == '\\';
	*at = (const char *)octets + 1;
	return fold && OCTET_ALPHA(*octets) ? FOLD | octet_lower(*octets) : *octets;
}

/* The regex is one that pattern_regex wrote, which has brought the pattern to normal form. */
static bool read_code(struct code *code, const char *regex, bool fold)
{
	take(&regex, "^");
	for (code->n = 0; !take(&regex, "\\z"); code->n++) {
		if (code->n == CODE_MAX)
			return false;
		if (take(&regex, PATTERN_ANY_RUN))
			code->at[code->n] = ANY_RUN;
		else if (take(&regex, PATTERN_ANY_ONE))
			code->at[code->n] = ANY_ONE;
		else
			code->at[code->n] = take_unit(&regex, fold);
	}
	return true;
}

/* --- Two codes to those that both match --------------------------------------------------------------------------- */

/* A walk through both at once. */
struct meeting {
	const struct code *a, *b;
	struct code made;
	struct pattern_meet *out;
	unsigned steps;
	bool full;
};

/* Octets of its regex at the most, with the NUL. */
static size_t regex_room(const struct code *code)
{
	size_t room = sizeof("^\\z");
	for (size_t i = 0; i < code->n; i++)
		room += code->at[i] & ANY_RUN ? strlen(PATTERN_ANY_RUN) : strlen("[aA]");
	return room;
}

static void add(struct meeting *m)
{
	struct pattern_meet *out = m->out;
	for (size_t i = 0; i < out->n; i++)
		if (out->codes[i].n == m->made.n &&
		    !memcmp(out->codes[i].at, m->made.at, m->made.n * sizeof(m->made.at[0])))
			return;
	if (out->n == ALTERNATIVES_MAX || regex_room(&m->made) > PATTERN_REGEX_MAX)
		m->full = true;
	else
		out->codes[out->n++] = m->made;
}

/* What two codes for one unit have in common; 0: nothing. */
static uint16_t common(uint16_t a, uint16_t b)
{
	if (a == b)
		return a;
	if (a == ANY_ONE)
		return b == '/' ? 0 : b;
	if (b == ANY_ONE)
		return a == '/' ? 0 : a;
	if ((a | b) & TRIPLET)
		return 0;
	if (a & FOLD)
		return (a & 0xff) == octet_lower((uint8_t)b) ? b : 0;
	if (b & FOLD)
		return (b & 0xff) == octet_lower((uint8_t)a) ? a : 0;
	return 0;
}

static void walk(struct meeting *m, size_t i, size_t j);

/* Goes on behind one more piece, then takes it back. */
static void put(struct meeting *m, uint16_t piece, size_t i, size_t j)
{
	size_t n = m->made.n;
	if (!(piece == ANY_RUN && n && m->made.at[n - 1] == ANY_RUN)) {
		if (n == CODE_MAX) {
			m->full = true;
			return;
		}
		m->made.at[m->made.n++] = piece;
	}
	walk(m, i, j);
	m->made.n = n;
}

/* A run either matches nothing more, or what the other one has next. When both are runs, one of them ends first. */
static void walk(struct meeting *m, size_t i, size_t j)
{
	bool a_ends = i == m->a->n, b_ends = j == m->b->n;
	uint16_t a = a_ends ? 0 : m->a->at[i], b = b_ends ? 0 : m->b->at[j];
	if (m->full)
		return;
	if (++m->steps > STEPS_MAX) {
		m->full = true;
	} else if (a_ends && b_ends) {
		add(m);
	} else if (a == ANY_RUN && b == ANY_RUN) {
		put(m, ANY_RUN, i + 1, j);
		put(m, ANY_RUN, i, j + 1);
	} else if (a == ANY_RUN) {
		walk(m, i + 1, j);
		if (!b_ends)
			put(m, b, i, j + 1);
	} else if (b == ANY_RUN) {
		walk(m, i, j + 1);
		if (!a_ends)
			put(m, a, i + 1, j);
	} else if (!a_ends && !b_ends && common(a, b)) {
		put(m, common(a, b), i + 1, j + 1);
	}
}

struct pattern_meet *pattern_meet_new(const struct pattern_meet *with, const char *pattern,
				      bool case_sensitive, char *err, size_t err_len)
{
	char regex[PATTERN_REGEX_MAX];
	struct code code;
	if (pattern_regex(pattern, regex, sizeof(regex), err, err_len) < 0)
		return NULL;
	struct meeting m = {.b = &code, .out = calloc(1, sizeof(*m.out))};
	if (!m.out || !read_code(&code, regex, !case_sensitive)) {
		snprintf(err, err_len, "pattern \"%.64s\": %s", pattern,
			 m.out ? "it is too long" : "no memory");
		free(m.out);
		return NULL;
	}
	m.made = code;
	if (!with)
		add(&m);
	m.made.n = 0;
	for (size_t i = 0; with && i < with->n; i++) {
		m.a = &with->codes[i];
		walk(&m, 0, 0);
	}
	if (!m.full)
		return m.out;
	snprintf(err, err_len, "pattern \"%.64s\": it meets those above it in too many ways",
		 pattern);
	free(m.out);
	return NULL;
}

void pattern_meet_free(struct pattern_meet *meet)
{
	free(meet);
}

size_t pattern_meet_count(const struct pattern_meet *meet)
{
	return meet->n;
}

/* --- Codes to regexes --------------------------------------------------------------------------------------------- */

static void write_unit(struct writer *w, uint16_t unit)
{
	uint8_t octet = (uint8_t)unit;
	char text[8];
	if (unit & TRIPLET)
		snprintf(text, sizeof(text), "%%%02X", octet);
	else if (unit & FOLD)
		snprintf(text, sizeof(text), "[%c%c]", octet, octet & ~0x20);
	else
		snprintf(text, sizeof(text), "%s%c", strchr(PATTERN_ESCAPED, octet) ? "\\" : "",
			 octet);
	writer_text(w, text);
}

char *pattern_meet_regex(const struct pattern_meet *meet, size_t i)
{
	const struct code *code = &meet->codes[i];
	size_t room = regex_room(code);
	char *regex = malloc(room);
	struct writer w = writer_of(regex, regex ? room : 0);
	writer_u8(&w, '^');
	for (size_t at = 0; at < code->n; at++) {
		if (code->at[at] == ANY_RUN)
			writer_text(&w, PATTERN_ANY_RUN);
		else if (code->at[at] == ANY_ONE)
			writer_text(&w, PATTERN_ANY_ONE);
		else
			write_unit(&w, code->at[at]);
	}
	writer_bytes(&w, "\\z", 3);
	return regex;
}
