/* compile - takes the objects of a model in, one by one, checks each against the others, and makes tables of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compile.h"
#include "compiler.h"
#include "lib/dns_name.h"
#include "lib/request.h"
#include "lib/siphash.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_MAX_LEN = 255 };

static void name_keep(void *object)
{
	(void)object;
}

static const struct trie_ops name_ops = {name_keep, name_keep};

/* --- what every object needs ------------------------------------------------------------------------------------ */

void compiler_no_memory(struct compiler *compiler, struct place place, const char *what)
{
	if (!compiler->no_memory)
		faults_add(compiler->faults, place,
			   "not enough memory for the table: it ran out at %s, after %u scopes; "
			   "make the "
			   "table smaller or give the process more memory",
			   what, compiler->tables->n_scopes);
	compiler->no_memory = true;
}

bool compiler_exhausted(const struct compiler *compiler)
{
	return compiler->no_memory;
}

bool compiler_grow(void **array, size_t *cap, size_t n, size_t size)
{
	if (n < *cap)
		return true;
	size_t want = *cap ? *cap * 2 : 16;
	void *larger = realloc(*array, want * size);
	if (!larger)
		return false;
	*array = larger;
	*cap = want;
	return true;
}

static size_t name_key(char key[NAME_MAX_LEN + 16], const char *kind, const char *name)
{
	return (size_t)snprintf(key, NAME_MAX_LEN + 16, "%s/%s", kind, name);
}

void *compiler_named(const struct compiler *compiler, const char *kind, const char *name)
{
	char key[NAME_MAX_LEN + 16];
	if (strlen(name) > NAME_MAX_LEN)
		return NULL;
	size_t len = name_key(key, kind, name);
	return trie_get(compiler->names.root, (const uint8_t *)key, len);
}

static bool is_name(const char *name)
{
	size_t len = 0;
	for (; name[len]; len++)
		if (!isgraph((unsigned char)name[len]))
			return false;
	return len > 0 && len <= NAME_MAX_LEN;
}

bool compiler_name(struct compiler *compiler, const char *kind, const char *name, void *object,
		   struct place place)
{
	if (!is_name(name)) {
		faults_add(
			compiler->faults, place,
			"%s name '%.40s' is not a name: expected 1 to %d visible ASCII characters",
			kind, name, NAME_MAX_LEN);
		return false;
	}
	if (compiler_named(compiler, kind, name)) {
		faults_add(compiler->faults, place,
			   "%s name '%s' is already taken: give it another name", kind, name);
		return false;
	}
	char key[NAME_MAX_LEN + 16];
	size_t len = name_key(key, kind, name);
	if (trie_set(&compiler->names, (const uint8_t *)key, len, object))
		return true;
	compiler_no_memory(compiler, place, name);
	return false;
}

/* Names of targets, zones and footprints map to their index + 1: their arrays move while they grow. */
void *compiler_index_object(size_t index)
{
	return (void *)(uintptr_t)(index + 1);
}

static size_t object_index(const void *object)
{
	return (uintptr_t)object - 1;
}

bool compiler_target(struct compiler *compiler, const struct model_target_ref *ref,
		     const char *owner, struct place place, uint32_t *target)
{
	const char *kind = target_kind_name(ref->kind);
	const void *object = compiler_named(compiler, kind, ref->name);
	if (!object) {
		faults_add(compiler->faults, place, "%s refers to %s '%s', which is not configured",
			   owner, kind, ref->name);
		return false;
	}
	*target = (uint32_t)object_index(object);
	return true;
}

/* A host in key form; NULL and a fault when it is not a host name. */
char *compiler_host_key(struct compiler *compiler, const char *host, const char *what,
			struct place place)
{
	struct request req;
	if (!request_key_host(&req, (const uint8_t *)host, strlen(host))) {
		faults_add(compiler->faults, place, "%s '%s' is not a host name", what, host);
		return NULL;
	}
	char *key = strndup((const char *)req.key, req.host_len);
	if (!key)
		compiler_no_memory(compiler, place, host);
	return key;
}

