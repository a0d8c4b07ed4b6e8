/* http_client_test - whose request it is: PROXY headers, Forwarded and X-Forwarded-For, of proxies that are trusted and of others. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/forwarded.h"
#include "lib/http_client.h"
#include "lib/proxy_protocol.h"
}
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>

namespace
{

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
const std::string head = "GET /a HTTP/1.1\r\nHost: h\r\n";

std::string text_of(const struct ip_addr &addr)
{
	char text[IP_TEXT_MAX];
	return ip_addr_text(&addr, text);
}

std::string octets_of(const std::string &text)
{
	struct ip_addr addr;
	EXPECT_TRUE(ip_addr_parse(text.c_str(), &addr)) << text;
	return std::string((const char *)addr.bytes, addr.family == 4 ? 4 : 16);
}

std::string proxy_header(uint8_t command, uint8_t family, const std::string &rest)
{
	return signature + (char)command + (char)family + (char)(rest.size() >> 8) +
	       (char)rest.size() + rest;
}

std::string tcp(const std::string &from, const std::string &more = "")
{
	std::string addr = octets_of(from);
	return proxy_header(0x21, addr.size() == 4 ? 0x11 : 0x21,
			    addr + std::string(addr.size(), '\1') + std::string(4, '\2') + more);
}

/* A request that comes from 10.0.0.1, which is trusted as all of 10.0.0.0/8 and 2001:db8::/32, unless the test says otherwise. */
struct asked {
	asked(enum http_proxy proxy, const std::string &bytes, const std::string &peer = "10.0.0.1",
	      bool first = true)
	    : text(bytes.data(), bytes.size()), req(std::make_unique<struct request>())
	{
		struct http_settings settings = {};
		settings.limits = http_limits_default;
		settings.proxy = proxy;
		settings.n_trusted_proxies = 2;
		EXPECT_TRUE(ip_prefix_parse("10.0.0.0/8", &settings.trusted_proxies[0]));
		EXPECT_TRUE(ip_prefix_parse("2001:db8::/32", &settings.trusted_proxies[1]));
		EXPECT_TRUE(ip_addr_parse(peer.c_str(), &req->client));
		reason =
			http_client_request(text.data(), bytes.size(), first, &settings, req.get());
	}
	std::string client() const
	{
		EXPECT_EQ(req->client_len, ip_bits(&req->client));
		return text_of(req->client);
	}

	GuardPage text;
	std::unique_ptr<struct request> req;
	enum drop_reason reason;
};

TEST(proxy_protocol, V2_2_2_AddressesOfTheClient)
{
	for (const std::string client : {"192.0.2.7", "2a00::7", "0.0.0.0", "255.255.255.255"}) {
		for (size_t tlvs : {0u, 3u, 500u}) {
			std::string header = tcp(client, std::string(tlvs, 'T'));
			asked a(HTTP_PROXY_PROTOCOL, header + head + "\r\nrest");
			ASSERT_EQ(a.reason, DROP_none) << client;
			EXPECT_EQ(a.client(), client);
			EXPECT_EQ(a.req->http.head_len, header.size() + head.size() + 2);
			EXPECT_TRUE(a.req->http.keep);
		}
	}
	asked mapped(HTTP_PROXY_PROTOCOL, tcp("::ffff:192.0.2.7") + head + "\r\n");
	EXPECT_EQ(mapped.client(), "192.0.2.7");
}

TEST(proxy_protocol, V2_2_2_LocalAndUnspecAreTheProxyItself)
{
	for (const std::string &header :
	     {proxy_header(0x20, 0x00, ""), proxy_header(0x20, 0x11, std::string(12, 'x')),
	      proxy_header(0x20, 0x99, "tlv"), proxy_header(0x21, 0x00, ""),
	      proxy_header(0x21, 0x00, "tlv")}) {
		asked a(HTTP_PROXY_PROTOCOL, header + head + "\r\n");
		ASSERT_EQ(a.reason, DROP_none);
		EXPECT_EQ(a.client(), "10.0.0.1");
		EXPECT_EQ(a.req->http.head_len, header.size() + head.size() + 2);
	}
}

