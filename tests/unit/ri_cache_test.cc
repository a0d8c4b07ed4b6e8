/* ri_cache_test - which answer is found for whom, how long, what goes at the bounds, and when it is asked for again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
#include "control/ri_cache.h"
}

namespace
{

std::multiset<std::string> alive; /* values */

void release(void *value)
{
	auto *text = static_cast<std::string *>(value);
	alive.erase(alive.find(*text));
	delete text;
}

struct ip_prefix prefix(const std::string &text)
{
	struct ip_prefix p;
	if (!ip_prefix_parse(text.c_str(), &p))
		throw std::invalid_argument(text);
	return p;
}

struct Answer {
	std::string key, client;
	std::vector<std::string> ranges;
	uint32_t fresh, stale_while, stale_if_error;
	bool negative = false;
	size_t octets = 100;
	Answer(const std::string &k = "k", const std::string &c = "203.0.113.77",
	       const std::vector<std::string> &r = {}, uint32_t f = 10, uint32_t w = 0,
	       uint32_t e = 0)
	    : key(k), client(c), ranges(r), fresh(f), stale_while(w), stale_if_error(e)
	{
	}
};

struct ri_cache_test : testing::Test {
	ri_cache *cache = nullptr;

	ri_cache_test()
	{
		alive.clear();
		remake({100, 1 << 20, 3, 2000, 500});
	}
	~ri_cache_test() override
	{
		ri_cache_free(cache);
		EXPECT_TRUE(alive.empty());
	}
	void remake(const ri_cache_limits &limits)
	{
		ri_cache_free(cache);
		cache = ri_cache_new(&limits, release);
	}
	bool put(const std::string &value, const Answer &answer, uint64_t now)
	{
		std::vector<struct ip_prefix> ranges;
		for (const auto &range : answer.ranges)
			ranges.push_back(prefix(range));
		ri_cached cached = {};
		cached.key = answer.key.c_str();
		cached.client = prefix(answer.client);
		cached.ranges = ranges.data();
		cached.n_ranges = (unsigned)ranges.size();
		cached.negative = answer.negative;
		cached.freshness = {answer.fresh, answer.stale_while, answer.stale_if_error};
		cached.value = new std::string(value);
		cached.octets = answer.octets;
		alive.insert(value);
		return ri_cache_put(cache, &cached, now);
	}
	ri_hit find(const std::string &client, uint64_t now, const std::string &key = "k")
	{
		struct ip_prefix p = prefix(client);
		return ri_cache_find(cache, key.c_str(), &p, now);
	}
	/* "fresh a", "stale a", "refused a", "if-error a", or "" */
	std::string said(const std::string &client, uint64_t now, const std::string &key = "k")
	{
		static const char *const states[] = {"", "fresh ", "stale ", "if-error ",
						     "refused "};
		ri_hit hit = find(client, now, key);
		return states[hit.state] +
		       (hit.value ? *static_cast<std::string *>(hit.value) : "") +
		       (hit.refresh ? " refresh" : "");
	}
	ri_cache_counters counters() const
	{
		return ri_cache_counts(cache);
	}
};

TEST_F(ri_cache_test, without_ranges_only_the_same_request)
{
	EXPECT_EQ(said("203.0.113.77", 0), "");
	EXPECT_TRUE(put("a", {}, 0));
	EXPECT_EQ(said("203.0.113.77", 1), "fresh a");
	EXPECT_EQ(said("203.0.113.78", 1), "");
	EXPECT_EQ(said("203.0.113.77", 1, "other"), "");
	EXPECT_TRUE(put("s", {"subnet", "203.0.113.64/26"}, 0));
	EXPECT_EQ(said("203.0.113.64/26", 1, "subnet"), "fresh s");
	EXPECT_EQ(said("203.0.113.77", 1, "subnet"), "") << "it is within, but was not asked for";
	EXPECT_EQ(said("203.0.113.64/27", 1, "subnet"), "");
	EXPECT_EQ(counters().hits, 2u);
	EXPECT_EQ(counters().misses, 5u);
}

