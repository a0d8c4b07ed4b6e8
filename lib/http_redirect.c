/* http_redirect - the answer that most GETs get, a redirect and nothing else, written without detours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_redirect.h"

#include "host_key.h"
#include "octet_class.h"

static const char line[] = "HTTP/1.1 302 Found\r\nDate: ", location[] = "\r\nLocation: ",
		  end[] = "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
enum {
	FIXED = sizeof(line) - 1 + HTTP_DATE_LEN + sizeof(location) - 1 + sizeof(end) - 1,
	ROOM = FIXED + 1 +
	       HOST_KEY_BLOCK, /* with the '/' behind a host, which is copied in blocks */
};

static bool is_plain(const struct request *req, const struct verdict *verdict,
		     const struct http_answer_how *how)
{
	const struct scope *scope = verdict->scope;
	const struct dri *dri = verdict->dri;
	return verdict->outcome == VERDICT_REDIRECT && dri && dri->start && !dri->cookie &&
	       (!scope || ((scope->status == 302 || !scope->status) && !scope->cache_control &&
			   !scope->signed_uri)) &&
	       !verdict->n_vary && !how->keep && !how->content.len && !how->settings->n_bodies &&
	       !how->settings->json_locations && req->http.method <= HTTP_HEAD &&
	       req->protocol == PROTOCOL_HTTP &&
	       (!dri->include_redirecting_host || req->http.host.len);
}

/* In lower case. Octets of the host itself only are read. */
static uint8_t *put_host(uint8_t *at, struct span host)
{
	uint32_t i = 0;
	for (; i + HOST_KEY_BLOCK <= host.len; i += HOST_KEY_BLOCK) {
		host_key_block c = host_key_load(host.at + i);
		host_key_store(at + i,
			       c | ((host_key_block)((host_key_block)(c - 'A') <= 25) & 0x20));
	}
	for (; i < host.len; i++)
		at[i] = octet_lower(host.at[i]);
	at[i] = '/';
	return at + i + 1;
}

static uint8_t *put(uint8_t *at, const void *octets, size_t len)
{
	memcpy(at, octets, len);
	return at + len;
}

size_t http_redirect_write(uint8_t *out, size_t cap, const struct request *req,
			   const struct verdict *verdict, const struct http_answer_how *how)
{
	const struct request_http *http = &req->http;
	const struct dri *dri = verdict->dri;
	if (!is_plain(req, verdict, how) ||
	    cap < (size_t)ROOM + dri->start_len + http->host.len + http->path.len + http->query.len)
		return 0;
	uint8_t *at = put(out, line, sizeof(line) - 1);
	at = put(at, how->date, HTTP_DATE_LEN);
	at = put(at, location, sizeof(location) - 1);
	at = put(at, dri->start, dri->start_len);
	if (dri->include_redirecting_host)
		at = put_host(at, http->host);
	at = put(at, http->path.at + 1, http->path.len - 1);
	if (http->query.len)
		at = put(at, http->query.at, http->query.len);
	return (size_t)(put(at, end, sizeof(end) - 1) - out);
}
