/* config - a configuration file and its table files, read into settings and a compiler. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "config_objects.h"
#include "config_settings.h"
#include "config_tables.h"
#include "config_tree.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A path that does not start with '/' counts from the folder of the configuration file. NULL: no
 * memory. */
static char *resolve(const char *config_path, const char *path)
{
	const char *slash = strrchr(config_path, '/');
	int folder = path[0] == '/' || !slash ? 0 : (int)(slash - config_path + 1);
	char *resolved;
	return asprintf(&resolved, "%.*s%s", folder, config_path, path) < 0 ? NULL : resolved;
}

typedef void file_reader(const char *path, struct compiler *compiler, struct json_source *source,
			 struct place place);

static void each_file(struct json_in *in, const char *key, const char *config_path,
		      struct compiler *compiler, file_reader *read)
{
	json_t *list = json_in_list(in, key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *value = json_array_get(list, i);
		const char *path = json_in_text_of(in, value, key);
		char *resolved = path ? resolve(config_path, path) : NULL;
		struct json_source source = *in->source;
		if (resolved)
			read(resolved, compiler, &source,
			     json_place_of(source.places, value, in->place));
		else if (path)
			json_in_fault(in, value, "no memory");
		free(resolved);
	}
}

static void read_geo_file(const char *path, struct compiler *compiler, struct json_source *source,
			  struct place place)
{
	(void)source;
	compiler_add_geo(compiler, path, place);
}

static void read_geo(struct json_in *root, const char *path, struct compiler *compiler)
{
	json_t *group = json_in_object(root, "geo");
	if (!group)
		return;
	struct json_in in;
	json_in_begin(&in, root->source, group, root->place, "geo");
	each_file(&in, "databases", path, compiler, read_geo_file);
	json_in_end(&in);
}

/* The lists of objects, in the order in which the compiler wants them. */
static const struct {
	const char *key;
	config_object_reader *read;
} lists[] = {
	{"footprints", config_object_footprint}, {"cdns", config_object_cdn},
	{"nodes", config_object_node},           {"dris", config_object_dri},
	{"zones", config_object_zone},           {"distinguished", config_object_distinguished},
	{"scopes", config_object_scope},
};

static void read_objects(struct json_in *root, const char *path, struct compiler *compiler)
{
	read_geo(root, path, compiler);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		json_t *list = json_in_list(root, lists[i].key);
		for (size_t j = 0; j < json_array_size(list); j++) {
			json_t *json = json_array_get(list, j);
			struct json_source source = *root->source;
			source.place = json_place_of(source.places, json, root->place);
			lists[i].read(&source, json, compiler);
		}
	}
	each_file(root, "tables", path, compiler, config_tables_read);

	struct model_target_ref fallback;
	if (model_json_target_ref(root, "fallback", &fallback) && fallback.name)
		compiler_set_fallback(compiler, &fallback,
				      json_place_of(root->source->places,
						    json_object_get(root->object, "fallback"),
						    root->place));
}

bool config_load(const char *path, struct settings *settings, struct compiler *compiler,
		 struct faults *faults)
{
	size_t before = faults->total;
	struct json_places places = {0};
	json_t *tree = config_tree_read(path, &places, faults);
	*settings = (struct settings){0};
	if (tree) {
		struct json_source source = {faults, &places, {json_place_file(path), 0}};
		struct json_in root;
		json_in_begin(&root, &source, tree, source.place, "configuration");
		config_settings_read(&root, settings);
		read_objects(&root, path, compiler);
		json_in_end(&root);
	}
	json_decref(tree);
	json_place_clear(&places);
	return faults->total == before;
}