TEST_F(ri_cache_test, ranges)
{
	put("a", {"k", "203.0.113.77", {"203.0.113.64/27", "2001:db8:40::/44"}}, 0);
	EXPECT_EQ(said("203.0.113.64", 1), "fresh a");
	EXPECT_EQ(said("203.0.113.95", 1), "fresh a");
	EXPECT_EQ(said("203.0.113.96", 1), "");
	EXPECT_EQ(said("203.0.113.64/27", 1), "fresh a");
	EXPECT_EQ(said("203.0.113.64/26", 1), "") << "only half of it is within";
	EXPECT_EQ(said("2001:db8:4f:ffff::1", 1), "fresh a");
	EXPECT_EQ(said("2001:db8:50::1", 1), "");
	EXPECT_EQ(said("203.0.113.64", 1, "other"), "");
	put("b", {"all", "203.0.113.77", {"0.0.0.0/0", "::/0"}}, 0);
	EXPECT_EQ(said("192.0.2.1", 1, "all"), "fresh b");
	EXPECT_EQ(said("::1", 1, "all"), "fresh b");
	put("c", {"narrow", "192.0.2.0/24", {"192.0.2.7/32", "2001:db8::7/128"}}, 0);
	EXPECT_EQ(said("192.0.2.0/24", 1, "narrow"), "fresh c") << "the same request";
	EXPECT_EQ(said("192.0.2.7", 1, "narrow"), "fresh c");
	EXPECT_EQ(said("2001:db8::7", 1, "narrow"), "fresh c");
	EXPECT_EQ(said("192.0.2.8", 1, "narrow"), "");
}

TEST_F(ri_cache_test, the_client_need_not_be_within_the_ranges)
{
	put("a", {"k", "203.0.113.77", {"198.51.100.0/24"}}, 0);
	EXPECT_EQ(said("203.0.113.77", 1), "fresh a");
	EXPECT_EQ(said("203.0.113.78", 1), "");
	EXPECT_EQ(said("198.51.100.1", 1), "fresh a");
}

TEST_F(ri_cache_test, the_last_of_several_wins)
{
	put("wide", {"k", "203.0.113.1", {"203.0.0.0/16"}}, 0);
	put("narrow", {"k", "203.0.113.2", {"203.0.113.0/24"}}, 1);
	EXPECT_EQ(said("203.0.113.77", 2), "fresh narrow");
	EXPECT_EQ(said("203.0.112.1", 2), "fresh wide");
	put("wider", {"k", "203.1.1.1", {"203.0.0.0/8"}, 5}, 2);
	EXPECT_EQ(said("203.0.113.77", 3), "fresh wider")
		<< "the most recent, though less specific";
	EXPECT_EQ(said("203.0.113.2", 3), "fresh wider") << "even for the same request";
	EXPECT_EQ(said("203.0.113.77", 5500), "fresh narrow") << "only fresh ones count";
	EXPECT_EQ(counters().entries, 3u);
}

TEST_F(ri_cache_test, another_answer_for_the_same_prefixes_takes_their_place)
{
	put("a", {"k", "203.0.113.1", {"203.0.113.0/25", "203.0.113.128/25"}}, 0);
	put("b", {"k", "203.0.113.1", {"203.0.113.0/25"}}, 1);
	EXPECT_EQ(counters().entries, 2u);
	EXPECT_EQ(said("203.0.113.5", 2), "fresh b");
	EXPECT_EQ(said("203.0.113.130", 2), "fresh a");
	put("c", {"k", "203.0.113.1", {"203.0.113.128/25"}}, 1);
	EXPECT_EQ(counters().entries, 2u) << "nothing of a is left";
	EXPECT_EQ(said("203.0.113.130", 2), "fresh c");
	EXPECT_EQ(alive, (std::multiset<std::string>{"b", "c"}));
	put("d", {"k", "203.0.113.1", {"203.0.113.0/24", "203.0.113.0/24"}}, 1);
	put("e", {"k", "203.0.113.1", {"203.0.113.0/24"}}, 1);
	EXPECT_EQ(said("203.0.113.1", 2), "fresh e");
}

