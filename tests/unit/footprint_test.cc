/* footprint_test - footprints: the values taken, ids and ranks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/footprint_list.h"
#include "tests/support/make_mmdb.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

namespace
{

TEST(Footprint, KnowsTypes)
{
	footprint_type type;
	ASSERT_TRUE(footprint_type_parse("ipv4cidr", &type));
	EXPECT_EQ(type, FOOTPRINT_IPV4CIDR);
	ASSERT_TRUE(footprint_type_parse("footprintunion", &type));
	EXPECT_EQ(type, FOOTPRINT_UNION);
	for (const char *text : {"", "IPV4CIDR", "ipv4", "altopid", "asn "})
		EXPECT_FALSE(footprint_type_parse(text, &type)) << text;
}

TEST(Footprint, RefusesBadValuesByName)
{
	TestFile city, as;
	make_mmdb(city, "city", geo_list);
	make_mmdb(as, "asn", geo_list);
	Geo geo({city.path(), as.path()});
	ASSERT_NE(geo.geo, nullptr) << geo.err;
	Table b(geo.geo);
	const std::map<footprint_type, std::vector<std::string>> bad = {
		{FOOTPRINT_IPV4CIDR,
		 {"", "192.0.2.0", "192.0.2.1/24", "192.0.2.0/33", "2001:db8::/32",
		  "192.0.2.0/24 "}},
		{FOOTPRINT_IPV6CIDR,
		 {"", "2001:db8::", "2001:DB8::/32", "2001:db8::1/64", "2001:db8::/129",
		  "192.0.2.0/24"}},
		{FOOTPRINT_ASN,
		 {"", "as", "64496", "AS64496", "as0", "as064496", "as4294967296", "as-1", "as1 ",
		  "as99999999999999999999"}},
		{FOOTPRINT_COUNTRYCODE, {"", "f", "FR", "fra", "f1", "fr "}},
		{FOOTPRINT_SUBDIVISIONCODE,
		 {"", "us", "us-", "us-NY", "US-ny", "us-nyny", "usny", "u-ny", "us-n.", "us--"}},
	};
	for (const auto &type : bad) {
		for (const auto &value : type.second) {
			Added added = b.take({{type.first, {value}, {}}});
			EXPECT_EQ(added.status, -1) << value;
			EXPECT_NE(added.err.find("\"" + value + "\""), std::string::npos)
				<< added.err;
			EXPECT_NE(added.err.find("expected"), std::string::npos) << added.err;
		}
	}
	for (const auto &object :
	     {v4({"0.0.0.0/0", "192.0.2.7/32"}),
	      v6({"::/0", "2001:db8::1/128", "::ffff:192.0.2.0/120"}), asn({"as1", "as4294967295"}),
	      country({"fr", "zz"}), subdivision({"us-ny", "fr-1", "gb-eng"})})
		EXPECT_EQ(b.take({object}).err, "");
}

TEST(Footprint, RefusesBadShapes)
{
	Table b;
	EXPECT_EQ(b.take({}).status, -1);
	EXPECT_NE(b.take({v4({})}).err.find("ipv4cidr footprint has no values"), std::string::npos);
	EXPECT_NE(b.take({any_of({})}).err.find("footprintunion footprint has no values"),
		  std::string::npos);
	EXPECT_NE(b.take({any_of({any_of({v4({"10.0.0.0/8"})})})}).err.find("inside another"),
		  std::string::npos);
	EXPECT_EQ(b.take({any_of({v4({"10.0.0.1/8"})})}).status, -1);
	/* none of them left anything behind */
	EXPECT_EQ(b.take({v4({"10.0.0.0/8"})}).status, 0);
	b.commit();
	EXPECT_EQ(footprint_table_size(b.table).footprints, 1u);
	EXPECT_EQ(footprint_table_size(b.table).prefixes, 1u);
}

