/* config_peers - the parts of the configuration that are about other CDNs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "lib/settings.h"

/* Asks `root` for its members interconnection and peers. Both parts of settings, which are all zero, are written; paths count
 * from the folder of the configuration file. Control thread, or the helper. */
void config_peers_read(struct json_in *root, const char *config_path, struct settings *settings);
void config_peers_clear(struct settings *settings);

/* The member `key`, a path, as an absolute one, for free(): it counts from the folder of the configuration file. NULL: there is none,
 * or a fault. */
char *config_peers_path(struct json_in *in, const char *key, enum json_in_need need,
			const char *config_path);

/* Do both say the same about the peer? */
bool config_peers_same(const struct peer_settings *a, const struct peer_settings *b);

/* NULL: there is none of that name. */
const struct peer_settings *config_peers_find(const struct peers *peers, const char *name);

/* "https://host:port/path", or with plain "http://...". */
bool config_peers_is_url(const char *text, bool plain);

/* As they are configured, for a file. NULL: no memory; for the first one also: there is no such group. */
json_t *config_peers_interconnection_json(const struct interconnection *interconnection);
json_t *config_peers_json(const struct peer_settings *peer);