TEST_F(ri_cache_test, time)
{
	EXPECT_FALSE(put("never", {"k", "203.0.113.77", {}, 0, 100, 100}, 0));
	put("a", {"k", "203.0.113.77", {}, 10, 5, 60}, 1000);
	EXPECT_EQ(find("203.0.113.77", 1000).left.fresh, 10u);
	EXPECT_EQ(find("203.0.113.77", 10001).left.fresh, 0u);
	EXPECT_EQ(said("203.0.113.77", 10999).substr(0, 7), "fresh a");
	EXPECT_EQ(said("203.0.113.77", 11500), "stale a refresh");
	EXPECT_EQ(said("203.0.113.77", 11999), "stale a") << "one asks";
	EXPECT_EQ(said("203.0.113.77", 12000), "stale a refresh") << "it was not heard of again";
	EXPECT_EQ(said("203.0.113.77", 16000), "if-error a");
	EXPECT_EQ(said("203.0.113.77", 70999), "if-error a");
	EXPECT_EQ(said("203.0.113.77", 71000), "");
	EXPECT_EQ(counters().stale, 3u);
}

TEST_F(ri_cache_test, hot_answers_are_asked_for_again)
{
	put("a", {"k", "203.0.113.77", {}, 10}, 0);
	EXPECT_EQ(said("203.0.113.77", 7999), "fresh a");
	EXPECT_EQ(said("203.0.113.77", 9100), "fresh a") << "not hot";
	EXPECT_EQ(said("203.0.113.77", 9200), "fresh a refresh") << "the third use";
	EXPECT_EQ(said("203.0.113.77", 9300), "fresh a");
	EXPECT_EQ(said("203.0.113.77", 9700), "fresh a refresh");
	put("b", {"k", "203.0.113.77", {}, 10}, 9800);
	for (uint64_t now = 9800; now <= 18800; now += 100)
		EXPECT_EQ(said("203.0.113.77", now), "fresh b") << now;
	EXPECT_EQ(said("203.0.113.77", 18801), "fresh b refresh") << "in its last second";
	put("c", {"k", "203.0.113.77", {}, 2}, 20000);
	for (uint64_t now = 20000; now <= 21600; now += 100)
		EXPECT_EQ(said("203.0.113.77", now), "fresh c") << now;
	EXPECT_EQ(said("203.0.113.77", 21601), "fresh c refresh") << "in its last fifth";
	EXPECT_EQ(counters().refreshes, 4u);
}

/* What may serve stale is asked for once in a lifetime, and not earlier. */
TEST_F(ri_cache_test, stale_answers_are_asked_for_again_and_fresh_ones_not)
{
	put("a", {"k", "203.0.113.77", {}, 10, 5, 60}, 0);
	for (uint64_t now = 0; now < 10000; now += 100)
		EXPECT_EQ(said("203.0.113.77", now), "fresh a") << now;
	EXPECT_EQ(said("203.0.113.77", 10000), "stale a refresh");
	EXPECT_EQ(said("203.0.113.77", 10001), "stale a");
	EXPECT_EQ(counters().refreshes, 1u);
}

