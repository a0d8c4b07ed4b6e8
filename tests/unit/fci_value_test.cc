/* fci_value_test - values of capabilities at their edges: endpoints, caps, lenient forms. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/fault_list.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>

extern "C" {
#include "control/fci_value.h"
}

namespace
{

/* The canonical value, or the first fault with "! " before it. */
std::string read(enum fci_type type, const std::string &json, bool lenient = false)
{
	FaultList faults;
	const json_source source = {&faults, nullptr, {nullptr, 0}, nullptr};
	const fci_values values = {&source, lenient, nullptr};
	JsonPtr value = json_of(json);
	std::string before = text_of(value);
	JsonPtr canonical(fci_value_read(&values, type, value.get()));
	EXPECT_EQ(canonical == nullptr, faults.total != 0) << json << faults.text();
	EXPECT_EQ(text_of(value), before) << "what came is not changed";
	return canonical ? text_of(canonical) : "! " + faults.text();
}

void expect_refused(enum fci_type type, const std::string &json, const std::string &reason,
		    bool lenient = false)
{
	std::string got = read(type, json, lenient);
	EXPECT_EQ(got.substr(0, 2), "! ") << json;
	EXPECT_NE(got.find(reason), std::string::npos) << json << ": " << got;
}

std::string repeated(const std::string &item, int n)
{
	std::string list = "[";
	for (int i = 0; i < n; i++)
		list += (i ? "," : "") + item;
	return list + "]";
}

std::string http_host(const std::string &host)
{
	std::string value = read(FCI_REDIRECT_TARGET, "{'http-target': {'host': '" + host + "'}}");
	return value[0] == '!' ? "!"
			       : string_of(at(at(parsed(value).get(), "http-target"), "host"));
}

std::string dns_host(const std::string &host)
{
	std::string value = read(FCI_REDIRECT_TARGET, "{'dns-target': {'host': '" + host + "'}}");
	return value[0] == '!' ? "!" : string_of(at(at(parsed(value).get(), "dns-target"), "host"));
}

