/* image_world - random objects of all kinds, views made of them step by step, and requests that meet them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/config_objects.h"
#include "control/json_place.h"
#include "lib/http_request.h"
#include "lib/match.h"
}

#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

struct ImageWorld {
	std::mt19937 random;
	bool geo = false; /* there are databases: country fr, AS 64496 */

	explicit ImageWorld(unsigned seed) : random(seed)
	{
	}
	unsigned below(unsigned n)
	{
		return random() % n;
	}
	bool once_in(unsigned n)
	{
		return below(n) == 0;
	}
	std::string number(unsigned n)
	{
		return std::to_string(below(n));
	}
	std::string one_of(std::initializer_list<const char *> texts)
	{
		return texts.begin()[below((unsigned)texts.size())];
	}

	/* --- Objects, as lines of a table file --- */

	std::string prefix()
	{
		if (once_in(3))
			return R"({"footprint-type": "ipv6cidr", "footprint-value": ["2001:db8:)" +
			       number(4) + R"(::/48", "2001:db8:8::/)" +
			       std::to_string(45 + below(20)) + "\"]}";
		unsigned len = 8 + below(4) * 8;
		return R"({"footprint-type": "ipv4cidr", "footprint-value": ["10.)" +
		       (len > 8 ? number(3) : "0") + "." + (len > 16 ? number(3) : "0") + "." +
		       (len > 24 ? number(3) : "0") + "/" + std::to_string(len) + "\"]}";
	}
	std::string footprint()
	{
		if (geo && once_in(3))
			return one_of(
				{R"({"footprint-type": "countrycode", "footprint-value": ["fr"]})",
				 R"({"footprint-type": "asn", "footprint-value": ["as64496"]})"});
		if (once_in(4))
			return R"({"footprint-type": "footprintunion", "footprint-value": [)" +
			       prefix() + ", " + prefix() + "]}";
		return prefix();
	}
	std::string footprints(unsigned max)
	{
		std::string all = footprint();
		for (unsigned n = below(max); n > 0; n--)
			all += ", " + footprint();
		return all;
	}
	std::string target()
	{
		return once_in(3) ? R"("node": "n)" + number(3) + "\""
				  : R"("cdn": "c)" + number(5) + "\"";
	}
	std::string host()
	{
		static const char *const tails[] = {"", ".a", ".b"};
		std::string name = "h" + number(6) + tails[below(3)] + ".t";
		return once_in(8) ? "*" : once_in(5) ? "*." + name : name;
	}
	std::string path()
	{
		return "/" + one_of({"a", "b", "a/b", "live/", "vod/x"});
	}
	std::string scope()
	{
		std::string out = R"({"name": "s)" + number(60) + R"(", "hosts": [")" + host();
		for (unsigned n = below(3); n > 0; n--)
			out += "\", \"" + host();
		out += "\"]";
		bool http = once_in(2);
		if (http && once_in(2))
			out += R"(, "paths": [")" + path() + "\"]";
		if (http && once_in(3))
			out += R"(, "patterns": [{"pattern": ")" + path() +
			       R"(*.ts", "case-sensitive": )" + one_of({"true", "false"}) +
			       R"(}, {"pattern": "*.mp?"}])";
		if (http && once_in(6))
			out += R"(, "regexes": ["[)" + number(9) + R"(a]b"])";
		if (http && once_in(6))
			out += R"(, "query-regex": "x=)" + number(3) + "\"";
		if (http && once_in(6))
			out += R"(, "headers": [{"name": "x-a", "regex": ")" + number(3) + "\"}]";
		if (!http && once_in(4))
			out += R"(, "qtypes": ["A")" + one_of({"", R"(, "AAAA")"}) + "]";
		if (once_in(2))
			out += R"(, "footprints": [)" +
			       (once_in(2) ? footprints(3) : R"("f)" + number(5) + "\"") +
			       (once_in(4) ? R"(, "f)" + number(5) + "\"" : "") + "]";
		if (once_in(6))
			out += R"(, "times": [{"start": )" + number(1500) + R"(, "end": )" +
			       std::to_string(1500 + below(500)) + "}]";
		if (once_in(3))
			out += R"(, "priority": )" + std::to_string((int)below(7) - 3);
		return out + action() + "}";
	}
	std::string action()
	{
		if (once_in(6))
			return R"(, "action": "deny")";
		if (once_in(6))
			return R"(, "action": "pass")" +
			       (once_in(2) ? "" : R"(, "fallback": {)" + target() + "}");
		std::string out = R"(, "policy": ")" +
				  one_of({"ordered", "weighted", "hash", "round-robin", "random"}) +
				  R"(", "candidates": [{)" + target() + R"(, "weight": )" +
				  std::to_string(1 + below(9)) + "}";
		if (once_in(2))
			out += ", {" + target() + "}";
		out += "]";
		if (once_in(5))
			out += R"(, "uri-signing": )" +
			       one_of({"{}", R"({"enforce": false})",
				       R"({"issuers": ["a", "b"], "package-attribute": "t"})"});
		return out + (once_in(4) ? R"(, "fallback": {)" + target() + "}" : "");
	}
	std::string dri()
	{
		std::string out = "{" + target();
		bool hosts = once_in(3);
		if (hosts)
			out += R"(, "redirecting-hosts": ["h)" + number(6) + R"(.t", "X.t"])";
		if (hosts && once_in(2))
			out += R"(, "dns-target": {"label": "l)" + number(9) +
			       R"(", "servers": [{"name": "ns)" + number(9) +
			       R"(.test", "addresses": ["192.0.2.)" + number(99) +
			       R"(", "2001:db8::5"]}, {"name": "ns.b"}]})";
		else if (once_in(2))
			out += R"(, "dns-target": {"host": "d)" + number(9) + R"(.test", "ttl": )" +
			       number(99) + "}";
		else
			out += R"(, "dns-target": {"addresses": ["192.0.2.)" + number(99) +
			       R"(", "2001:db8::)" + number(99) + "\"]}";
		out += R"(, "http-target": {"host": "w)" + number(9) + R"(.test:8080")";
		if (once_in(2))
			out += R"(, "scheme": "https", "path-prefix": "/p)" + number(9) +
			       R"(/", "include-redirecting-host": true)";
		return out + "}}";
	}
	std::string zone()
	{
		std::string name = one_of({"t", "a.t", "b.t", "z.test"});
		return R"({"name": ")" + name + R"(", "client-subnet": )" +
		       one_of({"true", "false"}) + R"(, "serial": )" + number(99) +
		       R"(, "servers": [{"name": "ns1.)" + name + R"(", "addresses": ["192.0.2.)" +
		       number(99) +
		       R"(", "2001:db8::1"]}, {"name": "ns.elsewhere.test"}], "records": ["w)" +
		       number(9) + R"( CNAME x)" + number(9) + R"(", "*.w TXT \"x\""]})";
	}
	std::string line()
	{
		switch (below(24)) {
		case 0:
		case 1:
			return R"({"footprint": {"name": "f)" + number(5) +
			       R"(", "footprints": [)" + footprints(3) + "]}}";
		case 2:
			return R"({"cdn": {"name": "c)" + number(5) + R"(", "state": ")" +
			       one_of({"up", "drain", "down"}) + "\"" +
			       (once_in(2) ? R"(, "provider-id": "AS64496:)" + number(9) + "\""
					   : "") +
			       (once_in(2) ? R"(, "strategy": ")" +
						     one_of({"semi-recursive", "full-recursive"}) +
						     "\""
					   : "") +
			       (once_in(2) ? R"(, "excluded-hosts": ["*.t", "h)" + number(3) +
						     R"(.u"])"
					   : "") +
			       "}}";
		case 3:
			return R"({"node": {"name": "n)" + number(3) + R"("}})";
		case 4:
		case 5:
			return R"({"dri": )" + dri() + "}";
		case 6:
			return R"({"zone": )" + zone() + "}";
		case 7:
			return R"({"distinguished": {"host": "D)" + number(4) +
			       R"(.t", "path-prefix": "/)" + one_of({"", "x/"}) + "\"}}";
		case 8:
			return R"({"state": {)" + target() + R"(, "state": ")" +
			       one_of({"up", "drain", "down"}) + "\"}}";
		case 9:
			return R"({"fallback": {)" + target() + "}}";
		default:
			return R"({"scope": )" + scope() + "}";
		}
	}
	/* What most scopes need. */
	static std::vector<std::string> basis()
	{
		std::vector<std::string> lines;
		for (int i = 0; i < 5; i++)
			lines.push_back(
				R"({"footprint": {"name": "f)" + std::to_string(i) +
				R"(", "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.)" +
				std::to_string(i) + R"(.0.0/16"]}]}})");
		for (int i = 0; i < 8; i++) {
			std::string name = i < 5 ? R"("cdn": "c)" + std::to_string(i)
						 : R"("node": "n)" + std::to_string(i - 5);
			std::string kind = i < 5 ? "cdn" : "node";
			lines.push_back("{\"" + kind + R"(": {"name": )" +
					name.substr(name.find(':') + 2) + "\"}}");
			lines.push_back(R"({"dri": {)" + name +
					R"(", "dns-target": {"host": "x.test"}}})");
		}
		lines.push_back(R"({"zone": {"name": "t", "servers": [{"name": "ns.t"}]}})");
		lines.push_back(R"({"fallback": {"cdn": "c0"}})");
		return lines;
	}
};

