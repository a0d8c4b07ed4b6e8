/* dns_redirect - the answer that most DNS queries get, a redirect and nothing else, written without detours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "verdict.h"

#include <stddef.h>
#include <stdint.h>

/* Writes what dns_answer_write (lib/dns_answer.h) would, octet for octet, if the answer is a CNAME, or the addresses that are asked for, of
 * verdict->dri, and fits. Gives its length; 0: it is another one, nothing was written. Arguments as there. Any thread. */
size_t dns_redirect_write(uint8_t *msg, size_t cap, const struct request *req,
			  const struct verdict *verdict, uint32_t turn);
