/* footprint_geo_test - geolocation databases put together, and whether they are as they were. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/footprint_model.h"

#include <unistd.h>

namespace
{

std::set<std::string> who_has(const Table &t, const std::map<std::string, uint32_t> &ids,
			      const std::string &addr)
{
	std::set<std::string> found;
	ip_addr a = addr_of(addr);
	footprint_client client;
	footprint_find(t.table, &a, &client);
	for (const auto &id : ids) {
		if (footprint_has(&client, id.second))
			found.insert(id.first);
	}
	return found;
}

using Names = std::set<std::string>;

std::map<std::string, uint32_t> take_all(Table &t)
{
	std::map<std::string, uint32_t> ids;
	for (const char *name : {"fr", "us", "de"})
		ids[name] = t.take({country({name})}).id;
	for (const char *name : {"fr-idf", "us-ny"})
		ids[name] = t.take({subdivision({name})}).id;
	for (const char *name : {"as64496", "as64497"})
		ids[name] = t.take({asn({name})}).id;
	t.commit();
	return ids;
}

/* The same network in two files, other networks in each, and ranges that cut each other. */
TEST(FootprintGeo, FilesAddUp)
{
	TestFile one, two, three;
	make_mmdb(one, "city",
		  "10.0.0.0/8 country=FR subdivision=IDF\n"
		  "192.0.2.0/24 country=FR\n"
		  "2001:db8::/32 country=FR\n");
	make_mmdb(two, "city",
		  "10.128.0.0/9 country=US subdivision=NY\n"
		  "192.0.2.0/24 country=FR\n"
		  "198.51.100.0/24 country=DE\n");
	make_mmdb(three, "--ipv4 asn",
		  "10.192.0.0/10 asn=64496\n"
		  "192.0.0.0/16 asn=64497\n");
	for (bool reversed : {false, true}) {
		std::vector<const char *> paths = {one.path(), two.path(), three.path()};
		if (reversed)
			std::reverse(paths.begin(), paths.end());
		Geo geo(paths);
		ASSERT_NE(geo.geo, nullptr) << geo.err;
		Table t(geo.geo);
		auto ids = take_all(t);
		EXPECT_EQ(who_has(t, ids, "10.0.0.0"), (Names{"fr", "fr-idf"}));
		EXPECT_EQ(who_has(t, ids, "10.127.255.255"), (Names{"fr", "fr-idf"}));
		EXPECT_EQ(who_has(t, ids, "10.128.0.0"), (Names{"fr", "fr-idf", "us", "us-ny"}));
		EXPECT_EQ(who_has(t, ids, "10.255.255.255"),
			  (Names{"as64496", "fr", "fr-idf", "us", "us-ny"}));
		EXPECT_EQ(who_has(t, ids, "11.0.0.0"), Names{});
		EXPECT_EQ(who_has(t, ids, "192.0.2.9"), (Names{"as64497", "fr"}));
		EXPECT_EQ(who_has(t, ids, "192.0.3.9"), Names{"as64497"});
		EXPECT_EQ(who_has(t, ids, "198.51.100.9"), Names{"de"});
		EXPECT_EQ(who_has(t, ids, "2001:db8::1"), Names{"fr"});
		EXPECT_EQ(who_has(t, ids, "2001:db9::"), Names{});
		EXPECT_EQ(who_has(t, ids, "ffff::"), Names{});

		ip_addr addr = addr_of("192.0.2.9");
		EXPECT_EQ(footprint_scope_len(t.table, &addr, &ids["fr"], 1), 24u);
		EXPECT_EQ(footprint_scope_len(t.table, &addr, &ids["as64497"], 1), 16u);
		addr = addr_of("10.200.0.0");
		EXPECT_EQ(footprint_scope_len(t.table, &addr, &ids["us"], 1), 9u)
			<< "the AS number inside is not asked for";
	}
}

TEST(FootprintGeo, OutlivesWhoLoadedIt)
{
	TestFile city;
	make_mmdb(city, "city", geo_list);
	auto *geo = new Geo({city.path()});
	Table t(geo->geo);
	delete geo;
	uint32_t id = t.take({country({"fr"})}).id;
	t.commit();
	ip_addr addr = addr_of("192.0.2.1");
	footprint_client client;
	footprint_find(t.table, &addr, &client);
	EXPECT_TRUE(footprint_has(&client, id));
}

TEST(FootprintGeo, KnowsItsFiles)
{
	TestFile city, as;
	make_mmdb(city, "city", geo_list);
	make_mmdb(as, "asn", geo_list);
	const char *both[] = {city.path(), as.path()}, *reversed[] = {as.path(), city.path()},
		   *missing[] = {city.path(), "/nonexistent"};
	Geo geo({city.path(), as.path()}), none({});
	ASSERT_NE(geo.geo, nullptr) << geo.err;
	ASSERT_NE(none.geo, nullptr) << none.err;
	EXPECT_TRUE(footprint_geo_is(geo.geo, both, 2));
	EXPECT_TRUE(footprint_geo_is(none.geo, nullptr, 0));
	EXPECT_FALSE(footprint_geo_is(none.geo, both, 1));
	EXPECT_FALSE(footprint_geo_is(geo.geo, both, 1));
	EXPECT_FALSE(footprint_geo_is(geo.geo, reversed, 2));
	EXPECT_FALSE(footprint_geo_is(geo.geo, missing, 2));
	usleep(20000); /* the clock of files is coarse */
	as.write(as.read());
	EXPECT_FALSE(footprint_geo_is(geo.geo, both, 2)) << "written again";
	Geo again({city.path(), as.path()});
	EXPECT_TRUE(footprint_geo_is(again.geo, both, 2));
}

TEST(FootprintGeo, SaysWhichFileIsBad)
{
	TestFile city, bad("no database");
	make_mmdb(city, "city", geo_list);
	Geo geo({city.path(), bad.path()});
	EXPECT_EQ(geo.geo, nullptr);
	EXPECT_NE(geo.err.find(std::string(bad.path()) + " cannot be read as a MaxMind DB file"),
		  std::string::npos)
		<< geo.err;
	EXPECT_NE(Geo({"/nonexistent"}).err.find("/nonexistent cannot be read"), std::string::npos);

	/* the tree turns to loops */
	std::string bytes = city.read();
	bytes.replace(0, 60, std::string(60, '\0'));
	city.write(bytes);
	EXPECT_NE(Geo({city.path()}).err.find("is damaged"), std::string::npos);
}

} // namespace
