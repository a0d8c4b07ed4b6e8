/* json_merge - JSON merge patches (RFC 7396): applied, and made of two versions of a document. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* Gives the patched document, a new reference, which shares with the old one and the patch as that of json_patch_apply does.
 * NULL, with the reason in err: it is past `max` octets (json_strict_size), or no memory. Any thread. */
json_t *json_merge_apply(json_t *document, json_t *patch, size_t max, char *err, size_t err_len);

/* The patch that makes `after` of `before`; {} when they are equal. NULL: there is none, since a member of `after` that it
 * would have to say is null (§1), or no memory. Any thread. */
json_t *json_merge_diff(const json_t *before, json_t *after);
