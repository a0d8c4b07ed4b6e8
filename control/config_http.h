/* config_http - the part of the configuration that is about HTTP requests and answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "lib/http_settings.h"

/* Asks `root` for its member http. settings is written whole, with defaults for what is missing or wrong; paths count from the
 * folder of the configuration file, and the files are read. Control thread, or the helper. */
void config_http_read(struct json_in *root, const char *config_path,
		      struct http_settings *settings);
void config_http_clear(struct http_settings *settings);
bool config_http_same(const struct http_settings *a, const struct http_settings *b);

/* As it is configured, for a file. NULL: no memory. */
json_t *config_http_json(const struct http_settings *settings);
