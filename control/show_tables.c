/* show_tables - the methods that list what is in the published tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/dns_name.h"
#include "show.h"

#include <string.h>

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 10000 };

/* One page of a list: of the objects that match, those from offset on. */
struct page {
	json_t *list;
	const char *match; /* or NULL */
	uint64_t offset, limit, total;
};

static bool page_begin(struct page *page, struct json_in *params)
{
	page->match = json_in_text(params, "match", JSON_IN_OPTIONAL);
	page->limit = (uint64_t)json_in_integer(params, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	page->offset = (uint64_t)json_in_integer(params, "offset", 0, INT64_MAX, 0);
	page->total = 0;
	page->list = NULL;
	if (!json_in_end(params))
		return false;
	page->list = json_array();
	return page->list;
}

/* Is the next object, of which `text` tells, on the page? */
static bool page_wants(struct page *page, const char *text)
{
	if (page->match && !strcasestr(text, page->match))
		return false;
	uint64_t at = page->total++;
	return at >= page->offset && at - page->offset < page->limit;
}

static void page_add(struct page *page, json_t *object)
{
	json_array_append_new(page->list, object);
}

static json_t *page_end(struct page *page, const char *key)
{
	return json_pack("{s:I, s:I, s:o}", "total", (json_int_t)page->total, "offset",
			 (json_int_t)page->offset, key, page->list);
}

json_t *show_scopes(struct control *control, struct json_in *params, struct rpc_refusal *refusal)
{
	(void)refusal;
	struct page page;
	const struct tables *tables = control->plane->view->tables;
	if (!page_begin(&page, params))
		return NULL;
	for (uint32_t i = 0; i < tables->n_scopes; i++) {
		const struct scope *scope = tables->scopes[i];
		if (!page_wants(&page, scope->json))
			continue;
		json_t *file = scope->file ? rpc_text(scope->file) : json_null();
		page_add(&page, json_pack("{s:o, s:i, s:o}", "file", file, "line", (int)scope->line,
					  "scope", json_loads(scope->json, 0, NULL)));
	}
	return page_end(&page, "scopes");
}

static json_t *show_targets(struct control *control, struct json_in *params, enum target_kind kind,
			    const char *key)
{
	struct page page;
	const struct view *view = control->plane->view;
	if (!page_begin(&page, params))
		return NULL;
	for (uint32_t i = 0; i < view->tables->n_targets; i++) {
		const struct target *target = &view->tables->targets[i];
		if (target->kind != kind || !page_wants(&page, target->name))
			continue;
		const char *by = admin_find(&control->admin, kind, target->name) ? "operator"
										 : "configuration";
		page_add(&page,
			 json_pack("{s:s, s:s*, s:s, s:s, s:i, s:i}", "name", target->name,
				   "provider-id", target->provider_id, "state",
				   target_state_name((enum target_state)view->states[i]), "set-by",
				   by, "dris", (int)target->n_dris, "line", (int)target->line));
	}
	return page_end(&page, key);
}

json_t *show_cdns(struct control *control, struct json_in *params, struct rpc_refusal *refusal)
{
	(void)refusal;
	return show_targets(control, params, TARGET_CDN, "cdns");
}

json_t *show_nodes(struct control *control, struct json_in *params, struct rpc_refusal *refusal)
{
	(void)refusal;
	return show_targets(control, params, TARGET_NODE, "nodes");
}

static void add_address(json_t *list, const uint8_t *bytes, uint8_t family)
{
	char text[IP_TEXT_MAX];
	struct ip_addr addr = {.family = family};
	memcpy(addr.bytes, bytes, family == 4 ? 4 : 16);
	json_array_append_new(list, json_string(ip_addr_text(&addr, text)));
}

static json_t *dns_target_json(const struct dri *dri)
{
	char name[DNS_NAME_TEXT_MAX];
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

json_t *show_dri_json(const struct view *view, const struct dri *dri)
{
	const struct target *target = &view->tables->targets[dri->target];
	json_t *json = json_pack("{s:s, s:i}", target_kind_name(target->kind), target->name, "line",
				 (int)dri->line);
	json_t *hosts = dri->n_hosts ? json_array() : NULL;
	for (unsigned i = 0; i < dri->n_hosts; i++)
		json_array_append_new(hosts, rpc_text(dri->hosts[i]));
	if (hosts)
		json_object_set_new(json, "redirecting-hosts", hosts);
	if (dri->cname_len || dri->n_v4 || dri->n_v6)
		json_object_set_new(json, "dns-target", dns_target_json(dri));
	if (dri->authority)
		json_object_set_new(json, "http-target",
				    json_pack("{s:s, s:s*, s:s, s:b}", "host", dri->authority,
					      "scheme", dri->scheme, "path-prefix",
					      dri->path_prefix, "include-redirecting-host",
					      dri->include_redirecting_host));
	return json;
}

json_t *show_dris(struct control *control, struct json_in *params, struct rpc_refusal *refusal)
{
	(void)refusal;
	struct page page;
	const struct view *view = control->plane->view;
	if (!page_begin(&page, params))
		return NULL;
	for (uint32_t i = 0; i < view->tables->n_targets; i++) {
		const struct target *target = &view->tables->targets[i];
		for (unsigned k = 0; k < target->n_dris; k++)
			if (page_wants(&page, target->name))
				page_add(&page, show_dri_json(view, target->dris[k]));
	}
	return page_end(&page, "dris");
}

json_t *show_footprints(struct control *control, struct json_in *params,
			struct rpc_refusal *refusal)
{
	(void)refusal;
	struct page page;
	const struct tables *tables = control->plane->view->tables;
	if (!page_begin(&page, params))
		return NULL;
	for (uint32_t i = 0; i < tables->n_names; i++)
		if (page_wants(&page, tables->names[i].name))
			page_add(&page, json_pack("{s:s, s:I, s:i}", "name", tables->names[i].name,
						  "id", (json_int_t)tables->names[i].id, "line",
						  (int)tables->names[i].line));
	struct footprint_size size = footprint_table_size(tables->footprints);
	json_t *answer = page_end(&page, "footprints");
	json_object_set_new(answer, "table",
			    json_pack("{s:I, s:I, s:I, s:I, s:I}", "footprints",
				      (json_int_t)size.footprints, "intervals-ip4",
				      (json_int_t)size.intervals4, "intervals-ip6",
				      (json_int_t)size.intervals6, "classes",
				      (json_int_t)size.classes, "bytes", (json_int_t)size.bytes));
	return answer;
}

static json_t *name_json(const struct dns_name *name)
{
	char text[DNS_NAME_TEXT_MAX];
	return rpc_text(dns_name_text(name->wire, name->len, text));
}

static json_t *zone_json(const struct zone *zone)
{
	char text[IP_TEXT_MAX];
	json_t *servers = json_array();
	for (unsigned i = 0; i < zone->n_servers; i++) {
		const struct zone_server *server = &zone->servers[i];
		json_t *addresses = json_array();
		for (unsigned k = 0; k < server->n_addresses; k++)
			json_array_append_new(
				addresses, json_string(ip_addr_text(&server->addresses[k], text)));
		json_array_append_new(servers,
				      json_pack("{s:o, s:o}", "name", name_json(&server->name),
						"addresses", addresses));
	}
	return json_pack("{s:s, s:i, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "name",
			 zone->text, "line", (int)zone->line, "primary", name_json(&zone->primary),
			 "contact", name_json(&zone->contact), "serial", (json_int_t)zone->serial,
			 "refresh", (json_int_t)zone->refresh, "retry", (json_int_t)zone->retry,
			 "expire", (json_int_t)zone->expire, "negative-ttl",
			 (json_int_t)zone->negative_ttl, "ttl", (json_int_t)zone->ttl, "servers",
			 servers);
}

json_t *show_zones(struct control *control, struct json_in *params, struct rpc_refusal *refusal)
{
	(void)refusal;
	struct page page;
	const struct tables *tables = control->plane->view->tables;
	if (!page_begin(&page, params))
		return NULL;
	for (uint32_t i = 0; i < tables->n_zones; i++)
		if (page_wants(&page, tables->zones[i].text))
			page_add(&page, zone_json(&tables->zones[i]));
	return page_end(&page, "zones");
}
