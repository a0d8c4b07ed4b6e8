/* ri_decode_test - redirection-requests become the content requests that the packet path reads. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"
#include "tests/support/tables_builder.h"

#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "control/ri_decode.h"
#include "lib/dns_wire.h"
}

namespace
{

/* What a message decodes to; the head ends at an unreadable page. */
struct Decoded {
	ri_request from = {};
	struct request req;
	std::string wrong;
	GuardPage head;

	explicit Decoded(const std::string &text) : head(ri_decode_room(text.size()))
	{
		struct faults faults = {};
		if (!ri_request_read(&from, text.data(), text.size(), &faults))
			throw std::runtime_error(faults.list[0].text);
		memset(&req, 0xa5, sizeof(req));
		const char *why = ri_decode(&from, 1234, writer_of(head.data(), head.size()), &req);
		wrong = why ? why : "";
	}
	~Decoded()
	{
		ri_request_clear(&from);
	}
	Decoded(const Decoded &) = delete;
	Decoded &operator=(const Decoded &) = delete;
	std::string key() const
	{
		return std::string(reinterpret_cast<const char *>(req.key), req.key_len);
	}
	std::string field(const std::string &name) const
	{
		span value = http_request_header(&req, name.data(), name.size());
		return value.at ? text(value) : "none";
	}
	static std::string text(span s)
	{
		return std::string(reinterpret_cast<const char *>(s.at), s.len);
	}
};

std::string http(const std::string &uri, const std::string &more = "",
		 const std::string &method = "GET", const std::string &version = "HTTP/1.1")
{
	return R"({"http": {"c-ip": "192.0.2.1", "cs-uri": ")" + uri + R"(", "cs-method": ")" +
	       method + R"(", "cs-version": ")" + version + "\"" + more +
	       R"(}, "cdn-path": ["AS64500:1"]})";
}

std::string dns(const std::string &name, const std::string &more = "")
{
	return R"({"dns": {"resolver-ip": "192.0.2.53", "qtype": "AAAA", "qclass": "IN", "qname": ")" +
	       name + "\"" + more + R"(}, "cdn-path": ["AS64500:1"]})";
}

/* The fields that matching looks at are those that a real query gives. */
TEST(ri_decode, dns_as_a_query)
{
	for (const char *name :
	     {"Vod.Example.com", "a.b", "x_y.example", "xn--bcher-kva.example"}) {
		Decoded decoded(dns(name, R"(, "c-subnet": "203.0.113.64/26")"));
		DnsAsk asked(name, DNS_AAAA, "192.0.2.53", "203.0.113.64/26");
		EXPECT_EQ(decoded.wrong, "");
		EXPECT_TRUE(decoded.req.via_ri);
		EXPECT_EQ(decoded.req.protocol, asked.req.protocol);
		EXPECT_EQ(decoded.req.client_len, 26);
		EXPECT_TRUE(ip_addr_equal(&decoded.req.client, &asked.req.client));
		EXPECT_EQ(decoded.req.dns.qtype, asked.req.dns.qtype);
		EXPECT_EQ(decoded.req.dns.qclass, asked.req.dns.qclass);
		EXPECT_EQ(decoded.req.dns.qname_labels, asked.req.dns.qname_labels);
		EXPECT_EQ(decoded.req.host_len, asked.req.host_len);
		EXPECT_EQ(decoded.key(),
			  std::string((const char *)asked.req.key, asked.req.key_len));
		EXPECT_EQ(decoded.req.now, 1234u);
		EXPECT_EQ(decoded.req.dns.rcode, 0);
	}
	Decoded final_dot(dns("vod.example.com."));
	EXPECT_EQ(final_dot.key(), "com.example.vod/");
	EXPECT_EQ(final_dot.req.client_len, 32);
	EXPECT_EQ(final_dot.req.client.bytes[3], 53) << "the resolver";
	EXPECT_EQ(Decoded(dns(".")).key(), "/");
}

