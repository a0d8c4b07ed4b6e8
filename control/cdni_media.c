/* cdni_media - media types of CDNI: application/cdni with its ptype. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cdni_media.h"

#include "lib/octet_class.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { PTYPE_MAX = 256 };

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t");
}

static size_t token_len(const char *at)
{
	size_t len = 0;
	while (octet_class[(uint8_t)at[len]] & OCTET_TOKEN)
		len++;
	return len;
}

/* A token or a quoted string. Gives what is behind it; NULL: it is neither, or longer than any ptype. */
static const char *read_value(const char *at, char value[PTYPE_MAX + 1])
{
	size_t len = 0;
	bool quoted = *at == '"';
	at += quoted;
	while (quoted ? *at && *at != '"' : token_len(at)) {
		if (quoted && *at == '\\')
			at++;
		if (!(octet_class[(uint8_t)*at] & OCTET_VALUE) || len == PTYPE_MAX)
			return NULL;
		value[len++] = *at++;
	}
	value[len] = '\0';
	if (quoted)
		return *at == '"' ? at + 1 : NULL;
	return len ? at : NULL;
}

bool cdni_media_is(const char *value, const char *ptype)
{
	static const char type[] = "application/cdni";
	unsigned found = 0;
	bool same = false;
	if (!value)
		return false;
	value = skip_space(value);
	if (strncasecmp(value, type, sizeof(type) - 1) != 0)
		return false;
	value = skip_space(value + sizeof(type) - 1);
	while (*value == ';') {
		char text[PTYPE_MAX + 1];
		const char *name = skip_space(value + 1);
		size_t len = token_len(name);
		value = name;
		if (len == 0) { /* RFC 9110 §5.6.6 lets a parameter be empty. */
			continue;
		}
		value = name[len] == '=' ? read_value(name + len + 1, text) : NULL;
		if (!value)
			return false;
		if (len == 5 && strncasecmp(name, "ptype", 5) == 0) {
			found++;
			same = strcmp(text, ptype) == 0;
		}
		value = skip_space(value);
	}
	return *value == '\0' && found == 1 && same;
}