/* One change of a view: lines and removals, in order. What is refused is left out. */
struct ImageChange {
	bool runtime = false;
	std::string set;
	uint64_t order = 1;
	struct step {
		std::string line; /* or, to be removed: */
		enum object_kind kind;
		std::string name;
	};
	std::vector<step> steps;

	void add(const std::string &line)
	{
		steps.push_back({line, OBJECT_SCOPE, ""});
	}

	/* The next view, or NULL when something is wrong with the whole. */
	struct view *apply(struct view *from, struct footprint_geo *geo,
			   struct pattern_cache *patterns, uint32_t pass = 0) const
	{
		struct faults faults = {};
		struct compiler *compiler = compiler_new(from, patterns, 1, &faults);
		if (!from && geo)
			compiler_set_geo(compiler, geo);
		struct compiler_source source = {};
		source.set = json_place_file(set.c_str());
		source.runtime = runtime;
		source.order = order;
		source.pass = pass;
		compiler_source(compiler, &source);
		unsigned line = 0;
		for (const step &s : steps) {
			struct json_source at = {
				&faults, nullptr, {json_place_file("a.jsonl"), ++line}, nullptr};
			if (s.line.empty())
				compiler_remove(compiler, s.kind, s.name.c_str(), {nullptr, 0});
			else
				config_object_line(&at, s.line.data(), s.line.size(), compiler);
		}
		compiler_settle(compiler, config_object_again, true);
		faults_clear(&faults);
		struct view *view = compiler_finish(compiler);
		if (!view)
			refused = faults.n ? faults.list[0].text : "?";
		compiler_free(compiler);
		faults_clear(&faults);
		if (view) {
			view->generation = from ? from->generation + 1 : 1;
			view->created = 1000 + view->generation;
		}
		return view;
	}
	mutable std::string refused;
};

