/* alto_map_test - the addresses of PIDs against a naive longest match, wrong maps, limits, memory that runs out, writing. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/fault_list.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

extern "C" {
#include "control/alto_map.h"
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

JsonPtr body_of(const std::string &pids)
{
	return json_of("{'meta': {'vtag': {'resource-id': 'm', 'tag': '1'}}, 'network-map': " +
		       pids + "}");
}

Map map_of(const std::string &pids)
{
	FaultList faults;
	Map map(alto_map_read(body_of(pids).get(), 1000, &faults));
	EXPECT_TRUE(map) << faults.text();
	return map;
}

using Prefixes = std::vector<ip_prefix>;

Prefixes prefixes_of(const Map &map, std::vector<const char *> pids, size_t left = 100000)
{
	char err[200] = "";
	ip_prefix *list;
	size_t n;
	EXPECT_TRUE(alto_map_prefixes(map.get(), pids.data(), pids.size(), &left, &list, &n, err,
				      sizeof(err)))
		<< err;
	Prefixes result(list, list + n);
	free(list);
	return result;
}

std::string text_of(const Prefixes &prefixes)
{
	std::string result;
	char text[IP_TEXT_MAX];
	for (const ip_prefix &prefix : prefixes)
		result += (result.empty() ? "" : " ") + std::string(ip_prefix_text(&prefix, text));
	return result;
}

TEST(AltoMap, PidsWithinEachOther)
{
	Map map = map_of("{'out': {'ipv4': ['10.0.0.0/8']}, 'in': {'ipv4': ['10.128.0.0/9']},"
			 "'deep': {'ipv4': ['10.192.0.0/10', '10.0.0.0/9']}}");
	EXPECT_EQ(text_of(prefixes_of(map, {"out"})), "") << "others have all of it";
	EXPECT_EQ(text_of(prefixes_of(map, {"in"})), "10.128.0.0/10");
	EXPECT_EQ(text_of(prefixes_of(map, {"deep"})), "10.0.0.0/9 10.192.0.0/10");
	EXPECT_EQ(text_of(prefixes_of(map, {"deep", "in", "deep"})), "10.0.0.0/8")
		<< "together they are one prefix";
	EXPECT_EQ(text_of(prefixes_of(map, {"gone", "", "in"})), "10.128.0.0/10");
	EXPECT_EQ(text_of(prefixes_of(map, {})), "");
	EXPECT_TRUE(alto_map_has(map.get(), "out"));
	EXPECT_FALSE(alto_map_has(map.get(), "gone"));
	EXPECT_FALSE(alto_map_has(map.get(), std::string(100, 'x').c_str()));
	EXPECT_FALSE(alto_map_covers(map.get(), 4));
	EXPECT_TRUE(alto_map_covers(map.get(), 6)) << "it has none of that family";
	EXPECT_STREQ(alto_map_vtag(map.get())->resource, "m");
}

TEST(AltoMap, TheEndsOfTheAddresses)
{
	Map map = map_of("{'a': {'ipv4': ['0.0.0.0/0'], 'ipv6': ['::/0']},"
			 "'b': {'ipv4': ['255.255.255.255/32', '0.0.0.0/32'],"
			 "'ipv6': ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128', '::/128']}}");
	EXPECT_EQ(text_of(prefixes_of(map, {"b"})), "0.0.0.0/32 255.255.255.255/32 ::/128 "
						    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	EXPECT_EQ(prefixes_of(map, {"a"}).size(), 2 * 31u + 2 * 127u);
	EXPECT_EQ(text_of(prefixes_of(map, {"a", "b"})), "0.0.0.0/0 ::/0");
	EXPECT_TRUE(alto_map_covers(map.get(), 4));
	EXPECT_TRUE(alto_map_covers(map.get(), 6));
	EXPECT_FALSE(alto_map_covers(map_of("{'a': {'ipv6': ['8000::/1']}}").get(), 6));
	EXPECT_FALSE(alto_map_covers(
		map_of("{'a': {'ipv6': ['::/1'], 'ipv4': ['0.0.0.0/0']}}").get(), 6));
	EXPECT_TRUE(alto_map_covers(
		map_of("{'a': {'ipv6': ['::/1'], 'ipv4': ['0.0.0.0/0']}}").get(), 4));
	EXPECT_TRUE(alto_map_covers(map_of("{}").get(), 4));
}

void expect_refused(const std::string &pids, const std::string &reason, size_t max = 1000)
{
	FaultList faults;
	Map map(alto_map_read(body_of(pids).get(), max, &faults));
	EXPECT_FALSE(map) << pids;
	EXPECT_NE(faults.text().find(reason), std::string::npos) << pids << ": " << faults.text();
}

TEST(AltoMap, WrongMapsAreRefused)
{
	for (std::string prefix : {"192.0.2.0", "192.0.2.1/24", "2001:db8::/32", "192.0.2.0/33",
				   "192.0.2.0/", "192.0.2.0/24 ", "x", "192.0.2.0/024"})
		expect_refused("{'a': {'ipv4': ['" + prefix + "']}}",
			       "ipv4: '" + prefix + "' is no prefix of this family");
	expect_refused("{'a': {'ipv6': ['192.0.2.0/24']}}", "is no prefix of this family");
	expect_refused("{'a': {'ipv4': [7]}}", "PID a: ipv4: expected a text");
	expect_refused("{'a': {'ipv4': '192.0.2.0/24'}}", "expected a list");
	expect_refused("{'a': []}", "expected a group");
	expect_refused("{'a b': {}}", "the name of a PID is not one");
	expect_refused("[]", "expected \"network-map\"");
	expect_refused(
		"{'a': {'ipv4': ['10.0.0.0/8']}, 'b': {'ipv4': ['192.0.2.0/24', '10.0.0.0/8']}}",
		"PIDs a and b have the same prefix");
	expect_refused("{'a': {'ipv4': ['10.0.0.0/8', '11.0.0.0/8', '12.0.0.0/8']}}",
		       "more than 2 prefixes", 2);
	EXPECT_EQ(text_of(prefixes_of(map_of("{'a': {'ipv4': ['10.0.0.0/8', '10.0.0.0/8']}}"),
				      {"a"})),
		  "10.0.0.0/8")
		<< "twice in one PID is harmless";
}

/* More prefixes around one address than there are lengths. */
TEST(AltoMap, OnePrefixManyTimesIsOne)
{
	std::string list = "'10.0.0.0/8'";
	for (int i = 0; i < 300; i++)
		list += ",'10.0.0.0/8'";
	EXPECT_EQ(text_of(prefixes_of(map_of("{'a': {'ipv4': [" + list + "]}}"), {"a"})),
		  "10.0.0.0/8");
}

