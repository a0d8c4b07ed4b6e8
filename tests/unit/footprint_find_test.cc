/* footprint_find_test - compiled footprints: where addresses are found, against a naive model, and how many fit. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/footprint_list.h"
#include "tests/support/make_mmdb.h"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace
{

ip_addr addr_of(const std::string &text)
{
	ip_addr addr;
	EXPECT_TRUE(ip_addr_parse(text.c_str(), &addr)) << text;
	return addr;
}

std::vector<uint32_t> find(const footprint_table *table, const std::string &addr)
{
	ip_addr a = addr_of(addr);
	const footprint_class *c = footprint_find(table, &a);
	return std::vector<uint32_t>(c->ids, c->ids + c->n);
}

TEST(FootprintFind, EmptyTableHasNoFootprints)
{
	Builder b;
	footprint_table *table = b.finish();
	for (const char *addr : {"0.0.0.0", "255.255.255.255",
				 "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1"}) {
		EXPECT_TRUE(find(table, addr).empty());
		ip_addr a = addr_of(addr);
		uint32_t id = 0;
		EXPECT_EQ(footprint_scope_len(table, &a, &id, 1), 0u);
	}
	EXPECT_EQ(footprint_table_size(table).intervals4, 1u);
	footprint_table_free(table);
	footprint_table_free(nullptr);
}

TEST(FootprintFind, TypesNarrowValuesAdd)
{
	TestFile city, as;
	make_mmdb(city, "city", geo_list);
	make_mmdb(as, "asn", geo_list);
	Builder b;
	ASSERT_EQ(b.geo(city.path()), "");
	ASSERT_EQ(b.geo(as.path()), "");
	using Ids = std::vector<uint32_t>;
	b.add({country({"fr"})});                                 /* 0 */
	b.add({country({"fr", "us"}), asn({"as64497"})});         /* 1 */
	b.add({subdivision({"fr-bre"}), v4({"192.0.2.128/25"})}); /* 2 */
	b.add({v4({"192.0.2.0/24"}), v6({"2001:db8::/32"})});     /* 3: nothing is in both */
	b.add({any_of({v4({"192.0.2.0/30"}), v6({"2001:db8:1::/48"}), asn({"as64497"})}),
	       country({"fr"})});                                              /* 4 */
	b.add({any_of({country({"us"})}), any_of({subdivision({"fr-idf"})})}); /* 5 */
	footprint_table *table = b.finish();
	EXPECT_EQ(find(table, "192.0.2.0"), (Ids{0, 4, 5}));
	EXPECT_EQ(find(table, "192.0.2.4"), (Ids{0, 5}));
	EXPECT_EQ(find(table, "192.0.2.127"), (Ids{0, 5}));
	EXPECT_EQ(find(table, "192.0.2.128"), (Ids{0, 2}));
	EXPECT_EQ(find(table, "192.0.2.191"), (Ids{0, 2}));
	EXPECT_EQ(find(table, "192.0.2.192"), (Ids{0, 5}));
	EXPECT_EQ(find(table, "198.51.100.7"), (Ids{1, 5}));
	EXPECT_EQ(find(table, "203.0.113.255"), (Ids{0, 1, 4}));
	EXPECT_EQ(find(table, "203.0.114.0"), Ids{});
	EXPECT_EQ(find(table, "2001:db8::"), Ids{0});
	EXPECT_EQ(find(table, "2001:db8:1:ffff::"), (Ids{0, 4}));
	EXPECT_EQ(find(table, "2001:db9::"), Ids{});
	footprint_table_free(table);

	/* the builder goes on */
	EXPECT_EQ(b.add({v4({"203.0.114.0/24"})}).id, 6u);
	table = b.finish();
	EXPECT_EQ(find(table, "203.0.114.9"), Ids{6});
	EXPECT_EQ(find(table, "192.0.2.0"), (Ids{0, 4, 5}));
	footprint_table_free(table);
}

