/* alto_media - the media types of ALTO (RFC 7285 §14.1, RFC 8895 §12, RFC 9241 §7), and how one is compared. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_media.h"

#include <string.h>

static const char blanks[] = " \t";

/* The type in the octets up to the next one of `stop`. */
static bool is_up_to(const char *given, const char *stop, const char *type)
{
	given += strspn(given, blanks);
	size_t len = strlen(type);
	return strncasecmp(given, type, len) == 0 &&
	       strchr(stop, given[len + strspn(given + len, blanks)]);
}

bool alto_media_is(const char *given, const char *type)
{
	return given && is_up_to(given, ";", type);
}

bool alto_media_is_filter(const char *given)
{
	return alto_media_is(given, ALTO_CDNI_FILTER) ||
	       alto_media_is(given, "application/cdnifilter+json");
}

bool alto_media_are_patches(const char *list)
{
	while (list) {
		if (!is_up_to(list, ";,", ALTO_MERGE_PATCH) &&
		    !is_up_to(list, ";,", ALTO_JSON_PATCH))
			return false;
		list = strchr(list, ',');
		list += list != NULL;
	}
	return true;
}