TEST(proxy_protocol, V2_2_2_OthersAreRefused)
{
	std::string good = tcp("192.0.2.7"), flipped = good;
	flipped[11] = '\r';
	for (const std::string &header :
	     {proxy_header(0x11, 0x11, std::string(12, 'x')),  /* version 1 */
	      proxy_header(0x22, 0x11, std::string(12, 'x')),  /* unknown command */
	      proxy_header(0x21, 0x12, std::string(12, 'x')),  /* UDP */
	      proxy_header(0x21, 0x31, std::string(216, 'x')), /* UNIX */
	      proxy_header(0x21, 0x11, std::string(11, 'x')),
	      proxy_header(0x21, 0x21, std::string(35, 'x')),
	      proxy_header(0x21, 0x11, std::string(PROXY_PROTOCOL_MAX + 1, 'x')), flipped,
	      std::string("PROXY TCP4 192.0.2.7 192.0.2.1 1 80\r\n"), std::string()}) {
		asked a(HTTP_PROXY_PROTOCOL, header + head + "\r\n");
		EXPECT_EQ(a.reason, DROP_http_proxy);
		EXPECT_EQ(a.req->http.status, 400);
		EXPECT_FALSE(a.req->http.keep);
	}
}

TEST(proxy_protocol, cut_at_every_octet)
{
	std::string whole = tcp("2a00::7", "tlv") + head + "\r\n";
	for (size_t len = 0; len < whole.size(); len++) {
		asked a(HTTP_PROXY_PROTOCOL, whole.substr(0, len));
		ASSERT_EQ(a.reason, DROP_http_head_split) << len;
		ASSERT_EQ(a.req->http.status, 431);
		ASSERT_FALSE(a.req->http.keep);
	}
}

TEST(http_client, who_is_not_trusted_is_the_client)
{
	const std::string forged =
		head + "Forwarded: for=1.1.1.1\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n";
	for (const char *peer : {"192.0.2.9", "2001:db9::1"})
		for (enum http_proxy proxy : {HTTP_PROXY_NONE, HTTP_PROXY_PROTOCOL,
					      HTTP_PROXY_FORWARDED, HTTP_PROXY_X_FORWARDED_FOR}) {
			asked a(proxy, forged, peer), b(proxy, tcp("1.1.1.1") + forged, peer);
			EXPECT_EQ(a.reason, DROP_none);
			EXPECT_EQ(a.client(), peer);
			EXPECT_EQ(b.reason, DROP_http_bad_request);
		}
	EXPECT_EQ(asked(HTTP_PROXY_NONE, forged).client(), "10.0.0.1");
	EXPECT_EQ(asked(HTTP_PROXY_PROTOCOL, tcp("192.0.2.7") + forged).client(), "192.0.2.7");
}

/* A later request on the connection has the client of the first one, which may be within the proxies' prefixes. */
TEST(http_client, proxy_header_comes_once)
{
	asked later(HTTP_PROXY_PROTOCOL, head + "\r\n", "10.9.9.9", false);
	EXPECT_EQ(later.reason, DROP_none);
	EXPECT_EQ(later.client(), "10.9.9.9");
	EXPECT_EQ(asked(HTTP_PROXY_PROTOCOL, tcp("1.1.1.1") + head + "\r\n", "10.9.9.9", false)
			  .reason,
		  DROP_http_bad_request);
}

struct hops_case {
	const char *fields, *client;
};

TEST(forwarded, Rfc7239_4_TheLastHopThatIsNotTrusted)
{
	const hops_case cases[] = {
		{"", "10.0.0.1"},
		{"Forwarded: for=192.0.2.7\r\n", "192.0.2.7"},
		{"forwarded:FOR=\"192.0.2.7:4711\";proto=http;by=203.0.113.43\r\n", "192.0.2.7"},
		{"Forwarded: proto=http ; for=\"[2a00::7]:80\"\r\n", "2a00::7"},
		{"Forwarded: for=\"[2a00::7]\"\r\n", "2a00::7"},
		{"Forwarded: for=1.1.1.1, for=192.0.2.7\r\n", "192.0.2.7"},
		{"Forwarded: for=1.1.1.1\r\nX: y\r\nForwarded: for=192.0.2.7\r\n", "192.0.2.7"},
		{"Forwarded: for=1.1.1.1, for=192.0.2.7, for=10.3.3.3, for=\"[2001:db8::5]\"\r\n",
		 "192.0.2.7"},
		{"Forwarded: for=10.2.2.2, for=10.3.3.3\r\n", "10.2.2.2"},
		{"Forwarded: for=\"a,b;c\", for=192.0.2.7\r\n", "192.0.2.7"},
		{"Forwarded: ext=\"for=1.1.1.1\";for=192.0.2.7\r\n", "192.0.2.7"},
		{"Forwarded: for=\"[::ffff:192.0.2.7]\"\r\n", "192.0.2.7"},
		{"Forwarded: for=192.0.2.7:_hidden-port\r\n", "192.0.2.7"},
		/* no address: the hop that said so counts */
		{"Forwarded: for=1.1.1.1, for=unknown\r\n", "10.0.0.1"},
		{"Forwarded: for=1.1.1.1, for=_hidden, for=10.3.3.3\r\n", "10.3.3.3"},
		{"Forwarded: for=1.1.1.1, by=10.0.0.1\r\n", "10.0.0.1"},
		{"Forwarded: for=1.1.1.1;for=2.2.2.2\r\n", "10.0.0.1"},
		{"Forwarded: for=\"1.1.1.1\r\n", "10.0.0.1"},
		{"Forwarded: for=2a00::7\r\n", "10.0.0.1"},
		{"Forwarded: for=[2a00::7\r\n", "10.0.0.1"},
		{"Forwarded: for=\"[1.1.1.1]\"\r\n", "10.0.0.1"},
		{"Forwarded: for=1.1.1.1x\r\n", "10.0.0.1"},
		{"Forwarded: for=1.1.1.1:\r\n", "10.0.0.1"},
		{"Forwarded: for=\r\n", "10.0.0.1"},
		{"Forwarded: 192.0.2.7\r\n", "10.0.0.1"},
		{"X-Forwarded-For: 192.0.2.7\r\n", "10.0.0.1"},
	};
	for (const hops_case &c : cases) {
		asked a(HTTP_PROXY_FORWARDED, head + c.fields + "\r\n");
		ASSERT_EQ(a.reason, DROP_none) << c.fields;
		EXPECT_EQ(a.client(), c.client) << c.fields;
	}
}

