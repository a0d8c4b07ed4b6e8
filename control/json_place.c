/* json_place - where each JSON value was said, kept beside the values. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_place.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct json_place {
	const json_t *value;
	struct place place;
};

bool json_place_add(struct json_places *places, const json_t *value, struct place place)
{
	if (json_is_boolean(value) || json_is_null(value))
		return true;
	if (places->n == places->room) {
		size_t room = places->room ? 2 * places->room : 256;
		struct json_place *list = realloc(places->list, room * sizeof(*list));
		if (!list)
			return false;
		places->list = list;
		places->room = room;
	}
	places->list[places->n++] = (struct json_place){value, place};
	return true;
}

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct json_place *)a)->value;
	uintptr_t y = (uintptr_t)((const struct json_place *)b)->value;
	return x < y ? -1 : x > y;
}

void json_place_sort(struct json_places *places)
{
	if (places->n)
		qsort(places->list, places->n, sizeof(*places->list), by_address);
}

void json_place_clear(struct json_places *places)
{
	free(places->list);
	*places = (struct json_places){0};
}

struct place json_place_of(const struct json_places *places, const json_t *value,
			   struct place otherwise)
{
	struct json_place key = {.value = value};
	if (!places || !places->n)
		return otherwise;
	const struct json_place *found =
		bsearch(&key, places->list, places->n, sizeof(key), by_address);
	return found ? found->place : otherwise;
}

static struct known_file {
	struct known_file *next;
	char name[];
} * known_files;
static pthread_mutex_t known_files_lock = PTHREAD_MUTEX_INITIALIZER;

static const char *known_file(const char *name)
{
	for (const struct known_file *file = known_files; file; file = file->next)
		if (!strcmp(file->name, name))
			return file->name;
	size_t size = strlen(name) + 1;
	struct known_file *file = malloc(sizeof(*file) + size);
	if (!file)
		return NULL;
	memcpy(file->name, name, size);
	file->next = known_files;
	known_files = file;
	return file->name;
}

const char *json_place_file(const char *name)
{
	pthread_mutex_lock(&known_files_lock);
	const char *file = known_file(name);
	pthread_mutex_unlock(&known_files_lock);
	return file;
}
