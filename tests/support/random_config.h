/* random_config - random objects of every kind, in the JSON form of the configuration, with hostile texts among them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/config_back.h"

#include <climits>
#include <random>
#include <string>
#include <vector>

using Random = std::mt19937;

inline unsigned below(Random &random, unsigned n)
{
	return static_cast<unsigned>(random() % n);
}

inline std::string hostile_text(Random &random)
{
	static const char *const parts[] = {"\"",
					    "\\",
					    "\\\\",
					    "\\x41",
					    "\\n",
					    "\n",
					    "\r\n",
					    "\t",
					    "\x01",
					    "\x1f",
					    "\x7f",
					    "#",
					    "//",
					    "/*",
					    "*/",
					    "@include \"/x\"",
					    "\n@include \"/x\"\n",
					    "\xc3\xa9",
					    "\xe2\x82\xac",
					    "\xf0\x9f\x9a\x82",
					    "\xc2\x80",
					    ";",
					    "=",
					    "{",
					    "}",
					    "[",
					    ")",
					    ",",
					    "$",
					    "%s",
					    "%",
					    "'",
					    " ",
					    "true",
					    "5L",
					    "99999999999"};
	std::string text;
	for (unsigned n = below(random, 8); n; n--)
		text += below(random, 3)
				? parts[below(random, sizeof(parts) / sizeof(parts[0]))]
				: std::string(1, static_cast<char>(1 + below(random, 127)));
	if (!below(random, 50))
		text += std::string(below(random, 70000), "x\\\"\n"[below(random, 4)]);
	return text;
}

json_t *hostile_value(Random &random, unsigned depth)
{
	static const json_int_t numbers[] = {0,
					     1,
					     -1,
					     INT32_MAX,
					     INT32_MIN,
					     INT32_MAX + 1LL,
					     INT32_MIN - 1LL,
					     UINT32_MAX,
					     INT64_MAX,
					     -INT64_MAX};
	json_t *value;
	switch (below(random, depth ? 7 : 4)) {
	case 0:
		return json_integer(numbers[below(random, 10)]);
	case 1:
		return json_boolean(below(random, 2));
	case 2:
	case 3:
		return json_string(hostile_text(random).c_str());
	case 4:
		value = json_object();
		for (unsigned n = below(random, 5); n; n--)
			json_object_set_new(value,
					    ("m-" + std::to_string(below(random, 1000))).c_str(),
					    hostile_value(random, depth - 1));
		return value;
	case 5:
		value = json_array();
		for (unsigned n = below(random, 5); n; n--)
			json_array_append_new(value, json_string(hostile_text(random).c_str()));
		return value;
	default:
		value = json_array();
		for (unsigned n = below(random, 5); n; n--)
			json_array_append_new(value, hostile_value(random, depth - 1));
		return value;
	}
}

// An object without the members that are empty here.
inline std::string group(const std::vector<std::pair<std::string, std::string>> &members)
{
	std::string text;
	for (const auto &member : members)
		if (!member.second.empty())
			text += (text.empty() ? "\"" : ",\"") + member.first +
				"\":" + member.second;
	return "{" + text + "}";
}

inline std::string quoted(const std::string &text)
{
	json_t *json = json_string(text.c_str());
	char *dump = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
	std::string copy = dump;
	free(dump);
	json_decref(json);
	return copy;
}

inline std::string line(const char *kind, const std::string &object)
{
	return "{\"" + std::string(kind) + "\":" + object + "}";
}

