/* tables_builder - tables, views and requests for tests, made by the real readers, compiler and parsers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/compile.h"
#include "control/model_json.h"
#include "lib/dns_query.h"
#include "lib/http_request.h"
#include "lib/match.h"
#include "lib/scope_trie.h"
#include "lib/tables.h"
}
#include "tests/support/dns_message.h"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/* Tables from objects in the JSON form of the configuration:
 *
 *	Tables tables = TablesBuilder().cdn("b").zone("example.com").scope(R"({"name": "s", "hosts":
 *		["vod.example.com"], "candidates": [{"cdn": "b"}]})").finish();
 *	View view(tables);
 *	DnsAsk ask("vod.example.com");
 *	EXPECT_EQ(match(view, ask).scope_name(), "s");
 *
 * Each object stands on a line of its own in a file "test": the first on line 1. */

class Tables
{
      public:
	explicit Tables(struct tables *owned, std::vector<uint8_t> configured = {})
	    : states(std::move(configured)), tables_(owned, tables_release)
	{
	}
	struct tables *get() const
	{
		return tables_.get();
	}
	struct tables *operator->() const
	{
		return tables_.get();
	}
	explicit operator bool() const
	{
		return tables_ != nullptr;
	}
	/* Index of the target with this name. */
	uint32_t target(const std::string &name) const
	{
		for (uint32_t i = 0; i < tables_->n_targets; i++)
			if (tables_->targets[i].name == name)
				return i;
		throw std::out_of_range("no target " + name);
	}
	std::vector<uint8_t> states; /* as configured */

      private:
	std::shared_ptr<struct tables> tables_;
};

struct Fault {
	std::string file;
	unsigned line;
	std::string text;
};

class TablesBuilder
{
      public:
	TablesBuilder() : compiler_(compiler_new(&faults_), compiler_free)
	{
		if (!compiler_)
			throw std::bad_alloc();
	}
	~TablesBuilder()
	{
		compiler_.reset();
		faults_clear(&faults_);
	}
	TablesBuilder(const TablesBuilder &) = delete;
	TablesBuilder &operator=(const TablesBuilder &) = delete;

	/* One object of a kind: "cdn", "node", "dri", "zone", "distinguished", "footprint", "scope",
	 * or "fallback": {"cdn": "b"}. */
	TablesBuilder &add(const std::string &kind, const std::string &text)
	{
		json_error_t error;
		json_t *json = json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &error);
		if (!json)
			throw std::invalid_argument(std::string(error.text) + " in " + text);
		take(kind, json);
		json_decref(json);
		return *this;
	}
	TablesBuilder &geo(const std::string &path)
	{
		compiler_add_geo(compiler_.get(), path.c_str(), {"test", ++line_});
		return *this;
	}
	TablesBuilder &dri(const std::string &text)
	{
		return add("dri", text);
	}
	TablesBuilder &zone_json(const std::string &text)
	{
		return add("zone", text);
	}
	TablesBuilder &distinguished(const std::string &text)
	{
		return add("distinguished", text);
	}
	TablesBuilder &footprint(const std::string &text)
	{
		return add("footprint", text);
	}
	TablesBuilder &scope(const std::string &text)
	{
		return add("scope", text);
	}
	TablesBuilder &fallback(const std::string &text)
	{
		return add("fallback", text);
	}

	/* A target and a DRI for every host: DNS name and HTTP host NAME.test. */
	TablesBuilder &cdn(const std::string &name, const std::string &state = "up")
	{
		return target("cdn", name, state);
	}
	TablesBuilder &node(const std::string &name, const std::string &state = "up")
	{
		return target("node", name, state);
	}
	/* With one server, ns.NAME, at 192.0.2.53 and 2001:db8::53. */
	TablesBuilder &zone(const std::string &name)
	{
		return add("zone", R"({"name": ")" + name + R"(", "servers": [{"name": "ns.)" +
					   name +
					   R"(", "addresses": ["192.0.2.53", "2001:db8::53"]}]})");
	}

	/* Faults give tables that are false. */
	Tables try_finish(unsigned n_workers = 1)
	{
		struct tables *tables = compiler_finish(compiler_.get(), n_workers);
		std::vector<uint8_t> states;
		if (tables && tables->n_targets)
			states.assign(compiler_states(compiler_.get()),
				      compiler_states(compiler_.get()) + tables->n_targets);
		return Tables(tables, std::move(states));
	}
	/* Throws std::runtime_error with the first fault. */
	Tables finish(unsigned n_workers = 1)
	{
		Tables tables = try_finish(n_workers);
		if (!tables || faults_.total)
			throw std::runtime_error(faults_.n ? faults_.list[0].text : "no tables");
		return tables;
	}
	std::vector<Fault> faults() const
	{
		std::vector<Fault> list;
		for (size_t i = 0; i < faults_.n; i++)
			list.push_back({faults_.list[i].file ? faults_.list[i].file : "",
					faults_.list[i].line, faults_.list[i].text});
		return list;
	}
	struct compiler *compiler()
	{
		return compiler_.get();
	}

      private:
	struct faults faults_ = {};
	std::unique_ptr<struct compiler, void (*)(struct compiler *)> compiler_;
	unsigned line_ = 0;

	TablesBuilder &target(const std::string &kind, const std::string &name,
			      const std::string &state)
	{
		add(kind, R"({"name": ")" + name + R"(", "state": ")" + state + "\"}");
		return dri("{\"" + kind + R"(": ")" + name + R"(", "dns-target": {"host": ")" +
			   name + R"(.test"}, "http-target": {"host": ")" + name + ".test\"}}");
	}

	void take(const std::string &kind, json_t *json)
	{
		struct place place = {"test", ++line_};
		struct json_source source = {&faults_, nullptr, place};
		struct compiler *c = compiler_.get();
		if (kind == "cdn" || kind == "node") {
			struct model_target m;
			enum target_kind k = kind == "cdn" ? TARGET_CDN : TARGET_NODE;
			if (model_json_target(&source, json, k, &m))
				compiler_add_target(c, &m, place);
		} else if (kind == "dri") {
			struct model_dri m;
			if (model_json_dri(&source, json, &m))
				compiler_add_dri(c, &m, place);
			model_json_dri_clear(&m);
		} else if (kind == "zone") {
			struct model_zone m;
			if (model_json_zone(&source, json, &m))
				compiler_add_zone(c, &m, place);
			model_json_zone_clear(&m);
		} else if (kind == "distinguished") {
			struct model_distinguished m;
			if (model_json_distinguished(&source, json, &m))
				compiler_add_distinguished(c, &m, place);
		} else if (kind == "footprint") {
			struct model_footprint_name m;
			if (model_json_footprint_name(&source, json, &m))
				compiler_add_footprint(c, &m, place);
			model_json_footprint_name_clear(&m);
		} else if (kind == "scope") {
			struct model_scope m;
			if (model_json_scope(&source, json, &m))
				compiler_add_scope(c, &m, place);
			model_json_scope_clear(&m);
		} else if (kind == "fallback") {
			take_fallback(&source, json, place);
		} else {
			throw std::invalid_argument(kind);
		}
	}
	void take_fallback(const struct json_source *source, json_t *json, struct place place)
	{
		json_t *around = json_pack("{s:O}", "fallback", json);
		struct json_in in;
		struct model_target_ref ref;
		json_in_begin(&in, source, around, place, "test");
		if (model_json_target_ref(&in, "fallback", &ref) && json_in_end(&in))
			compiler_set_fallback(compiler_.get(), &ref, place);
		json_decref(around);
	}
};

