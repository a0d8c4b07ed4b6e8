/* packet_watch_test - what workers note beside their answers: hits of scopes, busiest names, records of a trace; and the drain. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

extern "C" {
#include "lib/hits.h"
}

#include <algorithm>
#include <gtest/gtest.h>
#include <rte_cycles.h>

namespace
{

enum { A = 1, AAAA = 28, NOW = 1700000000 };

View make_counted_view()
{
	EXPECT_TRUE(hits_init(1));
	TablesBuilder builder;
	builder.cdn("b").cdn("c").cdn("off", "down").zone("cdn.example");
	builder.scope(R"({"name": "turns", "hosts": ["turns.cdn.example"], "policy": "round-robin",
		"candidates": [{"cdn": "off"}, {"cdn": "b"}, {"cdn": "c"}]})");
	builder.scope(
		R"({"name": "back", "hosts": ["back.cdn.example"], "candidates": [{"cdn": "off"}],
		"fallback": {"cdn": "c"}})");
	builder.scope(
		R"({"name": "down", "hosts": ["down.cdn.example"], "candidates": [{"cdn": "off"}]})");
	builder.scope(R"({"name": "deny", "hosts": ["deny.cdn.example"], "action": "deny"})");
	builder.scope(
		R"({"name": "quiet", "hosts": ["quiet.cdn.example"], "candidates": [{"cdn": "b"}]})");
	return builder.finish();
}

const View &counted_view()
{
	static const View made = make_counted_view();
	return made;
}

class PacketWatch : public ::testing::Test
{
      protected:
	World world;
	View view = counted_view();

	void use_counted_view()
	{
		world.plane.view = view.get();
	}
	/* As hits_read tells them: the last second, each candidate's, those that none took. */
	std::vector<uint64_t> hits(const std::string &name)
	{
		const struct scope *scope = view.scope(name);
		std::vector<uint64_t> words(scope->n_candidates + 2u);
		EXPECT_NE(scope->hits, 0u);
		hits_read(scope->hits, static_cast<unsigned>(words.size()), words.data());
		return words;
	}
	/* What was counted of a scope while `run` ran; the last second is as it stands. */
	template <typename Run> std::vector<uint64_t> hits_of(const std::string &name, Run run)
	{
		std::vector<uint64_t> before = hits(name);
		run();
		std::vector<uint64_t> after = hits(name);
		for (size_t i = 1; i < after.size(); i++)
			after[i] -= before[i];
		return after;
	}
	Bytes dns(const std::string &host, unsigned type = A)
	{
		return packet_dns(path4(), host + ".cdn.example", type);
	}
	Bytes get(const std::string &host)
	{
		return world.request(path4(), http_request(host + ".cdn.example", "/a"));
	}
	std::vector<std::pair<std::string, uint64_t>> top(enum top_kind kind)
	{
		struct top_entry entries[20];
		struct top_total total;
		int n = top_read(world.plane.tops, 1, kind, NOW, entries, 20, &total);
		std::vector<std::pair<std::string, uint64_t>> list;
		for (int i = 0; i < n; i++)
			list.emplace_back(entries[i].text, entries[i].count);
		std::sort(list.begin(), list.end());
		return list;
	}
};

using Words = std::vector<uint64_t>;

/* --- hits --------------------------------------------------------------------------------------------------------- */

TEST_F(PacketWatch, each_candidate_that_is_taken_is_counted)
{
	use_counted_view();
	EXPECT_EQ(hits_of("turns",
			  [&] {
				  world.run({dns("turns"), dns("turns"), dns("turns")});
			  }),
		  (Words{NOW, 0, 2, 1, 0}));
	EXPECT_EQ(hits_of("turns", [&] { world.run(get("turns")); }), (Words{NOW, 0, 0, 1, 0}));
	EXPECT_EQ(hits("quiet"), (Words{0, 0, 0})) << "nobody asked for it";
}

TEST_F(PacketWatch, what_no_candidate_took_is_counted_apart)
{
	use_counted_view();
	EXPECT_EQ(hits_of("back",
			  [&] {
				  world.run({dns("back"), get("back")});
			  }),
		  (Words{NOW, 0, 2}));
	EXPECT_EQ(hits_of("down",
			  [&] {
				  world.run({dns("down"), get("down")});
			  }),
		  (Words{NOW, 0, 2}));
	EXPECT_EQ(hits_of("deny", [&] { world.run(dns("deny")); }), (Words{NOW, 1}));
}

