/* compile_target - CDNs, nodes and their DRIs: checked, and taken into the tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"
#include "lib/dns_name.h"
#include "lib/request.h"
#include "lib/siphash.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void compiler_add_target(struct compiler *compiler, const struct model_target *model,
			 struct place place)
{
	static const uint8_t fixed_key[16] = "turnout: target";
	struct tables *tables = compiler->tables;
	if (compiler->no_memory)
		return;
	size_t cap_states = compiler->cap_targets;
	if (!compiler_grow((void **)&compiler->states, &cap_states, tables->n_targets, 1) ||
	    !compiler_grow((void **)&tables->targets, &compiler->cap_targets, tables->n_targets,
			   sizeof(struct target))) {
		compiler_no_memory(compiler, place, model->name);
		return;
	}
	const char *kind = target_kind_name(model->kind);
	if (!compiler_name(compiler, kind, model->name, compiler_index_object(tables->n_targets),
			   place))
		return;
	struct target target = {
		.kind = model->kind,
		.line = place.line,
		.name = strdup(model->name),
		.provider_id = model->provider_id ? strdup(model->provider_id) : NULL,
		.seed = siphash(fixed_key, (const uint8_t *)model->name, strlen(model->name)),
	};
	compiler->states[tables->n_targets] = (uint8_t)model->state;
	tables->targets[tables->n_targets++] = target;
	if (!target.name || (model->provider_id && !target.provider_id))
		compiler_no_memory(compiler, place, model->name);
}

static bool dri_dns(struct compiler *compiler, struct dri *dri, const struct model_dri *model,
		    struct place place)
{
	if (model->dns_host) {
		struct dns_name name;
		if (!dns_name_from_text(model->dns_host, &name)) {
			faults_add(compiler->faults, place,
				   "dns-target host '%s' is not a domain name", model->dns_host);
			return false;
		}
		dri->cname_len = name.len;
		memcpy(dri->cname, name.wire, name.len);
	}
	for (size_t i = 0; i < model->n_addresses; i++) {
		const struct ip_addr *addr = &model->addresses[i];
		uint8_t *n = addr->family == 4 ? &dri->n_v4 : &dri->n_v6;
		if (*n == DRI_ADDRESSES_MAX) {
			faults_add(compiler->faults, place,
				   "dns-target has more than %d addresses of one family",
				   DRI_ADDRESSES_MAX);
			return false;
		}
		if (addr->family == 4)
			memcpy(dri->v4[(*n)++], addr->bytes, 4);
		else
			memcpy(dri->v6[(*n)++], addr->bytes, 16);
	}
	return true;
}

/* host[:port], as it will stand in a Location. */
static bool authority_ok(const char *authority)
{
	struct request req;
	const char *close = authority[0] == '[' ? strchr(authority, ']') : NULL;
	const char *colon = strchr(close ? close : authority, ':');
	size_t host_len = colon ? (size_t)(colon - authority) : strlen(authority);
	if (!request_key_host(&req, (const uint8_t *)authority, host_len))
		return false;
	if (!colon)
		return true;
	char *end;
	unsigned long port = strtoul(colon + 1, &end, 10);
	return isdigit((unsigned char)colon[1]) && *end == '\0' && port >= 1 && port <= 65535;
}

static bool dri_http(struct compiler *compiler, struct dri *dri, const struct model_dri *model,
		     struct place place)
{
	const char *prefix = model->path_prefix ? model->path_prefix : "/";
	if (!model->authority)
		return true;
	if (!authority_ok(model->authority)) {
		faults_add(compiler->faults, place,
			   "http-target host '%s' is not valid: expected a host name with an "
			   "optional :port",
			   model->authority);
		return false;
	}
	if (!compiler_path_prefix_ok(compiler, prefix, place))
		return false;
	dri->authority = compiler_lower(model->authority);
	dri->path_prefix = strdup(prefix);
	dri->scheme = model->scheme ? strdup(model->scheme) : NULL;
	dri->include_redirecting_host = model->include_redirecting_host;
	if (dri->authority && dri->path_prefix && (dri->scheme || !model->scheme))
		return true;
	compiler_no_memory(compiler, place, model->target);
	return false;
}

static bool dri_hosts(struct compiler *compiler, struct dri *dri, const struct model_dri *model,
		      struct place place)
{
	if (model->n_hosts == 0)
		return true;
	dri->hosts = calloc(model->n_hosts, sizeof(char *));
	dri->host_keys = calloc(model->n_hosts, sizeof(char *));
	for (size_t i = 0; dri->hosts && dri->host_keys && i < model->n_hosts; i++) {
		dri->host_keys[i] =
			compiler_host_key(compiler, model->hosts[i], "redirecting host", place);
		if (!dri->host_keys[i])
			return false;
		dri->hosts[i] = compiler_lower(model->hosts[i]);
		dri->n_hosts++;
		if (!dri->hosts[i])
			break;
	}
	if (dri->n_hosts == model->n_hosts && dri->hosts[dri->n_hosts - 1])
		return true;
	compiler_no_memory(compiler, place, model->target);
	return false;
}

static bool target_take_dri(struct target *target, struct dri *dri)
{
	struct dri **dris = realloc(target->dris, (target->n_dris + 1) * sizeof(*dris));
	if (!dris)
		return false;
	target->dris = dris;
	dris[target->n_dris++] = dri;
	return true;
}

/* Moves the last DRI before those for every host when it names hosts, so that the first that fits is the right one. */
static void target_sort_dri(struct target *target)
{
	unsigned at = target->n_dris - 1;
	struct dri *dri = target->dris[at];
	for (; dri->n_hosts && at > 0 && !target->dris[at - 1]->n_hosts; at--)
		target->dris[at] = target->dris[at - 1];
	target->dris[at] = dri;
}

void compiler_add_dri(struct compiler *compiler, const struct model_dri *model, struct place place)
{
	struct model_target_ref ref = {.kind = model->kind, .name = model->target};
	uint32_t target;
	if (compiler->no_memory || !compiler_target(compiler, &ref, "DRI", place, &target))
		return;
	/* On the target's list from the start: whatever is refused below is freed with the target. */
	struct dri *dri = calloc(1, sizeof(*dri));
	if (!dri || !target_take_dri(&compiler->tables->targets[target], dri)) {
		free(dri);
		compiler_no_memory(compiler, place, model->target);
		return;
	}
	dri->target = target;
	dri->line = place.line;
	dri->ttl = model->ttl;
	if (!dri_hosts(compiler, dri, model, place) || !dri_dns(compiler, dri, model, place) ||
	    !dri_http(compiler, dri, model, place))
		return;
	target_sort_dri(&compiler->tables->targets[target]);
	if (!dri->cname_len && !dri->n_v4 && !dri->n_v6 && !dri->authority)
		faults_add(compiler->faults, place,
			   "DRI of %s '%s' has neither dns-target nor http-target",
			   target_kind_name(model->kind), model->target);
}

void compiler_set_fallback(struct compiler *compiler, const struct model_target_ref *target,
			   struct place place)
{
	if (!compiler->no_memory)
		compiler_target(compiler, target, "fallback", place, &compiler->tables->fallback);
}
