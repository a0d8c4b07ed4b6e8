/* advertise_serve - answers the requests of upstream CDNs for what we advertise to them: directory, advertisement, filtered one, update streams.
 * RFC 7285 §9, RFC 9241 §3 and §5, RFC 8895. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "https_server.h"

/* An https_handler for all below ADVERTISE_SERVE_PATH; arg: struct sessions. Each peer finds its own resources below its own name, and
 * nothing elsewhere. Control thread. */
#define ADVERTISE_SERVE_PATH "/alto/"
https_handler advertise_serve;
