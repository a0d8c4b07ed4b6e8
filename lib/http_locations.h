/* http_locations - the content of a redirect for clients that can choose themselves: all locations that can be used, in JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "match.h"

enum { HTTP_LOCATIONS_MAX = 8, HTTP_LOCATIONS_OCTETS = 4096 };

/* Does the client name application/json as something it takes (RFC 9110 §12.5.1)? A range is no name. For requests to be matched.
 * Any thread. */
bool http_locations_wanted(const struct request *req);

/* Writes {"locations":["http://...", ...]} (RFC 8259): the Location of the redirect, then those of the other candidates that can
 * be used, in the order in which the scope's policy takes them; CDNs that would have to be asked are left out, and so is what does
 * not fit. Gives the octets written, 0: it is no redirect. No allocation; context is as before but for its random state. */
size_t http_locations_write(uint8_t *out, size_t cap, const struct view *view,
			    struct match_context *context, const struct request *req,
			    const struct verdict *verdict);
