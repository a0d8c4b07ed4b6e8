/* alto_update - what one update stream (RFC 8895) has told: a version of each resource, kept current by its events. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "alto_update.h"

#include "alto_media.h"
#include "json_merge.h"
#include "json_patch.h"
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct substream {
	char id[ALTO_NAME_MAX + 1], resource[ALTO_NAME_MAX + 1];
	bool incremental;
	bool stopped;
	json_t *latest;        /* what patches apply to; NULL: none came, or one of them failed */
	struct alto_vtag vtag; /* of the latest; empty: it has none */
	json_t *given;
};

struct alto_update {
	struct json_limits limits;
	struct substream substreams[ALTO_SUBSTREAMS_MAX];
	size_t n;
	bool begun; /* the first event was there */
	char *control_uri;
};

struct alto_update *alto_update_new(const struct json_limits *limits)
{
	struct alto_update *update = calloc(1, sizeof(*update));
	if (update)
		update->limits = *limits;
	return update;
}

void alto_update_free(struct alto_update *update)
{
	if (!update)
		return;
	for (size_t i = 0; i < update->n; i++) {
		json_decref(update->substreams[i].latest);
		json_decref(update->substreams[i].given);
	}
	free(update->control_uri);
	free(update);
}

static struct substream *find(const struct alto_update *update, const char *id)
{
	for (size_t i = 0; i < update->n; i++)
		if (strcmp(update->substreams[i].id, id) == 0)
			return (struct substream *)&update->substreams[i];
	return NULL;
}

const char *alto_update_control_uri(const struct alto_update *update)
{
	return update->control_uri;
}

json_t *alto_update_document(const struct alto_update *update, const char *substream)
{
	const struct substream *found = find(update, substream);
	return found ? found->given : NULL;
}

/* --- Asking ----------------------------------------------------------------------------------- */

bool alto_update_add(struct alto_update *update, const char *id, const char *resource,
		     bool incremental)
{
	if (update->n == ALTO_SUBSTREAMS_MAX || !alto_name_ok(id) || !alto_name_ok(resource) ||
	    find(update, id))
		return false;
	struct substream *substream = &update->substreams[update->n++];
	*substream = (struct substream){.incremental = incremental};
	strcpy(substream->id, id);
	strcpy(substream->resource, resource);
	return true;
}

static json_t *request_of(const struct substream *substream)
{
	const char *tag = substream->latest && substream->vtag.tag[0] ? substream->vtag.tag : NULL;
	return json_pack("{s:s, s:s*, s:o*}", "resource-id", substream->resource, "tag", tag,
			 "incremental-changes", substream->incremental ? NULL : json_false());
}

json_t *alto_update_open(struct alto_update *update)
{
	json_t *add = json_object();
	bool done = add;
	for (size_t i = 0; done && i < update->n; i++) {
		struct substream *substream = &update->substreams[i];
		substream->stopped = false;
		done = json_object_set_new(add, substream->id, request_of(substream)) == 0;
	}
	update->begun = false;
	free(update->control_uri);
	update->control_uri = NULL;
	if (done)
		return json_pack("{s:o}", "add", add);
	json_decref(add);
	return NULL;
}

/* --- Versions --------------------------------------------------------------------------------- */

static bool depends_well(const struct alto_update *update, const json_t *document)
{
	struct alto_vtag vtag;
	for (size_t i = 0; alto_vtag_dependent(document, i, &vtag); i++) {
		for (size_t k = 0; k < update->n; k++) {
			const struct substream *other = &update->substreams[k];
			bool meant = strcmp(other->resource, vtag.resource) == 0;
			if (meant && (!other->latest || strcmp(other->vtag.tag, vtag.tag) != 0))
				return false;
		}
	}
	return true;
}

/* Gives all latest versions out, if they fit together. */
static enum alto_update_result settle(struct alto_update *update)
{
	enum alto_update_result result = ALTO_UPDATE_NOTHING;
	for (size_t i = 0; i < update->n; i++) {
		const json_t *latest = update->substreams[i].latest;
		if (latest && !depends_well(update, latest))
			return ALTO_UPDATE_NOTHING;
	}
	for (size_t i = 0; i < update->n; i++) {
		struct substream *substream = &update->substreams[i];
		if (!substream->latest || substream->latest == substream->given)
			continue;
		if (!substream->given || !json_equal(substream->latest, substream->given))
			result = ALTO_UPDATE_CHANGED;
		json_decref(substream->given);
		substream->given = json_incref(substream->latest);
	}
	return result;
}

/* Takes the document over. */
static bool put(struct substream *substream, json_t *document)
{
	if (!json_is_object(document)) {
		json_decref(document);
		return false;
	}
	json_decref(substream->latest);
	substream->latest = document;
	alto_vtag_read(document, &substream->vtag);
	return true;
}

bool alto_update_put(struct alto_update *update, const char *id, json_t *document)
{
	struct substream *substream = find(update, id);
	if (!substream || !put(substream, json_incref(document)))
		return false;
	settle(update);
	return true;
}

/* --- Events ----------------------------------------------------------------------------------- */

/* RFC 9241's samples label full replacements with types that are not those of their resources: any one of ALTO will do, the
 * substream tells what it is. */
