/* pattern_model - path patterns of RFC 8006 §4.1.5 matched the slow and obvious way. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One unit of text at `at`: an octet or a triplet, with what is unreserved decoded and hexadecimal digits raised. */
struct pattern_model_unit {
	char text[4];
	size_t taken;
};

static inline struct pattern_model_unit pattern_model_read(const char *at)
{
	struct pattern_model_unit unit = {{at[0], 0, 0, 0}, 1};
	if (at[0] != '%' || !isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2]))
		return unit;
	char digits[3] = {at[1], at[2], 0};
	int octet = (int)strtol(digits, NULL, 16);
	unit.taken = 3;
	if (isascii(octet) && (isalnum(octet) || (octet && strchr("-._~", octet)))) {
		unit.text[0] = (char)octet;
	} else {
		unit.text[1] = (char)toupper((unsigned char)at[1]);
		unit.text[2] = (char)toupper((unsigned char)at[2]);
	}
	return unit;
}

static inline bool pattern_model_equal(const char *a, const char *b, bool fold)
{
	for (; *a && *b; a++, b++) {
		if (*a != *b && !(fold && tolower((unsigned char)*a) == tolower((unsigned char)*b)))
			return false;
	}
	return *a == *b;
}

/* For patterns that are allowed and paths in normal form. *steps bounds the work; when it ends at 0 the answer is void. */
static inline bool pattern_model_match(const char *pattern, const char *path, bool fold,
				       unsigned *steps)
{
	if (*steps == 0 || --*steps == 0)
		return false;
	if (!*pattern)
		return !*path;
	struct pattern_model_unit text = pattern_model_read(path);
	if (*pattern == '*')
		return pattern_model_match(pattern + 1, path, fold, steps) ||
		       (*path && pattern_model_match(pattern, path + text.taken, fold, steps));
	if (!*path)
		return false;
	if (*pattern == '?')
		return *path != '/' &&
		       pattern_model_match(pattern + 1, path + text.taken, fold, steps);
	struct pattern_model_unit want = pattern_model_read(pattern);
	if (*pattern == '$') {
		want.text[0] = pattern[1];
		want.taken = 2;
	}
	return pattern_model_equal(want.text, text.text, fold) &&
	       pattern_model_match(pattern + want.taken, path + text.taken, fold, steps);
}
