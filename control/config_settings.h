/* config_settings - the parts of the configuration that are about the process. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "lib/settings.h"

/* Asks `root` for its members eal, workers, ports, tcp, dns, recursion, control and state. settings is written whole,
 * with defaults for what is missing or wrong. */
void config_settings_read(struct json_in *root, struct settings *settings);
