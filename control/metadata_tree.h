/* metadata_tree - one place in a tree of CDNI metadata: its objects, those that it inherits, its paths. RFC 8006 §3.2, §3.3, §4.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"

/* Metadata of a host or a path; up: that around it, or NULL for a host. */
struct metadata_level {
	const struct metadata_level *up;
	json_t *metadata;    /* HostMetadata or PathMetadata */
	const char *pattern; /* of the path; NULL for a host */
};

/* A GenericMetadata object. */
struct metadata_generic {
	const char *type;
	json_t *value;
	bool mandatory, incomprehensible;
};

/* A PathMatch object. */
struct metadata_path {
	const char *pattern;
	bool case_sensitive;
	json_t *metadata;
};

/* Has everything under a host the form that it should have? false: faults. *blocked: something of it is mandatory to enforce, and is
 * none of the access-control lists, FallbackTarget and `types`. Everything below is for trees that it has taken; control thread. */
bool metadata_tree_check(const struct json_source *source, json_t *host_metadata,
			 const char *const *types, size_t n_types, bool *blocked);

/* The object of a type that counts at a place: the first one in the list of the innermost level that has one. Those that need not be
 * enforced and cannot be understood are as if they were not there. false: there is none. */
bool metadata_tree_find(const struct json_source *source, const struct metadata_level *level,
			const char *type, struct metadata_generic *generic);

/* The type of an object that counts here, has to be enforced and cannot be (RFC 8006 §3.2, tables 2 and 3); NULL: there is none, and
 * requests may be served. */
const char *metadata_tree_blocked(const struct json_source *source,
				  const struct metadata_level *level, const char *const *types,
				  size_t n_types);

bool metadata_tree_path(const struct json_source *source, json_t *path_match,
			struct metadata_path *path);

/* Octets of an Endpoint (RFC 8006 §4.3.3) without its port. 0: it has a port that is none, or, without any_port, another one than 80 and
 * 443. */
size_t metadata_tree_host_len(const char *endpoint, bool any_port);
