/* cdni_media - media types of CDNI: application/cdni with its ptype. RFC 7736 §2, RFC 9110 §8.3.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Is the value of a Content-Type field (NULL: there is none) "application/cdni" with this ptype? Type and names of parameters
 * compare without case, the ptype exactly; it may be quoted. Other parameters are let pass. false too when a parameter is
 * malformed, or when ptype is missing or there twice. Any thread. */
bool cdni_media_is(const char *value, const char *ptype);
