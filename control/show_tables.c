/* show_tables - the methods that list what is in the published tables. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/dns_name.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 10000 };

/* One page of a list: of the objects of a kind that match, those from offset on. */
struct page {
	const struct view *view;
	enum object_kind kind;
	json_t *(*show)(const struct view *view, const struct object *object);
	bool whole; /* match looks at all of the object, not only at its name */
	json_t *list;
	const char *match; /* or NULL */
	uint64_t offset, limit, total;
};

json_t *show_object_place(const struct object *object)
{
	json_t *file = object->file ? rpc_text(object->file) : json_null();
	return json_pack("{s:o, s:o, s:i}", "set", rpc_text(object->set), "file", file, "line",
			 (int)object->line);
}

static bool page_one(void *arg, const uint8_t *key, size_t len, void *value)
{
	struct page *page = arg;
	const struct object *object = value;
	(void)len;
	if (key[0] != page->kind)
		return false;
	if (object->removed)
		return true;
	if (page->match && !strcasestr(object->name, page->match) &&
	    (!page->whole || !strcasestr(object_json(object), page->match)))
		return true;
	uint64_t at = page->total++;
	if (at < page->offset || at - page->offset >= page->limit)
		return page->match || at < page->offset;
	json_t *json = show_object_place(object), *more = page->show(page->view, object);
	if (json && more)
		json_object_update(json, more);
	json_decref(more);
	json_array_append_new(page->list, json);
	return true;
}

static json_t *show_page(struct control *control, struct json_in *params, const char *title,
			 struct page *page)
{
	page->match = json_in_text(params, "match", JSON_IN_OPTIONAL);
	page->limit = (uint64_t)json_in_integer(params, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT);
	page->offset = (uint64_t)json_in_integer(params, "offset", 0, INT64_MAX, 0);
	if (!json_in_end(params) || !(page->list = json_array()))
		return NULL;
	page->view = control->head;
	const uint8_t first = (uint8_t)page->kind;
	trie_walk(page->view->objects, &first, 1, page_one, page);
	if (!page->match)
		page->total = page->view->n_of[page->kind];
	return json_pack("{s:I, s:I, s:o}", "total", (json_int_t)page->total, "offset",
			 (json_int_t)page->offset, title, page->list);
}

static json_t *scope_json(const struct view *view, const struct object *object)
{
	(void)view;
	return json_pack("{s:o}", "scope", json_loads(object_json(object), 0, NULL));
}

json_t *show_scopes(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct page page = {.kind = OBJECT_SCOPE, .show = scope_json, .whole = true};
	(void)call;
	return show_page(control, params, "scopes", &page);
}

static json_t *target_json(const struct view *view, const struct object *object)
{
	const struct target *target = view_target(view, object->made.id);
	char path[OBJECT_NAME_MAX];
	snprintf(path, sizeof(path), "%s/%s", object_kind_name((enum object_kind)object->kind),
		 object->name);
	const struct object *state = object_find(view->objects, OBJECT_STATE, path);
	return json_pack("{s:s, s:s*, s:s, s:s, s:i}", "name", target->name, "provider-id",
			 target->provider_id, "state",
			 target_state_name((enum target_state)target->state), "set-by",
			 state && !state->removed ? "operator" : "configuration", "dris",
			 (int)target->n_dris);
}

json_t *show_cdns(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct page page = {.kind = OBJECT_CDN, .show = target_json};
	(void)call;
	return show_page(control, params, "cdns", &page);
}

json_t *show_nodes(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct page page = {.kind = OBJECT_NODE, .show = target_json};
	(void)call;
	return show_page(control, params, "nodes", &page);
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

json_t *show_dri_json(const struct target *target, const struct dri *dri)
{
	json_t *json =
		json_pack("{s:s}", target_kind_name((enum target_kind)target->kind), target->name);
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
					      (int)dri->include_redirecting_host));
	return json;
}

static json_t *dri_json(const struct view *view, const struct object *object)
{
	const char *name = strchr(object->name, '/') + 1;
	char owner[OBJECT_NAME_MAX];
	snprintf(owner, sizeof(owner), "%.*s", (int)strcspn(name, " "), name);
	enum object_kind kind = object->name[0] == 'c' ? OBJECT_CDN : OBJECT_NODE;
	const struct object *target = object_find(view->objects, kind, owner);
	return show_dri_json(view_target(view, target->made.id), object->made.dri);
}

json_t *show_dris(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct page page = {.kind = OBJECT_DRI, .show = dri_json};
	(void)call;
	return show_page(control, params, "dris", &page);
}

static json_t *footprint_json(const struct view *view, const struct object *object)
{
	(void)view;
	return json_pack("{s:s, s:I}", "name", object->name, "id", (json_int_t)object->made.id);
}

json_t *show_footprints(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct page page = {.kind = OBJECT_FOOTPRINT, .show = footprint_json};
	(void)call;
	json_t *answer = show_page(control, params, "footprints", &page);
	if (!answer)
		return NULL;
	struct footprint_size size = footprint_table_size(control->head->footprints);
	json_object_set_new(answer, "table",
			    json_pack("{s:I, s:I}", "footprints", (json_int_t)size.footprints,
				      "prefixes", (json_int_t)size.prefixes));
	return answer;
}

static json_t *name_json(const struct dns_name *name)
{
	char text[DNS_NAME_TEXT_MAX];
	return rpc_text(dns_name_text(name->wire, name->len, text));
}

static json_t *zone_json(const struct view *view, const struct object *object)
{
	const struct zone *zone = object->made.zone;
	(void)view;
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
	return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "name", zone->text,
			 "primary", name_json(&zone->primary), "contact", name_json(&zone->contact),
			 "serial", (json_int_t)zone->serial, "refresh", (json_int_t)zone->refresh,
			 "retry", (json_int_t)zone->retry, "expire", (json_int_t)zone->expire,
			 "negative-ttl", (json_int_t)zone->negative_ttl, "ttl",
			 (json_int_t)zone->ttl, "servers", servers);
}

json_t *show_zones(struct control *control, struct json_in *params, struct rpc_call *call)
{
	struct page page = {.kind = OBJECT_ZONE, .show = zone_json};
	(void)call;
	return show_page(control, params, "zones", &page);
}
