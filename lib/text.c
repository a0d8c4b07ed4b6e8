/* text - names and hosts as an operator reads them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include <stdbool.h>

size_t text_fit(const char *text, size_t len, size_t max)
{
	enum { CHARACTER_MAX = 4 };
	if (len <= max)
		return len;
	for (size_t fit = max; fit + CHARACTER_MAX > max && fit > 0; fit--)
		if (((uint8_t)text[fit] & 0xc0) != 0x80)
			return fit;
	return max;
}

/* An IPv6 literal is one label, whatever dots it has. */
void text_host(const uint8_t *key, size_t len, char *out)
{
	bool literal = len && key[0] == '[';
	size_t end = len, at = 0;
	for (size_t i = len; i-- > 0;) {
		if (i > 0 && (literal || key[i - 1] != '.'))
			continue;
		for (size_t k = i; k < end; k++)
			out[at++] = (char)(key[k] > ' ' && key[k] < 0x7f ? key[k] : '?');
		if (i > 0)
			out[at++] = '.';
		end = i ? i - 1 : 0;
	}
	if (len == 0)
		out[at++] = '.';
	out[at] = '\0';
}
