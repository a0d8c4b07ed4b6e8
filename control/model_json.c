/* model_json - the one JSON form of each object of the model, read from configuration, table files and the socket. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "model_json.h"

#include <stdlib.h>
#include <string.h>

static const int64_t SECONDS_MAX = INT32_MAX; /* RFC 2181 §8 */

static const char *const states[] = {"up", "drain", "down", NULL}; /* as enum target_state */
static const char *const strategies[] = {"iterative", "semi-recursive", "full-recursive",
					 NULL}; /* as enum redirection_strategy */
static const char *const dri_sources[] = {"manual", "peer", NULL};

static void read_strategy(struct json_in *in, struct model_target *target)
{
	target->learnt = json_in_choice(in, "dri-source", dri_sources, 0);
	target->strategy = (enum redirection_strategy)json_in_choice(in, "strategy", strategies,
								     STRATEGY_ITERATIVE);
	if (target->strategy == STRATEGY_ITERATIVE)
		json_in_drop(in, in->object, "strategy");
}

static void read_excluded(struct json_in *in, struct model_target *target)
{
	target->excluded = json_in_texts(in, "excluded-hosts", &target->n_excluded);
	if (target->n_excluded > TARGET_EXCLUDED_MAX)
		json_in_fault(in, json_object_get(in->object, "excluded-hosts"),
			      "excluded-hosts: at most %d are possible", TARGET_EXCLUDED_MAX);
	if (!target->n_excluded)
		json_in_drop(in, in->object, "excluded-hosts");
}

bool model_json_target(const struct json_source *source, json_t *json, enum target_kind kind,
		       struct model_target *target)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, target_kind_name(kind));
	*target = (struct model_target){.kind = kind};
	target->name = json_in_text(&in, "name", JSON_IN_NEEDED);
	if (kind == TARGET_CDN)
		target->provider_id = json_in_text(&in, "provider-id", JSON_IN_OPTIONAL);
	target->state = (enum target_state)json_in_choice(&in, "state", states, TARGET_UP);
	if (kind == TARGET_CDN) {
		read_strategy(&in, target);
		read_excluded(&in, target);
	}
	return json_in_end(&in);
}

void model_json_target_clear(struct model_target *target)
{
	free(target->excluded);
	*target = (struct model_target){0};
}

const char *model_json_target_name(struct json_in *in, enum target_kind *kind)
{
	const char *cdn = json_in_text(in, "cdn", JSON_IN_OPTIONAL);
	const char *node = json_in_text(in, "node", JSON_IN_OPTIONAL);
	bool has_cdn = json_object_get(in->object, "cdn"),
	     has_node = json_object_get(in->object, "node");
	if (in->object && has_cdn == has_node)
		json_in_fault(in, NULL, "expected one of 'cdn' and 'node'");
	*kind = has_cdn ? TARGET_CDN : TARGET_NODE;
	return has_cdn ? cdn : node;
}

bool model_json_target_ref(struct json_in *in, const char *key, struct model_target_ref *ref)
{
	*ref = (struct model_target_ref){.weight = 1};
	json_t *json = json_in_object(in, key);
	if (!json)
		return true;
	struct json_in inner;
	json_in_begin(&inner, in->source, json, in->place, key);
	ref->name = model_json_target_name(&inner, &ref->kind);
	return json_in_end(&inner);
}

bool model_json_state(const struct json_source *source, json_t *json, struct model_state *state)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, "state");
	*state = (struct model_state){0};
	state->name = model_json_target_name(&in, &state->kind);
	int choice = json_in_choice(&in, "state", states, -1);
	if (in.object && choice < 0)
		json_in_fault(&in, NULL, "'state' is missing");
	state->state = (enum target_state)choice;
	return json_in_end(&in);
}

bool model_json_fallback(const struct json_source *source, json_t *json,
			 struct model_fallback *fallback)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, "fallback");
	*fallback = (struct model_fallback){.target = {.weight = 1}};
	fallback->target.name = model_json_target_name(&in, &fallback->target.kind);
	return json_in_end(&in);
}

static void read_server(struct json_in *in, json_t *json, struct model_server *server)
{
	struct json_in inner;
	json_in_begin(&inner, in->source, json, in->place, "server");
	server->name = json_in_text(&inner, "name", JSON_IN_NEEDED);
	server->addresses = json_in_addresses(&inner, "addresses", &server->n_addresses);
	json_in_end(&inner);
}

static struct model_server *read_servers(struct json_in *in, size_t *n)
{
	json_t *list = json_in_list(in, "servers");
	struct model_server *servers = json_in_room(in, list, sizeof(*servers), n);
	for (size_t i = 0; i < *n; i++)
		read_server(in, json_array_get(list, i), &servers[i]);
	return servers;
}

static void clear_servers(struct model_server *servers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(servers[i].addresses);
	free(servers);
}

static void read_dns_target(struct json_in *in, struct model_dri *dri)
{
	json_t *json = json_in_object(in, "dns-target");
	if (!json)
		return;
	struct json_in inner;
	json_in_begin(&inner, in->source, json, in->place, "dns-target");
	dri->dns_host = json_in_text(&inner, "host", JSON_IN_OPTIONAL);
	dri->addresses = json_in_addresses(&inner, "addresses", &dri->n_addresses);
	dri->ttl = (uint32_t)json_in_integer(&inner, "ttl", 0, SECONDS_MAX, 60);
	dri->label = json_in_text(&inner, "label", JSON_IN_OPTIONAL);
	dri->servers = read_servers(&inner, &dri->n_servers);
	bool host = json_object_get(json, "host"), label = json_object_get(json, "label"),
	     addresses = json_array_size(json_object_get(json, "addresses")) > 0;
	if (host + label + addresses != 1)
		json_in_fault(&inner, NULL, "expected one of 'host', 'addresses' and 'label'");
	if (label)
		json_in_not_empty(&inner, "servers", "name server");
	else if (json_object_get(json, "servers"))
		json_in_fault(&inner, NULL, "'servers' belong to a 'label'");
	json_in_end(&inner);
}