/* A view of tables with the states that are configured; its context is the control thread's. */
class View
{
      public:
	explicit View(const Tables &of, uint64_t generation = 1)
	    : tables(of), context(std::make_unique<struct match_context>()),
	      view_(view_new(of.get(), generation, 0,
			     of.states.empty() ? nullptr : of.states.data()),
		    view_free)
	{
		if (!view_)
			throw std::bad_alloc();
		*context = {};
		context->worker = WORKERS_MAX;
		context->random = 1;
	}
	View &state(const std::string &target, enum target_state state)
	{
		view_->states[tables.target(target)] = (uint8_t)state;
		return *this;
	}
	struct view *get() const
	{
		return view_.get();
	}
	struct view *operator->() const
	{
		return view_.get();
	}
	Tables tables;
	std::unique_ptr<struct match_context> context;

      private:
	std::unique_ptr<struct view, void (*)(struct view *)> view_;
};

inline struct ip_addr test_address(const std::string &text)
{
	struct ip_addr addr;
	if (!ip_addr_parse(text.c_str(), &addr))
		throw std::invalid_argument(text);
	return addr;
}

/* A request that was read from a real message, and the message. */
class Ask
{
      public:
	struct request req;
	Bytes message;
	enum drop_reason reason; /* DROP_none: to be matched */

	Ask(const Ask &) = delete; /* the spans point into the message */
	Ask &operator=(const Ask &) = delete;

      protected:
	Ask(const std::string &client, uint64_t now)
	{
		memset(&req, 0, sizeof(req));
		req.client = test_address(client);
		req.client_len = (uint8_t)ip_bits(&req.client);
		req.now = now;
	}
};

/* A query; ecs "" or a prefix. Names without escapes. */
class DnsAsk : public Ask
{
      public:
	explicit DnsAsk(const std::string &name, unsigned qtype = 1,
			const std::string &client = "192.0.2.1", const std::string &ecs = "",
			uint64_t now = 1000)
	    : Ask(client, now)
	{
		DnsBuilder b;
		b.header(0x0100, 1, 0, 0, ecs.empty() ? 0 : 1).question(name, qtype);
		if (!ecs.empty()) {
			struct ip_prefix prefix;
			if (!ip_prefix_parse(ecs.c_str(), &prefix))
				throw std::invalid_argument(ecs);
			Bytes octets(prefix.addr.bytes, prefix.addr.bytes + (prefix.len + 7) / 8);
			b.opt(dns_ecs(prefix.addr.family == 4 ? 1 : 2, prefix.len, 0, octets));
		}
		message = b.bytes;
		reason = dns_query_parse(message.data(), message.size(), true, &req);
	}
};

/* A GET in origin form, or whatever stands in `target`; host "" is HTTP/1.0 without Host. */
class HttpAsk : public Ask
{
      public:
	using Headers = std::vector<std::pair<std::string, std::string>>;
	explicit HttpAsk(const std::string &host, const std::string &target = "/",
			 const Headers &headers = {}, const std::string &client = "192.0.2.1",
			 uint64_t now = 1000)
	    : Ask(client, now)
	{
		std::string text =
			"GET " + target + " HTTP/1." + (host.empty() ? "0" : "1") + "\r\n";
		if (!host.empty())
			text += "Host: " + host + "\r\n";
		for (const auto &header : headers)
			text += header.first + ": " + header.second + "\r\n";
		text += "\r\n";
		message.assign(text.begin(), text.end());
		reason = http_request_parse(message.data(), message.size(), &req);
	}
};

struct Verdict : verdict {
	std::string scope_name() const
	{
		return scope ? scope->name : "";
	}
	std::string target_name() const
	{
		return target ? target->name : "";
	}
};

inline Verdict match(View &view, Ask &ask)
{
	Verdict verdict;
	match_request(view.get(), view.context.get(), &ask.req, &verdict);
	return verdict;
}
