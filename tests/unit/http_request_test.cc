/* http_request_test - which heads are taken, which are refused and how, and what is learnt from them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/parsed_request.h"

#include <random>

namespace
{

TEST(http_request, what_a_browser_sends)
{
	parsed p("GET /Live/a%2ets?x=1&y=/../%zz HTTP/1.1\r\nHost: VOD.Example.com:8080\r\n"
		 "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:102.0) \xc3\xa4\r\nAccept: */*\r\n"
		 "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n");
	ASSERT_EQ(p.reason, DROP_none);
	EXPECT_EQ(p.req->protocol, PROTOCOL_HTTP);
	EXPECT_EQ(p.req->http.method, HTTP_GET);
	EXPECT_EQ(p.req->http.minor, 1);
	EXPECT_EQ(p.req->http.unstacked, 0);
	EXPECT_EQ(text_of(p.req->http.host), "VOD.Example.com");
	EXPECT_EQ(text_of(p.req->http.path), "/Live/a%2ets");
	EXPECT_EQ(text_of(p.req->http.query), "?x=1&y=/../%zz");
	EXPECT_EQ(text_of(p.req->http.headers).substr(0, 6), "Host: ");
	EXPECT_EQ(text_of(p.req->http.headers).substr(p.req->http.headers.len - 12),
		  "keep-alive\r\n");
	EXPECT_EQ(p.key(), "com.example.vod/Live/a.ts");
	EXPECT_EQ(p.req->host_len, 15);
}

TEST(http_request, request_line_rfc9112_3)
{
	expect_taken({
		"GET / HTTP/1.1" REST, "HEAD / HTTP/1.1" REST, "GET / HTTP/1.0" REST,
		"GET / HTTP/1.9" REST, "\r\nGET / HTTP/1.1" REST, /* 2.2 */
	});
	expect_refused({
		{"\r\n\r\nGET / HTTP/1.1" REST, bad},
		{"\nGET / HTTP/1.1" REST, bad},
		{" GET / HTTP/1.1" REST, bad},
		{"GET  / HTTP/1.1" REST, bad},
		{"GET /  HTTP/1.1" REST, bad},
		{"GET / HTTP/1.1 " REST, bad},
		{"GET\t/ HTTP/1.1" REST, bad},
		{"GET /\tHTTP/1.1" REST, bad},
		{"GET /a b HTTP/1.1" REST, bad},
		{"GET" REST, bad},
		{"GET " REST, bad},
		{"GET / " REST, bad},
		{"GET HTTP/1.1" REST, bad},
		{"GET /" REST, bad}, /* HTTP/0.9 */
		{"GET / http/1.1" REST, bad},
		{"GET / HTTP/11" REST, bad},
		{"GET / HTTP/1." REST, bad},
		{"GET / HTTP/1.10" REST, bad},
		{"G(T / HTTP/1.1" REST, bad},
		{"\x16\x03\x01\x02\x01", bad}, /* a TLS ClientHello */
		{"GET /\xc3\xa4 HTTP/1.1" REST, bad},
		{"GET /\x7f HTTP/1.1" REST, bad},
	});
}

TEST(http_request, line_ends_rfc9112_2_2)
{
	expect_refused({
		{"GET / HTTP/1.1\nHost: h\r\n\r\n", bad},
		{"GET / HTTP/1.1\rHost: h\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\r\n\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\r\n\rX", bad},
		{"GET /\r HTTP/1.1\r\nHost: h\r\n\r\n", bad},
		{"GET /\n HTTP/1.1\r\nHost: h\r\n\r\n", bad},
	});
}

TEST(http_request, method_rfc9110_9)
{
	expect_refused({
		{"POST / HTTP/1.1" REST, DROP_http_method},
		{"DELETE / HTTP/1.1" REST, DROP_http_method},
		{"PATCH / HTTP/1.1" REST, DROP_http_method},
		{"TRACE / HTTP/1.1" REST, DROP_http_method},
		{"OPTIONS / HTTP/1.1" REST, DROP_http_method},
		{"OPTIONS * HTTP/1.1" REST, DROP_http_method},
		{"CONNECT h:443 HTTP/1.1" REST, DROP_http_method},
		{"get / HTTP/1.1" REST, DROP_http_unknown_method},
		{"GETX / HTTP/1.1" REST, DROP_http_unknown_method},
		{"GE / HTTP/1.1" REST, DROP_http_unknown_method},
		{"PROPFIND / HTTP/1.1" REST, DROP_http_unknown_method},
		{"!#$%&'*+-.^_`|~ / HTTP/1.1" REST, DROP_http_unknown_method},
	});
	std::string text = std::string(1400, 'A') + " / HTTP/1.1" REST;
	expect_refused({{text.c_str(), DROP_http_unknown_method}});
	EXPECT_EQ(parsed("HEAD / HTTP/1.1" REST).req->http.method, HTTP_HEAD);
}

