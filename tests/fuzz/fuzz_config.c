/* fuzz_config - any text as an object of each kind, through its reader and the compiler; what is taken in reads back as itself, and
 * leaves nothing behind when it is removed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config_objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct place nowhere = {"fuzz", 1};
static struct pattern_cache *patterns;

/* What objects may refer to. */
static const struct {
	enum object_kind kind;
	const char *text;
} there[] = {
	{OBJECT_FOOTPRINT, "{\"name\":\"eu\",\"footprints\":[{\"footprint-type\":\"ipv4cidr\","
			   "\"footprint-value\":[\"192.0.2.0/24\"]}]}"},
	{OBJECT_CDN, "{\"name\":\"b\"}"},
	{OBJECT_NODE, "{\"name\":\"n\"}"},
	{OBJECT_DRI, "{\"cdn\":\"b\",\"http-target\":{\"host\":\"b.example\"}}"},
	{OBJECT_DRI, "{\"node\":\"n\",\"dns-target\":{\"host\":\"n.example\"}}"},
	{OBJECT_SCOPE,
	 "{\"name\":\"old\",\"hosts\":[\"vod.example.com\"],\"candidates\":[{\"cdn\":\"b\"}]}"},
};

static bool give(struct compiler *compiler, enum object_kind kind, json_t *json,
		 struct faults *faults)
{
	struct json_source source = {.faults = faults, .place = nowhere};
	size_t before = faults->total;
	json_t *copy = json_deep_copy(json);
	bool done = config_object_read(&source, kind, copy, compiler);
	json_decref(copy);
	if (done != (faults->total == before))
		abort();
	return done;
}

static bool give_text(struct compiler *compiler, enum object_kind kind, const char *text,
		      struct faults *faults)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		abort();
	bool done = give(compiler, kind, json, faults);
	json_decref(json);
	return done;
}

static struct view *make_base(void)
{
	struct faults faults = {0};
	struct compiler *compiler = compiler_new(NULL, patterns, 1, &faults);
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		give_text(compiler, there[i].kind, there[i].text, &faults);
	struct view *view = compiler_finish(compiler);
	if (!view || faults.total)
		abort();
	compiler_free(compiler);
	return view;
}

/* The text that is kept for an object is one that it can be made of again. */
static void check_text(struct compiler *compiler, enum object_kind kind, struct faults *faults)
{
	char name[OBJECT_NAME_MAX + 1];
	snprintf(name, sizeof(name), "%s", compiler_last_name(compiler));
	struct object *object = object_find(compiler_objects(compiler), kind, name);
	if (!object)
		abort();
	object_retain(object);
	if (!config_object_again(compiler, object, faults))
		abort();
	const struct object *again = object_find(compiler_objects(compiler), kind, name);
	if (!again || strcmp(object_json(object), object_json(again)) != 0)
		abort();
	object_release(object);
}

static void remove_again(struct view *with, const struct view *base, enum object_kind kind,
			 const char *name)
{
	struct faults faults = {0};
	struct compiler *compiler = compiler_new(with, patterns, 1, &faults);
	if (!compiler_remove(compiler, kind, name, nowhere))
		abort();
	struct view *view = compiler_finish(compiler);
	if (!view || faults.total || view->n_of[kind] != base->n_of[kind] ||
	    trie_measure(view->scopes).values != trie_measure(base->scopes).values ||
	    trie_measure(view->zones).values != trie_measure(base->zones).values)
		abort();
	view_release(view);
	compiler_free(compiler);
}

static void try_kind(struct view *base, enum object_kind kind, json_t *json)
{
	struct faults faults = {0};
	struct compiler *compiler = compiler_new(base, patterns, 1, &faults);
	struct compiler_counts counts;
	if (give(compiler, kind, json, &faults)) {
		counts = compiler_counts(compiler);
		check_text(compiler, kind, &faults);
		compiler_set_counts(compiler, &counts);
	}
	struct view *view = faults.total ? NULL : compiler_finish(compiler);
	if (view && counts.added)
		remove_again(view, base, kind, compiler_last_name(compiler));
	view_release(view);
	compiler_free(compiler);
	faults_clear(&faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct view *base;
	if (!base) {
		patterns = pattern_cache_new();
		base = make_base();
	}
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	for (unsigned kind = 0; json && kind < OBJECT_KINDS; kind++)
		try_kind(base, (enum object_kind)kind, json);
	json_decref(json);
	return 0;
}