TEST(ri_decode, http_as_a_request)
{
	Decoded decoded(http("http://VOD.example.com:8080/a/%7Eb/../c?x=1",
			     R"j(, "cs-(user-agent)": "player/2", "cs-(x-empty)": "")j"));
	EXPECT_EQ(decoded.wrong, "");
	EXPECT_TRUE(decoded.req.via_ri);
	EXPECT_EQ(decoded.req.protocol, PROTOCOL_HTTP);
	EXPECT_EQ(decoded.key(), "com.example.vod/a/c");
	EXPECT_EQ(Decoded::text(decoded.req.http.query), "?x=1");
	EXPECT_EQ(Decoded::text(decoded.req.http.host), "VOD.example.com");
	EXPECT_EQ(decoded.field("user-agent"), "player/2");
	EXPECT_EQ(decoded.field("x-empty"), "");
	EXPECT_EQ(decoded.field("host"), "VOD.example.com:8080");
	EXPECT_EQ(Decoded(http("https://vod.example.com")).req.protocol, PROTOCOL_HTTPS);
	EXPECT_EQ(Decoded(http("https://vod.example.com")).key(), "com.example.vod/");
	EXPECT_EQ(Decoded(http("http://[2001:db8::1]/a")).key(), "[2001:db8::1]/a");
	EXPECT_EQ(Decoded(http("http://a.example/", "", "HEAD", "HTTP/2")).req.http.method,
		  HTTP_HEAD)
		<< "whatever version the user spoke";
}

TEST(ri_decode, fields_that_are_not_taken)
{
	Decoded decoded(http("http://a.example/",
			     R"j(, "cs-(host)": "b.example", "cs-(content-length)": "5",
		"cs-(transfer-encoding)": "chunked", "cs-(a)": "x\r\nb: y", "cs-(c)": 7, "cs-(D)": "x",
		"cs-(e f)": "x", "cs-(g)": "tab\there", "x-h": "x", "cs-(i)": "\u007f", "cs-(j)": "\u00fc")j"));
	EXPECT_EQ(decoded.wrong, "");
	EXPECT_EQ(decoded.field("host"), "a.example");
	for (const char *name :
	     {"content-length", "transfer-encoding", "a", "b", "c", "d", "e f", "h", "x-h", "i"})
		EXPECT_EQ(decoded.field(name), "none") << name;
	EXPECT_EQ(decoded.field("g"), "tab\there");
	EXPECT_EQ(decoded.field("j"), "\xc3\xbc");
}

TEST(ri_decode, http_that_the_packet_path_refuses)
{
	EXPECT_EQ(Decoded(http("/a")).wrong, "cs-uri is not an http or https URI");
	EXPECT_EQ(Decoded(http("http://a.example/", "", "POST")).wrong,
		  "method is not redirected: 405");
	EXPECT_EQ(Decoded(http("http://a.example/", "", "GET /x HTTP/1.1")).wrong,
		  "HTTP request malformed: 400");
	EXPECT_EQ(Decoded(http("http://a.example/" + std::string(2048, 'a'))).wrong,
		  "URI longer than http.uri-max, or redirect too long: 414");
	for (const char *uri :
	     {"ftp://a.example/", "http:///a", "http://", "http://a b.example/",
	      "http://user@a.example/", "http://a.example/#f", "http://a.example:x/",
	      "http://a..example/", "http://a.example/%zz", "x?http://a.example/",
	      "http://a.example/ HTTP/1.1 http://b.example/"})
		EXPECT_EQ(Decoded(http(uri)).wrong, "HTTP request malformed: 400") << uri;
}

/* Escapes make a message longer than what it says, never shorter. */
TEST(ri_decode, the_room_is_enough)
{
	std::string more;
	for (int i = 0; i < 2000; i++)
		more += ",\"cs-(" + std::to_string(i) + ")\":\"\"";
	Decoded decoded(http("http://a/", more));
	EXPECT_EQ(decoded.wrong, "");
	EXPECT_EQ(decoded.field("1999"), "");
	std::string host = std::string(60, 'a') + "." + std::string(60, 'b') + "." +
			   std::string(60, 'c') + "." + std::string(60, 'd');
	EXPECT_EQ(Decoded(http("http://" + host)).wrong, "");
}

} // namespace
