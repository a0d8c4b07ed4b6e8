/* http_client - whose request it is: the peer's, or that of somebody whom a trusted proxy speaks for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "drop_reason.h"
#include "http_settings.h"
#include "request.h"

/* Reads a request as http_request_parse does. req->client is the peer; it becomes the client that a proxy of
 * settings->trusted_proxies tells of as settings->proxy says: before the first request of a connection (`first`; those after it
 * have the client of the first as peer), or in the fields of each. From a trusted proxy the PROXY header has to be there. What others
 * send in fields is ignored, and a PROXY header of theirs is no request. http.head_len counts the PROXY header. Any thread.
 *
 * Beside the reasons of http_request_parse: http_proxy (400), as proxy_protocol_read says. */
enum drop_reason http_client_request(const uint8_t *bytes, size_t len, bool first,
				     const struct http_settings *settings, struct request *req);