/* A map of few wide and many narrow prefixes makes far more than it has. */
TEST(AltoMap, WhatIsMadeHasALimit)
{
	Map map = map_of("{'a': {'ipv6': ['::/0']}, 'b': {'ipv6': ['2001:db8::1/128']}}");
	const char *a = "a";
	char err[200] = "";
	ip_prefix *list;
	size_t n, left = 129;
	EXPECT_EQ(prefixes_of(map, {"a"}, 130).size(), 128u);
	EXPECT_FALSE(alto_map_prefixes(map.get(), &a, 1, &left, &list, &n, err, sizeof(err)));
	EXPECT_STREQ(err, "no memory, or the PIDs have too many prefixes");
	EXPECT_EQ(list, nullptr);
	EXPECT_EQ(n, 0u);
	EXPECT_EQ(left, 0u);
	left = 1;
	EXPECT_FALSE(alto_map_prefixes(map.get(), &a, 1, &left, &list, &n, err, sizeof(err)));
	EXPECT_EQ(left, 0u) << "two ranges had to be looked at";
}

/* --- Against a naive longest match ------------------------------------------------------------ */

struct Model {
	std::vector<std::pair<ip_prefix, int>> prefixes;

	static bool contains(const ip_prefix &prefix, ip_addr address)
	{
		ip_addr_mask(&address, prefix.len);
		return ip_addr_equal(&address, &prefix.addr);
	}
	int pid_of(const ip_addr &address) const
	{
		int best = -1, len = -1;
		for (const auto &[prefix, pid] : prefixes)
			if (prefix.len > len && contains(prefix, address)) {
				best = pid;
				len = prefix.len;
			}
		return best;
	}
};

ip_addr address_of(bool v6, uint8_t last)
{
	ip_addr address;
	EXPECT_TRUE(ip_addr_parse(v6 ? "2001:db8::" : "192.0.2.0", &address));
	address.bytes[v6 ? 15 : 3] = last;
	return address;
}

