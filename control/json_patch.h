/* json_patch - applies a JSON patch (RFC 6902): all of it or nothing, with bounded work. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* Gives the patched document, a new reference. It shares with the old one, which stays as it was, and with the patch all that
 * did not have to change: so nobody may change a document or a patch in place. NULL, with the reason in err: the patch is no
 * array of operations, one of them fails (its number counts from 0), the result or the work on it is past `max` octets
 * (json_strict_size), or no memory. Any thread. */
json_t *json_patch_apply(json_t *document, const json_t *patch, size_t max, char *err,
			 size_t err_len);