TEST(http_request, Rfc9110_9_1_OtherMethodsByPolicy)
{
	const struct http_limits any = {8192, 8000, true};
	const struct {
		const char *line;
		enum drop_reason reason;
		uint8_t method;
	} cases[] = {
		{"GET /a", DROP_none, HTTP_GET},
		{"POST /a", DROP_none, HTTP_POST},
		{"PUT /a", DROP_none, HTTP_PUT},
		{"DELETE http://o/a", DROP_none, HTTP_DELETE},
		{"OPTIONS /a", DROP_none, HTTP_OPTIONS},
		{"PATCH /a", DROP_none, HTTP_PATCH},
		{"OPTIONS *", DROP_http_method, HTTP_OPTIONS},     /* RFC 9110 §9.3.7 */
		{"TRACE /a", DROP_http_method, HTTP_TRACE},        /* §9.3.8 */
		{"CONNECT h:443", DROP_http_method, HTTP_CONNECT}, /* §9.3.6 */
		{"POST *", bad, HTTP_POST},                        /* RFC 9112 §3.2.4 */
		{"post /a", DROP_http_unknown_method, HTTP_GET},
		{"QUERY /a", DROP_http_unknown_method, HTTP_GET},
	};
	for (const auto &c : cases) {
		parsed p(std::string(c.line) +
				 " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
			 any);
		EXPECT_STREQ(drop_reason_name(p.reason), drop_reason_name(c.reason)) << c.line;
		EXPECT_EQ(p.req->http.method, c.method) << c.line;
		EXPECT_FALSE(p.req->http.keep) << c.line;
	}
}

TEST(http_request, Rfc9112_3_2_2_AbsoluteTargetWinsOverHost)
{
	for (const char *version : {"1.0", "1.1"}) {
		parsed p(std::string("GET http://a.example/x HTTP/") + version +
			 "\r\nHost: b.example:99\r\n\r\n");
		ASSERT_EQ(p.reason, DROP_none);
		EXPECT_EQ(p.key(), "example.a/x");
		EXPECT_EQ(text_of(p.req->http.host), "a.example");
	}
}

TEST(http_request, version_rfc9110_15_6_6)
{
	expect_refused({
		{"GET / HTTP/2.0" REST, DROP_http_version},
		{"GET / HTTP/0.9" REST, DROP_http_version},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", DROP_http_version}, /* RFC 9113 §3.4 */
	});
}

TEST(http_request, first_fault_counts)
{
	expect_refused({
		{"POST / HTTP/2.0" REST, DROP_http_version},
		{"FOO #? HTTP/1.1" REST, DROP_http_unknown_method},
		{"POST #? HTTP/1.1\r\nbad field\r\n\r\n", DROP_http_method},
		{"POST / HTTP/1.1\r\n", DROP_http_method},
		{"GET * HTTP/1.1\r\n", bad},
		{"GET /%zz HTTP/1.1\r\nHost: h\r\n", DROP_http_head_split},
	});
}

TEST(http_request, statuses)
{
	EXPECT_EQ(parsed("x").req->http.status, 431);
	EXPECT_EQ(parsed("\n").req->http.status, 400);
	EXPECT_EQ(parsed("PUT / HTTP/1.1" REST).req->http.status, 405);
	EXPECT_EQ(parsed("X / HTTP/1.1" REST).req->http.status, 501);
	EXPECT_EQ(parsed("GET / HTTP/2.0" REST).req->http.status, 505);
	EXPECT_EQ(parsed("GET /" + std::string(3000, 'x') + " HTTP/1.1" REST).req->http.status,
		  414);
}

