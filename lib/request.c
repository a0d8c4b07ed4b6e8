/* request - the key of a content request from its host and its path. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "request.h"

#include "host_key.h"
#include "octet_scan.h"
#include "percent.h"

enum { HOST_TEXT_MAX = 253, LABEL_MAX = 63, IP6_LITERAL_MAX = 2 + 45 };

const char *http_method_name(enum http_method method)
{
	static const char names[HTTP_METHODS][8] = {"GET",     "HEAD",  "POST",  "PUT",    "DELETE",
						    "OPTIONS", "PATCH", "TRACE", "CONNECT"};
	return names[method];
}

static bool key_ip6_literal(struct request *req, const uint8_t *host, size_t len)
{
	if (len < 4 || len > IP6_LITERAL_MAX || host[len - 1] != ']')
		return false;
	for (size_t i = 0; i < len; i++) {
		bool inner = i > 0 && i < len - 1;
		if (inner && !(octet_class[host[i]] & OCTET_HEX) && host[i] != ':' &&
		    host[i] != '.')
			return false;
		req->key[i] = octet_lower(host[i]);
	}
	req->host_len = (uint16_t)len;
	return true;
}

/* Where the labels begin, and one octet behind the last one's end; gives how many. 0: it is no host name. */
static unsigned find_labels(const uint8_t *host, size_t len, uint8_t starts[HOST_TEXT_MAX + 2])
{
	unsigned n = 0, next;
	bool bad = false;
	starts[0] = 0;
	for (size_t at = 0; at < len; at += HOST_KEY_BLOCK) {
		unsigned dots = octet_mask(host + at, '.'), odd = octet_mask_not_host(host + at);
		unsigned there = len - at < HOST_KEY_BLOCK ? (1u << (len - at)) - 1 : 0xffff;
		bad |= (dots ^ odd) & there;
		for (dots &= there; dots; dots &= dots - 1) {
			next = (unsigned)at + (unsigned)__builtin_ctz(dots) + 1;
			bad |= next - starts[n] - 2 >= LABEL_MAX;
			starts[++n] = (uint8_t)next;
		}
	}
	next = (unsigned)len + 1;
	bad |= next - starts[n] - 2 >= LABEL_MAX;
	starts[++n] = (uint8_t)next;
	return bad ? 0 : n;
}

/* Octets up to `end` may be read. */
static bool key_labels(struct request *req, const uint8_t *host, size_t len, const uint8_t *end)
{
	uint8_t starts[HOST_TEXT_MAX + 2], padded[HOST_TEXT_MAX + HOST_KEY_BLOCK];
	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len == 0 || len > HOST_TEXT_MAX)
		return false;
	if (end - host < (ptrdiff_t)len + HOST_KEY_BLOCK) {
		memcpy(padded, host, len);
		host = padded;
	}
	unsigned n = find_labels(host, len, starts);
	req->host_len = n ? (uint16_t)host_key_write(req->key, host, starts, n) : 0;
	return n;
}

bool request_key_host_in(struct request *req, const uint8_t *host, size_t len, const uint8_t *end)
{
	req->host_len = 0;
	bool literal = len > 0 && host[0] == '[';
	if (!(literal ? key_ip6_literal(req, host, len) : key_labels(req, host, len, end)))
		return false;
	req->key[req->host_len] = '/';
	req->key_len = req->host_len + 1;
	return true;
}

bool request_key_host(struct request *req, const uint8_t *host, size_t len)
{
	return request_key_host_in(req, host, len, host + len);
}

/* Takes off the segment that ends at `out` when it is "." or "..", and with ".." the one before it
 * (RFC 3986 §5.2.4). Gives the new end: `out` itself, or behind a '/'. */
static uint8_t *drop_dots(uint8_t *root, uint8_t *segment, uint8_t *out)
{
	size_t len = (size_t)(out - segment);
	if (len == 0 || len > 2 || segment[0] != '.' || segment[len - 1] != '.')
		return out;
	if (len == 1 || segment == root + 1)
		return segment;
	for (segment--; segment[-1] != '/';)
		segment--;
	return segment;
}

/* Nothing but segments as they are, none of which begins with a dot. */
static bool is_normal(const uint8_t *path, size_t len)
{
	const uint8_t *end = path + len, *at = octet_scan_path(path, end);
	for (uint8_t before = at == path ? 0 : at[-1]; at < end; before = *at++)
		if (*at != '/' &&
		    (!(octet_class[*at] & OCTET_SEGMENT) || (before == '/' && *at == '.')))
			return false;
	return path[0] == '/';
}

bool request_key_path(struct request *req, const uint8_t *path, size_t len)
{
	if (len == 0 || len > REQUEST_PATH_MAX || path[0] != '/')
		return false;
	uint8_t *root = req->key + req->host_len, *out = root, *segment = root + 1;
	if (is_normal(path, len)) {
		memcpy(root, path, len);
		req->key_len = (uint16_t)(req->host_len + len);
		return true;
	}
	*out++ = '/';
	for (size_t i = 1; i < len; i++) {
		if (octet_class[path[i]] & OCTET_SEGMENT) {
			*out++ = path[i];
		} else if (path[i] == '/') {
			uint8_t *end = drop_dots(root, segment, out);
			if (end == out)
				*end++ = '/';
			segment = out = end;
		} else if (percent_is(path + i, len - i)) {
			out += percent_normal(out, path + i);
			i += 2;
		} else {
			return false;
		}
	}
	out = drop_dots(root, segment, out);
	req->key_len = (uint16_t)(out - req->key);
	return true;
}
