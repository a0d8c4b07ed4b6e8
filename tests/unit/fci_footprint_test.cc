/* fci_footprint_test - random lists of footprints match whom the RFCs' words say; canonical forms; limits. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/fault_list.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

extern "C" {
#include "control/fci_footprint.h"
#include "control/model_json.h"
}

namespace
{

struct MapFree {
	void operator()(alto_map *map) const
	{
		alto_map_free(map);
	}
};
using Map = std::unique_ptr<alto_map, MapFree>;

const char *const map_body = "{'meta': {'vtag': {'resource-id': 'm', 'tag': '1'}}, 'network-map': {"
			     "'all': {'ipv4': ['0.0.0.0/0'], 'ipv6': ['::/0']},"
			     "'a': {'ipv4': ['10.0.0.0/30'], 'ipv6': ['2001:db8::/126']},"
			     "'b': {'ipv4': ['10.0.0.1/32', '10.0.0.4/31']}, 'none': {}}}";

struct Reading {
	FaultList faults;
	JsonPtr canonical;
	std::string nobody;
	bool done = false;
	fci_footprints how = {};

	explicit Reading(const std::string &list, bool lenient = false,
			 const alto_map *map = nullptr, bool keep_pids = false, size_t left = 1000)
	{
		const json_source source = {&faults, nullptr, {nullptr, 0}, nullptr};
		JsonPtr holder = json_of("{'footprints': " + list + "}");
		std::string before = text_of(holder);
		json_in in;
		json_t *result;
		char *why;
		how = {lenient, keep_pids, map, left, false};
		json_in_begin(&in, &source, holder.get(), source.place, "capability");
		done = fci_footprints_read(&how, &in, &result, &why);
		canonical.reset(result);
		nobody = why ? why : "";
		free(why);
		EXPECT_EQ(done, faults.total == 0);
		EXPECT_EQ(text_of(holder), before) << "what came is not changed";
	}
};

/* --- Whom does it match? In the words of RFC 8008 App. B, RFC 9388 §2.2 and RFC 9241 §4.1. -------- */

using Matcher = std::map<std::string, std::string>; /* PID of each address */

bool in_prefix(const std::string &text, const std::string &address)
{
	ip_prefix prefix;
	ip_addr addr;
	EXPECT_TRUE(ip_prefix_parse(text.c_str(), &prefix));
	EXPECT_TRUE(ip_addr_parse(address.c_str(), &addr));
	if (addr.family != prefix.addr.family)
		return false;
	ip_addr_mask(&addr, prefix.len);
	return ip_addr_equal(&addr, &prefix.addr);
}

bool object_matches(const json_t *object, const std::string &address, const Matcher &pids)
{
	std::string type = string_of(at(object, "footprint-type"));
	bool matches = false;
	for (size_t i = 0; i < json_array_size(at(object, "footprint-value")); i++) {
		json_t *value = json_array_get(at(object, "footprint-value"), i);
		if (type == "footprintunion")
			matches |= object_matches(value, address, pids);
		else if (type == "altopid")
			matches |= pids.at(address) == string_of(value);
		else if (type != "unknown")
			matches |= in_prefix(string_of(value), address);
	}
	return matches;
}

bool list_matches(const json_t *list, const std::string &address, const Matcher &pids, bool lenient)
{
	std::map<std::string, bool> types;
	bool any = false, all = true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *object = json_array_get(list, i);
		bool matches = object_matches(object, address, pids);
		types[string_of(at(object, "footprint-type"))] |= matches;
		any |= matches;
	}
	for (const auto &[type, matches] : types)
		all &= matches;
	return types.empty() || (lenient ? any : all);
}

const std::vector<std::string> addresses = {
	"9.255.255.255", "10.0.0.0",    "10.0.0.1",    "10.0.0.2",       "10.0.0.3",
	"10.0.0.4",      "10.0.0.5",    "10.0.0.6",    "11.0.0.0",       "::",
	"2001:db8::1",   "2001:db8::3", "2001:db8::4", "255.255.255.255"};