char *compiler_lower(const char *text)
{
	char *copy = strdup(text);
	for (char *c = copy; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

bool compiler_path_prefix_ok(struct compiler *compiler, const char *prefix, struct place place)
{
	struct request req = {.host_len = 0};
	size_t len = strlen(prefix);
	if (len && prefix[0] == '/' && prefix[len - 1] == '/' && !strpbrk(prefix, "?#") &&
	    request_key_path(&req, (const uint8_t *)prefix, len))
		return true;
	faults_add(compiler->faults, place,
		   "path-prefix '%s' is not valid: expected a URI path that starts and ends with "
		   "'/' (RFC "
		   "8804 section 2.3)",
		   prefix);
	return false;
}

/* --- footprints ------------------------------------------------------------------------------------------------- */

void compiler_add_geo(struct compiler *compiler, const char *path, struct place place)
{
	char err[512];
	if (!compiler->no_memory &&
	    footprint_builder_geo(compiler->footprints, path, err, sizeof(err)) < 0)
		faults_add(compiler->faults, place, "%s", err);
}

void compiler_add_footprint(struct compiler *compiler, const struct model_footprint_name *footprint,
			    struct place place)
{
	struct tables *tables = compiler->tables;
	struct footprint_name name = {.line = place.line};
	char err[512];
	if (compiler->no_memory)
		return;
	if (footprint_builder_add(compiler->footprints, footprint->footprints.list,
				  footprint->footprints.n, &name.id, &name.rank, err,
				  sizeof(err)) < 0) {
		faults_add(compiler->faults, place, "footprint '%s': %s", footprint->name, err);
		return;
	}
	name.name = strdup(footprint->name);
	if (!name.name || !compiler_grow((void **)&tables->names, &compiler->cap_names,
					 tables->n_names, sizeof(name))) {
		free(name.name);
		compiler_no_memory(compiler, place, footprint->name);
		return;
	}
	if (!compiler_name(compiler, "footprint", name.name, compiler_index_object(tables->n_names),
			   place)) {
		free(name.name);
		return;
	}
	tables->names[tables->n_names++] = name;
}

/* --- zones and distinguished hosts ------------------------------------------------------------------------------ */

static bool zone_name(struct compiler *compiler, const char *text, const char *what,
		      struct place place, struct dns_name *name)
{
	if (dns_name_from_text(text, name))
		return true;
	faults_add(compiler->faults, place, "%s '%s' is not a domain name", what, text);
	return false;
}

static bool zone_servers(struct compiler *compiler, struct zone *zone,
			 const struct model_zone *model, struct place place)
{
	if (model->n_servers == 0 || model->n_servers > ZONE_SERVERS_MAX) {
		faults_add(compiler->faults, place, "zone '%s' has %zu servers: expected 1 to %d",
			   model->name, model->n_servers, ZONE_SERVERS_MAX);
		return false;
	}
	for (size_t i = 0; i < model->n_servers; i++) {
		const struct model_server *from = &model->servers[i];
		struct zone_server *to = &zone->servers[zone->n_servers++];
		if (!zone_name(compiler, from->name, "name server", place, &to->name))
			return false;
		if (from->n_addresses > ZONE_ADDRESSES_MAX) {
			faults_add(compiler->faults, place,
				   "name server '%s' has more than %d addresses", from->name,
				   ZONE_ADDRESSES_MAX);
			return false;
		}
		to->n_addresses = (uint8_t)from->n_addresses;
		for (size_t k = 0; k < from->n_addresses; k++)
			to->addresses[k] = from->addresses[k];
	}
	return true;
}

void compiler_add_zone(struct compiler *compiler, const struct model_zone *model,
		       struct place place)
{
	struct tables *tables = compiler->tables;
	if (compiler->no_memory)
		return;
	struct zone zone = {
		.line = place.line,
		.serial = model->serial,
		.refresh = model->refresh,
		.retry = model->retry,
		.expire = model->expire,
		.negative_ttl = model->negative_ttl,
		.ttl = model->ttl,
	};
	char text[DNS_NAME_TEXT_MAX], contact[DNS_NAME_TEXT_MAX];
	snprintf(contact, sizeof(contact), "hostmaster.%s", model->name);
	if (!zone_name(compiler, model->name, "zone name", place, &zone.apex) ||
	    !zone_servers(compiler, &zone, model, place) ||
	    !zone_name(compiler, model->primary ? model->primary : model->servers[0].name,
		       "primary", place, &zone.primary) ||
	    !zone_name(compiler, model->contact ? model->contact : contact, "contact", place,
		       &zone.contact))
		return;
	zone.text = compiler_lower(dns_name_text(zone.apex.wire, zone.apex.len, text));
	if (!zone.text || !compiler_grow((void **)&tables->zones, &compiler->cap_zones,
					 tables->n_zones, sizeof(zone))) {
		compiler_no_memory(compiler, place, model->name);
	} else if (compiler_name(compiler, "zone", zone.text,
				 compiler_index_object(tables->n_zones), place)) {
		tables->zones[tables->n_zones++] = zone;
		return;
	}
	free(zone.text);
}

void compiler_add_distinguished(struct compiler *compiler, const struct model_distinguished *model,
				struct place place)
{
	struct tables *tables = compiler->tables;
	const char *prefix = model->path_prefix ? model->path_prefix : "/";
	if (compiler->no_memory || !compiler_path_prefix_ok(compiler, prefix, place))
		return;
	if (!compiler_grow((void **)&tables->distinguished, &compiler->cap_distinguished,
			   tables->n_distinguished, sizeof(struct distinguished))) {
		compiler_no_memory(compiler, place, model->host);
		return;
	}
	struct distinguished d = {.line = place.line};
	d.host_key = compiler_host_key(compiler, model->host, "distinguished host", place);
	if (!d.host_key)
		return;
	d.host = compiler_lower(model->host);
	d.path_prefix = strdup(prefix);
	tables->distinguished[tables->n_distinguished++] = d;
	if (!d.host || !d.path_prefix)
		compiler_no_memory(compiler, place, model->host);
}

/* --- from start to end ------------------------------------------------------------------------------------------ */

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct compiler *compiler_new(struct faults *faults)
{
	struct compiler *compiler = calloc(1, sizeof(*compiler));
	if (!compiler)
		return NULL;
	compiler->tables = calloc(1, sizeof(*compiler->tables));
	if (compiler->tables)
		compiler->tables->refs = 1;
	compiler->footprints = footprint_builder_new();
	compiler->started = seconds_now();
	compiler->faults = faults;
	compiler->faults_before = faults->total;
	trie_begin(&compiler->scopes, NULL, &scope_trie_ops);
	trie_begin(&compiler->zones, NULL, &tables_zone_ops);
	trie_begin(&compiler->names, NULL, &name_ops);
	if (!compiler->tables || !compiler->footprints) {
		compiler_free(compiler);
		return NULL;
	}
	compiler->tables->fallback = SCOPE_NO_TARGET;
	return compiler;
}

void compiler_free(struct compiler *compiler)
{
	if (!compiler)
		return;
	trie_abort(&compiler->scopes);
	trie_abort(&compiler->zones);
	trie_abort(&compiler->names);
	footprint_builder_free(compiler->footprints);
	tables_release(compiler->tables);
	free(compiler->states);
	free(compiler);
}

const uint8_t *compiler_states(const struct compiler *compiler)
{
	return compiler->states;
}

/* LL-16: between two interconnected CDNs there is always a source of DRIs. */
static void check_targets(struct compiler *compiler)
{
	const struct tables *tables = compiler->tables;
	for (uint32_t i = 0; i < tables->n_targets; i++) {
		const struct target *target = &tables->targets[i];
		const char *kind = target_kind_name(target->kind);
		if (target->n_dris == 0)
			faults_add(compiler->faults, (struct place){NULL, target->line},
				   "%s '%s' has no DRI: add one to dris with %s = \"%s\"", kind,
				   target->name, kind, target->name);
	}
}

/* The fallback of the whole configuration may be said after the scopes. */
static void check_passes(struct compiler *compiler)
{
	const struct tables *tables = compiler->tables;
	for (uint32_t i = 0; tables->fallback == SCOPE_NO_TARGET && i < tables->n_scopes; i++) {
		const struct scope *scope = tables->scopes[i];
		if (scope->action == SCOPE_PASS && scope->fallback == SCOPE_NO_TARGET)
			faults_add(compiler->faults, (struct place){scope->file, scope->line},
				   "scope '%s': action \"pass\" needs a fallback, here or for the "
				   "whole "
				   "configuration",
				   scope->name);
	}
}

static bool finish_zones(struct compiler *compiler)
{
	struct tables *tables = compiler->tables;
	for (uint32_t i = 0; i < tables->n_zones; i++) {
		struct zone *zone = &tables->zones[i];
		struct request req;
		unsigned labels;
		dns_name_scan(zone->apex.wire, zone->apex.len, &labels);
		dns_name_key(zone->apex.wire, zone->apex.len, labels, &req);
		if (!trie_set(&compiler->zones, req.key, req.host_len, zone))
			return false;
	}
	return true;
}

static void finish_scratch(struct compiler *compiler, unsigned n_workers)
{
	struct tables *tables = compiler->tables;
	hs_scratch_t *scratch = NULL;
	const struct scope *at_fault = NULL;
	char err[512];
	bool done =
		scope_trie_compile(compiler->scopes.root, &scratch, &at_fault, err, sizeof(err));
	if (!done)
		faults_add(compiler->faults, (struct place){at_fault->file, at_fault->line},
			   "scope '%s': %s", at_fault->name, err);
	for (unsigned i = 0; done && scratch && i < n_workers; i++)
		if (hs_clone_scratch(scratch, &tables->scratch[i]) != HS_SUCCESS)
			compiler_no_memory(compiler, (struct place){NULL, 0},
					   "pattern scratch space");
	tables->scratch[WORKERS_MAX] = scratch;
}

struct tables *compiler_finish(struct compiler *compiler, unsigned n_workers)
{
	struct tables *tables = compiler->tables;
	struct place nowhere = {NULL, 0};
	char err[512];
	if (!compiler->no_memory) {
		check_targets(compiler);
		check_passes(compiler);
	}
	if (compiler->faults->total != compiler->faults_before)
		return NULL;

	tables->footprints = footprint_builder_finish(compiler->footprints, err, sizeof(err));
	if (!tables->footprints)
		faults_add(compiler->faults, nowhere, "footprints: %s", err);
	if (!finish_zones(compiler))
		compiler_no_memory(compiler, nowhere, "zones");
	if (scope_trie_longest_way(compiler->scopes.root) > SCOPE_TRIE_WAY_MAX)
		faults_add(compiler->faults, nowhere,
			   "more than %d scope paths and wildcards can apply to one request: nest "
			   "fewer of them",
			   SCOPE_TRIE_WAY_MAX);
	finish_scratch(compiler, n_workers);
	if (compiler->faults->total != compiler->faults_before)
		return NULL;

	tables->scopes_trie = trie_commit(&compiler->scopes);
	tables->trie_size = trie_measure(tables->scopes_trie);
	tables->zones_trie = trie_commit(&compiler->zones);
	tables->build_seconds = seconds_now() - compiler->started;
	compiler->tables = NULL;
	return tables;
}
