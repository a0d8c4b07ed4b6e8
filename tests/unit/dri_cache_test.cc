/* dri_cache_test - whom an answer is good for, for how long, when it is asked for again, what goes when there is no room; against a list. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/dns_wire.h"
#include "lib/dri_cache.h"
}
#include "tests/support/failing_malloc.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace
{

const uint8_t key[16] = {1, 2, 3};

struct ip_prefix prefix(const std::string &text)
{
	struct ip_prefix out = {};
	EXPECT_TRUE(ip_prefix_parse(text.c_str(), &out)) << text;
	return out;
}

/* Keeps what was retired, as a reader may be in it. */
struct Box {
	explicit Box(size_t answers = 1000, size_t octets = 1 << 24)
	{
		struct dri_cache_limits limits = {answers, octets};
		cache = dri_cache_new(&limits, key, retire, this);
	}
	~Box()
	{
		dri_cache_free(cache);
		reap();
	}
	static void retire(void *arg, struct retired *retired)
	{
		((Box *)arg)->retired.push_back(retired);
	}
	void reap()
	{
		for (struct retired *one : retired)
			one->release(one);
		retired.clear();
	}

	struct dri_ask ask(const std::string &host, uint64_t target = 7, uint16_t qtype = DNS_A)
	{
		request = {};
		request.protocol = PROTOCOL_DNS;
		request.dns.qtype = qtype;
		return finish(host, target);
	}
	struct dri_ask http(const std::string &host, const std::string &query = "",
			    uint8_t method = HTTP_GET, uint64_t target = 7)
	{
		request = {};
		request.protocol = PROTOCOL_HTTP;
		request.http.method = method;
		query_text = query;
		request.http.query = {(const uint8_t *)query_text.data(), (uint32_t)query.size()};
		return finish(host, target);
	}
	struct dri_ask finish(const std::string &text, uint64_t target)
	{
		struct dri_ask about;
		memcpy(request.key, text.data(), text.size());
		request.key_len = (uint16_t)text.size();
		struct target asked = {};
		asked.seed = target;
		asked.strategy = strategy;
		dri_cache_ask(cache, &asked, &request, &about);
		return about;
	}

	/* With a DRI whose ttl is its number; 0: refused. */
	bool put(const struct dri_ask &about, uint32_t number, const std::string &client,
		 uint64_t now = 1000, uint64_t until = 11000, uint64_t refresh = UINT64_MAX)
	{
		struct dri *dri = nullptr;
		if (number) {
			dri = (struct dri *)calloc(1, sizeof(*dri));
			dri->refs = 1;
			dri->ttl = number;
		}
		struct dri_given given = {};
		given.dri = dri;
		given.client = prefix(client);
		given.user = given.client;
		given.uri = about.protocol == PROTOCOL_HTTP ? "http://h/" : nullptr;
		given.now_ms = now;
		given.until_ms = until;
		given.refresh_ms = refresh;
		bool done = dri_cache_put(cache, &about, &given);
		if (dri)
			dri_release(dri);
		return done;
	}

	/* The number of what is found; 0: refused; -1: nothing. */
	int find(const struct dri_ask &about, const std::string &client, uint64_t now = 1001)
	{
		struct ip_prefix user = prefix(client);
		const struct dri_answer *answer = dri_cache_find(cache, &about, &user, now);
		if (!answer)
			return -1;
		return answer->dri ? (int)answer->dri->ttl : 0;
	}
	void use(const struct dri_ask &about, const std::string &client, int times,
		 uint64_t now = 1001)
	{
		struct ip_prefix user = prefix(client);
		for (int i = 0; i < times; i++)
			dri_answer_use(dri_cache_find(cache, &about, &user, now));
	}

	uint8_t strategy = STRATEGY_SEMI_RECURSIVE;
	struct dri_cache *cache;
	struct request request = {};
	std::string query_text;
	std::vector<struct retired *> retired;
};

} // namespace

TEST(dri_cache, an_answer_is_for_the_clients_of_its_prefix)
{
	Box box;
	struct dri_ask about = box.ask("com.example/");
	EXPECT_EQ(box.find(about, "192.0.2.1/32"), -1);
	ASSERT_TRUE(box.put(about, 1, "192.0.2.0/25"));
	EXPECT_EQ(box.find(about, "192.0.2.1/32"), 1);
	EXPECT_EQ(box.find(about, "192.0.2.127/32"), 1);
	EXPECT_EQ(box.find(about, "192.0.2.0/25"), 1);
	EXPECT_EQ(box.find(about, "192.0.2.128/32"), -1);
	EXPECT_EQ(box.find(about, "192.0.2.0/24"), -1)
		<< "it holds clients that were not asked for";
	EXPECT_EQ(box.find(about, "::c000:201/128"), -1);
	ASSERT_TRUE(box.put(about, 2, "::/0"));
	EXPECT_EQ(box.find(about, "2001:db8::1/128"), 2);
	EXPECT_EQ(box.find(about, "192.0.2.1/32"), 1);
}

