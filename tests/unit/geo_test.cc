/* geo_test - geolocation files: what is found in them, against the library's own look-up; and damaged files. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/make_mmdb.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <maxminddb.h>
#include <random>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "lib/geo.h"
}

namespace
{

const char list[] = "192.0.2.0/24 country=FR subdivision=IDF subdivision=75 asn=64496\n"
		    "192.0.2.128/26 country=FR subdivision=BRE asn=64496\n"
		    "198.51.100.0/25 country=US subdivision=NY asn=64497\n"
		    "198.51.100.128/25 country=US subdivision=CA asn=64497\n"
		    "10.0.0.0/8 country=BE asn=4294967295\n"
		    "0.0.0.0/8 country=DE\n"
		    "255.255.255.0/24 country=DE\n"
		    "2001:db8::/32 country=DE asn=64498\n"
		    "2001:db8:8000::/33 country=FR subdivision=IDF asn=64496\n"
		    "ffff:ffff::/32 country=BE\n";

geo_key code(const char *text)
{
	std::string s = text;
	return geo_key_code(s.size() > 2 ? GEO_SUBDIVISION : GEO_COUNTRY, text, s.size());
}

/* What a file says, as it was told. */
struct Found {
	std::string err;
	std::vector<std::set<geo_key>> records;
	struct Network {
		unsigned family;
		ip_number first, last;
		uint32_t record;
	};
	std::vector<Network> networks;
	bool in_order = true;

	explicit Found(const char *path)
	{
		geo_sink sink = {this, take_record, take_network};
		char why[256] = "";
		int status = geo_read(path, &sink, why, sizeof(why));
		EXPECT_EQ(status < 0, why[0] != '\0');
		err = why;
	}
	static bool take_record(void *arg, const geo_record *record, uint32_t *number)
	{
		auto *found = static_cast<Found *>(arg);
		*number = static_cast<uint32_t>(found->records.size());
		found->records.emplace_back(record->keys, record->keys + record->n);
		return true;
	}
	static bool take_network(void *arg, unsigned family, const range *network)
	{
		auto *found = static_cast<Found *>(arg);
		for (size_t i = found->networks.size(); i--;) {
			if (found->networks[i].family == family) {
				found->in_order &= found->networks[i].last < network->first;
				break;
			}
		}
		found->networks.push_back({family, network->first, network->last, network->number});
		return true;
	}
	bool has(geo_key key, const char *text) const
	{
		ip_addr addr;
		EXPECT_TRUE(ip_addr_parse(text, &addr));
		ip_number number = ip_number_of(&addr);
		return std::any_of(networks.begin(), networks.end(), [&](const Network &network) {
			return network.family == addr.family && network.first <= number &&
			       number <= network.last && records[network.record].count(key);
		});
	}
	/* Whether some record has a key of this kind. */
	bool has_kind(geo_kind kind) const
	{
		return std::any_of(records.begin(), records.end(), [&](const auto &record) {
			return std::any_of(record.begin(), record.end(), [&](geo_key key) {
				return key >> 56 == static_cast<geo_key>(kind);
			});
		});
	}
};

std::string read_error(const char *path)
{
	std::string err = Found(path).err;
	EXPECT_NE(err, "");
	return err;
}

class GeoKinds : public testing::TestWithParam<const char *>
{
};

TEST_P(GeoKinds, FindsPlaces)
{
	std::string options = GetParam();
	bool v6 = options.find("--ipv4") == std::string::npos;
	bool city = options.find("city") != std::string::npos,
	     asn = options.find("asn") != std::string::npos;
	TestFile file;
	make_mmdb(file, options, list);
	Found found(file.path());
	ASSERT_EQ(found.err, "");
	EXPECT_TRUE(found.in_order);
	EXPECT_EQ(found.has_kind(GEO_ASN), !city);
	EXPECT_EQ(found.has_kind(GEO_COUNTRY), !asn);
	EXPECT_EQ(found.has_kind(GEO_SUBDIVISION), city);
	for (const char *addr : {"192.0.2.0", "192.0.2.127", "192.0.2.192", "192.0.2.255"}) {
		EXPECT_EQ(found.has(code("fr"), addr), !asn) << addr;
		EXPECT_EQ(found.has(code("fr-idf"), addr), city) << addr;
		EXPECT_EQ(found.has(code("fr-75"), addr), city) << addr;
		EXPECT_EQ(found.has(code("fr-bre"), addr), false) << addr;
		EXPECT_EQ(found.has(geo_key_asn(64496), addr), !city) << addr;
		EXPECT_FALSE(found.has(code("us"), addr)) << addr;
	}
	EXPECT_EQ(found.has(code("fr-bre"), "192.0.2.130"), city);
	EXPECT_EQ(found.has(code("fr"), "192.0.2.130"), !asn);
	EXPECT_EQ(found.has(code("fr-idf"), "192.0.2.130"), false);
	EXPECT_EQ(found.has(code("us-ny"), "198.51.100.127"), city);
	EXPECT_EQ(found.has(code("us-ca"), "198.51.100.128"), city);
	EXPECT_EQ(found.has(geo_key_asn(4294967295u), "10.1.2.3"), !city);
	EXPECT_EQ(found.has(code("de"), "0.1.2.3"), !asn);
	EXPECT_EQ(found.has(code("de"), "255.255.255.255"), !asn);
	EXPECT_FALSE(found.has(code("fr"), "192.0.1.255"));
	EXPECT_FALSE(found.has(code("fr"), "192.0.3.0"));
	EXPECT_EQ(found.has(code("de"), "2001:db8::1"), v6 && !asn);
	EXPECT_EQ(found.has(code("fr"), "2001:db8:8000::"), v6 && !asn);
	EXPECT_EQ(found.has(geo_key_asn(64498), "2001:db8:7fff:ffff::"), v6 && !city);
	EXPECT_EQ(found.has(code("be"), "ffff:ffff:ffff::"), v6 && !asn);
	EXPECT_FALSE(found.has(code("fr"), "2002:c000:0201::")) << "an alias is not followed";
	EXPECT_FALSE(found.has(code("fr"), "::ffff:192.0.2.1")) << "an alias is not followed";
	EXPECT_FALSE(found.has(code("fr"), "::192.0.2.1")) << "IPv4 is IPv4";
}

