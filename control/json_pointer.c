/* json_pointer - JSON Pointer (RFC 6901): the way to a value within a document, step by step. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_pointer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_pointer(const char *text)
{
	for (const char *at = strchr(text, '~'); at; at = strchr(at + 1, '~'))
		if (at[1] != '0' && at[1] != '1')
			return false;
	return text[0] == '\0' || text[0] == '/';
}

bool json_pointer_begin(struct json_pointer *pointer, const char *text, char *err, size_t err_len)
{
	*pointer = (struct json_pointer){0};
	if (!is_pointer(text)) {
		snprintf(err, err_len, "'%.200s' is not a JSON pointer", text);
		return false;
	}
	pointer->room = strdup(text);
	if (!pointer->room) {
		snprintf(err, err_len, "no memory");
		return false;
	}
	pointer->next = *text ? pointer->room + 1 : NULL;
	return true;
}

void json_pointer_end(struct json_pointer *pointer)
{
	free(pointer->room);
	*pointer = (struct json_pointer){0};
}

const char *json_pointer_token(struct json_pointer *pointer)
{
	char *token = pointer->next, *to = token, *from = token;
	for (; *from && *from != '/'; from++) {
		if (*from == '~')
			*to++ = *++from == '1' ? '/' : '~';
		else
			*to++ = *from;
	}
	pointer->next = *from ? from + 1 : NULL;
	*to = '\0';
	return token;
}

bool json_pointer_index(const json_t *array, const char *token, size_t *index)
{
	enum { DIGITS_MAX = 15 };
	size_t digits = strspn(token, "0123456789");
	if (strcmp(token, "-") == 0) {
		*index = json_array_size(array);
		return true;
	}
	if (!digits || digits > DIGITS_MAX || token[digits] || (token[0] == '0' && digits > 1))
		return false;
	*index = strtoull(token, NULL, 10);
	return *index <= json_array_size(array);
}

json_t *json_pointer_step(const json_t *value, const char *token)
{
	size_t index;
	if (json_is_object(value))
		return json_object_get(value, token);
	return json_is_array(value) && json_pointer_index(value, token, &index)
		       ? json_array_get(value, index)
		       : NULL;
}

json_t *json_pointer_get(json_t *document, const char *text, char *err, size_t err_len)
{
	struct json_pointer pointer;
	json_t *value = document;
	if (!json_pointer_begin(&pointer, text, err, err_len))
		return NULL;
	while (value && pointer.next) {
		const char *token = json_pointer_token(&pointer);
		value = json_pointer_step(value, token);
		if (!value)
			snprintf(err, err_len, "'%.200s' leads nowhere: there is no '%.64s'", text,
				 token);
	}
	json_pointer_end(&pointer);
	return value;
}
