/* http_request - reads the head of one HTTP/1.x request. RFC 9112, RFC 9110. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "drop_reason.h"
#include "http_settings.h"
#include "request.h"

/* Reads one request; what follows its head is not looked at. Any thread.
 *
 * DROP_none: to be matched. The head is the first http.head_len octets. http.keep: the connection may
 * be kept for another request that begins behind it, as the client wants it (RFC 9112 §9.3) and
 * announces no body. req->protocol is PROTOCOL_HTTP, or PROTOCOL_HTTPS when the target is an
 * absolute URI with the scheme https; req->http and the key are filled, and its spans stay good as
 * long as the bytes. The host is that of an absolute target, else of the Host field. An HTTP/1.0
 * request without either has an empty host and a key with an empty host part, "/path", which only
 * scopes for any host can match.
 *
 * Else a refuse reason, and req->http.status is set; of the rest nothing is to be used (keep is
 * false). The request line is judged before the fields: the first of these which is true counts.
 * - http_uri_long (414): the target is longer than limits->uri_max.
 * - http_bad_request (400): the request line breaks RFC 9112 §3 (an HTTP/0.9 request does).
 * - http_version (505): HTTP/x.y and x is not 1 (RFC 9110 §15.6.6).
 * - http_unknown_method (501): neither a method of RFC 9110 §9 nor PATCH.
 * - http_method (405): one of those, but not GET or HEAD, whatever the target; with limits->any_method
 *   only TRACE, CONNECT (RFC 9110 §9.3.6, §9.3.8), and OPTIONS of "*" (§9.3.7).
 * - http_bad_request: the target is neither a path nor an http or https URI, or has a fragment.
 * - http_uri_long (414): the path is longer than REQUEST_PATH_MAX.
 * - http_bad_request: a field breaks RFC 9112 §5 (folded, space before the colon, controls), Host is
 *   there twice, Content-Length is there twice or no number of 64 bits, Transfer-Encoding is not one
 *   with chunked at most once and last.
 * - http_bad_request: Host is missing (HTTP/1.1) or not host[:port] (RFC 9112 §3.2); an absolute
 *   target's authority, which counts whatever Host says (§3.2.2), is not host[:port]; the path is not
 *   valid (request_key_path).
 * - http_bad_request, http_coding (501), http_expectation (417): as http_framing_judge says.
 * - http_head_long (431): none of these nor the end of the head is within limits->head_max octets.
 * - http_head_split: the bytes, fewer than limits->head_max, end before that is known. More of them
 *   change this answer and no other. The status is 431, for who has no more.
 *
 * Lines end with CRLF, never with a bare LF or CR; one empty line before the request line is let
 * pass (RFC 9112 §2.2). */
enum drop_reason http_request_parse(const uint8_t *bytes, size_t len,
				    const struct http_limits *limits, struct request *req);

/* The value, without white space around it, of the first field of this name, which is given in
 * lower case. at is NULL when there is none; the at of an empty value is not. For requests to be
 * matched. Any thread. */
struct span http_request_header(const struct request *req, const char *name, size_t len);

/* The same for one after the other: *rest begins as http.headers, and becomes what is behind the field. */
struct span http_request_next_header(struct span *rest, const char *name, size_t len);

/* For a request whose host is a distinguished host of ours: when its path, as the client sent it,
 * is path_prefix (starts and ends with '/'), then a segment that is host[:port], and then ends or
 * goes on with '/', the host, path and key become those of the stacked request, `unstacked` is
 * counted up, and the result is true. Else false, and nothing is changed. RFC 7336 §3.2, RFC 8804
 * §2. */
bool http_request_unstack(struct request *req, const char *path_prefix, size_t prefix_len);

/* Writes the effective URI of a request to be matched as the client sent it (RFC 9110 §7.1), whatever was taken off it since: an
 * absolute target as it is, else "http://", the Host field and the target. false: it has no host. What does not fit shows in w->bad.
 * Any thread. */
bool http_request_uri(struct writer *w, const struct request *req);
