/* advertise_serve - answers the requests of upstream CDNs for what we advertise to them: directory, advertisement, filtered one, update streams.
 * RFC 7285 §9, RFC 9241 §3 and §5, RFC 8895. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "advertise_serve.h"

#include "advertise_map.h"
#include "alto_directory.h"
#include "alto_media.h"
#include "fci_write.h"
#include "json_strict.h"
#include "sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits body_limits = {1 << 20, 32, 10000};

/* Answers with a value, which is taken over; NULL: no memory. */
static void answer_json(struct https_request *request, int status, const char *type, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	json_decref(value);
	if (text)
		https_answer(request, status, type, text, strlen(text));
	else
		https_answer_text(request, 500, "no memory for the answer");
	free(text);
}

static void answer_error(struct https_request *request, const struct alto_error *error)
{
	answer_json(request, 400, ALTO_ERROR,
		    alto_error_write(error->code, error->field[0] ? error->field : NULL,
				     error->value[0] ? error->value : NULL));
}

/* The body of a POST; NULL: it was answered that it is none. */
static json_t *read_body(struct https_request *request)
{
	char err[256];
	size_t len;
	const uint8_t *body = https_request_body(request, &len);
	json_t *value = json_strict_load((const char *)body, len, &body_limits, err, sizeof(err));
	if (!value)
		answer_json(request, 400, ALTO_ERROR, alto_error_write_syntax(err));
	return value;
}

static bool has_type(struct https_request *request, bool fits, const char *type)
{
	if (!fits)
		https_answer_text(request, 415, "the body has to be of type %s", type);
	return fits;
}

/* --- The resources ------------------------------------------------------------------------------ */

static void answer_directory(struct peer *peer, struct https_request *request)
{
	char uris[4][PEER_NAME_MAX + 32];
	static const char *const ends[] = {"advertisement", "filtered", "updates", "network-map"};
	const char *map = peer->told.map ? advertise_map_resource_id : NULL;
	for (int i = 0; i < 4; i++)
		snprintf(uris[i], sizeof(uris[i]), ADVERTISE_SERVE_PATH "%s/%s",
			 peer->settings->name, ends[i]);
	json_t *uses = json_pack("[s, s*]", advertise_resource_id, map);
	json_t *map_uses = map ? json_pack("[s]", map) : NULL;
	json_t *capabilities = json_pack("{s:b, s:{s:s}}", "support-stream-control", 1,
					 "incremental-change-media-types", advertise_resource_id,
					 ALTO_MERGE_PATCH "," ALTO_JSON_PATCH);
	const struct alto_resource list[] = {
		{.id = advertise_resource_id,
		 .uri = uris[0],
		 .media_type = ALTO_CDNI,
		 .uses = map_uses},
		{.id = "filtered-cdni-advertisement",
		 .uri = uris[1],
		 .media_type = ALTO_CDNI,
		 .accepts = ALTO_CDNI_FILTER},
		{.id = "updates",
		 .uri = uris[2],
		 .media_type = ALTO_EVENT_STREAM,
		 .accepts = ALTO_UPDATE_PARAMS,
		 .uses = uses,
		 .capabilities = capabilities},
		{.id = advertise_map_resource_id, .uri = uris[3], .media_type = ALTO_NETWORK_MAP},
	};
	https_answer_header(request, "Cache-Control", "max-age=300");
	answer_json(request, 200, ALTO_DIRECTORY,
		    uses && capabilities && (map_uses || !map)
			    ? alto_directory_write(list, map ? 4 : 3, map)
			    : NULL);
	json_decref(uses);
	json_decref(map_uses);
	json_decref(capabilities);
}

/* Tags are hexadecimal: no quote or comma in the field can be taken for a part of one. */
static bool has_it(struct https_request *request, const char *etag)
{
	const char *known = https_request_header(request, "If-None-Match");
	return known && (strstr(known, etag) || strcmp(known, "*") == 0);
}

/* Takes the value over. */
static void answer_version(struct https_request *request, const char *tag, const char *type,
			   json_t *value)
{
	char etag[ALTO_NAME_MAX + 3];
	snprintf(etag, sizeof(etag), "\"%s\"", tag);
	https_answer_header(request, "ETag", etag);
	https_answer_header(request, "Cache-Control", "max-age=5");
	if (!has_it(request, etag)) {
		answer_json(request, 200, type, value);
		return;
	}
	https_answer(request, 304, NULL, NULL, 0);
	json_decref(value);
}

static void answer_advertisement(struct peer *peer, struct https_request *request)
{
	answer_version(request, peer->told.tag, ALTO_CDNI, advertise_resource(&peer->told));
}

