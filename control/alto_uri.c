/* alto_uri - references of a peer's documents resolved against the URI of the document (RFC 3986 §5, RFC 7285 §9.2.2). */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_uri.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool has_scheme(CURLU *url)
{
	char *scheme = NULL;
	bool good = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
	curl_free(scheme);
	return good;
}

char *alto_uri_resolve(const char *base, const char *reference)
{
	char *text = NULL, *result = NULL;
	CURLU *url = curl_url();
	if (url && !curl_url_set(url, CURLUPART_URL, base, CURLU_DISALLOW_USER) &&
	    !curl_url_set(url, CURLUPART_URL, reference, CURLU_DISALLOW_USER) && has_scheme(url) &&
	    !curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) &&
	    !curl_url_get(url, CURLUPART_URL, &text, 0))
		result = strdup(text);
	curl_free(text);
	curl_url_cleanup(url);
	return result;
}