TEST(AltoMap, PidsHaveTheAddressesOfTheLongestMatch)
{
	std::mt19937 random(7285);
	const char *names[] = {"p0", "p1", "p2", "p3"};
	for (int round = 0; round < 300; round++) {
		Model model;
		std::string lists[4][2];
		for (unsigned n = random() % 20; n > 0; n--) {
			bool v6 = random() % 2;
			unsigned bits = v6 ? 128 : 32, pid = random() % 4;
			ip_prefix prefix = {address_of(v6, (uint8_t)random()), 0};
			prefix.len =
				(uint8_t)(random() % 8 ? bits - random() % 9 : random() % bits);
			ip_addr_mask(&prefix.addr, prefix.len);
			bool there = false;
			for (const auto &[other, p] : model.prefixes)
				there |= other.len == prefix.len &&
					 ip_addr_equal(&other.addr, &prefix.addr);
			if (there)
				continue;
			model.prefixes.emplace_back(prefix, pid);
			char text[IP_TEXT_MAX];
			lists[pid][v6] += (lists[pid][v6].empty() ? "'" : ",'") +
					  std::string(ip_prefix_text(&prefix, text)) + "'";
		}
		std::string json;
		for (int pid = 0; pid < 4; pid++)
			json += std::string(pid ? "," : "{") + "'" + names[pid] + "':{'ipv4':[" +
				lists[pid][0] + "],'ipv6':[" + lists[pid][1] + "]}";
		Map map = map_of(json + "}");
		unsigned asked = random() % 16;
		std::vector<const char *> pids;
		for (int pid = 0; pid < 4; pid++)
			if (asked >> pid & 1)
				pids.push_back(names[pid]);
		Prefixes made = prefixes_of(map, pids);
		for (int i = 0; i < 512; i++) {
			ip_addr address = address_of(i & 1, (uint8_t)(i >> 1));
			int pid = model.pid_of(address), hits = 0;
			for (const ip_prefix &prefix : made)
				hits += Model::contains(prefix, address);
			ASSERT_EQ(hits, pid >= 0 && (asked >> pid & 1)) << json << i;
		}
		for (size_t i = 1; i < made.size(); i++) {
			ip_prefix a = made[i - 1], b = made[i];
			bool halves = a.len && a.len == b.len;
			ip_addr_mask(&b.addr, a.len - 1u);
			ASSERT_FALSE(halves &&
				     Model::contains({b.addr, (uint8_t)(a.len - 1)}, a.addr) &&
				     ip_addr_equal(&a.addr, &b.addr))
				<< "two halves of one prefix";
		}
	}
}

/* --- Memory and writing ----------------------------------------------------------------------- */

TEST(AltoMap, MemoryThatRunsOut)
{
	JsonPtr body = body_of("{'a': {'ipv4': ['0.0.0.0/0'], 'ipv6': ['2001:db8::/32']},"
			       "'b': {'ipv4': ['192.0.2.0/24']}}");
	const char *pids[] = {"a", "b"};
	std::string expected = text_of(prefixes_of(map_of("{'a': {'ipv4': ['0.0.0.0/0'],"
							  "'ipv6': ['2001:db8::/32']}}"),
						   {"a"}));
	bool failed = true;
	for (long at = 0; failed; at++) {
		FaultList faults;
		char err[200];
		ip_prefix *list = nullptr;
		size_t n = 0, left = 1000;
		failing_malloc.reset(at);
		Map map(alto_map_read(body.get(), 100, &faults));
		bool done = map && alto_map_prefixes(map.get(), pids, 2, &left, &list, &n, err,
						     sizeof(err));
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(done, !failed) << at;
		EXPECT_EQ(text_of(Prefixes(list, list + n)), done ? expected : "");
		free(list);
	}
}

TEST(AltoMap, IsWrittenAndReadAgain)
{
	ip_prefix prefixes[3];
	ASSERT_TRUE(ip_prefix_parse("0.0.0.0/0", &prefixes[0]));
	ASSERT_TRUE(ip_prefix_parse("::/0", &prefixes[1]));
	ASSERT_TRUE(ip_prefix_parse("192.0.2.0/24", &prefixes[2]));
	const alto_pid pids[] = {
		{"all", prefixes, 2}, {"net", prefixes + 2, 1}, {"none", nullptr, 0}};
	const alto_vtag vtag = {"m", "1"};
	JsonPtr body(alto_map_write(&vtag, pids, 3));
	EXPECT_EQ(::text_of(body),
		  ::text_of(body_of("{'all': {'ipv4': ['0.0.0.0/0'], 'ipv6': ['::/0']},"
				    "'net': {'ipv4': ['192.0.2.0/24']}, 'none': {}}")));
	FaultList faults;
	Map map(alto_map_read(body.get(), 3, &faults));
	EXPECT_EQ(text_of(prefixes_of(map, {"net"})), "192.0.2.0/24");

	json_set_alloc_funcs(malloc, free);
	bool failed = true;
	for (long at = 0; failed; at++) {
		failing_malloc.reset(at);
		JsonPtr made(alto_map_write(&vtag, pids, 3));
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(::text_of(made), failed ? "" : ::text_of(body)) << at;
	}
}

} /* namespace */
