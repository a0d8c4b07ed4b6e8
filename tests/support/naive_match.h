/* naive_match - which scope wins a request, found by trying all of them one after the other. Shares no code with lib/. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <regex.h>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

struct NaiveAddress {
	int family;
	std::array<uint8_t, 16> bytes = {};

	explicit NaiveAddress(const std::string &text)
	    : family(text.find(':') == std::string::npos ? 4 : 6)
	{
		if (inet_pton(family == 4 ? AF_INET : AF_INET6, text.c_str(), bytes.data()) != 1)
			throw std::invalid_argument(text);
	}
	bool bit(unsigned i) const
	{
		return bytes[i / 8] >> (7 - i % 8) & 1;
	}
};

/* "10.0.0.0/8" */
struct NaivePrefix {
	NaiveAddress address;
	unsigned len;

	explicit NaivePrefix(const std::string &text)
	    : address(text.substr(0, text.find('/'))),
	      len((unsigned)std::stoul(text.substr(text.find('/') + 1)))
	{
	}
	bool has(const NaiveAddress &other) const
	{
		for (unsigned i = 0; i < len; i++)
			if (address.bit(i) != other.bit(i))
				return false;
		return address.family == other.family;
	}
	int rank() const
	{
		return 4 + (int)len + (address.family == 4 ? 96 : 0);
	}
};

/* The prefixes of one object; members of a union are written as one object with both families. */
struct NaiveFootprint {
	std::vector<std::string> prefixes;
	bool is_union = false;

	bool has(const NaiveAddress &client) const
	{
		for (const std::string &text : prefixes)
			if (NaivePrefix(text).has(client))
				return true;
		return false;
	}
	/* The widest prefix decides. */
	int rank() const
	{
		int least = 1000;
		for (const std::string &text : prefixes)
			least = std::min(least, NaivePrefix(text).rank());
		return least;
	}
	std::string json() const
	{
		std::map<int, std::string> values;
		for (const std::string &text : prefixes) {
			std::string &list = values[NaivePrefix(text).address.family];
			list += (list.empty() ? "\"" : ", \"") + text + "\"";
		}
		std::string objects;
		for (const auto &[family, list] : values)
			objects += (objects.empty() ? "" : ", ") +
				   std::string(R"({"footprint-type": "ipv)") +
				   std::to_string(family) + R"(cidr", "footprint-value": [)" +
				   list + "]}";
		return is_union ? R"({"footprint-type": "footprintunion", "footprint-value": [)" +
					  objects + "]}"
				: objects;
	}
};

/* The path is in normal form. */
struct NaiveRequest {
	std::string protocol; /* "dns", "http", "https" */
	std::string host, path = "/", query;
	std::vector<std::pair<std::string, std::string>> headers;
	unsigned qtype = 1;
	std::string client = "192.0.2.1";
	uint64_t now = 1000;
};

/* Priority, exact host, its labels, path, kind of path, footprint, protocols, conditions: higher wins. */
using NaiveRank = std::tuple<int, bool, int, int, int, int, int, int>;

struct NaiveScope {
	std::string name;
	std::vector<std::string> protocols, hosts, paths, regexes;
	std::vector<std::pair<std::string, bool>> patterns; /* and whether it is case-sensitive */
	std::string query;
	std::vector<std::pair<std::string, std::string>> headers;
	std::vector<unsigned> qtypes; /* 1 and 28 */
	std::vector<NaiveFootprint> footprints;
	std::vector<std::string> named;
	std::vector<std::pair<uint64_t, uint64_t>> times;
	int priority = 0;