TEST_F(ri_cache_test, what_is_left)
{
	put("a", {"k", "203.0.113.77", {}, 10, 5, 60}, 0);
	const struct {
		uint64_t now;
		struct freshness left;
	} cases[] = {{0, {10, 5, 60}},    {4001, {5, 5, 60}},  {9999, {0, 5, 60}},
		     {10000, {0, 5, 60}}, {12500, {0, 2, 57}}, {15000, {0, 0, 55}}};
	for (const auto &c : cases) {
		struct freshness left = find("203.0.113.77", c.now).left;
		EXPECT_EQ(left.fresh, c.left.fresh) << c.now;
		EXPECT_EQ(left.stale_while, c.left.stale_while) << c.now;
		EXPECT_EQ(left.stale_if_error, c.left.stale_if_error) << c.now;
	}
}

TEST_F(ri_cache_test, refusals)
{
	Answer refusal = {"k", "203.0.113.77", {}, 60};
	refusal.negative = true;
	put("no", refusal, 0);
	EXPECT_EQ(said("203.0.113.77", 1999), "refused no");
	EXPECT_EQ(said("203.0.113.77", 2000), "") << "not longer than negative_ms";
	EXPECT_EQ(said("203.0.113.78", 1999), "");
	EXPECT_EQ(counters().negative, 1u);
	refusal.fresh = 1;
	put("no", refusal, 5000);
	EXPECT_EQ(said("203.0.113.77", 5999), "refused no");
	EXPECT_EQ(said("203.0.113.77", 6000), "");
	/* An answer that is good is not given up for it. */
	put("a", {"k", "203.0.113.77", {}, 10, 5, 60}, 10000);
	put("no", refusal, 19500);
	EXPECT_EQ(said("203.0.113.77", 19999), "fresh a");
	put("no", refusal, 20500);
	EXPECT_EQ(said("203.0.113.77", 20600), "stale a") << "no refresh";
	EXPECT_EQ(said("203.0.113.77", 21600), "stale a refresh");
	put("no", refusal, 30000);
	EXPECT_EQ(said("203.0.113.77", 30100), "stale a") << "stale-if-error";
	EXPECT_EQ(said("203.0.113.77", 31100), "if-error a");
	EXPECT_EQ(counters().entries, 2u) << "refusals take each other's place";
}

TEST_F(ri_cache_test, bounds)
{
	remake({3, 100000, 3, 2000, 500});
	for (const char *name : {"a", "b", "c"})
		put(name, {name}, 0);
	EXPECT_EQ(said("203.0.113.77", 1, "a"), "fresh a") << "used";
	put("d", {"d"}, 2);
	EXPECT_EQ(alive, (std::multiset<std::string>{"a", "c", "d"}));
	EXPECT_EQ(counters().evicted, 1u);
	EXPECT_EQ(counters().entries, 3u);
	remake({1000, 100000, 3, 2000, 500});
	for (int i = 0; i < 100; i++) {
		Answer large = {"k" + std::to_string(i)};
		large.octets = 30000;
		EXPECT_TRUE(put("v", large, 0));
		EXPECT_LE(counters().octets, 100000u);
	}
	EXPECT_EQ(counters().entries, 3u);
	Answer too_large;
	too_large.octets = 100001;
	EXPECT_FALSE(put("v", too_large, 0));
	EXPECT_EQ(counters().entries, 3u) << "the others stay";
	too_large.octets = 99999;
	EXPECT_FALSE(put("v", too_large, 0)) << "with what it needs beside";
	EXPECT_EQ(counters().octets, 0u);
	remake({0, 100000, 3, 2000, 500});
	EXPECT_FALSE(put("v", {}, 0));
}

TEST_F(ri_cache_test, flush)
{
	for (int i = 0; i < 20; i++)
		put("v", {"k" + std::to_string(i), "203.0.113.77", {"203.0.113.0/24"}}, 0);
	ri_cache_flush(cache);
	EXPECT_EQ(counters().entries, 0u);
	EXPECT_EQ(counters().octets, 0u);
	EXPECT_EQ(said("203.0.113.77", 1, "k1"), "");
	put("v", {}, 0);
	EXPECT_EQ(said("203.0.113.77", 1), "fresh v");
}

