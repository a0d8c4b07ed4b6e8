/* object - one thing that was configured, learnt or set: what was said, where, and what was made of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "object.h"

#include "view.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[OBJECT_KINDS] = {
	[OBJECT_FOOTPRINT] = "footprint", [OBJECT_CDN] = "cdn",
	[OBJECT_NODE] = "node",           [OBJECT_DRI] = "dri",
	[OBJECT_ZONE] = "zone",           [OBJECT_DISTINGUISHED] = "distinguished",
	[OBJECT_STATE] = "state",         [OBJECT_FALLBACK] = "fallback",
	[OBJECT_SCOPE] = "scope",         [OBJECT_ADVERT] = "advert",
};

const char *object_kind_name(enum object_kind kind)
{
	return kinds[kind];
}

bool object_kind_parse(const char *text, enum object_kind *kind)
{
	for (unsigned i = 0; i < OBJECT_KINDS; i++) {
		if (strcmp(kinds[i], text) == 0) {
			*kind = (enum object_kind)i;
			return true;
		}
	}
	return false;
}

bool object_same(const struct object *a, const struct object *b)
{
	if (a == b || !a || !b)
		return a == b;
	return a->removed == b->removed && a->runtime == b->runtime && a->set == b->set &&
	       a->order == b->order && strcmp(object_json(a), object_json(b)) == 0;
}

struct object *object_new(enum object_kind kind, const char *name, const char *json)
{
	size_t name_len = strlen(name), json_len = strlen(json);
	struct object *object = malloc(sizeof(*object) + name_len + json_len + 2);
	if (!object)
		return NULL;
	*object = (struct object){.refs = 1, .kind = (uint8_t)kind, .name_len = (uint32_t)name_len};
	memcpy(object->name, name, name_len + 1);
	memcpy(object->name + name_len + 1, json, json_len + 1);
	return object;
}

struct object *object_copy(const struct object *object)
{
	struct object *copy =
		object_new((enum object_kind)object->kind, object->name, object_json(object));
	if (!copy)
		return NULL;
	memcpy(copy, object, sizeof(*copy));
	copy->refs = 1;
	if (copy->kind == OBJECT_SCOPE && copy->made.scope)
		copy->made.scope->refs++;
	else if (copy->kind == OBJECT_ZONE && copy->made.zone)
		copy->made.zone->refs++;
	else if (copy->kind == OBJECT_DRI && copy->made.dri)
		copy->made.dri->refs++;
	else if (copy->kind == OBJECT_ADVERT && copy->made.advert)
		copy->made.advert->refs++;
	else if (copy->kind == OBJECT_DISTINGUISHED && copy->made.distinguished)
		copy->made.distinguished->refs++;
	return copy;
}

void object_retain(struct object *object)
{
	object->refs++;
}

void object_release(struct object *object)
{
	if (--object->refs)
		return;
	if (object->kind == OBJECT_SCOPE && object->made.scope)
		scope_release(object->made.scope);
	else if (object->kind == OBJECT_ZONE && object->made.zone)
		zone_release(object->made.zone);
	else if (object->kind == OBJECT_DRI && object->made.dri)
		dri_release(object->made.dri);
	else if (object->kind == OBJECT_ADVERT && object->made.advert)
		advert_release(object->made.advert);
	else if (object->kind == OBJECT_DISTINGUISHED && object->made.distinguished)
		distinguished_release(object->made.distinguished);
	free(object);
}

static void retain(void *object)
{
	object_retain(object);
}

static void release(void *object)
{
	object_release(object);
}

const struct trie_ops object_ops = {retain, release};

size_t object_key(enum object_kind kind, const char *name, uint8_t key[OBJECT_KEY_MAX])
{
	size_t len = strlen(name);
	if (len > OBJECT_NAME_MAX)
		return 0;
	key[0] = (uint8_t)kind;
	memcpy(key + 1, name, len);
	return len + 1;
}

struct object *object_find(const struct trie_node *objects, enum object_kind kind, const char *name)
{
	uint8_t key[OBJECT_KEY_MAX];
	size_t len = object_key(kind, name, key);
	return len ? trie_get(objects, key, len) : NULL;
}
