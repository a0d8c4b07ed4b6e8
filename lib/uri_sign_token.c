/* uri_sign_token - the URI Signing Package in a URI: found, taken out, put in. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "uri_sign_token.h"

#include "octet_class.h"

static const char sub_delimiters[] = "!$&'()*+,;="; /* RFC 3986 §2.2 */

static struct span part(struct span text, uint32_t from, uint32_t to)
{
	return (struct span){text.at + from, to - from};
}

static uint32_t token_end(struct span text, uint32_t at)
{
	while (at < text.len && (OCTET_ALNUM(text.at[at]) || text.at[at] == '-' ||
				 text.at[at] == '_' || text.at[at] == '.'))
		at++;
	return at;
}

/* Does "name=" stand at this place? */
static bool is_named(struct span text, uint32_t at, const char *name)
{
	size_t len = strlen(name);
	return text.len - at > len && !memcmp(text.at + at, name, len) && text.at[at + len] == '=';
}

bool uri_sign_token_find(struct span uri, const char *name, struct uri_sign_token *found)
{
	bool query = false;
	*found = (struct uri_sign_token){.before = uri};
	for (uint32_t i = 0; i < uri.len; i++) {
		uint8_t c = uri.at[i];
		bool first = c == '?' && !query;
		query |= first;
		if (!(query ? first || c == '&' : c == ';') || !is_named(uri, i + 1, name))
			continue;
		uint32_t from = i + 2 + (uint32_t)strlen(name), to = token_end(uri, from);
		bool joins = to < uri.len && uri.at[to] && strchr(sub_delimiters, uri.at[to]);
		found->token = part(uri, from, to);
		found->before = part(uri, 0, i + joins);
		found->after = part(uri, to + joins, uri.len);
		return true;
	}
	return false;
}

struct span uri_sign_token_cookie(struct span cookies, const char *name)
{
	for (uint32_t i = 0; i < cookies.len; i++) {
		bool begins = i == 0 || cookies.at[i - 1] == ' ' || cookies.at[i - 1] == ';';
		if (!begins || !is_named(cookies, i, name))
			continue;
		uint32_t from = i + 1 + (uint32_t)strlen(name), to = token_end(cookies, from);
		if (to == cookies.len || cookies.at[to] == ';')
			return part(cookies, from, to);
	}
	return (struct span){NULL, 0};
}

void uri_sign_token_put(struct writer *w, struct span uri, const char *name, struct span token)
{
	struct uri_sign_token old;
	struct span after = {NULL, 0};
	if (uri_sign_token_find(uri, name, &old)) {
		uint32_t from = (uint32_t)(old.token.at - uri.at);
		after = part(uri, from + old.token.len, uri.len);
		writer_bytes(w, uri.at, from);
	} else {
		writer_bytes(w, uri.at, uri.len);
		writer_u8(w, memchr(uri.at, '?', uri.len) ? '&' : '?');
		writer_text(w, name);
		writer_u8(w, '=');
	}
	writer_bytes(w, token.at, token.len);
	writer_bytes(w, after.at, after.len);
}
