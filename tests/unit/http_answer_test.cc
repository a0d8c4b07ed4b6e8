/* http_answer_test - the bytes of every answer, at every size of the room for it, and nothing of a client's making in them. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/http_answer.h"
#include "lib/http_request.h"
}
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>

namespace
{

const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";

/* A request, and a redirect for it to http://d.example/ unless the test says otherwise. */
struct exchange {
	explicit exchange(const std::string &text)
	    : text(text), req(std::make_unique<struct request>())
	{
		reason = http_request_parse((const uint8_t *)this->text.data(), this->text.size(),
					    &http_limits_default, req.get());
		dri.authority = authority;
		dri.path_prefix = path_prefix;
		scope.status = 302;
		settings.limits = http_limits_default;
		settings.retry_after = 1;
		verdict.outcome = VERDICT_REDIRECT;
		verdict.scope = &scope;
		verdict.dri = &dri;
	}
	/* With room for it; the date has no NUL behind it. */
	std::string answer()
	{
		GuardPage out(8192), when(date, HTTP_DATE_LEN);
		how.date = (const char *)when.data();
		result = http_answer_write(out.data(), out.size(), req.get(), &verdict, &how);
		how.date = date;
		return std::string((char *)out.data(), result.len);
	}
	std::string field(const std::string &name)
	{
		std::string all = answer(), start = "\r\n" + name + ": ";
		size_t at = all.find(start);
		if (at == std::string::npos)
			return "(none)";
		at += start.size();
		return all.substr(at, all.find("\r\n", at) - at);
	}
	std::string status()
	{
		std::string all = answer();
		return all.substr(0, all.find("\r\n"));
	}

	char authority[32] = "d.example", path_prefix[32] = "/", http[8] = "http",
	     https[8] = "https";
	std::string text;
	std::unique_ptr<struct request> req;
	enum drop_reason reason;
	struct dri dri = {};
	struct scope scope = {};
	struct verdict verdict = {};
	struct http_settings settings = {};
	struct http_answer_how how = {&settings, date, false, {}};
	struct http_answer result = {};
};

std::string get(const std::string &target)
{
	return "GET " + target + " HTTP/1.1\r\nHost: VOD.Example.com:8080\r\n\r\n";
}

TEST(http_answer, redirect_whole)
{
	exchange e(get("/Live/a%2fb?x=1"));
	EXPECT_EQ(e.answer(), "HTTP/1.1 302 Found\r\n"
			      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
			      "Location: http://d.example/Live/a%2fb?x=1\r\n"
			      "Content-Length: 0\r\n"
			      "Connection: close\r\n\r\n");
	EXPECT_EQ(e.result.reason, DROP_none);
}

TEST(http_answer, redirect_status_rfc9110_15_4)
{
	const struct {
		uint16_t status;
		const char *line;
	} cases[] = {
		{301, "HTTP/1.1 301 Moved Permanently"},  {302, "HTTP/1.1 302 Found"},
		{303, "HTTP/1.1 303 See Other"},          {307, "HTTP/1.1 307 Temporary Redirect"},
		{308, "HTTP/1.1 308 Permanent Redirect"}, {0, "HTTP/1.1 302 Found"},
	};
	for (const auto &c : cases) {
		exchange e(get("/"));
		e.scope.status = c.status;
		EXPECT_EQ(e.status(), c.line);
		EXPECT_EQ(e.result.reason, DROP_none);
	}
	exchange fallback(get("/"));
	fallback.verdict.scope = nullptr;
	EXPECT_EQ(fallback.status(), "HTTP/1.1 302 Found");
}

