/* http_redirect - the answer that most GETs get, a redirect and nothing else, written without detours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "http_answer.h"

/* Writes what http_answer_write (lib/http_answer.h) would, octet for octet, if the answer is a 302 with a Location that begins as
 * verdict->dri->start says, without further fields or content, and closes the connection; and if there is room for it. Gives its length; 0: it is
 * another one. Any thread. */
size_t http_redirect_write(uint8_t *out, size_t cap, const struct request *req,
			   const struct verdict *verdict, const struct http_answer_how *how);
