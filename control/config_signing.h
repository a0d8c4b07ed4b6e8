/* config_signing - the part of the configuration that is about signed URIs: whose keys are trusted, and which one is ours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "lib/settings.h"

enum { SIGNING_KEYS_MAX = 1024 };

/* Asks `root` for its member signing. settings, which are all zero, are written; paths count from the folder of the configuration
 * file. The key files are not read here: control/sign.h. Control thread, or the helper. */
void config_signing_read(struct json_in *root, const char *config_path,
			 struct signing_settings *settings);
void config_signing_clear(struct signing_settings *settings);

/* As it is configured, for a file. NULL: no memory. */
json_t *config_signing_json(const struct signing_settings *settings);