std::string random_object(std::mt19937 &random, bool in_union)
{
	static const char *const v4[] = {"'10.0.0.0/31'", "'10.0.0.2/31'", "'10.0.0.0/8'",
					 "'0.0.0.0/0'", "'10.0.0.5/32'"};
	static const char *const v6[] = {"'2001:db8::/127'", "'2001:DB8::/32'", "'::/0'",
					 "'2001:db8::3/128'"};
	static const char *const pids[] = {"'a'", "'b'", "'all'", "'none'", "'gone'"};
	auto object = [&](const char *type, const char *const *values, size_t n) {
		std::string list;
		for (unsigned i = 1 + random() % 2; i > 0; i--)
			list += (list.empty() ? "" : ",") + std::string(values[random() % n]);
		return std::string("{'footprint-type':'") + type + "','footprint-value':[" + list +
		       "]}";
	};
	switch (random() % (in_union ? 8 : 10)) {
	case 0:
	case 1:
	case 2:
		return object("ipv4cidr", v4, 5);
	case 3:
	case 4:
		return object("ipv6cidr", v6, 4);
	case 5:
	case 6:
		return object("altopid", pids, 5);
	case 7:
		return object("unknown", pids, 5);
	default:
		return "{'footprint-type':'footprintunion','footprint-value':[" +
		       random_object(random, true) + "," + random_object(random, true) + "]}";
	}
}

TEST(FciFootprint, ListsMatchWhomTheRfcsSay)
{
	std::mt19937 random(9388);
	FaultList faults;
	Map map(alto_map_read(json_of(map_body).get(), 100, &faults));
	ASSERT_TRUE(map);
	Matcher pids;
	for (const std::string &address : addresses)
		pids[address] = "all";
	for (const char *address :
	     {"10.0.0.0", "10.0.0.2", "10.0.0.3", "2001:db8::1", "2001:db8::3"})
		pids[address] = "a";
	for (const char *address : {"10.0.0.1", "10.0.0.4", "10.0.0.5"})
		pids[address] = "b";
	unsigned matched = 0, unsaid = 0;
	for (int round = 0; round < 3000; round++) {
		std::string list = "[";
		for (unsigned n = 1 + random() % 3; n > 0; n--)
			list += (list.size() > 1 ? "," : "") + random_object(random, false);
		list += "]";
		bool lenient = random() % 3 == 0;
		Reading reading(list, lenient, map.get());
		ASSERT_TRUE(reading.done) << list << reading.faults.text();
		ASSERT_TRUE(reading.canonical) << list << " is everywhere";
		JsonPtr given = json_of(list);
		bool cannot = reading.nobody.find("cannot be said") != std::string::npos;
		unsaid += cannot;
		for (const std::string &address : addresses) {
			bool expected =
				!cannot && list_matches(given.get(), address, pids, lenient);
			bool got = list_matches(reading.canonical.get(), address, {}, false);
			ASSERT_EQ(got, expected)
				<< list << " " << address << " " << text_of(reading.canonical);
			ASSERT_FALSE(got && !reading.nobody.empty());
			matched += got;
		}
		Reading again(text_of(reading.canonical));
		EXPECT_EQ(text_of(again.canonical), text_of(reading.canonical))
			<< "it is canonical";
	}
	EXPECT_GT(matched, 1000u);
	EXPECT_GT(unsaid, 20u);
}

/* The tables take what is made here. */
TEST(FciFootprint, CanonicalListsAreFootprintsOfTheTables)
{
	for (const char *list :
	     {"[{'footprint-type':'unknown','footprint-value':['x']}]",
	      "[{'footprint-type':'footprintunion','footprint-value':["
	      "{'footprint-type':'ipv4cidr','footprint-value':['10.0.0.0/8']},"
	      "{'footprint-type':'ipv6cidr','footprint-value':['2001:DB8::/32']}]}]"}) {
		Reading reading(list);
		FaultList faults;
		char err[200] = "";
		uint32_t id;
		uint8_t rank;
		model_footprints footprints;
		const json_source source = {&faults, nullptr, {nullptr, 0}, nullptr};
		JsonPtr holder(json_pack("{s:O}", "footprints", reading.canonical.get()));
		json_in in;
		json_in_begin(&in, &source, holder.get(), source.place, "advert");
		model_json_footprints(&in, false, &footprints);
		EXPECT_EQ(faults.total, 0u) << faults.text();
		footprint_table *table = footprint_table_new(nullptr);
		footprint_txn *txn = footprint_begin(table);
		EXPECT_EQ(footprint_take(txn, footprints.list, footprints.n, &id, &rank, err,
					 sizeof(err)),
			  0)
			<< err;
		footprint_abort(txn);
		footprint_table_release(table);
		model_json_footprints_clear(&footprints);
	}
}

