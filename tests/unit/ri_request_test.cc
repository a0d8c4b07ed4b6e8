/* ri_request_test - redirection-requests read and written: members, forms, limits, what is left out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/control_box.h"

#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "control/ri_request.h"
#include "lib/dns_wire.h"
}

namespace
{

const std::string dns_members =
	R"("resolver-ip": "198.51.100.53", "qtype": "A", "qclass": "IN", "qname": "a.example")";
const std::string http_members =
	R"("c-ip": "192.0.2.1", "cs-uri": "http://a.example/", "cs-method": "GET", "cs-version": "HTTP/1.1")";

/* A request that was read, or why it was not. */
struct Read {
	ri_request request = {};
	std::string fault;

	explicit Read(const std::string &text)
	{
		std::vector<char> octets(text.begin(), text.end());
		struct faults faults = {};
		bool good = ri_request_read(&request, octets.data(), octets.size(), &faults);
		if (!good)
			fault = faults.n ? faults.list[0].text : "no fault";
		EXPECT_EQ(good, faults.total == 0);
		faults_clear(&faults);
	}
	~Read()
	{
		ri_request_clear(&request);
	}
	Read(const Read &) = delete;
	Read &operator=(const Read &) = delete;
	Json written() const
	{
		char *text = ri_request_write(&request);
		Json json(text ? std::string(text) : "");
		free(text);
		return json;
	}
	std::string key() const
	{
		char *text = ri_request_key(&request);
		std::string key = text ? text : "";
		free(text);
		return key;
	}
	std::string client() const
	{
		char text[IP_TEXT_MAX];
		ip_prefix prefix = ri_request_client(&request);
		return ip_prefix_text(&prefix, text);
	}
};

std::string message(const std::string &protocol, const std::string &members,
		    const std::string &more = "")
{
	return "{\"" + protocol + "\": {" + members + R"(}, "cdn-path": ["AS64500:1"])" + more +
	       "}";
}

std::string dns(const std::string &members)
{
	return message("dns", members);
}

std::string http(const std::string &members)
{
	return message("http", members);
}

std::string http_request(const std::string &more)
{
	return http(http_members + more);
}

/* Without one of its members. */
std::string without(std::string members, const std::string &name)
{
	size_t at = members.find("\"" + name + "\""), end = members.find(',', at);
	return end == std::string::npos ? members.erase(members.rfind(',', at))
					: members.erase(at, end + 1 - at);
}

TEST(ri_request, dns)
{
	Read least(dns(dns_members));
	ASSERT_EQ(least.fault, "");
	EXPECT_EQ(least.request.protocol, PROTOCOL_DNS);
	EXPECT_EQ(least.request.qtype, DNS_A);
	EXPECT_STREQ(least.request.qname, "a.example");
	EXPECT_FALSE(least.request.has_subnet);
	EXPECT_FALSE(least.request.dns_only);
	EXPECT_EQ(least.request.max_hops, RI_NO_LIMIT);
	EXPECT_EQ(least.request.path.n, 1u);
	EXPECT_STREQ(least.request.path.ids[0], "AS64500:1");
	EXPECT_EQ(least.client(), "198.51.100.53/32");

	Read most(message("dns",
			  R"("resolver-ip": "2001:db8::53", "qtype": "AAAA", "qclass": "IN",
		"qname": "a.example.", "c-subnet": "2001:db8:40::/44", "dns-only": true)",
			  R"(, "max-hops": 3)"));
	ASSERT_EQ(most.fault, "");
	EXPECT_EQ(most.request.qtype, DNS_AAAA);
	EXPECT_TRUE(most.request.dns_only);
	EXPECT_EQ(most.request.max_hops, 3u);
	EXPECT_EQ(most.client(), "2001:db8:40::/44");
	EXPECT_EQ(Read(dns(dns_members + R"(, "c-subnet": "203.0.113.77")")).client(),
		  "203.0.113.77/32")
		<< "an address is a subnet, too";
}

TEST(ri_request, http)
{
	Read read(http(http_members));
	ASSERT_EQ(read.fault, "");
	EXPECT_EQ(read.request.protocol, PROTOCOL_HTTP);
	EXPECT_STREQ(read.request.uri, "http://a.example/");
	EXPECT_STREQ(read.request.method, "GET");
	EXPECT_STREQ(read.request.version, "HTTP/1.1");
	EXPECT_EQ(read.client(), "192.0.2.1/32");
}

TEST(ri_request, a_mandatory_member_is_missing)
{
	for (const char *name : {"resolver-ip", "qtype", "qclass", "qname"}) {
		Read read(dns(without(dns_members, name)));
		EXPECT_EQ(read.fault, "dns: '" + std::string(name) + "' is missing");
	}
	for (const char *name : {"c-ip", "cs-uri", "cs-method", "cs-version"}) {
		Read read(http(without(http_members, name)));
		EXPECT_EQ(read.fault, "http: '" + std::string(name) + "' is missing");
	}
	EXPECT_EQ(Read("{\"dns\": {" + dns_members + "}}").fault,
		  "redirection-request: cdn-path: expected at least one CDN Provider ID");
}

