/* http_answer - writes the whole HTTP/1.1 response that a verdict asks for. RFC 9110 §15, RFC 9112.
 */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "drop_reason.h"
#include "http_date.h"
#include "http_settings.h"
#include "request.h"
#include "verdict.h"

struct http_answer {
	size_t len; /* 0: not even an error answer fits; else the bytes written */
	enum drop_reason
		reason; /* DROP_none: it is a redirect. For VERDICT_ERROR the decoder knows better */
};

/* The longest answer without a Location. */
enum { HTTP_ANSWER_ERROR_MAX = 168 };

struct http_content {
	const char *type;
	const uint8_t *at;
	uint32_t len; /* 0: none */
};

/* What an answer says beside what was decided. */
struct http_answer_how {
	const struct http_settings *settings;
	const char *date; /* HTTP_DATE_LEN octets: what http_date_write gives for now */
	bool keep;        /* the connection goes on; else it is closed (RFC 9112 §9.3, §9.6) */
	struct http_content content; /* of a redirect; none: that of its status */
};

/* Writes at most cap bytes. The answer has the content of its status (http.bodies), if that fits; to
 * HEAD it is the same without it:
 * - redirect: the scope's status (302 when it has none) and the Location. Methods other than GET and
 * HEAD: 308 when that is 301 or 308, else 307.
 * - deny: 403.
 * - no scope: 404.
 * - no target: 503 with Retry-After. So too for a redirect whose DRI has no HTTP part, would send
 * an https request to http, or needs the redirecting host of a request that has none.
 * - error: req->http.status; 405 with Allow.
 * - a redirect by a scope with signed URIs: not to be stored, as it is for this client alone, and with a cookie when the DRI has one;
 * 403 when nobody has verified it (the DRI is none that was signed), or it is not good. Why is told in logs only (RFC 9246 §5.1, §6.4).
 *
 * A redirect and a denial have the scope's Cache-Control. Whatever was decided has Vary when a field
 * of the request was looked at for that; an answer without a Location has it only if it fits.
 *
 * A redirect that does not fit becomes 414; a signed one is some 300 to 900 octets longer. Any thread. */
struct http_answer http_answer_write(uint8_t *out, size_t cap, const struct request *req,
				     const struct verdict *verdict,
				     const struct http_answer_how *how);

/* The URI that a DRI sends the request to (RFC 8804 §2): scheme "://" authority path-prefix
 * [redirecting-host "/"] path-without-its-first-'/' query. The scheme is the DRI's, else the request's;
 * path and query are the client's own octets, dot segments included: it is the client who goes there
 * with them. Nothing of the request is written that http_request_parse did not check. false: there is
 * no HTTP part (dri may be NULL), it would send an https request to http, or it needs the redirecting
 * host of a request that has none. What does not fit shows in w->bad. Any thread. */
bool http_answer_location(struct writer *w, const struct request *req, const struct dri *dri);
