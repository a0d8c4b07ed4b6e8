/* sse - server-sent events (text/event-stream of the HTML standard), as RFC 8895 §5 uses them: parsed piece by piece, and written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SSE_NAME_MAX = 255 };

/* All zero but for `max` is the start of a stream. One thread. */
struct sse {
	size_t max; /* octets of the data of one event */

	/* The event that was found, until the next call: its name ("" if it has none), and its data, lines joined by LF.
	 * Both end with a NUL that does not count. */
	char name[SSE_NAME_MAX + 1];
	char *data;
	size_t len;

	size_t cap, n_data; /* n_data: lines of data so far */
	char field[8];      /* the name of the field, as much of it as matters */
	unsigned char field_len, name_len, bom;
	unsigned char state, failed;
	bool after_cr, over;
};

enum sse_found {
	SSE_MORE,      /* nothing is complete; all octets were taken */
	SSE_EVENT,     /* an event with data */
	SSE_COMMENT,   /* a line that starts with ':', as servers send to keep a connection alive */
	SSE_TOO_LONG,  /* the data is past max, or the name past SSE_NAME_MAX; stays so */
	SSE_NO_MEMORY, /* stays so */
};

/* Goes on from *at, which is moved on, up to the next thing that is complete; so it is called until it says SSE_MORE. Lines end
 * with CR, LF or CRLF, which may be split anywhere. `id`, `retry` and unknown fields are passed over, and so is an event without
 * data. What is not complete at the end of the stream is no event. */
enum sse_found sse_read(struct sse *sse, const char **at, const char *end);

void sse_clear(struct sse *sse);

/* One event, its blank line included, for free(). name has no end of line in it. The data is JSON: at its ends of line, and where
 * a line grows long, a new line of data begins, always between two tokens (RFC 8895 §3.4). NULL: no memory. */
char *sse_write(const char *name, const char *json, size_t len, size_t *out_len);

/* A comment for keeping the connection alive (RFC 8895 §6.8). */
#define SSE_KEEP_ALIVE ": keep-alive\n\n"
