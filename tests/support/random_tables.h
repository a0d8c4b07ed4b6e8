/* random_tables - scopes, footprints and requests by chance, for model tests: few names and many overlaps, so that they meet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/naive_match.h"
#include "tests/support/tables_builder.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

class Random
{
      public:
	explicit Random(unsigned seed) : engine_(seed)
	{
	}
	unsigned below(unsigned n)
	{
		return engine_() % n;
	}
	bool once_in(unsigned n)
	{
		return below(n) == 0;
	}
	template <size_t N> std::string one_of(const char *const (&texts)[N])
	{
		return texts[below(N)];
	}

      private:
	std::mt19937 engine_;
};

/* Everything is under the zone t, but for a few names that no query can have. */
inline std::string random_host(Random &random, unsigned max)
{
	static const char *const labels[] = {"a", "b", "ab"};
	std::string host = "t";
	for (unsigned n = random.below(max + 1); n > 0; n--)
		host = random.one_of(labels) + "." + host;
	return random.once_in(30) ? host + "t" : host;
}

inline std::string random_path(Random &random, unsigned max)
{
	static const char *const parts[] = {"a", "b", "/", "a/", "A", ".ts"};
	std::string path = "/";
	for (unsigned n = random.below(max + 1); n > 0; n--)
		path += random.one_of(parts);
	/* Dot segments are another test's matter. */
	return path;
}

inline std::string random_pattern(Random &random)
{
	static const char *const parts[] = {"a", "b", "/", "*", "?", "A", ".ts", "*.ts", "$*"};
	std::string pattern = random.once_in(4) ? "*" : "/";
	for (unsigned n = 1 + random.below(3); n > 0; n--)
		pattern += random.one_of(parts);
	return pattern;
}

const char *const prefixes4[] = {"0.0.0.0/0",   "10.0.0.0/8",  "10.0.0.0/9", "10.128.0.0/9",
				 "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32"};
const char *const prefixes6[] = {"::/0", "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:2::/64"};
const char *const clients[] = {"10.1.2.3",      "10.1.2.4",  "10.1.9.9",        "10.9.9.9",
			       "10.200.1.1",    "192.0.2.1", "2001:db8:1:2::7", "2001:db8:1:3::7",
			       "2001:db8:2::1", "2001::1"};
const char *const regexes[] = {"a", "^/a", "b$", "a.b", "[ab]/", "ts"};

inline NaiveFootprint random_footprint(Random &random)
{
	NaiveFootprint f;
	f.is_union = random.once_in(3);
	bool four = random.below(2);
	for (unsigned n = 1 + random.below(2); n > 0; n--)
		f.prefixes.push_back((f.is_union ? random.below(2) : four)
					     ? random.one_of(prefixes4)
					     : random.one_of(prefixes6));
	return f;
}

template <typename T> inline void add_new(std::vector<T> &list, const T &item)
{
	if (std::find(list.begin(), list.end(), item) == list.end())
		list.push_back(item);
}

inline void random_where(Random &random, NaiveScope &scope, bool with_patterns)
{
	for (unsigned n = 1 + random.below(2); n > 0; n--) {
		std::string host = random_host(random, 3);
		switch (random.below(6)) {
		case 0:
			host = "*";
			break;
		case 1:
		case 2:
			host = "*." + host;
			break;
		}
		add_new(scope.hosts, host);
	}
	if (random.below(3))
		for (unsigned n = random.below(3); n > 0; n--)
			add_new(scope.paths, random_path(random, 3));
	if (with_patterns && random.once_in(3))
		for (unsigned n = 1 + random.below(2); n > 0; n--)
			add_new(scope.patterns, {random_pattern(random), random.once_in(2)});
	if (with_patterns && random.once_in(5))
		add_new(scope.regexes, random.one_of(regexes));
}

inline NaiveScope random_scope(Random &random, const NaiveTable &table, unsigned number,
			       bool with_patterns)
{
	static const std::vector<std::string> protocols[] = {
		{"http"}, {"https"}, {"http", "https"}};
	NaiveScope scope;
	scope.name = "s" + std::to_string(number);
	random_where(random, scope, with_patterns);
	if (with_patterns && random.once_in(6))
		scope.query = random.once_in(2) ? "a" : "^b=1$";
	if (with_patterns && random.once_in(6))
		scope.headers.push_back(
			{random.once_in(2) ? "x-a" : "x-b", random.one_of(regexes)});
	if (!scope.needs_http() && random.once_in(3))
		scope.qtypes = {random.once_in(2) ? 1u : 28u};
	if (scope.qtypes.empty() && random.once_in(3))
		scope.protocols = protocols[random.below(3)];
	else if (!scope.needs_http() && random.once_in(4))
		scope.protocols = {"dns"};
	for (unsigned n = random.once_in(2) ? 1 + random.once_in(4) : 0; n > 0; n--)
		scope.footprints.push_back(random_footprint(random));
	for (const auto &name : table.names)
		if (random.once_in(6))
			scope.named.push_back(name.first);
	if (random.once_in(5))
		scope.times.push_back({500 + 500 * random.below(2), 1200 + random.below(2) * 500});
	if (random.once_in(4))
		scope.priority = (int)random.below(5) - 2;
	return scope;
}

/* --- requests --------------------------------------------------------------------------------------------------- */

struct Case {
	NaiveRequest naive;
	std::unique_ptr<Ask> ask;
	bool ecs = false;
};

inline Case random_dns(Random &random)
{
	Case c;
	NaiveRequest &req = c.naive;
	req.protocol = "dns";
	req.host = random_host(random, 4);
	req.qtype = random.once_in(2) ? 1 : 28;
	req.now = 400 + random.below(1500);
	req.client = random.one_of(clients);
	c.ecs = random.once_in(2);
	std::string full =
		req.client + (req.client.find(':') == std::string::npos ? "/32" : "/128");
	c.ask = std::make_unique<DnsAsk>(req.host, req.qtype, c.ecs ? "203.0.113.9" : req.client,
					 c.ecs ? full : "", req.now);
	return c;
}

inline Case random_http(Random &random)
{
	static const char *const queries[] = {"", "", "a", "b=1", "b=11&a"};
	static const char *const values[] = {"a", "b", "/a", "ts"};
	Case c;
	NaiveRequest &req = c.naive;
	req.protocol = random.once_in(2) ? "http" : "https";
	req.host = random_host(random, 4);
	req.path = random_path(random, 5);
	req.query = random.one_of(queries);
	req.now = 400 + random.below(1500);
	req.client = random.one_of(clients);
	for (const char *field : {"x-a", "x-b", "x-a"})
		if (random.once_in(3))
			req.headers.push_back({field, random.one_of(values)});
	std::string target = req.path + (req.query.empty() ? "" : "?" + req.query);
	if (req.protocol == "https") {
		target = "https://" + req.host + target;
	} else if (random.once_in(20)) {
		req.host = "";
	}
	c.ask = std::make_unique<HttpAsk>(req.host, target, req.headers, req.client, req.now);
	return c;
}

inline Case random_case(Random &random)
{
	return random.once_in(3) ? random_dns(random) : random_http(random);
}