TEST(http_request, target_rfc9112_3_2)
{
	expect_taken({
		"GET // HTTP/1.1" REST,
		"GET /? HTTP/1.1" REST,
		"GET /a|b{c}`^\"<>[] HTTP/1.1" REST,
		"GET /?a|b{c}`^\"<>[]\\%zz% HTTP/1.1" REST,
	});
	expect_refused({
		{"GET * HTTP/1.1" REST, bad},
		{"GET h:80 HTTP/1.1" REST, bad},
		{"GET a HTTP/1.1" REST, bad},
		{"GET /a#b HTTP/1.1" REST, bad},
		{"GET /% HTTP/1.1" REST, bad},
		{"GET /%6?1 HTTP/1.1" REST, bad},
		{"GET /%xy HTTP/1.1" REST, bad},
		{"GET /a\\b HTTP/1.1" REST, bad},
	});
}

TEST(http_request, absolute_target_rfc9112_3_2_2)
{
	const struct {
		const char *target, *key, *path, *query;
		uint8_t protocol;
	} cases[] = {
		{"http://o.example/a?b", "example.o/a", "/a", "?b", PROTOCOL_HTTP},
		{"https://o.example/a", "example.o/a", "/a", "", PROTOCOL_HTTPS},
		{"HTTP://O.EXAMPLE:81/", "example.o/", "/", "", PROTOCOL_HTTP},
		{"hTTpS://o:/", "o/", "/", "", PROTOCOL_HTTPS},
		{"http://o", "o/", "/", "", PROTOCOL_HTTP},
		{"http://o:80", "o/", "/", "", PROTOCOL_HTTP},
		{"http://o?/x", "o/", "/", "?/x", PROTOCOL_HTTP},
		{"http://[2001:DB8::1]:80/x", "[2001:db8::1]/x", "/x", "", PROTOCOL_HTTP},
		{"http://o//x", "o//x", "//x", "", PROTOCOL_HTTP},
		{"http://o/http://p/", "o/http://p/", "/http://p/", "", PROTOCOL_HTTP},
	};
	for (const auto &c : cases) {
		parsed p(std::string("GET ") + c.target + " HTTP/1.1" REST);
		ASSERT_EQ(p.reason, DROP_none) << c.target;
		EXPECT_EQ(p.key(), c.key);
		EXPECT_EQ(text_of(p.req->http.path), c.path);
		EXPECT_EQ(text_of(p.req->http.query), c.query);
		EXPECT_EQ(p.req->protocol, c.protocol);
	}
	expect_refused({
		{"GET http:// HTTP/1.1" REST, bad},
		{"GET http:/// HTTP/1.1" REST, bad},
		{"GET http://?a HTTP/1.1" REST, bad},
		{"GET http://:80/ HTTP/1.1" REST, bad},
		{"GET http:/o HTTP/1.1" REST, bad},
		{"GET https:// HTTP/1.1" REST, bad},
		{"GET httpx://o/ HTTP/1.1" REST, bad},
		{"GET ftp://o/ HTTP/1.1" REST, bad},
		{"GET http://u@o/ HTTP/1.1" REST, bad}, /* RFC 9110 §4.2.4 */
		{"GET http://o:x/ HTTP/1.1" REST, bad},
		{"GET http://o:65536/ HTTP/1.1" REST, bad},
		{"GET http://o#f HTTP/1.1" REST, bad},
		{"GET http://o\\p/ HTTP/1.1" REST, bad},
		{"GET http://o/ HTTP/1.1\r\n\r\n", bad},
		{"GET http://o/ HTTP/1.1\r\nHost: a b\r\n\r\n", bad},
		{"GET http://o/ HTTP/1.1\r\nHost: o\r\nHost: o\r\n\r\n", bad},
	});
}

TEST(http_request, host_rfc9112_3_2)
{
	const struct {
		const char *value, *host, *key;
	} cases[] = {
		{"h", "h", "h/"},
		{"A.b.", "A.b", "b.a/"},
		{"h:", "h", "h/"},
		{"h:0", "h", "h/"},
		{"h:65535", "h", "h/"},
		{"192.0.2.1:8080", "192.0.2.1", "1.2.0.192/"},
		{"[::1]", "[::1]", "[::1]/"},
		{"[::1]:80", "[::1]", "[::1]/"},
		{"\t  h \t", "h", "h/"},
	};
	for (const auto &c : cases) {
		parsed p(std::string("GET / HTTP/1.1\r\nX: y\r\nhOST:") + c.value + "\r\n\r\n");
		ASSERT_EQ(p.reason, DROP_none) << c.value;
		EXPECT_EQ(text_of(p.req->http.host), c.host);
		EXPECT_EQ(p.key(), c.key);
	}
	for (const char *value :
	     {"",     " ",      ":80",     "h:x", "h:-1",     "h:65536", "h:000080", "h:80:80",
	      "a b",  "a,b",    "a/b",     "u@h", ".",        "..",      "a..b",     "*",
	      "[::1", "[::1]x", "[::1]80", "::1", "http://h", "h%41",    "h?",       "h#"}) {
		parsed p(std::string("GET / HTTP/1.1\r\nHost: ") + value + "\r\n\r\n");
		EXPECT_EQ(p.reason, bad) << value;
	}
	expect_refused({
		{"GET / HTTP/1.1\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHosts: h\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\r\nX: y\r\nHOST: i\r\n\r\n", bad},
		{"GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", bad},
		{"GET / HTTP/1.0\r\nHost:\r\n\r\n", bad},
	});
}

