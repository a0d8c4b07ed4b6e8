/* workload_get - GET requests as browsers, tools and players send them, of the size that is wanted. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "workload.h"

#include <string.h>

/* Host comes first; cookies fill up to the size. */
static const char plain[] = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Player/2.1\r\n"
			    "Accept: */*\r\n";

static const char *const browsers[] = {
	/* Chrome, a page's own request for a part of a film */
	"Connection: keep-alive\r\n"
	"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
	"Gecko) Chrome/130.0.0.0 "
	"Safari/537.36\r\n"
	"Accept: */*\r\n"
	"Origin: http://www.cdn.example\r\n"
	"Referer: http://www.cdn.example/watch\r\n"
	"Accept-Encoding: gzip, deflate\r\n"
	"Accept-Language: en-GB,en;q=0.9,fr;q=0.8\r\n",
	/* Firefox */
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
	"Accept-Language: en-US,en;q=0.5\r\n"
	"Accept-Encoding: gzip, deflate\r\n"
	"Connection: keep-alive\r\n"
	"Upgrade-Insecure-Requests: 1\r\n",
	/* curl */
	"User-Agent: curl/7.88.1\r\n"
	"Accept: */*\r\n",
	/* a player on a television */
	"User-Agent: FilmPlayer/4.2 (Linux;Android 12) ExoPlayerLib/2.18.1\r\n"
	"Accept-Encoding: identity\r\n"
	"Range: bytes=0-\r\n"
	"Connection: Keep-Alive\r\n",
};

/* Cookies that make the head so long: one field of many pairs. */
static size_t put_cookies(char *at, size_t len, struct draw *draw)
{
	static const char name[] = "Cookie: ", end[] = "\r\n";
	static const char digits[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
	size_t fixed = sizeof(name) - 1 + sizeof(end) - 1;
	if (len < fixed + 3)
		return 0;
	memcpy(at, name, sizeof(name) - 1);
	char *pairs = at + sizeof(name) - 1;
	size_t n = len - fixed;
	for (size_t i = 0; i < n; i++)
		pairs[i] = digits[draw_below(draw, 64)];
	for (size_t i = 0; i + 40 < n; i += 40) /* _k=...; _k=... */
		memcpy(pairs + i + 38, "; ", 2);
	for (size_t i = 2; i + 1 < n; i += 40)
		pairs[i] = '=';
	memcpy(pairs + n, end, sizeof(end) - 1);
	return len;
}

size_t workload_get(char *text, size_t cap, struct workload *load, const char *name, uint32_t host)
{
	struct draw *draw = &load->draw;
	const char *fields =
		load->browsers ? browsers[draw_below(draw, sizeof(browsers) / sizeof(*browsers))]
			       : plain;
	size_t len = (size_t)snprintf(
		text, cap,
		"GET /live/channel-%u/%u/segment-%u.ts?token=%08x HTTP/1.1\r\nHost: %s\r\n%s",
		host % WORKLOAD_CHANNELS, draw_below(draw, WORKLOAD_BITRATES),
		draw_below(draw, 10000), draw_below(draw, UINT32_MAX), name, fields);
	size_t size = load->size_min + draw_below(draw, load->size_max - load->size_min + 1);
	bool exact = load->size_min && load->size_min == load->size_max;
	if (size > len + 2)
		len += put_cookies(text + len, size - len - 2, draw);
	if (len + 2 > cap || (exact && len + 2 != size))
		return 0;
	memcpy(text + len, "\r\n", 2);
	return len + 2;
}
