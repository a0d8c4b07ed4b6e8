/* random_objects - objects of all kinds by chance, as JSON texts; and what a verdict says, as one line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "lib/zone_data.h"
}

#include "tests/support/random_tables.h"

/* Few names, so that objects replace each other and refer to each other, or to what is not there. */
class RandomObjects
{
      public:
	explicit RandomObjects(Random &source) : random(source)
	{
		for (const char *name : {"f0", "f1", "f2"})
			table.names[name] = {};
	}
	enum object_kind kind()
	{
		static const enum object_kind kinds[] = {
			OBJECT_FOOTPRINT, OBJECT_FOOTPRINT,     OBJECT_CDN,   OBJECT_NODE,
			OBJECT_DRI,       OBJECT_DRI,           OBJECT_ZONE,  OBJECT_DISTINGUISHED,
			OBJECT_STATE,     OBJECT_DISTINGUISHED, OBJECT_STATE, OBJECT_FALLBACK,
			OBJECT_ADVERT,    OBJECT_ADVERT,        OBJECT_ADVERT};
		return random.below(2) ? OBJECT_SCOPE : kinds[random.below(15)];
	}
	std::string json(enum object_kind kind)
	{
		switch (kind) {
		case OBJECT_FOOTPRINT:
			return R"({"name": "f)" + number(3) + R"(", "footprints": [)" +
			       random_footprint(random).json() + "]}";
		case OBJECT_CDN:
			return R"({"name": ")" + random.one_of(cdns) + R"(", "state": ")" +
			       state() + '"' +
			       (random.once_in(4) ? R"(, "dri-source": "peer")" : "") +
			       (random.once_in(3) ? R"(, "strategy": ")" + strategy() : "") +
			       (random.once_in(3)
					? R"(, "excluded-hosts": [")" + random_host(random, 1) +
						  R"(", "*.a.t"])"
					: "") +
			       "}";
		case OBJECT_ADVERT:
			return advert();
		case OBJECT_NODE:
			return R"({"name": ")" + random.one_of(nodes) + R"(", "state": ")" +
			       state() + "\"}";
		case OBJECT_DRI:
			return dri();
		case OBJECT_ZONE:
			return R"({"name": ")" + random.one_of(zones) + R"(", "serial": )" +
			       number(9) + R"(, "servers": [{"name": "ns.t"}]})";
		case OBJECT_DISTINGUISHED:
			return R"({"host": ")" + random_host(random, 1) + R"(", "path-prefix": ")" +
			       (random.below(2) ? "/" : "/a/") + "\"}";
		case OBJECT_STATE:
			return "{" + target() + R"(, "state": ")" + state() + "\"}";
		case OBJECT_FALLBACK:
			return "{" + target() + "}";
		default:
			return random_scope(random, table, random.below(10), random.once_in(3))
				.json(action());
		}
	}

      private:
	static constexpr const char *cdns[] = {"a", "b", "ab"}, *nodes[] = {"a", "n"},
				    *zones[] = {"t", "t", "a.t", "u"};
	Random &random;
	NaiveTable table; /* with the names of footprints */

	std::string number(unsigned n)
	{
		return std::to_string(random.below(n));
	}
	std::string state()
	{
		static const char *const states[] = {"up", "up", "drain", "down"};
		return random.one_of(states);
	}
	std::string strategy()
	{
		static const char *const strategies[] = {R"(semi-recursive")", R"(full-recursive")",
							 R"(iterative")"};
		return random.one_of(strategies);
	}
	std::string target()
	{
		return random.below(3) ? R"("cdn": ")" + random.one_of(cdns) + "\""
				       : R"("node": ")" + random.one_of(nodes) + "\"";
	}
	std::string dri()
	{
		std::string text = "{" + target();
		if (random.below(2))
			text += R"(, "redirecting-hosts": [")" + random_host(random, 2) + "\"]";
		text += footprints();
		if (random.once_in(10))
			return text + R"(, "withdrawn": true})";
		unsigned parts = 1 + random.below(3);
		if (parts & 1)
			text += R"(, "dns-target": {"host": "x.test", "ttl": )" + number(9) + "}";
		if (parts & 2)
			text += R"(, "http-target": {"host": "x)" + number(9) + R"(.test"})";
		return text + "}";
	}
	std::string footprints()
	{
		return random.below(2)
			       ? ""
			       : R"(, "footprints": [)" + random_footprint(random).json() + "]";
	}
	std::string advert()
	{
		static const char *const said[] = {
			R"(DeliveryProtocol", "value": {"delivery-protocols": ["http/1.1"]})",
			R"(DeliveryProtocol", "value": {"delivery-protocols": ["https/1.1", "http/1.1"]})",
			R"(RedirectionMode", "value": {"redirection-modes": ["DNS-I", "HTTP-R"]})",
			R"(RedirectionMode", "value": {"redirection-modes": ["HTTP-I"]})",
			R"(Metadata", "value": {"metadata": ["MI.Cache", "MI.Unheard"]})",
			R"(Telemetry", "value": {"sources": []})",
			R"(CapacityLimits", "value": {"limits": [{"limit-type": "requests", "maximum-hard": 9}]})",
		};
		return R"({"cdn": ")" + random.one_of(cdns) + R"(", "type": "FCI.)" +
		       random.one_of(said) + footprints() + "}";
	}
	/* Of every other scope, as its text happens to be long. */
	static std::string signing(size_t len)
	{
		static const char *const said[] = {
			"{}", R"({"enforce": false})", R"({"issuers": ["csp", "u"]})",
			R"({"package-attribute": "tok", "jwt-header": {"alg": "ES256"}})"};
		return len % 8 < 4 ? std::string(R"(, "uri-signing": )") + said[len % 8] : "";
	}
	std::string action()
	{
		static const char *const policies[] = {"ordered", "hash", "weighted",
						       "round-robin"};
		std::string fallback =
			random.once_in(3) ? R"(, "fallback": {)" + target() + "}" : "";
		if (random.once_in(5))
			return R"("action": "deny")";
		if (random.once_in(5))
			return R"("action": "pass")" + fallback;
		std::string text = R"("policy": ")" + random.one_of(policies) +
				   R"(", "candidates": [{)" + target() + "}";
		if (random.below(2))
			text += ", {" + target() + R"(, "weight": )" +
				std::to_string(1 + random.below(3)) + "}";
		if (random.once_in(6))
			fallback += R"(, "requires": ["MI.Cache"])";
		if (random.once_in(6))
			fallback += random.once_in(2) ? R"(, "cache-control": 60)"
						      : R"(, "cache-control": "private, no-cache")";
		return text + "]" + fallback + signing(text.size() + fallback.size());
	}
};

/* All that the answer of a request depends on. Chance is always the same. */
inline std::string answer_of(const View &view, const Ask &ask)
{
	struct request req = ask.req;
	struct verdict v;
	view.context->random = 1;
	memset(view.context->turns, 0, sizeof(view.context->turns));
	match_request(view.get(), view.context.get(), &req, &v);
	std::string text = std::to_string(v.outcome) + " " + (v.scope ? v.scope->name : "-") + " " +
			   (v.target ? v.target->name : "-") + " " + std::to_string(v.candidate) +
			   (v.fell_back ? " fell back" : "") + (v.name_exists ? " exists" : "") +
			   " /" + std::to_string(v.ecs_scope);
	if (v.dri)
		text += " dri " + std::to_string(v.dri->ttl) + " " +
			(v.dri->authority ? v.dri->authority : "-");
	if (v.zone)
		text += std::string(" zone ") + v.zone->text + " " +
			std::to_string(v.zone->data->serial);
	if (req.protocol != PROTOCOL_DNS)
		text += " off " + std::to_string(req.http.unstacked);
	return text;
}
