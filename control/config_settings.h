/* config_settings - the parts of the configuration that are about the process. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "lib/settings.h"

/* Asks `root` for its members eal, workers, ports, tcp, dns, recursion, control and state. settings is written whole,
 * with defaults for what is missing or wrong. */
void config_settings_read(struct json_in *root, struct settings *settings);

/* n octets of two digits each. false: something else. */
bool config_settings_hex(const char *text, uint8_t *octets, size_t n);

/* A list of keys, at most so many: 32 hexadecimal digits each. Gives how many there are. */
unsigned config_settings_keys(struct json_in *in, const char *key, uint8_t keys[][16],
			      unsigned most);
json_t *config_settings_keys_json(const uint8_t keys[][16], unsigned n); /* NULL: no memory */
