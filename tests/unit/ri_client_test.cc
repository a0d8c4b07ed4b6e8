/* ri_client_test - a downstream CDN is asked: what is kept, who shares a question, and what serves when it fails. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "control/ri_client.h"
}

namespace
{

const char *const media_type = "application/cdni; ptype=redirection-response";

std::string target(const std::string &host, const std::string &ranges = "")
{
	std::string scope = ranges.empty() ? "" : R"(, "scope": {"iprange": [)" + ranges + "]}";
	return R"({"dns": {"rcode": 0, "name": "a.example", "cname": [")" + host + R"("]})" +
	       scope + "}";
}

const char *const busy = R"({"error": {"error-code": 504, "reason": "busy"}})";

struct ri_client_test : testing::Test {
	ri_client *client = nullptr;
	std::vector<std::string> bodies;
	std::vector<ri_question *> questions; /* not answered */
	std::vector<std::string> said;        /* "user target seconds" */
	std::function<std::string()> at_once; /* answers within send */
	const char *cache_control = "max-age=10";
	const char *type = media_type;
	uint64_t now = 1000;

	struct User {
		ri_client_test *test;
		std::string name;
	};
	std::vector<std::unique_ptr<User>> users;

	ri_client_test()
	{
		remake(100, 100);
	}
	~ri_client_test() override
	{
		finish();
	}
	void finish()
	{
		while (!questions.empty())
			fail();
		ri_client_free(client);
	}
	void remake(size_t keys, size_t waiters)
	{
		finish();
		ri_client_plan plan = {};
		plan.cache = {1000, 1 << 20, 3, 2000, 500};
		plan.pending = {keys, waiters};
		plan.wait_ms = 300;
		plan.send = send;
		plan.arg = this;
		client = ri_client_new(&plan);
	}
	static void send(void *arg, ri_question *question, const char *body, size_t len)
	{
		auto *test = static_cast<ri_client_test *>(arg);
		test->bodies.emplace_back(body, len);
		test->questions.push_back(question);
		if (test->at_once)
			test->hear(test->at_once());
	}
	/* A user at an address asks for a name. */
	void ask(const std::string &address, const std::string &name = "a.example")
	{
		users.emplace_back(new User{this, address});
		ri_request request = {};
		request.protocol = PROTOCOL_DNS;
		ip_prefix_parse(address.c_str(), &request.subnet);
		request.has_subnet = true;
		request.resolver = request.subnet.addr;
		request.qtype = 1;
		request.qname = name.c_str();
		request.max_hops = RI_NO_LIMIT;
		request.path.ids[request.path.n++] = "AS64500:1";
		ri_client_ask(client, &request, now, on_done, users.back().get());
	}
	static void on_done(void *arg, const ri_response *response, const struct freshness *left)
	{
		auto *user = static_cast<User *>(arg);
		std::string text = user->name;
		if (!response)
			text += " none";
		else if (response->error_code)
			text += " error " + std::to_string(response->error_code);
		else
			text += std::string(" ") + response->cnames[0] + " " +
				std::to_string(left->fresh);
		user->test->said.push_back(text);
	}
	ri_question *first()
	{
		ri_question *question = questions.front();
		questions.erase(questions.begin());
		return question;
	}
	/* The first question is answered. */
	void hear(const std::string &body)
	{
		ri_heard heard = {};
		heard.content_type = type;
		heard.fields.cache_control = cache_control;
		heard.body = body.data();
		heard.len = body.size();
		heard.second = now / 1000;
		ri_client_hear(first(), &heard, now);
	}
	void fail()
	{
		ri_client_hear(first(), nullptr, now);
	}
	/* What was said since the last time. */
	std::vector<std::string> news()
	{
		std::vector<std::string> all;
		all.swap(said);
		return all;
	}
	using News = std::vector<std::string>;
};

