/* tables_builder - views and requests for tests, made by the real readers, compiler and parsers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/config_objects.h"
#include "lib/dns_query.h"
#include "lib/http_request.h"
#include "lib/match.h"
#include "lib/scope_trie.h"
}
#include "tests/support/dns_message.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/* A view from objects in the JSON form of the configuration:
 *
 *	View view = TablesBuilder().cdn("b").zone("example.com").scope(R"({"name": "s", "hosts":
 *		["vod.example.com"], "candidates": [{"cdn": "b"}]})").finish();
 *	DnsAsk ask("vod.example.com");
 *	EXPECT_EQ(match(view, ask).scope_name(), "s");
 *
 * Each object stands on a line of its own in a file "test": the first on line 1. All are of one reading: a name that comes
 * twice is refused. */

/* A view and the context of the control thread. A copy shares the view and has a context of its own. */
class View
{
      public:
	View() = default; /* none */
	View(struct view *owned, unsigned n_workers)
	    : context(std::make_unique<struct match_context>()), view_(owned, view_release)
	{
		context->worker = n_workers;
		context->random = 1;
	}
	View(const View &other)
	    : context(std::make_unique<struct match_context>()), view_(other.view_)
	{
		context->worker = other.context->worker;
		context->random = 1;
	}
	View(View &&) = default;
	View &operator=(View &&) = default;

	struct view *get() const
	{
		return view_.get();
	}
	struct view *operator->() const
	{
		return view_.get();
	}
	explicit operator bool() const
	{
		return view_ != nullptr;
	}
	const struct object *object(enum object_kind kind, const std::string &name) const
	{
		const struct object *found = object_find(view_->objects, kind, name.c_str());
		if (!found)
			throw std::out_of_range(std::string("no ") + object_kind_name(kind) + " " +
						name);
		return found;
	}
	const struct scope *scope(const std::string &name) const
	{
		return object(OBJECT_SCOPE, name)->made.scope;
	}
	/* The target with this name, of whatever kind. */
	struct target *target(const std::string &name) const
	{
		bool cdn = object_find(view_->objects, OBJECT_CDN, name.c_str());
		uint32_t id = object(cdn ? OBJECT_CDN : OBJECT_NODE, name)->made.id;
		return static_cast<struct target *>(slots_get(view_->targets, id));
	}
	/* In place: nobody else may have the target in a view. */
	View &state(const std::string &name, enum target_state state)
	{
		target(name)->state = (uint8_t)state;
		return *this;
	}
	std::unique_ptr<struct match_context> context;

      private:
	std::shared_ptr<struct view> view_;
};

struct Fault {
	std::string file;
	unsigned line;
	std::string text;
};

class TablesBuilder
{
      public:
	explicit TablesBuilder(unsigned n_workers = 1)
	    : n_workers_(n_workers), patterns_(pattern_cache_new(), pattern_cache_free),
	      compiler_(patterns_ ? compiler_new(nullptr, patterns_.get(), n_workers, &faults_)
				  : nullptr,
			compiler_free)
	{
		if (!compiler_)
			throw std::bad_alloc();
		struct compiler_source source = {};
		source.set = "configuration";
		source.pass = 1;
		source.order = 1;
		compiler_source(compiler_.get(), &source);
	}
	~TablesBuilder()
	{
		compiler_.reset();
		faults_clear(&faults_);
	}
	TablesBuilder(const TablesBuilder &) = delete;
	TablesBuilder &operator=(const TablesBuilder &) = delete;

	/* One object of a kind: "cdn", "node", "dri", "zone", "distinguished", "footprint", "scope",
	 * "state", "fallback". */
	TablesBuilder &add(const std::string &kind, const std::string &text)
	{
		json_error_t error;
		enum object_kind number;
		if (!object_kind_parse(kind.c_str(), &number))
			throw std::invalid_argument(kind);
		json_t *json = json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &error);
		if (!json)
			throw std::invalid_argument(std::string(error.text) + " in " + text);
		struct json_source source = {};
		source.faults = &faults_;
		source.place = {"test", ++line_};
		config_object_read(&source, number, json, compiler_.get());
		json_decref(json);
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

	/* Faults give a view that is false. */
	View try_finish()
	{
		struct view *view = faults_.total ? nullptr : compiler_finish(compiler_.get());
		return view ? View(view, n_workers_) : View();
	}
	/* Throws std::runtime_error with the first fault. */
	View finish()
	{
		View view = try_finish();
		if (!view)
			throw std::runtime_error(faults_.n ? faults_.list[0].text : "no view");
		return view;
	}
	std::vector<Fault> faults() const
	{
		std::vector<Fault> list;
		for (size_t i = 0; i < faults_.n; i++)
			list.push_back({faults_.list[i].file ? faults_.list[i].file : "",
					faults_.list[i].line, faults_.list[i].text});
		return list;
	}

      private:
	struct faults faults_ = {};
	unsigned n_workers_, line_ = 0;
	std::unique_ptr<struct pattern_cache, void (*)(struct pattern_cache *)> patterns_;
	std::unique_ptr<struct compiler, void (*)(struct compiler *)> compiler_;

	TablesBuilder &target(const std::string &kind, const std::string &name,
			      const std::string &state)
	{
		add(kind, R"({"name": ")" + name + R"(", "state": ")" + state + "\"}");
		return dri("{\"" + kind + R"(": ")" + name + R"(", "dns-target": {"host": ")" +
			   name + R"(.test"}, "http-target": {"host": ")" + name + ".test\"}}");
	}
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
	static struct dns_settings with_subnet()
	{
		struct dns_settings settings = {};
		settings.client_subnet = true;
		return settings;
	}

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
		static const struct dns_settings settings = with_subnet();
		reason = dns_query_parse(message.data(), message.size(), &settings, &req);
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
		reason = http_request_parse(message.data(), message.size(), &http_limits_default,
					    &req);
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
