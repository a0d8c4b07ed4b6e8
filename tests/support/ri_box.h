/* ri_box - an answerer of the Redirection Interface on tables of a test, and downstream CDNs that say what the test tells them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/ri_exchange.h"
#include "control/ri_server.h"
}
#include "tests/support/control_box.h"
#include "tests/support/tables_builder.h"

#include <map>
#include <string>
#include <vector>

/* An answer as it went out. */
struct RiAnswer {
	unsigned status;
	std::string media_type, cache_control, body;
	Json json() const
	{
		return Json(body);
	}
	int error() const
	{
		return (int)json_integer_value(json()["error"]["error-code"].get());
	}
	std::string reason() const
	{
		return text(json()["error"]["reason"]);
	}
	std::string location() const
	{
		return text(json()["http"]["sc-(location)"]);
	}
	/* "192.0.2.1 192.0.2.2", of a list of dns. */
	std::string targets(const char *family) const
	{
		return list(json()["dns"][family]);
	}
	std::string ranges() const
	{
		return list(json()["scope"]["iprange"]);
	}
	std::string path() const
	{
		return list(json()["cdn-path"]);
	}
	static std::string text(const Json &value)
	{
		const char *found = json_string_value(value.get());
		return found ? found : "";
	}
	static std::string list(const Json &values)
	{
		std::string all;
		for (size_t i = 0; i < values.size(); i++)
			all += (i ? " " : "") + text(values[i]);
		return all;
	}
};

class RiBox
{
      public:
	struct control control = {};
	struct ri_server server = {};
	struct ri_peer upstream = {};
	struct ri_counters counters = {};
	std::map<std::string, struct ri_peer> downstreams; /* by the name of the CDN */
	/* What a downstream says, by its name; without one it does not answer yet. */
	std::map<std::string, std::string> says;
	uint32_t fresh = 30;
	std::vector<std::string> asked;     /* "c {request}" */
	std::vector<RiAnswer> answers;      /* all that went out */
	struct ri_exchange *last = nullptr; /* of the last request; NULL: it was answered */

	explicit RiBox(const View &tables) : view(tables)
	{
		plane.view = view.get();
		plane.tsc_hz = 2000000000;
		plane.unix_ns_at_tsc0 = UINT64_C(1700000000) * 1000000000;
		control.plane = &plane;
		control.match.worker = 1;
		control.match.random = 1;
		server.provider_id = "AS64501:7";
		server.downstream = downstream;
		server.ask = ask;
		server.arg = this;
		upstream.provider_id = "AS64500:1";
		upstream.counters = &counters;
		upstream.disclose = DISCLOSE_NODES;
		upstream.max_hops = RI_NO_LIMIT;
	}
	~RiBox()
	{
		while (!waiting.empty())
			answer_below("");
	}
	RiBox(const RiBox &) = delete;
	RiBox &operator=(const RiBox &) = delete;

