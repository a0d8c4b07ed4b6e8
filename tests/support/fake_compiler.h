/* fake_compiler - a compiler (control/compile.h) that writes down what it is given, for tests of the readers alone. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/compile.h"
}

#include <string>
#include <vector>

struct compiler {
	struct call {
		std::string what; // "cdn b up"
		unsigned line;
		std::string file;
	};
	std::vector<call> calls;

	void add(struct place place, const std::string &what)
	{
		calls.push_back({what, place.line, place.file ? place.file : ""});
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

void compiler_add_geo(struct compiler *compiler, const char *path, struct place place)
{
	compiler->add(place, std::string("geo ") + path);
}

void compiler_add_footprint(struct compiler *compiler, const struct model_footprint_name *footprint,
			    struct place place)
{
	std::string text = std::string("footprint ") + footprint->name;
	for (size_t i = 0; i < footprint->footprints.n; i++)
		text += " " + text_of(footprint->footprints.list[i]);
	compiler->add(place, text);
}

void compiler_add_target(struct compiler *compiler, const struct model_target *target,
			 struct place place)
{
	compiler->add(place, std::string(target_kind_name(target->kind)) + " " + target->name +
				     " " + or_none(target->provider_id) + " " +
				     target_state_name(target->state));
}

void compiler_add_dri(struct compiler *compiler, const struct model_dri *dri, struct place place)
{
	std::string text = "dri " + text_of(model_target_ref{dri->kind, dri->target, 1});
	for (size_t i = 0; i < dri->n_hosts; i++)
		text += std::string(" for ") + dri->hosts[i];
	text += " dns " + or_none(dri->dns_host) + text_of(dri->addresses, dri->n_addresses) + " " +
		std::to_string(dri->ttl);
	text += " http " + or_none(dri->scheme) + " " + or_none(dri->authority) + " " +
		or_none(dri->path_prefix) + (dri->include_redirecting_host ? " with host" : "");
	compiler->add(place, text);
}

void compiler_add_zone(struct compiler *compiler, const struct model_zone *zone, struct place place)
{
	std::string text = std::string("zone ") + zone->name + " " + or_none(zone->primary) + " " +
			   or_none(zone->contact);
	for (uint32_t number : {zone->serial, zone->refresh, zone->retry, zone->expire,
				zone->negative_ttl, zone->ttl})
		text += " " + std::to_string(number);
	for (size_t i = 0; i < zone->n_servers; i++)
		text += std::string(" ") + zone->servers[i].name +
			text_of(zone->servers[i].addresses, zone->servers[i].n_addresses);
	compiler->add(place, text);
}

void compiler_add_distinguished(struct compiler *compiler, const struct model_distinguished *d,
				struct place place)
{
	compiler->add(place,
		      std::string("distinguished ") + d->host + " " + or_none(d->path_prefix));
}

void compiler_add_scope(struct compiler *compiler, const struct model_scope *scope,
			struct place place)
{
	compiler->add(place, std::string("scope ") + scope->json);
}

void compiler_set_fallback(struct compiler *compiler, const struct model_target_ref *target,
			   struct place place)
{
	compiler->add(place, "fallback " + text_of(*target));
}

void compiler_no_memory(struct compiler *compiler, struct place place, const char *what)
{
	compiler->add(place, std::string("no memory ") + what);
}

bool compiler_exhausted(const struct compiler *)
{
	return false;
}
}
