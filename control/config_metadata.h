/* config_metadata - the parts of a peer's configuration that are about CDNI metadata: what is imported from it, what is served to it. RFC 8006. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "lib/settings.h"

/* Asks a peer for its members metadata and serve-metadata; its roles and plain_http are read. The file that it names is read, too. Control
 * thread, or the helper. */
void config_metadata_read(struct json_in *in, const char *config_path, struct peer_settings *peer);

/* When all peers are read: do those whose metadata is passed on have some? */
void config_metadata_check(struct json_in *root, const struct peers *peers);
void config_metadata_clear(struct peer_settings *peer);

/* Is the same imported? What is served may differ: that disturbs no session. */
bool config_metadata_same(const struct peer_settings *a, const struct peer_settings *b);

/* Adds them to a peer's JSON, which is taken over. NULL: no memory, or json was NULL. */
json_t *config_metadata_json(json_t *json, const struct peer_settings *peer);
