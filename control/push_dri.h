/* push_dri - takes the DRIs that a downstream CDN puts to us by itself, for those without ALTO. The objects are those of RFC 8804 §2. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "https_server.h"
#include "peer.h"

/* An https_handler for PUT of PUSH_DRI_PATH; arg: struct sessions. The body (application/json) is one FCI.RedirectTarget base object, or
 * a list of all that are to count from now on; an empty list withdraws all. 204: they are in the tables; 400: the body is at fault, and
 * nothing changed; 409: some are not in use, the text says why; 503: nothing changed, try again. Control thread. */
#define PUSH_DRI_PATH "/dri"
https_handler push_dri;

/* The tables were brought to what was pushed: answers who waits for it. */
void push_dri_done(struct peer *peer);
