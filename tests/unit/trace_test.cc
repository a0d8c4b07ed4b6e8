/* trace_test - which requests a filter takes, what is kept of them, and a ring that loses nothing silently. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>

extern "C" {
#include "lib/trace.h"
}

namespace
{

request make_request(const char *host, const char *client, uint8_t protocol = PROTOCOL_HTTP)
{
	request req = {};
	req.protocol = protocol;
	EXPECT_TRUE(ip_addr_parse(client, &req.client));
	req.client_len = static_cast<uint8_t>(ip_bits(&req.client));
	EXPECT_TRUE(request_key_host(&req, reinterpret_cast<const uint8_t *>(host), strlen(host)));
	return req;
}

trace_filter filter_of(const char *host, const char *client = nullptr, const char *scope = nullptr,
		       uint8_t protocols = 0)
{
	trace_filter filter = {};
	filter.protocols = protocols;
	filter.every = 1;
	filter.scope = scope;
	if (host) {
		request req = make_request(host, "192.0.2.1");
		filter.host_len = req.host_len;
		memcpy(filter.host, req.key, req.host_len);
	}
	if (client) {
		EXPECT_TRUE(ip_prefix_parse(client, &filter.client));
	}
	return filter;
}

TEST(Trace, EveryPartOfAFilterHasToFit)
{
	request req = make_request("vod.example.com", "192.0.2.77");
	auto matches = [&](const trace_filter &filter, const char *scope = "s") {
		return trace_matches(&filter, &req, scope);
	};
	EXPECT_TRUE(matches(filter_of(nullptr)));
	EXPECT_TRUE(matches(filter_of(nullptr), nullptr));
	EXPECT_TRUE(matches(filter_of("vod.example.com")));
	EXPECT_TRUE(matches(filter_of("example.com")));
	EXPECT_TRUE(matches(filter_of("com")));
	EXPECT_FALSE(matches(filter_of("od.example.com")));
	EXPECT_FALSE(matches(filter_of("live.vod.example.com")));
	EXPECT_FALSE(matches(filter_of("vo.example.com")))
		<< "a prefix of the key, but not by labels";
	EXPECT_TRUE(matches(filter_of(nullptr, "192.0.2.0/24")));
	EXPECT_TRUE(matches(filter_of(nullptr, "192.0.2.77")));
	EXPECT_TRUE(matches(filter_of(nullptr, "0.0.0.0/0")));
	EXPECT_FALSE(matches(filter_of(nullptr, "192.0.2.76")));
	EXPECT_FALSE(matches(filter_of(nullptr, "::/0")));
	EXPECT_TRUE(matches(filter_of(nullptr, nullptr, "s")));
	EXPECT_FALSE(matches(filter_of(nullptr, nullptr, "s"), "sx"));
	EXPECT_FALSE(matches(filter_of(nullptr, nullptr, "s"), nullptr));
	EXPECT_TRUE(matches(filter_of(nullptr, nullptr, nullptr, PROTOCOL_HTTP | PROTOCOL_DNS)));
	EXPECT_FALSE(matches(filter_of(nullptr, nullptr, nullptr, PROTOCOL_DNS)));
	EXPECT_FALSE(matches(filter_of("example.com", "198.51.100.0/24", "s")));

	req.client_len = 24;
	ip_addr_mask(&req.client, 24);
	EXPECT_TRUE(matches(filter_of(nullptr, "192.0.2.0/24")));
	EXPECT_FALSE(matches(filter_of(nullptr, "192.0.2.0/25"))) << "known less exactly";
}

TEST(Trace, AFilterIsCopiedWhole)
{
	std::string scope = "a scope";
	trace_filter filter =
		filter_of("example.com", "2001:db8::/32", scope.c_str(), PROTOCOL_DNS);
	failing_malloc.reset(0);
	EXPECT_EQ(trace_filter_copy(&filter), nullptr);
	failing_malloc.reset(-1);
	std::unique_ptr<trace_filter, decltype(&free)> copy(trace_filter_copy(&filter), free);
	filter = {};
	scope = "another";
	request req = make_request("www.example.com", "2001:db8::1", PROTOCOL_DNS);
	EXPECT_TRUE(trace_matches(copy.get(), &req, "a scope"));
	EXPECT_FALSE(trace_matches(copy.get(), &req, "another"));
	EXPECT_EQ(copy->every, 1u);
}

TEST(Trace, KeepsWhatFits)
{
	std::string name(300, 'n'), host = "www.example.com", path = "/" + std::string(1000, 'p');
	scope won = {};
	target to = {};
	won.name = &name[0];
	to.name = const_cast<char *>("cdn-a");
	to.kind = TARGET_NODE;
	verdict verdict = {};
	verdict.outcome = VERDICT_REDIRECT;
	verdict.scope = &won;
	verdict.target = &to;
	verdict.fell_back = true;
	request req = make_request(host.c_str(), "192.0.2.1");
	ASSERT_TRUE(request_key_path(&req, reinterpret_cast<const uint8_t *>(path.data()),
				     path.size()));
	trace_record record;
	memset(&record, 0xee, sizeof(record));
	trace_fill(&record, &req, &verdict);
	EXPECT_EQ(record.key_len, TRACE_KEY_MAX);
	EXPECT_EQ(record.key_whole, host.size() + path.size());
	EXPECT_EQ(record.host_len, host.size());
	EXPECT_EQ(memcmp(record.key, req.key, TRACE_KEY_MAX), 0);
	EXPECT_EQ(record.scope, name.substr(0, TRACE_NAME_MAX - 1));
	EXPECT_STREQ(record.target, "cdn-a");
	EXPECT_EQ(record.target_kind, TARGET_NODE);
	EXPECT_EQ(record.outcome, VERDICT_REDIRECT);
	EXPECT_TRUE(record.fell_back);
	EXPECT_EQ(record.qtype, 0) << "that is HTTP's";

	req = make_request(host.c_str(), "192.0.2.1", PROTOCOL_DNS);
	req.dns.qtype = 28;
	verdict = {};
	verdict.outcome = VERDICT_NO_SCOPE;
	trace_fill(&record, &req, &verdict);
	EXPECT_EQ(record.qtype, 28);
	EXPECT_EQ(record.key_len, host.size() + 1);
	EXPECT_STREQ(record.scope, "");
	EXPECT_STREQ(record.target, "");

	req.key_len = 0; /* decode stopped in the host */
	trace_fill(&record, &req, &verdict);
	EXPECT_EQ(record.host_len, 0);
}

