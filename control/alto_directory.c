/* alto_directory - information resource directories (RFC 7285 §9.2): read, with those that they name; searched; written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_directory.h"

#include "alto_media.h"
#include "alto_uri.h"
#include "alto_vtag.h"
#include "json_in.h"
#include "lib/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct alto_directory {
	char *documents[ALTO_DIRECTORIES_MAX]; /* URIs */
	json_t *bodies[ALTO_DIRECTORIES_MAX];  /* what the texts of the list belong to */
	size_t n_documents, n_read;
	struct alto_resource *list;
	size_t n, cap;
};

struct alto_directory *alto_directory_new(const char *uri)
{
	struct alto_directory *directory = calloc(1, sizeof(*directory));
	char *copy = directory ? strdup(uri) : NULL;
	if (!copy) {
		free(directory);
		return NULL;
	}
	directory->documents[directory->n_documents++] = copy;
	return directory;
}

void alto_directory_free(struct alto_directory *directory)
{
	if (!directory)
		return;
	for (size_t i = 0; i < directory->n_documents; i++) {
		free(directory->documents[i]);
		json_decref(directory->bodies[i]);
	}
	for (size_t i = 0; i < directory->n; i++)
		free((char *)directory->list[i].uri);
	free(directory->list);
	free(directory);
}

/* --- Documents -------------------------------------------------------------------------------- */

const char *alto_directory_next(const struct alto_directory *directory)
{
	return directory->n_read < directory->n_documents ? directory->documents[directory->n_read]
							  : NULL;
}

void alto_directory_skip(struct alto_directory *directory)
{
	directory->n_read++;
}

const struct alto_resource *alto_directory_find(const struct alto_directory *directory,
						const char *id)
{
	for (size_t i = 0; i < directory->n; i++)
		if (strcmp(directory->list[i].id, id) == 0)
			return &directory->list[i];
	return NULL;
}

const char *alto_directory_default_map(const struct alto_directory *directory)
{
	return json_string_value(json_object_get(json_object_get(directory->bodies[0], "meta"),
						 "default-alto-network-map"));
}

/* A directory within one: to be read as well, unless it was. */
static void put_document(struct alto_directory *directory, struct json_in *in, const char *uri)
{
	for (size_t i = 0; i < directory->n_documents; i++)
		if (strcmp(directory->documents[i], uri) == 0)
			return;
	char *copy = directory->n_documents < ALTO_DIRECTORIES_MAX ? strdup(uri) : NULL;
	if (copy)
		directory->documents[directory->n_documents++] = copy;
	else
		json_in_fault(in, NULL, "left out: no memory, or past %d directories",
			      ALTO_DIRECTORIES_MAX);
}

/* Takes the URI of the resource over. */
static bool put_resource(struct alto_directory *directory, const struct alto_resource *resource)
{
	struct alto_resource *list = NULL;
	if (directory->n < ALTO_RESOURCES_MAX)
		list = array_reserve(directory->list, &directory->cap, directory->n + 1,
				     sizeof(*list));
	if (list) {
		directory->list = list;
		list[directory->n++] = *resource;
		return true;
	}
	free((char *)resource->uri);
	return false;
}

static void read_resource(struct alto_directory *directory, const struct json_source *source,
			  const char *id, json_t *json)
{
	char what[ALTO_NAME_MAX + 16];
	struct json_in in;
	snprintf(what, sizeof(what), "resource %.64s", id);
	json_in_begin(&in, source, json, source->place, what);
	struct alto_resource resource = {.id = id};
	const char *uri = json_in_text(&in, "uri", JSON_IN_NEEDED);
	resource.media_type = json_in_text(&in, "media-type", JSON_IN_NEEDED);
	resource.accepts = json_in_text(&in, "accepts", JSON_IN_OPTIONAL);
	resource.uses = json_in_list(&in, "uses");
	resource.capabilities = json_in_object(&in, "capabilities");
	if (!alto_name_ok(id))
		json_in_fault(&in, NULL, "its ID is not one: expected 1 to %d of A-Z a-z 0-9 -:@_.",
			      ALTO_NAME_MAX);
	else if (alto_directory_find(directory, id))
		json_in_fault(&in, NULL, "its ID is given to another resource already");
	if (!json_in_good(&in))
		return;
	resource.uri = alto_uri_resolve(directory->documents[directory->n_read], uri);
	if (!resource.uri) {
		json_in_fault(&in, NULL, "uri: '%.200s' leads to no http or https URI", uri);
		return;
	}
	if (alto_media_is(resource.media_type, ALTO_DIRECTORY))
		put_document(directory, &in, resource.uri);
	if (!put_resource(directory, &resource))
		json_in_fault(&in, NULL, "left out: no memory, or past %d resources",
			      ALTO_RESOURCES_MAX);
}

bool alto_directory_read(struct alto_directory *directory, json_t *body, struct faults *faults)
{
	struct json_source source = {.faults = faults};
	const char *id;
	json_t *json, *resources = json_object_get(body, "resources");
	bool is_directory = json_is_object(resources);
	if (is_directory)
		directory->bodies[directory->n_read] = json_incref(body);
	else
		faults_add(faults, source.place,
			   "directory: expected an object with \"resources\" (RFC 7285 section "
			   "9.2.2)");
	json_object_foreach (resources, id, json)
		read_resource(directory, &source, id, json);
	directory->n_read++;
	return is_directory;
}