/* A request, as decode would leave it. */
struct ImageAsk {
	std::string message;
	struct request req;

	explicit ImageAsk(ImageWorld &world)
	{
		static const char *const clients[] = {"10.0.0.1",      "10.1.1.1",
						      "10.2.1.0",      "192.0.2.1",
						      "2001:db8:1::1", "2001:db8:8::1"};
		memset(&req, 0, sizeof(req));
		std::string host = world.host();
		if (host[0] == '*')
			host = "x" + host.substr(1) + (host.size() == 1 ? ".t" : "");
		if (world.once_in(3)) {
			if (!request_key_host(&req, (const uint8_t *)host.data(), host.size()))
				throw std::invalid_argument(host);
			req.key[req.host_len] = '/';
			req.key_len = req.host_len + 1;
			req.protocol = PROTOCOL_DNS;
			req.dns.qtype = world.once_in(2) ? 1 : 28;
			req.dns.ecs = world.once_in(2);
		} else {
			message = "GET " + world.path() +
				  world.one_of({"", "/a1.ts", "/b.mp4", "/3ab"}) +
				  "?x=" + world.number(3) + " HTTP/1.1\r\nHost: " + host +
				  "\r\nx-a: " + world.number(3) + "\r\n\r\n";
			http_request_parse((const uint8_t *)message.data(), message.size(),
					   &http_limits_default, &req);
			if (world.once_in(3))
				req.protocol = PROTOCOL_HTTPS;
		}
		if (!ip_addr_parse(clients[world.below(6)], &req.client))
			throw std::invalid_argument("client");
		req.client_len = (uint8_t)ip_bits(&req.client);
		req.now = world.below(2000);
	}
	ImageAsk(const ImageAsk &) = delete;
	ImageAsk &operator=(const ImageAsk &) = delete;

	/* What a view decides. */
	std::string ask(const struct view *view) const
	{
		struct request own = req;
		struct verdict verdict;
		auto context = std::make_unique<struct match_context>();
		context->worker = 1;
		context->random = 1;
		match_request(view, context.get(), &own, &verdict);
		return std::to_string(verdict.outcome) + " " + std::to_string(verdict.ecs_scope) +
		       " " + std::to_string(verdict.name_exists) +
		       std::to_string(verdict.fell_back) + " " + std::to_string(verdict.candidate) +
		       " " + (verdict.zone ? verdict.zone->text : "-") +
		       (verdict.zone && verdict.zone->no_client_subnet ? " no subnet " : " ") +
		       (verdict.scope ? verdict.scope->name : "-") + " " +
		       (verdict.target ? verdict.target->name : "-") + " " +
		       (verdict.dri ? std::to_string(verdict.dri->order) : "-");
	}
};
