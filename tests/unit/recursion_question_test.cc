/* recursion_question_test - requests of the packet path as redirection-requests, and answers as DRIs. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/recursion_question.h"
#include "lib/dns_wire.h"
#include "lib/http_request.h"
}
#include "tests/support/failing_malloc.h"
#include "tests/support/tables_builder.h"

#include <gtest/gtest.h>

namespace
{

const uint8_t key[16] = {};

void retire(void *, struct retired *)
{
}

/* A question about a request, with what it is asked as. */
struct Question {
	explicit Question(const struct request &req, const char *uri = nullptr,
			  uint8_t strategy = STRATEGY_SEMI_RECURSIVE)
	{
		struct dri_cache_limits limits = {1, 1};
		struct dri_cache *cache = dri_cache_new(&limits, key, retire, nullptr);
		struct dri_ask about;
		struct target cdn = {};
		cdn.strategy = strategy;
		dri_cache_ask(cache, &cdn, &req, &about);
		made = recursion_question_new(&about, uri, uri ? nullptr : &req);
		dri_cache_free(cache);
		if (!made)
			return;
		made->user = {req.client, req.client_len};
		made->source = req.client;
		recursion_question_fill(made, &request);
	}
	~Question()
	{
		free(made);
	}
	struct recursion_question *made;
	struct ri_request request = {};
};

struct request http(const std::string &head)
{
	static std::string kept;
	struct request req = {};
	kept = head + "\r\n\r\n";
	EXPECT_EQ(http_request_parse((const uint8_t *)kept.data(), kept.size(),
				     &http_limits_default, &req),
		  DROP_none);
	EXPECT_TRUE(ip_addr_parse("198.51.100.7", &req.client));
	req.client_len = 32;
	return req;
}

struct ri_response dns_response()
{
	struct ri_response response = {};
	response.protocol = PROTOCOL_DNS;
	response.ttl = 45;
	response.n_v4 = 1;
	response.v4[0][0] = 203;
	return response;
}

struct ri_response http_response(const char *location)
{
	struct ri_response response = {};
	response.protocol = PROTOCOL_HTTP;
	response.status = 302;
	response.location = location;
	return response;
}

/* The Location of a DRI; "": there is none. */
std::string location(const Question &question, const char *uri)
{
	struct ri_response response = http_response(uri);
	struct dri *dri = recursion_question_dri(question.made, &response, 0);
	std::string text = dri ? dri->location : "";
	if (dri)
		dri_release(dri);
	return text;
}

std::string range(const Question &question, const std::vector<std::string> &ranges)
{
	struct ri_response response = dns_response();
	char text[IP_TEXT_MAX];
	for (const std::string &one : ranges)
		EXPECT_TRUE(ip_prefix_parse(one.c_str(), &response.ranges[response.n_ranges++]));
	response.has_scope = true;
	struct ip_prefix found = recursion_question_range(question.made, &response);
	return ip_prefix_text(&found, text);
}

} // namespace

TEST(recursion_question, a_query_is_asked_for_its_name_type_and_client)
{
	DnsAsk ask("WWW.Example.com", DNS_AAAA);
	ASSERT_TRUE(ip_addr_parse("192.0.2.53", &ask.req.client));
	ask.req.client_len = 32;
	Question question(ask.req);
	ASSERT_NE(question.made, nullptr);
	EXPECT_EQ(question.request.protocol, PROTOCOL_DNS);
	EXPECT_STREQ(question.request.qname, "www.example.com");
	EXPECT_EQ(question.request.qtype, DNS_AAAA);
	EXPECT_FALSE(question.request.has_subnet) << "the resolver itself";
	EXPECT_EQ(question.request.resolver.family, 4);
	EXPECT_FALSE(question.request.dns_only);
	EXPECT_TRUE(Question(ask.req, nullptr, STRATEGY_FULL_RECURSIVE).request.dns_only);
}

TEST(recursion_question, a_client_subnet_is_told)
{
	DnsAsk ask("example.com");
	ASSERT_TRUE(ip_addr_parse("198.51.100.0", &ask.req.client));
	ask.req.client_len = 24;
	Question question(ask.req);
	EXPECT_TRUE(question.request.has_subnet);
	EXPECT_EQ(question.request.subnet.len, 24);
}

TEST(recursion_question, a_name_that_is_no_host_name_is_not_asked_for)
{
	DnsAsk ask("a!b.example.com");
	EXPECT_EQ(Question(ask.req).made, nullptr);
}