TEST(dri_cache, all_of_a_request_but_its_client_tells_answers_apart)
{
	Box box;
	struct dri_ask about = box.http("com.example/a", "?x=1");
	ASSERT_TRUE(box.put(about, 1, "0.0.0.0/0"));
	EXPECT_EQ(box.find(box.http("com.example/a", "?x=1"), "192.0.2.1/32"), 1);
	EXPECT_EQ(box.find(box.http("com.example/a", "?x=2"), "192.0.2.1/32"), -1);
	EXPECT_EQ(box.find(box.http("com.example/a"), "192.0.2.1/32"), -1);
	EXPECT_EQ(box.find(box.http("com.example/a?", "x=1"), "192.0.2.1/32"), -1);
	EXPECT_EQ(box.find(box.http("com.example/b", "?x=1"), "192.0.2.1/32"), -1);
	EXPECT_EQ(box.find(box.http("com.example/a", "?x=1", HTTP_HEAD), "192.0.2.1/32"), -1);
	EXPECT_EQ(box.find(box.http("com.example/a", "?x=1", HTTP_GET, 8), "192.0.2.1/32"), -1);
	struct dri_ask dns = box.ask("com.example/");
	ASSERT_TRUE(box.put(dns, 2, "0.0.0.0/0"));
	EXPECT_EQ(box.find(box.ask("com.example/", 7, DNS_AAAA), "192.0.2.1/32"), -1);
	EXPECT_EQ(box.find(box.ask("com.example/", 7, DNS_ANY), "192.0.2.1/32"), 2);
	box.strategy = STRATEGY_FULL_RECURSIVE;
	EXPECT_EQ(box.find(box.ask("com.example/"), "192.0.2.1/32"), -1);
}

TEST(dri_cache, the_newest_of_several_counts)
{
	Box box;
	struct dri_ask about = box.ask("com.example/");
	ASSERT_TRUE(box.put(about, 1, "192.0.2.1/32", 1000));
	ASSERT_TRUE(box.put(about, 2, "192.0.2.0/24", 1001));
	EXPECT_EQ(box.find(about, "192.0.2.1/32", 1002), 2);
	ASSERT_TRUE(box.put(about, 3, "192.0.2.1/32", 1002));
	EXPECT_EQ(box.find(about, "192.0.2.1/32", 1003), 3);
	EXPECT_EQ(box.find(about, "192.0.2.2/32", 1003), 2);
	EXPECT_EQ(dri_cache_counts(box.cache).answers, 2u);
}

TEST(dri_cache, nothing_is_used_after_its_time)
{
	Box box;
	struct dri_ask about = box.ask("com.example/");
	EXPECT_FALSE(box.put(about, 1, "192.0.2.0/24", 1000, 1000));
	ASSERT_TRUE(box.put(about, 1, "192.0.2.0/24", 1000, 2000));
	ASSERT_TRUE(box.put(about, 0, "198.51.100.0/24", 1000, 1500));
	EXPECT_EQ(box.find(about, "192.0.2.1/32", 1999), 1);
	EXPECT_EQ(box.find(about, "192.0.2.1/32", 2000), -1);
	EXPECT_EQ(box.find(about, "198.51.100.1/32", 1499), 0);
	EXPECT_EQ(box.find(about, "198.51.100.1/32", 1500), -1);
	EXPECT_EQ(dri_cache_due(box.cache, 2500), nullptr);
	EXPECT_EQ(dri_cache_counts(box.cache).answers, 0u);
	EXPECT_EQ(dri_cache_counts(box.cache).octets, 0u);
	EXPECT_EQ(dri_cache_counts(box.cache).expired, 2u);
}