TEST(ri_request, wrong_values)
{
	static const struct {
		const char *member, *fault;
	} cases[] = {
		{R"("resolver-ip": "198.51.100.300")",
		 "dns: resolver-ip: '198.51.100.300' is not an IP address"},
		{R"("resolver-ip": "198.51.100.0/24")",
		 "dns: resolver-ip: '198.51.100.0/24' is not an IP address"},
		{R"("resolver-ip": 7)", "dns: resolver-ip: expected a text, not a number"},
		{R"("qtype": "MX")", R"(dns: qtype: expected one of "A", "AAAA", not "MX")"},
		{R"("qtype": "a")", R"(dns: qtype: expected one of "A", "AAAA", not "a")"},
		{R"("qclass": "CH")", R"(dns: qclass: expected one of "IN", not "CH")"},
		{R"("qname": "a..example")", "dns: qname: 'a..example' is not a domain name"},
		{"\"qname\": \"b\xc3\xbc\x63her.example\"",
		 "dns: qname: 'b\xc3\xbc\x63her.example' is not a domain name"},
		{R"("c-subnet": "203.0.113.77/24")",
		 "dns: c-subnet: '203.0.113.77/24' is not an address prefix"},
		{R"("c-subnet": "203.0.113.0/33")",
		 "dns: c-subnet: '203.0.113.0/33' is not an address prefix"},
		{R"("dns-only": "true")", "dns: dns-only: expected true or false, not a text"},
	};
	for (const auto &c : cases) {
		std::string name(c.member + 1, strchr(c.member + 1, '"'));
		bool there = dns_members.find(name) != std::string::npos;
		Read read(dns((there ? without(dns_members, name) : dns_members) + "," + c.member));
		EXPECT_EQ(read.fault, c.fault);
	}
	EXPECT_EQ(Read(http(without(http_members, "cs-uri") +
			    R"(, "cs-uri": "http://a.example/\r\nHost: b")"))
			  .fault,
		  "http: cs-uri: expected a text of 1 to 4096 octets without control characters");
	EXPECT_EQ(Read(message("dns", dns_members, R"(, "max-hops": -1)")).fault,
		  "redirection-request: max-hops: expected a number from 0 to 4294967295, not -1");
	EXPECT_EQ(Read(message("dns", dns_members, R"(, "max-hops": 2.5)")).fault,
		  "redirection-request: max-hops: expected a number from 0 to 4294967295, not a "
		  "number with a fraction");
	EXPECT_EQ(Read(R"({"dns": [], "cdn-path": ["AS64500:1"]})").fault,
		  "redirection-request: dns: expected a group of members, not a list");
	EXPECT_EQ(Read(R"({"dns": {}, "cdn-path": "AS64500:1"})").fault.substr(0, 3), "dns");
	EXPECT_EQ(Read(R"({"cdn-path": [1]})").fault,
		  "redirection-request: cdn-path: expected a text, not a number");
}

TEST(ri_request, one_protocol)
{
	EXPECT_EQ(Read("{\"dns\": {" + dns_members + "}, \"http\": {" + http_members +
		       R"(}, "cdn-path": ["AS64500:1"]})")
			  .fault,
		  "redirection-request: expected one of 'dns' and 'http', not both");
	Read other(R"({"rtsp": {}, "cdn-path": ["AS64500:1"]})");
	EXPECT_EQ(other.fault, "");
	EXPECT_EQ(other.request.protocol, 0);
}

TEST(ri_request, is_i_json)
{
	for (const char *text :
	     {"", " ", "{", "[]", "1", "null", "{} x", "{\"a\":1,}", "{\"a\" 1}",
	      "{\"a\":1,\"a\":1}", "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":NaN}",
	      "{\"a\":99999999999999999999}", "{'a':1}", "{\"a\":\"\\ud800\"}"})
		EXPECT_NE(Read(text).fault, "") << text;
	EXPECT_EQ(Read("{\"a\":1,\"a\":1}").fault.substr(0, 25), "the message is not I-JSON");
	EXPECT_EQ(Read(std::string(RI_OCTETS_MAX + 1, ' ')).fault,
		  "the message has 65537 octets; at most 65536 are read");
	EXPECT_NE(Read(std::string(RI_OCTETS_MAX, '[')).fault, "") << "deep";
	std::string padded = dns(dns_members);
	padded.append(RI_OCTETS_MAX - padded.size(), ' ');
	EXPECT_EQ(Read(padded).fault, "");
}

TEST(ri_request, every_truncation)
{
	std::string whole =
		message("http", http_members + R"j(, "cs-(accept)": "*/*")j", R"(, "max-hops": 3)");
	for (size_t len = 0; len < whole.size(); len++)
		EXPECT_NE(Read(whole.substr(0, len)).fault, "") << len;
	EXPECT_EQ(Read(whole).fault, "");
}

TEST(ri_request, long_paths)
{
	std::string ids = "\"AS64500:1\"";
	for (int i = 1; i < RI_PATH_MAX; i++)
		ids += ",\"AS64500:1\"";
	EXPECT_EQ(Read(R"({"x": 1, "cdn-path": [)" + ids + "]}").request.path.n,
		  (unsigned)RI_PATH_MAX);
	EXPECT_EQ(Read(R"({"x": 1, "cdn-path": [)" + ids + ",\"AS64500:1\"]}").fault,
		  "redirection-request: cdn-path: more than 32 CDNs");
}

TEST(ri_request, is_written_as_it_was_read)
{
	std::string members = R"("resolver-ip": "2001:DB8:0:0::53", "qtype": "AAAA", "qclass": "IN",
		"qname": "A.example", "c-subnet": "203.0.113.64/26", "dns-only": true)";
	Json dns = Read(message("dns", members, R"(, "max-hops": 2, "other": 1)")).written();
	EXPECT_EQ(
		dns.text(),
		R"({"cdn-path":["AS64500:1"],"dns":{"c-subnet":"203.0.113.64/26","dns-only":true,)"
		R"("qclass":"IN","qname":"A.example","qtype":"AAAA","resolver-ip":"2001:db8::53"},)"
		R"("max-hops":2})");
	Json http =
		Read(http_request(
			     R"j(, "cs-(user-agent)": "player/2", "cs-accept": "x", "cs-(x)": 1)j"))
			.written();
	EXPECT_EQ(
		http.text(),
		R"({"cdn-path":["AS64500:1"],"http":{"c-ip":"192.0.2.1",)"
		R"j("cs-(user-agent)":"player/2","cs-method":"GET","cs-uri":"http://a.example/",)j"
		R"("cs-version":"HTTP/1.1"}})");
}

TEST(ri_request, what_only_the_own_cdn_has_to_know_is_left_out)
{
	Json json = Read(http_request(R"j(, "cs-(cookie)": "a=b", "cs-(authorization)": "Basic x",
		"cs-(proxy-authorization)": "Basic y", "cs-(range)": "bytes=0-")j"))
			    .written();
	EXPECT_EQ(json["http"].size(), 5u);
	EXPECT_EQ(json["http"]["cs-(range)"].text(), "bytes=0-");
}

TEST(ri_request, the_key_is_all_but_the_addresses)
{
	auto dns_key = [](const std::string &members) { return Read(dns(members)).key(); };
	std::string key = dns_key(dns_members);
	EXPECT_EQ(
		key,
		R"({"cdn-path":["AS64500:1"],"dns":{"qclass":"IN","qname":"a.example","qtype":"A"}})");
	EXPECT_EQ(dns_key(dns_members + R"(, "c-subnet": "203.0.113.0/24")"), key);
	EXPECT_EQ(dns_key(R"("qname": "A.EXAMPLE", "qclass": "IN", "resolver-ip": "2001:db8::1",
		"qtype": "A")"),
		  key);
	EXPECT_EQ(dns_key(dns_members + R"(, "dns-only": false)"), key);
	EXPECT_NE(dns_key(dns_members + R"(, "dns-only": true)"), key);
	EXPECT_NE(dns_key(without(dns_members, "qtype") + R"(, "qtype": "AAAA")"), key);
	EXPECT_NE(dns_key(without(dns_members, "qname") + R"(, "qname": "b.example")"), key);
	EXPECT_NE(Read(message("dns", dns_members, R"(, "max-hops": 1)")).key(), key);

	std::string http_key = Read(http_request("")).key();
	EXPECT_EQ(http_key.find("192.0.2.1"), std::string::npos);
	EXPECT_NE(Read(http_request(R"j(, "cs-(accept)": "x")j")).key(), http_key);
	EXPECT_NE(Read(http(without(http_members, "cs-uri") + R"(, "cs-uri": "http://A.example/")"))
			  .key(),
		  http_key)
		<< "an identical request";
}

TEST(ri_request, fields)
{
	const char *name;
	size_t len;
	ASSERT_TRUE(ri_request_field("cs-(user-agent)", &name, &len));
	EXPECT_EQ(std::string(name, len), "user-agent");
	ASSERT_TRUE(ri_request_field("cs-(x)", &name, &len));
	EXPECT_EQ(std::string(name, len), "x");
	for (const char *member :
	     {"", "cs-", "cs-(", "cs-()", "cs-(x", "cs-x)", "cs(x)", "cs-(X)", "cs-(a b)",
	      "cs-(a:b)", "cs-(a\r\nb)", "sc-(x)", "CS-(x)", "cs-uri", "cs-(x))"})
		EXPECT_FALSE(ri_request_field(member, &name, &len)) << member;
}

} // namespace
