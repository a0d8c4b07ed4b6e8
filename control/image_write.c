/* image_write - writes a view into an image. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "image_write.h"

#include "image_parts.h"
#include "lib/array.h"
#include "lib/footprint_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void no_memory(struct image_writer *writer)
{
	writer->out.error = ENOMEM;
}

/* --- Numbers ------------------------------------------------------------------------------------------------------- */

static struct image_number *slot_of(const struct image_numbers *numbers, const void *at)
{
	size_t i = (uintptr_t)at * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (numbers->size - 1);
	while (numbers->list[i].at && numbers->list[i].at != at)
		i = (i + 1) & (numbers->size - 1);
	return &numbers->list[i];
}

void image_number_put(struct image_numbers *numbers, const void *at, uint32_t number)
{
	*slot_of(numbers, at) = (struct image_number){at, number};
}

uint32_t image_number_of(const struct image_numbers *numbers, const void *at)
{
	return slot_of(numbers, at)->number;
}

bool image_numbers_begin(struct image_numbers *numbers, size_t n)
{
	numbers->size = 16;
	while (numbers->size < 2 * n)
		numbers->size *= 2;
	numbers->list = calloc(numbers->size, sizeof(*numbers->list));
	return numbers->list;
}

static bool make_numbers(struct image_writer *writer)
{
	const uint32_t *n_of = writer->view->n_of;
	return image_numbers_begin(&writer->numbers, (size_t)n_of[OBJECT_SCOPE] + n_of[OBJECT_DRI] +
							     n_of[OBJECT_ADVERT]);
}

static bool put_place(struct image_places *places, uint32_t place, uint32_t number)
{
	uint32_t *numbers =
		array_reserve(places->numbers, &places->cap, (size_t)place + 1, sizeof(*numbers));
	if (!numbers)
		return false;
	places->numbers = numbers;
	numbers[place] = number;
	places->n++;
	return true;
}

static bool number_lists(struct image_writer *writer)
{
	const struct slots_node *lists = writer->view->footprints->lists;
	bool done = true;
	for (uint32_t place = 0; done && slots_next(lists, &place); place++)
		done = put_place(&writer->lists, place, writer->lists.n);
	writer->named = calloc(writer->lists.n + 1u, 1);
	return done && writer->named;
}

/* Targets are numbered as they come; lists of objects are told from the others. */
static bool number_object(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct image_writer *writer = arg;
	const struct object *object = value;
	(void)len;
	if (object->removed)
		return true;
	if (key[0] == OBJECT_FOOTPRINT)
		writer->named[writer->lists.numbers[object->made.id >> 1]] = 1;
	if (key[0] != OBJECT_CDN && key[0] != OBJECT_NODE)
		return key[0] <= OBJECT_NODE;
	const struct target *target = view_target(writer->view, object->made.id);
	for (uint32_t i = 0; i < target->n_dris; i++)
		image_number_put(&writer->numbers, target->dris[i], writer->targets.n);
	for (uint32_t i = 0; i < target->n_adverts; i++)
		image_number_put(&writer->numbers, target->adverts[i], writer->targets.n);
	if (put_place(&writer->targets, object->made.id, writer->targets.n))
		return true;
	no_memory(writer);
	return false;
}

/* The number of a name of a set or file; those of the last ones are found first. */
static uint32_t file_number(struct image_writer *writer, const char *name)
{
	for (size_t i = writer->n_files; i-- > 0;)
		if (writer->files[i] == name)
			return (uint32_t)i;
	const char **files = array_reserve(writer->files, &writer->files_cap, writer->n_files + 1,
					   sizeof(*files));
	if (!files) {
		no_memory(writer);
		return 0;
	}
	writer->files = files;
	files[writer->n_files] = name;
	if (writer->n_files == UINT16_MAX - 1)
		writer->out.error = EOVERFLOW;
	return (uint32_t)writer->n_files++;
}

/* --- Sections ------------------------------------------------------------------------------------------------------ */

static void write_footprints(struct image_writer *writer)
{
	const struct slots_node *lists = writer->view->footprints->lists;
	for (uint32_t place = 0; slots_next(lists, &place); place++) {
		struct span content = footprint_list_content(slots_get(lists, place));
		struct image_footprint form = {content.len,
					       writer->named[writer->lists.numbers[place]]};
		image_out_bytes(&writer->out, &form, sizeof(form));
		image_out_bytes(&writer->out, content.at, content.len);
	}
}

static void write_footprint(struct image_writer *writer, const struct object *object)
{
	struct image_named form = {writer->lists.numbers[object->made.id >> 1], object->rank};
	image_out_bytes(&writer->out, &form, sizeof(form));
}

