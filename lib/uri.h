/* uri - http and https URIs: taken apart, and brought to normal form. RFC 3986, RFC 9110 §4.2. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"

/* Octets of a URI that is read. Its path has at most REQUEST_PATH_MAX (lib/request.h). */
enum { URI_MAX = 8192 };

/* Parts of a URI, which they point into. */
struct uri {
	bool https;
	struct span host;  /* without port; an IPv6 literal has its brackets */
	struct span port;  /* digits; empty: the scheme's own */
	struct span path;  /* begins with '/', or is empty */
	struct span query; /* with its '?'; empty: there is none */
};

/* false: not an http or https URI, longer than URI_MAX, with user information or a fragment, or with a part that its
 * grammar does not allow. Letters, dots and triplets are as they come. Any thread, as all of this. */
bool uri_split(struct span text, struct uri *uri);

/* Writes it in the normal form of RFC 3986 §6.2.2 and §6.2.3: scheme and host in lower case, no port that the scheme has
 * anyway, no dot segments, an empty path is "/", triplets in upper case and only where they have to be. At most one octet
 * longer than the URI. false: it has a '%' that begins no triplet, or does not fit. */
bool uri_normal(const struct uri *uri, struct writer *w);