TEST_F(PacketWatch, the_last_hit_is_of_its_second)
{
	use_counted_view();
	world.pass_seconds(100);
	EXPECT_EQ(hits_of("turns", [&] { world.run(dns("turns")); })[0], NOW + 100u);
	world.pass_seconds(5);
	EXPECT_EQ(hits_of("turns", [&] { world.run(dns("back")); })[0], NOW + 100u);
	EXPECT_EQ(hits_of("turns", [&] { world.run(dns("turns")); })[0], NOW + 105u);
}

/* --- the busiest --------------------------------------------------------------------------------------------------- */

TEST_F(PacketWatch, requests_are_counted_for_top_with_and_without_scope)
{
	using List = std::vector<std::pair<std::string, uint64_t>>;
	use_counted_view();
	Bytes six = packet_dns(path6(), "none.cdn.example", A);
	world.run({dns("turns"), dns("turns"), six, get("back"), dns("deny")});
	EXPECT_EQ(top(TOP_SCOPES), (List{{"back", 1}, {"deny", 1}, {"turns", 2}}));
	EXPECT_EQ(top(TOP_HOSTS), (List{{"back.cdn.example", 1},
					{"deny.cdn.example", 1},
					{"none.cdn.example", 1},
					{"turns.cdn.example", 2}}));
	EXPECT_EQ(top(TOP_CLIENTS), (List{{"198.51.100.0/24", 4}, {"2001:db8:1::/48", 1}}));
}

TEST_F(PacketWatch, what_is_no_request_or_in_error_is_not_counted)
{
	Bytes truncated = packet_udp(path4(), {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'v'});
	EXPECT_EQ(world.run(truncated).name(), "dns_formerr");
	EXPECT_EQ(world.run(world.request(path4(), octets("GET / HTTP/1.1\r\n\r\n"))).name(),
		  "http_bad_request");
	world.run({packet_echo(path4(), 8), packet_arp(path4()), packet_tcp(path4(), {SYN})});
	EXPECT_TRUE(top(TOP_HOSTS).empty());
	EXPECT_TRUE(top(TOP_CLIENTS).empty());
}

/* --- traces -------------------------------------------------------------------------------------------------------- */

class PacketTrace : public PacketWatch
{
      protected:
	struct trace_filter filter = {};

	PacketTrace()
	{
		filter.every = 1;
		world.plane.trace = &filter;
	}
	std::vector<struct trace_record> records()
	{
		std::vector<struct trace_record> list;
		struct trace_record record;
		while (trace_take(world.plane.trace_rings[0], &record))
			list.push_back(record);
		return list;
	}
};

TEST_F(PacketTrace, answers_are_the_same_as_without)
{
	std::vector<Bytes> frames;
	for (const auto &fixture : packet_fixtures(world))
		frames.push_back(fixture.second);
	frames.resize(std::min(frames.size(), size_t(BURST_MAX)));
	world.restart();
	std::vector<Outcome> traced = world.run(frames);
	EXPECT_FALSE(records().empty());
	struct worker_stats after = world.stats;
	world.plane.trace = nullptr;
	world.restart();
	EXPECT_TRUE(world.run(frames) == traced);
	EXPECT_TRUE(records().empty());
	EXPECT_EQ(world.stats.dns_requests, 2 * after.dns_requests);
}

TEST_F(PacketTrace, a_record_says_what_became_of_the_request)
{
	world.run({packet_echo(path4(), 8), dns("addr", AAAA), get("back")});
	auto list = records();
	ASSERT_EQ(list.size(), 2u);
	const struct trace_record &first = list[0], &second = list[1];
	EXPECT_EQ(first.time_ns / 1000000000, (uint64_t)NOW);
	EXPECT_EQ(first.protocol, PROTOCOL_DNS);
	EXPECT_EQ(first.qtype, AAAA);
	EXPECT_EQ(first.outcome, VERDICT_REDIRECT);
	EXPECT_EQ(first.reason, DROP_none);
	EXPECT_EQ(first.burst, 3u);
	EXPECT_EQ(first.worker, 0u);
	EXPECT_EQ(first.client_len, 32u);
	EXPECT_EQ(std::string(first.key, first.key + first.key_len), "example.cdn.addr/");
	EXPECT_STREQ(first.scope, "addr");
	EXPECT_STREQ(first.target, "addr");
	EXPECT_EQ(first.target_kind, TARGET_NODE);
	EXPECT_FALSE(first.fell_back);
	EXPECT_EQ(second.protocol, PROTOCOL_HTTP);
	EXPECT_EQ(std::string(second.key, second.key + second.key_len), "example.cdn.back/a");
	EXPECT_STREQ(second.scope, "back");
	EXPECT_STREQ(second.target, "c");
	EXPECT_TRUE(second.fell_back);
}

