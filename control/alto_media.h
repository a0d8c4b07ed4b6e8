/* alto_media - the media types of ALTO (RFC 7285 §14.1, RFC 8895 §12, RFC 9241 §7), and how one is compared. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#define ALTO_DIRECTORY      "application/alto-directory+json"
#define ALTO_ERROR          "application/alto-error+json"
#define ALTO_NETWORK_MAP    "application/alto-networkmap+json"
#define ALTO_CDNI           "application/alto-cdni+json"
#define ALTO_CDNI_FILTER    "application/alto-cdnifilter+json"
#define ALTO_UPDATE_PARAMS  "application/alto-updatestreamparams+json"
#define ALTO_UPDATE_CONTROL "application/alto-updatestreamcontrol+json"
#define ALTO_EVENT_STREAM   "text/event-stream"
#define ALTO_MERGE_PATCH    "application/merge-patch+json" /* RFC 7396 */
#define ALTO_JSON_PATCH     "application/json-patch+json"  /* RFC 6902 */

/* Is this the media type, whatever its letters' case and its parameters (RFC 9110 §8.3.1)? given may be NULL. Any thread. */
bool alto_media_is(const char *given, const char *type);

/* Is it that of a filter for CDNI advertisements? RFC 9241's text has another name for it than its registration. */
bool alto_media_is_filter(const char *given);

/* Does a list of types ("a/b,c/d", RFC 8895 §6.3) name nothing but the two patches? NULL does. */
bool alto_media_are_patches(const char *list);
