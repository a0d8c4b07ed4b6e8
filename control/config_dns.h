/* config_dns - the part of the configuration that is about DNS: sizes, client subnet, cookies, identity, rate. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "lib/settings.h"

/* Asks `root` for its member dns. settings, which are all zero, are written. Control thread. */
void config_dns_read(struct json_in *root, struct dns_settings *settings);

/* As it is configured, for a file; cookie secrets only when they are to be seen. NULL: no memory. */
json_t *config_dns_json(const struct dns_settings *settings, bool secrets);

bool config_dns_same(const struct dns_settings *a, const struct dns_settings *b);