TEST(FootprintFind, KeepsNoIntervalThatTellsNothing)
{
	Builder b;
	b.add({v4({"10.0.0.0/8"}), v6({"2001:db8::/32"})});
	b.add({v4({"192.0.2.0/25", "192.0.2.128/25"})});
	footprint_table *table = b.finish();
	footprint_size size = footprint_table_size(table);
	EXPECT_EQ(size.footprints, 2u);
	EXPECT_EQ(size.intervals4, 3u);
	EXPECT_EQ(size.intervals6, 1u);
	EXPECT_EQ(size.classes, 2u);
	footprint_table_free(table);
}

TEST(FootprintFind, ADamagedDatabaseIsAnError)
{
	TestFile city;
	make_mmdb(city, "city", geo_list);
	std::string bytes = city.read();
	Builder b;
	ASSERT_EQ(b.geo(city.path()), "");
	ASSERT_EQ(b.add({country({"fr"})}).status, 0);
	/* the file is mapped: the tree turns to loops under it */
	FILE *file = fopen(city.path(), "r+b");
	fwrite(std::string(60, '\0').data(), 1, 60, file);
	fclose(file);
	char err[256] = "";
	EXPECT_EQ(footprint_builder_finish(b.b, err, sizeof(err)), nullptr);
	EXPECT_NE(std::string(err).find("is damaged"), std::string::npos) << err;
}

/* --- Against a naive model ------------------------------------------------------------------------------------ */

bool in_prefix(const ip_addr &addr, const std::string &text)
{
	ip_prefix prefix;
	EXPECT_TRUE(ip_prefix_parse(text.c_str(), &prefix));
	ip_addr masked = addr;
	ip_addr_mask(&masked, prefix.len);
	return ip_addr_equal(&masked, &prefix.addr);
}

bool in_object(const ip_addr &addr, const Object &o)
{
	for (const auto &v : o.values) {
		if (in_prefix(addr, v))
			return true;
	}
	return std::any_of(o.members.begin(), o.members.end(),
			   [&](const Object &m) { return in_object(addr, m); });
}

bool in_list(const ip_addr &addr, const List &list)
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

/* Random prefixes crowd in small parts of the address space, so that they meet each other and its ends. */
struct Generator {
	std::mt19937 random;

