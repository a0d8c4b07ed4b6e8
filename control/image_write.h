/* image_write - the inside of image_write.c and image_write_scope.c. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "image_file.h"

/* Numbers in an image by places in lib/slots.h. */
struct image_places {
	uint32_t *numbers;
	size_t cap;
	uint32_t n; /* numbered ones */
};

/* Numbers in an image by address: of scopes, and those of the targets that DRIs and adverts belong to. Open addressing. */
struct image_numbers {
	struct image_number {
		const void *at;
		uint32_t number;
	} * list;
	size_t size; /* a power of two, twice as many as there are */
};

/* Room for n. false: no memory. */
bool image_numbers_begin(struct image_numbers *numbers, size_t n);
void image_number_put(struct image_numbers *numbers, const void *at, uint32_t number);
uint32_t image_number_of(const struct image_numbers *numbers, const void *at); /* 0: none */

struct image_writer {
	struct image_out out;
	const struct view *view;
	struct image_places targets, lists;
	uint8_t *named; /* by number of a list: 1 for those of objects */
	struct image_numbers numbers;
	uint32_t n_scopes;
	const char **files;
	size_t n_files, files_cap;
	const uint8_t **keys; /* of one scope */
	size_t keys_cap;
	const struct pattern_set **sets; /* of the lists that have one, in their order */
	size_t n_sets, sets_cap;
};

/* The number of a footprint; SCOPE_ANY_FOOTPRINT stays. */
uint32_t image_write_list_number(const struct image_writer *writer, uint32_t id);

void image_write_scope(struct image_writer *writer, const struct scope *scope);

/* The third section. */
void image_write_lists(struct image_writer *writer);

/* The last section. */
void image_write_databases(struct image_writer *writer);
