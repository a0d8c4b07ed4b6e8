/* advertise_stream - the update streams that an upstream CDN has open to us, and what goes into each of them. RFC 8895. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "advertise_stream.h"

#include "alto_media.h"
#include "json_merge.h"
#include "lib/sse.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct substream {
	char id[ALTO_NAME_MAX + 1];
	unsigned resource;
	bool incremental;
	bool active; /* IDs are not used again in a stream (RFC 8895 §7.4) */
};

struct advertise_stream {
	struct advertise_streams *streams;
	struct advertise_stream *next, **link;
	struct https_request *request;
	char id[ADVERTISE_STREAM_ID_MAX];
	unsigned n_substreams;
	struct substream substreams[ADVERTISE_SUBSTREAMS_MAX];
	bool spoke; /* something was sent since quiet_since */
	bool cut;   /* it takes nothing more, and ends by itself */
	uint64_t quiet_since;
};

static void stream_free(struct advertise_stream *stream)
{
	stream->streams->n--;
	*stream->link = stream->next;
	if (stream->next)
		stream->next->link = stream->link;
	free(stream);
}

static void on_ended(void *arg)
{
	stream_free(arg);
}

/* --- Events ------------------------------------------------------------------------------------- */

/* One that something could not be told has to begin anew. One that is cut already is told so by on_ended. */
static void cut(struct advertise_stream *stream)
{
	if (stream->cut)
		return;
	https_answer_end(stream->request);
	stream_free(stream);
}

/* json NULL: no memory. false: the stream is over, or is going to be. */
static bool send_text(struct advertise_stream *stream, const char *type, const char *id,
		      const char *json)
{
	char name[SSE_NAME_MAX + 1];
	size_t len;
	snprintf(name, sizeof(name), "%s%s%s", type, id ? "," : "", id ? id : "");
	char *event = json ? sse_write(name, json, strlen(json), &len) : NULL;
	if (!event) {
		cut(stream);
		return false;
	}
	stream->spoke = true;
	stream->streams->events++;
	stream->cut |= !https_answer_chunk(stream->request, event, len);
	free(event);
	return !stream->cut;
}

/* Takes the value over. */
static bool send_json(struct advertise_stream *stream, const char *type, const char *id,
		      json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	json_decref(value);
	bool sent = send_text(stream, type, id, text);
	free(text);
	return sent;
}

static bool send_full(struct advertise_stream *stream, const char *id, unsigned resource)
{
	const struct advertisement *now = stream->streams->now;
	return resource == ADVERTISE_STREAM_MAP
		       ? send_json(stream, ALTO_NETWORK_MAP, id, json_incref(now->map))
		       : send_json(stream, ALTO_CDNI, id, advertise_resource(now));
}

static struct substream *find_substream(struct advertise_stream *stream, const char *id)
{
	for (unsigned i = 0; i < stream->n_substreams; i++)
		if (strcmp(stream->substreams[i].id, id) == 0)
			return &stream->substreams[i];
	return NULL;
}

static bool is_current(const struct advertise_stream *stream, const struct advertise_added *added)
{
	const struct advertisement *now = stream->streams->now;
	bool map = added->resource == ADVERTISE_STREAM_MAP;
	return strcmp(added->tag, map ? now->map_vtag.tag : now->tag) == 0;
}

static void add_substreams(struct advertise_stream *stream, const struct advertise_params *params)
{
	for (unsigned i = 0; i < params->n_added; i++) {
		struct substream *substream = &stream->substreams[stream->n_substreams++];
		*substream = (struct substream){.resource = params->added[i].resource,
						.incremental = params->added[i].incremental,
						.active = true};
		snprintf(substream->id, sizeof(substream->id), "%s", params->added[i].id);
	}
}

/* What of those that were added, and not removed at once, is not current: maps first. */
static void send_added(struct advertise_stream *stream, const struct advertise_params *params)
{
	static const unsigned order[] = {ADVERTISE_STREAM_MAP, ADVERTISE_STREAM_OBJECTS};
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < params->n_added; i++) {
			const struct advertise_added *added = &params->added[i];
			if (added->resource == order[k] && !is_current(stream, added) &&
			    find_substream(stream, added->id)->active &&
			    !send_full(stream, added->id, added->resource))
				return;
		}
}

/* --- A stream's beginning ------------------------------------------------------------------------- */