	void use(const View &tables)
	{
		view = View(tables);
		plane.view = view.get();
		for (const auto &one : strategies)
			view.target(one.first)->strategy = one.second;
	}
	/* A CDN of the tables that is asked. */
	struct ri_peer &recursive(const std::string &name,
				  enum redirection_strategy strategy = STRATEGY_SEMI_RECURSIVE)
	{
		struct ri_peer &peer = downstreams[name];
		peer.max_hops = RI_NO_LIMIT;
		strategies[name] = strategy;
		view.target(name)->strategy = (uint8_t)strategy;
		return peer;
	}
	/* Posts a body; the answer, when it comes at once, is the last of `answers`. */
	bool post(const std::string &body,
		  const char *type = "application/cdni; ptype=redirection-request")
	{
		/* Without a byte behind it, and gone after the call. */
		std::vector<char> octets(body.begin(), body.end());
		struct ri_call call = {};
		size_t before = answers.size();
		call.peer = &upstream;
		call.content_type = type;
		call.body = octets.data();
		call.len = octets.size();
		call.done = done;
		call.arg = this;
		last = ri_answer(&control, &server, &call);
		return answers.size() > before;
	}
	RiAnswer ask_http(const std::string &uri, const std::string &client = "192.0.2.1",
			  const std::string &more = "", const std::string &path = R"("AS64500:1")")
	{
		return must_answer(R"({"http": {"c-ip": ")" + client + R"(", "cs-uri": ")" + uri +
				   R"(", "cs-method": "GET", "cs-version": "HTTP/1.1")" + more +
				   R"(}, "cdn-path": [)" + path + "]" + limit() + "}");
	}
	RiAnswer ask_dns(const std::string &name, const std::string &more = "",
			 const std::string &path = R"("AS64500:1")")
	{
		return must_answer(
			R"({"dns": {"resolver-ip": "192.0.2.53", "qtype": "A", "qclass": "IN", "qname": ")" +
			name + "\"" + more + R"(}, "cdn-path": [)" + path + "]" + limit() + "}");
	}
	int max_hops = -1; /* of these two; -1: none */

	RiAnswer must_answer(const std::string &body)
	{
		if (!post(body))
			throw std::runtime_error("no answer to " + body);
		return answers.back();
	}
	/* What the CDN that was asked first says at last; "" is no answer. */
	void answer_below(const std::string &body)
	{
		Waiting first = waiting.front();
		waiting.erase(waiting.begin());
		give(first.done, first.arg, body, fresh);
	}
	size_t pending() const
	{
		return waiting.size();
	}

      private:
	struct Waiting {
		ri_asked *done;
		void *arg;
	};
	View view;
	struct plane plane = {};
	std::map<std::string, enum redirection_strategy> strategies;
	std::vector<Waiting> waiting;

	std::string limit() const
	{
		return max_hops < 0 ? "" : ", \"max-hops\": " + std::to_string(max_hops);
	}
	static const struct ri_peer *downstream(void *arg, const struct target *cdn)
	{
		auto &peers = static_cast<RiBox *>(arg)->downstreams;
		auto at = peers.find(cdn->name);
		return at == peers.end() ? nullptr : &at->second;
	}
	static void ask(void *arg, const struct target *cdn, const struct ri_request *request,
			ri_asked *done, void *done_arg)
	{
		auto *box = static_cast<RiBox *>(arg);
		char *text = ri_request_write(request);
		box->asked.push_back(std::string(cdn->name) + " " + (text ? text : ""));
		free(text);
		auto said = box->says.find(cdn->name);
		if (said == box->says.end())
			box->waiting.push_back({done, done_arg});
		else
			give(done, done_arg, said->second, box->fresh);
	}
	static void give(ri_asked *done, void *arg, const std::string &body, uint32_t fresh)
	{
		struct faults faults = {};
		struct ri_response response;
		bool good = ri_response_read(&response, body.data(), body.size(), &faults);
		const struct freshness left = {fresh, 20, 200};
		done(arg, good ? &response : nullptr, &left);
		ri_response_clear(&response);
		faults_clear(&faults);
	}
	static void done(void *arg, const struct ri_reply *reply)
	{
		static_cast<RiBox *>(arg)->answers.push_back(
			{reply->status, reply->media_type, reply->cache_control,
			 std::string(reply->body, reply->len)});
	}
};

/* --- Tables ------------------------------------------------------------------------------------ */

namespace ri_tables
{

/* Nodes n1 (with addresses), n2 (a name), plain (http only, no DNS), bare (no DRI for the host), CDNs b and c. */
inline TablesBuilder &targets(TablesBuilder &builder)
{
	return builder.add("node", R"({"name": "n1"})")
		.dri(R"({"node": "n1", "dns-target": {"addresses": ["198.51.100.1", "198.51.100.2",
			"2001:db8:7::10"], "ttl": 45}, "http-target": {"host": "n1.dcdn.example"}})")
		.node("n2")
		.add("node", R"({"name": "plain"})")
		.dri(R"({"node": "plain", "http-target": {"host": "plain.example", "scheme": "http"}})")
		.add("node", R"({"name": "bare"})")
		.dri(R"({"node": "bare", "redirecting-hosts": ["other.example"], "dns-target": {"host": "x.test"}})")
		.add("cdn", R"({"name": "b", "provider-id": "AS64502:1"})")
		.dri(R"({"cdn": "b", "dns-target": {"host": "b.test"}, "http-target": {"host": "b.test",
			"path-prefix": "/up/", "include-redirecting-host": true}})")
		.add("cdn", R"({"name": "c", "provider-id": "AS64503:1"})")
		.dri(R"({"cdn": "c", "dns-target": {"host": "c.test"}, "http-target": {"host": "c.test"}})");
}

inline std::string scope_for(const std::string &candidates, const std::string &more = "")
{
	return R"({"name": "s", "hosts": ["vod.example.com"], "candidates": [)" + candidates + "]" +
	       more + "}";
}

inline const char *const node1 = R"({"node": "n1"})", *const cdn_b = R"({"cdn": "b"})",
			 *const cdn_c = R"({"cdn": "c"})";

inline View tables(const std::string &scope_text, const std::string &fallback = "")
{
	TablesBuilder builder;
	targets(builder).scope(scope_text);
	if (!fallback.empty())
		builder.fallback(fallback);
	return builder.finish();
}

inline View with(const std::string &candidates, const std::string &more = "",
		 const std::string &fallback = "")
{
	return tables(scope_for(candidates, more), fallback);
}

inline const std::string uri = "http://vod.example.com/s1/seg9.m4s?b=3";
inline const std::string error_504 = R"({"error": {"error-code": 504, "reason": "full"}})";

inline std::string below_http(const std::string &location, const std::string &more = "")
{
	return R"j({"http": {"sc-status": 307, "cs-uri": "x", "sc-(location)": ")j" + location +
	       "\"}" + more + "}";
}

inline std::string in_footprint(const std::string &values)
{
	return R"(, "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": [)" + values +
	       "]}]";
}

} // namespace ri_tables
