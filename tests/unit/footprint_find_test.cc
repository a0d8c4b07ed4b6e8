/* footprint_find_test - footprint tables: where addresses are found and how far around them that holds, against a naive model. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/footprint_model.h"

namespace
{

std::vector<uint32_t> find(const Table &t, const std::string &addr,
			   const std::vector<uint32_t> &ids)
{
	ip_addr a = addr_of(addr);
	footprint_client client;
	ip_addr other = addr_of(a.family == 4 ? "2001:db8::1" : "192.0.2.1");
	uint32_t id = ids.empty() ? 0 : ids.front(), last = ids.empty() ? 0 : ids.back();
	const footprint_ask asks[] = {{&a, id, true}, {&other, last, true}, {&a, last, false}};
	for (unsigned n = 0; n <= 3; n++)
		footprint_warm(t.table, asks, n); /* changes nothing */
	footprint_find(t.table, &a, &client);
	std::vector<uint32_t> found;
	for (uint32_t i = 0; i < ids.size(); i++) {
		if (footprint_has(&client, ids[i]))
			found.push_back(i);
	}
	return found;
}

TEST(FootprintFind, EmptyTableHasNoFootprints)
{
	Table t;
	for (const char *addr : {"0.0.0.0", "255.255.255.255",
				 "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1"}) {
		EXPECT_TRUE(find(t, addr, {0, 1, 2, 77777, UINT32_MAX}).empty());
		ip_addr a = addr_of(addr);
		uint32_t id = 0;
		EXPECT_EQ(footprint_scope_len(t.table, &a, &id, 1), 0u);
	}
	EXPECT_EQ(footprint_table_size(t.table).footprints, 0u);
	footprint_table_release(nullptr);
	footprint_abort(nullptr);
}

TEST(FootprintFind, TypesNarrowValuesAdd)
{
	TestFile city, as;
	make_mmdb(city, "city", geo_list);
	make_mmdb(as, "asn", geo_list);
	Geo geo({city.path(), as.path()});
	ASSERT_NE(geo.geo, nullptr) << geo.err;
	Table t(geo.geo);
	using Ids = std::vector<uint32_t>;
	Ids ids;
	for (const List &list : std::vector<List>{
		     {country({"fr"})},                                 /* 0 */
		     {country({"fr", "us"}), asn({"as64497"})},         /* 1 */
		     {subdivision({"fr-bre"}), v4({"192.0.2.128/25"})}, /* 2 */
		     {v4({"192.0.2.0/24"}), v6({"2001:db8::/32"})},     /* 3: nothing is in both */
		     {any_of({v4({"192.0.2.0/30"}), v6({"2001:db8:1::/48"}), asn({"as64497"})}),
		      country({"fr"})},                                               /* 4 */
		     {any_of({country({"us"})}), any_of({subdivision({"fr-idf"})})}}) /* 5 */
		ids.push_back(t.take(list).id);
	t.commit();
	EXPECT_EQ(find(t, "192.0.2.0", ids), (Ids{0, 4, 5}));
	EXPECT_EQ(find(t, "192.0.2.4", ids), (Ids{0, 5}));
	EXPECT_EQ(find(t, "192.0.2.127", ids), (Ids{0, 5}));
	EXPECT_EQ(find(t, "192.0.2.128", ids), (Ids{0, 2}));
	EXPECT_EQ(find(t, "192.0.2.191", ids), (Ids{0, 2}));
	EXPECT_EQ(find(t, "192.0.2.192", ids), (Ids{0, 5}));
	EXPECT_EQ(find(t, "198.51.100.7", ids), (Ids{1, 5}));
	EXPECT_EQ(find(t, "203.0.113.255", ids), (Ids{0, 1, 4}));
	EXPECT_EQ(find(t, "203.0.114.0", ids), Ids{});
	EXPECT_EQ(find(t, "2001:db8::", ids), Ids{0});
	EXPECT_EQ(find(t, "2001:db8:1:ffff::", ids), (Ids{0, 4}));
	EXPECT_EQ(find(t, "2001:db9::", ids), Ids{});
	EXPECT_EQ(footprint_table_size(t.table).footprints, 6u);
	EXPECT_EQ(footprint_table_size(t.table).prefixes, 5u);
}