TEST(http_answer, location_rfc8804_2)
{
	const struct {
		const char *target, *prefix;
		bool host;
		const char *location;
	} cases[] = {
		{"/", "/", false, "http://d.example/"},
		{"/a/b", "/", false, "http://d.example/a/b"},
		{"/a/b", "/oc/7/", false, "http://d.example/oc/7/a/b"},
		{"/a/b", "/oc/7/", true, "http://d.example/oc/7/vod.example.com/a/b"},
		{"/", "/", true, "http://d.example/vod.example.com/"},
		{"/?q=/../%zz", "/", true, "http://d.example/vod.example.com/?q=/../%zz"},
		{"//x.example/y", "/", false, "http://d.example//x.example/y"},
		{"/%C3%a4|^", "/", false, "http://d.example/%C3%a4|^"},
		{"http://O.example.:99/a", "/", true, "http://d.example/o.example/a"},
		{"http://[2001:DB8::1]/a", "/", true, "http://d.example/[2001:db8::1]/a"},
		{"http://o", "/p/", false, "http://d.example/p/"},
		/* the client's octets, though they are matched in normal form */
		{"/../../x", "/oc/7/", false, "http://d.example/oc/7/../../x"},
		{"/a/%2E%2e/x?..", "/oc/7/", true,
		 "http://d.example/oc/7/vod.example.com/a/%2E%2e/x?.."},
		{"/a/.", "/oc/7/", false, "http://d.example/oc/7/a/."},
		{"/.well-known/%7ex", "/", false, "http://d.example/.well-known/%7ex"},
		{"/a.b/c..%2e", "/", false, "http://d.example/a.b/c..%2e"},
	};
	for (const auto &c : cases) {
		exchange e(get(c.target));
		ASSERT_EQ(e.reason, DROP_none) << c.target;
		strcpy(e.path_prefix, c.prefix);
		e.dri.include_redirecting_host = c.host;
		EXPECT_EQ(e.field("Location"), c.location);
	}
}

TEST(http_answer, location_after_unstacking_rfc7336_3_2)
{
	exchange e(get("/cdn/O.example:80/a/b?c"));
	ASSERT_TRUE(http_request_unstack(e.req.get(), "/cdn/", 5));
	EXPECT_EQ(e.field("Location"), "http://d.example/a/b?c");
	e.dri.include_redirecting_host = true;
	EXPECT_EQ(e.field("Location"), "http://d.example/o.example/a/b?c");
}

TEST(http_answer, schemes)
{
	exchange plain(get("/")), secure(get("https://o/"));
	EXPECT_EQ(plain.field("Location"), "http://d.example/");
	EXPECT_EQ(secure.field("Location"), "https://d.example/");
	plain.dri.scheme = plain.https;
	secure.dri.scheme = secure.https;
	EXPECT_EQ(plain.field("Location"), "https://d.example/");
	EXPECT_EQ(secure.field("Location"), "https://d.example/");
	plain.dri.scheme = plain.http;
	secure.dri.scheme = secure.http;
	EXPECT_EQ(plain.field("Location"), "http://d.example/");
	EXPECT_EQ(secure.status(), "HTTP/1.1 503 Service Unavailable");
	EXPECT_EQ(secure.result.reason, DROP_http_no_target);
	EXPECT_EQ(secure.field("Location"), "(none)");
}

TEST(http_answer, redirects_that_cannot_be_said)
{
	exchange no_dri(get("/")), no_authority(get("/")), no_host("GET / HTTP/1.0\r\n\r\n");
	no_dri.verdict.dri = nullptr;
	no_authority.dri.authority = nullptr;
	no_host.dri.include_redirecting_host = true;
	for (exchange *e : {&no_dri, &no_authority, &no_host}) {
		EXPECT_EQ(e->status(), "HTTP/1.1 503 Service Unavailable");
		EXPECT_EQ(e->result.reason, DROP_http_no_target);
		EXPECT_EQ(e->field("Retry-After"), "1");
	}
	no_host.dri.include_redirecting_host = false;
	EXPECT_EQ(no_host.field("Location"), "http://d.example/");
}

struct error_case {
	enum verdict_outcome outcome;
	uint16_t status;
	enum drop_reason reason;
	const char *line, *more;
};