TEST_F(ri_client_test, asks_and_keeps)
{
	ask("192.0.2.1");
	EXPECT_EQ(news(), News{});
	ASSERT_EQ(bodies.size(), 1u);
	EXPECT_EQ(
		bodies[0],
		R"({"dns":{"qtype":"A","qclass":"IN","qname":"a.example","resolver-ip":"192.0.2.1",)"
		R"("c-subnet":"192.0.2.1/32"},"cdn-path":["AS64500:1"]})");
	hear(target("n1.example"));
	EXPECT_EQ(news(), (News{"192.0.2.1 n1.example 10"}));
	now += 4000;
	ask("192.0.2.1");
	EXPECT_EQ(news(), (News{"192.0.2.1 n1.example 6"}));
	EXPECT_EQ(bodies.size(), 1u);
	ask("192.0.2.2");
	EXPECT_EQ(bodies.size(), 2u) << "it was for one user only";
	ask("192.0.2.1", "b.example");
	EXPECT_EQ(bodies.size(), 3u);
	now += 7000;
	ask("192.0.2.1");
	EXPECT_EQ(news(), News{}) << "it waits with the other user";
	ri_client_counters counters = ri_client_counts(client);
	EXPECT_EQ(counters.sent, 3u);
	EXPECT_EQ(counters.cache.hits, 1u);
}

TEST_F(ri_client_test, an_answer_within_send)
{
	at_once = [] { return target("n1.example", R"("192.0.2.0/24")"); };
	ask("192.0.2.1");
	ask("192.0.2.2");
	EXPECT_EQ(news(), (News{"192.0.2.1 n1.example 10", "192.0.2.2 n1.example 10"}));
	EXPECT_EQ(bodies.size(), 1u);
}

TEST_F(ri_client_test, many_users_share_a_question)
{
	for (int i = 0; i < 50; i++)
		ask("192.0.2." + std::to_string(i));
	EXPECT_EQ(bodies.size(), 1u);
	hear(target("n1.example", R"("192.0.2.0/24")"));
	EXPECT_EQ(news().size(), 50u);
	EXPECT_EQ(bodies.size(), 1u);
	EXPECT_EQ(ri_client_next(client), UINT64_MAX);
}

TEST_F(ri_client_test, those_for_whom_it_is_not_ask_again)
{
	ask("192.0.2.1");
	ask("192.0.2.9");
	ask("198.51.100.1");
	ask("198.51.100.1");
	ask("203.0.113.1");
	hear(target("n1.example", R"("192.0.2.0/24")"));
	EXPECT_EQ(news(), (News{"192.0.2.1 n1.example 10", "192.0.2.9 n1.example 10"}));
	ASSERT_EQ(bodies.size(), 3u) << "one for each user";
	EXPECT_NE(bodies[1].find("198.51.100.1/32"), std::string::npos);
	EXPECT_NE(bodies[2].find("203.0.113.1/32"), std::string::npos);
	hear(target("n2.example", R"("192.0.2.0/24")"));
	EXPECT_EQ(news(), (News{"198.51.100.1 n2.example 10", "198.51.100.1 n2.example 10"}))
		<< "they asked, whatever the ranges say";
	hear(target("n3.example"));
	EXPECT_EQ(news(), (News{"203.0.113.1 n3.example 10"}));
	EXPECT_EQ(ri_client_next(client), UINT64_MAX);
}

TEST_F(ri_client_test, what_may_not_be_kept_is_for_those_who_wait)
{
	cache_control = "no-store";
	ask("192.0.2.1");
	ask("192.0.2.2");
	hear(target("n1.example", R"("192.0.2.0/24")"));
	EXPECT_EQ(news(), (News{"192.0.2.1 n1.example 0"}));
	hear(target("n2.example", R"("192.0.2.0/24")"));
	EXPECT_EQ(news(), (News{"192.0.2.2 n2.example 0"}));
	ask("192.0.2.1");
	EXPECT_EQ(bodies.size(), 3u);
}

