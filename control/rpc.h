/* rpc - one JSON-RPC 2.0 request line in, one answer line out. The methods are in PROTOCOL.md. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"
#include "json_in.h"

/* The answer, without end of line, for free(); NULL: the request was a notification. Control
 * thread. */
char *rpc_answer(struct control *control, const char *line, size_t len);

/* What a method may refuse a request with: text is a sentence. */
struct rpc_refusal {
	char text[512];
	json_t *data; /* or NULL */
};

/* A method reads its parameters, then calls json_in_end; NULL: that was false, or refusal->text
 * says why, or no memory. */
typedef json_t *rpc_method(struct control *control, struct json_in *params,
			   struct rpc_refusal *refusal);

/* A JSON text of any octets: if they are not UTF-8, those outside ASCII become '?'. */
json_t *rpc_text(const char *text);