TEST(recursion_question, a_get_is_asked_for_with_its_effective_uri)
{
	struct request req = http("GET /a/%62?c=d HTTP/1.1\r\nHost: Vod.example.com:80");
	Question question(req);
	ASSERT_NE(question.made, nullptr);
	EXPECT_STREQ(question.request.uri, "http://Vod.example.com/a/%62?c=d");
	EXPECT_STREQ(question.request.method, "GET");
	EXPECT_EQ(question.request.headers, nullptr) << "no Cookie, no Authorization";
	Question again(req, question.request.uri);
	EXPECT_STREQ(again.request.uri, question.request.uri);
	struct request head = http("HEAD / HTTP/1.0\r\nHost: a.example");
	EXPECT_STREQ(Question(head).request.method, "HEAD");
}

TEST(recursion_question, a_uri_that_is_too_long_is_not_asked_for)
{
	std::string query(JSON_IN_TEXT_MAX, 'q');
	EXPECT_EQ(Question(http("GET /?" + query + " HTTP/1.1\r\nHost: a.example")).made, nullptr);
}

TEST(recursion_question, addresses_and_names_become_a_dri)
{
	DnsAsk ask("example.com");
	Question question(ask.req);
	struct ri_response response = dns_response();
	struct dri *dri = recursion_question_dri(question.made, &response, 0);
	ASSERT_NE(dri, nullptr);
	EXPECT_EQ(dri->ttl, 45u);
	EXPECT_EQ(dri->n_v4, 1);
	EXPECT_EQ(dri->v4[0][0], 203);
	dri_release(dri);
	response.n_v4 = 0;
	response.n_cnames = 2;
	response.cnames[0] = "a.test";
	response.cnames[1] = "bc.test";
	uint8_t lengths = 0;
	for (uint32_t turn = 0; turn < 2; turn++) {
		dri = recursion_question_dri(question.made, &response, turn);
		ASSERT_NE(dri, nullptr);
		lengths = (uint8_t)(lengths + dri->cname_len);
		dri_release(dri);
	}
	EXPECT_EQ(lengths, 8 + 9) << "each in its turn";
}

TEST(recursion_question, what_is_no_target_for_the_request_is_none)
{
	DnsAsk ask("example.com");
	Question dns(ask.req), get(http("GET / HTTP/1.1\r\nHost: a.example"));
	struct ri_response refused = dns_response(), other = http_response("http://x.example/"),
			   empty = dns_response();
	refused.protocol = 0;
	refused.error_code = RI_LOOP;
	empty.n_v4 = 0;
	EXPECT_EQ(recursion_question_dri(dns.made, &refused, 0), nullptr);
	EXPECT_EQ(recursion_question_dri(dns.made, &other, 0), nullptr);
	EXPECT_EQ(recursion_question_dri(dns.made, &empty, 0), nullptr);
	EXPECT_EQ(location(get, "http://x.example/a?b"), "http://x.example/a?b");
	EXPECT_EQ(location(get, "https://x.example/a?b"), "https://x.example/a?b");
	EXPECT_EQ(location(get, "ftp://x.example/"), "");
	EXPECT_EQ(location(get, "http://user@x.example/"), "");
	EXPECT_EQ(location(get, ("http://x.example/" + std::string(9000, 'a')).c_str()), "");
}

TEST(recursion_question, an_https_request_is_never_sent_to_http)
{
	Question question(http("GET https://a.example/ HTTP/1.1\r\nHost: a.example"));
	EXPECT_EQ(std::string(question.request.uri).substr(0, 8), "https://");
	EXPECT_EQ(location(question, "http://x.example/"), "");
	EXPECT_EQ(location(question, "https://x.example:8443/"), "https://x.example:8443/");
}

TEST(recursion_question, the_narrowest_range_that_holds_the_user_counts)
{
	DnsAsk ask("example.com");
	ASSERT_TRUE(ip_addr_parse("198.51.100.0", &ask.req.client));
	ask.req.client_len = 24;
	Question question(ask.req);
	EXPECT_EQ(range(question, {"198.51.0.0/16", "198.51.96.0/20", "203.0.113.0/24"}),
		  "198.51.96.0/20");
	EXPECT_EQ(range(question, {"0.0.0.0/0"}), "0.0.0.0/0");
	EXPECT_EQ(range(question, {"198.51.100.0/25"}), "198.51.100.0/24") << "not for all of it";
	EXPECT_EQ(range(question, {"::/0"}), "198.51.100.0/24");
	EXPECT_EQ(range(question, {}), "198.51.100.0/24");
}

TEST(recursion_question, without_memory_there_is_no_dri)
{
	Question question(http("GET / HTTP/1.1\r\nHost: a.example"));
	long fails = 0;
	for (std::string text; text.empty(); fails += text.empty()) {
		failing_malloc.reset(fails);
		text = location(question, "http://x.example/");
	}
	failing_malloc.reset(-1);
	EXPECT_GE(fails, 3);
}
