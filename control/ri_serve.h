/* ri_serve - the Redirection Interface for upstream peers: POST /ri. RFC 7975 §4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "https_server.h"

#define RI_SERVE_PATH "/ri"

struct peer;
struct sessions;

/* An https_handler; arg is struct sessions. Control thread, as all else. */
void ri_serve(void *arg, struct https_request *request);

/* Makes sessions->ri ready, and again when the settings are others. */
void ri_serve_settings(struct sessions *sessions);

/* Answers what the peer still waits for, as it goes. */
void ri_serve_forget(struct peer *peer);
