/* compile - takes the objects of a model in, one by one, checks each against the others, and makes tables of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"
#include "lib/tables.h"
#include "model.h"

/* Objects are named before they are used: footprints, targets and DRIs before scopes. Control thread. An object that is
 * refused adds its faults to the list, and compiler_finish then gives nothing. Nothing of the object is kept by reference, but
 * `place.file`, which must outlive the tables. */
struct compiler;

struct compiler *compiler_new(struct faults *faults); /* NULL: no memory */
void compiler_free(struct compiler *compiler);

void compiler_add_geo(struct compiler *compiler, const char *path, struct place place);
void compiler_add_footprint(struct compiler *compiler, const struct model_footprint_name *footprint,
			    struct place place);
void compiler_add_target(struct compiler *compiler, const struct model_target *target,
			 struct place place);
void compiler_add_dri(struct compiler *compiler, const struct model_dri *dri, struct place place);
void compiler_add_zone(struct compiler *compiler, const struct model_zone *zone,
		       struct place place);
void compiler_add_distinguished(struct compiler *compiler, const struct model_distinguished *d,
				struct place place);
void compiler_add_scope(struct compiler *compiler, const struct model_scope *scope,
			struct place place);
void compiler_set_fallback(struct compiler *compiler, const struct model_target_ref *target,
			   struct place place);

/* Says once that memory ran out while `what` was taken in. From then on the compiler takes nothing more in, and there is no
 * use in reading on. */
void compiler_no_memory(struct compiler *compiler, struct place place, const char *what);
bool compiler_exhausted(const struct compiler *compiler);

/* What was taken in so far; NULL when there were faults. n_workers scratch spaces are made. The compiler can
 * then only be freed. */
struct tables *compiler_finish(struct compiler *compiler, unsigned n_workers);

/* States as configured, by target index; valid until compiler_free. */
const uint8_t *compiler_states(const struct compiler *compiler);