class Ring : public testing::Test
{
      protected:
	std::unique_ptr<trace_ring> ring{new trace_ring{}};
	request req = make_request("example.com", "192.0.2.1");
	trace_record record = {};
};

TEST_F(Ring, HoldsSoManyAndCountsTheRest)
{
	trace_filter filter = filter_of(nullptr);
	ring->head = ring->tail = UINT32_MAX - 3; /* the numbers wrap */
	EXPECT_FALSE(trace_take(ring.get(), &record));
	uint64_t put = 0, taken = 0, lost = 0;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < TRACE_RING + 5; i++) {
			trace_record *to = trace_begin(ring.get(), &filter, &req, nullptr);
			ASSERT_EQ(to != nullptr, i < TRACE_RING);
			if (to) {
				to->time_ns = put++;
				trace_put(ring.get());
			}
		}
		EXPECT_EQ(trace_lost(ring.get()), lost += 5);
		for (int i = 0; i < TRACE_RING; i++) {
			ASSERT_TRUE(trace_take(ring.get(), &record));
			ASSERT_EQ(record.time_ns, taken++);
		}
		EXPECT_FALSE(trace_take(ring.get(), &record));
	}
}

TEST_F(Ring, OneInSoManyOfThoseThatFit)
{
	trace_filter filter = filter_of(nullptr, nullptr, "s");
	filter.every = 7;
	int recorded = 0;
	for (int i = 0; i < 140; i++) {
		EXPECT_EQ(trace_begin(ring.get(), &filter, &req, "other"), nullptr);
		if (trace_begin(ring.get(), &filter, &req, "s")) {
			trace_put(ring.get());
			recorded++;
		}
	}
	EXPECT_EQ(recorded, 20);
	EXPECT_EQ(trace_lost(ring.get()), 0u);
}

TEST_F(Ring, GivesWholeRecordsInOrderToAnotherThread)
{
	const uint64_t requests = 200000;
	trace_filter filter = filter_of(nullptr);
	std::thread worker([&] {
		for (uint64_t i = 1; i <= requests; i++) {
			trace_record *to = trace_begin(ring.get(), &filter, &req, nullptr);
			if (!to) {
				std::this_thread::yield();
				continue;
			}
			to->time_ns = i;
			memset(to->key, static_cast<int>(i % 251), TRACE_KEY_MAX);
			trace_put(ring.get());
		}
	});
	uint64_t taken = 0, before = 0, wrong = 0;
	while (taken + trace_lost(ring.get()) < requests) {
		if (!trace_take(ring.get(), &record)) {
			std::this_thread::yield();
			continue;
		}
		taken++;
		wrong += record.time_ns <= before;
		before = record.time_ns;
		for (uint8_t octet : record.key)
			wrong += octet != before % 251;
	}
	worker.join();
	EXPECT_EQ(wrong, 0u);
	EXPECT_GT(taken, 0u);
	EXPECT_FALSE(trace_take(ring.get(), &record));
}

TEST(Trace, StagesHaveNames)
{
	EXPECT_STREQ(trace_stage_name(TRACE_CLASSIFY), "classify");
	EXPECT_STREQ(trace_stage_name(TRACE_DECODE), "decode");
	EXPECT_STREQ(trace_stage_name(TRACE_MATCH), "match");
	EXPECT_STREQ(trace_stage_name(TRACE_CHOOSE), "choose");
	EXPECT_STREQ(trace_stage_name(TRACE_REPLY), "reply");
	EXPECT_STREQ(trace_stage_name(TRACE_SEAL), "seal");
}

} /* namespace */
