/* footprint_load - a footprint table made of lists that are in canonical form already, all at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "footprint.h"

/* The same table as footprint_take and footprint_add would make one list after the other. Lists come from outside: they are
 * checked. Control thread, but for footprint_load_build. */
struct footprint_load;
struct footprint_load *footprint_load_new(struct footprint_geo *geo); /* NULL: no memory */

/* Adds a list, given by its content (footprint_list_content); named: it is one of footprint_add. The i-th list, counted from 0,
 * gets the place i, which its id tells. */
enum footprint_load_result { FOOTPRINT_LOADED, FOOTPRINT_LOAD_DAMAGED, FOOTPRINT_LOAD_NO_MEMORY };
enum footprint_load_result footprint_load_add(struct footprint_load *load, const uint8_t *content,
					      size_t len, bool named, uint32_t *id);

/* Makes it searchable, which takes longest. After the last list; any thread. false: no memory. */
bool footprint_load_build(struct footprint_load *load);

/* How often a list is used; once, if it is not said. false: no memory. */
bool footprint_load_uses(struct footprint_load *load, uint32_t id, uint32_t uses);

/* The table, which the caller owns. After footprint_load_build. */
struct footprint_table *footprint_load_finish(struct footprint_load *load);
void footprint_load_free(struct footprint_load *load); /* NULL is fine */