TEST(FciValue, Endpoints)
{
	const char *cases[][3] = {
		/* given, as an HTTP target, as a DNS target */
		{"A.example", "a.example", "a.example"},
		{"a.example:1", "a.example:1", "a.example"},
		{"a.example:65535", "a.example:65535", "a.example"},
		{"a.example:080", "a.example:80", "a.example"},
		{"192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"192.0.2.1:80", "192.0.2.1:80", "192.0.2.1"},
		{"2001:DB8::0:1", "[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]", "[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]:443", "[2001:db8::1]:443", "2001:db8::1"},
		{"::", "[::]", "::"},
	};
	for (auto [given, http, dns] : cases) {
		EXPECT_EQ(http_host(given), http);
		EXPECT_EQ(dns_host(given), dns);
	}
	for (const char *given : {":80",
				  "a.example:",
				  "a.example:0",
				  "a.example:65536",
				  "a.example:99999999999",
				  "a.example:+1",
				  "a.example:x",
				  "a.example:1:2",
				  "[2001:db8::1",
				  "[2001:db8::1]x",
				  "[2001:db8::1]:",
				  "[a.example]",
				  "[192.0.2.1]",
				  "a..example",
				  "*.example",
				  "a b",
				  "a/b",
				  "a@b",
				  "a.example/",
				  "[]",
				  "2001:db8::1::2",
				  "fe80::1%eth0"}) {
		EXPECT_EQ(http_host(given), "!") << given;
		EXPECT_EQ(dns_host(given), "!") << given;
	}
	EXPECT_EQ(http_host(std::string(300, 'a')), "!");
	EXPECT_EQ(dns_host(std::string(64, 'a') + ".example"), "!") << "a label of 64 octets";
}

TEST(FciValue, RedirectingHosts)
{
	EXPECT_EQ(read(FCI_REDIRECT_TARGET,
		       "{'redirecting-hosts': ['b.example', 'A.example:80', 'a.example',"
		       "'[2001:db8::1]:443', '192.0.2.1']}"),
		  R"({"redirecting-hosts":["192.0.2.1","[2001:db8::1]","a.example","b.example"]})");
	expect_refused(FCI_REDIRECT_TARGET, "{'redirecting-hosts': ['a.example:81']}",
		       "a port other");
	expect_refused(FCI_REDIRECT_TARGET, "{'redirecting-hosts': [7]}", "expected a text");
	expect_refused(FCI_REDIRECT_TARGET, "{'redirecting-hosts': 'a.example'}",
		       "expected a list");
	expect_refused(FCI_REDIRECT_TARGET,
		       "{'redirecting-hosts': " + repeated("'a.example'", FCI_TEXTS_MAX + 1) + "}",
		       "more than 1024 hosts");
}

TEST(FciValue, TargetsThatSayNothingAreNone)
{
	for (const char *none :
	     {"{}", "{'dns-target': null}", "{'dns-target': {}, 'http-target': {}}",
	      "{'redirecting-hosts': []}", "{'unknown': 1}"})
		EXPECT_EQ(read(FCI_REDIRECT_TARGET, none), "{}") << none;
	for (const char *wrong :
	     {"{'dns-target': 7}", "{'dns-target': {'port': 1}}", "{'dns-target': {'host': 7}}",
	      "{'dns-target': {'host': ''}}", "{'http-target': []}",
	      "{'http-target': {'scheme': 'http'}}",
	      "{'http-target': {'host': 'a', 'include-redirecting-host': 'yes'}}",
	      "{'http-target': {'host': 'a', 'scheme': 'HTTP'}}",
	      "{'http-target': {'host': 'a', 'path-prefix': 'x/'}}",
	      "{'http-target': {'host': 'a', 'path-prefix': '/x'}}",
	      "{'http-target': {'host': 'a', 'path-prefix': ''}}", "[]", "null", "7"})
		EXPECT_EQ(read(FCI_REDIRECT_TARGET, wrong)[0], '!') << wrong;
	EXPECT_EQ(read(FCI_REDIRECT_TARGET, "{'http-target': {'host': 'a', 'path-prefix': '/', "
					    "'include-redirecting-host': false}}"),
		  R"({"http-target":{"host":"a","path-prefix":"/"}})")
		<< "a default is left out";
}

TEST(FciValue, ListsOfTextsAreSets)
{
	EXPECT_EQ(read(FCI_DELIVERY_PROTOCOL, "{'delivery-protocols': ['b', 'a', 'b'], 'x': 1}"),
		  R"({"delivery-protocols":["a","b"]})");
	EXPECT_EQ(read(FCI_METADATA, "{'metadata': []}"), R"({"metadata":[]})");
	expect_refused(FCI_METADATA, "{'metadata': null}", "expected a list");
	expect_refused(FCI_METADATA, "{'metadata': ['']}", "1 to 4096 octets");
	expect_refused(FCI_METADATA, "{'metadata': " + repeated("'a'", FCI_TEXTS_MAX + 1) + "}",
		       "more than 1024 values");
	EXPECT_EQ(read(FCI_METADATA, "{'metadata': " + repeated("'a'", FCI_TEXTS_MAX) + "}"),
		  R"({"metadata":["a"]})");
}

TEST(FciValue, MissingFieldsOfALogAreNotEmptyOnes)
{
	EXPECT_EQ(read(FCI_LOGGING, "{'record-type': 'r'}"), R"({"record-type":"r"})");
	EXPECT_EQ(read(FCI_LOGGING, "{'record-type': 'r', 'fields': []}"),
		  R"({"fields":[],"record-type":"r"})");
	expect_refused(FCI_LOGGING, "{'record-type': 'r', 'fields': null}", "expected a list");
	expect_refused(FCI_LOGGING, "{'record-type': 'r', 'fields': [7]}", "expected a text");
}

TEST(FciValue, Limits)
{
	const std::string one = "{'limit-type': 'egress', 'maximum-hard': 1}";
	EXPECT_EQ(read(FCI_CAPACITY_LIMITS, "{'limits': [{'limit-type': 'new', 'maximum-hard': "
					    "9007199254740991, 'maximum-soft': 0, 'current': 7}]}"),
		  R"({"limits":[{"current":7,"limit-type":"new","maximum-hard":9007199254740991,)"
		  R"("maximum-soft":0}]})");
	expect_refused(FCI_CAPACITY_LIMITS, "{'limits': " + repeated(one, FCI_LIMITS_MAX + 1) + "}",
		       "more than 256 values");
	EXPECT_NE(read(FCI_CAPACITY_LIMITS, "{'limits': " + repeated(one, FCI_LIMITS_MAX) + "}")[0],
		  '!');
	for (const char *wrong : {"{}", "{'limits': {}}", "{'limits': [7]}",
				  "{'limits': [{'limit-type': 'x', "
				  "'maximum-hard': '1'}]}",
				  "{'limits': [{'limit-type': 'x', 'maximum-hard': "
				  "9007199254740992}]}",
				  "{'limits': [{'limit-type': 'x', 'maximum-hard': 1, "
				  "'telemetry-source': 7}]}",
				  "{'limits': [{'limit-type': 7, 'maximum-hard': 1}]}",
				  "{'limits': [{'limit-type': 'x', 'maximum-hard': 1, 'id': 7}]}"})
		EXPECT_EQ(read(FCI_CAPACITY_LIMITS, wrong)[0], '!') << wrong;
}

TEST(FciValue, Telemetry)
{
	EXPECT_EQ(read(FCI_TELEMETRY, "{'sources': [{'id': 'a', 'type': 'private', 'metrics': "
				      "[{'name': 'm', 'data-percentile': 100, 'x': 1}]}]}"),
		  R"({"sources":[{"id":"a","metrics":[{"data-percentile":100,"name":"m"}],)"
		  R"("type":"private"}]})");
	EXPECT_EQ(read(FCI_TELEMETRY, "{'sources': [{'id': 'a', 'type': 'generic', 'metrics': [], "
				      "'configuration': {'z': null, 'a': 1.5}}]}"),
		  R"({"sources":[{"configuration":{"a":1.5,"z":null},"id":"a","metrics":[],)"
		  R"("type":"generic"}]})");
	for (const char *wrong :
	     {"{'sources': [{'id': 'a', 'metrics': []}]}",
	      "{'sources': [{'type': 'a', 'metrics': []}]}",
	      "{'sources': [{'id': 'a', 'type': 'b', 'metrics': [{}]}]}",
	      "{'sources': [{'id': 'a', 'type': 'b', 'metrics': [{'name': 'm', 'data-percentile': "
	      "101}]}]}",
	      "{'sources': [{'id': 'a', 'type': 'b', 'metrics': [{'name': 'm', 'latency': -1}]}]}"})
		EXPECT_EQ(read(FCI_TELEMETRY, wrong)[0], '!') << wrong;
}

TEST(FciValue, LenientTakesListsForObjects)
{
	EXPECT_EQ(read(FCI_REDIRECTION_MODE, "['DNS-I']", true),
		  R"({"redirection-modes":["DNS-I"]})");
	EXPECT_EQ(read(FCI_REDIRECTION_MODE, "[{'redirection-modes': ['B']}, 'A']", true),
		  R"({"redirection-modes":["A","B"]})");
	EXPECT_EQ(read(FCI_CAPACITY_LIMITS, "[]", true), R"({"limits":[]})");
	expect_refused(FCI_REDIRECTION_MODE, "['DNS-I']", "expected a group");
	expect_refused(FCI_REDIRECTION_MODE, "[7]", "expected a text", true);
	expect_refused(FCI_LOGGING, "['r']", "expected a group", true);
	expect_refused(FCI_REDIRECT_TARGET, "[{}]", "expected a group", true);
}

TEST(FciValue, OthersAreKeptAsTheyAre)
{
	EXPECT_EQ(read(FCI_OTHER, "{'b': [{'d': 1, 'c': null}], 'a': 2.5}"),
		  R"({"a":2.5,"b":[{"c":null,"d":1}]})");
	expect_refused(FCI_OTHER, "[1]", "expected a group");
}

} /* namespace */
