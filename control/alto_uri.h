/* alto_uri - references of a peer's documents resolved against the URI of the document (RFC 3986 §5, RFC 7285 §9.2.2). */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Gives an absolute http or https URI without fragment, for free(). base is one itself. NULL: the reference is none, has
 * credentials in it, or leads to another scheme; or no memory. Any thread. */
char *alto_uri_resolve(const char *base, const char *reference);
