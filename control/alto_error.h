/* alto_error - the error bodies of ALTO (RFC 7285 §8.5.2): read and written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define ALTO_E_SYNTAX              "E_SYNTAX"
#define ALTO_E_MISSING_FIELD       "E_MISSING_FIELD"
#define ALTO_E_INVALID_FIELD_TYPE  "E_INVALID_FIELD_TYPE"
#define ALTO_E_INVALID_FIELD_VALUE "E_INVALID_FIELD_VALUE"

/* Texts that are longer are cut; "" is none. */
struct alto_error {
	char code[32];
	char field[128]; /* the path of a member, "cdni-capabilities/capability-type" */
	char value[256];
	char syntax_error[256];
};

/* Any thread. */

/* The body of an answer, mostly with status 400. field and value may be NULL; a value needs a field. NULL: no memory. */
json_t *alto_error_write(const char *code, const char *field, const char *value);
json_t *alto_error_write_syntax(const char *syntax_error);

/* false: the body is no such error, *error is empty. Codes that are not known are taken, too. */
bool alto_error_read(const json_t *body, struct alto_error *error);

/* "E_INVALID_FIELD_VALUE at 'add/s1/resource-id': 'x'", for a log line: what is not plain ASCII becomes '?'. Gives text. */
const char *alto_error_text(const struct alto_error *error, char *text, size_t cap);