static bool make_id(char id[ADVERTISE_STREAM_ID_MAX])
{
	uint8_t random[(ADVERTISE_STREAM_ID_MAX - 1) / 2];
	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(id + 2 * i, 3, "%02x", random[i]);
	return true;
}

static struct advertise_stream *stream_new(struct advertise_streams *streams,
					   struct https_request *request)
{
	struct advertise_stream *stream = calloc(1, sizeof(*stream));
	if (!stream || !make_id(stream->id)) {
		free(stream);
		return NULL;
	}
	stream->streams = streams;
	stream->request = request;
	stream->next = streams->list;
	stream->link = &streams->list;
	if (stream->next)
		stream->next->link = &stream->next;
	streams->list = stream;
	streams->n++;
	streams->opened++;
	return stream;
}

void advertise_stream_open(struct advertise_streams *streams, struct https_request *request,
			   const struct advertise_params *params)
{
	struct advertise_stream *stream = NULL;
	if (streams->n < ADVERTISE_STREAMS_MAX)
		stream = stream_new(streams, request);
	if (!stream) {
		streams->refused++;
		https_answer_header(request, "Retry-After", "10");
		https_answer_text(request, 503, "there are %u update streams already; end one",
				  streams->n);
		return;
	}
	add_substreams(stream, params);
	https_answer_hold(request, on_ended, stream);
	https_answer_header(request, "Cache-Control", "no-store");
	https_answer_begin(request, 200, ALTO_EVENT_STREAM);
	if (send_json(stream, ALTO_UPDATE_CONTROL, NULL,
		      json_pack("{s:o}", "control-uri",
				json_sprintf("%s%s", streams->path, stream->id))))
		send_added(stream, params);
}

/* --- Its control ---------------------------------------------------------------------------------- */

static bool is_added(const struct advertise_params *params, const char *id)
{
	for (unsigned i = 0; i < params->n_added; i++)
		if (strcmp(params->added[i].id, id) == 0)
			return true;
	return false;
}

static int refuse(struct alto_error *error, const char *field, const char *value)
{
	*error = (struct alto_error){.code = ALTO_E_INVALID_FIELD_VALUE};
	snprintf(error->field, sizeof(error->field), "%s", field);
	snprintf(error->value, sizeof(error->value), "%s", value);
	return 400;
}

/* 0: it can be done. */
static int check_control(struct advertise_stream *stream, const struct advertise_params *params,
			 struct alto_error *error)
{
	for (unsigned i = 0; i < params->n_added; i++)
		if (find_substream(stream, params->added[i].id))
			return refuse(error, "add", params->added[i].id);
	if (stream->n_substreams + params->n_added > ADVERTISE_SUBSTREAMS_MAX)
		return refuse(error, "add", "the stream has had 16 substreams already");
	for (unsigned i = 0; i < params->n_removed; i++) {
		const struct substream *substream = find_substream(stream, params->removed[i]);
		if (!is_added(params, params->removed[i]) && (!substream || !substream->active))
			return refuse(error, "remove", params->removed[i]);
	}
	return 0;
}

/* The control event that says what started and what stopped. NULL: no memory. */
static json_t *outcome(struct advertise_stream *stream, const struct advertise_params *params)
{
	json_t *started = json_array(), *stopped = json_array();
	for (unsigned i = 0; i < params->n_added; i++)
		json_array_append_new(started, json_string(params->added[i].id));
	for (unsigned i = 0; i < params->n_removed; i++)
		json_array_append_new(stopped, json_string(params->removed[i]));
	for (unsigned i = 0; params->remove_all && i < stream->n_substreams; i++)
		if (stream->substreams[i].active)
			json_array_append_new(stopped, json_string(stream->substreams[i].id));
	json_t *event = json_object();
	if (json_array_size(started))
		json_object_set(event, "started", started);
	if (json_array_size(stopped))
		json_object_set(event, "stopped", stopped);
	json_decref(started);
	json_decref(stopped);
	return event;
}