// Random objects; most of them fit together, the others are refused.
struct Maker {
	Random random;
	explicit Maker(unsigned seed) : random(seed)
	{
	}
	bool one_in(unsigned n)
	{
		return below(random, n) == 0;
	}
	std::string maybe(const std::string &text)
	{
		return one_in(2) ? text : "";
	}
	std::string number(unsigned max)
	{
		return std::to_string(one_in(8) ? max : below(random, 1000));
	}
	// Visible, and hostile.
	std::string name(const char *stem, unsigned n)
	{
		static const char *const ends[] = {"",   "\"",    "\\", "#", "@include",
						   "//", "\\x41", "/*", "{", "/"};
		return stem + std::to_string(below(random, n)) +
		       ends[below(random, 10) * one_in(4)];
	}
	std::string words()
	{
		static const char *const some[] = {"AS64496:1",
						   "\xc3\xa9t\xc3\xa9 \"quoted\"",
						   "back\\slash",
						   "a;b={}",
						   "\xf0\x9f\x9a\x82",
						   "#no comment",
						   "//",
						   "\\",
						   "\""};
		return quoted(one_in(20) ? std::string(4096, "x\"\\"[below(random, 3)])
					 : some[below(random, 9)]);
	}
	std::string target()
	{
		bool cdn = one_in(2);
		return group({{cdn ? "cdn" : "node", quoted(name(cdn ? "c" : "n", 4))}});
	}
	std::string address()
	{
		return one_in(2) ? "\"192.0.2." + std::to_string(below(random, 250)) + "\""
				 : "\"2001:db8::" + std::to_string(below(random, 999)) + "\"";
	}
	std::string host()
	{
		return "h" + std::to_string(below(random, 3)) + ".example";
	}
	std::string cidr()
	{
		return group({{"footprint-type", "\"ipv4cidr\""},
			      {"footprint-value",
			       "[\"10." + std::to_string(below(random, 200)) + ".0.0/16\"]"}});
	}
	std::string footprint()
	{
		std::string list =
			one_in(3) ? group({{"footprint-type", "\"footprintunion\""},
					   {"footprint-value", "[" + cidr() + "," + cidr() + "]"}})
				  : cidr();
		return line("footprint", group({{"name", quoted(name("f", 6))},
						{"footprints", "[" + list + "]"}}));
	}
	std::string state()
	{
		static const char *const states[] = {"\"up\"", "\"drain\"", "\"down\""};
		return states[below(random, 3)];
	}
	std::string strategy()
	{
		static const char *const strategies[] = {"\"semi-recursive\"",
							 "\"full-recursive\""};
		return strategies[below(random, 2)];
	}
	std::string cdn()
	{
		return line("cdn", group({{"name", quoted(name("c", 4))},
					  {"state", maybe(state())},
					  {"provider-id", maybe(words())},
					  {"strategy", maybe(strategy())},
					  {"excluded-hosts", maybe("[" + quoted("*.t") + ", " +
								   quoted("x.u") + "]")}}));
	}
	std::string node()
	{
		return line("node",
			    group({{"state", maybe(state())}, {"name", quoted(name("n", 4))}}));
	}
	std::string state_of()
	{
		std::string text = target();
		text.back() = ',';
		return line("state", text + "\"state\":" + state() + "}");
	}
	std::string dri(const std::string &of)
	{
		std::string text = of;
		text.back() = ',';
		std::string hosts = one_in(3) ? "" : one_in(6) ? "[]" : "[\"" + host() + "\"]";
		text += group({{"redirecting-hosts", hosts},
			       {"dns-target", group({{"addresses", "[" + address() + "]"},
						     {"ttl", number(INT32_MAX)}})},
			       {"http-target",
				maybe(group({{"host", "\"x.example:81\""},
					     {"path-prefix", maybe("\"/a%22\'/\"")},
					     {"include-redirecting-host", maybe("true")}}))}})
				.substr(1);
		return line("dri", text);
	}
	std::string zone()
	{
		std::string name = "z" + std::to_string(below(random, 5)) + ".example";
		return line("zone",
			    group({{"name", "\"" + name + "\""},
				   {"serial", maybe(number(UINT32_MAX))},
				   {"contact", maybe("\"a\\\\.b.example\"")},
				   {"servers",
				    "[" +
					    group({{"name", "\"ns." + name + "\""},
						   {"addresses", maybe("[" + address() + "]")}}) +
					    "]"}}));
	}
	std::string distinguished()
	{
		return line("distinguished",
			    group({{"path-prefix",
				    maybe("\"/p" + std::to_string(below(random, 3)) + "/\"")},
				   {"host", "\"" + host() + "\""}}));
	}
	// Most are equal in rank to others at the same place.
	std::string scope()
	{
		std::string end = std::to_string(below(random, 4000000000u)) + "000";
		return line(
			"scope",
			group({{"query-regex",
				quoted("q" + std::to_string(below(random, 100)) + "\\.[\"a\\\\]")},
			       {"name", quoted(name("s", 40))},
			       {"hosts", "[\"" + host() + "\"]"},
			       {"paths",
				maybe("[\"/p" + std::to_string(below(random, 2)) + "/\"]")},
			       {"headers",
				maybe("[" +
				      group({{"name", "\"x-y\""}, {"regex", "\"\xc3\xa9+\""}}) +
				      "]")},
			       {"patterns",
				one_in(5) ? "[" +
						    group({{"pattern", "\"/a*$?.mp4\""},
							   {"case-sensitive", maybe("true")}}) +
						    "]"
					  : ""},
			       {"times", maybe("[" + group({{"end", end}}) + "]")},
			       {"footprints",
				one_in(3) ? "[" + quoted(name("f", 6)) + "," + cidr() + "]" : ""},
			       {"candidates", "[" + target() + "]"},
			       {"priority",
				one_in(4) ? std::to_string(static_cast<int>(below(random, 3)) - 1)
					  : ""},
			       {"fallback", maybe(target())},
			       {"policy", maybe("\"hash\"")}}));
	}
	void add(ConfigObjects &objects, unsigned n_scopes)
	{
		for (int i = 0; i < 10; i++)
			objects.add(footprint());
		for (int i = 0; i < 6; i++) {
			std::string to = cdn();
			if (objects.add(to))
				give_dri(objects, "cdn", to);
			to = node();
			if (objects.add(to))
				give_dri(objects, "node", to);
		}
		for (int i = 0; i < 10; i++)
			objects.add(dri(target()));
		for (int i = 0; i < 4; i++) {
			objects.add(zone());
			objects.add(distinguished());
		}
		if (one_in(2))
			objects.add(line("fallback", target()));
		for (unsigned i = 0; i < n_scopes; i++)
			objects.add(scope());
	}

      private:
	void give_dri(ConfigObjects &objects, const char *kind, const std::string &object)
	{
		json_t *json = json_loads(object.c_str(), 0, nullptr);
		const char *name =
			json_string_value(json_object_get(json_object_get(json, kind), "name"));
		objects.add(dri(group({{kind, quoted(name)}})));
		json_decref(json);
	}
};
