/* metadata_model - what CDNI metadata says of one request, told from the tree by the text of RFC 8006 alone. Shares no code with
 * control/. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/naive_match.h"
#include "tests/support/pattern_model.h"

#include <jansson.h>
#include <map>
#include <set>
#include <string>
#include <strings.h>

struct MetadataRequest {
	std::string protocol; /* "dns", "http", "https" */
	std::string host, path = "/", client;
	uint64_t now;
};

class MetadataModel
{
      public:
	explicit MetadataModel(const json_t *host_index) : tree(host_index)
	{
	}
	/* "allow", "deny", "pass" (to the fallback target), "none" (another host). */
	std::string ask(const MetadataRequest &request) const
	{
		size_t i;
		json_t *match;
		json_array_foreach (json_object_get(tree, "hosts"), i, match) {
			std::string host = json_string_value(json_object_get(match, "host"));
			for (char &c : host)
				c = (char)tolower((unsigned char)c);
			if (host == request.host)
				return evaluate(json_object_get(match, "host-metadata"), {},
						request);
		}
		return "none";
	}

      private:
	using Inherited = std::map<std::string, json_t *>;
	const json_t *tree;

	static bool flag(const json_t *object, const char *name, bool otherwise)
	{
		const json_t *value = json_object_get(object, name);
		return value ? json_is_true(value) : otherwise;
	}
	static std::string text(const json_t *object, const char *name)
	{
		return json_string_value(json_object_get(object, name));
	}
	static bool blocks(const json_t *generic)
	{
		static const std::set<std::string> known = {"MI.LocationACL", "MI.TimeWindowACL",
							    "MI.ProtocolACL", "MI.FallbackTarget"};
		return flag(generic, "mandatory-to-enforce", true) &&
		       (flag(generic, "incomprehensible", false) ||
			!known.count(text(generic, "generic-metadata-type")));
	}
	static bool blocks_anywhere(const json_t *metadata)
	{
		size_t i;
		json_t *one;
		json_array_foreach (json_object_get(metadata, "metadata"), i, one)
			if (blocks(one))
				return true;
		json_array_foreach (json_object_get(metadata, "paths"), i, one)
			if (blocks_anywhere(json_object_get(one, "path-metadata")))
				return true;
		return false;
	}
	static std::string evaluate(const json_t *metadata, Inherited inherited,
				    const MetadataRequest &request)
	{
		size_t i;
		json_t *one;
		std::set<std::string> own;
		json_array_foreach (json_object_get(metadata, "metadata"), i, one) {
			std::string type = text(one, "generic-metadata-type");
			bool ignored = !flag(one, "mandatory-to-enforce", true) &&
				       flag(one, "incomprehensible", false);
			if (own.insert(type).second && !ignored)
				inherited[type] = one;
		}
		if (request.protocol == "dns")
			return judge(inherited, request, blocks_anywhere(metadata));
		json_array_foreach (json_object_get(metadata, "paths"), i, one) {
			const json_t *pattern = json_object_get(one, "path-pattern");
			unsigned steps = 1000000;
			if (pattern_model_match(text(pattern, "pattern").c_str(),
						request.path.c_str(),
						!flag(pattern, "case-sensitive", false), &steps))
				return evaluate(json_object_get(one, "path-metadata"), inherited,
						request);
		}
		bool blocked = false;
		for (const auto &effective : inherited)
			blocked |= blocks(effective.second);
		return judge(inherited, request, blocked);
	}
	static std::string judge(const Inherited &inherited, const MetadataRequest &request,
				 bool blocked)
	{
		auto list = [&](const char *type, const char *name) -> const json_t * {
			auto found = inherited.find(type);
			return found == inherited.end()
				       ? nullptr
				       : json_object_get(json_object_get(found->second,
									 "generic-metadata-value"),
							 name);
		};
		if (blocked)
			return inherited.count("MI.FallbackTarget") ? "pass" : "deny";
		bool protocols =
			request.protocol == "dns"
				? protocol_allowed(list("MI.ProtocolACL", "protocol-acl"),
						   "http") ||
					  protocol_allowed(list("MI.ProtocolACL", "protocol-acl"),
							   "https")
				: protocol_allowed(list("MI.ProtocolACL", "protocol-acl"),
						   request.protocol);
		bool locations = first(list("MI.LocationACL", "locations"), "footprints",
				       [&](const json_t *footprint) {
					       return in_footprint(footprint, request.client);
				       });
		bool times = first(
			list("MI.TimeWindowACL", "times"), "windows", [&](const json_t *window) {
				return (uint64_t)json_integer_value(
					       json_object_get(window, "start")) <= request.now &&
				       request.now < (uint64_t)json_integer_value(
							     json_object_get(window, "end"));
			});
		return protocols && locations && times ? "allow" : "deny";
	}
	static bool protocol_allowed(const json_t *list, const std::string &protocol)
	{
		return first(list, "protocols", [&](const json_t *name) {
			return json_string_value(name) == protocol + "/1.1";
		});
	}
	/* No list: allowed. The first rule with something that holds decides; none: denied. */
	template <typename Holds>
	static bool first(const json_t *list, const char *name, Holds holds)
	{
		size_t i, j;
		json_t *rule, *one;
		json_array_foreach (list, i, rule)
			json_array_foreach (json_object_get(rule, name), j, one)
				if (holds(one))
					return json_object_get(rule, "action") &&
					       text(rule, "action") == "allow";
		return !list;
	}
	static bool in_footprint(const json_t *footprint, const std::string &client)
	{
		size_t i;
		json_t *value;
		json_array_foreach (json_object_get(footprint, "footprint-value"), i, value)
			if (json_is_object(value) ? in_footprint(value, client)
						  : NaivePrefix(json_string_value(value))
							    .has(NaiveAddress(client)))
				return true;
		return false;
	}
};
