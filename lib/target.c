/* target - what a request can be sent to: a downstream CDN or an own delivery node, and its DRIs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "target.h"

#include <string.h>

const char *target_state_name(enum target_state state)
{
	static const char *const names[] = {"up", "drain", "down"};
	return names[state];
}

const char *target_kind_name(enum target_kind kind)
{
	return kind == TARGET_CDN ? "cdn" : "node";
}

static bool dri_names(const struct dri *dri, const uint8_t *host_key, size_t len)
{
	for (unsigned i = 0; i < dri->n_hosts; i++)
		if (strlen(dri->host_keys[i]) == len &&
		    memcmp(dri->host_keys[i], host_key, len) == 0)
			return true;
	return false;
}

const struct dri *target_dri(const struct target *target, const uint8_t *host_key, size_t len)
{
	for (unsigned i = 0; i < target->n_dris; i++)
		if (target->dris[i]->n_hosts == 0 || dri_names(target->dris[i], host_key, len))
			return target->dris[i];
	return NULL;
}