INSTANTIATE_TEST_SUITE_P(All, GeoKinds,
			 testing::Values("city", "asn", "flat", "--ipv4 city", "--ipv4 asn",
					 "--ipv4 flat", "--alias city",
					 "--alias --record-size 28 asn", "--record-size 32 flat",
					 "--ipv4 --record-size 32 city"));

/* A random file: every range's ends and some addresses in between, as the library looks them up. */
TEST(Geo, AgreesWithLookup)
{
	std::mt19937 random(3);
	const char *countries[] = {"FR", "US", "BE", "DE"};
	std::string networks;
	std::vector<std::string> addrs = {"0.0.0.0", "255.255.255.255", "::1:0:0",
					  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	for (int i = 0; i < 400; i++) {
		ip_prefix prefix = {};
		prefix.addr.family = random() % 3 ? 4 : 6;
		prefix.len = static_cast<uint8_t>(prefix.addr.family == 4 ? 2 + random() % 31
									  : 3 + random() % 126);
		for (unsigned b = 0; b < ip_bits(&prefix.addr) / 8; b++)
			prefix.addr.bytes[b] =
				static_cast<uint8_t>(random() % 3 ? random() % 4 : random());
		if (prefix.addr.family == 6)
			prefix.addr.bytes[0] = static_cast<uint8_t>(0x20 + random() % 3);
		char text[IP_TEXT_MAX];
		ip_addr_mask(&prefix.addr, prefix.len);
		networks += std::string(ip_prefix_text(&prefix, text)) +
			    " country=" + countries[random() % 4] + "\n";
		addrs.push_back(ip_addr_text(&prefix.addr, text));
		ip_addr last = prefix.addr;
		for (unsigned bit = prefix.len; bit < ip_bits(&last); bit++)
			last.bytes[bit / 8] |= static_cast<uint8_t>(0x80 >> bit % 8);
		addrs.push_back(ip_addr_text(&last, text));
	}
	TestFile file;
	make_mmdb(file, "city", networks);
	MMDB_s mmdb;
	ASSERT_EQ(MMDB_open(file.path(), MMDB_MODE_MMAP, &mmdb), MMDB_SUCCESS);
	Found found(file.path());
	ASSERT_EQ(found.err, "");
	EXPECT_TRUE(found.in_order);
	int hits = 0;
	for (const auto &addr : addrs) {
		int gai, error;
		MMDB_lookup_result_s result = MMDB_lookup_string(&mmdb, addr.c_str(), &gai, &error);
		ASSERT_EQ(error, MMDB_SUCCESS);
		std::string is;
		MMDB_entry_data_s value;
		if (result.found_entry && MMDB_get_value(&result.entry, &value, "country",
							 "iso_code", NULL) == MMDB_SUCCESS)
			is = std::string(value.utf8_string, value.data_size);
		for (const char *country : {"fr", "us", "be", "de"}) {
			bool same = strcasecmp(country, is.c_str()) == 0;
			EXPECT_EQ(found.has(code(country), addr.c_str()), same)
				<< addr << " " << country;
			hits += same;
		}
	}
	EXPECT_GT(hits, 400);
	MMDB_close(&mmdb);
}

/* Reads; any outcome but a crash will do. true: it was read without complaint. */
bool survives(const TestFile &file)
{
	Found found(file.path());
	return found.err.empty();
}

TEST(Geo, SurvivesTruncation)
{
	TestFile whole, cut;
	make_mmdb(whole, "city", list);
	std::string bytes = whole.read();
	ASSERT_TRUE(survives(whole));
	for (size_t len = 0; len < bytes.size(); len++) {
		cut.write(bytes.substr(0, len));
		EXPECT_FALSE(survives(cut)) << len;
	}
}

TEST(Geo, SurvivesFlippedBytes)
{
	std::mt19937 random(11);
	int refused = 0;
	for (const char *options : {"city", "--alias asn", "--ipv4 flat"}) {
		TestFile whole, flipped;
		make_mmdb(whole, options, list);
		std::string bytes = whole.read();
		for (int round = 0; round < 1500; round++) {
			std::string copy = bytes;
			for (unsigned n = 1 + random() % 4; n; n--)
				copy[random() % copy.size()] = static_cast<char>(random());
			flipped.write(copy);
			refused += !survives(flipped);
		}
	}
	EXPECT_GT(refused, 250);
}

/* A file with these nodes over the data section. */
std::string tree_file(const std::vector<std::pair<size_t, size_t>> &nodes, const std::string &data,
		      int ip_version = 4)
{
	auto s = [](const std::string &text) {
		return std::string(1, static_cast<char>(0x40 | text.size())) + text;
	};
	auto u16 = [](int v) { return std::string("\xa2\0", 2) + static_cast<char>(v); };
	std::string file;
	for (const auto &node : nodes) {
		for (size_t record : {node.first, node.second})
			file += std::string(2, '\0') + static_cast<char>(record);
	}
	file += std::string(16, '\0') + data + "\xab\xcd\xefMaxMind.com\xe9";
	file += s("node_count") + "\xc1" + static_cast<char>(nodes.size()) + s("record_size") +
		u16(24);
	file += s("ip_version") + u16(ip_version) + s("database_type") + s("T");
	file += s("languages") + std::string("\0\4", 2);
	file += s("binary_format_major_version") + u16(2) + s("binary_format_minor_version") +
		u16(0);
	file += s("build_epoch") + std::string("\1\2\1", 3) + s("description") + "\xe0";
	return file;
}

/* One node, both sides of which lead to the data. */
std::string one_node_file(const std::string &data)
{
	return tree_file({{17, 17}}, data);
}

TEST(Geo, SaysWhatIsWrong)
{
	EXPECT_NE(read_error("/nonexistent.mmdb").find("/nonexistent.mmdb cannot be read"),
		  std::string::npos);
	EXPECT_NE(read_error(TestFile("no database").path())
			  .find("cannot be read as a MaxMind DB file"),
		  std::string::npos);
	TestFile other(one_node_file("\xe1\x41x\x41y"));
	EXPECT_NE(read_error(other.path()).find("has neither countries nor AS numbers"),
		  std::string::npos);
}

TEST(Geo, RefusesRecordsTooDeepForTheStack)
{
	auto record = [](size_t depth) {
		std::string data = "\xe2\x41x";
		for (size_t i = 0; i < depth; i++)
			data += "\x01\x04";
		return data + "\xa0\x43"
			      "asn\xc1\x07";
	};
	EXPECT_TRUE(survives(TestFile(one_node_file(record(3)))));
	EXPECT_FALSE(survives(TestFile(one_node_file(record(40)))));
	EXPECT_NE(read_error(TestFile(one_node_file(record(2000000))).path()).find("is damaged"),
		  std::string::npos);
}

const char asn_7[] = "\xe1\x43"
		     "asn\xc1\x07";

TEST(Geo, RefusesALoopInTheTree)
{
	EXPECT_TRUE(survives(TestFile(one_node_file(asn_7))));
	EXPECT_FALSE(survives(TestFile(tree_file({{0, 0}}, asn_7))));
	EXPECT_FALSE(survives(TestFile(tree_file({{17, 0}}, asn_7))));
}

TEST(Geo, RefusesATreeDeeperThanAnAddress)
{
	for (size_t depth : {32, 33}) {
		std::vector<std::pair<size_t, size_t>> nodes;
		for (size_t i = 1; i < depth; i++)
			nodes.emplace_back(i, depth);
		nodes.emplace_back(depth + 16, depth);
		EXPECT_EQ(survives(TestFile(tree_file(nodes, asn_7))), depth == 32);
	}
}

/* 2^100 ways lead through a hundred nodes. */
TEST(Geo, RefusesMoreWaysThanCanBeWalked)
{
	std::vector<std::pair<size_t, size_t>> nodes;
	for (size_t i = 1; i < 100; i++)
		nodes.emplace_back(i, i);
	nodes.emplace_back(100, 100 + 16);
	EXPECT_FALSE(survives(TestFile(tree_file(nodes, asn_7, 6))));
}

TEST(Geo, SaysWhenTheSinkHasNoMemory)
{
	TestFile file;
	make_mmdb(file, "city", list);
	geo_sink sinks[] = {
		{nullptr, [](void *, const geo_record *, uint32_t *) { return false; }, nullptr},
		{nullptr,
		 [](void *, const geo_record *, uint32_t *number) {
			 *number = 0;
			 return true;
		 },
		 [](void *, unsigned, const range *) { return false; }}};
	for (const geo_sink &sink : sinks) {
		char err[256] = "";
		EXPECT_EQ(geo_read(file.path(), &sink, err, sizeof(err)), -1);
		EXPECT_STREQ(err, "no memory");
	}
}

} // namespace
