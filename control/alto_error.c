/* alto_error - the error bodies of ALTO (RFC 7285 §8.5.2): read and written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_error.h"

#include "lib/text.h"

#include <stdio.h>
#include <string.h>

json_t *alto_error_write(const char *code, const char *field, const char *value)
{
	return json_pack("{s:{s:s, s:s*, s:s*}}", "meta", "code", code, "field", field, "value",
			 field ? value : NULL);
}

json_t *alto_error_write_syntax(const char *syntax_error)
{
	return json_pack("{s:{s:s, s:s*}}", "meta", "code", ALTO_E_SYNTAX, "syntax-error",
			 syntax_error);
}

static void take(const json_t *meta, const char *key, char *text, size_t cap)
{
	const json_t *value = json_object_get(meta, key);
	const char *from = json_is_string(value) ? json_string_value(value) : "";
	size_t len = text_fit(from, strlen(from), cap - 1);
	memcpy(text, from, len);
	text[len] = '\0';
}

bool alto_error_read(const json_t *body, struct alto_error *error)
{
	const json_t *meta = json_object_get(body, "meta");
	*error = (struct alto_error){0};
	take(meta, "code", error->code, sizeof(error->code));
	if (!error->code[0])
		return false;
	take(meta, "field", error->field, sizeof(error->field));
	take(meta, "value", error->value, sizeof(error->value));
	take(meta, "syntax-error", error->syntax_error, sizeof(error->syntax_error));
	return true;
}

const char *alto_error_text(const struct alto_error *error, char *text, size_t cap)
{
	snprintf(text, cap, "%s%s%s%s%s%s%s%s%s", error->code, error->field[0] ? " at '" : "",
		 error->field, error->field[0] ? "'" : "", error->value[0] ? ": '" : "",
		 error->value, error->value[0] ? "'" : "", error->syntax_error[0] ? ": " : "",
		 error->syntax_error);
	for (char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return text;
}