TEST(dri_cache, a_hot_one_is_asked_for_again_once)
{
	Box box;
	struct dri_ask hot = box.ask("com.example.hot/"), about;
	ASSERT_TRUE(box.put(hot, 1, "192.0.2.0/24", 1000, 11000, 9000));
	box.use(hot, "192.0.2.1/32", DRI_HOT_USES);
	struct dri_ask cold = box.ask("com.example.cold/");
	ASSERT_TRUE(box.put(cold, 2, "192.0.2.0/24", 1000, 11000, 9000));
	box.use(cold, "192.0.2.1/32", DRI_HOT_USES - 1);

	EXPECT_EQ(dri_cache_due(box.cache, 8900), nullptr);
	const struct dri_answer *due = dri_cache_due(box.cache, 9400);
	ASSERT_NE(due, nullptr);
	const char *uri;
	dri_answer_asked(due, &about, &uri);
	EXPECT_EQ(std::string((const char *)about.key.at, about.key.len), "com.example.hot/");
	EXPECT_EQ(about.hash, box.ask("com.example.hot/").hash);
	EXPECT_EQ(uri, nullptr);
	EXPECT_EQ(dri_cache_due(box.cache, 9400), nullptr);
	EXPECT_EQ(dri_cache_due(box.cache, 9800), nullptr);
	/* What becomes hot later is asked for later. */
	cold = box.ask("com.example.cold/");
	box.use(cold, "192.0.2.1/32", 1);
	EXPECT_NE(dri_cache_due(box.cache, 10400), nullptr);
	EXPECT_EQ(dri_cache_due(box.cache, 10800), nullptr);
	EXPECT_EQ(box.find(cold, "192.0.2.1/32", 10800), 2);
	EXPECT_EQ(dri_cache_due(box.cache, 11500), nullptr);
	EXPECT_EQ(dri_cache_counts(box.cache).answers, 0u);
}

TEST(dri_cache, one_that_came_again_is_not_due_at_the_old_time)
{
	Box box;
	struct dri_ask about = box.ask("com.example/");
	ASSERT_TRUE(box.put(about, 1, "192.0.2.0/24", 1000, 11000, 9000));
	box.use(about, "192.0.2.1/32", DRI_HOT_USES);
	ASSERT_TRUE(box.put(about, 2, "192.0.2.0/24", 8000, 28000, 26000));
	box.use(about, "192.0.2.1/32", DRI_HOT_USES, 8001);
	EXPECT_EQ(dri_cache_due(box.cache, 12000), nullptr);
	EXPECT_EQ(box.find(about, "192.0.2.1/32", 12000), 2);
	EXPECT_NE(dri_cache_due(box.cache, 26500), nullptr);
}

/* The wheel turns several times, and once nobody looked at it for long. */
TEST(dri_cache, what_is_due_far_ahead_is_not_forgotten)
{
	Box box;
	struct dri_ask about = box.ask("com.example/");
	ASSERT_TRUE(box.put(about, 1, "192.0.2.0/24", 1000, 400000, 300000));
	box.use(about, "192.0.2.1/32", DRI_HOT_USES);
	uint64_t now = 1000;
	for (; now < 299000; now += 777)
		ASSERT_EQ(dri_cache_due(box.cache, now), nullptr) << now;
	EXPECT_NE(dri_cache_due(box.cache, 300500), nullptr);
	EXPECT_EQ(dri_cache_due(box.cache, 4000000), nullptr);
	EXPECT_EQ(dri_cache_counts(box.cache).answers, 0u);
}

TEST(dri_cache, what_is_used_stays_when_room_is_short)
{
	Box box(3);
	ASSERT_TRUE(box.put(box.ask("a/"), 1, "192.0.2.0/24"));
	ASSERT_TRUE(box.put(box.ask("b/"), 2, "192.0.2.0/24"));
	ASSERT_TRUE(box.put(box.ask("c/"), 3, "192.0.2.0/24"));
	box.use(box.ask("a/"), "192.0.2.1/32", 1);
	ASSERT_TRUE(box.put(box.ask("d/"), 4, "192.0.2.0/24"));
	EXPECT_EQ(box.find(box.ask("a/"), "192.0.2.1/32"), 1);
	EXPECT_EQ(box.find(box.ask("b/"), "192.0.2.1/32"), -1);
	ASSERT_TRUE(box.put(box.ask("e/"), 5, "192.0.2.0/24"));
	EXPECT_EQ(box.find(box.ask("c/"), "192.0.2.1/32"), -1);
	EXPECT_EQ(dri_cache_counts(box.cache).evicted, 2u);
	EXPECT_EQ(dri_cache_counts(box.cache).answers, 3u);
}

