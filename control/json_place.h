/* json_place - where each JSON value was said, kept beside the values. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"

#include <jansson.h>
#include <stdbool.h>

/* All zero is empty. Filled first, then sorted once, then asked. Control thread. */
struct json_places {
	struct json_place *list;
	size_t n, room;
};

/* false: no memory. true, false and null are one value each in jansson and are not kept. */
bool json_place_add(struct json_places *places, const json_t *value, struct place place);
void json_place_sort(struct json_places *places);
void json_place_clear(struct json_places *places);

/* `otherwise` when the value is not known or places is NULL. */
struct place json_place_of(const struct json_places *places, const json_t *value,
			   struct place otherwise);

/* A copy of a file name that lives as long as the process; the same one for the same name. NULL: no
 * memory. */
const char *json_place_file(const char *name);
