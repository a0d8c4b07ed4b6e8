/* fci_read_test - names that stay, limits, maps in their version, and memory that runs out and widens nothing. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/fault_list.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <set>

extern "C" {
#include "control/fci_read.h"
}

namespace
{

struct Reading {
	fci_list list;
	FaultList faults;
	bool done;

	explicit Reading(const std::string &entries, const fci_how &how)
	{
		JsonPtr body = json_of("{'capabilities': " + entries + "}");
		done = fci_read(&how, body.get(), &list, &faults);
	}
	~Reading()
	{
		fci_list_clear(&list);
	}
};

const fci_how wide = {"cdn-b", false, false, nullptr, 100, 1000};

std::string name_of(const std::string &entry)
{
	Reading reading("[" + entry + "]", wide);
	EXPECT_EQ(reading.list.n, 1u) << reading.faults.text();
	return reading.list.n ? reading.list.list[0].name : "";
}

TEST(FciRead, WhatSaysTheSameHasTheSameName)
{
	std::string name = name_of("{'capability-type':'FCI.RedirectionMode','capability-value':{'"
				   "redirection-modes':['DNS-I','HTTP-I']},"
				   "'footprints':[{'footprint-type':'ipv4cidr','footprint-value':['"
				   "192.0.2.0/24','10.0.0.0/8']}]}");
	EXPECT_EQ(name,
		  name_of("{'footprints':[{'footprint-value':['10.0.0.0/"
			  "8'],'footprint-type':'ipv4cidr'},"
			  "{'footprint-value':['192.0.2.0/24','10.0.0.0/"
			  "8'],'footprint-type':'ipv4cidr'}],"
			  "'capability-value':{'later':1,'redirection-modes':['HTTP-I','DNS-I']},"
			  "'capability-type':'FCI.RedirectionMode'}"));
	EXPECT_NE(name, name_of("{'capability-type':'FCI.RedirectionMode','capability-value':"
				"{'redirection-modes':['DNS-I','HTTP-I']}}"));
	std::string text = quoted("{'cdn':'cdn-b','type':'FCI.Metadata','value':{'metadata':[]}}");
	unsigned char digest[32];
	char hex[17];
	SHA256(reinterpret_cast<const unsigned char *>(text.data()), text.size(), digest);
	for (int i = 0; i < 8; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	EXPECT_EQ(name_of("{'capability-type':'FCI.Metadata','capability-value':{'metadata':[]}}"),
		  std::string("cdn-b/") + hex);
}

TEST(FciRead, PastALimitNothingIsTaken)
{
	const std::string two =
		"[{'capability-type':'FCI.Metadata','capability-value':{'metadata':[]},"
		"'footprints':[{'footprint-type':'asn','footprint-value':['as1','as2']}]},"
		"{'capability-type':'FCI.Metadata','capability-value':{'metadata':['MI.A']},"
		"'footprints':[{'footprint-type':'asn','footprint-value':['as1','as2']}]}]";
	auto read = [&](size_t entries, size_t footprints) {
		fci_how how = wide;
		how.max_entries = entries;
		how.max_footprints = footprints;
		Reading reading(two, how);
		EXPECT_EQ(reading.list.n, reading.done ? 2u : 0u);
		return reading.done ? ""
				    : std::string(reading.faults.list[reading.faults.n - 1].text);
	};
	EXPECT_EQ(read(2, 4), "");
	EXPECT_EQ(read(1, 4), "advertisement: it has more entries than the peer may have");
	EXPECT_EQ(read(2, 3), "advertisement: it has more footprints than the peer may have");
}

TEST(FciRead, OtherBodiesAreNoAdvertisements)
{
	for (const char *body :
	     {"7", "[]", "{}", "{'capabilities': {}}", "{'cdni-advertisement': []}",
	      "{'cdni-advertisement': {'capabilities': []}}",
	      "{'cdni-advertisement': {'capabilities-with-footprints': null}}"}) {
		fci_list list;
		FaultList faults;
		JsonPtr json = json_of(body);
		EXPECT_FALSE(fci_read(&wide, json.get(), &list, &faults)) << body;
		EXPECT_EQ(faults.total, 1u);
		fci_list_clear(&list);
	}
}

TEST(FciRead, FaultsOfPeersAreShownWithoutHarm)
{
	Reading reading(
		"[{'capability-type':'FCI.\\u001b[2J','capability-value':{}},"
		"{'capability-type':'FCI.Metadata','capability-value':{'metadata':['\\u0007']}},"
		"{'capability-type':'x\\ny'}]",
		wide);
	EXPECT_EQ(reading.list.refused, 3u);
	for (size_t i = 0; i < reading.faults.n; i++)
		for (char c : reading.faults.text(i))
			EXPECT_GE(c, ' ') << reading.faults.text(i);
}

/* Each entry is as it would be, or refused: none without its footprint, its hosts or its target. */
void expect_whole_or_refused(json_t *body, const fci_how &how, size_t expected)
{
	std::set<std::string> whole;
	long calls = 0;
	for (long at = -1; at <= calls; at++) {
		fci_list list;
		FaultList faults;
		failing_malloc.reset(at);
		bool done = fci_read(&how, body, &list, &faults);
		bool failed = failing_malloc.failed;
		if (at < 0)
			calls = failing_malloc.calls;
		failing_malloc.reset(-1);
		for (size_t i = 0; i < list.n; i++) {
			std::string text = list.list[i].text ? list.list[i].text : "";
			if (at < 0)
				whole.insert(text);
			EXPECT_EQ(whole.count(text), 1u) << at << text;
		}
		EXPECT_EQ(list.n + list.refused, done ? 5u : 0u) << at;
		EXPECT_TRUE(failed || list.n == expected) << at;
		fci_list_clear(&list);
	}
	EXPECT_GT(calls, 200);
	EXPECT_EQ(whole.size(), expected);
}