/* --- Forms ---------------------------------------------------------------------------------------- */

TEST(FciFootprint, EverywhereAndNobody)
{
	for (const char *list : {"null", "[]"}) {
		Reading reading(list);
		EXPECT_TRUE(reading.done);
		EXPECT_FALSE(reading.canonical);
	}
	EXPECT_EQ(Reading("[{'footprint-type':'altopid','footprint-value':['a']}]").nobody,
		  "altopid means a network map that is not there in its version");
	EXPECT_EQ(Reading("[{'footprint-type':'x','footprint-value':['a']}]", true).nobody,
		  "the list has no address")
		<< "lenient makes nothing wider than it was";
	EXPECT_EQ(Reading("[{'footprint-type':'x','footprint-value':['a']},"
			  "{'footprint-type':'asn','footprint-value':['as1']}]")
			  .nobody,
		  "x is not a footprint type that is known");
}

TEST(FciFootprint, PidsCanBeKept)
{
	Reading reading("[{'footprint-type':'altopid','footprint-value':['b','a','b']},"
			"{'footprint-type':'footprintunion','footprint-value':["
			"{'footprint-type':'altopid','footprint-value':['c']},"
			"{'footprint-type':'asn','footprint-value':['as1']}]}]",
			true, nullptr, true);
	EXPECT_EQ(text_of(reading.canonical),
		  text_of(json_of(
			  "[{'footprint-type':'footprintunion','footprint-value':["
			  "{'footprint-type':'asn','footprint-value':['as1']},"
			  "{'footprint-type':'altopid','footprint-value':['a','b','c']}]}]")));
	Reading alone("[{'footprint-type':'altopid','footprint-value':['a']}]", false, nullptr,
		      true);
	EXPECT_EQ(text_of(alone.canonical),
		  R"([{"footprint-type":"altopid","footprint-value":["a"]}])");
	EXPECT_EQ(alone.nobody, "");
}

TEST(FciFootprint, ValuesAreCounted)
{
	const std::string three =
		"[{'footprint-type':'asn','footprint-value':['as1','as1','as2']}]";
	Reading enough(three, false, nullptr, false, 3), few(three, false, nullptr, false, 2);
	EXPECT_TRUE(enough.done);
	EXPECT_EQ(enough.how.left, 0u);
	EXPECT_FALSE(few.done);
	EXPECT_TRUE(few.how.over);

	FaultList faults;
	Map map(alto_map_read(json_of(map_body).get(), 100, &faults));
	const std::string all = "[{'footprint-type':'altopid','footprint-value':['all']}]";
	Reading pids(all, false, map.get(), false, 1000), less(all, false, map.get(), false, 100);
	EXPECT_TRUE(pids.done);
	EXPECT_GT(json_array_size(pids.canonical.get()), 0u);
	EXPECT_LT(pids.how.left, 850u);
	EXPECT_FALSE(less.done);
	EXPECT_TRUE(less.how.over);
}

TEST(FciFootprint, LenientFormsOfValues)
{
	EXPECT_EQ(
		text_of(Reading("[{'footprint-type':'ipv6cidr','footprint-value':['2001:db8::1']}]",
				true)
				.canonical),
		R"([{"footprint-type":"ipv6cidr","footprint-value":["2001:db8::1/128"]}])");
	EXPECT_EQ(
		text_of(Reading("[{'footprint-type':'countrycode','footprint-value':['FR','fr']}]",
				true)
				.canonical),
		R"([{"footprint-type":"countrycode","footprint-value":["fr"]}])");
	EXPECT_FALSE(
		Reading("[{'footprint-type':'countrycode','footprint-value':['FRA']}]", true).done);
	EXPECT_FALSE(Reading("[{'footprint-type':'asn','footprint-value':['as" +
			     std::string(100, '1') + "']}]")
			     .done);
}

} /* namespace */
