/* pattern - path patterns of RFC 8006 §4.1.5 as regexes and as literal starts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "octet_class.h"
#include "pattern_glob.h"
#include "pattern_set.h"

#include <stdio.h>
#include <string.h>

enum piece_kind { PIECE_END, PIECE_LITERAL, PIECE_ANY_RUN, PIECE_ANY_ONE, PIECE_BAD };

/* One step through a pattern. A literal is an octet, or a triplet in normal form. */
struct piece {
	enum piece_kind kind;
	uint8_t len;
	char text[4];
};

struct pattern_reader {
	const char *start, *at;
	char *err;
	size_t err_len;
};

static struct piece refuse(const struct pattern_reader *r, const char *why)
{
	snprintf(r->err, r->err_len, "pattern \"%s\": %s", r->start, why);
	return (struct piece){.kind = PIECE_BAD};
}

static struct piece literal(char c)
{
	return (struct piece){PIECE_LITERAL, 1, {c}};
}

static unsigned hex_value(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static struct piece triplet(struct pattern_reader *r)
{
	if (!(octet_class[(uint8_t)r->at[0]] & OCTET_HEX) ||
	    !(octet_class[(uint8_t)r->at[1]] & OCTET_HEX))
		return refuse(r, "'%' must be followed by two hexadecimal digits");
	unsigned octet = hex_value(r->at[0]) << 4 | hex_value(r->at[1]);
	r->at += 2;
	if (octet_class[octet] & OCTET_UNRESERVED)
		return literal((char)octet);
	struct piece piece = {.kind = PIECE_LITERAL, .len = 3};
	snprintf(piece.text, sizeof(piece.text), "%%%02X", octet);
	return piece;
}

static struct piece next_piece(struct pattern_reader *r)
{
	char c = *r->at;
	if (!c)
		return (struct piece){.kind = PIECE_END};
	r->at++;
	if (c == '*') {
		r->at += strspn(r->at, "*");
		return (struct piece){.kind = PIECE_ANY_RUN};
	}
	if (c == '?')
		return (struct piece){.kind = PIECE_ANY_ONE};
	if (c == '$') {
		if (!*r->at || !strchr("$*?", *r->at))
			return refuse(r, "'$' must be followed by '$', '*' or '?'");
		return literal(*r->at++);
	}
	if (c == '%')
		return triplet(r);
	if (c != '/' && !(octet_class[(uint8_t)c] & OCTET_SEGMENT))
		return refuse(r,
			      "it has an octet that cannot be in a path: write it percent-encoded");
	return literal(c);
}

/* Segments of literals alone that are "." or "..", which no path in normal form has. */
struct segment {
	unsigned len;
	bool other;
};

static bool ends_dot_segment(struct segment *segment, const struct piece *piece)
{
	bool ends =
		piece->kind == PIECE_END || (piece->kind == PIECE_LITERAL && piece->text[0] == '/');
	if (ends) {
		bool dots = !segment->other && (segment->len == 1 || segment->len == 2);
		*segment = (struct segment){0};
		return dots;
	}
	segment->len++;
	segment->other |= piece->kind != PIECE_LITERAL || piece->text[0] != '.';
	return false;
}

static void put_literal(struct writer *w, const struct piece *piece)
{
	for (unsigned i = 0; i < piece->len; i++) {
		if (strchr(PATTERN_ESCAPED, piece->text[i]))
			writer_u8(w, '\\');
		writer_u8(w, (uint8_t)piece->text[i]);
	}
}

/* Reads a whole pattern. put() is called for each piece, PIECE_END too, until it gives false. */
static int read_pattern(const char *pattern, bool (*put)(void *arg, const struct piece *piece),
			void *arg, char *err, size_t err_len)
{
	struct pattern_reader r = {pattern, pattern, err, err_len};
	struct segment segment = {0};
	struct piece piece;
	bool wanted = true;
	if (!*pattern) {
		refuse(&r, "it is empty; expected a path with wildcards such as /live/*");
		return -1;
	}
	do {
		piece = next_piece(&r);
		if (piece.kind == PIECE_BAD)
			return -1;
		if (ends_dot_segment(&segment, &piece)) {
			refuse(&r, "it has a segment \".\" or \"..\", which no path in normal form "
				   "has");
			return -1;
		}
		wanted = wanted && put(arg, &piece);
	} while (piece.kind != PIECE_END);
	return 0;
}

static int check_room(const struct writer *w, const char *pattern, char *err, size_t err_len)
{
	if (!w->bad)
		return 0;
	snprintf(err, err_len, "pattern \"%.64s...\" is too long", pattern);
	return -1;
}

static bool put_regex(void *arg, const struct piece *piece)
{
	struct writer *w = arg;
	switch (piece->kind) {
	case PIECE_LITERAL:
		put_literal(w, piece);
		break;
	case PIECE_ANY_RUN:
		writer_text(w, PATTERN_ANY_RUN);
		break;
	case PIECE_ANY_ONE:
		writer_text(w, PATTERN_ANY_ONE);
		break;
	default:
		writer_bytes(w, "\\z", 3);
	}
	return true;
}

int pattern_regex(const char *pattern, char *out, size_t cap, char *err, size_t err_len)
{
	struct writer w = writer_of(out, cap);
	writer_u8(&w, '^');
	if (read_pattern(pattern, put_regex, &w, err, err_len) < 0)
		return -1;
	return check_room(&w, pattern, err, err_len);
}

struct literal_start {
	struct writer w;
	bool fold;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool put_start(void *arg, const struct piece *piece)
{
	struct literal_start *start = arg;
	if (piece->kind != PIECE_LITERAL || (start->fold && is_letter(piece->text[0]))) {
		writer_u8(&start->w, '\0');
		return false;
	}
	writer_bytes(&start->w, piece->text, piece->len);
	return true;
}

int pattern_literal(const char *pattern, bool fold, char *out, size_t cap, char *err,
		    size_t err_len)
{
	struct literal_start start = {writer_of(out, cap), fold};
	if (read_pattern(pattern, put_start, &start, err, err_len) < 0)
		return -1;
	return check_room(&start.w, pattern, err, err_len);
}
