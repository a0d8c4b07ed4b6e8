/* config_objects - JSON objects of each kind, read and handed to the compiler. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_objects.h"

#include "json_arena.h"
#include "zone_source.h"

#include <stdlib.h>
#include <string.h>

/* The text of an object as it is kept: what was written, when that is canonical already, else written anew. */
struct text {
	const char *raw; /* compact, or NULL */
	size_t raw_len;
	bool rewritten;
	char *long_one; /* for one that does not fit */
	char short_one[2048];
};

typedef bool object_reader(const struct json_source *source, json_t *json, struct text *text,
			   struct compiler *compiler);

/* The text is taken when the object was read, since reading brings it to canonical form. */
static const char *text_of(const struct json_source *source, const json_t *json, struct text *text)
{
	bool raw = text->raw && !text->rewritten;
	size_t len = raw ? text->raw_len : json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *to = text->short_one;
	if (len >= sizeof(text->short_one))
		to = text->long_one = malloc(len + 1);
	if (to && raw)
		memcpy(to, text->raw, len);
	if (!to || !len || (!raw && json_dumpb(json, to, len, JSON_COMPACT) != len)) {
		faults_add(source->faults, source->place, "no memory");
		return NULL;
	}
	to[len] = '\0';
	return to;
}

static bool read_footprint(const struct json_source *source, json_t *json, struct text *text,
			   struct compiler *compiler)
{
	struct model_footprint_name model;
	bool done = model_json_footprint_name(source, json, &model) &&
		    (model.json = text_of(source, json, text)) &&
		    compiler_add_footprint(compiler, &model, source->place);
	model_json_footprint_name_clear(&model);
	return done;
}

static bool read_target(const struct json_source *source, json_t *json, enum target_kind kind,
			struct text *text, struct compiler *compiler)
{
	struct model_target model;
	bool done = model_json_target(source, json, kind, &model) &&
		    (model.json = text_of(source, json, text)) &&
		    compiler_add_target(compiler, &model, source->place);
	model_json_target_clear(&model);
	return done;
}

static bool read_cdn(const struct json_source *source, json_t *json, struct text *text,
		     struct compiler *compiler)
{
	return read_target(source, json, TARGET_CDN, text, compiler);
}

static bool read_node(const struct json_source *source, json_t *json, struct text *text,
		      struct compiler *compiler)
{
	return read_target(source, json, TARGET_NODE, text, compiler);
}

static bool read_dri(const struct json_source *source, json_t *json, struct text *text,
		     struct compiler *compiler)
{
	struct model_dri model;
	bool done = model_json_dri(source, json, &model) &&
		    (model.json = text_of(source, json, text)) &&
		    compiler_add_dri(compiler, &model, source->place);
	model_json_dri_clear(&model);
	return done;
}

static bool read_advert(const struct json_source *source, json_t *json, struct text *text,
			struct compiler *compiler)
{
	struct model_advert model;
	bool done = model_json_advert(source, json, &model) &&
		    (model.json = text_of(source, json, text)) &&
		    compiler_add_advert(compiler, &model, source->place);
	model_json_advert_clear(&model);
	return done;
}

/* What a file says is part of the object's text, so that another content is a change. */
static bool note_source(const struct json_source *source, json_t *json,
			const struct zone_source *from)
{
	*source->rewritten = true;
	if (json_object_set_new(json, "file", json_string(from->path)) == 0 &&
	    json_object_set_new(json, "content", json_string(from->content)) == 0)
		return true;
	faults_add(source->faults, source->place, "no memory");
	return false;
}

/* kept: the file is at fault, and what stood in the zone's place stays. */
static bool read_zone_file(const struct json_source *source, json_t *json, struct model_zone *model,
			   struct compiler *compiler, bool *kept)
{
	struct faults faults = {0};
	if (!model->file)
		return true;
	model->source = zone_source_read(model, source->place, &faults);
	if (model->source)
		return note_source(source, json, model->source);
	*kept = compiler_keep_zone(compiler, model, source->place, &faults);
	if (!*kept)
		faults_append(source->faults, &faults);
	faults_clear(&faults);
	return false;
}

static bool read_zone(const struct json_source *source, json_t *json, struct text *text,
		      struct compiler *compiler)
{
	struct model_zone model;
	bool kept = false;
	bool done = model_json_zone(source, json, &model) &&
		    read_zone_file(source, json, &model, compiler, &kept) &&
		    (model.json = text_of(source, json, text)) &&
		    compiler_add_zone(compiler, &model, source->place);
	zone_source_free(model.source);
	model_json_zone_clear(&model);
	return done || kept;
}

static bool read_distinguished(const struct json_source *source, json_t *json, struct text *text,
			       struct compiler *compiler)
{
	struct model_distinguished model;
	return model_json_distinguished(source, json, &model) &&
	       (model.json = text_of(source, json, text)) &&
	       compiler_add_distinguished(compiler, &model, source->place);
}

static bool read_state(const struct json_source *source, json_t *json, struct text *text,
		       struct compiler *compiler)
{
	struct model_state model;
	return model_json_state(source, json, &model) &&
	       (model.json = text_of(source, json, text)) &&
	       compiler_add_state(compiler, &model, source->place);
}

static bool read_fallback(const struct json_source *source, json_t *json, struct text *text,
			  struct compiler *compiler)
{
	struct model_fallback model;
	return model_json_fallback(source, json, &model) &&
	       (model.json = text_of(source, json, text)) &&
	       compiler_add_fallback(compiler, &model, source->place);
}