TEST(http_request, http_1_0_without_host)
{
	parsed p("GET /a/../b HTTP/1.0\r\n\r\n");
	ASSERT_EQ(p.reason, DROP_none);
	EXPECT_EQ(p.key(), "/b");
	EXPECT_EQ(p.req->host_len, 0);
	EXPECT_EQ(p.req->http.host.len, 0u);
	EXPECT_EQ(p.req->http.minor, 0);
	EXPECT_EQ(p.req->http.headers.len, 0u);
	EXPECT_EQ(p.header("host"), "(none)");
	EXPECT_EQ(parsed("GET http://o/x HTTP/1.0\r\n\r\n").key(), "o/x");
}

TEST(http_request, fields_rfc9112_5)
{
	expect_taken({
		"GET / HTTP/1.1\r\nHost: h\r\nX:\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nX: a\tb : c\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~09azAZ: y\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\nX: 2\r\n\r\n",
	});
	expect_refused({
		{"GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n", bad},  /* 5.1 */
		{"GET / HTTP/1.1\r\nHost: h\r\nX\t: y\r\n\r\n", bad}, /* 5.1 */
		{"GET / HTTP/1.1\r\nHost: h\r\n y\r\n\r\n", bad},     /* 5.2 obs-fold */
		{"GET / HTTP/1.1\r\nHost: h\r\n\ty\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nX: a\r\n b\r\nHost: h\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\n Host: h\r\n\r\n", bad}, /* 2.2 */
		{"GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\r\nX Y: y\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\r\nX(Y: y\r\n\r\n", bad},
		{"GET / HTTP/1.1\r\nHost: h\r\n\xc3\xa4: y\r\n\r\n", bad},
	});
}

/* Each octet at each place of a long value, so that reading by blocks and by ones agree. */
TEST(http_request, octets_of_values_rfc9110_5_5)
{
	for (int c = 0; c < 256; c++) {
		for (size_t place = 0; place < 150; place++) {
			std::string value(150, 'v');
			value[place] = (char)c;
			parsed p("GET / HTTP/1.1\r\nHost: h\r\nX:" + value + "\r\n\r\n");
			bool good = c == '\t' || (c >= ' ' && c != 0x7f);
			ASSERT_EQ(p.reason, good ? DROP_none : bad) << c << " at " << place;
		}
	}
}

TEST(http_request, octets_of_names_rfc9110_5_6_2)
{
	for (int c = 0; c < 256; c++) {
		parsed p(std::string("GET / HTTP/1.1\r\nHost: h\r\nX") + (char)c + "Y: z\r\n\r\n");
		bool good = (c < 0x80 && isalnum(c)) || (c && strchr("!#$%&'*+-.^_`|~:", c));
		ASSERT_EQ(p.reason, good ? DROP_none : bad) << c;
	}
}

TEST(http_request, what_follows_the_head_does_not_matter)
{
	for (const char *more : {"x", "\r\n", "GET / HTTP/1.1\r\n\r\n", "\xff\n"}) {
		parsed p(std::string("GET /a HTTP/1.1" REST) + more);
		EXPECT_EQ(p.reason, DROP_none);
		EXPECT_EQ(text_of(p.req->http.headers), "Host: h\r\n");
	}
}

/* Every start of a request is refused as split; its fault, or the end of its head, decides once and for all. */
void expect_decided_once(const std::string &text)
{
	size_t decided = 0;
	enum drop_reason answer = parsed(text).reason;
	while (decided < text.size() &&
	       parsed(text.substr(0, decided)).reason == DROP_http_head_split)
		decided++;
	for (size_t len = decided; len < text.size(); len++)
		ASSERT_EQ(parsed(text.substr(0, len)).reason, answer) << text << " cut at " << len;
	if (answer == DROP_none) {
		ASSERT_GE(decided, 4u);
		ASSERT_EQ(text.substr(decided - 4, 4), "\r\n\r\n") << text;
	}
}

