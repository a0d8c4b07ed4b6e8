/* advertise - what one upstream CDN is told: our own capabilities, and those of our downstream CDNs that the agreement lets it see. RFC
 * 8008, RFC 9241 §3; cascades: RFC 8008 Appendix B. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "alto_vtag.h"
#include "rib.h"

/* A downstream CDN whose capabilities may be handed on. */
struct advertise_source {
	const char *provider_id; /* its own; NULL: it has none, and nothing of it is handed on */
	const struct rib *rib;
};

enum { ADVERTISE_TAG_MAX = 33, ADVERTISE_PATH_MAX = 32 };

/* The name of the member of a base object that says which CDNs it came through: a list of provider ids, the first one said it. Not of RFC 8008,
 * whose readers ignore what they do not know. */
extern const char advertise_path_member[]; /* "cdn-path" */

struct advertise_entry {
	char *text; /* canonical: compact, members sorted */
	json_t *object;
};

/* Base objects in the order of their texts, each once. */
struct advertisement {
	struct advertise_entry *list;
	size_t n, cap;
	char tag[ADVERTISE_TAG_MAX]; /* a digest of the texts and of the map's tag, in hexadecimal */
	json_t *map;                 /* of the PIDs that they name, as it is answered; or NULL */
	struct alto_vtag map_vtag;
};

/* own: base objects, or NULL. Nothing that came through `upstream` (its provider id, or NULL) is given back to it. Capabilities of
 * others are narrowed to what own says of the same type, if it says anything; their RedirectTargets are left out, and our own ones stand
 * for their footprints. map: the network map that own depends on, which is taken over in any case, or NULL. false: no memory. Control
 * thread. */
bool advertise_compose(struct advertisement *to, const json_t *own, const char *upstream,
		       const struct advertise_source *sources, size_t n_sources, json_t *map);
void advertise_clear(struct advertisement *advertisement);

/* All base objects. NULL: no memory. */
json_t *advertise_objects(const struct advertisement *advertisement);

/* The full resource, RFC 9241 §3.6, with its tag. NULL: no memory. */
extern const char advertise_resource_id[];
json_t *advertise_resource(const struct advertisement *advertisement);

/* The same of some of its base objects. */
json_t *advertise_part(const struct advertisement *advertisement, json_t *objects);

/* The JSON patch (RFC 6902) between the resources of two advertisements, both of which depend on a map, or neither. NULL: no memory. */
json_t *advertise_patch(const struct advertisement *before, const struct advertisement *after);

/* Does a path hold this provider id? path may be NULL. */
bool advertise_came_through(const json_t *path, const char *provider_id);
