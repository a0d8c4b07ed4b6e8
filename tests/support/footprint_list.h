/* footprint_list - lists of footprint objects and tables made of them, for tests. */
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

struct Geo {
	footprint_geo *geo = nullptr;
	std::string err;
	explicit Geo(const std::vector<const char *> &paths)
	{
		char why[256] = "";
		geo = footprint_geo_load(paths.data(), paths.size(), why, sizeof(why));
		err = why;
	}
	~Geo()
	{
		footprint_geo_release(geo);
	}
	Geo(const Geo &) = delete;
	Geo &operator=(const Geo &) = delete;
};

/* A version of a table, with a change that begins on it. */
struct Table {
	footprint_table *table;
	footprint_txn *txn;
	explicit Table(footprint_geo *geo = nullptr)
	    : table(footprint_table_new(geo)), txn(footprint_begin(table))
	{
	}
	~Table()
	{
		footprint_abort(txn);
		footprint_table_release(table);
	}
	Table(const Table &) = delete;
	Table &operator=(const Table &) = delete;

	using Edit = int(footprint_txn *, const footprint *, size_t, uint32_t *, uint8_t *, char *,
			 size_t);
	Added edit(Edit *edit, const List &list, uint32_t id = UINT32_MAX) const
	{
		CList c(list);
		Added added = {0, id, 0, ""};
		char err[256] = "";
		added.status = edit(txn, c.objects.data(), c.objects.size(), &added.id, &added.rank,
				    err, sizeof(err));
		added.err = err;
		return added;
	}
	Added take(const List &list) const
	{
		return edit(footprint_take, list);
	}
	Added add(const List &list) const
	{
		return edit(footprint_add, list);
	}
	Added replace(uint32_t id, const List &list) const
	{
		return edit([](footprint_txn *t, const footprint *l, size_t n, uint32_t *i,
			       uint8_t *r, char *e,
			       size_t len) { return footprint_replace(t, *i, l, n, r, e, len); },
			    list, id);
	}
	/* The new version takes the place of the old one, which is given to the caller. */
	footprint_table *commit_and_keep()
	{
		footprint_table *old = table;
		table = footprint_commit(txn);
		txn = footprint_begin(table);
		return old;
	}
	void commit()
	{
		footprint_table_release(commit_and_keep());
	}
	void abort()
	{
		footprint_abort(txn);
		txn = footprint_begin(table);
	}
};

inline ip_addr addr_of(const std::string &text)
{
	ip_addr addr;
	EXPECT_TRUE(ip_addr_parse(text.c_str(), &addr)) << text;
	return addr;
}

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