static void write_target(struct image_writer *writer, const struct object *object)
{
	const struct target *target = view_target(writer->view, object->made.id);
	struct image_target form = {target->configured, target->learnt, target->strategy};
	image_out_bytes(&writer->out, &form, sizeof(form));
	image_out_text(&writer->out, target->provider_id);
	image_out_text(&writer->out, target->excluded);
}

static void write_attached(struct image_writer *writer, const void *attached, uint32_t footprint)
{
	struct image_attached form = {image_number_of(&writer->numbers, attached),
				      image_write_list_number(writer, footprint)};
	image_out_bytes(&writer->out, &form, sizeof(form));
}

static void write_dri(struct image_writer *writer, const struct dri *dri)
{
	write_attached(writer, dri, dri->footprint);
	image_out_dri(&writer->out, dri);
}

static void write_advert(struct image_writer *writer, const struct advert *advert)
{
	struct image_advert form = {advert->offers, advert->capacity.soft, advert->type};
	write_attached(writer, advert, advert->footprint);
	image_out_bytes(&writer->out, &form, sizeof(form));
}

static void write_made(struct image_writer *writer, const struct object *object)
{
	struct image_out *out = &writer->out;
	uint8_t state = (uint8_t)object->made.id;
	switch ((enum object_kind)object->kind) {
	case OBJECT_FOOTPRINT:
		write_footprint(writer, object);
		break;
	case OBJECT_CDN:
	case OBJECT_NODE:
		write_target(writer, object);
		break;
	case OBJECT_DRI:
		write_dri(writer, object->made.dri);
		break;
	case OBJECT_ADVERT:
		write_advert(writer, object->made.advert);
		break;
	case OBJECT_ZONE:
		image_out_zone(out, object->made.zone);
		break;
	case OBJECT_DISTINGUISHED:
		image_out_distinguished(out, object->made.distinguished);
		break;
	case OBJECT_STATE:
		image_out_bytes(out, &state, 1);
		break;
	case OBJECT_FALLBACK:
		image_out_bytes(out, &writer->targets.numbers[object->made.id], sizeof(uint32_t));
		break;
	case OBJECT_SCOPE:
		image_number_put(&writer->numbers, object->made.scope, writer->n_scopes++);
		image_write_scope(writer, object->made.scope);
		break;
	case OBJECT_KINDS:
		break;
	}
}

static bool write_object(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct image_writer *writer = arg;
	const struct object *object = value;
	const char *json = object_json(object);
	/* A change that is under way may write these. */
	const char *file = __atomic_load_n(&object->file, __ATOMIC_RELAXED);
	bool over_base = __atomic_load_n(&object->over_base, __ATOMIC_RELAXED);
	struct image_object form = {
		.order = object->order,
		.line = __atomic_load_n(&object->line, __ATOMIC_RELAXED),
		.json_len = (uint32_t)strlen(json),
		.name_len = (uint16_t)object->name_len,
		.set = (uint16_t)file_number(writer, object->set),
		.file = file ? (uint16_t)(file_number(writer, file) + 1) : 0,
		.kind = object->kind,
		.flags = (uint8_t)(object->removed * IMAGE_REMOVED |
				   object->runtime * IMAGE_RUNTIME | over_base * IMAGE_OVER_BASE),
	};
	(void)key;
	(void)len;
	image_out_bytes(&writer->out, &form, sizeof(form));
	image_out_bytes(&writer->out, object->name, form.name_len + 1u + form.json_len + 1u);
	if (!object->removed)
		write_made(writer, object);
	return !writer->out.error;
}

static void write_sections(struct image_writer *writer)
{
	const struct view *view = writer->view;
	write_footprints(writer);
	image_out_next_section(&writer->out);
	trie_walk(view->objects, NULL, 0, write_object, writer);
	image_out_next_section(&writer->out);
	image_write_lists(writer);
	image_out_next_section(&writer->out);
	for (size_t i = 0; i < writer->n_files; i++)
		image_out_text(&writer->out, writer->files[i]);
	image_out_next_section(&writer->out);
	image_write_databases(writer);
}

int image_write(const struct view *view, const struct image_key *key, const char *path, char *err,
		size_t err_len)
{
	struct image_writer writer = {.view = view};
	image_out_open(&writer.out, path);
	writer.out.head.key = *key;
	writer.out.head.generation = view->generation;
	writer.out.head.created = view->created;
	if (!make_numbers(&writer) || !number_lists(&writer))
		no_memory(&writer);
	if (!writer.out.error)
		trie_walk(view->objects, NULL, 0, number_object, &writer);
	if (!writer.out.error)
		write_sections(&writer);
	free(writer.targets.numbers);
	free(writer.lists.numbers);
	free(writer.named);
	free(writer.numbers.list);
	free(writer.files);
	free(writer.keys);
	free(writer.sets);
	return image_out_close(&writer.out, err, err_len);
}