TEST_F(PacketTrace, refusals_are_recorded_with_their_reason)
{
	Bytes truncated = packet_udp(path4(), {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'v'});
	world.run({truncated, dns("deny"), dns("none"),
		   world.request(path4(), octets("PUT / HTTP/1.1\r\nHost: a\r\n\r\n"))});
	auto list = records();
	ASSERT_EQ(list.size(), 4u);
	EXPECT_EQ(list[0].outcome, VERDICT_ERROR);
	EXPECT_EQ(list[0].reason, DROP_dns_formerr);
	EXPECT_STREQ(list[0].scope, "");
	EXPECT_EQ(list[1].outcome, VERDICT_DENY);
	EXPECT_EQ(list[1].reason, DROP_dns_denied);
	EXPECT_STREQ(list[1].target, "");
	EXPECT_EQ(list[2].outcome, VERDICT_NO_SCOPE);
	EXPECT_EQ(list[2].reason, DROP_dns_nxdomain);
	EXPECT_EQ(list[3].outcome, VERDICT_ERROR);
	EXPECT_EQ(list[3].reason, DROP_http_method);
}

/* The replies put it on the lane of drops. */
TEST_F(PacketTrace, an_answer_that_cannot_be_sent_is_recorded)
{
	world.port.mtu = 40;
	EXPECT_EQ(world.run(dns("vod")).name(), "mtu");
	auto list = records();
	ASSERT_EQ(list.size(), 1u);
	EXPECT_EQ(list[0].reason, DROP_mtu);
	EXPECT_STREQ(list[0].scope, "vod");
}

TEST_F(PacketTrace, only_what_fits_the_filter_and_one_in_so_many)
{
	filter.scope = "addr";
	world.run({dns("vod"), dns("addr"), dns("none"), get("vod")});
	auto list = records();
	ASSERT_EQ(list.size(), 1u);
	EXPECT_STREQ(list[0].scope, "addr");
	filter.scope = nullptr;
	filter.protocols = PROTOCOL_HTTP;
	world.run({dns("vod"), get("vod")});
	EXPECT_EQ(records().size(), 1u);
	filter.protocols = 0;
	filter.every = 4;
	world.run(std::vector<Bytes>(20, dns("vod")));
	EXPECT_EQ(records().size(), 5u);
}

TEST_F(PacketTrace, a_full_ring_loses_records_but_no_answers)
{
	std::vector<Bytes> frames(BURST_MAX, dns("vod"));
	for (unsigned sent = 0; sent < TRACE_RING + 2 * BURST_MAX; sent += BURST_MAX)
		for (const Outcome &outcome : world.run(frames))
			ASSERT_TRUE(outcome.answered);
	EXPECT_EQ(trace_lost(world.plane.trace_rings[0]), 2u * BURST_MAX);
	EXPECT_EQ(records().size(), (size_t)TRACE_RING);
}

TEST_F(PacketTrace, stages_are_timed)
{
	world.run(dns("vod"));
	struct trace_record record = records().at(0);
	for (uint32_t ns : record.stage_ns)
		EXPECT_EQ(ns, 0u) << "the clock stands still";
	world.plane.tsc_hz = rte_get_tsc_hz();
	uint64_t began = rte_rdtsc(), sum = 0;
	world.run(std::vector<Bytes>(BURST_MAX, dns("vod")));
	double passed = (double)(rte_rdtsc() - began) * 1e9 / (double)world.plane.tsc_hz;
	record = records().at(0);
	for (uint32_t ns : record.stage_ns) {
		EXPECT_GT(ns, 0u);
		sum += ns;
	}
	EXPECT_LT((double)sum, passed);
}

/* --- the drain ------------------------------------------------------------------------------------------------------ */

TEST_F(PacketWatch, draining_refuses_connections_and_nothing_else)
{
	Bytes closed = packet_tcp(path4(), {SYN, 7, 0, {}, {}, 81});
	auto fixtures = packet_fixtures(world);
	fixtures.emplace_back("closed port", closed);
	std::vector<Outcome> before, draining;
	for (auto *outcomes : {&before, &draining}) {
		world.restart();
		__atomic_store_n(&world.plane.draining, outcomes == &draining, __ATOMIC_RELAXED);
		for (const auto &fixture : fixtures)
			outcomes->push_back(world.run(fixture.second));
	}
	for (size_t i = 0; i < fixtures.size(); i++) {
		const std::string &name = fixtures[i].first;
		if (name == "syn" || name == "syn6")
			EXPECT_EQ(draining[i].name(), "tcp_draining");
		else
			EXPECT_TRUE(draining[i] == before[i]) << name;
	}
	world.plane.draining = false;
	EXPECT_TRUE(world.run(packet_tcp(path4(), {SYN})).answered);
}

} // namespace
