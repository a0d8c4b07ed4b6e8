/* view_text - all that a view says, as text, so that two views can be compared: by names and contents, not by addresses, numbers of
 * targets or ids of footprints. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "lib/footprint_table.h"
#include "lib/object.h"
#include "lib/scope_trie.h"
#include "lib/view.h"
}

#include <algorithm>
#include <string>
#include <vector>

class ViewText
{
      public:
	static std::string of(const struct view *view)
	{
		ViewText text(view);
		return text.out;
	}

      private:
	const struct view *view;
	std::string out;

	explicit ViewText(const struct view *of_view) : view(of_view)
	{
		put("generation", view->generation);
		put("created", view->created);
		for (unsigned kind = 0; kind < OBJECT_KINDS; kind++)
			put("n_of", view->n_of[kind]);
		put("n_base", view->n_base);
		put("n_passes", view->n_passes);
		put("fallback", target_name(view->fallback));
		struct footprint_size size = footprint_table_size(view->footprints);
		put("footprints", size.footprints);
		put("prefixes", size.prefixes);
		put("n_geo", view->footprints->n_geo);
		trie_walk(view->objects, nullptr, 0, on_object, this);
		trie_walk(view->scopes, nullptr, 0, on_list, this);
		trie_walk(view->zones, nullptr, 0, on_zone, this);
		trie_walk(view->cuts, nullptr, 0, on_cut, this);
		for (uint32_t i = 0; view->distinguished && i < view->distinguished->n; i++)
			put("distinguished", view->distinguished->at[i]->host);
		put_targets();
		put_lists();
	}

	void put(const std::string &what, const std::string &value)
	{
		out += what + " " + value + "\n";
	}
	void put(const std::string &what, uint64_t value)
	{
		put(what, std::to_string(value));
	}
	static std::string text(const char *chars)
	{
		return chars ? chars : "(none)";
	}
	static std::string hex(const void *bytes, size_t len)
	{
		static const char digits[] = "0123456789abcdef";
		std::string all;
		for (size_t i = 0; i < len; i++) {
			uint8_t byte = static_cast<const uint8_t *>(bytes)[i];
			all += digits[byte >> 4];
			all += digits[byte & 15];
		}
		return all;
	}
	std::string target_name(uint32_t id) const
	{
		if (id == SCOPE_NO_TARGET)
			return "(none)";
		const struct target *target = view_target(view, id);
		return std::string(target_kind_name((enum target_kind)target->kind)) + "/" +
		       target->name;
	}
	/* Its content, the kind of its id, and how often it is used. */
	std::string list_text(uint32_t id) const
	{
		if (id == SCOPE_ANY_FOOTPRINT)
			return "anywhere";
		struct span all =
			footprint_list_content(footprint_table_list(view->footprints, id));
		auto uses = reinterpret_cast<uintptr_t>(slots_get(view->footprints->uses, id >> 1));
		return hex(all.at, all.len) + (id & 1 ? " look " : " ") + std::to_string(uses);
	}

	/* --- Objects --- */

	static bool on_object(void *arg, const uint8_t *key, size_t len, void *value)
	{
		auto *self = static_cast<ViewText *>(arg);
		const auto *object = static_cast<const struct object *>(value);
		self->put("object", hex(key, len));
		self->put(object_kind_name((enum object_kind)object->kind), object->name);
		self->put(" json", object_json(object));
		self->put(" flags", std::to_string(object->removed) +
					    std::to_string(object->runtime) +
					    std::to_string(object->over_base));
		self->put(" rank", object->rank);
		self->put(" said", text(object->set) + " " + text(object->file) + " " +
					   std::to_string(object->line) + " " +
					   std::to_string(object->order));
		if (!object->removed)
			self->put_made(object);
		return true;
	}
	void put_made(const struct object *object)
	{
		switch ((enum object_kind)object->kind) {
		case OBJECT_FOOTPRINT:
			put(" list", list_text(object->made.id));
			break;
		case OBJECT_CDN:
		case OBJECT_NODE:
			put(" target", target_name(object->made.id));
			break;
		case OBJECT_DRI:
			put_dri(object->made.dri);
			break;
		case OBJECT_ADVERT:
			put(" type", object->made.advert->type);
			put(" offers", object->made.advert->offers);
			put(" footprint", list_text(object->made.advert->footprint));
			break;
		case OBJECT_ZONE:
			put_zone(object->made.zone);
			break;
		case OBJECT_DISTINGUISHED:
			put(" host", object->made.distinguished->host);
			put(" key", object->made.distinguished->host_key);
			put(" prefix", object->made.distinguished->path_prefix);
			break;
		case OBJECT_STATE:
			put(" state", object->made.id);
			break;
		case OBJECT_FALLBACK:
			put(" target", target_name(object->made.id));
			break;
		case OBJECT_SCOPE:
			put_scope(object->made.scope);
			break;
		case OBJECT_KINDS:
			break;
		}
	}
	void put_dri(const struct dri *dri)
	{
		put(" order", dri->order);
		put(" footprint", list_text(dri->footprint));
		for (unsigned i = 0; i < dri->n_hosts; i++)
			put(" host", text(dri->hosts[i]) + " " + dri->host_keys[i]);
		put(" dns", hex(dri->cname, dri->cname_len) + " " +
				    hex(dri->v4, dri->n_v4 * sizeof(dri->v4[0])) + " " +
				    hex(dri->v6, dri->n_v6 * sizeof(dri->v6[0])) + " " +
				    std::to_string(dri->ttl));
		for (unsigned i = 0; dri->delegation && i < dri->delegation->n_servers; i++) {
			const struct dri_server &server = dri->delegation->servers[i];
			put(" delegated",
			    hex(dri->delegation->label, dri->delegation->label[0] + 1u) + " " +
				    hex(server.name.wire, server.name.len));
			for (unsigned k = 0; k < server.n_addresses; k++)
				put("  address", hex(server.addresses[k].bytes, 16));
		}
		put(" http", text(dri->scheme) + " " + text(dri->authority) + " " +
				     text(dri->path_prefix) + " " +
				     std::to_string(dri->include_redirecting_host));
	}
	void put_zone(const struct zone *zone)
	{
		put(" zone", zone->text);
		put(" apex", hex(zone->apex.wire, zone->apex.len));
		put(" records", hex(zone->data->packed, zone->data->packed_len));
		for (size_t i = 0; i < zone->n_files; i++)
			put(" file", zone->files[i]);
	}
	static std::string pattern_text(const struct pattern &pattern)
	{
		return std::to_string(pattern.field) + " " + text(pattern.header) + " " +
		       pattern.regex + " " + std::to_string(pattern.caseless);
	}
	void put_scope(const struct scope *scope)
	{
		put(" name", scope->name);
		put(" order", scope->order);
		put(" numbers",
		    std::to_string(scope->priority) + " " + std::to_string(scope->protocols) + " " +
			    std::to_string(scope->action) + " " + std::to_string(scope->policy) +
			    " " + std::to_string(scope->deny_nxdomain) + " " +
			    std::to_string(scope->status) + " " + std::to_string(scope->n_common) +
			    " " + std::to_string(scope->footprint_rank) + " " +
			    std::to_string(scope->seed) + " " + std::to_string(scope->metadata));
		put(" cache-control", text(scope->cache_control));
		put(" signing", std::to_string(scope->signed_uri) + " " + text(scope->signing));
		put(" footprint", list_text(scope->footprint));
		for (uint16_t i = 0; i < scope->n_named; i++)
			put(" named", list_text(scope->named[i]));
		put(" fallback", target_name(scope->fallback));
		for (uint16_t i = 0; i < scope->n_qtypes; i++)
			put(" qtype", scope->qtypes[i]);
		for (uint16_t i = 0; i < scope->n_times; i++)
			put(" time", std::to_string(scope->times[i].start) + " " +
					     std::to_string(scope->times[i].end));
		for (uint16_t i = 0; i < scope->n_candidates; i++)
			put(" candidate", target_name(scope->candidates[i].target) + " " +
						  std::to_string(scope->candidates[i].weight));
		for (uint16_t i = 0; i < scope->n_patterns; i++)
			put(" pattern", pattern_text(scope->patterns[i]));
		/* Their order says nothing. */
		std::vector<std::string> keys;
		const uint8_t *key = scope->keys;
		for (uint32_t i = 0; i < scope->n_keys; i++) {
			size_t len;
			const uint8_t *at = scope_next_key(&key, &len);
			keys.push_back(hex(at, len));
		}
		std::sort(keys.begin(), keys.end());
		for (const std::string &one : keys)
			put(" key", one);
		put(" refs", scope->refs);
	}

	/* --- Tables --- */

	static bool on_list(void *arg, const uint8_t *key, size_t len, void *value)
	{
		auto *self = static_cast<ViewText *>(arg);
		const auto *list = static_cast<const struct scope_list *>(value);
		self->put("list", hex(key, len));
		for (uint32_t i = 0; i < list->n; i++) {
			const struct scope_entry *entry = &list->entries[i];
			self->put(
				" entry",
				std::string(entry->scope->name) + " " +
					std::to_string(entry->rank) + " " +
					std::to_string(entry->path_pattern) + " " +
					(entry->n_patterns ? std::to_string(entry->pattern) : "-") +
					" " + std::to_string(entry->n_patterns));
		}
		size_t n = 0;
		const struct pattern *patterns =
			list->patterns ? pattern_set_patterns(list->patterns, &n) : nullptr;
		for (size_t i = 0; i < n; i++)
			self->put(" pattern", pattern_text(patterns[i]));
		return true;
	}
	static bool on_cut(void *arg, const uint8_t *key, size_t len, void *value)
	{
		const struct dri *dri = static_cast<struct dri *>(value);
		((ViewText *)arg)
			->put("cut",
			      hex(key, len) + " " + std::to_string(dri->order) + " " +
				      hex(dri->delegation->label, dri->delegation->label[0] + 1u));
		return true;
	}
	static bool on_zone(void *arg, const uint8_t *key, size_t len, void *value)
	{
		static_cast<ViewText *>(arg)->put(
			"zone", hex(key, len) + " " + static_cast<struct zone *>(value)->text);
		return true;
	}
	void put_targets()
	{
		std::vector<std::string> all;
		for (uint32_t i = 0; slots_next(view->targets, &i); i++) {
			const struct target *target = view_target(view, i);
			std::string one = target_name(i) + " " + text(target->provider_id) + " " +
					  std::to_string(target->state) + " " +
					  std::to_string(target->configured) + " " +
					  std::to_string(target->seed) +
					  (target->id == i ? "" : " bad id");
			one += " used " + std::to_string(reinterpret_cast<uintptr_t>(
						  slots_get(view->target_uses, i)));
			for (uint32_t k = 0; k < target->n_dris; k++)
				one += " dri " + std::to_string(target->dris[k]->order);
			one += target->learnt ? " learnt" : "";
			one += " strategy " + std::to_string(target->strategy);
			one += target->excluded ? std::string(" excluded") + target->excluded : "";
			for (uint32_t k = 0; k < target->n_adverts; k++)
				one += " advert " + std::to_string(target->adverts[k]->offers);
			all.push_back(one);
		}
		std::sort(all.begin(), all.end());
		for (const std::string &one : all)
			put("target", one);
	}
	void put_lists()
	{
		std::vector<std::string> all;
		for (uint32_t i = 0; slots_next(view->footprints->lists, &i); i++)
			all.push_back(list_text(i << 1));
		std::sort(all.begin(), all.end());
		for (const std::string &one : all)
			put("footprint", one);
	}
};
