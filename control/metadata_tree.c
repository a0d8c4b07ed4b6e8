/* metadata_tree - one place in a tree of CDNI metadata: its objects, those that it inherits, its paths. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata_tree.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool read_generic(const struct json_source *source, json_t *json,
			 struct metadata_generic *generic)
{
	struct json_in in;
	size_t before = source->faults->total;
	json_in_begin(&in, source, json, source->place, "GenericMetadata");
	generic->type = json_in_text(&in, "generic-metadata-type", JSON_IN_NEEDED);
	generic->value = json_in_object(&in, "generic-metadata-value");
	generic->mandatory = json_in_flag(&in, "mandatory-to-enforce", true);
	generic->incomprehensible = json_in_flag(&in, "incomprehensible", false);
	json_in_flag(&in, "safe-to-redistribute", true);
	if (in.object && !generic->value && source->faults->total == before)
		json_in_fault(&in, NULL, "%.64s: 'generic-metadata-value' is missing",
			      generic->type);
	return source->faults->total == before;
}

static bool is_enforced(const char *type, const char *const *types, size_t n_types)
{
	static const char *const here[] = {"MI.LocationACL", "MI.TimeWindowACL", "MI.ProtocolACL",
					   "MI.FallbackTarget"};
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		if (!strcasecmp(type, here[i]))
			return true;
	for (size_t i = 0; i < n_types; i++)
		if (!strcasecmp(type, types[i]))
			return true;
	return false;
}

static bool may_serve(const struct metadata_generic *generic, const char *const *types,
		      size_t n_types)
{
	return !generic->mandatory ||
	       (!generic->incomprehensible && is_enforced(generic->type, types, n_types));
}

/* --- Checking ----------------------------------------------------------------------------------------------------- */

/* A whole host on its way through the check. */
struct checking {
	const struct json_source *source;
	const char *const *types;
	size_t n_types;
	bool blocked;
};

/* RFC 8006 §4.2.1.1, erratum 5150: the member is "endpoints". */
static void check_sources(const struct checking *c, json_t *value)
{
	struct json_in in;
	json_t *source;
	size_t i;
	json_in_begin(&in, c->source, value, c->source->place, "SourceMetadata");
	json_t *sources = json_in_list(&in, "sources");
	json_array_foreach (sources, i, source) {
		struct json_in one;
		size_t n;
		json_in_begin(&one, c->source, source, in.place, "Source");
		free(json_in_texts(&one, "endpoints", &n));
		json_in_text(&one, "protocol", JSON_IN_NEEDED);
		json_in_not_empty(&one, "endpoints", "endpoint");
	}
}

static void check_level(struct checking *c, json_t *metadata, const char *what)
{
	struct json_in in;
	json_t *one;
	size_t i;
	json_in_begin(&in, c->source, metadata, c->source->place, what);
	json_t *list = json_in_list(&in, "metadata"), *paths = json_in_list(&in, "paths");
	if (in.object && !json_object_get(metadata, "metadata"))
		json_in_fault(&in, NULL, "'metadata' is missing");
	json_array_foreach (list, i, one) {
		struct metadata_generic generic;
		if (!read_generic(c->source, one, &generic))
			continue;
		c->blocked |= !may_serve(&generic, c->types, c->n_types);
		if (!strcasecmp(generic.type, "MI.SourceMetadata"))
			check_sources(c, generic.value);
	}
	json_array_foreach (paths, i, one) {
		struct metadata_path path;
		if (metadata_tree_path(c->source, one, &path))
			check_level(c, path.metadata, "PathMetadata");
	}
}

bool metadata_tree_check(const struct json_source *source, json_t *host_metadata,
			 const char *const *types, size_t n_types, bool *blocked)
{
	struct checking checking = {source, types, n_types, false};
	size_t before = source->faults->total;
	check_level(&checking, host_metadata, "HostMetadata");
	*blocked = checking.blocked;
	return source->faults->total == before;
}

bool metadata_tree_path(const struct json_source *source, json_t *path_match,
			struct metadata_path *path)
{
	struct json_in in, pattern;
	size_t before = source->faults->total;
	json_in_begin(&in, source, path_match, source->place, "PathMatch");
	json_t *json = json_in_object(&in, "path-pattern");
	path->metadata = json_in_object(&in, "path-metadata");
	if (in.object && (!json || !path->metadata) && source->faults->total == before)
		json_in_fault(&in, NULL, "expected 'path-pattern' and 'path-metadata'");
	if (source->faults->total > before)
		return false;
	json_in_begin(&pattern, source, json, in.place, "PatternMatch");
	path->pattern = json_in_text(&pattern, "pattern", JSON_IN_NEEDED);
	path->case_sensitive = json_in_flag(&pattern, "case-sensitive", false);
	return source->faults->total == before;
}

/* --- What counts at a place --------------------------------------------------------------------------------------- */

bool metadata_tree_find(const struct json_source *source, const struct metadata_level *level,
			const char *type, struct metadata_generic *generic)
{
	json_t *one;
	size_t i;
	for (; level; level = level->up) {
		json_array_foreach (json_object_get(level->metadata, "metadata"), i, one) {
			if (!read_generic(source, one, generic) ||
			    strcasecmp(generic->type, type) != 0)
				continue;
			if (generic->mandatory || !generic->incomprehensible)
				return true;
			break;
		}
	}
	return false;
}

const char *metadata_tree_blocked(const struct json_source *source,
				  const struct metadata_level *level, const char *const *types,
				  size_t n_types)
{
	json_t *one;
	size_t i;
	for (const struct metadata_level *at = level; at; at = at->up) {
		json_array_foreach (json_object_get(at->metadata, "metadata"), i, one) {
			struct metadata_generic generic, counts;
			if (read_generic(source, one, &generic) &&
			    !may_serve(&generic, types, n_types) &&
			    metadata_tree_find(source, level, generic.type, &counts) &&
			    counts.value == generic.value)
				return generic.type;
		}
	}
	return NULL;
}

size_t metadata_tree_host_len(const char *endpoint, bool any_port)
{
	const char *close = endpoint[0] == '[' ? strchr(endpoint, ']') : NULL;
	size_t len = close ? (size_t)(close + 1 - endpoint) : strcspn(endpoint, ":");
	const char *port = endpoint + len;
	if (!*port || !strcmp(port, ":80") || !strcmp(port, ":443"))
		return len;
	size_t digits = strspn(port + 1, "0123456789");
	return any_port && *port == ':' && digits && digits < 6 && !port[1 + digits] ? len : 0;
}
