/* rpc - one JSON-RPC 2.0 request line in, one answer line out. The methods are in PROTOCOL.md. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control.h"
#include "json_in.h"
#include "server.h"

/* The answer, without end of line, for free(); NULL: the request was a notification, or the answer comes later. client may
 * be NULL (tests): then no method can answer later. Control thread. */
char *rpc_answer(struct control *control, struct server_client *client, const char *line,
		 size_t len);

/* One request while its method runs. To refuse it a method writes a sentence into text. */
struct rpc_call {
	struct server_client *client;
	const json_t *id;        /* of the request, or NULL */
	struct rpc_later *later; /* set by rpc_later */
	json_t *data;            /* to the refusal, or NULL */
	char text[512];
};

/* A method reads its parameters, then calls json_in_end; NULL: that was false, or call->text
 * says why, or rpc_later was called, or no memory. */
typedef json_t *rpc_method(struct control *control, struct json_in *params, struct rpc_call *call);

/* --- Answers that come later ---------------------------------------------------------------- */

/* From within a method, which then gives NULL. `ended` is called when the client goes away first; the
 * rpc_later is gone then. NULL: no memory, or the request has no client; call->text says so. */
struct rpc_later *rpc_later(struct rpc_call *call, void (*ended)(void *arg), void *arg);

/* Ends it with a result (taken over; NULL: no memory), or with a refusal. Not from within the method. */
void rpc_later_result(struct rpc_later *later, json_t *result);
void rpc_later_refuse(struct rpc_later *later, const char *text, json_t *data);

/* Sends a JSON-RPC notification beside it; params are taken over. false: the client has too much unread. */
bool rpc_later_tell(struct rpc_later *later, const char *method, json_t *params);

/* A JSON text of any octets: if they are not UTF-8, those outside ASCII become '?'. */
json_t *rpc_text(const char *text);

/* faults as PROTOCOL.md shows them: total and a list. */
json_t *rpc_faults(const struct faults *faults);
