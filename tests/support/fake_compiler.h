/* fake_compiler - a compiler (control/compile.h) that writes down what it is given, for tests of the readers alone. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/compile.h"
#include "lib/object.h"
}

#include <cstdlib>
#include <jansson.h>
#include <string>
#include <vector>

struct compiler {
	struct call {
		std::string what; // "cdn b up"
		unsigned line;
		std::string file;
		std::string json; // its members sorted
	};
	std::vector<call> calls;
	struct trie_txn objects = {nullptr, &object_ops}; // targets, without anything made of them

	compiler() = default;
	compiler(const compiler &) = delete;
	compiler &operator=(const compiler &) = delete;
	~compiler()
	{
		clear();
	}
	void clear()
	{
		calls.clear();
		trie_abort(&objects);
	}
	static std::string sorted(const char *json)
	{
		json_t *value = json ? json_loads(json, 0, nullptr) : nullptr;
		char *text = value ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS) : nullptr;
		std::string result = text ? text : "";
		free(text);
		json_decref(value);
		return result;
	}
	bool add(struct place place, const std::string &what, const char *json)
	{
		calls.push_back({what, place.line, place.file ? place.file : "", sorted(json)});
		return true;
	}
	std::string all() const
	{
		std::string text;
		for (const call &c : calls)
			text += c.what + "\n";
		return text;
	}
};

inline std::string or_none(const char *text)
{
	return text ? text : "-";
}

inline std::string text_of(const struct footprint &footprint)
{
	std::string text = std::to_string(footprint.type) + "[";
	for (size_t i = 0; i < footprint.n_values; i++)
		text += std::string(i ? " " : "") + footprint.values[i];
	for (size_t i = 0; i < footprint.n_members; i++)
		text += text_of(footprint.members[i]);
	return text + "]";
}

inline std::string text_of(const struct ip_addr *addresses, size_t n)
{
	std::string text;
	char buf[IP_TEXT_MAX];
	for (size_t i = 0; i < n; i++)
		text += std::string(i ? " " : "") + ip_addr_text(&addresses[i], buf);
	return "[" + text + "]";
}

inline std::string text_of(const struct model_target_ref &ref)
{
	return std::string(target_kind_name(ref.kind)) + " " + or_none(ref.name);
}

extern "C" {

bool compiler_add_footprint(struct compiler *compiler, const struct model_footprint_name *footprint,
			    struct place place)
{
	std::string text = std::string("footprint ") + footprint->name;
	for (size_t i = 0; i < footprint->footprints.n; i++)
		text += " " + text_of(footprint->footprints.list[i]);
	return compiler->add(place, text, footprint->json);
}

bool compiler_add_target(struct compiler *compiler, const struct model_target *target,
			 struct place place)
{
	uint8_t key[OBJECT_KEY_MAX];
	enum object_kind kind = target->kind == TARGET_CDN ? OBJECT_CDN : OBJECT_NODE;
	struct object *object = object_new(kind, target->name, target->json);
	trie_set(&compiler->objects, key, object_key(kind, target->name, key), object);
	object_release(object);
	return compiler->add(
		place,
		std::string(target_kind_name(target->kind)) + " " + target->name + " " +
			or_none(target->provider_id) + " " + target_state_name(target->state) +
			(target->strategy
				 ? std::string(" ") + redirection_strategy_name(target->strategy)
				 : "") +
			(target->n_excluded
				 ? " without " + std::to_string(target->n_excluded) + " hosts"
				 : ""),
		target->json);
}

bool compiler_add_dri(struct compiler *compiler, const struct model_dri *dri, struct place place)
{
	std::string text = "dri " + text_of(model_target_ref{dri->kind, dri->target, 1});
	for (size_t i = 0; i < dri->n_hosts; i++)
		text += std::string(" for ") + dri->hosts[i];
	text += " dns " + or_none(dri->dns_host) + text_of(dri->addresses, dri->n_addresses) + " " +
		std::to_string(dri->ttl);
	text += " http " + or_none(dri->scheme) + " " + or_none(dri->authority) + " " +
		or_none(dri->path_prefix) + (dri->include_redirecting_host ? " with host" : "");
	return compiler->add(place, text, dri->json);
}

bool compiler_add_advert(struct compiler *compiler, const struct model_advert *advert,
			 struct place place)
{
	return compiler->add(place,
			     std::string("advert cdn:") + advert->cdn + " " + advert->type + " " +
				     std::to_string(advert->offers) + " " +
				     std::to_string(advert->footprints.n),
			     advert->json);
}

bool compiler_add_zone(struct compiler *compiler, const struct model_zone *zone, struct place place)
{
	std::string text = std::string("zone ") + zone->name + " " + or_none(zone->primary) + " " +
			   or_none(zone->contact);
	for (uint32_t number : {zone->serial, zone->refresh, zone->retry, zone->expire,
				zone->negative_ttl, zone->ttl})
		text += " " + std::to_string(number);
	for (size_t i = 0; i < zone->n_servers; i++)
		text += std::string(" ") + zone->servers[i].name +
			text_of(zone->servers[i].addresses, zone->servers[i].n_addresses);
	return compiler->add(place, text, zone->json);
}

bool compiler_keep_zone(struct compiler *, const struct model_zone *, struct place,
			const struct faults *)
{
	return false;
}

bool compiler_add_distinguished(struct compiler *compiler, const struct model_distinguished *d,
				struct place place)
{
	return compiler->add(
		place, std::string("distinguished ") + d->host + " " + or_none(d->path_prefix),
		d->json);
}

bool compiler_add_scope(struct compiler *compiler, const struct model_scope *scope,
			struct place place)
{
	return compiler->add(place, "scope " + compiler::sorted(scope->json), scope->json);
}

bool compiler_add_state(struct compiler *compiler, const struct model_state *state,
			struct place place)
{
	return compiler->add(place,
			     std::string("state ") + target_kind_name(state->kind) + " " +
				     state->name + " " + target_state_name(state->state),
			     state->json);
}

bool compiler_add_fallback(struct compiler *compiler, const struct model_fallback *fallback,
			   struct place place)
{
	return compiler->add(place, "fallback " + text_of(fallback->target), fallback->json);
}

const struct trie_node *compiler_objects(const struct compiler *compiler)
{
	return compiler->objects.root;
}

/* Every line is read. */
bool compiler_came_again(struct compiler *, enum object_kind, const char *, size_t, const char *,
			 size_t, struct place)
{
	return false;
}

/* Of taking objects in again; the readers never do. */
void compiler_source_of(struct compiler *compiler, const struct object *object)
{
	compiler->add({object->file, object->line}, "again", nullptr);
}

void compiler_no_memory(struct compiler *compiler, struct place place, const char *what)
{
	compiler->add(place, std::string("no memory ") + what, nullptr);
}

bool compiler_exhausted(const struct compiler *)
{
	return false;
}
}
