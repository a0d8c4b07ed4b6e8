/* http_framing - the fields that say what follows a request head: a body, or the next request. RFC 9112 §6, §9. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"
#include "drop_reason.h"

/* All zero before the first field. */
struct http_framing {
	bool has_length, has_coding;
	bool body;    /* the length is not 0 */
	bool chunked; /* the last transfer coding */
	bool unknown; /* there is another one */
	bool close, keep_alive;
	bool expects; /* something else than 100-continue */
};

/* Takes one field of the head, if it is one of those. false: its value cannot be (RFC 9112 §6.3: 400). Any thread. */
bool http_framing_field(struct http_framing *framing, struct span name, struct span value);

/* Judges all fields of a head together, HTTP/1.minor. No body is ever read: a request that announces one can be answered, but
 * nothing behind it. Any thread.
 * - http_bad_request (400): Transfer-Encoding with Content-Length (RFC 9112 §6.1, §11.2), in HTTP/1.0 (§6.1), or not ending with
 *   chunked (§6.3).
 * - http_coding (501): a transfer coding other than chunked (§6.1).
 * - http_expectation (417): an expectation other than 100-continue; HTTP/1.0 has none (RFC 9110 §10.1.1). */
enum drop_reason http_framing_judge(const struct http_framing *framing, uint8_t minor);

/* Can another request follow (RFC 9112 §9.3)? */
bool http_framing_keeps(const struct http_framing *framing, uint8_t minor);
