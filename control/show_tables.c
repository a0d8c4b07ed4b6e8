/* show_tables - the methods that list what is in the published tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/bytes.h"
#include "lib/dns_name.h"
#include "lib/dns_wire.h"
#include "show.h"
#include "show_page.h"

#include <stdio.h>
#include <string.h>

json_t *show_object_place(const struct object *object)
{
	json_t *file = object->file ? rpc_text(object->file) : json_null();
	return json_pack("{s:o, s:o, s:i}", "set", rpc_text(object->set), "file", file, "line",
			 (int)object->line);
}

static json_t *scope_json(const struct view *view, const struct object *object)
{
	(void)view;
	return json_pack("{s:o}", "scope", json_loads(object_json(object), 0, NULL));
}

json_t *show_scopes(struct control *control, struct json_in *params, struct rpc_call *call)
{
	static const struct show_list list = {
		.title = "scopes", .kind = OBJECT_SCOPE, .whole = true, .show = scope_json};
	return show_page(control, &list, params, call);
}

static json_t *target_json(const struct view *view, const struct object *object)
{
	const struct target *target = view_target(view, object->made.id);
	char path[OBJECT_NAME_MAX];
	snprintf(path, sizeof(path), "%s/%s", object_kind_name((enum object_kind)object->kind),
		 object->name);
	const struct object *state = object_find(view->objects, OBJECT_STATE, path);
	enum redirection_strategy strategy = (enum redirection_strategy)target->strategy;
	const char *name = target->kind == TARGET_CDN ? redirection_strategy_name(strategy) : NULL;
	json_t *said = json_loads(object_json(object), 0, NULL);
	json_t *json = json_pack("{s:s, s:s*, s:s, s:s, s:s*, s:i, s:O*}", "name", target->name,
				 "provider-id", target->provider_id, "state",
				 target_state_name((enum target_state)target->state), "set-by",
				 state && !state->removed ? "operator" : "configuration",
				 "strategy", name, "dris", (int)target->n_dris, "excluded-hosts",
				 json_object_get(said, "excluded-hosts"));
	json_decref(said);
	return json;
}

json_t *show_cdns(struct control *control, struct json_in *params, struct rpc_call *call)
{
	static const struct show_list list = {
		.title = "cdns", .kind = OBJECT_CDN, .show = target_json};
	return show_page(control, &list, params, call);
}

json_t *show_nodes(struct control *control, struct json_in *params, struct rpc_call *call)
{
	static const struct show_list list = {
		.title = "nodes", .kind = OBJECT_NODE, .show = target_json};
	return show_page(control, &list, params, call);
}

static void add_address(json_t *list, const uint8_t *bytes, uint8_t family)
{
	char text[IP_TEXT_MAX];
	struct ip_addr addr = {.family = family};
	memcpy(addr.bytes, bytes, family == 4 ? 4 : 16);
	json_array_append_new(list, json_string(ip_addr_text(&addr, text)));
}

static json_t *name_json(const uint8_t *wire, size_t len)
{
	char text[DNS_NAME_TEXT_MAX];
	return rpc_text(dns_name_text(wire, len, text));
}

static json_t *delegation_json(const struct dri *dri)
{
	const struct dri_delegation *delegation = dri->delegation;
	json_t *servers = json_array();
	for (unsigned i = 0; i < delegation->n_servers; i++) {
		const struct dri_server *server = &delegation->servers[i];
		json_t *addresses = json_array();
		for (unsigned k = 0; k < server->n_addresses; k++)
			add_address(addresses, server->addresses[k].bytes,
				    server->addresses[k].family);
		json_array_append_new(servers,
				      json_pack("{s:o, s:o}", "name",
						name_json(server->name.wire, server->name.len),
						"addresses", addresses));
	}
	return json_pack("{s:s%, s:o, s:I}", "label", delegation->label + 1,
			 (int)delegation->label[0], "servers", servers, "ttl",
			 (json_int_t)dri->ttl);
}

static json_t *dns_target_json(const struct dri *dri)
{
	char name[DNS_NAME_TEXT_MAX];
	if (dri->delegation)
		return delegation_json(dri);
	if (dri->cname_len)
		return json_pack("{s:o, s:I}", "host",
				 rpc_text(dns_name_text(dri->cname, dri->cname_len, name)), "ttl",
				 (json_int_t)dri->ttl);
	json_t *addresses = json_array();
	for (unsigned i = 0; i < dri->n_v4; i++)
		add_address(addresses, dri->v4[i], 4);
	for (unsigned i = 0; i < dri->n_v6; i++)
		add_address(addresses, dri->v6[i], 6);
	return json_pack("{s:o, s:I}", "addresses", addresses, "ttl", (json_int_t)dri->ttl);
}

json_t *show_dri_json(const struct target *target, const struct dri *dri)
{
	json_t *json =
		json_pack("{s:s}", target_kind_name((enum target_kind)target->kind), target->name);
	json_t *hosts = dri->n_hosts ? json_array() : NULL;
	for (unsigned i = 0; i < dri->n_hosts; i++)
		json_array_append_new(hosts, rpc_text(dri->hosts[i]));
	if (hosts)
		json_object_set_new(json, "redirecting-hosts", hosts);
	if (dri->cname_len || dri->n_v4 || dri->n_v6 || dri->delegation)
		json_object_set_new(json, "dns-target", dns_target_json(dri));
	if (dri->authority)
		json_object_set_new(json, "http-target",
				    json_pack("{s:s, s:s*, s:s*, s:b}", "host", dri->authority,
					      "scheme", dri->scheme, "path-prefix",
					      dri->path_prefix, "include-redirecting-host",
					      (int)dri->include_redirecting_host));
	return json;
}

static json_t *dri_json(const struct view *view, const struct object *object)
{
	static const char *const as_said[] = {"footprints", "withdrawn", "source"};
	const char *name = strchr(object->name, '/') + 1;
	char owner[OBJECT_NAME_MAX];
	snprintf(owner, sizeof(owner), "%.*s", (int)strcspn(name, " "), name);
	enum object_kind kind = object->name[0] == 'c' ? OBJECT_CDN : OBJECT_NODE;
	const struct object *target = object_find(view->objects, kind, owner);
	json_t *json = show_dri_json(view_target(view, target->made.id), object->made.dri);
	json_t *said = json_loads(object_json(object), 0, NULL);
	for (size_t i = 0; json && i < sizeof(as_said) / sizeof(as_said[0]); i++)
		if (json_object_get(said, as_said[i]))
			json_object_set(json, as_said[i], json_object_get(said, as_said[i]));
	json_decref(said);
	return json;
}

json_t *show_dris(struct control *control, struct json_in *params, struct rpc_call *call)
{
	static const struct show_list list = {
		.title = "dris", .kind = OBJECT_DRI, .show = dri_json};
	return show_page(control, &list, params, call);
}

static json_t *advert_json(const struct view *view, const struct object *object)
{
	(void)view;
	json_t *json = json_loads(object_json(object), 0, NULL);
	if (json)
		json_object_set_new(json, "name", json_string(object->name));
	return json;
}

json_t *show_adverts(struct control *control, struct json_in *params, struct rpc_call *call)
{
	static const struct show_list list = {
		.title = "adverts", .kind = OBJECT_ADVERT, .whole = true, .show = advert_json};
	return show_page(control, &list, params, call);
}

static json_t *footprint_json(const struct view *view, const struct object *object)
{
	(void)view;
	return json_pack("{s:s, s:I}", "name", object->name, "id", (json_int_t)object->made.id);
}

static json_t *footprint_sizes(const struct view *view)
{
	struct footprint_size size = footprint_table_size(view->footprints);
	return json_pack("{s:{s:I, s:I}}", "table", "footprints", (json_int_t)size.footprints,
			 "prefixes", (json_int_t)size.prefixes);
}

json_t *show_footprints(struct control *control, struct json_in *params, struct rpc_call *call)
{
	static const struct show_list list = {.title = "footprints",
					      .kind = OBJECT_FOOTPRINT,
					      .show = footprint_json,
					      .more = footprint_sizes};
	return show_page(control, &list, params, call);
}

static void add_server_addresses(json_t *list, const struct zone_data *data, const uint8_t *name,
				 size_t len)
{
	static const uint16_t types[] = {DNS_A, DNS_AAAA};
	for (unsigned i = 0; i < 2; i++) {
		const struct zone_rrset *rrset = zone_data_rrset(data, name, len, types[i]);
		size_t octets = i ? 16 : 4;
		for (unsigned k = 0; rrset && k < rrset->n; k++)
			add_address(list, rrset->data + k * (2 + octets) + 2, i ? 6 : 4);
	}
}

static json_t *servers_json(const struct zone_data *data)
{
	json_t *servers = json_array();
	const uint8_t *at = data->ns->data;
	for (unsigned i = 0; i < data->ns->n; i++, at += 2 + load_be16(at)) {
		json_t *addresses = json_array();
		add_server_addresses(addresses, data, at + 2, load_be16(at));
		json_array_append_new(servers, json_pack("{s:o, s:o}", "name",
							 name_json(at + 2, load_be16(at)),
							 "addresses", addresses));
	}
	return servers;
}

static json_t *zone_json(const struct view *view, const struct object *object)
{
	static const char *const numbers[] = {"serial", "refresh", "retry", "expire",
					      "negative-ttl"};
	const struct zone *zone = object->made.zone;
	const struct zone_data *data = zone->data;
	const uint8_t *soa = data->soa->data + 2;
	size_t len = load_be16(data->soa->data);
	unsigned labels;
	size_t primary = dns_name_scan(soa, len, &labels);
	(void)view;
	json_t *json = json_pack(
		"{s:s, s:o, s:o, s:I, s:I, s:b, s:o}", "name", zone->text, "primary",
		name_json(soa, primary), "contact", name_json(soa + primary, len - primary - 20),
		"ttl", (json_int_t)data->soa->ttl, "records", (json_int_t)data->n_records,
		"client-subnet", !zone->no_client_subnet, "servers", servers_json(data));
	for (unsigned i = 0; i < 5; i++)
		json_object_set_new(json, numbers[i],
				    json_integer(load_be32(soa + len - 20 + 4 * i)));
	if (zone->n_files)
		json_object_set_new(json, "file", rpc_text(zone->files[0]));
	return json;
}

json_t *show_zones(struct control *control, struct json_in *params, struct rpc_call *call)
{
	static const struct show_list list = {
		.title = "zones", .kind = OBJECT_ZONE, .show = zone_json};
	return show_page(control, &list, params, call);
}