int advertise_stream_control(struct advertise_streams *streams, const char *id,
			     const struct advertise_params *params, struct alto_error *error)
{
	struct advertise_stream *stream = streams->list;
	while (stream && (stream->cut || strcmp(stream->id, id) != 0))
		stream = stream->next;
	if (!stream)
		return 404;
	int status = check_control(stream, params, error);
	if (status)
		return status;
	bool sent = send_json(stream, ALTO_UPDATE_CONTROL, NULL, outcome(stream, params));
	if (sent && params->remove_all)
		cut(stream);
	if (!sent || params->remove_all)
		return 204;
	add_substreams(stream, params);
	for (unsigned i = 0; i < params->n_removed; i++)
		find_substream(stream, params->removed[i])->active = false;
	send_added(stream, params);
	return 204;
}

/* --- What changed --------------------------------------------------------------------------------- */

/* The forms of one update: each is made once for all streams. */
struct forms {
	char *map; /* of one that changed */
	char *full, *patch;
	const char *patch_type;
};

static char *dump(json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	json_decref(value);
	return text;
}

/* A JSON patch names what comes and goes; when that is nearly all, a merge patch is shorter. */
static void make_forms(const struct advertisement *before, const struct advertisement *now,
		       struct forms *forms)
{
	json_t *old = advertise_resource(before);
	json_t *new = advertise_resource(now);
	char *patch = dump(advertise_patch(before, now));
	char *merge = old && new ? dump(json_merge_diff(old, new)) : NULL;
	bool shorter = merge && (!patch || strlen(merge) < strlen(patch));
	json_decref(old);
	forms->full = dump(new);
	if (now->map && strcmp(before->map_vtag.tag, now->map_vtag.tag) != 0)
		forms->map = json_dumps(now->map, JSON_COMPACT);
	forms->patch = shorter ? merge : patch;
	forms->patch_type = shorter ? ALTO_MERGE_PATCH : ALTO_JSON_PATCH;
	free(shorter ? patch : merge);
}

static bool send_map(struct advertise_stream *stream, const struct forms *forms)
{
	bool sent = true;
	for (unsigned i = 0; i < stream->n_substreams && sent; i++)
		if (stream->substreams[i].active &&
		    stream->substreams[i].resource == ADVERTISE_STREAM_MAP)
			sent = send_text(stream, ALTO_NETWORK_MAP, stream->substreams[i].id,
					 forms->map);
	return sent;
}

static bool send_objects(struct advertise_stream *stream, const struct forms *forms)
{
	bool sent = true;
	for (unsigned i = 0; i < stream->n_substreams && sent; i++) {
		const struct substream *substream = &stream->substreams[i];
		bool patch = substream->incremental && forms->patch;
		if (substream->active && substream->resource == ADVERTISE_STREAM_OBJECTS)
			sent = send_text(stream, patch ? forms->patch_type : ALTO_CDNI,
					 substream->id, patch ? forms->patch : forms->full);
	}
	return sent;
}

void advertise_stream_update(struct advertise_streams *streams, const struct advertisement *before)
{
	struct forms forms = {0};
	if (!before->map != !streams->now->map)
		advertise_stream_clear(streams);
	if (!streams->list)
		return;
	bool other_map = strcmp(before->map_vtag.tag, streams->now->map_vtag.tag) != 0;
	make_forms(before, streams->now, &forms);
	for (struct advertise_stream *stream = streams->list, *next; stream; stream = next) {
		next = stream->next;
		if (!stream->cut && (!other_map || send_map(stream, &forms)))
			send_objects(stream, &forms);
	}
	free(forms.map);
	free(forms.full);
	free(forms.patch);
}

void advertise_stream_tend(struct advertise_streams *streams, uint64_t now)
{
	for (struct advertise_stream *stream = streams->list; stream; stream = stream->next) {
		if (stream->spoke || !stream->quiet_since)
			stream->quiet_since = now;
		stream->spoke = false;
		if (stream->cut || now < stream->quiet_since + ADVERTISE_KEEP_ALIVE_S)
			continue;
		stream->quiet_since = now;
		stream->cut = !https_answer_chunk(stream->request, SSE_KEEP_ALIVE,
						  sizeof(SSE_KEEP_ALIVE) - 1);
	}
}

static void ignore(void *arg)
{
	(void)arg;
}

void advertise_stream_clear(struct advertise_streams *streams)
{
	while (streams->list) {
		struct advertise_stream *stream = streams->list;
		if (stream->cut)
			https_answer_hold(stream->request, ignore, NULL);
		else
			https_answer_end(stream->request);
		stream_free(stream);
	}
}
