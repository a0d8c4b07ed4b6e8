/* config_signing - the part of the configuration that is about signed URIs: whose keys are trusted, and which one is ours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_signing.h"

#include "config_peers.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_OCTETS = 255, REMEMBERED_MAX = 10000000, REMEMBERED = 100000 };

/* It stands in tokens, in one line of a policy, and in messages. */
static char *read_name(struct json_in *in, const char *key, enum json_in_need need)
{
	const char *text = json_in_text(in, key, need);
	if (text && strlen(text) > NAME_MAX_OCTETS)
		json_in_fault(in, json_object_get(in->object, key),
			      "%s: at most %d octets are possible", key, NAME_MAX_OCTETS);
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		json_in_fault(in, NULL, "no memory");
	return copy;
}

/* What both kinds of keys say. */
static void read_file(struct json_in *in, const char *config_path, struct signing_key *key)
{
	key->file = config_peers_path(in, "file", JSON_IN_NEEDED, config_path);
	key->kid = read_name(in, "kid", JSON_IN_OPTIONAL);
	key->shared = json_in_flag(in, "shared", false);
}

static void read_keys(struct json_in *root, const char *config_path,
		      struct signing_settings *settings)
{
	json_t *list = json_in_list(root, "keys");
	size_t n = json_array_size(list);
	json_in_not_empty(root, "keys", "issuer with its key file");
	if (n > SIGNING_KEYS_MAX) {
		json_in_fault(root, list, "keys: at most %d are possible", SIGNING_KEYS_MAX);
		return;
	}
	settings->keys = json_in_room(root, list, sizeof(*settings->keys), &settings->n_keys);
	for (size_t i = 0; i < settings->n_keys; i++) {
		struct json_in in;
		json_in_begin(&in, root->source, json_array_get(list, i), root->place, "key");
		settings->keys[i].issuer = read_name(&in, "issuer", JSON_IN_NEEDED);
		read_file(&in, config_path, &settings->keys[i]);
		json_in_end(&in);
	}
}

static void read_own(struct json_in *root, const char *config_path, struct signing_key *own)
{
	struct json_in in;
	json_t *group = json_in_object(root, "own-key");
	if (!json_object_get(root->object, "own-key"))
		json_in_fault(root, NULL,
			      "'own-key' is missing: the URIs that requests are redirected to are "
			      "signed with it");
	if (!group)
		return;
	json_in_begin(&in, root->source, group, root->place, "own-key");
	read_file(&in, config_path, own);
	json_in_end(&in);
}

void config_signing_read(struct json_in *root, const char *config_path,
			 struct signing_settings *settings)
{
	struct json_in in;
	json_t *group = json_in_object(root, "signing");
	if (!group)
		return;
	json_in_begin(&in, root->source, group, root->place, "signing");
	settings->name = read_name(&in, "name", JSON_IN_NEEDED);
	read_keys(&in, config_path, settings);
	read_own(&in, config_path, &settings->own);
	settings->verified =
		(uint32_t)json_in_integer(&in, "verified", 1, REMEMBERED_MAX, REMEMBERED);
	settings->used = (uint32_t)json_in_integer(&in, "used", 1, REMEMBERED_MAX, REMEMBERED);
	json_in_end(&in);
}

static void key_clear(struct signing_key *key)
{
	free(key->issuer);
	free(key->file);
	free(key->kid);
}

void config_signing_clear(struct signing_settings *settings)
{
	for (size_t i = 0; i < settings->n_keys; i++)
		key_clear(&settings->keys[i]);
	key_clear(&settings->own);
	free(settings->keys);
	free(settings->name);
	*settings = (struct signing_settings){0};
}

static json_t *key_json(const struct signing_key *key)
{
	return json_pack("{s:s*, s:s, s:s*, s:b}", "issuer", key->issuer, "file", key->file, "kid",
			 key->kid, "shared", (int)key->shared);
}

json_t *config_signing_json(const struct signing_settings *settings)
{
	json_t *keys = json_array();
	for (size_t i = 0; keys && i < settings->n_keys; i++)
		if (json_array_append_new(keys, key_json(&settings->keys[i]))) {
			json_decref(keys);
			keys = NULL;
		}
	return json_pack("{s:s, s:o, s:o, s:I, s:I}", "name", settings->name, "keys", keys,
			 "own-key", key_json(&settings->own), "verified",
			 (json_int_t)settings->verified, "used", (json_int_t)settings->used);
}