static bool is_full(const char *media_type)
{
	static const char start[] = "application/alto-", end[] = "+json";
	size_t len = strlen(media_type);
	return strncasecmp(media_type, start, sizeof(start) - 1) == 0 && len > sizeof(end) &&
	       strcasecmp(media_type + len - (sizeof(end) - 1), end) == 0;
}

/* The next version. NULL: err says why. Takes the event over. */
static json_t *next_version(const struct alto_update *update, const struct substream *substream,
			    const char *media_type, json_t *event, char *err, size_t err_len)
{
	bool merge = alto_media_is(media_type, ALTO_MERGE_PATCH);
	json_t *next = NULL;
	if (!merge && !alto_media_is(media_type, ALTO_JSON_PATCH)) {
		if (is_full(media_type))
			return event;
		snprintf(err, err_len, "media type '%.64s' is not known", media_type);
	} else if (!substream->latest) {
		snprintf(err, err_len, "a patch came before any version");
	} else {
		next = merge ? json_merge_apply(substream->latest, event, update->limits.octets,
						err, err_len)
			     : json_patch_apply(substream->latest, event, update->limits.octets,
						err, err_len);
	}
	json_decref(event);
	return next;
}

static enum alto_update_result bad(struct substream *substream, const char *reason, char *err,
				   size_t err_len)
{
	snprintf(err, err_len, "substream %s: %s", substream->id, reason);
	json_decref(substream->latest);
	substream->latest = NULL;
	substream->vtag = (struct alto_vtag){0};
	return ALTO_UPDATE_BAD;
}

static enum alto_update_result take_data(struct alto_update *update, struct substream *substream,
					 const char *media_type, const char *data, size_t len,
					 char *err, size_t err_len)
{
	char reason[512];
	json_t *next = NULL,
	       *event = json_strict_load(data, len, &update->limits, reason, sizeof(reason));
	if (event)
		next = next_version(update, substream, media_type, event, reason, sizeof(reason));
	if (!next)
		return bad(substream, reason, err, err_len);
	if (!put(substream, next))
		return bad(substream, "the resource is no object", err, err_len);
	return settle(update);
}

/* Names come from the server. */
static void say_stopped(const json_t *control, const char *id, char *err, size_t err_len)
{
	const char *text = json_string_value(json_object_get(control, "description"));
	snprintf(err, err_len, "the server stopped substream %s%s%.*s", id, text ? ": " : "",
		 text ? (int)text_fit(text, strlen(text), 200) : 0, text ? text : "");
	for (char *at = err; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
}

static enum alto_update_result take_stopped(struct alto_update *update, const json_t *control,
					    char *err, size_t err_len)
{
	const json_t *list = json_object_get(control, "stopped");
	enum alto_update_result result = ALTO_UPDATE_NOTHING;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id = json_string_value(json_array_get(list, i));
		struct substream *substream = id ? find(update, id) : NULL;
		if (!substream || substream->stopped)
			continue;
		substream->stopped = true;
		result = ALTO_UPDATE_STOPPED;
		say_stopped(control, substream->id, err, err_len);
	}
	return result;
}

/* null: there is none. When it is not said again it stays. */
static bool take_control_uri(struct alto_update *update, const json_t *uri)
{
	char *copy = json_is_string(uri) ? strdup(json_string_value(uri)) : NULL;
	if (json_is_string(uri) ? !copy : uri && !json_is_null(uri))
		return false;
	if (uri) {
		free(update->control_uri);
		update->control_uri = copy;
	}
	update->begun |= uri != NULL;
	return true;
}

static enum alto_update_result take_control(struct alto_update *update, const char *data,
					    size_t len, char *err, size_t err_len)
{
	json_t *control = json_strict_load(data, len, &update->limits, err, err_len);
	if (!control)
		return ALTO_UPDATE_BAD;
	enum alto_update_result result = ALTO_UPDATE_BAD;
	const json_t *uri = json_object_get(control, "control-uri");
	if (!json_is_object(control) || !take_control_uri(update, uri))
		snprintf(err, err_len,
			 "the control event is wrong: expected an object whose "
			 "control-uri is a text or null");
	else if (!update->begun)
		snprintf(err, err_len, "the first control event has no control-uri");
	else
		result = take_stopped(update, control, err, err_len);
	json_decref(control);
	return result;
}

enum alto_update_result alto_update_take(struct alto_update *update, const char *name,
					 const char *data, size_t len, char *err, size_t err_len)
{
	char media_type[128];
	size_t type_len = strcspn(name, ",");
	if (type_len >= sizeof(media_type)) {
		snprintf(err, err_len, "the name of an event is too long");
		return ALTO_UPDATE_BAD;
	}
	memcpy(media_type, name, type_len);
	media_type[type_len] = '\0';
	if (alto_media_is(media_type, ALTO_UPDATE_CONTROL))
		return take_control(update, data, len, err, err_len);
	if (!update->begun) {
		snprintf(err, err_len,
			 "the first event is no control event (RFC 8895 section 5.3)");
		return ALTO_UPDATE_BAD;
	}
	struct substream *substream = find(update, name + type_len + (name[type_len] == ','));
	if (!substream || substream->stopped)
		return ALTO_UPDATE_NOTHING;
	return take_data(update, substream, media_type, data, len, err, err_len);
}