const error_case error_cases[] = {
	{VERDICT_DENY, 0, DROP_http_denied, "403 Forbidden", ""},
	{VERDICT_NO_SCOPE, 0, DROP_http_no_scope, "404 Not Found", ""},
	{VERDICT_NO_TARGET, 0, DROP_http_no_target, "503 Service Unavailable",
	 "Retry-After: 1\r\n"},
	{VERDICT_ERROR, 400, DROP_http_bad_request, "400 Bad Request", ""},
	{VERDICT_ERROR, 405, DROP_http_method, "405 Method Not Allowed", "Allow: GET, HEAD\r\n"},
	{VERDICT_ERROR, 414, DROP_http_uri_long, "414 URI Too Long", ""},
	{VERDICT_ERROR, 417, DROP_http_expectation, "417 Expectation Failed", ""},
	{VERDICT_ERROR, 431, DROP_http_head_split, "431 Request Header Fields Too Large", ""},
	{VERDICT_ERROR, 501, DROP_http_unknown_method, "501 Not Implemented", ""},
	{VERDICT_ERROR, 505, DROP_http_version, "505 HTTP Version Not Supported", ""},
	{VERDICT_ERROR, 0, DROP_http_bad_request, "400 Bad Request", ""},
	{VERDICT_ERROR, 999, DROP_http_bad_request, "400 Bad Request", ""},
};

TEST(http_answer, errors_rfc9110_15)
{
	for (const error_case &c : error_cases) {
		exchange e(get("/"));
		e.verdict.outcome = (uint8_t)c.outcome;
		e.verdict.dri = nullptr;
		e.verdict.scope = nullptr;
		e.req->http.status = c.status;
		std::string expected = std::string("HTTP/1.1 ") + c.line + "\r\nDate: " + date +
				       "\r\n" + c.more +
				       "Content-Length: 0\r\nConnection: close\r\n\r\n";
		EXPECT_EQ(e.answer(), expected);
		EXPECT_EQ(e.result.reason, c.reason);
	}
}

TEST(http_answer, longest_without_a_location)
{
	size_t longest = 0;
	for (const error_case &c : error_cases) {
		exchange e("GET / HTTP/1.0\r\n\r\n");
		e.verdict.outcome = (uint8_t)c.outcome;
		e.req->http.status = c.status;
		e.settings.retry_after = 86400;
		e.settings.limits.any_method = true;
		e.how.keep = true;
		longest = std::max(longest, e.answer().size());
	}
	EXPECT_EQ(longest, (size_t)HTTP_ANSWER_ERROR_MAX);
}