TEST(FciRead, MemoryThatRunsOut)
{
	json_set_alloc_funcs(malloc, free);
	JsonPtr map_body = json_of("{'meta':{'vtag':{'resource-id':'m','tag':'1'}},'network-map':{"
				   "'a':{'ipv4':['10.0.0.0/8']},'b':{'ipv4':['10.0.0.0/9']}}}");
	JsonPtr body = json_of(
		"{'meta':{'dependent-vtags':[{'resource-id':'m','tag':'1'}]},"
		"'cdni-advertisement':{'capabilities-with-footprints':["
		"{'capability-type':'FCI.RedirectTarget','capability-value':{'redirecting-"
		"hosts':['a.example'],"
		"'dns-target':{'host':'b.example'},'http-target':{'host':'c.example','"
		"scheme':'https',"
		"'path-prefix':'/x/','include-redirecting-host':true}},"
		"'footprints':[{'footprint-type':'altopid','footprint-value':['a']}]},"
		"{'capability-type':'FCI.CapacityLimits','capability-value':{'limits':[{'"
		"id':'l','limit-type':"
		"'egress','maximum-hard':5,'maximum-soft':4,'telemetry-source':{'id':'t','"
		"metric':'m'}}]},"
		"'footprints':[{'footprint-type':'unknown','footprint-value':['x']}]},"
		"{'capability-type':'FCI.Telemetry','capability-value':{'sources':[{'id':'"
		"t','type':'generic',"
		"'metrics':[{'name':'m','latency':1}],'configuration':{'b':1,'a':2}}]}},"
		"{'capability-type':'FCI.Logging','capability-value':{'record-type':'r','"
		"fields':[]},"
		"'footprints':[{'footprint-type':'footprintunion','footprint-value':["
		"{'footprint-type':'asn','footprint-value':['as1']},"
		"{'footprint-type':'ipv4cidr','footprint-value':['192.0.2.0/24']}]},"
		"{'footprint-type':'countrycode','footprint-value':['fr']}]},"
		"{'capability-type':'FCI.RedirectionMode','capability-value':['DNS-I']}]}}");
	FaultList none;
	alto_map *map = alto_map_read(map_body.get(), 10, &none);
	fci_how how = wide;
	how.map = map;
	for (bool lenient : {false, true}) {
		how.lenient = lenient;
		expect_whole_or_refused(body.get(), how, lenient ? 5 : 4);
	}
	alto_map_free(map);
}

} /* namespace */
