/* metadata_compile - CDNI metadata as scopes: host by host, the first match in each list, with its access-control lists. RFC 8006
 * §3, §4.1, §4.2; RFC 8804 §3. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"
#include "lib/footprint.h"

#include <jansson.h>
#include <stdbool.h>

/* What the metadata is compiled for. */
struct metadata_policy {
	const char *name;   /* begins the names of all objects that are made; at most 67 octets */
	const char *origin; /* the URI of the HostIndex, for faults */
	const json_t *
		allow; /* members of the scopes that accept requests, such as candidates; no condition */
	size_t n_types; /* generic metadata that this CDN enforces, besides the access-control lists */
	const char *const *types;
	bool dns;         /* scopes for DNS queries too */
	int16_t priority; /* of the first scope of each host; those behind it go down by one */
	size_t scopes;    /* of all hosts, at the most */
	struct footprint_geo *geo; /* NULL: footprints by country and AS number are faults */
};

/* For metadata_scopes_clear. */
struct metadata_scopes {
	json_t *objects; /* list of {"node": ...}, {"dri": ...}, {"scope": ...}, as in a table file, references first */
	json_t *groups;      /* ccid of MI.Grouping by name of the scope that it is for */
	struct faults notes; /* what is not served, and why */
	size_t hosts;        /* that have scopes */
	bool partial; /* there was no memory, or something is denied by no scope: not to be committed */
};

/* tree: a HostIndex without links (metadata_read_tree). The scopes of a host do, by their priorities, what its metadata says:
 * the first path that matches counts, objects of the same type replace those above them, and a request is accepted when all three
 * lists allow it. What has mandatory metadata that is not enforced here is denied, or sent to its FallbackTarget. A DNS query
 * is decided by the host's own metadata, and denied when anything below is mandatory and not enforced (§4.1.6); of its
 * ProtocolACL it needs any protocol that is allowed. MI.UriSigning, when it is one of the types, becomes uri-signing of the scopes that
 * accept HTTP requests.
 *
 * The objects are to be committed together or not at all: a scope that is left out would open what it denies.
 *
 * A host whose metadata has faults is denied as a whole, and the others still count. false: there are faults. Of hosts that come
 * twice, the first one counts. Members that are not known are passed over. Control thread. */
bool metadata_compile(json_t *tree, const struct metadata_policy *policy,
		      struct metadata_scopes *scopes, struct faults *faults);
void metadata_scopes_clear(struct metadata_scopes *scopes);
