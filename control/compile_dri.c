/* compile_dri - DRIs: checked, and attached to their targets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compiler.h"
#include "lib/dns_name.h"
#include "lib/request.h"
#include "lib/siphash.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAME_ROOM = OBJECT_NAME_MAX - DRI_SOURCE_MAX - 24
}; /* of a name, without what stands behind its hosts */

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
		if (!dri_set_cname(dri, name.wire, name.len)) {
			compiler_no_memory(compiler, place, model->dns_host);
			return false;
		}
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

static bool dri_server(struct compiler *compiler, struct dri_server *to,
		       const struct model_server *from, struct place place)
{
	if (!dns_name_from_text(from->name, &to->name)) {
		faults_add(compiler->faults, place, "name server '%s' is not a domain name",
			   from->name);
		return false;
	}
	if (from->n_addresses > DRI_SERVER_ADDRESSES_MAX) {
		faults_add(compiler->faults, place, "name server '%s' has more than %d addresses",
			   from->name, DRI_SERVER_ADDRESSES_MAX);
		return false;
	}
	to->n_addresses = (uint8_t)from->n_addresses;
	for (size_t i = 0; i < from->n_addresses; i++)
		to->addresses[i] = from->addresses[i];
	return true;
}

/* One label that may stand in a host name; each host with it in front has to be a name, too. */
static bool label_ok(const struct model_dri *model)
{
	struct request req;
	size_t len = strlen(model->label), most = 0;
	for (size_t i = 0; i < model->n_hosts; i++)
		most = strlen(model->hosts[i]) > most ? strlen(model->hosts[i]) : most;
	return len <= DRI_LABEL_MAX && !strchr(model->label, '.') && model->n_hosts &&
	       len + 1 + most <= 253 && request_key_host(&req, (const uint8_t *)model->label, len);
}

