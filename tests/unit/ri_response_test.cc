/* ri_response_test - redirection-responses read and written: targets, scopes, errors, and what a peer may get wrong. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/control_box.h"

#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "control/ri_response.h"
}

namespace
{

struct Read {
	ri_response response = {};
	std::string fault;

	explicit Read(const std::string &text)
	{
		std::vector<char> octets(text.begin(), text.end());
		struct faults faults = {};
		bool good = ri_response_read(&response, octets.data(), octets.size(), &faults);
		if (!good)
			fault = faults.n ? faults.list[0].text : "no fault";
		EXPECT_EQ(good, faults.total == 0);
		faults_clear(&faults);
	}
	~Read()
	{
		ri_response_clear(&response);
	}
	Read(const Read &) = delete;
	Read &operator=(const Read &) = delete;
	std::string written() const
	{
		char *text = ri_response_write(&response);
		Json json(text ? std::string(text) : "");
		free(text);
		return json.text();
	}
	bool refused() const
	{
		return ri_response_is_refusal(&response);
	}
};

std::string dns(const std::string &members)
{
	return R"({"dns": {"rcode": 0, "name": "a.example", )" + members + "}}";
}

std::string http(const std::string &members)
{
	return R"({"http": {)" + members + "}}";
}

const std::string target = R"("sc-status": 302, "cs-uri": "http://a.example/")";

TEST(ri_response, addresses)
{
	Read read(
		dns(R"("a": ["192.0.2.1", "192.0.2.2"], "aaaa": ["2001:DB8:0:0::1"], "ttl": 45)"));
	ASSERT_EQ(read.fault, "");
	EXPECT_EQ(read.response.protocol, PROTOCOL_DNS);
	EXPECT_EQ(read.response.ttl, 45u);
	EXPECT_EQ(read.response.n_v4, 2);
	EXPECT_EQ(read.response.v4[1][3], 2);
	EXPECT_EQ(read.response.n_v6, 1);
	EXPECT_EQ(read.response.v6[0][15], 1);
	EXPECT_FALSE(read.response.has_scope);
	EXPECT_EQ(ri_response_cname(&read.response, 0), nullptr);
	EXPECT_FALSE(read.refused());
	EXPECT_EQ(read.written(), R"({"dns":{"a":["192.0.2.1","192.0.2.2"],"aaaa":["2001:db8::1"],)"
				  R"("name":"a.example","rcode":0,"ttl":45}})");
	EXPECT_EQ(Read(dns(R"("a": ["192.0.2.1"])")).response.ttl, 0u);
	EXPECT_EQ(Read(dns(R"("aaaa": ["::1"])")).response.n_v4, 0u);
	EXPECT_EQ(Read(dns(R"("a": [], "aaaa": ["::1"])")).fault, "");
}

TEST(ri_response, cnames)
{
	Read read(dns(R"("cname": ["n1.example", "n2.example."])"));
	ASSERT_EQ(read.fault, "");
	EXPECT_EQ(read.response.n_cnames, 2);
	EXPECT_STREQ(read.response.cnames[1], "n2.example.");
	EXPECT_STREQ(ri_response_cname(&read.response, 2), "n1.example");
	EXPECT_STREQ(ri_response_cname(&read.response, UINT32_MAX), "n2.example.");
	EXPECT_EQ(read.written(), R"({"dns":{"cname":["n1.example","n2.example."],)"
				  R"("name":"a.example","rcode":0,"ttl":0}})");
	EXPECT_EQ(Read(dns(R"("cname": ["n1.example"], "aaaa": ["::1"])")).fault,
		  "dns: expected either 'cname' or 'a' and 'aaaa'");
	EXPECT_EQ(Read(dns(R"("cname": ["n..example"])")).fault,
		  "dns: cname: 'n..example' is not a domain name");
}

TEST(ri_response, long_lists_are_cut)
{
	std::string a, cname, ranges;
	for (int i = 0; i < 200; i++) {
		a += std::string(i ? "," : "") + "\"192.0.2." + std::to_string(i) + "\"";
		cname += std::string(i ? "," : "") + "\"n" + std::to_string(i) + ".example\"";
		ranges += std::string(i ? "," : "") + "\"192.0.2." + std::to_string(i) + "/32\"";
	}
	EXPECT_EQ(Read(dns("\"a\": [" + a + "]")).response.n_v4, DRI_ADDRESSES_MAX);
	EXPECT_EQ(Read(dns("\"cname\": [" + cname + "]")).response.n_cnames, RI_CNAMES_MAX);
	Read read(
		R"({"dns": {"rcode": 0, "name": "a.example", "a": ["192.0.2.1"]}, "scope": {"iprange": [)" +
		ranges + "]}}");
	EXPECT_EQ(read.response.n_ranges, RI_RANGES_MAX);
	EXPECT_EQ(read.response.ranges[63].addr.bytes[3], 63);
}

TEST(ri_response, dns_faults)
{
	EXPECT_EQ(Read(dns("\"ttl\": 1")).fault,
		  "dns: expected at least one of 'a', 'aaaa' and 'cname'");
	EXPECT_EQ(Read(dns(R"("a": ["2001:db8::1"])")).fault,
		  "dns: a: '2001:db8::1' is not an IPv4 address");
	EXPECT_EQ(Read(dns(R"("aaaa": ["192.0.2.1"])")).fault,
		  "dns: aaaa: '192.0.2.1' is not an IPv6 address");
	EXPECT_EQ(Read(dns(R"("a": "192.0.2.1")")).fault, "dns: a: expected a list, not a text");
	EXPECT_EQ(Read(dns(R"("a": [1])")).fault, "dns: a: expected a text, not a number");
	EXPECT_EQ(Read(dns(R"("a": ["192.0.2.1"], "ttl": 2147483648)")).fault,
		  "dns: ttl: expected a number from 0 to 2147483647, not 2147483648");
	EXPECT_EQ(Read(dns(R"("a": ["192.0.2.1"], "ttl": -1)")).fault,
		  "dns: ttl: expected a number from 0 to 2147483647, not -1");
	EXPECT_EQ(Read(R"({"dns": {"name": "a.example", "a": ["192.0.2.1"]}})").fault,
		  "dns: 'rcode' is missing");
	EXPECT_EQ(
		Read(R"({"dns": {"rcode": 4096, "name": "a.example", "a": ["192.0.2.1"]}})").fault,
		"dns: rcode: expected a number from 0 to 4095, not 4096");
	EXPECT_EQ(Read(R"({"dns": {"rcode": 0, "a": ["192.0.2.1"]}})").fault,
		  "dns: 'name' is missing");
}

TEST(ri_response, rcodes_without_targets)
{
	Read read(R"({"dns": {"rcode": 3, "name": "a.example"}})");
	EXPECT_EQ(read.fault, "");
	EXPECT_EQ(read.response.rcode, 3);
	EXPECT_TRUE(read.refused());
}

TEST(ri_response, http)
{
	Read read(http(target +
		       R"j(, "sc-(location)": "https://n4.example/a?b=c", "sc-version": "HTTP/1.1",
		"sc-reason": "Found", "sc-(cache-control)": "no-store")j"));
	ASSERT_EQ(read.fault, "");
	EXPECT_EQ(read.response.protocol, PROTOCOL_HTTP);
	EXPECT_EQ(read.response.status, 302);
	EXPECT_STREQ(read.response.location, "https://n4.example/a?b=c");
	EXPECT_EQ(
		read.written(),
		R"j({"http":{"cs-uri":"http://a.example/","sc-(location)":"https://n4.example/a?b=c",)j"
		R"("sc-reason":"Found","sc-status":302,"sc-version":"HTTP/1.1"}})");
	/* §4.6's example has neither version nor reason; both are always written. */
	Read shorter(http(target + R"j(, "sc-(location)": "HTTP://n4.example")j"));
	EXPECT_EQ(shorter.fault, "");
	EXPECT_NE(shorter.written().find(R"("sc-reason":"Found","sc-status":302,"sc-version")"),
		  std::string::npos);
	for (int status : {301, 302, 303, 307, 308})
		EXPECT_EQ(
			Read(http(R"("sc-status": )" + std::to_string(status) +
				  R"j(, "cs-uri": "http://a.example/", "sc-(location)": "http://b/")j"))
				.fault,
			"");
}

TEST(ri_response, http_faults)
{
	for (int status : {0, 100, 200, 300, 304, 404, 999})
		EXPECT_EQ(
			Read(http(R"("sc-status": )" + std::to_string(status) +
				  R"j(, "cs-uri": "http://a.example/", "sc-(location)": "http://b/")j"))
				.fault,
			"http: sc-status: " + std::to_string(status) + " is not a redirect");
	EXPECT_EQ(Read(http(target)).fault, "http: 'sc-(location)' is missing");
	EXPECT_EQ(Read(http(R"j("sc-status": 302, "sc-(location)": "http://b/")j")).fault,
		  "http: 'cs-uri' is missing");
	EXPECT_EQ(Read(http(R"j("cs-uri": "http://a/", "sc-(location)": "http://b/")j")).fault,
		  "http: 'sc-status' is missing");
	for (const char *location : {"/a", "//b/a", "b/a", "ftp://b/", "javascript:x", "http:/b",
				     "http://", "http:///a", "https://?a", "http://#a",
				     "http://b/a b", "http://b/\xc3\xbc", "http", "https://b/\x7f"})
		EXPECT_NE(Read(http(target + R"j(, "sc-(location)": ")j" + location + "\"")).fault,
			  "")
			<< location;
	EXPECT_NE(
		Read(http(target + R"j(, "sc-(location)": "http://b/\r\nSet-Cookie: a=b")j")).fault,
		"");
	EXPECT_NE(Read(http(target + R"j(, "sc-(location)": "http://b/\u0000")j")).fault, "");
}

TEST(ri_response, scope)
{
	std::string start =
		R"({"dns": {"rcode": 0, "name": "a.example", "a": ["192.0.2.1"]}, "scope": )";
	Read read(start + R"({"iprange": ["203.0.113.64/27", "2001:DB8:40:0::/44"]}})");
	ASSERT_EQ(read.fault, "");
	EXPECT_TRUE(read.response.has_scope);
	EXPECT_EQ(read.response.n_ranges, 2);
	EXPECT_EQ(read.response.ranges[0].len, 27);
	EXPECT_NE(read.written().find(
			  R"("scope":{"iprange":["203.0.113.64/27","2001:db8:40::/44"]})"),
		  std::string::npos);
	EXPECT_FALSE(Read(start + R"({"asn": [1]}})").response.has_scope) << "another key";
	EXPECT_EQ(Read(start + R"({"iprange": []}})").response.n_ranges, 0);
	EXPECT_EQ(Read(start + R"({"iprange": ["203.0.113.65/27"]}})").fault,
		  "scope: iprange: '203.0.113.65/27' is not an address prefix");
	EXPECT_EQ(Read(start + R"({"iprange": "203.0.113.64/27"}})").fault,
		  "scope: iprange: expected a list, not a text");
	EXPECT_EQ(Read(start + "[]}").fault,
		  "redirection-response: scope: expected a group of members, not a list");
}

TEST(ri_response, errors)
{
	Read read(R"({"error": {"error-code": 502, "reason": "again"}})");
	ASSERT_EQ(read.fault, "");
	EXPECT_EQ(read.response.protocol, 0);
	EXPECT_EQ(read.response.error_code, RI_LOOP);
	EXPECT_STREQ(read.response.error_reason, "again");
	EXPECT_TRUE(read.refused());
	EXPECT_EQ(read.written(), R"({"error":{"error-code":502,"reason":"again"}})");
	EXPECT_STREQ(Read(R"({"error": {"error-code": 502, "description": "text"}})")
			     .response.error_reason,
		     "text");
	EXPECT_STREQ(Read(R"({"error": {"error-code": 502, "description": "d", "reason": "r"}})")
			     .response.error_reason,
		     "r");
	EXPECT_EQ(Read(R"({"error": {"error-code": 599}})").written(),
		  R"({"error":{"error-code":599}})");
	EXPECT_EQ(Read(R"({"error": {"reason": "x"}})").fault, "error: 'error-code' is missing");
	for (const char *code : {"99", "1000", "\"502\"", "null"})
		EXPECT_NE(Read(std::string(R"({"error": {"error-code": )") + code + "}}").fault,
			  "");
}

TEST(ri_response, an_error_beside_a_target)
{
	std::string start =
		R"({"dns": {"rcode": 0, "name": "a.example", "a": ["192.0.2.1"]}, "error": {"error-code": )";
	Read information(start + "100}}");
	EXPECT_EQ(information.fault, "");
	EXPECT_FALSE(information.refused());
	EXPECT_TRUE(Read(start + "500}}").refused());
	EXPECT_TRUE(Read(start + "200}}").refused()) << "reserved";
	EXPECT_EQ(Read(R"({"error": {"error-code": 100}})").fault,
		  "redirection-response: expected one of 'dns', 'http' and 'error'");
}

TEST(ri_response, the_whole)
{
	EXPECT_EQ(Read("{}").fault,
		  "redirection-response: expected one of 'dns', 'http' and 'error'");
	EXPECT_EQ(Read(R"({"dns": {"rcode": 0, "name": "a", "a": ["192.0.2.1"]}, "http": {)" +
		       target + R"j(, "sc-(location)": "http://b/"}})j")
			  .fault,
		  "redirection-response: expected one of 'dns' and 'http', not both");
	Read read(R"({"dns": {"rcode": 0, "name": "a", "a": ["192.0.2.1"], "mx": []}, "more": {},
		"cdn-path": ["AS64500:1", "AS64501:7"]})");
	EXPECT_EQ(read.fault, "");
	EXPECT_EQ(read.response.path.n, 2u);
	EXPECT_NE(read.written().find(R"("cdn-path":["AS64500:1","AS64501:7"])"),
		  std::string::npos);
	EXPECT_EQ(Read(R"({"cdn-path": 1, "error": {"error-code": 500}})").fault,
		  "redirection-response: cdn-path: expected a list, not a number");
	std::string whole = http(target + R"j(, "sc-(location)": "http://b/")j");
	for (size_t len = 0; len < whole.size(); len++)
		EXPECT_NE(Read(whole.substr(0, len)).fault, "") << len;
}

} // namespace