TEST_F(ri_client_test, waiting_ends)
{
	ask("192.0.2.1");
	now += 100;
	ask("192.0.2.2");
	EXPECT_EQ(ri_client_next(client), 1300u);
	ri_client_expire(client, 1300);
	EXPECT_EQ(news(), (News{"192.0.2.1 none"}));
	now = 1350;
	hear(target("n1.example", R"("192.0.2.0/24")"));
	EXPECT_EQ(news(), (News{"192.0.2.2 n1.example 10"}));
	ask("192.0.2.1");
	EXPECT_EQ(news(), (News{"192.0.2.1 n1.example 10"})) << "a late answer is kept";
	ask("198.51.100.1", "b.example");
	ask("198.51.100.2", "b.example");
	now += 100;
	hear(target("n1.example"));
	EXPECT_EQ(news(), (News{"198.51.100.1 n1.example 10"}));
	ri_client_expire(client, 1650);
	EXPECT_EQ(news(), (News{"198.51.100.2 none"}))
		<< "the second question gives no second wait";
}

TEST_F(ri_client_test, refusals)
{
	ask("192.0.2.1");
	ask("192.0.2.2");
	hear(busy);
	EXPECT_EQ(news(), (News{"192.0.2.1 error 504"}));
	hear(target("n1.example"));
	EXPECT_EQ(news(), (News{"192.0.2.2 n1.example 10"})) << "it was refused to one user";
	ask("192.0.2.1");
	EXPECT_EQ(news(), (News{"192.0.2.1 error 504"}));
	EXPECT_EQ(bodies.size(), 2u);
	now += 2000;
	ask("192.0.2.1");
	EXPECT_EQ(bodies.size(), 3u);
	EXPECT_EQ(ri_client_counts(client).refused, 1u);
}

TEST_F(ri_client_test, what_is_no_answer_is_one_for_all)
{
	std::vector<std::function<void()>> ways = {
		[this] { fail(); },
		[this] { hear("{"); },
		[this] { hear(R"({"dns": {"rcode": 0, "name": "a.example"}})"); },
		[this] {
			hear(R"j({"http": {"sc-status": 302, "sc-version": "HTTP/1.1",
				"sc-reason": "Found", "cs-uri": "http://a.example/",
				"sc-(location)": "http://n1.example/"}})j");
		},
		[this] {
			type = "application/json";
			hear(target("n1.example"));
			type = media_type;
		},
		[this] {
			type = nullptr;
			hear(target("n1.example"));
			type = media_type;
		},
	};
	uint64_t n = 0;
	for (auto &way : ways) {
		bodies.clear();
		ask("192.0.2.1");
		ask("2001:db8::1");
		way();
		EXPECT_EQ(news(), (News{"192.0.2.1 error 500", "2001:db8::1 error 500"}));
		ask("203.0.113.1");
		EXPECT_EQ(news(), (News{"203.0.113.1 error 500"}));
		EXPECT_EQ(bodies.size(), 1u);
		EXPECT_EQ(ri_client_counts(client).unusable, ++n);
		now += 2000;
	}
}

TEST_F(ri_client_test, older_answers_serve_in_trouble)
{
	cache_control = "max-age=1, stale-if-error=60";
	ask("192.0.2.1");
	hear(target("n1.example", R"("192.0.2.0/24")"));
	news();
	now += 2000;
	ask("192.0.2.2");
	EXPECT_EQ(news(), News{});
	ri_client_expire(client, now + 300);
	EXPECT_EQ(news(), (News{"192.0.2.2 n1.example 0"})) << "it is late";
	ask("192.0.2.3");
	fail();
	EXPECT_EQ(news(), (News{"192.0.2.3 n1.example 0"})) << "it failed";
	ask("192.0.2.4");
	EXPECT_EQ(news(), (News{"192.0.2.4 n1.example 0"})) << "it failed just now";
	EXPECT_EQ(bodies.size(), 2u);
	now += 3000;
	ask("192.0.2.5");
	hear(busy);
	EXPECT_EQ(news(), (News{"192.0.2.5 n1.example 0"}));
	now += 3000;
	cache_control = "no-store";
	ask("192.0.2.5");
	hear(target("n2.example"));
	EXPECT_EQ(news(), (News{"192.0.2.5 n2.example 0"}))
		<< "not an older one when there is an answer";
	remake(1, 1);
	cache_control = "max-age=1, stale-if-error=60";
	ask("192.0.2.1");
	ask("192.0.2.1", "b.example");
	EXPECT_EQ(news(), (News{"192.0.2.1 none"})) << "at a bound";
	hear(target("n1.example"));
	now += 2000;
	ask("192.0.2.9", "c.example");
	ask("192.0.2.1");
	EXPECT_EQ(news(), (News{"192.0.2.1 n1.example 1", "192.0.2.1 n1.example 0"}));
}

