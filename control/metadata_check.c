/* metadata_check - a whole tree of CDNI metadata, looked at before it is served to others. RFC 8006 §4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "metadata_check.h"

#include "lib/pattern_set.h"
#include "lib/request.h"
#include "metadata_acl.h"
#include "metadata_tree.h"

#include <string.h>
#include <strings.h>

enum { LEVELS_MAX = 32, HOST_NAME_MAX = 255 };

static bool has_link(const json_t *value, unsigned depth)
{
	const char *key;
	json_t *inner;
	size_t i;
	if (json_object_get(value, "href") || depth > 2 * LEVELS_MAX)
		return true;
	json_object_foreach ((json_t *)value, key, inner)
		if (has_link(inner, depth + 1))
			return true;
	json_array_foreach (value, i, inner)
		if (has_link(inner, depth + 1))
			return true;
	return false;
}

static void check_list(const struct json_source *source, const struct metadata_generic *generic)
{
	struct metadata_acl acl = {0};
	if (!strcasecmp(generic->type, "MI.LocationACL"))
		metadata_acl_locations(source, generic->value, NULL, &acl);
	else if (!strcasecmp(generic->type, "MI.TimeWindowACL"))
		metadata_acl_times(source, generic->value, &acl);
	else if (!strcasecmp(generic->type, "MI.ProtocolACL"))
		metadata_acl_protocols(source, generic->value, &acl);
	metadata_acl_clear(&acl);
}

/* The tree has the right form otherwise. */
static void check_level(const struct json_source *source, json_t *metadata)
{
	char regex[PATTERN_REGEX_MAX], err[256];
	json_t *one;
	size_t i;
	json_array_foreach (json_object_get(metadata, "metadata"), i, one) {
		const char *type = json_string_value(json_object_get(one, "generic-metadata-type"));
		const struct metadata_generic generic = {
			type, json_object_get(one, "generic-metadata-value"), false, false};
		check_list(source, &generic);
	}
	json_array_foreach (json_object_get(metadata, "paths"), i, one) {
		struct metadata_path path;
		if (!metadata_tree_path(source, one, &path))
			continue;
		if (pattern_regex(path.pattern, regex, sizeof(regex), err, sizeof(err)))
			faults_add(source->faults, source->place, "PatternMatch: %s", err);
		check_level(source, path.metadata);
	}
}

static void check_host(const struct json_source *source, json_t *match, json_t *seen)
{
	struct json_in in;
	struct request key;
	size_t before = source->faults->total;
	bool blocked;
	json_in_begin(&in, source, match, source->place, "HostMatch");
	const char *host = json_in_text(&in, "host", JSON_IN_NEEDED);
	json_t *metadata = json_in_object(&in, "host-metadata");
	size_t len = host ? metadata_tree_host_len(host, true) : 0;
	if (host && (!len || strlen(host) > HOST_NAME_MAX ||
		     !request_key_host(&key, (const uint8_t *)host, len)))
		json_in_fault(&in, NULL, "host: '%.255s' is no host name or address", host);
	else if (host && json_object_get(seen, host))
		json_in_fault(&in, NULL, "host: '%s' comes twice", host);
	else if (host && json_object_set_new(seen, host, json_true()))
		json_in_fault(&in, NULL, "no memory");
	if (in.object && !metadata && source->faults->total == before)
		json_in_fault(&in, NULL, "'host-metadata' is missing");
	if (source->faults->total == before &&
	    metadata_tree_check(source, metadata, NULL, 0, &blocked))
		check_level(source, metadata);
	if (source->faults->total > before)
		faults_add(source->faults, source->place, "these are faults of the host %.255s",
			   host ? host : "without a name");
}

bool metadata_check(const struct json_source *source, json_t *tree)
{
	struct json_in in;
	size_t before = source->faults->total, i;
	json_t *match, *seen = json_object();
	json_in_begin(&in, source, tree, source->place, "HostIndex");
	json_t *hosts = json_in_list(&in, "hosts");
	if (in.object && !hosts)
		json_in_fault(&in, NULL, "'hosts' is missing");
	if (in.object && has_link(tree, 0))
		json_in_fault(&in, NULL,
			      "a link (\"href\"), or too many objects within each other: put "
			      "what it links to in its place; the links are made by turnoutd");
	if (!seen)
		json_in_fault(&in, NULL, "no memory");
	if (source->faults->total == before)
		json_array_foreach (hosts, i, match)
			check_host(source, match, seen);
	json_decref(seen);
	return source->faults->total == before;
}