/* --- Against a naive model ------------------------------------------------------------------------------------ */

std::vector<bool> membership(const FootprintWorld &world, const ip_addr &addr,
			     const std::vector<List> &lists)
{
	std::vector<bool> is;
	for (const auto &list : lists)
		is.push_back(world.in_list(addr, list));
	return is;
}

/* Membership changes at edges only, so it is the same in a whole prefix when it is at its start and all edges inside. */
bool uniform(const FootprintWorld &world, const ip_addr &addr, unsigned len,
	     const std::vector<ip_addr> &edges, const std::vector<List> &lists)
{
	ip_addr start = addr;
	ip_addr_mask(&start, len);
	std::vector<bool> want = membership(world, start, lists);
	for (const auto &edge : edges) {
		ip_addr masked = edge;
		ip_addr_mask(&masked, len);
		if (edge.family == addr.family && ip_addr_equal(&masked, &start) &&
		    membership(world, edge, lists) != want)
			return false;
	}
	return true;
}

/* The shortest prefix has to be found: with few lists and places there are fewer than FOOTPRINT_NEIGHBOURS intervals. */
void check_round(FootprintWorld &world, const Table &t, const std::vector<List> &lists,
		 const std::vector<uint32_t> &ids, const std::vector<ip_addr> &edges,
		 unsigned &longer, unsigned &members)
{
	for (const auto &addr : edges) {
		char text[IP_TEXT_MAX];
		footprint_client client;
		footprint_find(t.table, &addr, &client);
		std::vector<uint32_t> asked_ids;
		std::vector<List> asked;
		for (size_t i = 0; i < ids.size(); i++) {
			bool in = world.in_list(addr, lists[i]);
			ASSERT_EQ(footprint_has(&client, ids[i]), in)
				<< ip_addr_text(&addr, text) << " list " << i;
			members += in;
			if (world.random() % 2) {
				asked_ids.push_back(ids[i]);
				asked.push_back(lists[i]);
			}
		}
		unsigned len =
			footprint_scope_len(t.table, &addr, asked_ids.data(), asked_ids.size());
		ASSERT_TRUE(uniform(world, addr, len, edges, asked))
			<< ip_addr_text(&addr, text) << " " << len;
		if (len) {
			ASSERT_FALSE(uniform(world, addr, len - 1, edges, asked))
				<< ip_addr_text(&addr, text) << " " << len;
			longer++;
		}
	}
}

