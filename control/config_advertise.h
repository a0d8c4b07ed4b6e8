/* config_advertise - the parts of a peer's configuration that say what it is told, and how its flapping is damped. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "json_in.h"
#include "lib/settings.h"

/* The members advertise, cascade and damping of a peer. Control thread, or the helper. */
void config_advertise_read(struct json_in *in, struct peer_settings *peer);

/* After all peers were read: do those that a cascade names exist, and can each downstream one have a DRI (LL-16)? */
void config_advertise_check(struct json_in *root, const struct settings *settings);

void config_advertise_clear(struct peer_settings *peer);
bool config_advertise_same(const struct peer_settings *a, const struct peer_settings *b);

/* Adds the members to those of a peer. Gives it; NULL: no memory, or it is NULL. */
json_t *config_advertise_json(json_t *json, const struct peer_settings *peer);