static void answer_map(struct peer *peer, struct https_request *request)
{
	if (peer->told.map)
		answer_version(request, peer->told.map_vtag.tag, ALTO_NETWORK_MAP,
			       json_incref(peer->told.map));
	else
		https_answer_text(request, 404, "what you are told names no PID");
}

static void answer_filtered(struct peer *peer, struct https_request *request)
{
	const char *type = https_request_header(request, "Content-Type");
	if (!has_type(request, alto_media_is_filter(type), ALTO_CDNI_FILTER))
		return;
	json_t *filter = read_body(request);
	if (!filter)
		return;
	json_t *all = advertise_objects(&peer->told), *error = NULL;
	json_t *some = all ? fci_filter(all, filter, &error) : NULL;
	if (error)
		answer_json(request, 400, ALTO_ERROR, error);
	else
		answer_json(request, 200, ALTO_CDNI,
			    some ? advertise_part(&peer->told, some) : NULL);
	json_decref(all);
	json_decref(some);
	json_decref(filter);
}

/* false: it was answered that they are none. */
static bool read_params(const struct peer *peer, struct https_request *request, bool opens,
			struct advertise_params *params)
{
	const char *const resources[] = {[ADVERTISE_STREAM_OBJECTS] = advertise_resource_id,
					 [ADVERTISE_STREAM_MAP] =
						 peer->told.map ? advertise_map_resource_id : NULL,
					 NULL};
	struct alto_error error;
	const char *type = https_request_header(request, "Content-Type");
	if (!has_type(request, alto_media_is(type, ALTO_UPDATE_PARAMS), ALTO_UPDATE_PARAMS))
		return false;
	json_t *body = read_body(request);
	if (!body)
		return false;
	bool good = advertise_params_read(body, resources, opens, params, &error);
	json_decref(body);
	if (!good)
		answer_error(request, &error);
	return good;
}

static void answer_stream(struct peer *peer, struct https_request *request)
{
	struct advertise_params params;
	if (read_params(peer, request, true, &params))
		advertise_stream_open(&peer->streams, request, &params);
}

static void answer_control(struct peer *peer, struct https_request *request, const char *id)
{
	struct advertise_params params;
	struct alto_error error;
	if (!read_params(peer, request, false, &params))
		return;
	int status = advertise_stream_control(&peer->streams, id, &params, &error);
	if (status == 400)
		answer_error(request, &error);
	else if (status == 404)
		https_answer_text(request, 404, "there is no such update stream");
	else
		https_answer(request, status, NULL, NULL, 0);
}

/* --- Where they are ------------------------------------------------------------------------------- */

static const struct {
	const char *rest; /* of the path, behind the peer's name */
	unsigned methods;
	void (*answer)(struct peer *peer, struct https_request *request);
} resources[] = {
	{"", HTTPS_GET | HTTPS_HEAD, answer_directory},
	{"/advertisement", HTTPS_GET | HTTPS_HEAD, answer_advertisement},
	{"/filtered", HTTPS_POST, answer_filtered},
	{"/updates", HTTPS_POST, answer_stream},
	{"/network-map", HTTPS_GET | HTTPS_HEAD, answer_map},
};

static bool allows(struct https_request *request, unsigned methods)
{
	if (https_request_method(request) & methods)
		return true;
	https_answer_header(request, "Allow", methods & HTTPS_POST ? "POST" : "GET, HEAD");
	https_answer_text(request, 405, "this resource is asked for with %s",
			  methods & HTTPS_POST ? "POST" : "GET");
	return false;
}

void advertise_serve(void *arg, struct https_request *request)
{
	static const char control[] = "/updates/";
	const struct sessions *sessions = arg;
	const char *name = https_request_peer(request)->name;
	struct peer *peer = sessions_find(sessions, name);
	const char *rest = https_request_path(request) + strlen(ADVERTISE_SERVE_PATH);
	size_t len = strlen(name);
	if (!peer || strncmp(rest, name, len) != 0 || (rest[len] && rest[len] != '/')) {
		https_answer_text(request, 404, "there is nothing here for %s", name);
		return;
	}
	rest += len;
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		if (strcmp(rest, resources[i].rest) != 0)
			continue;
		if (allows(request, resources[i].methods))
			resources[i].answer(peer, request);
		return;
	}
	if (strncmp(rest, control, sizeof(control) - 1) != 0)
		https_answer_text(request, 404, "there is nothing here for %s", name);
	else if (allows(request, HTTPS_POST))
		answer_control(peer, request, rest + sizeof(control) - 1);
}
