/* config_tree - a libconfig file as a JSON value, with the place of each part. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_place.h"

/* Groups become objects, lists and arrays become arrays. NULL: the file cannot be read, is not in
 * libconfig's syntax, or holds a number that libconfig would cut off; faults say which. The caller
 * gives the reference back and clears places. */
json_t *config_tree_read(const char *path, struct json_places *places, struct faults *faults);
