/* ctl_text - text for a terminal: without control characters, with its width known. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_text.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

void ctl_text_init(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

struct glyph {
	size_t octets;
	unsigned columns;
	bool shown; /* else '?' stands for it */
};

static bool turns_direction(wchar_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static struct glyph glyph_at(const char *text)
{
	wchar_t c;
	mbstate_t state = {0};
	size_t octets = mbrtowc(&c, text, strnlen(text, MB_LEN_MAX), &state);
	if (octets == (size_t)-1 || octets == (size_t)-2)
		return (struct glyph){1, 1, false};
	int columns = wcwidth(c);
	if (columns < 0 || turns_direction(c))
		return (struct glyph){octets, 1, false};
	return (struct glyph){octets, (unsigned)columns, true};
}

static void write_glyph(FILE *out, const char *text, struct glyph glyph)
{
	if (glyph.shown)
		fwrite(text, 1, glyph.octets, out);
	else
		fputc('?', out);
}

void ctl_text_write(FILE *out, const char *text)
{
	for (struct glyph glyph; *text; text += glyph.octets) {
		glyph = glyph_at(text);
		write_glyph(out, text, glyph);
	}
}

size_t ctl_text_width(const char *text)
{
	size_t width = 0;
	for (struct glyph glyph; *text; text += glyph.octets) {
		glyph = glyph_at(text);
		width += glyph.columns;
	}
	return width;
}

void ctl_text_write_cut(FILE *out, const char *text, size_t columns, size_t *width)
{
	bool fits = ctl_text_width(text) <= columns;
	size_t limit = fits || !columns ? columns : columns - 1;
	*width = 0;
	for (struct glyph glyph; *text; text += glyph.octets) {
		glyph = glyph_at(text);
		if (*width + glyph.columns > limit)
			break;
		*width += glyph.columns;
		write_glyph(out, text, glyph);
	}
	if (fits || !columns)
		return;
	fputs("…", out);
	*width += 1;
}
