/* http_framing_test - where a request ends: limits, announced bodies, expectations, and whether the connection goes on. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/http_field.h"
}
#include "tests/support/parsed_request.h"

namespace
{

/* As octet_lower has it, for all octets at all places. */
TEST(http_field, names_whatever_their_case)
{
	for (size_t len = 1; len < 20; len++)
		for (size_t place = 0; place < len; place++)
			for (int c = 0; c < 256; c++)
				for (char lower : {'a', 'm', 'z', '-', '0', '_', '~', '`', '{'}) {
					std::string name(len, 'k'), other(len, 'K');
					name[place] = lower;
					other[place] = (char)c;
					struct span span = {(const uint8_t *)other.data(),
							    (uint32_t)len};
					ASSERT_EQ(span_is(span, name.data(), len),
						  octet_lower((uint8_t)c) == (uint8_t)lower)
						<< len << " " << place << " " << c << lower;
				}
}

/* What is said of a head with these fields. */
parsed with(const char *version, const std::string &fields)
{
	return parsed(std::string("GET / HTTP/") + version + "\r\nHost: h\r\n" + fields +
		      "\r\n\r\n");
}

struct framing_case {
	const char *fields;
	enum drop_reason reason;
	bool keep;
};

void expect_framed(const char *version, const std::vector<framing_case> &cases)
{
	for (const framing_case &c : cases) {
		parsed p = with(version, c.fields);
		EXPECT_STREQ(drop_reason_name(p.reason), drop_reason_name(c.reason))
			<< version << " " << c.fields;
		EXPECT_EQ(p.req->http.keep, c.keep) << version << " " << c.fields;
	}
}

TEST(http_framing, Rfc9110_8_6_ContentLengthIsOneDecimalNumber)
{
	expect_framed("1.1", {
				     {"Content-Length: 0", DROP_none, true},
				     {"content-length:00 ", DROP_none, true},
				     {"Content-Length: 1", DROP_none, false},
				     {"CONTENT-LENGTH:\t007\t", DROP_none, false},
				     {"Content-Length: 18446744073709551615", DROP_none, false},
				     {"Content-Length: 18446744073709551616", bad, false},
				     {"Content-Length: 18446744073709551620", bad, false},
				     {"Content-Length: 99999999999999999999999999", bad, false},
				     {"Content-Length:", bad, false},
				     {"Content-Length: -0", bad, false},
				     {"Content-Length: +0", bad, false},
				     {"Content-Length: 0x0", bad, false},
				     {"Content-Length: 1e3", bad, false},
				     {"Content-Length: 1 0", bad, false},
				     {"Content-Length: \"1\"", bad, false},
				     {"Content-Length: 5;x", bad, false},
			     });
}

TEST(http_framing, Rfc9112_6_3_5_SeveralContentLengthsAreRefused)
{
	for (const char *version : {"1.0", "1.1"})
		expect_framed(
			version,
			{
				{"Content-Length: 0, 0", bad, false},
				{"Content-Length: 5,", bad, false},
				{"Content-Length: 0\r\nContent-Length: 0", bad, false},
				{"Content-Length: 5\r\nX: y\r\ncontent-length: 6", bad, false},
			});
}

TEST(http_framing, Rfc9112_6_1_ChunkedAloneIsTaken)
{
	expect_framed("1.1", {
				     {"Transfer-Encoding: chunked", DROP_none, false},
				     {"transfer-encoding:\tChunked ", DROP_none, false},
				     {"Transfer-Encoding: , chunked,", DROP_none, false},
			     });
}

TEST(http_framing, Rfc9112_6_1_UnknownCodingIsNotImplemented)
{
	expect_framed("1.1",
		      {
			      {"Transfer-Encoding: gzip, chunked", DROP_http_coding, false},
			      {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
			       DROP_http_coding, false},
			      {"Transfer-Encoding: identity, chunked", DROP_http_coding, false},
			      {"Transfer-Encoding: a;b=\"c,d\", chunked", DROP_http_coding, false},
		      });
	EXPECT_EQ(with("1.1", "Transfer-Encoding: gzip, chunked").req->http.status, 501);
}

TEST(http_framing, Rfc9112_6_3_4_CodingThatDoesNotEndWithChunkedIsRefused)
{
	expect_framed("1.1", {
				     {"Transfer-Encoding:", bad, false},
				     {"Transfer-Encoding: identity", bad, false},
				     {"Transfer-Encoding: chunked, gzip", bad, false},
				     {"Transfer-Encoding: chunked, chunked", bad, false},
				     {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
				      bad, false},
				     {"Transfer-Encoding: xchunked", bad, false},
				     {"Transfer-Encoding: chunkedx", bad, false},
				     {"Transfer-Encoding: \"chunked\"", bad, false},
				     {"Transfer-Encoding: chunked chunked", bad, false},
			     });
}

TEST(http_framing, Rfc9112_7_1_ChunkedHasNoParameters)
{
	expect_framed("1.1", {
				     {"Transfer-Encoding: chunked;a=b", bad, false},
				     {"Transfer-Encoding: chunked ; a", bad, false},
				     {"Transfer-Encoding: chunked;", bad, false},
			     });
}

TEST(http_framing, Rfc9112_6_1_CodingWithLengthIsRefused)
{
	for (const char *length : {"0", "5"}) {
		std::string field = std::string("Content-Length: ") + length;
		for (const char *coding :
		     {"Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked"}) {
			EXPECT_EQ(with("1.1", field + "\r\n" + coding).reason, bad);
			EXPECT_EQ(with("1.1", coding + ("\r\n" + field)).reason, bad);
		}
	}
}

TEST(http_framing, Rfc9112_6_1_CodingInHttp10IsRefused)
{
	expect_framed("1.0",
		      {
			      {"Transfer-Encoding: chunked", bad, false},
			      {"Transfer-Encoding: gzip, chunked", bad, false},
			      {"Connection: keep-alive\r\nTransfer-Encoding: chunked", bad, false},
		      });
}

TEST(http_framing, Rfc9110_10_1_1_ExpectationsAreMetOrFailed)
{
	expect_framed("1.1",
		      {
			      {"Expect: 100-continue", DROP_none, true},
			      {"expect: 100-Continue\r\nContent-Length: 5", DROP_none, false},
			      {"Expect:", DROP_none, true},
			      {"Expect: 100-continue, 100-continue", DROP_none, true},
			      {"Expect: 200-ok", DROP_http_expectation, false},
			      {"Expect: 100-continue, x=\"y,z\"", DROP_http_expectation, false},
			      {"Expect: 100-continue;x", DROP_http_expectation, false},
			      {"Expect: 100-continue\r\nExpect: y", DROP_http_expectation, false},
		      });
	expect_framed("1.0", {{"Expect: 100-continue", DROP_none, false},
			      {"Expect: y\r\nConnection: keep-alive", DROP_none, true}});
	EXPECT_EQ(with("1.1", "Expect: y").req->http.status, 417);
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
	const struct http_limits limits = {512, 100, false};
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
	const struct http_limits limits = {512, 100, false};
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
