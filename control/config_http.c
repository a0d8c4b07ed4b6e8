/* config_http - the part of the configuration that is about HTTP requests and answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_http.h"

#include "config_peers.h"
#include "lib/octet_class.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_LEAST = 512, URI_LEAST = 64, RETRY_AFTER_MOST = 86400, TYPE_MAX = 128 };

static void read_limits(struct json_in *in, struct http_limits *limits)
{
	limits->head_max = (uint32_t)json_in_integer(in, "head-max", HEAD_LEAST, UINT16_MAX,
						     http_limits_default.head_max);
	uint32_t uri_max = http_limits_default.uri_max;
	if (uri_max > limits->head_max)
		uri_max = limits->head_max;
	limits->uri_max = (uint32_t)json_in_integer(in, "uri-max", URI_LEAST, UINT16_MAX, uri_max);
	if (limits->uri_max > limits->head_max) {
		json_in_fault(in, json_object_get(in->object, "uri-max"),
			      "uri-max: expected at most the %u octets of head-max",
			      limits->head_max);
		limits->uri_max = limits->head_max;
	}
}

/* --- Bodies ----------------------------------------------------------------------------------------------------------- */

static char *copy(struct json_in *in, const char *text)
{
	char *made = text ? strdup(text) : NULL;
	if (text && !made)
		json_in_fault(in, NULL, "no memory");
	return made;
}

static void read_type(struct json_in *in, struct http_body *body)
{
	const char *type = json_in_text(in, "type", JSON_IN_OPTIONAL);
	body->type = copy(in, type ? type : "text/html");
	for (const char *at = type; at && *at; at++)
		if (!(octet_class[(uint8_t)*at] & OCTET_VALUE) || at - type == TYPE_MAX) {
			json_in_fault(in, json_object_get(in->object, "type"),
				      "type: expected a media type of at most %d octets", TYPE_MAX);
			return;
		}
}

static void read_file(struct json_in *in, struct http_body *body)
{
	json_t *value = json_object_get(in->object, "file");
	FILE *file = fopen(body->file, "re");
	body->bytes = malloc(HTTP_BODY_MAX + 1);
	size_t len = file && body->bytes ? fread(body->bytes, 1, HTTP_BODY_MAX + 1, file) : 0;
	if (!body->bytes)
		json_in_fault(in, value, "no memory");
	else if (!file || ferror(file))
		json_in_fault(in, value, "file: %s: %s", body->file, strerror(errno));
	else if (!len || len > HTTP_BODY_MAX)
		json_in_fault(in, value, "file: %s: expected 1 to %d octets", body->file,
			      HTTP_BODY_MAX);
	else
		body->len = (uint32_t)len;
	if (file)
		fclose(file);
}

static bool is_answered(int64_t status)
{
	static const uint16_t all[] = {301, 302, 303, 307, 308, 400, 403, 404,
				       405, 414, 417, 431, 501, 503, 505};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] == status)
			return true;
	return false;
}

static void read_body(struct json_in *outer, json_t *json, const char *config_path,
		      struct http_body *body)
{
	struct json_in in;
	json_in_begin(&in, outer->source, json, outer->place, "body");
	int64_t status = json_in_integer(&in, "status", 0, 599, 0);
	if (in.object && !is_answered(status))
		json_in_fault(&in, json_object_get(json, "status"),
			      "status: expected one that requests are answered with");
	body->status = (uint16_t)status;
	read_type(&in, body);
	const char *text = json_in_text(&in, "text", JSON_IN_OPTIONAL);
	body->file = config_peers_path(&in, "file", JSON_IN_OPTIONAL, config_path);
	if (in.object && !json_object_get(json, "text") == !json_object_get(json, "file"))
		json_in_fault(&in, NULL, "expected one of 'text' and 'file'");
	else if (body->file)
		read_file(&in, body);
	else if (text && (body->bytes = copy(&in, text)))
		body->len = (uint32_t)strlen(text);
	json_in_end(&in);
}

static void read_bodies(struct json_in *in, const char *config_path, struct http_settings *settings)
{
	json_t *list = json_in_list(in, "bodies");
	if (json_array_size(list) > HTTP_BODIES_MAX) {
		json_in_fault(in, list, "bodies: at most %d are possible", HTTP_BODIES_MAX);
		return;
	}
	settings->bodies = json_in_room(in, list, sizeof(*settings->bodies), &settings->n_bodies);
	for (size_t i = 0; i < settings->n_bodies; i++) {
		struct http_body *body = &settings->bodies[i];
		json_t *json = json_array_get(list, i);
		read_body(in, json, config_path, body);
		for (size_t k = 0; k < i; k++)
			if (settings->bodies[k].status == body->status)
				json_in_fault(in, json, "bodies: there are two for the status %d",
					      body->status);
	}
}

