/* dns_chaos - what is said about this server to queries of class CHAOS. RFC 4892. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "settings.h"

/* The text for the question that has been read into req: of version.bind and version.server, or of
 * id.server and hostname.bind; NULL: it is another one, or nothing is to be said. Any thread. */
const char *dns_chaos_text(const struct dns_settings *settings, const struct request *req);
