/* ctl_diff - what differs between two versions of the tables, written like a diff. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_diff.h"

#include "ctl_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct diff {
	FILE *out;
	bool coloured;
};

static const char red[] = "\033[31m", green[] = "\033[32m", cyan[] = "\033[36m";

bool ctl_diff_is_coloured(void)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
	return isatty(STDOUT_FILENO) && !(no_colour && no_colour[0]) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

/* A sign, two texts and a value (NULL: none). */
static void print_line(const struct diff *diff, const char *sign, const char *text,
		       const char *name, const json_t *value)
{
	char *json = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
	const char *colour = *sign == '+' ? green : *sign == '-' ? red : cyan;
	fprintf(diff->out, "%s%s ", diff->coloured ? colour : "", sign);
	ctl_text_write(diff->out, text);
	ctl_text_write(diff->out, name);
	if (value)
		fputc(' ', diff->out);
	ctl_text_write(diff->out, json ? json : "");
	fputs(diff->coloured ? "\033[m\n" : "\n", diff->out);
	free(json);
}

static void print_members(const struct diff *diff, const json_t *before, const json_t *after)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)before, key, value) {
		const json_t *now = json_object_get(after, key);
		if (now && json_equal(value, now))
			continue;
		print_line(diff, "-", "    ", key, value);
		if (now)
			print_line(diff, "+", "    ", key, now);
	}
	json_object_foreach ((json_t *)after, key, value)
		if (!json_object_get(before, key))
			print_line(diff, "+", "    ", key, value);
}

void ctl_diff_print(FILE *out, const json_t *differences, bool coloured)
{
	struct diff diff = {out, coloured};
	size_t i;
	json_t *one;
	json_array_foreach (differences, i, one) {
		char kind[32];
		const char *name = json_string_value(json_object_get(one, "name"));
		const char *is = json_string_value(json_object_get(one, "kind"));
		const json_t *before = json_object_get(one, "before");
		const json_t *after = json_object_get(one, "after");
		snprintf(kind, sizeof(kind), "%s ", is ? is : "object");
		if (!json_is_object(before) || !json_is_object(after)) {
			bool came = !json_is_object(before);
			print_line(&diff, came ? "+" : "-", kind, name ? name : "?",
				   came ? after : before);
			continue;
		}
		print_line(&diff, "@@", kind, name ? name : "?", NULL);
		print_members(&diff, before, after);
	}
}
