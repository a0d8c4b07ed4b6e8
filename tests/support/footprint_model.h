/* footprint_model - which lists of footprint objects an address is in, found naively, and random lists. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/footprint_list.h"
#include "tests/support/make_mmdb.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <strings.h>
#include <unordered_map>

/* Parsed once. */
inline const ip_prefix &prefix_of(const std::string &text)
{
	static std::unordered_map<std::string, ip_prefix> known;
	auto at = known.find(text);
	if (at == known.end()) {
		at = known.emplace(text, ip_prefix{}).first;
		EXPECT_TRUE(ip_prefix_parse(text.c_str(), &at->second)) << text;
	}
	return at->second;
}

inline bool in_prefix(const ip_addr &addr, const std::string &text)
{
	const ip_prefix &prefix = prefix_of(text);
	ip_addr masked = addr;
	ip_addr_mask(&masked, prefix.len);
	return ip_addr_equal(&masked, &prefix.addr);
}

inline ip_addr last_of(const std::string &text)
{
	ip_prefix p = prefix_of(text);
	for (unsigned bit = p.len; bit < ip_bits(&p.addr); bit++)
		p.addr.bytes[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
	return p.addr;
}

/* The address after this one, or the family's first one. */
inline ip_addr next_of(ip_addr addr)
{
	for (unsigned i = ip_bits(&addr) / 8; i-- && ++addr.bytes[i] == 0;)
		;
	return addr;
}

/* Random prefixes crowd in small parts of the address space, so that they meet each other and its ends. */
struct FootprintWorld {
	std::mt19937 random;

	/* What is said of a network; a later one overrides. */
	struct Place {
		std::string prefix, country, subdivision;
		unsigned asn;
	};
	std::vector<Place> places;

	ip_prefix prefix(unsigned family, bool low = true)
	{
		ip_prefix p = {};
		p.addr.family = static_cast<uint8_t>(family);
		unsigned bits = ip_bits(&p.addr);
		static const unsigned lens[] = {0, 1, 3, 8, 12};
		p.len = static_cast<uint8_t>(random() % 8 ? bits - random() % 8
							  : lens[random() % 5]);
		if (!low && p.len < 8)
			p.len = 8;
		uint8_t fill = random() % 4 ? 0x20 : random() % 2 || !low ? 0xff : 0;
		for (unsigned i = 0; i < bits / 8; i++)
			p.addr.bytes[i] = fill;
		p.addr.bytes[bits / 8 - 1] = static_cast<uint8_t>(random());
		ip_addr_mask(&p.addr, p.len);
		return p;
	}
	std::string text(unsigned family, bool low = true)
	{
		char buf[IP_TEXT_MAX];
		ip_prefix p = prefix(family, low);
		return ip_prefix_text(&p, buf);
	}

	/* Databases of places. The low end of IPv6 stays out: it is where IPv4 is in them. */
	void make_places(const TestFile &city, const TestFile &as, int n)
	{
		static const char *const countries[] = {"FR", "US", "DE"}, *const subdivisions[] = {
										   "A", "B2",
										   "CCC"};
		std::string list;
		for (int i = 0; i < n; i++) {
			bool is_v4 = random() % 2;
			Place place = {text(is_v4 ? 4 : 6, is_v4), countries[random() % 3],
				       random() % 2 ? subdivisions[random() % 3] : "",
				       64496 + static_cast<unsigned>(random() % 3)};
			list += place.prefix + " country=" + place.country +
				(place.subdivision.empty() ? ""
							   : " subdivision=" + place.subdivision) +
				" asn=" + std::to_string(place.asn) + "\n";
			places.push_back(place);
		}
		make_mmdb(city, "city", list);
		make_mmdb(as, "asn", list);
	}
	const Place *place_of(const ip_addr &addr) const
	{
		for (size_t i = places.size(); i--;) {
			if (in_prefix(addr, places[i].prefix))
				return &places[i];
		}
		return nullptr;
	}

	Object geo_object()
	{
		static const char *const countries[] = {"fr", "us", "de", "zz"},
					 *const subdivisions[] = {"fr-a", "us-b2", "de-ccc",
								  "zz-a"};
		std::vector<std::string> values;
		unsigned kind = random() % 3;
		for (unsigned n = 1 + random() % 2; n; n--)
			values.push_back(kind == 0   ? countries[random() % 4]
					 : kind == 1 ? subdivisions[random() % 4]
						     : "as" + std::to_string(64496 + random() % 4));
		return kind == 0 ? country(values) : kind == 1 ? subdivision(values) : asn(values);
	}
	Object object(bool may_be_union)
	{
		unsigned kind = random() % (may_be_union ? 3 : 2);
		std::vector<std::string> values;
		std::vector<Object> members;
		if (!places.empty() && random() % 4 == 0)
			return geo_object();
		unsigned n = 1 + random() % 4;
		for (unsigned i = 0; i < n; i++) {
			if (kind == 2)
				members.push_back(object(false));
			else
				values.push_back(text(kind ? 6 : 4));
		}
		return kind == 0 ? v4(values) : kind == 1 ? v6(values) : any_of(members);
	}
	List list()
	{
		List l;
		for (unsigned n = 1 + (random() % 3 == 0) + (random() % 6 == 0); n; n--)
			l.push_back(object(true));
		return l;
	}

	bool in_value(const ip_addr &addr, const Object &o, const std::string &value) const
	{
		if (o.type == FOOTPRINT_IPV4CIDR || o.type == FOOTPRINT_IPV6CIDR)
			return in_prefix(addr, value);
		const Place *place = place_of(addr);
		if (!place)
			return false;
		if (o.type == FOOTPRINT_ASN)
			return value == "as" + std::to_string(place->asn);
		std::string code = place->country;
		if (o.type == FOOTPRINT_SUBDIVISIONCODE)
			code = place->subdivision.empty() ? "" : code + "-" + place->subdivision;
		return strcasecmp(value.c_str(), code.c_str()) == 0;
	}
	bool in_object(const ip_addr &addr, const Object &o) const
	{
		return std::any_of(o.values.begin(), o.values.end(),
				   [&](const std::string &v) { return in_value(addr, o, v); }) ||
		       std::any_of(o.members.begin(), o.members.end(),
				   [&](const Object &m) { return in_object(addr, m); });
	}
	bool in_list(const ip_addr &addr, const List &list) const
	{
		for (const auto &o : list) {
			bool any = std::any_of(list.begin(), list.end(), [&](const Object &other) {
				return other.type == o.type && in_object(addr, other);
			});
			if (!any)
				return false;
		}
		return true;
	}

	/* The addresses where membership may change. */
	static void add_edges(const std::string &prefix, std::vector<ip_addr> &edges)
	{
		edges.push_back(prefix_of(prefix).addr);
		edges.push_back(last_of(prefix));
		edges.push_back(next_of(edges.back()));
	}
	static void collect_edges(const List &list, std::vector<ip_addr> &edges)
	{
		for (const auto &o : list) {
			collect_edges(o.members, edges);
			if (o.type == FOOTPRINT_IPV4CIDR || o.type == FOOTPRINT_IPV6CIDR) {
				for (const auto &v : o.values)
					add_edges(v, edges);
			}
		}
	}
};