TEST(FootprintFind, AgreesWithANaiveModel)
{
	unsigned longer = 0, members = 0;
	for (unsigned round = 0; round < 45 && !HasFatalFailure(); round++) {
		FootprintWorld world;
		world.random.seed(round);
		TestFile city, as;
		if (round % 15 == 0)
			world.make_places(city, as, 12);
		Geo geo(world.places.empty() ? std::vector<const char *>{}
					     : std::vector<const char *>{city.path(), as.path()});
		ASSERT_NE(geo.geo, nullptr) << geo.err;
		Table t(geo.geo);
		std::vector<List> lists;
		std::vector<uint32_t> ids;
		std::vector<ip_addr> edges = {addr_of("0.0.0.0"), addr_of("255.255.255.255"),
					      addr_of("::"),
					      addr_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")};
		for (unsigned n = world.random() % 6; n; n--) {
			lists.push_back(world.list());
			Added added = t.take(lists.back());
			ASSERT_EQ(added.status, 0) << added.err;
			ids.push_back(added.id);
			FootprintWorld::collect_edges(lists.back(), edges);
		}
		for (const auto &place : world.places)
			FootprintWorld::add_edges(place.prefix, edges);
		for (int i = 0; i < 20; i++)
			edges.push_back(world.prefix(i & 1 ? 4 : 6).addr);
		t.commit();
		check_round(world, t, lists, ids, edges, longer, members);
	}
	EXPECT_GT(longer, 500u);
	EXPECT_GT(members, 500u);
}

/* Of a thousand neighbours, whose numbers the format takes in two parts. */
std::vector<std::string> some_of_a_thousand(std::mt19937 &random, const char *format, unsigned n)
{
	std::vector<std::string> values;
	std::set<unsigned> drawn;
	while (drawn.size() < n)
		drawn.insert(static_cast<unsigned>(random() % 1000));
	for (unsigned k : drawn) {
		char text[64];
		snprintf(text, sizeof(text), format, k / 200, k % 200);
		values.push_back(text);
	}
	return values;
}

TEST(FootprintFind, LongListsAgreeWithANaiveModel)
{
	unsigned longer = 0, members = 0;
	for (const char *format : {"198.%u.%u.0/24", "2001:db8:%x:%x::/64", "2001:db8::%x:%x/128",
				   "ffff:ffff:ffff:ffff::%x:%x/128"})
		for (unsigned n : {64, 65, 66, 97, 128, 129, 300}) {
			FootprintWorld world;
			world.random.seed(n);
			Table t;
			List list = {
				Object(format[0] == '1'
					       ? v4(some_of_a_thousand(world.random, format, n))
					       : v6(some_of_a_thousand(world.random, format, n)))};
			std::vector<ip_addr> edges = {
				addr_of("0.0.0.0"), addr_of("255.255.255.255"), addr_of("::"),
				addr_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")};
			uint32_t id = t.take(list).id;
			FootprintWorld::collect_edges(list, edges);
			t.commit();
			std::vector<List> lists(8, list); /* half of them are asked for */
			check_round(world, t, lists, std::vector<uint32_t>(8, id), edges, longer,
				    members);
			if (HasFatalFailure())
				FAIL() << format << " " << n;
			char some[IP_TEXT_MAX];
			find(t, ip_addr_text(&edges.back(), some), {id});
		}
	EXPECT_GT(longer, 500u);
	EXPECT_GT(members, 500u);
}

TEST(FootprintFind, ScopeIsSafePastItsBound)
{
	Table t;
	std::vector<std::string> every_second, neighbours;
	for (int i = 0; i < 256; i++)
		(i % 2 ? neighbours : every_second)
			.push_back("10.0.0." + std::to_string(i) + "/32");
	neighbours.insert(neighbours.end(), every_second.begin(), every_second.end());
	uint32_t wide = t.take({v4({"10.0.0.0/16"})}).id, narrow = t.take({v4(every_second)}).id,
		 pieces = t.take({v4(neighbours)}).id;
	t.commit();
	ip_addr addr = addr_of("10.0.0.77");
	EXPECT_EQ(footprint_scope_len(t.table, &addr, &narrow, 1), 32u);
	EXPECT_EQ(footprint_scope_len(t.table, &addr, &wide, 1), 16u)
		<< "only what is asked for is looked at";
	unsigned len = footprint_scope_len(t.table, &addr, &pieces, 1);
	EXPECT_GT(len, 24u) << "more than FOOTPRINT_NEIGHBOURS intervals are in the /24";
	EXPECT_LE(len, 27u) << "a /27 has only 32 of them";
	addr = addr_of("10.0.128.1");
	EXPECT_EQ(footprint_scope_len(t.table, &addr, &narrow, 1), 17u);
	addr = addr_of("10.1.0.0");
	uint32_t all[] = {narrow, wide, pieces};
	EXPECT_EQ(footprint_scope_len(t.table, &addr, all, 3), 16u);
	EXPECT_EQ(footprint_scope_len(t.table, &addr, nullptr, 0), 0u);
}

} // namespace