static bool dri_delegation(struct compiler *compiler, struct dri *dri,
			   const struct model_dri *model, struct place place)
{
	if (!model->label)
		return true;
	if (!label_ok(model)) {
		faults_add(compiler->faults, place,
			   "label '%.64s': expected one label of a host name, and "
			   "redirecting-hosts that it can stand in front of",
			   model->label);
		return false;
	}
	if (model->n_servers > DRI_SERVERS_MAX) {
		faults_add(compiler->faults, place, "label '%s' has more than %d servers",
			   model->label, DRI_SERVERS_MAX);
		return false;
	}
	struct dri_delegation *delegation = dri->delegation = calloc(1, sizeof(*delegation));
	if (!delegation) {
		compiler_no_memory(compiler, place, model->target);
		return false;
	}
	delegation->label[0] = (uint8_t)strlen(model->label);
	for (unsigned i = 0; i < delegation->label[0]; i++)
		delegation->label[1 + i] = (uint8_t)tolower((unsigned char)model->label[i]);
	while (delegation->n_servers < model->n_servers) {
		unsigned i = delegation->n_servers++;
		if (!dri_server(compiler, &delegation->servers[i], &model->servers[i], place))
			return false;
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
	if (dri->authority && dri->path_prefix && (dri->scheme || !model->scheme) &&
	    dri_set_start(dri))
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

/* Tells DRIs of the same hosts from each other. */
static uint64_t footprints_hash(const struct footprint *list, size_t n, uint64_t hash)
{
	static const uint8_t fixed_key[16] = "turnout: dri";
	for (size_t i = 0; i < n; i++) {
		uint8_t text[16 + 64];
		for (size_t k = 0; k < list[i].n_values; k++) {
			int len = snprintf((char *)text, sizeof(text), "%016lx%u %.45s", hash,
					   list[i].type, list[i].values[k]);
			hash = siphash(fixed_key, text, (size_t)len);
		}
		hash = footprints_hash(list[i].members, list[i].n_members, hash);
	}
	return hash;
}

static bool name_hosts(const struct dri *dri, char *name, size_t len)
{
	for (unsigned i = 0; i < dri->n_hosts; i++) {
		size_t host_len = strlen(dri->hosts[i]);
		if (len + host_len + 2 > NAME_ROOM)
			return false;
		name[len++] = i ? ',' : ' ';
		memcpy(name + len, dri->hosts[i], host_len + 1);
		len += host_len;
	}
	return true;
}

/* "cdn/b"; behind a blank the redirecting hosts if it names some; behind " @" a hash of its footprints if it has some; behind " <" its
 * source if it has one, so that none takes the place of one with another source. */
static bool name_dri(const struct compiler *compiler, const struct model_dri *model,
		     const struct dri *dri, struct place place, char name[OBJECT_NAME_MAX])
{
	compiler_target_path(model->kind, model->target, name, NAME_ROOM);
	if (!name_hosts(dri, name, strlen(name))) {
		faults_add(
			compiler->faults, place,
			"DRI of %s: its redirecting-hosts have more than %d octets together; make "
			"several DRIs of it",
			name, NAME_ROOM);
		return false;
	}
	size_t len = strlen(name);
	if (model->footprints.n)
		len += (size_t)snprintf(
			name + len, OBJECT_NAME_MAX - len, " @%016lx",
			footprints_hash(model->footprints.list, model->footprints.n, 0));
	if (model->source)
		snprintf(name + len, OBJECT_NAME_MAX - len, " <%s", model->source);
	return true;
}

/* A DRI by itself; NULL: refused. */
static struct dri *make_dri(struct compiler *compiler, const struct model_dri *model,
			    struct place place)
{
	struct dri *dri = calloc(1, sizeof(*dri));
	if (!dri) {
		compiler_no_memory(compiler, place, model->target);
		return NULL;
	}
	dri->refs = 1;
	dri->ttl = model->ttl;
	if (dri_hosts(compiler, dri, model, place) && dri_dns(compiler, dri, model, place) &&
	    dri_delegation(compiler, dri, model, place) && dri_http(compiler, dri, model, place)) {
		if (dri->cname_len || dri->delegation || dri->n_v4 || dri->n_v6 || dri->authority ||
		    model->withdrawn)
			return dri;
		faults_add(compiler->faults, place,
			   "DRI of %s '%s' has neither dns-target nor http-target",
			   target_kind_name(model->kind), model->target);
	}
	dri_release(dri);
	return NULL;
}

/* --- Names that are delegated ------------------------------------------------------------------------ */

struct holder {
	const struct dri *dri;
	const struct object *object;
};

static bool find_holder(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct holder *holder = arg;
	const struct object *object = value;
	(void)len;
	if (key[0] != OBJECT_DRI)
		return false;
	if (!object->removed && object->made.dri == holder->dri)
		holder->object = object;
	return !holder->object;
}

/* Is a name delegated by another DRI, which does not go? */
static bool is_taken(struct compiler *compiler, const struct dri *by, const struct entry *entry)
{
	const uint8_t first = OBJECT_DRI;
	struct holder holder = {by, NULL};
	trie_walk(compiler->objects.root, &first, 1, find_holder, &holder);
	if (!holder.object || compiler_may_sweep(compiler, holder.object))
		return false;
	faults_add(compiler->faults, entry->place,
		   "label '%.*s' of its hosts is that of DRI '%.255s' already",
		   by->delegation->label[0], (const char *)by->delegation->label + 1,
		   holder.object->name);
	return true;
}

static bool cuts_free(struct compiler *compiler, const struct dri *dri, const struct dri *old,
		      const struct entry *entry)
{
	uint8_t key[REQUEST_HOST_MAX];
	for (unsigned i = 0; dri->delegation && i < dri->n_hosts; i++) {
		const struct dri *by = trie_get(compiler->cuts.root, key, dri_cut_key(dri, i, key));
		if (by && by != old && by != dri && is_taken(compiler, by, entry))
			return false;
	}
	return true;
}

/* Those of another DRI, which took them over, stay. */
static bool drop_cuts(struct compiler *compiler, const struct dri *dri)
{
	uint8_t key[REQUEST_HOST_MAX];
	bool done = true;
	for (unsigned i = 0; dri->delegation && i < dri->n_hosts; i++) {
		size_t len = dri_cut_key(dri, i, key);
		if (trie_get(compiler->cuts.root, key, len) == dri)
			done &= trie_remove(&compiler->cuts, key, len);
	}
	return done;
}

static bool put_cuts(struct compiler *compiler, struct dri *dri)
{
	uint8_t key[REQUEST_HOST_MAX];
	bool done = true;
	for (unsigned i = 0; dri->delegation && i < dri->n_hosts; i++) {
		size_t len = dri_cut_key(dri, i, key);
		done &= trie_set(&compiler->cuts, key, len, dri);
	}
	return done;
}

/* Takes the DRI's reference over. */
static bool put_dri(struct compiler *compiler, struct entry *entry, struct dri *dri, uint32_t id)
{
	struct object *object = entry_object(compiler, entry);
	if (!object) {
		dri_release(dri);
		return false;
	}
	struct dri *old = entry->old && !entry->old->removed ? entry->old->made.dri : NULL;
	dri->order = object->order;
	object->made.dri = dri;
	if ((!old || drop_cuts(compiler, old)) && put_cuts(compiler, dri) &&
	    compiler_attach(compiler, id, &(struct attached){.dri = old},
			    &(struct attached){.dri = dri}) &&
	    (!old || compiler_drop_footprint(compiler, old->footprint)))
		return entry_put(compiler, entry, object);
	object_release(object);
	compiler_no_memory(compiler, entry->place, entry->name);
	return false;
}

bool compiler_add_dri(struct compiler *compiler, const struct model_dri *model, struct place place)
{
	struct model_target_ref ref = {.kind = model->kind, .name = model->target};
	struct entry entry;
	uint32_t target;
	bool refused = true;
	char name[OBJECT_NAME_MAX];
	struct dri *dri = compiler->no_memory ? NULL : make_dri(compiler, model, place);
	if (!dri)
		return false;
	if (name_dri(compiler, model, dri, place, name) &&
	    entry_begin(compiler, &entry, OBJECT_DRI, name, model->json, place, &refused)) {
		bool there = entry.old && !entry.old->removed;
		if (compiler_target(compiler, &ref, "DRI", NULL, place, &target) &&
		    cuts_free(compiler, dri, there ? entry.old->made.dri : NULL, &entry) &&
		    compiler_take_footprint(compiler, &model->footprints, "DRI", place,
					    &dri->footprint))
			return put_dri(compiler, &entry, dri, target);
		refused = true;
	}
	dri_release(dri);
	return !refused;
}

bool compiler_take_out_dri(struct compiler *compiler, const struct object *object)
{
	uint32_t owner = compiler_owner(compiler, object);
	struct dri *dri = object->made.dri;
	if (drop_cuts(compiler, dri) &&
	    compiler_attach(compiler, owner, &(struct attached){.dri = dri}, NULL) &&
	    compiler_drop_footprint(compiler, dri->footprint) &&
	    compiler_touch_target(compiler, owner))
		return true;
	compiler_no_memory(compiler, (struct place){NULL, 0}, object->name);
	return false;
}