const std::vector<std::string> whole = {
	"GET / HTTP/1.1" REST,
	"HEAD /a/b?c HTTP/1.0\r\n\r\n",
	"\r\nGET http://o.example:80/x/%41 HTTP/1.1\r\nA: b\r\nHost: [::1]:8080\r\nC:\r\n\r\n",
	"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: o\r\nExpect: 100-continue\r\n\r\n",
	"GET https://o HTTP/1.1\r\nHost: o\r\nContent-Length: 10\r\nUser-Agent: some "
	"thing/1.0\r\n\r\n",
};

TEST(http_request, cut_at_every_byte)
{
	for (const std::string &text : whole) {
		for (size_t len = 0; len < text.size(); len++)
			ASSERT_EQ(parsed(text.substr(0, len)).reason, DROP_http_head_split)
				<< text << " cut at " << len;
		ASSERT_EQ(parsed(text).reason, DROP_none) << text;
	}
}

/* What an accepted request promises to those who read it. */
void expect_sound(const parsed &p, const std::string &text)
{
	const struct request_http &http = p.req->http;
	auto clean = [](struct span span) {
		for (uint32_t i = 0; i < span.len; i++) {
			if (span.at[i] <= ' ' || span.at[i] >= 0x7f || span.at[i] == '#')
				return false;
		}
		return true;
	};
	ASSERT_TRUE(clean(http.host) && clean(http.path) && clean(http.query)) << text;
	ASSERT_TRUE(http.path.len > 0 && http.path.at[0] == '/') << text;
	ASSERT_TRUE(http.query.len == 0 || http.query.at[0] == '?') << text;
	ASSERT_TRUE(clean({p.req->key, p.req->key_len})) << text;
	ASSERT_EQ(p.req->key[p.req->host_len], '/') << text;
	ASSERT_EQ(p.req->http.status, 0);
	ASSERT_EQ(text.find("\r\n\r\n", 2) != std::string::npos, true) << text;
}

TEST(http_request, random_changes)
{
	const char *pieces[] = {"\r",    "\n",   "\r\n", " ",       "\t",   ":",
				"/",     "%",    "%2e",  "?",       "#",    "..",
				"@",     "[",    "]",    "\x80",    "\x7f", "Host: h\r\n",
				"HTTP/", "GET ", "1.1",  "http://", "x",    "\r\n\r\n"};
	std::mt19937 random(5);
	unsigned counts[DROP__COUNT] = {};
	for (int i = 0; i < 30000; i++) {
		std::string text = whole[random() % whole.size()];
		for (unsigned n = 1 + random() % 3; n > 0; n--) {
			size_t at = random() % text.size(), len = random() % 3;
			switch (random() % 3) {
			case 0:
				text[at] = (char)random();
				break;
			case 1:
				text.erase(at, len);
				break;
			default:
				text.insert(
					at,
					pieces[random() % (sizeof(pieces) / sizeof(pieces[0]))]);
			}
		}
		parsed p(text);
		counts[p.reason]++;
		if (p.reason == DROP_none)
			expect_sound(p, text);
		if (i % 20 == 0)
			expect_decided_once(text);
		if (HasFatalFailure())
			return;
	}
	for (enum drop_reason reason :
	     {DROP_none, bad, DROP_http_head_split, DROP_http_unknown_method, DROP_http_version})
		EXPECT_GT(counts[reason], 3u) << drop_reason_name(reason);
}

TEST(http_request, header_values)
{
	parsed p("GET / HTTP/1.1\r\nHost: h\r\nAccept:\t text/html \t\r\nX-Empty:\r\nX-Blank:  \r\n"
		 "cookie: a=b\r\nCookie: c=d\r\nX_y: z\r\n\r\n");
	ASSERT_EQ(p.reason, DROP_none);
	EXPECT_EQ(p.header("accept"), "text/html");
	EXPECT_EQ(p.header("cookie"), "a=b");
	EXPECT_EQ(p.header("x-empty"), "");
	EXPECT_EQ(p.header("x-blank"), "");
	EXPECT_EQ(p.header("x_y"), "z");
	EXPECT_EQ(p.header("host"), "h");
	for (const char *name : {"accep", "accept:", "x", "", "x-y", "text/html"})
		EXPECT_EQ(p.header(name), "(none)") << name;
}

