/* http_framing_test - where a request ends: limits, announced bodies, expectations, and whether the connection goes on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/parsed_request.h"

namespace
{

TEST(http_framing, body_rfc9112_6)
{
	expect_taken({
		"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
		"HEAD / HTTP/1.1\r\nHost: h\r\ncontent-length:00 \r\n\r\n",
	});
	for (const char *field :
	     {"Content-Length: 1", "Content-Length:", "Content-Length: -0", "Content-Length: +0",
	      "Content-Length: 0, 0", "Content-Length: 0x0", "Content-Length: 18446744073709551616",
	      "Content-Length: 0\r\nContent-Length: 0", "Content-Length: 0\r\ncontent-length: 5",
	      "Transfer-Encoding: chunked", "transfer-encoding:", "TRANSFER-ENCODING: identity",
	      "Content-Length: 0\r\nTransfer-Encoding: chunked"}) {
		for (const char *version : {"1.0", "1.1"}) {
			std::string text =
				std::string("GET / HTTP/") + version + "\r\nHost: h\r\n" + field;
			EXPECT_EQ(parsed(text + "\r\n\r\n").reason, bad) << text;
		}
	}
}

TEST(http_framing, Rfc9112_9_3_2_HeadLenIsWhereTheNextRequestBegins)
{
	const std::string first = "GET /a HTTP/1.1" REST, second = "\r\nHEAD /b HTTP/1.1" REST;
	parsed p(first + second + "G");
	ASSERT_EQ(p.reason, DROP_none);
	ASSERT_EQ(p.req->http.head_len, first.size());
	parsed q(second + "G");
	ASSERT_EQ(q.reason, DROP_none);
	EXPECT_EQ(q.req->http.head_len, second.size());
	EXPECT_EQ(q.key(), "h/b");
}

TEST(http_framing, Rfc9112_9_3_Persistence)
{
	const struct {
		const char *version, *fields;
		bool keep;
	} cases[] = {
		{"1.1", "", true},
		{"1.1", "Connection: close\r\n", false},
		{"1.1", "connection:CLOSE\r\n", false},
		{"1.1", "Connection: keep-alive, close\r\n", false},
		{"1.1", "Connection: ,close ,\r\n", false},
		{"1.1", "Connection: TE\r\nTE: trailers\r\nConnection: close\r\n", false},
		{"1.1", "Connection: closed\r\n", true},
		{"1.1", "Connection:\r\n", true},
		{"1.1", "Connection: keep-alive\r\n", true},
		{"1.1", "Proxy-Connection: close\r\n", true},
		{"1.1", "Content-Length: 0\r\n", true},
		{"1.9", "", true},
		{"1.0", "", false},
		{"1.0", "Connection: keep-alive\r\n", true},
		{"1.0", "Connection: TE , Keep-Alive\r\n", true},
		{"1.0", "Connection: close, keep-alive\r\n", false},
		{"1.0", "Keep-Alive: timeout=5\r\n", false},
	};
	for (const auto &c : cases) {
		parsed p(std::string("GET / HTTP/") + c.version + "\r\nHost: h\r\n" + c.fields +
			 "\r\n");
		ASSERT_EQ(p.reason, DROP_none) << c.fields;
		EXPECT_EQ(p.req->http.keep, c.keep) << c.version << " " << c.fields;
	}
	for (const char *bad_one : {"GET / HTTP/1.1\r\n\r\n", "PUT / HTTP/1.1" REST,
				    "GET / HTTP/1.1\r\nHost: h\r\n", "GET / HTTP/3.1" REST})
		EXPECT_FALSE(parsed(bad_one).req->http.keep) << bad_one;
}

TEST(http_framing, Rfc6585_5_HeadOverTheLimitIsRefused)
{
	const struct http_limits limits = {512, 100};
	for (size_t size : {511u, 512u, 513u, 600u}) {
		std::string text = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
		text += std::string(size - text.size() - 4, 'x') + "\r\n\r\n";
		parsed whole(text, limits);
		EXPECT_EQ(whole.reason, size > 512 ? DROP_http_head_long : DROP_none) << size;
		EXPECT_EQ(whole.req->http.status, size > 512 ? 431 : 0) << size;
		for (size_t len = 0; len < size; len++)
			ASSERT_EQ(parsed(text.substr(0, len), limits).reason,
				  len < 512 ? DROP_http_head_split : DROP_http_head_long)
				<< size << " cut at " << len;
	}
}

TEST(http_framing, Rfc9112_3_TargetOverTheLimitIsRefused)
{
	const struct http_limits limits = {512, 100};
	for (size_t size : {99u, 100u, 101u, 490u, 600u, 2000u}) {
		std::string start = "GET /";
		start += std::string(size - 1, '?');
		std::string text = start + " HTTP/1.1" REST;
		EXPECT_EQ(parsed(text, limits).reason, size > 100 ? DROP_http_uri_long : DROP_none);
		for (size_t len = 0; len < start.size(); len++)
			ASSERT_EQ(parsed(text.substr(0, len), limits).reason,
				  len > 104 ? DROP_http_uri_long : DROP_http_head_split)
				<< size << " cut at " << len;
	}
}

TEST(http_framing, long_target_rfc9110_15_5_15)
{
	std::string longest = "/" + std::string(REQUEST_PATH_MAX - 1, 'x');
	EXPECT_EQ(parsed("GET " + longest + " HTTP/1.1" REST).reason, DROP_none);
	EXPECT_EQ(parsed("GET " + longest + "x HTTP/1.1" REST).reason, DROP_http_uri_long);
	EXPECT_EQ(parsed("GET http://o" + longest + " HTTP/1.1" REST).reason, DROP_none);
	EXPECT_EQ(parsed("GET http://o" + longest + "x HTTP/1.1" REST).reason, DROP_http_uri_long);
	parsed query("GET " + longest + "?" + longest + " HTTP/1.1" REST);
	EXPECT_EQ(query.reason, DROP_none);
	EXPECT_EQ(query.req->http.query.len, REQUEST_PATH_MAX + 1u);
}

} // namespace