	/* POSIX regexes: the same as Hyperscan's as long as they are simple. */
	static bool found(const std::string &text, const std::string &expression)
	{
		static std::map<std::string, regex_t> &known = *new std::map<std::string, regex_t>;
		auto at = known.find(expression);
		if (at == known.end()) {
			at = known.emplace(expression, regex_t()).first;
			if (regcomp(&at->second, expression.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
				throw std::invalid_argument(expression);
		}
		return regexec(&at->second, text.c_str(), 0, nullptr, 0) == 0;
	}
	static char fold(char c, bool sensitive)
	{
		return sensitive || c < 'A' || c > 'Z' ? c : (char)(c + 'a' - 'A');
	}
	/* RFC 8006 §4.1.5. */
	static bool pattern_matches(const char *p, const char *text, bool sensitive)
	{
		if (*p == '\0')
			return *text == '\0';
		if (*p == '*')
			return pattern_matches(p + 1, text, sensitive) ||
			       (*text && pattern_matches(p, text + 1, sensitive));
		if (*p == '?')
			return *text && *text != '/' && pattern_matches(p + 1, text + 1, sensitive);
		if (*p == '$')
			p++;
		return *text && fold(*p, sensitive) == fold(*text, sensitive) &&
		       pattern_matches(p + 1, text + 1, sensitive);
	}
	static int literal_len(const std::string &pattern)
	{
		int n = 0;
		for (size_t i = 0; i < pattern.size() && pattern[i] != '*' && pattern[i] != '?';
		     i++, n++)
			if (pattern[i] == '$')
				i++;
		return std::max(n, 1);
	}
	static bool host_matches(const std::string &pattern, const std::string &host)
	{
		if (pattern == "*")
			return true;
		if (pattern.compare(0, 2, "*.") != 0)
			return pattern == host;
		std::string end = pattern.substr(1);
		return host.size() > end.size() &&
		       host.compare(host.size() - end.size(), end.size(), end) == 0;
	}
	bool needs_http() const
	{
		return std::any_of(paths.begin(), paths.end(),
				   [](const std::string &p) { return p != "/"; }) ||
		       !patterns.empty() || !regexes.empty() || !query.empty() || !headers.empty();
	}
	std::vector<std::string> real_protocols() const
	{
		if (!protocols.empty())
			return protocols;
		if (!qtypes.empty())
			return {"dns"};
		if (needs_http())
			return {"http", "https"};
		return {"dns", "http", "https"};
	}
	bool in_footprint(const std::map<std::string, NaiveFootprint> &names,
			  const std::string &client) const
	{
		NaiveAddress address(client);
		/* Objects of one type add up, types narrow each other. */
		std::map<int, bool> types;
		for (const NaiveFootprint &f : footprints) {
			int type = f.is_union ? 0 : NaivePrefix(f.prefixes[0]).address.family;
			types[type] |= f.has(address);
		}
		for (const auto &type : types)
			if (!type.second)
				return false;
		return named.empty() ||
		       std::any_of(named.begin(), named.end(),
				   [&](const std::string &n) { return names.at(n).has(address); });
	}
	int footprint_rank(const std::map<std::string, NaiveFootprint> &names) const
	{
		std::map<int, int> types;
		for (const NaiveFootprint &f : footprints) {
			int type = f.is_union ? 0 : NaivePrefix(f.prefixes[0]).address.family;
			types[type] =
				types.count(type) ? std::min(types[type], f.rank()) : f.rank();
		}
		int list = 0, least = 1000;
		for (const auto &type : types)
			list = std::max(list, type.second);
		list += types.empty() ? 0 : (int)types.size() - 1;
		for (const std::string &n : named)
			least = std::min(least, names.at(n).rank());
		if (named.empty())
			return list;
		return std::max(list, least) + (list > 0);
	}
	bool conditions_match(const std::map<std::string, NaiveFootprint> &names,
			      const NaiveRequest &req) const
	{
		std::vector<std::string> takes = real_protocols();
		if (std::find(takes.begin(), takes.end(), req.protocol) == takes.end())
			return false;
		if (!qtypes.empty() &&
		    std::find(qtypes.begin(), qtypes.end(), req.qtype) == qtypes.end())
			return false;
		if (!times.empty() && !std::any_of(times.begin(), times.end(), [&](const auto &t) {
			    return t.first <= req.now && req.now < t.second;
		    }))
			return false;
		if (!in_footprint(names, req.client))
			return false;
		if (!query.empty() && !found(req.query, query))
			return false;
		for (const auto &wanted : headers) {
			auto field = std::find_if(
				req.headers.begin(), req.headers.end(),
				[&](const auto &h) { return h.first == wanted.first; });
			if (field == req.headers.end() || !found(field->second, wanted.second))
				return false;
		}
		return true;
	}
	/* The rank of the best place at which the request matches; none when it does not. */
	std::optional<NaiveRank> match(const std::map<std::string, NaiveFootprint> &names,
				       const NaiveRequest &req) const
	{
		std::optional<NaiveRank> best;
		if (!std::any_of(hosts.begin(), hosts.end(),
				 [&](const std::string &h) { return host_matches(h, req.host); }) ||
		    !conditions_match(names, req))
			return best;
		int conditions = !qtypes.empty() + !times.empty() +
				 std::min<int>(5, (int)headers.size() + !query.empty());
		auto place = [&](const std::string &host, int path, int kind) {
			bool exact = host[0] != '*';
			int labels = host == "*" ? 0
						 : (int)std::count(host.begin(), host.end(), '.') +
							   exact;
			NaiveRank rank(priority, exact, labels, path, kind, footprint_rank(names),
				       -(int)real_protocols().size(), conditions);
			if (!best || rank > *best)
				best = rank;
		};
		bool any = paths.empty() && patterns.empty() && regexes.empty();
		for (const std::string &host : hosts) {
			if (!host_matches(host, req.host))
				continue;
			if (any)
				place(host, 1, 0);
			for (const std::string &path : paths)
				if (req.path.compare(0, path.size(), path) == 0)
					place(host, (int)path.size(), 0);
			for (const auto &[pattern, sensitive] : patterns)
				if (pattern_matches(pattern.c_str(), req.path.c_str(), sensitive))
					place(host, literal_len(pattern), 2);
			for (const std::string &text : regexes)
				if (found(req.path, text))
					place(host, 1, 1);
		}
		return best;
	}

	static std::string list(const std::vector<std::string> &texts)
	{
		std::string out = "[";
		for (const std::string &text : texts)
			out += (out.size() > 1 ? ", \"" : "\"") + text + "\"";
		return out + "]";
	}
	static std::string join(const std::vector<std::string> &objects)
	{
		std::string out = "[";
		for (const std::string &object : objects)
			out += (out.size() > 1 ? ", " : "") + object;
		return out + "]";
	}
	std::string json(const std::string &action = R"("action": "deny")") const
	{
		std::string out = R"({"name": ")" + name + R"(", "hosts": )" + list(hosts) +
				  R"(, "protocols": )" + list(protocols) + R"(, "paths": )" +
				  list(paths) + R"(, "regexes": )" + list(regexes) +
				  R"(, "priority": )" + std::to_string(priority);
		std::vector<std::string> objects, types;
		for (const auto &[pattern, sensitive] : patterns)
			objects.push_back(R"({"pattern": ")" + pattern +
					  R"(", "case-sensitive": )" +
					  (sensitive ? "true}" : "false}"));
		out += R"(, "patterns": )" + join(objects);
		objects.clear();
		for (const auto &[field, text] : headers)
			objects.push_back(R"({"name": ")" + field + R"(", "regex": ")" + text +
					  "\"}");
		out += R"(, "headers": )" + join(objects);
		objects.clear();
		for (const auto &[start, end] : times)
			objects.push_back(R"({"start": )" + std::to_string(start) + R"(, "end": )" +
					  std::to_string(end) + "}");
		out += R"(, "times": )" + join(objects);
		objects.clear();
		for (const NaiveFootprint &f : footprints)
			objects.push_back(f.json());
		for (const std::string &n : named)
			objects.push_back("\"" + n + "\"");
		out += R"(, "footprints": )" + join(objects);
		for (unsigned type : qtypes)
			types.push_back(type == 1 ? "A" : "AAAA");
		out += R"(, "qtypes": )" + list(types);
		if (!query.empty())
			out += R"(, "query-regex": ")" + query + "\"";
		return out + ", " + action + "}";
	}
};

/* Scopes in configuration order and the footprints that have names. */
struct NaiveTable {
	std::map<std::string, NaiveFootprint> names;
	std::vector<NaiveScope> scopes;

	/* The index of the winner among those that are wanted, or -1. */
	int match(const NaiveRequest &req, const std::vector<bool> *wanted = nullptr) const
	{
		int best = -1;
		NaiveRank best_rank;
		for (size_t i = 0; i < scopes.size(); i++) {
			if (wanted && !(*wanted)[i])
				continue;
			std::optional<NaiveRank> rank = scopes[i].match(names, req);
			if (rank && (best < 0 || *rank > best_rank)) {
				best = (int)i;
				best_rank = *rank;
			}
		}
		return best;
	}
};
