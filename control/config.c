/* config - a configuration file and its table files, read into settings and a compiler. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "config_advertise.h"
#include "config_http.h"
#include "config_metadata.h"
#include "config_objects.h"
#include "config_peers.h"
#include "config_settings.h"
#include "config_signing.h"
#include "config_tree.h"
#include "lib/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lists of objects, in the order in which the compiler wants them; the fallback is one by itself. */
static const struct {
	const char *key;
	enum object_kind kind;
} lists[] = {
	{"footprints", OBJECT_FOOTPRINT},
	{"cdns", OBJECT_CDN},
	{"nodes", OBJECT_NODE},
	{"dris", OBJECT_DRI},
	{"adverts", OBJECT_ADVERT},
	{"zones", OBJECT_ZONE},
	{"distinguished", OBJECT_DISTINGUISHED},
	{"fallback", OBJECT_FALLBACK},
	{"scopes", OBJECT_SCOPE},
};
enum { N_LISTS = sizeof(lists) / sizeof(lists[0]) };

struct config_file {
	char *path;
	struct place place;
};

struct config_files {
	struct config_file *list;
	size_t n, cap;
};

struct config_reading {
	json_t *tree;
	struct json_places places;
	struct json_source source;
	struct json_in root;
	struct config_files tables, geo;
	const char **geo_paths;
	size_t list, item; /* where the reading is: lists, then tables */
	size_t file;
	bool late_fallback; /* its target comes in a table file */
	struct config_tables *open;
};

/* A path that does not start with '/' counts from the folder of the configuration file. NULL: no
 * memory. */
static char *resolve(const char *config_path, const char *path)
{
	const char *slash = strrchr(config_path, '/');
	int folder = path[0] == '/' || !slash ? 0 : (int)(slash - config_path + 1);
	char *resolved;
	return asprintf(&resolved, "%.*s%s", folder, config_path, path) < 0 ? NULL : resolved;
}

static void read_files(struct json_in *in, const char *key, const char *config_path,
		       struct config_files *files)
{
	json_t *list = json_in_list(in, key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *value = json_array_get(list, i);
		const char *path = json_in_text_of(in, value, key);
		struct config_file *all =
			array_reserve(files->list, &files->cap, files->n + 1, sizeof(*all));
		files->list = all ? all : files->list;
		char *resolved = path && all ? resolve(config_path, path) : NULL;
		if (resolved)
			all[files->n++] = (struct config_file){
				resolved, json_place_of(in->source->places, value, in->place)};
		else if (path)
			json_in_fault(in, value, "no memory");
	}
}

static void read_geo(struct config_reading *reading, const char *path)
{
	struct json_in in;
	json_t *group = json_in_object(&reading->root, "geo");
	if (!group)
		return;
	json_in_begin(&in, reading->root.source, group, reading->root.place, "geo");
	read_files(&in, "databases", path, &reading->geo);
	json_in_end(&in);
	reading->geo_paths = calloc(reading->geo.n + 1, sizeof(char *));
	for (size_t i = 0; reading->geo_paths && i < reading->geo.n; i++)
		reading->geo_paths[i] = reading->geo.list[i].path;
}

/* So that members nobody knows are found at once. */
static void name_lists(struct json_in *root)
{
	for (size_t i = 0; i < N_LISTS; i++) {
		if (lists[i].kind == OBJECT_FALLBACK)
			json_in_object(root, lists[i].key);
		else
			json_in_list(root, lists[i].key);
	}
}

struct config_reading *config_open(const char *path, struct settings *settings,
				   struct faults *faults)
{
	struct config_reading *reading = calloc(1, sizeof(*reading));
	const char *file = json_place_file(path);
	*settings = (struct settings){0};
	if (!reading || !file) {
		faults_add(faults, (struct place){NULL, 0}, "no memory for the configuration");
		free(reading);
		return NULL;
	}
	reading->tree = config_tree_read(path, &reading->places, faults);
	if (!reading->tree) {
		config_close(reading);
		return NULL;
	}
	reading->source = (struct json_source){faults, &reading->places, {file, 0}, NULL};
	json_in_begin(&reading->root, &reading->source, reading->tree, reading->source.place,
		      "configuration");
	config_settings_read(&reading->root, settings);
	config_http_read(&reading->root, path, &settings->http);
	config_peers_read(&reading->root, path, settings);
	config_advertise_check(&reading->root, settings);
	config_metadata_check(&reading->root, &settings->peers);
	config_signing_read(&reading->root, path, &settings->signing);
	read_geo(reading, path);
	name_lists(&reading->root);
	read_files(&reading->root, "tables", path, &reading->tables);
	json_in_end(&reading->root);
	return reading;
}