TEST_F(ri_cache_test, no_memory)
{
	int failed = 0;
	for (int at = 0; at < 8; at++) {
		failing_malloc.reset(at);
		bool kept =
			put("v", {"k" + std::to_string(at), "203.0.113.1", {"203.0.113.0/24"}}, 0);
		failed += failing_malloc.failed && !kept;
		EXPECT_EQ(kept, !failing_malloc.failed);
		failing_malloc.reset(-1);
		EXPECT_EQ(alive.size(), counters().entries);
	}
	EXPECT_EQ(failed, 2);
	for (int at = 0; at < 3; at++) {
		ri_cache_limits limits = {1, 1, 1, 1, 1};
		failing_malloc.reset(at);
		EXPECT_EQ(ri_cache_new(&limits, release), nullptr);
	}
	failing_malloc.reset(-1);
	ri_cache_free(nullptr);
}

/* Random answers and questions against a list of all that was put. */
struct Kept {
	std::string key, value;
	struct ip_prefix client;
	std::vector<struct ip_prefix> ranges;
	uint64_t expires;
	bool for_client; /* until a later one was for the same */
};

bool within(const struct ip_prefix &inner, const struct ip_prefix &outer)
{
	struct ip_addr masked = inner.addr;
	ip_addr_mask(&masked, outer.len);
	return inner.len >= outer.len && ip_addr_equal(&masked, &outer.addr);
}

bool same(const struct ip_prefix &a, const struct ip_prefix &b)
{
	return a.len == b.len && ip_addr_equal(&a.addr, &b.addr);
}

/* A later answer took some of its prefixes. */
void give_way(Kept &kept, const Kept &later)
{
	if (kept.key != later.key)
		return;
	kept.for_client &= !same(kept.client, later.client);
	for (const auto &range : later.ranges)
		for (size_t i = kept.ranges.size(); i-- > 0;)
			if (same(kept.ranges[i], range))
				kept.ranges.erase(kept.ranges.begin() + (long)i);
}

TEST_F(ri_cache_test, random_against_a_list)
{
	std::mt19937 random(7);
	remake({10000, 1 << 26, 1000000, 2000, 500});
	auto some = [&](unsigned least) {
		struct ip_prefix p = prefix("10.0.0.0/8");
		p.len = (uint8_t)(least + random() % (33 - least));
		p.addr.bytes[1] = (uint8_t)(random() % 4 << 6);
		p.addr.bytes[3] = (uint8_t)random();
		ip_addr_mask(&p.addr, p.len);
		return p;
	};
	std::vector<Kept> all;
	unsigned hits = 0;
	for (uint64_t now = 0; now < 20000; now += 5) {
		std::string key = std::to_string(random() % 3);
		char text[IP_TEXT_MAX];
		if (random() % 8 == 0) {
			struct ip_prefix client = some(24);
			Kept kept = {key, std::to_string(now), client, {}, now, true};
			Answer answer = {key, ip_prefix_text(&client, text)};
			answer.fresh = 1 + random() % 3;
			kept.expires += answer.fresh * 1000;
			for (unsigned n = random() % 3; n > 0; n--) {
				kept.ranges.push_back(some(8));
				answer.ranges.push_back(ip_prefix_text(&kept.ranges.back(), text));
			}
			put(kept.value, answer, now);
			for (Kept &earlier : all)
				give_way(earlier, kept);
			all.push_back(kept);
		}
		struct ip_prefix client = some(24);
		std::string expected;
		for (const Kept &kept : all) {
			bool fits = kept.for_client && same(client, kept.client);
			for (const auto &range : kept.ranges)
				fits |= within(client, range);
			if (fits && kept.key == key && now < kept.expires)
				expected = "fresh " + kept.value;
		}
		hits += !expected.empty();
		ASSERT_EQ(said(ip_prefix_text(&client, text), now, key), expected) << now;
	}
	EXPECT_GT(hits, 1000u);
}

} // namespace
