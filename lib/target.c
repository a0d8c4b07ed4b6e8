/* target - what a request can be sent to: a downstream CDN or an own delivery node, and its DRIs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "target.h"

#include "siphash.h"

#include <stdlib.h>
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

struct target *target_new(enum target_kind kind, const char *name, const char *provider_id,
			  uint32_t n_dris)
{
	static const uint8_t fixed_key[16] = "turnout: target";
	size_t name_len = strlen(name) + 1,
	       provider_len = provider_id ? strlen(provider_id) + 1 : 0;
	size_t fixed = sizeof(struct target) + n_dris * sizeof(struct dri *);
	struct target *target = calloc(1, fixed + name_len + provider_len);
	if (!target)
		return NULL;
	char *text = (char *)target + fixed;
	target->refs = 1;
	target->kind = (uint8_t)kind;
	target->seed = siphash(fixed_key, (const uint8_t *)name, name_len - 1);
	target->name = memcpy(text, name, name_len);
	if (provider_id)
		target->provider_id = memcpy(text + name_len, provider_id, provider_len);
	return target;
}

void target_release(struct target *target)
{
	if (--target->refs)
		return;
	for (uint32_t i = 0; i < target->n_dris; i++)
		dri_release(target->dris[i]);
	free(target);
}

void dri_release(struct dri *dri)
{
	if (--dri->refs)
		return;
	for (unsigned i = 0; i < dri->n_hosts; i++) {
		free(dri->hosts[i]);
		free(dri->host_keys[i]);
	}
	free(dri->hosts);
	free(dri->host_keys);
	free(dri->authority);
	free(dri->scheme);
	free(dri->path_prefix);
	free(dri);
}

bool dri_before(const struct dri *a, const struct dri *b)
{
	if (!a->n_hosts != !b->n_hosts)
		return a->n_hosts > 0;
	if (a->order != b->order)
		return a->order < b->order;
	for (unsigned i = 0; i < a->n_hosts && i < b->n_hosts; i++)
		if (strcmp(a->hosts[i], b->hosts[i]) != 0)
			return strcmp(a->hosts[i], b->hosts[i]) < 0;
	return a->n_hosts < b->n_hosts;
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