	ip_prefix prefix(unsigned family)
	{
		ip_prefix p = {};
		p.addr.family = static_cast<uint8_t>(family);
		unsigned bits = ip_bits(&p.addr);
		static const unsigned lens[] = {0, 1, 3, 8, 12};
		p.len = static_cast<uint8_t>(random() % 8 ? bits - random() % 8
							  : lens[random() % 5]);
		uint8_t fill = random() % 4 ? 0x20 : random() % 2 ? 0xff : 0;
		for (unsigned i = 0; i < bits / 8; i++)
			p.addr.bytes[i] = fill;
		p.addr.bytes[bits / 8 - 1] = static_cast<uint8_t>(random());
		ip_addr_mask(&p.addr, p.len);
		return p;
	}
	std::string text(unsigned family)
	{
		char buf[IP_TEXT_MAX];
		ip_prefix p = prefix(family);
		return ip_prefix_text(&p, buf);
	}
	Object object(bool may_be_union)
	{
		unsigned kind = random() % (may_be_union ? 3 : 2);
		std::vector<std::string> values;
		std::vector<Object> members;
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
};

void collect_edges(const List &list, std::vector<ip_addr> &edges)
{
	for (const auto &o : list) {
		collect_edges(o.members, edges);
		for (const auto &v : o.values) {
			ip_prefix p;
			ASSERT_TRUE(ip_prefix_parse(v.c_str(), &p));
			edges.push_back(p.addr);
			ip_addr next =
				p.addr; /* the address after the prefix, or the family's first one */
			unsigned bytes = ip_bits(&next) / 8;
			for (unsigned bit = p.len; bit < bytes * 8; bit++)
				next.bytes[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
			edges.push_back(next);
			for (unsigned i = bytes; i-- && ++next.bytes[i] == 0;)
				;
			edges.push_back(next);
		}
	}
}

std::vector<bool> membership(const ip_addr &addr, const std::vector<List> &lists,
			     const std::vector<uint32_t> &ids)
{
	std::vector<bool> is;
	for (uint32_t id : ids)
		is.push_back(in_list(addr, lists[id]));
	return is;
}

/* Membership changes at edges only, so it is the same in a whole prefix when it is at its start and all edges inside. */
bool uniform(const ip_addr &addr, unsigned len, const std::vector<ip_addr> &edges,
	     const std::vector<List> &lists, const std::vector<uint32_t> &ids)
{
	ip_addr start = addr;
	ip_addr_mask(&start, len);
	std::vector<bool> want = membership(start, lists, ids);
	for (const auto &edge : edges) {
		ip_addr masked = edge;
		ip_addr_mask(&masked, len);
		if (edge.family == addr.family && ip_addr_equal(&masked, &start) &&
		    membership(edge, lists, ids) != want)
			return false;
	}
	return true;
}

TEST(FootprintFind, AgreesWithANaiveModel)
{
	Generator g{std::mt19937(42)};
	unsigned longer = 0, members = 0;
	for (int round = 0; round < 60; round++) {
		Builder b;
		std::vector<List> lists;
		std::vector<ip_addr> edges = {addr_of("0.0.0.0"), addr_of("255.255.255.255"),
					      addr_of("::"),
					      addr_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")};
		for (unsigned n = g.random() % 6; n; n--) {
			List list = g.list();
			Added added = b.add(list);
			ASSERT_EQ(added.status, 0) << added.err;
			if (added.id == lists.size())
				lists.push_back(list);
			collect_edges(list, edges);
		}
		for (int i = 0; i < 20; i++)
			edges.push_back(g.prefix(i & 1 ? 4 : 6).addr);
		footprint_table *table = b.finish();
		for (const auto &addr : edges) {
			const footprint_class *c = footprint_find(table, &addr);
			std::vector<uint32_t> want, asked;
			for (uint32_t id = 0; id < lists.size(); id++) {
				if (in_list(addr, lists[id]))
					want.push_back(id);
				EXPECT_EQ(footprint_class_has(c, id), in_list(addr, lists[id]));
				if (g.random() & 1)
					asked.push_back(id);
			}
			members += static_cast<unsigned>(want.size());
			char text[IP_TEXT_MAX];
			ASSERT_EQ(std::vector<uint32_t>(c->ids, c->ids + c->n), want)
				<< ip_addr_text(&addr, text);
			unsigned len =
				footprint_scope_len(table, &addr, asked.data(), asked.size());
			ASSERT_TRUE(uniform(addr, len, edges, lists, asked))
				<< ip_addr_text(&addr, text) << " " << len;
			if (len) {
				ASSERT_FALSE(uniform(addr, len - 1, edges, lists, asked))
					<< ip_addr_text(&addr, text) << " " << len;
				longer++;
			}
		}
		footprint_table_free(table);
	}
	EXPECT_GT(longer, 500u);
	EXPECT_GT(members, 500u);
}

TEST(FootprintFind, ScopeIsSafePastItsBound)
{
	Builder b;
	std::vector<std::string> every_second;
	for (int i = 0; i < 256; i += 2)
		every_second.push_back("10.0.0." + std::to_string(i) + "/32");
	b.add({v4({"10.0.0.0/16"})});
	b.add({v4(every_second)});
	footprint_table *table = b.finish();
	ip_addr addr = addr_of("10.0.0.77");
	uint32_t wide = 0, narrow = 1;
	EXPECT_EQ(footprint_scope_len(table, &addr, &narrow, 1), 32u);
	unsigned len = footprint_scope_len(table, &addr, &wide, 1);
	EXPECT_GT(len, 24u) << "more than FOOTPRINT_NEIGHBOURS intervals are in the /24";
	EXPECT_LE(len, 27u) << "a /27 has only 32 of them";
	addr = addr_of("10.0.128.1");
	EXPECT_EQ(footprint_scope_len(table, &addr, &narrow, 1), 17u);
	addr = addr_of("10.1.0.0");
	EXPECT_EQ(footprint_scope_len(table, &addr, &wide, 1), 16u);
	EXPECT_EQ(footprint_scope_len(table, &addr, nullptr, 0), 0u);
	footprint_table_free(table);
}

TEST(FootprintFind, ManyListsOverOneCountryStaySmall)
{
	TestFile city;
	make_mmdb(city, "city", geo_list);
	Builder b;
	ASSERT_EQ(b.geo(city.path()), "");
	for (int i = 0; i < 1000; i++)
		ASSERT_EQ(
			b.add({country({"fr", std::string(1, static_cast<char>('a' + i / 26 % 26)) +
						      static_cast<char>('a' + i % 26)}),
			       v4({"192.0.2." + std::to_string(i % 256) + "/32",
				   "10." + std::to_string(i / 256) + ".0.0/16"})})
				.status,
			0);
	footprint_table *table = b.finish();
	EXPECT_LE(footprint_table_size(table).intervals4, 400u);
	EXPECT_EQ(find(table, "192.0.2.200").size(), 4u);
	EXPECT_EQ(find(table, "192.0.2.240").size(), 3u);
	footprint_table_free(table);
}

/* Times are printed, not judged. */
TEST(FootprintFind, TakesAMillionPrefixes)
{
	std::mt19937 random(5);
	const size_t n = 1000000;
	std::vector<ip_prefix> prefixes(n);
	std::vector<std::string> texts;
	for (size_t i = 0; i < n; i++) {
		ip_prefix p = {};
		p.addr.family = i % 4 ? 4 : 6;
		p.len = static_cast<uint8_t>(p.addr.family == 4 ? 12 + random() % 21
								: 24 + random() % 41);
		for (unsigned k = 0; k < ip_bits(&p.addr) / 8; k++)
			p.addr.bytes[k] = static_cast<uint8_t>(random());
		if (p.addr.family == 6)
			p.addr.bytes[0] = 0x20 | (p.addr.bytes[0] & 0x0f);
		ip_addr_mask(&p.addr, p.len);
		char text[IP_TEXT_MAX];
		texts.emplace_back(ip_prefix_text(&p, text));
		prefixes[i] = p;
	}
	auto seconds = [start = std::chrono::steady_clock::now()]() mutable {
		auto now = std::chrono::steady_clock::now();
		double s = std::chrono::duration<double>(now - start).count();
		start = now;
		return s;
	};
	for (size_t n_lists : {size_t(2), size_t(1000), n}) {
		Builder b;
		std::vector<uint32_t> ids(n);
		seconds();
		for (size_t l = 0; l < n_lists; l++) {
			std::vector<char *> values[2];
			for (size_t i = l * (n / n_lists); i < (l + 1) * (n / n_lists); i++)
				values[prefixes[i].addr.family == 6].push_back(&texts[i][0]);
			footprint members[2] = {}, all = {};
			for (int f = 0; f < 2; f++) {
				if (values[f].empty())
					continue;
				footprint &m = members[all.n_members++];
				m.type = f ? FOOTPRINT_IPV6CIDR : FOOTPRINT_IPV4CIDR;
				m.values = values[f].data();
				m.n_values = values[f].size();
			}
			all.type = FOOTPRINT_UNION;
			all.members = members;
			uint32_t id;
			uint8_t rank;
			char err[256];
			ASSERT_EQ(footprint_builder_add(b.b, &all, 1, &id, &rank, err, sizeof(err)),
				  0)
				<< err;
			for (size_t i = l * (n / n_lists); i < (l + 1) * (n / n_lists); i++)
				ids[i] = id;
		}
		double add = seconds();
		footprint_table *table = b.finish();
		double finish = seconds();
		size_t missed = 0;
		for (size_t i = 0; i < n; i++)
			missed += !footprint_class_has(footprint_find(table, &prefixes[i].addr),
						       ids[i]);
		double look = seconds();
		EXPECT_EQ(missed, 0u);
		footprint_size size = footprint_table_size(table);
		printf("%zu lists, %zu prefixes: add %.2f s, finish %.2f s, find %.0f ns; %zu + "
		       "%zu intervals, %zu classes, %.1f MB\n",
		       n_lists, n, add, finish, look / static_cast<double>(n) * 1e9,
		       size.intervals4, size.intervals6, size.classes,
		       static_cast<double>(size.bytes) / 1e6);
		footprint_table_free(table);
	}
}

} // namespace