/* --- Choosing --------------------------------------------------------------------------------- */

static bool uses(const struct alto_resource *resource, const char *id)
{
	for (size_t i = 0; i < json_array_size(resource->uses); i++) {
		const char *used = json_string_value(json_array_get(resource->uses, i));
		if (used && strcmp(used, id) == 0)
			return true;
	}
	return false;
}

static bool is_advertisement(const struct alto_resource *resource)
{
	return alto_media_is(resource->media_type, ALTO_CDNI) && !resource->accepts;
}

static const struct alto_resource *find_advertisement(const struct alto_directory *directory,
						      const char *id)
{
	for (size_t i = 0; i < directory->n; i++) {
		const struct alto_resource *resource = &directory->list[i];
		if (is_advertisement(resource) && (!id || strcmp(resource->id, id) == 0))
			return resource;
	}
	return NULL;
}

/* One that says which advertisement it filters has to name this one. */
static const struct alto_resource *find_filtered(const struct alto_directory *directory,
						 const char *id)
{
	for (size_t i = 0; i < directory->n; i++) {
		const struct alto_resource *resource = &directory->list[i];
		if (alto_media_is(resource->media_type, ALTO_CDNI) &&
		    alto_media_is_filter(resource->accepts) &&
		    (!json_array_size(resource->uses) || uses(resource, id)))
			return resource;
	}
	return NULL;
}

/* The map that the advertisement uses; NULL with *missing NULL: it uses none. */
static const struct alto_resource *find_map(const struct alto_directory *directory,
					    const struct alto_resource *advertisement,
					    const char **missing)
{
	*missing = NULL;
	for (size_t i = 0; i < json_array_size(advertisement->uses); i++) {
		const char *id = json_string_value(json_array_get(advertisement->uses, i));
		const struct alto_resource *used = id ? alto_directory_find(directory, id) : NULL;
		if (used && alto_media_is(used->media_type, ALTO_NETWORK_MAP))
			return used;
		if (!used)
			*missing = id ? id : "?";
	}
	return NULL;
}

/* One that covers the map as well is better: both then change together. */
static const struct alto_resource *find_stream(const struct alto_directory *directory,
					       const char *id, const char *map)
{
	const struct alto_resource *found = NULL;
	for (size_t i = 0; i < directory->n; i++) {
		const struct alto_resource *resource = &directory->list[i];
		if (!alto_media_is(resource->media_type, ALTO_EVENT_STREAM) ||
		    !alto_media_is(resource->accepts, ALTO_UPDATE_PARAMS) || !uses(resource, id))
			continue;
		if (!map || uses(resource, map))
			return resource;
		if (!found)
			found = resource;
	}
	return found;
}

static bool is_incremental(const struct alto_resource *stream, const char *id)
{
	const json_t *types =
		json_object_get(stream->capabilities, "incremental-change-media-types");
	return alto_media_are_patches(json_string_value(json_object_get(types, id)));
}

bool alto_directory_choose(const struct alto_directory *directory, const char *id,
			   struct alto_choice *choice, char *err, size_t err_len)
{
	const char *missing;
	*choice = (struct alto_choice){.advertisement = find_advertisement(directory, id)};
	if (!choice->advertisement) {
		snprintf(err, err_len, "the directory has no CDNI advertisement%s%.64s",
			 id ? " " : "", id ? id : "");
		return false;
	}
	id = choice->advertisement->id;
	choice->network_map = find_map(directory, choice->advertisement, &missing);
	if (!choice->network_map && missing) {
		snprintf(err, err_len, "%s uses '%.64s', which the directory does not have", id,
			 missing);
		return false;
	}
	const char *map = choice->network_map ? choice->network_map->id : NULL;
	choice->filtered = find_filtered(directory, id);
	choice->stream = find_stream(directory, id, map);
	if (!choice->stream)
		return true;
	choice->map_in_stream = map && uses(choice->stream, map);
	choice->stream_control = json_is_true(
		json_object_get(choice->stream->capabilities, "support-stream-control"));
	choice->incremental = is_incremental(choice->stream, id);
	choice->map_incremental = choice->map_in_stream && is_incremental(choice->stream, map);
	return true;
}

/* --- Writing ---------------------------------------------------------------------------------- */

/* json_pack takes an optional text that there is no memory for as one that is not there. */
static bool put_text(json_t *object, const char *key, const char *text)
{
	return !text || json_object_set_new(object, key, json_string(text)) == 0;
}

static json_t *write_resource(const struct alto_resource *resource)
{
	json_t *json = json_pack("{s:s, s:s, s:O*, s:O*}", "uri", resource->uri, "media-type",
				 resource->media_type, "uses", resource->uses, "capabilities",
				 resource->capabilities);
	if (put_text(json, "accepts", resource->accepts))
		return json;
	json_decref(json);
	return NULL;
}

json_t *alto_directory_write(const struct alto_resource *list, size_t n, const char *default_map)
{
	json_t *meta = json_object(), *resources = json_object();
	bool done = meta && resources && put_text(meta, "default-alto-network-map", default_map);
	for (size_t i = 0; done && i < n; i++)
		done = json_object_set_new(resources, list[i].id, write_resource(&list[i])) == 0;
	if (done)
		return json_pack("{s:o, s:o}", "meta", meta, "resources", resources);
	json_decref(meta);
	json_decref(resources);
	return NULL;
}
