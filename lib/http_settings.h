/* http_settings - what the configuration says about HTTP. Fixed from start to stop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is taken of a request head. */
struct http_limits {
	uint32_t head_max; /* octets of the whole head, from 512 to 65535: more is 431 */
	uint32_t uri_max;  /* of the request target, from 64 to head_max: more is 414 */
	bool any_method;   /* those that are redirected are not only GET and HEAD */
};

/* The content of answers with a status. */
struct http_body {
	uint16_t status;
	uint32_t len;
	char *type;  /* Content-Type */
	char *bytes; /* of the answer */
	char *file;  /* where they were read; NULL: in the configuration */
};

/* How a trusted proxy tells its client: before a connection (lib/proxy_protocol.h) or in each request (lib/forwarded.h). */
enum http_proxy {
	HTTP_PROXY_NONE,
	HTTP_PROXY_PROTOCOL,
	HTTP_PROXY_FORWARDED,
	HTTP_PROXY_X_FORWARDED_FOR
};

enum { HTTP_PROXIES_MAX = 64 };

enum { HTTP_BODIES_MAX = 16, HTTP_BODY_MAX = 4096 };

struct http_settings {
	struct http_limits limits;
	uint32_t retry_after; /* seconds that a 503 asks a client to wait */
	bool json_locations; /* who asks for JSON is told of all candidates: lib/http_locations.h */
	size_t n_bodies;
	struct http_body *bodies; /* one for a status */
	enum http_proxy proxy;
	size_t n_trusted_proxies; /* 0: nobody is believed */
	struct ip_prefix trusted_proxies[HTTP_PROXIES_MAX];
};

/* A request line of 8000 octets should pass (RFC 9112 §3). */
static const struct http_limits http_limits_default = {8192, 8000, false};