static bool same_bodies(const struct http_settings *a, const struct http_settings *b)
{
	bool same = a->n_bodies == b->n_bodies;
	for (size_t i = 0; same && i < a->n_bodies; i++) {
		const struct http_body *x = &a->bodies[i], *y = &b->bodies[i];
		same = x->status == y->status && x->len == y->len && !strcmp(x->type, y->type) &&
		       !memcmp(x->bytes, y->bytes, x->len);
	}
	return same;
}

static json_t *bodies_json(const struct http_settings *settings)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < settings->n_bodies; i++) {
		const struct http_body *body = &settings->bodies[i];
		json_array_append_new(list,
				      json_pack("{s:i, s:s, s:s}", "status", (int)body->status,
						"type", body->type, body->file ? "file" : "text",
						body->file ? body->file : body->bytes));
	}
	return list;
}

/* --- Proxies --------------------------------------------------------------------------------------------------------- */

static const char *const proxies[] = {"none", "proxy-protocol", "forwarded", "x-forwarded-for",
				      NULL}; /* as enum http_proxy */

static void read_proxies(struct json_in *in, struct http_settings *settings)
{
	size_t n;
	settings->proxy = (enum http_proxy)json_in_choice(in, "proxy", proxies, HTTP_PROXY_NONE);
	const char **texts = json_in_texts(in, "trusted-proxies", &n);
	json_t *list = json_object_get(in->object, "trusted-proxies");
	if (n > HTTP_PROXIES_MAX)
		json_in_fault(in, list, "trusted-proxies: at most %d are possible",
			      HTTP_PROXIES_MAX);
	for (size_t i = 0; i < n && i < HTTP_PROXIES_MAX; i++) {
		struct ip_prefix *prefix = &settings->trusted_proxies[settings->n_trusted_proxies];
		if (texts[i] && ip_prefix_parse(texts[i], prefix))
			settings->n_trusted_proxies++;
		else if (texts[i])
			json_in_fault(in, json_array_get(list, i),
				      "trusted-proxies: '%.64s' is not an address prefix",
				      texts[i]);
	}
	free(texts);
	if ((settings->proxy == HTTP_PROXY_NONE) != (n == 0))
		json_in_fault(in, list, "expected both of 'proxy' and 'trusted-proxies', or none");
}

static bool same_proxies(const struct http_settings *a, const struct http_settings *b)
{
	bool same = a->proxy == b->proxy && a->n_trusted_proxies == b->n_trusted_proxies;
	for (size_t i = 0; same && i < a->n_trusted_proxies; i++)
		same = ip_addr_equal(&a->trusted_proxies[i].addr, &b->trusted_proxies[i].addr) &&
		       a->trusted_proxies[i].len == b->trusted_proxies[i].len;
	return same;
}

static json_t *proxies_json(const struct http_settings *settings)
{
	char text[IP_TEXT_MAX];
	json_t *list = json_array();
	for (size_t i = 0; list && i < settings->n_trusted_proxies; i++)
		json_array_append_new(
			list, json_string(ip_prefix_text(&settings->trusted_proxies[i], text)));
	return list;
}

/* --- The group -------------------------------------------------------------------------------------------------------- */

static const char *const methods[] = {"refuse", "redirect", NULL}; /* as any_method */

void config_http_read(struct json_in *root, const char *config_path, struct http_settings *settings)
{
	struct json_in in;
	*settings = (struct http_settings){0};
	json_in_begin_group(&in, root, "http");
	read_limits(&in, &settings->limits);
	settings->limits.any_method = json_in_choice(&in, "methods", methods, 0);
	settings->retry_after =
		(uint32_t)json_in_integer(&in, "retry-after", 0, RETRY_AFTER_MOST, 1);
	settings->json_locations = json_in_flag(&in, "json-locations", false);
	read_proxies(&in, settings);
	read_bodies(&in, config_path, settings);
	json_in_end(&in);
}

void config_http_clear(struct http_settings *settings)
{
	for (size_t i = 0; i < settings->n_bodies; i++) {
		free(settings->bodies[i].type);
		free(settings->bodies[i].bytes);
		free(settings->bodies[i].file);
	}
	free(settings->bodies);
	*settings = (struct http_settings){0};
}

bool config_http_same(const struct http_settings *a, const struct http_settings *b)
{
	return a->limits.head_max == b->limits.head_max && a->limits.uri_max == b->limits.uri_max &&
	       a->limits.any_method == b->limits.any_method && a->retry_after == b->retry_after &&
	       a->json_locations == b->json_locations && same_bodies(a, b) && same_proxies(a, b);
}

json_t *config_http_json(const struct http_settings *settings)
{
	return json_pack(
		"{s:i, s:i, s:s, s:i, s:b, s:s, s:o, s:o}", "head-max",
		(int)settings->limits.head_max, "uri-max", (int)settings->limits.uri_max, "methods",
		methods[settings->limits.any_method], "retry-after", (int)settings->retry_after,
		"json-locations", (int)settings->json_locations, "proxy", proxies[settings->proxy],
		"trusted-proxies", proxies_json(settings), "bodies", bodies_json(settings));
}
