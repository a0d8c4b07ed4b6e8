/* config_http - the part of the configuration that is about HTTP requests and answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_http.h"

enum { HEAD_LEAST = 512, URI_LEAST = 64, RETRY_AFTER_MOST = 86400 };

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

static const char *const methods[] = {"refuse", "redirect", NULL}; /* as any_method */

void config_http_read(struct json_in *root, struct http_settings *settings)
{
	struct json_in in;
	*settings = (struct http_settings){0};
	json_in_begin_group(&in, root, "http");
	read_limits(&in, &settings->limits);
	settings->limits.any_method = json_in_choice(&in, "methods", methods, 0);
	settings->retry_after =
		(uint32_t)json_in_integer(&in, "retry-after", 0, RETRY_AFTER_MOST, 1);
	json_in_end(&in);
}

bool config_http_same(const struct http_settings *a, const struct http_settings *b)
{
	return a->limits.head_max == b->limits.head_max && a->limits.uri_max == b->limits.uri_max &&
	       a->limits.any_method == b->limits.any_method && a->retry_after == b->retry_after;
}

json_t *config_http_json(const struct http_settings *settings)
{
	return json_pack("{s:i, s:i, s:s, s:i}", "head-max", (int)settings->limits.head_max,
			 "uri-max", (int)settings->limits.uri_max, "methods",
			 methods[settings->limits.any_method], "retry-after",
			 (int)settings->retry_after);
}
