/* https_answer - a peer's request, and its answer: at once, later, or in pieces for as long as the peer listens. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/peers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum https_method {
	HTTPS_GET = 1,
	HTTPS_HEAD = 2,
	HTTPS_POST = 4,
	HTTPS_PUT = 8,
	HTTPS_DELETE = 16
};

/* A request that its handler has not answered to the end. It is the handler's until then, or until `ended` is called. Control
 * thread. */
struct https_request;

/* --- What was asked. Texts belong to the request. ------------------------------------------------------------------- */

const struct peer_settings *https_request_peer(const struct https_request *request);
enum https_method https_request_method(const struct https_request *request);
const char *https_request_path(
	const struct https_request *request); /* as it came, with its escapes; starts with '/' */
const char *https_request_query(const struct https_request *request); /* behind '?', or NULL */

/* The first field of that name (letters without case), or NULL. */
const char *https_request_header(const struct https_request *request, const char *name);

/* Not terminated. With len 0 it may be NULL. */
const uint8_t *https_request_body(const struct https_request *request, size_t *len);

/* --- The answer. None of these calls `ended`, nor ends the request but as said. -------------------------------------- */

/* A header field of the answer; called before the answer or its beginning. false: no memory, or not a field. */
bool https_answer_header(struct https_request *request, const char *name, const char *value);

/* The whole answer; type NULL when there is no body. That to a HEAD is sent without its body. The request is not to be used afterwards. */
void https_answer(struct https_request *request, int status, const char *type, const void *body,
		  size_t len);

/* A text/plain answer with one sentence, for what goes wrong. The request is not to be used afterwards. */
void https_answer_text(struct https_request *request, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The answer comes later: after the handler has returned, the request stays. `ended` is called, from the event loop, when the peer
 * went away or was cut off before the answer's end; the request is then gone. One that only closes its sending side counts as
 * gone. */
void https_answer_hold(struct https_request *request, void (*ended)(void *arg), void *arg);

/* Begins an answer whose length is not known; the request has to be held. */
void https_answer_begin(struct https_request *request, int status, const char *type);

/* The next octets of it. false: with them more would wait for the peer than is allowed, or there is no memory; nothing more
 * is sent, and `ended` follows. */
bool https_answer_chunk(struct https_request *request, const void *octets, size_t len);

/* Octets that the peer has not taken yet. A sender that sees many can put its next events together. */
size_t https_answer_pending(const struct https_request *request);

/* The end of what was begun. The request is not to be used afterwards. */
void https_answer_end(struct https_request *request);