static bool read_scope(const struct json_source *source, json_t *json, struct text *text,
		       struct compiler *compiler)
{
	struct model_scope model;
	bool done = model_json_scope(source, json, &model) &&
		    (model.json = text_of(source, json, text)) &&
		    compiler_add_scope(compiler, &model, source->place);
	model_json_scope_clear(&model);
	return done;
}

static object_reader *const readers[OBJECT_KINDS] = {
	[OBJECT_FOOTPRINT] = read_footprint, [OBJECT_CDN] = read_cdn,
	[OBJECT_NODE] = read_node,           [OBJECT_DRI] = read_dri,
	[OBJECT_ZONE] = read_zone,           [OBJECT_DISTINGUISHED] = read_distinguished,
	[OBJECT_STATE] = read_state,         [OBJECT_FALLBACK] = read_fallback,
	[OBJECT_SCOPE] = read_scope,         [OBJECT_ADVERT] = read_advert,
};

static bool read_object(const struct json_source *source, enum object_kind kind, json_t *json,
			struct text *text, struct compiler *compiler)
{
	struct json_source watched = *source;
	watched.rewritten = &text->rewritten;
	text->rewritten = false;
	text->long_one = NULL;
	bool done = readers[kind](&watched, json, text, compiler);
	free(text->long_one);
	return done;
}

bool config_object_read(const struct json_source *source, enum object_kind kind, json_t *json,
			struct compiler *compiler)
{
	struct text text;
	text.raw = NULL;
	return read_object(source, kind, json, &text, compiler);
}

/* --- Lines ---------------------------------------------------------------------------------- */

/* The value of the one member of a line, if it has no blanks outside of its strings. The line is a valid object. */
static void find_raw(const char *line, size_t len, struct text *text)
{
	const char *at = memchr(line, ':', len), *end = memrchr(line, '}', len);
	bool in_string = false;
	text->raw = at + 1;
	text->raw_len = (size_t)(end - text->raw);
	for (at++; at < end; at++) {
		if (in_string && *at == '\\')
			at++;
		else if (*at == '"')
			in_string = !in_string;
		else if (!in_string && strchr(" \t\r\n", *at)) {
			text->raw = NULL;
			return;
		}
	}
}

static bool read_member(const struct json_source *source, const char *line, size_t len,
			json_t *json, struct compiler *compiler)
{
	enum object_kind kind;
	struct text text;
	void *member = json_object_iter(json);
	const char *key = member ? json_object_iter_key(member) : "";
	if (json_object_size(json) != 1) {
		faults_add(source->faults, source->place,
			   "expected an object with one member, as {\"scope\": {...}}");
		return false;
	}
	if (!object_kind_parse(key, &kind)) {
		faults_add(source->faults, source->place,
			   "unknown kind '%.64s'; known: footprint, cdn, node, dri, advert, zone, "
			   "distinguished, state, fallback, scope",
			   key);
		return false;
	}
	find_raw(line, len, &text);
	return read_object(source, kind, json_object_iter_value(member), &text, compiler);
}

/* Files are read again and again, and most lines are as they were: {"scope":{"name":"x",... need not be parsed to see that. */
static bool came_again(const struct json_source *source, const char *line, size_t len,
		       struct compiler *compiler)
{
	static const char before_name[] = "\":{\"name\":\"";
	enum { BEFORE = sizeof(before_name) - 1, KIND_MAX = 16 };
	char kind_name[KIND_MAX];
	enum object_kind kind;
	const char *at = memmem(line, len < KIND_MAX + BEFORE ? len : KIND_MAX + BEFORE,
				before_name, BEFORE);
	if (!at || at - line < 2 || at - line > KIND_MAX || memcmp(line, "{\"", 2) != 0 ||
	    line[len - 1] != '}')
		return false;
	size_t kind_len = (size_t)(at - line) - 2;
	memcpy(kind_name, line + 2, kind_len);
	kind_name[kind_len] = '\0';
	const char *json = line + kind_len + 4, *name = at + BEFORE, *end = line + len - 1;
	const char *quote = memchr(name, '"', (size_t)(end - name));
	return quote && !memchr(name, '\\', (size_t)(quote - name)) &&
	       object_kind_parse(kind_name, &kind) &&
	       compiler_came_again(compiler, kind, name, (size_t)(quote - name), json,
				   (size_t)(end - json), source->place);
}

bool config_object_line(const struct json_source *source, const char *line, size_t len,
			struct compiler *compiler)
{
	if (came_again(source, line, len, compiler))
		return true;
	json_error_t error;
	bool done = false;
	json_arena_begin();
	json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (json)
		done = read_member(source, line, len, json, compiler);
	else if (json_error_code(&error) == json_error_out_of_memory)
		compiler_no_memory(compiler, source->place, "this line");
	else
		faults_add(source->faults, source->place, "not a JSON object: %s (octet %d)",
			   error.text, error.position);
	json_decref(json);
	json_arena_end();
	return done;
}

bool config_object_again(struct compiler *compiler, const struct object *object,
			 struct faults *faults)
{
	struct json_source source = {faults, NULL, {object->file, object->line}, NULL};
	json_t *json = json_loads(object_json(object), 0, NULL);
	if (!json) {
		compiler_no_memory(compiler, source.place, object->name);
		return false;
	}
	compiler_source_of(compiler, object);
	bool done = config_object_read(&source, (enum object_kind)object->kind, json, compiler);
	compiler_source_of(compiler, NULL);
	json_decref(json);
	return done;
}
