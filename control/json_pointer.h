/* json_pointer - JSON Pointer (RFC 6901): the way to a value within a document, step by step. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A pointer on its way. Any thread. */
struct json_pointer {
	char *room; /* the reference tokens, unescaped as they are taken */
	char *next; /* the next one; NULL: none is left */
};

/* false: the text is no pointer (it does not start with '/', or has a '~' without 0 or 1 behind it; §3), or no memory; the
 * reason is in err. "" has no tokens: it is the whole document. */
bool json_pointer_begin(struct json_pointer *pointer, const char *text, char *err, size_t err_len);
void json_pointer_end(struct json_pointer *pointer);

/* The next reference token, unescaped, which lives until the end. One more is there exactly when pointer->next is set. */
const char *json_pointer_token(struct json_pointer *pointer);

/* An index of an array as §4 writes it, without leading zeros; "-" is the one behind the last. false: no index, or past that. */
bool json_pointer_index(const json_t *array, const char *token, size_t *index);

/* What a token leads to, borrowed; NULL: nothing, or the value is neither an object nor an array. */
json_t *json_pointer_step(const json_t *value, const char *token);

/* What a pointer leads to, borrowed; NULL, with the reason in err: nothing, or it is no pointer. */
json_t *json_pointer_get(json_t *document, const char *text, char *err, size_t err_len);
