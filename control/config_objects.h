/* config_objects - JSON objects of each kind, read and handed to the compiler. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "compile.h"
#include "lib/object.h"
#include "model_json.h"

/* Reads one object at source->place and gives it to the compiler, with its canonical JSON text; what is wrong with it becomes
 * faults, and the result false. */
bool config_object_read(const struct json_source *source, enum object_kind kind, json_t *json,
			struct compiler *compiler);

/* One line of a table file, {"scope": {...}}. */
bool config_object_line(const struct json_source *source, const char *line, size_t len,
			struct compiler *compiler);

/* Takes an object in again as it was said, with its place in the order: a compiler_again. */
bool config_object_again(struct compiler *compiler, const struct object *object,
			 struct faults *faults);
