/* config_objects - JSON objects of each kind, read and handed to the compiler. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_objects.h"

#include <string.h>

void config_object_footprint(const struct json_source *source, json_t *json,
			     struct compiler *compiler)
{
	struct model_footprint_name footprint;
	if (model_json_footprint_name(source, json, &footprint))
		compiler_add_footprint(compiler, &footprint, source->place);
	model_json_footprint_name_clear(&footprint);
}

void config_object_cdn(const struct json_source *source, json_t *json, struct compiler *compiler)
{
	struct model_target target;
	if (model_json_target(source, json, TARGET_CDN, &target))
		compiler_add_target(compiler, &target, source->place);
}

void config_object_node(const struct json_source *source, json_t *json, struct compiler *compiler)
{
	struct model_target target;
	if (model_json_target(source, json, TARGET_NODE, &target))
		compiler_add_target(compiler, &target, source->place);
}

void config_object_dri(const struct json_source *source, json_t *json, struct compiler *compiler)
{
	struct model_dri dri;
	if (model_json_dri(source, json, &dri))
		compiler_add_dri(compiler, &dri, source->place);
	model_json_dri_clear(&dri);
}

void config_object_zone(const struct json_source *source, json_t *json, struct compiler *compiler)
{
	struct model_zone zone;
	if (model_json_zone(source, json, &zone))
		compiler_add_zone(compiler, &zone, source->place);
	model_json_zone_clear(&zone);
}

void config_object_distinguished(const struct json_source *source, json_t *json,
				 struct compiler *compiler)
{
	struct model_distinguished distinguished;
	if (model_json_distinguished(source, json, &distinguished))
		compiler_add_distinguished(compiler, &distinguished, source->place);
}

void config_object_scope(const struct json_source *source, json_t *json, struct compiler *compiler)
{
	struct model_scope scope;
	if (model_json_scope(source, json, &scope))
		compiler_add_scope(compiler, &scope, source->place);
	model_json_scope_clear(&scope);
}

config_object_reader *config_object_kind(const char *kind)
{
	static const struct {
		const char *kind;
		config_object_reader *read;
	} kinds[] = {
		{"footprint", config_object_footprint},
		{"cdn", config_object_cdn},
		{"node", config_object_node},
		{"dri", config_object_dri},
		{"zone", config_object_zone},
		{"distinguished", config_object_distinguished},
		{"scope", config_object_scope},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].kind, kind))
			return kinds[i].read;
	return NULL;
}
