/* uri_container - which URIs a token is for: the claim cdniuc, compared with a URI, made for one, and carried over to the
 * URI of a redirect. RFC 9246 §2.1.11, §2.1.15. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "bytes.h"

/* Octets of a container, of its regex, and how many nodes the regex may come to when its repetitions are written out. */
enum { URI_CONTAINER_MAX = 2048, URI_CONTAINER_NODES_MAX = 512 };

/* A URI here is one in normal form (lib/uri.h) without its token, and terminated. Containers are terminated texts.
 *
 * "hash:sha-256;..." is the URL segment form of RFC 6920 §5, and the whole digest. "regex:..." is a POSIX extended regular
 * expression, in the POSIX locale, that has to match the whole URI. Expressions with back references, or that would come to
 * too many nodes, match nothing. It is to be run on expressions only that somebody trusted has signed. It may take a few
 * milliseconds. Any thread that has not set a locale of its own (uselocale). */
bool uri_container_has(const char *container, const char *uri);

/* Writes the hash container of a URI. false: no room, or no memory for the digest. */
bool uri_container_hash(struct writer *w, const char *uri);

/* Writes, terminated, a container for `to`, where a client is redirected that asked for `from`, which `container` has. A regex
 * whose part for the path can be told from the rest goes on behind the prefix that the redirect puts before the path, when that is
 * all it does; each URI that it then has is one that the old regex had. Else it is the hash of `to`. false: no room or no memory. */
bool uri_container_carry(struct writer *w, const char *container, const char *from, const char *to);