TEST(forwarded, x_forwarded_for)
{
	const hops_case cases[] = {
		{"", "10.0.0.1"},
		{"X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"},
		{"x-forwarded-for: 1.1.1.1, 192.0.2.7 , 10.3.3.3\r\n", "192.0.2.7"},
		{"X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2a00::7\r\n", "2a00::7"},
		{"X-Forwarded-For: [2a00::7]:443, 10.3.3.3:99\r\n", "2a00::7"},
		{"X-Forwarded-For: 192.0.2.7:4711,\r\n", "192.0.2.7"},
		{"X-Forwarded-For: 1.1.1.1, unknown\r\n", "10.0.0.1"},
		{"X-Forwarded-For: 1.1.1.1, 2a00::7::\r\n", "10.0.0.1"},
		{"X-Forwarded-For: 1.1.1.1, 10.3.3.300\r\n", "10.0.0.1"},
		{"Forwarded: for=192.0.2.7\r\n", "10.0.0.1"},
	};
	for (const hops_case &c : cases)
		EXPECT_EQ(asked(HTTP_PROXY_X_FORWARDED_FOR, head + c.fields + "\r\n").client(),
			  c.client)
			<< c.fields;
}

TEST(forwarded, hops_are_bounded)
{
	const int most = FORWARDED_HOPS_MAX;
	for (int hops : {most - 1, most, most + 50}) {
		std::string field = "X-Forwarded-For: 192.0.2.7";
		for (int i = 0; i < hops; i++)
			field += ", 10.0.1." + std::to_string(hops - i);
		asked a(HTTP_PROXY_X_FORWARDED_FOR, head + field + "\r\n\r\n");
		EXPECT_EQ(a.client(), hops < FORWARDED_HOPS_MAX
					      ? "192.0.2.7"
					      : "10.0.1." + std::to_string(FORWARDED_HOPS_MAX));
	}
}

TEST(http_client, any_octets_do_no_harm)
{
	std::mt19937 random(3);
	const std::string start = tcp("192.0.2.7", "abc") + head +
				  "Forwarded: for=\"[2a00::7]:80\";proto=http, for=192.0.2.7\r\n"
				  "X-Forwarded-For: 1.1.1.1, [::1]:80\r\n\r\n";
	unsigned taken = 0;
	for (int i = 0; i < 20000; i++) {
		std::string text = start.substr(i % 3 ? 31 : 0);
		for (unsigned n = random() % 3; n; n--)
			text[random() % text.size()] = "\r\n\"[]:;,=. \\\xff\0a1"[random() % 17];
		asked a(i % 3 == 0   ? HTTP_PROXY_PROTOCOL
			: i % 3 == 1 ? HTTP_PROXY_FORWARDED
				     : HTTP_PROXY_X_FORWARDED_FOR,
			text);
		taken += a.reason == DROP_none;
		ASSERT_TRUE(a.req->client.family == 4 || a.req->client.family == 6);
		ASSERT_LE(a.req->http.head_len, text.size());
	}
	EXPECT_GT(taken, 5000u);
}

} // namespace