TEST(http_answer, Rfc9110_15_5_6_AllowNamesWhatIsTaken)
{
	exchange e(get("/"));
	e.verdict.outcome = VERDICT_ERROR;
	e.req->http.status = 405;
	EXPECT_EQ(e.field("Allow"), "GET, HEAD");
	e.settings.limits.any_method = true;
	EXPECT_EQ(e.field("Allow"), "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
}

TEST(http_answer, Rfc9110_15_4_OtherMethodsAreRedirectedAsTheyAre)
{
	const struct {
		uint16_t scope;
		const char *status;
	} cases[] = {{301, "308 Permanent Redirect"},
		     {302, "307 Temporary Redirect"},
		     {303, "307 Temporary Redirect"},
		     {307, "307 Temporary Redirect"},
		     {308, "308 Permanent Redirect"}};
	for (const auto &c : cases) {
		exchange e(get("/"));
		e.scope.status = c.scope;
		for (int method = HTTP_POST; method <= HTTP_PATCH; method++) {
			e.req->http.method = (uint8_t)method;
			EXPECT_EQ(e.status(), std::string("HTTP/1.1 ") + c.status);
			EXPECT_EQ(e.field("Location"), "http://d.example/");
		}
	}
}

TEST(http_answer, Rfc9111_5_2_CacheControlOfTheScope)
{
	char value[] = "max-age=60";
	exchange e(get("/"));
	EXPECT_EQ(e.field("Cache-Control"), "(none)");
	e.scope.cache_control = value;
	EXPECT_EQ(e.field("Cache-Control"), "max-age=60");
	e.dri.signed_uri = true;
	EXPECT_EQ(e.field("Cache-Control"), "no-store");
	e.verdict.outcome = VERDICT_DENY;
	EXPECT_EQ(e.field("Cache-Control"), "max-age=60");
	for (int outcome : {VERDICT_NO_TARGET, VERDICT_FORBIDDEN, VERDICT_ERROR}) {
		e.verdict.outcome = (uint8_t)outcome;
		EXPECT_EQ(e.field("Cache-Control"), "(none)") << outcome;
	}
	e.verdict.outcome = VERDICT_REDIRECT;
	e.dri.authority = nullptr;
	EXPECT_EQ(e.status(), "HTTP/1.1 503 Service Unavailable");
	EXPECT_EQ(e.field("Cache-Control"), "(none)");
}

TEST(http_answer, Rfc9110_12_5_5_VaryNamesTheFieldsThatDecided)
{
	exchange e(get("/"));
	const char *names[] = {"user-agent", "cookie", "x"};
	EXPECT_EQ(e.field("Vary"), "(none)");
	memcpy(e.verdict.vary, names, sizeof(names));
	const char *texts[] = {"(none)", "user-agent", "user-agent, cookie",
			       "user-agent, cookie, x", "*"};
	for (uint8_t n = 0; n <= VERDICT_VARY_MAX + 1; n++) {
		e.verdict.n_vary = n;
		for (int outcome : {VERDICT_REDIRECT, VERDICT_DENY, VERDICT_NO_SCOPE}) {
			e.verdict.outcome = (uint8_t)outcome;
			EXPECT_EQ(e.field("Vary"), texts[n]) << outcome;
		}
	}
}

/* The content and its fields come last. */
TEST(http_answer, Rfc9110_8_6_BodyOfItsStatus)
{
	char type[] = "text/plain", bytes[] = "not here", empty_type[] = "x/y", html[] = "go";
	struct http_body bodies[] = {{404, 8, type, bytes, nullptr},
				     {302, 2, empty_type, html, nullptr}};
	exchange e(get("/"));
	e.verdict.outcome = VERDICT_NO_SCOPE;
	std::string without = e.answer();
	e.settings.bodies = bodies;
	e.settings.n_bodies = 2;
	std::string head =
		without.substr(0, without.find("Content-Length")) +
		"Content-Type: text/plain\r\nContent-Length: 8\r\nConnection: close\r\n\r\n";
	EXPECT_EQ(e.answer(), head + "not here");
	e.req->http.method = HTTP_HEAD;
	EXPECT_EQ(e.answer(), head) << "RFC 9110 9.3.2";
	for (int method : {HTTP_GET, HTTP_HEAD}) {
		e.req->http.method = (uint8_t)method;
		for (size_t cap = without.size(); cap < head.size() + 8; cap++) {
			GuardPage out(cap);
			struct http_answer got =
				http_answer_write(out.data(), cap, e.req.get(), &e.verdict, &e.how);
			ASSERT_EQ(std::string((char *)out.data(), got.len), without) << cap;
		}
	}
	e.req->http.method = HTTP_GET;
	e.verdict.outcome = VERDICT_REDIRECT;
	EXPECT_EQ(e.field("Content-Type"), "x/y");
	EXPECT_EQ(e.answer().substr(e.answer().size() - 6), "\r\n\r\ngo");
	const uint8_t json[] = {'{', '}', ' '};
	e.how.content = {"application/json", json, 3};
	EXPECT_EQ(e.answer().substr(e.answer().size() - 7), "\r\n\r\n{} ");
	EXPECT_EQ(e.field("Content-Length"), "3");
	e.verdict.outcome = VERDICT_NO_SCOPE;
	EXPECT_EQ(e.field("Content-Type"), "text/plain") << "of a redirect alone";
}

TEST(http_answer, Rfc9110_12_5_5_VaryNamesAcceptWhereJsonCanBeHad)
{
	exchange e(get("/"));
	e.settings.json_locations = true;
	EXPECT_EQ(e.field("Vary"), "accept");
	e.verdict.vary[0] = "cookie";
	e.verdict.n_vary = 1;
	EXPECT_EQ(e.field("Vary"), "accept, cookie");
	e.verdict.outcome = VERDICT_DENY;
	EXPECT_EQ(e.field("Vary"), "cookie");
}

TEST(http_answer, Rfc9110_10_2_3_RetryAfter)
{
	for (uint32_t seconds : {0u, 7u, 30u, 86400u}) {
		exchange e(get("/"));
		e.verdict.outcome = VERDICT_NO_TARGET;
		e.settings.retry_after = seconds;
		EXPECT_EQ(e.field("Retry-After"), std::to_string(seconds));
	}
}

TEST(http_answer, Rfc9112_9_3_ConnectionGoesOnOrNot)
{
	exchange now(get("/")), old("GET / HTTP/1.0\r\n\r\n");
	for (int outcome : {VERDICT_REDIRECT, VERDICT_NO_SCOPE}) {
		for (exchange *e : {&now, &old}) {
			e->verdict.outcome = (uint8_t)outcome;
			e->how.keep = false;
			EXPECT_EQ(e->field("Connection"), "close");
			e->how.keep = true;
		}
		EXPECT_EQ(now.field("Connection"), "(none)");
		EXPECT_EQ(old.field("Connection"), "keep-alive");
	}
}

TEST(http_answer, error_of_the_parser_comes_back)
{
	for (const char *text : {"GET", "GET / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", "GET /\n",
				 "PUT / HTTP/1.1\r\n", "X / HTTP/1.1\r\n", "GET / HTTP/2.0\r\n"}) {
		exchange e(text);
		e.verdict.outcome = VERDICT_ERROR;
		e.answer();
		EXPECT_EQ(e.result.reason, e.reason) << text;
	}
}

/* Never past the room, never a part: the answer, else 414, else nothing. */
TEST(http_answer, room_of_every_size_for_a_redirect)
{
	exchange e(get("/" + std::string(300, 'x') + "?" + std::string(100, 'y')));
	std::string whole = e.answer();
	for (size_t cap = 0; cap <= whole.size(); cap++) {
		GuardPage out(cap);
		struct http_answer got =
			http_answer_write(out.data(), cap, e.req.get(), &e.verdict, &e.how);
		ASSERT_LE(got.len, cap);
		std::string text((char *)out.data(), got.len);
		if (cap == whole.size()) {
			ASSERT_EQ(text, whole);
			ASSERT_EQ(got.reason, DROP_none);
			continue;
		}
		ASSERT_EQ(got.reason, DROP_http_uri_long) << cap;
		if (got.len) {
			ASSERT_EQ(text.substr(0, 13), "HTTP/1.1 414 ") << cap;
			ASSERT_EQ(text.substr(text.size() - 4), "\r\n\r\n") << cap;
		} else {
			ASSERT_LT(cap, (size_t)HTTP_ANSWER_ERROR_MAX);
		}
	}
}

TEST(http_answer, room_of_every_size_for_errors)
{
	for (const error_case &c : error_cases) {
		exchange e(get("/"));
		e.verdict.outcome = (uint8_t)c.outcome;
		e.req->http.status = c.status;
		size_t len = e.answer().size();
		for (size_t cap = 0; cap <= len; cap++) {
			GuardPage out(cap);
			struct http_answer got =
				http_answer_write(out.data(), cap, e.req.get(), &e.verdict, &e.how);
			ASSERT_EQ(got.len, cap < len ? 0 : len) << c.line << " in " << cap;
			ASSERT_EQ(got.reason, c.reason);
		}
	}
}

/* CR, LF, controls and the like can come into an answer only if the parser takes them: whatever a client writes, the
 * answer has its five lines, and the Location is printable. */
TEST(http_answer, nothing_is_injected)
{
	std::mt19937 random(9);
	const char *pieces[] = {"\r\n", "\r", "\n",   "%0d%0a", "%0D", "\r\nSet-Cookie: a=b",
				" ",    "\t", "\x85", "\x7f",   "/",   "/..",
				"%2e",  "?",  "\\",   "@evil",  "://", "//"};
	unsigned taken = 0;
	for (int i = 0; i < 50000; i++) {
		std::string target = "/a", host = "h.example";
		for (unsigned n = random() % 4; n > 0; n--) {
			std::string &where = random() % 4 ? target : host;
			where.insert(random() % (where.size() + 1),
				     pieces[random() % (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		exchange e("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
		e.dri.include_redirecting_host = random() % 2;
		strcpy(e.path_prefix, "/p/");
		if (e.reason != DROP_none)
			e.verdict.outcome = VERDICT_ERROR;
		std::string all = e.answer();
		for (size_t at = 0; at < all.size(); at++)
			ASSERT_TRUE((all[at] >= ' ' && all[at] < 0x7f) || all[at] == '\r' ||
				    all[at] == '\n');
		EXPECT_EQ(std::count(all.begin(), all.end(), '\r'), e.reason ? 5 : 6) << e.text;
		EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), e.reason ? 5 : 6) << e.text;
		EXPECT_EQ(all.find("\r\n\r\n"), all.size() - 4);
		if (e.reason)
			continue;
		taken++;
		std::string location = e.field("Location");
		ASSERT_EQ(location.find(' '), std::string::npos) << e.text;
		ASSERT_EQ(location.compare(0, 19, "http://d.example/p/"), 0) << e.text;
	}
	EXPECT_GT(taken, 5000u);
}

/* A worker knows no more than that it has to be verified. */
TEST(http_answer, signed_uris_are_not_redirected_unverified)
{
	exchange e(get("/a?URISigningPackage=x"));
	e.scope.signed_uri = true;
	EXPECT_EQ(e.status(), "HTTP/1.1 403 Forbidden");
	EXPECT_EQ(e.field("Location"), "(none)");
	EXPECT_EQ(e.result.reason, DROP_http_unsigned);
	e.verdict.outcome = VERDICT_DENY;
	EXPECT_EQ(e.status(), "HTTP/1.1 403 Forbidden");
	EXPECT_EQ(e.result.reason, DROP_http_denied);
}

TEST(http_answer, signed_uris_that_were_verified)
{
	std::string location = "http://d.example/a?URISigningPackage=e30.e30.AA",
		    cookie = "URISigningPackage=e30.e30.AA; Path=/";
	exchange e(get("/a?URISigningPackage=x"));
	e.scope.signed_uri = true;
	e.dri.location = &location[0];
	EXPECT_EQ(e.status(), "HTTP/1.1 403 Forbidden") << "a CDN was asked, and nothing verified";
	e.dri.signed_uri = true;
	EXPECT_EQ(e.answer(), "HTTP/1.1 302 Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
			      "Location: " +
				      location +
				      "\r\nCache-Control: no-store\r\nContent-Length: 0\r\n"
				      "Connection: close\r\n\r\n");
	EXPECT_EQ(e.result.reason, DROP_none);
	e.dri.cookie = &cookie[0];
	EXPECT_EQ(e.field("Set-Cookie"), cookie);
	EXPECT_EQ(e.field("Cache-Control"), "no-store");
	location += std::string(9000, 'a');
	e.dri.location = &location[0];
	EXPECT_EQ(e.status(), "HTTP/1.1 414 URI Too Long");
	e.verdict.outcome = VERDICT_FORBIDDEN;
	EXPECT_EQ(e.status(), "HTTP/1.1 403 Forbidden");
	EXPECT_EQ(e.result.reason, DROP_http_unsigned);
}

} // namespace