static void read_http_target(struct json_in *in, struct model_dri *dri)
{
	static const char *const schemes[] = {"http", "https", NULL};
	json_t *json = json_in_object(in, "http-target");
	if (!json)
		return;
	struct json_in inner;
	json_in_begin(&inner, in->source, json, in->place, "http-target");
	dri->authority = json_in_text(&inner, "host", JSON_IN_NEEDED);
	int scheme = json_in_choice(&inner, "scheme", schemes, -1);
	dri->scheme = scheme < 0 ? NULL : schemes[scheme];
	dri->path_prefix = json_in_text(&inner, "path-prefix", JSON_IN_OPTIONAL);
	dri->include_redirecting_host = json_in_flag(&inner, "include-redirecting-host", false);
	json_in_end(&inner);
}

bool model_json_dri(const struct json_source *source, json_t *json, struct model_dri *dri)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, "dri");
	*dri = (struct model_dri){.ttl = 60};
	dri->target = model_json_target_name(&in, &dri->kind);
	dri->hosts = json_in_texts(&in, "redirecting-hosts", &dri->n_hosts);
	read_dns_target(&in, dri);
	read_http_target(&in, dri);
	model_json_footprints(&in, false, &dri->footprints);
	dri->withdrawn = json_in_flag(&in, "withdrawn", false);
	dri->source = json_in_text(&in, "source", JSON_IN_OPTIONAL);
	if (dri->source && (strlen(dri->source) > DRI_SOURCE_MAX || strchr(dri->source, ' ')))
		json_in_fault(&in, NULL, "source: expected one word of at most %d octets",
			      DRI_SOURCE_MAX);
	bool has_target =
		json_object_get(json, "dns-target") || json_object_get(json, "http-target");
	if (in.object && has_target == dri->withdrawn)
		json_in_fault(&in, NULL,
			      dri->withdrawn ? "one that is withdrawn has no target"
					     : "expected 'dns-target', 'http-target' or both");
	return json_in_end(&in);
}

void model_json_dri_clear(struct model_dri *dri)
{
	model_json_footprints_clear(&dri->footprints);
	free(dri->hosts);
	free(dri->addresses);
	clear_servers(dri->servers, dri->n_servers);
	*dri = (struct model_dri){0};
}

static uint32_t seconds(struct json_in *in, const char *key, uint32_t otherwise)
{
	return (uint32_t)json_in_integer(in, key, 0, SECONDS_MAX, otherwise);
}

/* Beside a file, which says all. */
static void check_alone(struct json_in *in)
{
	static const char *const others[] = {"primary", "contact", "serial", "refresh",
					     "retry",   "expire",  "ttl",    "negative-ttl",
					     "servers", "records"};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (json_object_get(in->object, others[i]))
			json_in_fault(in, json_object_get(in->object, others[i]),
				      "'%s' cannot stand beside 'file', which says it", others[i]);
}

bool model_json_zone(const struct json_source *source, json_t *json, struct model_zone *zone)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, "zone");
	*zone = (struct model_zone){0};
	zone->name = json_in_text(&in, "name", JSON_IN_NEEDED);
	zone->file = json_in_text(&in, "file", JSON_IN_OPTIONAL);
	json_in_text(&in, "content", JSON_IN_OPTIONAL); /* told, and never asked for */
	zone->primary = json_in_text(&in, "primary", JSON_IN_OPTIONAL);
	zone->contact = json_in_text(&in, "contact", JSON_IN_OPTIONAL);
	zone->serial = (uint32_t)json_in_integer(&in, "serial", 0, UINT32_MAX, 1);
	zone->refresh = seconds(&in, "refresh", 7200);
	zone->retry = seconds(&in, "retry", 900);
	zone->expire = seconds(&in, "expire", 1209600);
	zone->negative_ttl = seconds(&in, "negative-ttl", 60);
	zone->ttl = seconds(&in, "ttl", 3600);
	zone->servers = read_servers(&in, &zone->n_servers);
	zone->records = json_in_texts(&in, "records", &zone->n_records);
	zone->no_client_subnet = !json_in_flag(&in, "client-subnet", true);
	if (json_object_get(json, "file"))
		check_alone(&in);
	else
		json_in_not_empty(&in, "servers", "name server");
	return json_in_end(&in);
}

void model_json_zone_clear(struct model_zone *zone)
{
	clear_servers(zone->servers, zone->n_servers);
	free(zone->records);
	*zone = (struct model_zone){0};
}

bool model_json_distinguished(const struct json_source *source, json_t *json,
			      struct model_distinguished *distinguished)
{
	struct json_in in;
	json_in_begin(&in, source, json, source->place, "distinguished");
	distinguished->host = json_in_text(&in, "host", JSON_IN_NEEDED);
	distinguished->path_prefix = json_in_text(&in, "path-prefix", JSON_IN_OPTIONAL);
	return json_in_end(&in);
}