struct stacked_case {
	const char *target, *prefix, *key, *host, *path;
};

TEST(http_request, unstack_rfc7336_3_2)
{
	const stacked_case cases[] = {
		{"/vod.example/a/b?q", "/", "example.vod/a/b", "vod.example", "/a/b"},
		{"/VOD.example:8080/a", "/", "example.vod/a", "VOD.example", "/a"},
		{"/vod.example", "/", "example.vod/", "vod.example", "/"},
		{"/vod.example/", "/", "example.vod/", "vod.example", "/"},
		{"/vod.example./x", "/", "example.vod/x", "vod.example", "/x"},
		{"/oc/7/vod.example/a", "/oc/7/", "example.vod/a", "vod.example", "/a"},
		{"/vod.example/../b", "/", "example.vod/b", "vod.example", "/../b"},
		{"/vod.example//b", "/", "example.vod//b", "vod.example", "//b"},
		{"/[::1]/b", "/", "[::1]/b", "[::1]", "/b"},
		{"http://d.example/h/x", "/", "h/x", "h", "/x"},
	};
	for (const stacked_case &c : cases) {
		parsed p(std::string("GET ") + c.target + " HTTP/1.1" REST);
		ASSERT_EQ(p.reason, DROP_none) << c.target;
		ASSERT_TRUE(p.unstack(c.prefix)) << c.target;
		EXPECT_EQ(p.key(), c.key);
		EXPECT_EQ(p.req->key[p.req->host_len], '/');
		EXPECT_EQ(text_of(p.req->http.host), c.host);
		EXPECT_EQ(text_of(p.req->http.path), c.path);
		EXPECT_EQ(p.req->http.unstacked, 1);
	}
}

TEST(http_request, unstack_leaves_the_rest_alone)
{
	const struct {
		const char *target, *prefix;
	} cases[] = {
		{"/", "/"},
		{"//a", "/"},
		{"/a_b..c/x", "/"},
		{"/a%2eb/x", "/"},
		{"/a:x/b", "/"},
		{"/a:99999/b", "/"},
		{"/u@h/b", "/"},
		{"/oc/7/", "/oc/7/"},
		{"/oc/8/h", "/oc/7/"},
		{"/oc/7", "/oc/7/"},
		{"/OC/7/h/x", "/oc/7/"},
		{"/*/x", "/"},
		{"/%6fc/7/h", "/oc/7/"},
		{"/./h/x", "/"},
		{"/[::1/x", "/"},
		{"/x|y/z", "/"},
		{"/h", "/a-prefix-that-is-longer-than-the-path/"},
	};
	for (const auto &c : cases) {
		parsed p(std::string("GET ") + c.target + "?q HTTP/1.1" REST);
		ASSERT_EQ(p.reason, DROP_none) << c.target;
		struct request before = *p.req;
		EXPECT_FALSE(p.unstack(c.prefix)) << c.target;
		EXPECT_EQ(memcmp(&before, p.req.get(), offsetof(struct request, key)), 0)
			<< c.target;
		EXPECT_EQ(memcmp(before.key, p.req->key, before.key_len), 0) << c.target;
	}
	std::string long_label = "/" + std::string(250, 'x') + "." + std::string(63, 'y') + "/z";
	parsed p("GET " + long_label + " HTTP/1.1" REST);
	ASSERT_EQ(p.reason, DROP_none);
	EXPECT_FALSE(p.unstack("/"));
	EXPECT_EQ(p.key(), "h" + long_label);
}

TEST(http_request, unstack_again_and_again)
{
	parsed p("GET /b/x/c/y HTTP/1.1" REST);
	ASSERT_TRUE(p.unstack("/"));
	EXPECT_EQ(p.key(), "b/x/c/y");
	ASSERT_TRUE(p.unstack("/x/"));
	EXPECT_EQ(p.key(), "c/y");
	EXPECT_EQ(p.req->http.unstacked, 2);
	ASSERT_TRUE(p.unstack("/"));
	EXPECT_EQ(p.key(), "y/");
	EXPECT_FALSE(p.unstack("/"));

	std::string path;
	for (int i = 0; i < 300; i++)
		path += "/h";
	parsed deep("GET " + path + " HTTP/1.1" REST);
	int times = 0;
	while (deep.unstack("/"))
		times++;
	EXPECT_EQ(times, 255);
	EXPECT_EQ(deep.req->http.unstacked, 255);
}

} // namespace
