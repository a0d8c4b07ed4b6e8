/* config_objects - JSON objects of each kind, read and handed to the compiler. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"
#include "model_json.h"

/* Reads one object at source->place and gives it to the compiler; what is wrong with it becomes
 * faults. */
typedef void config_object_reader(const struct json_source *source, json_t *json,
				  struct compiler *compiler);
config_object_reader config_object_footprint, config_object_cdn, config_object_node,
	config_object_dri, config_object_zone, config_object_distinguished, config_object_scope;

/* NULL: no such kind. Kinds: "footprint", "cdn", "node", "dri", "zone", "distinguished",
 * "scope". */
config_object_reader *config_object_kind(const char *kind);