TEST(Footprint, NeedsADatabaseForGeography)
{
	TestFile city;
	make_mmdb(city, "city", geo_list);
	Table none;
	EXPECT_NE(none.take({country({"fr"})})
			  .err.find("\"fr\" needs a geolocation database with countries: add one "
				    "to geo.databases"),
		  std::string::npos);
	Geo geo({city.path()});
	ASSERT_NE(geo.geo, nullptr) << geo.err;
	Table b(geo.geo);
	EXPECT_EQ(footprint_table_geo(b.table), geo.geo);
	EXPECT_EQ(b.take({country({"fr"})}).status, 0);
	EXPECT_EQ(b.take({subdivision({"us-ny"})}).status, 0);
	EXPECT_NE(b.take({asn({"as64496"})}).err.find("with AS numbers"), std::string::npos);
}

TEST(Footprint, GivesEqualListsOneId)
{
	Table b;
	uint32_t first = b.take({v4({"10.0.0.0/8", "192.0.2.0/24"})}).id;
	EXPECT_EQ(b.take({v4({"192.0.2.0/24", "10.0.0.0/8", "10.0.0.0/8"})}).id, first);
	EXPECT_EQ(b.take({v4({"192.0.2.0/24"}), v4({"10.0.0.0/8"})}).id, first);
	std::vector<uint32_t> ids = {
		first,
		b.take({v4({"10.0.0.0/8"})}).id,
		b.take({any_of({v4({"10.0.0.0/8", "192.0.2.0/24"})})}).id,
		b.take({v6({"a00::/8"})}).id,
		b.take({v4({"10.0.0.0/9"})}).id,
		b.take({v4({"10.0.0.0/8"}), any_of({v4({"192.0.2.0/24"})})}).id};
	std::sort(ids.begin(), ids.end());
	EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
	EXPECT_EQ(b.take({v4({"10.0.0.0/8", "192.0.2.0/24", "10.1.0.0/16"})}).id, first)
		<< "what is inside another value adds nothing";
	EXPECT_NE(b.add({v4({"10.0.0.0/8", "192.0.2.0/24"})}).id, first) << "its own";
	EXPECT_EQ(b.take({v4({"10.0.0.0/8", "192.0.2.0/24"})}).id, first);
}

TEST(Footprint, RanksTheMoreSpecificHigher)
{
	TestFile city, as;
	make_mmdb(city, "city", geo_list);
	make_mmdb(as, "asn", geo_list);
	Geo geo({city.path(), as.path()});
	ASSERT_NE(geo.geo, nullptr) << geo.err;
	Table b(geo.geo);
	EXPECT_EQ(b.take({country({"fr"})}).rank, 1);
	EXPECT_EQ(b.take({subdivision({"fr-idf"})}).rank, 2);
	EXPECT_EQ(b.take({asn({"as64496"})}).rank, 3);
	EXPECT_EQ(b.take({v6({"::/0"})}).rank, 4);
	EXPECT_EQ(b.take({v6({"2001:db8::/32", "2001:db8::/48"})}).rank, 36);
	EXPECT_EQ(b.take({v4({"0.0.0.0/0"})}).rank, 100);
	EXPECT_EQ(b.take({v4({"192.0.2.0/24", "10.0.0.0/8"})}).rank, 108);
	EXPECT_EQ(b.take({v4({"192.0.2.1/32"})}).rank, 132);
	EXPECT_EQ(b.take({v6({"2001:db8::1/128"})}).rank, 132);
	EXPECT_EQ(b.take({v4({"192.0.2.0/24"}), country({"fr"}), asn({"as64496"})}).rank, 126);
	EXPECT_EQ(b.take({any_of({v4({"192.0.2.0/24"}), country({"fr"})})}).rank, 1);
	EXPECT_EQ(b.take({any_of({v4({"192.0.2.0/24"}), v6({"2001:db8::/32"})})}).rank, 36);
	EXPECT_EQ(b.take({any_of({v4({"192.0.2.0/24"})}), country({"fr"})}).rank, 125);
}

} // namespace
