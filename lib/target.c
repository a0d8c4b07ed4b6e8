/* target - what a request can be sent to: a downstream CDN or an own delivery node, and its DRIs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "target.h"

#include "dns_name.h"
#include "scope.h"
#include "siphash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *target_state_name(enum target_state state)
{
	static const char *const names[] = {"up", "drain", "down"};
	return names[state];
}

const char *redirection_strategy_name(enum redirection_strategy strategy)
{
	static const char *const names[] = {"iterative", "semi-recursive", "full-recursive"};
	return names[strategy];
}

const char *target_kind_name(enum target_kind kind)
{
	return kind == TARGET_CDN ? "cdn" : "node";
}

uint64_t target_seed(const char *name)
{
	static const uint8_t fixed_key[16] = "turnout: target";
	return siphash(fixed_key, name, strlen(name));
}

struct target *target_new(enum target_kind kind, const char *name, const char *provider_id,
			  const char *excluded, uint32_t n_dris, uint32_t n_adverts)
{
	size_t name_len = strlen(name) + 1,
	       provider_len = provider_id ? strlen(provider_id) + 1 : 0,
	       excluded_len = excluded ? strlen(excluded) + 1 : 0;
	size_t fixed = sizeof(struct target) + ((size_t)n_dris + n_adverts) * sizeof(struct dri *);
	struct target *target = calloc(1, fixed + name_len + provider_len + excluded_len);
	if (!target)
		return NULL;
	char *text = (char *)target + fixed;
	target->refs = 1;
	target->kind = (uint8_t)kind;
	target->dris = (struct dri **)(target + 1);
	target->adverts = (struct advert **)(target->dris + n_dris);
	target->seed = target_seed(name);
	target->name = memcpy(text, name, name_len);
	if (provider_id)
		target->provider_id = memcpy(text + name_len, provider_id, provider_len);
	if (excluded)
		target->excluded = memcpy(text + name_len + provider_len, excluded, excluded_len);
	return target;
}

bool dri_set_cname(struct dri *dri, const uint8_t *wire, size_t len)
{
	struct request key;
	unsigned labels;
	dns_name_key(wire, len, &labels, &key);
	dri->cname_key = calloc(1, key.host_len + 8u);
	if (!dri->cname_key)
		return false;
	memcpy(dri->cname_key, key.key, key.host_len);
	dri->cname_key_len = (uint8_t)key.host_len;
	dri->cname_plain = !memchr(key.key, 0x01, key.host_len);
	memmove(dri->cname, wire, len);
	dri->cname_len = (uint8_t)len;
	return true;
}

bool dri_set_start(struct dri *dri)
{
	if (!dri->authority || !dri->scheme || dri->location)
		return true;
	size_t len = strlen(dri->scheme) + 3 + strlen(dri->authority) + strlen(dri->path_prefix);
	dri->start = malloc(len + 1);
	if (!dri->start)
		return false;
	snprintf(dri->start, len + 1, "%s://%s%s", dri->scheme, dri->authority, dri->path_prefix);
	dri->start_len = (uint32_t)len;
	return true;
}

void target_put_dri(struct target *target, struct dri *dri)
{
	uint32_t at = target->n_dris++;
	for (; at && dri_before(dri, target->dris[at - 1]); at--)
		target->dris[at] = target->dris[at - 1];
	target->dris[at] = dri;
	dri->refs++;
}

void target_put_advert(struct target *target, struct advert *advert)
{
	uint32_t at = target->n_adverts++;
	for (; at && advert->type < target->adverts[at - 1]->type; at--)
		target->adverts[at] = target->adverts[at - 1];
	target->adverts[at] = advert;
	advert->refs++;
}

void target_release(struct target *target)
{
	if (--target->refs)
		return;
	for (uint32_t i = 0; i < target->n_dris; i++)
		dri_release(target->dris[i]);
	for (uint32_t i = 0; i < target->n_adverts; i++)
		advert_release(target->adverts[i]);
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
	free(dri->delegation);
	free(dri->cname_key);
	free(dri->authority);
	free(dri->scheme);
	free(dri->path_prefix);
	free(dri->location);
	free(dri->start);
	free(dri->cookie);
	free(dri);
}

static int by_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !!a - !!b;
}

/* 0: requests are sent the same way. */
static int by_content(const struct dri *a, const struct dri *b)
{
	int order = (a->ttl > b->ttl) - (a->ttl < b->ttl);
	order = order ? order : a->cname_len - b->cname_len;
	order = order ? order : memcmp(a->cname, b->cname, a->cname_len);
	order = order ? order : a->n_v4 - b->n_v4;
	order = order ? order : memcmp(a->v4, b->v4, a->n_v4 * sizeof(a->v4[0]));
	order = order ? order : a->n_v6 - b->n_v6;
	order = order ? order : memcmp(a->v6, b->v6, a->n_v6 * sizeof(a->v6[0]));
	order = order ? order : by_text(a->authority, b->authority);
	order = order ? order : by_text(a->scheme, b->scheme);
	order = order ? order : by_text(a->path_prefix, b->path_prefix);
	return order ? order : a->include_redirecting_host - b->include_redirecting_host;
}

bool dri_before(const struct dri *a, const struct dri *b)
{
	if (!a->n_hosts != !b->n_hosts)
		return a->n_hosts > 0;
	if ((a->footprint == SCOPE_ANY_FOOTPRINT) != (b->footprint == SCOPE_ANY_FOOTPRINT))
		return b->footprint == SCOPE_ANY_FOOTPRINT;
	if (a->order != b->order)
		return a->order < b->order;
	for (unsigned i = 0; i < a->n_hosts && i < b->n_hosts; i++)
		if (strcmp(a->hosts[i], b->hosts[i]) != 0)
			return strcmp(a->hosts[i], b->hosts[i]) < 0;
	return a->n_hosts != b->n_hosts ? a->n_hosts < b->n_hosts : by_content(a, b) < 0;
}

bool target_excludes(const struct target *target, const uint8_t *host_key, size_t len)
{
	size_t n;
	for (const char *key = target->excluded; key && *key; key += n) {
		n = strcspn(++key, " ");
		bool wildcard = n && key[n - 1] == '*';
		if ((wildcard ? len > n - 1 : len == n) && !memcmp(key, host_key, n - wildcard))
			return true;
	}
	return false;
}

size_t dri_cut_key(const struct dri *dri, unsigned host, uint8_t key[REQUEST_HOST_MAX])
{
	const uint8_t *label = dri->delegation->label;
	size_t len = strlen(dri->host_keys[host]);
	memcpy(key, dri->host_keys[host], len);
	key[len] = '.';
	memcpy(key + len + 1, label + 1, label[0]);
	return len + 1 + label[0];
}

bool dri_is_for(const struct dri *dri, const uint8_t *host_key, size_t len)
{
	for (unsigned i = 0; i < dri->n_hosts; i++)
		if (strlen(dri->host_keys[i]) == len &&
		    memcmp(dri->host_keys[i], host_key, len) == 0)
			return true;
	return dri->n_hosts == 0;
}
