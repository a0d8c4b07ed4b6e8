/* footprint_list - lists of footprint objects and a builder for tests. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "lib/footprint.h"
}

/* A footprint object, owned. */
struct Object {
	footprint_type type;
	std::vector<std::string> values;
	std::vector<Object> members;
};
using List = std::vector<Object>;

/* The C form of a list, valid as long as the list and this. */
struct CList {
	std::vector<footprint> objects;
	std::vector<std::vector<char *>> strings;
	std::vector<CList> members;

	explicit CList(const List &list)
	{
		strings.reserve(list.size());
		members.reserve(list.size());
		for (const auto &o : list) {
			strings.emplace_back();
			for (const auto &v : o.values)
				strings.back().push_back(const_cast<char *>(v.c_str()));
			members.emplace_back(o.members);
			footprint f = {};
			f.type = o.type;
			f.n_values = o.values.size();
			f.values = strings.back().data();
			f.n_members = o.members.size();
			f.members = members.back().objects.data();
			objects.push_back(f);
		}
	}
};

struct Added {
	int status;
	uint32_t id;
	uint8_t rank;
	std::string err;
};

struct Builder {
	footprint_builder *b = footprint_builder_new();
	~Builder()
	{
		footprint_builder_free(b);
	}
	Added add(const List &list)
	{
		CList c(list);
		Added added = {0, UINT32_MAX, 0, ""};
		char err[256] = "";
		added.status = footprint_builder_add(b, c.objects.data(), c.objects.size(),
						     &added.id, &added.rank, err, sizeof(err));
		added.err = err;
		return added;
	}
	std::string geo(const char *path)
	{
		char err[256] = "";
		return footprint_builder_geo(b, path, err, sizeof(err)) == 0 ? "" : err;
	}
	footprint_table *finish()
	{
		char err[256] = "";
		footprint_table *table = footprint_builder_finish(b, err, sizeof(err));
		EXPECT_NE(table, nullptr) << err;
		return table;
	}
};

inline Object v4(std::vector<std::string> values)
{
	return {FOOTPRINT_IPV4CIDR, std::move(values), {}};
}
inline Object v6(std::vector<std::string> values)
{
	return {FOOTPRINT_IPV6CIDR, std::move(values), {}};
}
inline Object asn(std::vector<std::string> values)
{
	return {FOOTPRINT_ASN, std::move(values), {}};
}
inline Object country(std::vector<std::string> values)
{
	return {FOOTPRINT_COUNTRYCODE, std::move(values), {}};
}
inline Object subdivision(std::vector<std::string> values)
{
	return {FOOTPRINT_SUBDIVISIONCODE, std::move(values), {}};
}
inline Object any_of(std::vector<Object> members)
{
	return {FOOTPRINT_UNION, {}, std::move(members)};
}

/* For make_mmdb(). */
const char geo_list[] = "192.0.2.0/24 country=FR subdivision=IDF asn=64496\n"
			"192.0.2.128/26 country=FR subdivision=BRE asn=64496\n"
			"198.51.100.0/24 country=US subdivision=NY asn=64497\n"
			"203.0.113.0/24 country=FR asn=64497\n"
			"2001:db8::/32 country=FR asn=64498\n";