TEST_F(ri_client_test, stale_while_it_is_asked_again)
{
	cache_control = "max-age=1, stale-while-revalidate=60";
	ask("192.0.2.1");
	hear(target("n1.example"));
	now += 2000;
	ask("192.0.2.1");
	ask("192.0.2.1");
	EXPECT_EQ(news(), (News{"192.0.2.1 n1.example 1", "192.0.2.1 n1.example 0",
				"192.0.2.1 n1.example 0"}));
	EXPECT_EQ(bodies.size(), 2u) << "one asks";
	hear(target("n2.example"));
	EXPECT_EQ(news(), News{});
	ask("192.0.2.1");
	EXPECT_EQ(news(), (News{"192.0.2.1 n2.example 1"}));
	/* When that ends within send, the user has its answer already. */
	at_once = [] { return target("n3.example"); };
	now += 2000;
	ask("192.0.2.1");
	ask("192.0.2.1");
	EXPECT_EQ(news(), (News{"192.0.2.1 n2.example 0", "192.0.2.1 n3.example 1"}));
}

TEST_F(ri_client_test, hot_answers_never_end)
{
	unsigned missed = 0;
	ask("192.0.2.1");
	hear(target("n1.example", R"("192.0.2.0/24")"));
	at_once = [] { return target("n1.example", R"("192.0.2.0/24")"); };
	news();
	for (int i = 0; i < 1000; i++, now += 100) {
		ask("192.0.2." + std::to_string(i % 256));
		missed += news().size() != 1;
	}
	EXPECT_EQ(missed, 0u);
	EXPECT_LE(bodies.size(), 13u) << "100 s, answers for 10 s";
	EXPECT_EQ(ri_client_counts(client).cache.misses, 1u);
}

TEST_F(ri_client_test, forget)
{
	ask("192.0.2.1");
	hear(target("n1.example"));
	ri_client_forget(client);
	ask("192.0.2.1");
	EXPECT_EQ(bodies.size(), 2u);
}

TEST_F(ri_client_test, the_end)
{
	ask("192.0.2.1");
	ask("192.0.2.2");
	ask("192.0.2.1", "b.example");
	ri_client_free(client);
	client = nullptr;
	questions.clear();
	EXPECT_EQ(news().size(), 3u);
	ri_client_free(nullptr);
}

TEST_F(ri_client_test, no_memory)
{
	at_once = [] { return target("n1.example"); };
	ask("192.0.2.1");
	ri_client_forget(client);
	failing_malloc.reset(-1);
	ask("192.0.2.1");
	long calls = failing_malloc.calls;
	EXPECT_GT(calls, 8);
	for (long at = 0; at < calls; at++) {
		news();
		ri_client_forget(client);
		failing_malloc.reset(at);
		ask("192.0.2.1");
		failing_malloc.reset(-1);
		News heard = news();
		ASSERT_EQ(heard.size(), 1u) << at;
		EXPECT_TRUE(heard[0] == "192.0.2.1 n1.example 10" || heard[0] == "192.0.2.1 none")
			<< heard[0];
		EXPECT_TRUE(questions.empty());
	}
	ri_client_plan plan = {};
	plan.cache.entries = plan.pending.keys = 1;
	for (long at = 0; at < 6; at++) {
		failing_malloc.reset(at);
		EXPECT_EQ(ri_client_new(&plan), nullptr);
	}
	failing_malloc.reset(-1);
}

} // namespace