static void files_clear(struct config_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->list[i].path);
	free(files->list);
}

void config_close(struct config_reading *reading)
{
	if (!reading)
		return;
	config_tables_close(reading->open);
	files_clear(&reading->tables);
	files_clear(&reading->geo);
	free(reading->geo_paths);
	json_decref(reading->tree);
	json_place_clear(&reading->places);
	free(reading);
}

size_t config_geo(const struct config_reading *reading, const char *const **paths,
		  struct place *place)
{
	*paths = (const char *const *)reading->geo_paths;
	*place = reading->geo.n ? reading->geo.list[0].place : reading->root.place;
	return reading->geo_paths ? reading->geo.n : 0;
}

const char *config_file(const struct config_reading *reading, size_t i)
{
	if (i < reading->tables.n)
		return reading->tables.list[i].path;
	i -= reading->tables.n;
	return i < reading->geo.n ? reading->geo.list[i].path : NULL;
}

/* --- Objects -------------------------------------------------------------------------------- */

static void read_object(struct config_reading *reading, enum object_kind kind, json_t *json,
			struct compiler *compiler)
{
	struct json_source source = reading->source;
	source.place = json_place_of(source.places, json, reading->root.place);
	config_object_read(&source, kind, json, compiler);
}

/* Is what the fallback names there already? */
static bool fallback_known(json_t *json, const struct compiler *compiler)
{
	const char *cdn = json_string_value(json_object_get(json, "cdn"));
	const char *node = json_string_value(json_object_get(json, "node"));
	const char *name = cdn ? cdn : node;
	return !name ||
	       object_find(compiler_objects(compiler), cdn ? OBJECT_CDN : OBJECT_NODE, name);
}

static void read_fallback(struct config_reading *reading, bool late, struct compiler *compiler)
{
	json_t *json = json_object_get(reading->tree, "fallback");
	if (!json_is_object(json))
		return;
	if (!late && !fallback_known(json, compiler))
		reading->late_fallback = true;
	else if (!late || reading->late_fallback)
		read_object(reading, OBJECT_FALLBACK, json, compiler);
}

static void read_item(struct config_reading *reading, struct compiler *compiler)
{
	json_t *list = json_object_get(reading->tree, lists[reading->list].key);
	if (lists[reading->list].kind == OBJECT_FALLBACK)
		read_fallback(reading, false, compiler);
	else if (reading->item < json_array_size(list)) {
		read_object(reading, lists[reading->list].kind,
			    json_array_get(list, reading->item++), compiler);
		return;
	}
	reading->list++;
	reading->item = 0;
}

static void read_tables(struct config_reading *reading, struct compiler *compiler, unsigned objects)
{
	struct faults *faults = reading->source.faults;
	const struct config_file *file = &reading->tables.list[reading->file];
	if (!reading->open)
		reading->open = config_tables_open(file->path, faults, file->place);
	if (reading->open && config_tables_read(reading->open, compiler, faults, objects))
		return;
	config_tables_close(reading->open);
	reading->open = NULL;
	reading->file++;
}

bool config_read(struct config_reading *reading, struct compiler *compiler, struct faults *faults,
		 unsigned objects)
{
	reading->source.faults = faults;
	if (compiler_exhausted(compiler))
		return false;
	while (reading->list < N_LISTS && objects) {
		read_item(reading, compiler);
		objects--;
	}
	if (reading->list == N_LISTS && reading->file < reading->tables.n)
		read_tables(reading, compiler, objects + 1);
	if (reading->list < N_LISTS || reading->file < reading->tables.n)
		return true;
	read_fallback(reading, true, compiler);
	return false;
}

struct config_tables_progress config_progress(const struct config_reading *reading)
{
	struct config_tables_progress progress = {0};
	if (reading->open)
		config_tables_progress(reading->open, &progress);
	return progress;
}
