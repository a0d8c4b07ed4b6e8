/* uri - http and https URIs: taken apart, and brought to normal form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "uri.h"

#include "percent.h"
#include "request.h"

#include <strings.h>

/* The octets up to the first one of `ends`, taken off the front. */
static struct span take_until(struct span *text, const char *ends)
{
	uint32_t len = 0;
	while (len < text->len && (!text->at[len] || !strchr(ends, text->at[len])))
		len++;
	struct span front = {text->at, len};
	*text = (struct span){text->at + len, text->len - len};
	return front;
}

static bool take_scheme(struct span *text, bool *https)
{
	static const char *const schemes[] = {"http://", "https://"};
	for (unsigned i = 0; i < 2; i++) {
		uint32_t len = (uint32_t)strlen(schemes[i]);
		if (text->len < len || strncasecmp((const char *)text->at, schemes[i], len) != 0)
			continue;
		*https = i;
		*text = (struct span){text->at + len, text->len - len};
		return true;
	}
	return false;
}

static bool take_authority(struct span *text, struct uri *uri)
{
	struct request key;
	struct span authority = take_until(text, "/?#");
	uri->host = take_until(&authority, authority.len && authority.at[0] == '[' ? "]" : ":");
	if (authority.len && authority.at[0] == ']') {
		uri->host.len++;
		authority = (struct span){authority.at + 1, authority.len - 1};
	}
	if ((authority.len && authority.at[0] != ':') ||
	    !request_key_host(&key, uri->host.at, uri->host.len))
		return false;
	uri->port = authority.len ? (struct span){authority.at + 1, authority.len - 1} : authority;
	unsigned long port = 0;
	for (uint32_t i = 0; i < uri->port.len; i++) {
		if (!OCTET_DIGIT(uri->port.at[i]) || i > 4)
			return false;
		port = port * 10 + uri->port.at[i] - '0';
	}
	return port <= UINT16_MAX;
}

bool uri_split(struct span text, struct uri *uri)
{
	*uri = (struct uri){0};
	if (text.len > URI_MAX || !take_scheme(&text, &uri->https) || !take_authority(&text, uri))
		return false;
	uri->path = take_until(&text, "?");
	uri->query = text;
	for (uint32_t i = 0; i < text.len; i++)
		if (!(octet_class[text.at[i]] & OCTET_QUERY))
			return false;
	struct request key = {.host_len = 0};
	return uri->path.len == 0 || request_key_path(&key, uri->path.at, uri->path.len);
}

static bool is_default_port(const struct uri *uri)
{
	const char *port = uri->https ? "443" : "80";
	return uri->port.len == 0 ||
	       (uri->port.len == strlen(port) && !memcmp(uri->port.at, port, uri->port.len));
}

bool uri_normal(const struct uri *uri, struct writer *w)
{
	struct request key = {.host_len = 0};
	writer_text(w, uri->https ? "https://" : "http://");
	for (uint32_t i = 0; i < uri->host.len; i++)
		writer_u8(w, octet_lower(uri->host.at[i]));
	if (!is_default_port(uri)) {
		writer_u8(w, ':');
		writer_bytes(w, uri->port.at, uri->port.len);
	}
	struct span path = uri->path.len ? uri->path : (struct span){(const uint8_t *)"/", 1};
	if (!request_key_path(&key, path.at, path.len))
		return false;
	writer_bytes(w, key.key, key.key_len);
	for (uint32_t i = 0; i < uri->query.len; i++) {
		const uint8_t *at = uri->query.at + i;
		uint8_t octets[3] = {*at};
		size_t n = 1;
		if (*at == '%') {
			if (!percent_is(at, uri->query.len - i))
				return false;
			n = percent_normal(octets, at);
			i += 2;
		}
		writer_bytes(w, octets, n);
	}
	return !w->bad;
}