TEST(dri_cache, its_octets_are_bounded)
{
	Box box(1000, 20000);
	for (int i = 0; i < 200; i++) {
		struct dri_ask about = box.ask("host" + std::to_string(i) + "/");
		box.put(about, 1, "192.0.2.0/24");
		box.use(about, "192.0.2.1/32", 1);
		EXPECT_LE(dri_cache_counts(box.cache).octets, 20000u);
	}
	EXPECT_GT(dri_cache_counts(box.cache).answers, 5u);
}

/* A CDN that answers with ever other prefix lengths makes its own lookups no longer than that. */
TEST(dri_cache, prefix_lengths_of_a_question_are_bounded)
{
	Box box;
	struct dri_ask about = box.ask("com.example/");
	for (int len = 32; len >= 8; len--) {
		ASSERT_TRUE(box.put(about, (uint32_t)len, "10.0.0.0/" + std::to_string(len),
				    1000 - (uint64_t)len));
		EXPECT_EQ(box.find(about, "10.0.0.0/32"), len) << len;
		EXPECT_LE(dri_cache_counts(box.cache).answers, 8u);
	}
}

TEST(dri_cache, what_one_cdn_said_is_forgotten)
{
	Box box;
	ASSERT_TRUE(box.put(box.ask("a/", 7), 1, "192.0.2.0/24"));
	ASSERT_TRUE(box.put(box.ask("a/", 8), 2, "192.0.2.0/24"));
	dri_cache_forget(box.cache, 7);
	EXPECT_EQ(box.find(box.ask("a/", 7), "192.0.2.1/32"), -1);
	EXPECT_EQ(box.find(box.ask("a/", 8), "192.0.2.1/32"), 2);
	dri_cache_forget(box.cache, 0);
	EXPECT_EQ(dri_cache_counts(box.cache).answers, 0u);
}

TEST(dri_cache, it_agrees_with_a_list)
{
	struct Entry {
		uint32_t number;
		struct ip_prefix client;
		uint64_t since, until;
	};
	Box box(100000);
	std::mt19937 random(1);
	std::map<std::string, std::vector<Entry>> list;
	uint64_t now = 5000;
	for (int round = 0; round < 20000; round++) {
		std::string host = "h" + std::to_string(random() % 20) + "/";
		struct dri_ask about = box.ask(host);
		unsigned len = 24 + 2 * (random() % 5);
		struct ip_prefix client = prefix("10.0.0." + std::to_string(random() % 256));
		ip_addr_mask(&client.addr, client.len = (uint8_t)len);
		char text[IP_TEXT_MAX];
		now += random() % 3 + 1;
		auto &entries = list[host];
		if (random() % 3 == 0) {
			uint64_t until = now + random() % 2000 + 1;
			ASSERT_TRUE(box.put(about, (uint32_t)round + 1,
					    ip_prefix_text(&client, text), now, until));
			entries.erase(std::remove_if(entries.begin(), entries.end(),
						     [&](const Entry &e) {
							     return e.client.len == len &&
								    ip_addr_equal(&e.client.addr,
										  &client.addr);
						     }),
				      entries.end());
			entries.push_back({(uint32_t)round + 1, client, now, until});
		}
		const Entry *best = nullptr;
		for (const Entry &e : entries) {
			struct ip_addr masked = client.addr;
			ip_addr_mask(&masked, e.client.len);
			if (e.client.len <= len && ip_addr_equal(&masked, &e.client.addr) &&
			    now < e.until && (!best || e.since > best->since))
				best = &e;
		}
		ASSERT_EQ(box.find(about, ip_prefix_text(&client, text), now),
			  best ? (int)best->number : -1)
			<< round;
		if (random() % 50 == 0) {
			ASSERT_EQ(dri_cache_due(box.cache, now), nullptr);
		}
		if (random() % 100 == 0)
			box.reap();
	}
}

TEST(dri_cache, without_memory_nothing_is_kept)
{
	Box box;
	struct dri_ask about = box.http("com.example/a", "?q");
	struct dri *dri = (struct dri *)calloc(1, sizeof(*dri));
	dri->refs = 1;
	struct dri_given given = {};
	given.dri = dri;
	given.client = prefix("192.0.2.0/24");
	given.uri = "http://example.com/a?q";
	given.now_ms = 1;
	given.until_ms = 2000;
	given.refresh_ms = UINT64_MAX;
	long fails = 0;
	for (bool done = false; !done; fails += !done) {
		failing_malloc.reset(fails);
		done = dri_cache_put(box.cache, &about, &given);
	}
	failing_malloc.reset(-1);
	EXPECT_EQ(fails, 1) << "its URI; what lies on lines of its own is not seen by the test";
	EXPECT_EQ(dri->refs, 2u);
	dri_release(dri);
}
