/* peer_session - the tries to learn from a downstream CDN, one after the other: its directory, then its update stream or polling. RFC 7285, RFC
 * 9241, RFC 8895. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "peer.h"

/* Begins at once. The peer has to outlive it. NULL: no memory. Control thread. */
struct peer_session *peer_session_new(struct peer *peer);
void peer_session_free(struct peer_session *session); /* NULL is fine */

/* Ends the attempt, or what was established; the next one comes after a while. why is a sentence. */
void peer_session_fail(struct peer_session *session, const char *why);

/* Milliseconds until the next attempt or poll; -1: one is under way, or a stream is open. */
int64_t peer_session_wait_ms(const struct peer_session *session);
