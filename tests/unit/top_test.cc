/* top_test - the sketches against exact counts, over time, under hostile streams, and read while they are written. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

extern "C" {
#include "lib/top.h"
}

namespace
{

const uint64_t start = 1700000010; /* a window begins */
const uint8_t hash_key[16] = "top test";

request make_request(const std::string &host, const char *client = "192.0.2.1")
{
	request req = {};
	EXPECT_TRUE(ip_addr_parse(client, &req.client));
	req.client_len = static_cast<uint8_t>(ip_bits(&req.client));
	EXPECT_TRUE(
		request_key_host(&req, reinterpret_cast<const uint8_t *>(host.data()), host.size()))
		<< host;
	return req;
}

class Top : public testing::Test
{
      protected:
	std::vector<std::unique_ptr<top>> workers;
	top_total total = {};

	explicit Top(unsigned n = 1)
	{
		for (unsigned i = 0; i < n; i++) {
			workers.emplace_back(new top{});
			top_init(workers[i].get(), hash_key, start);
			workers[i]->random = i + 1; /* the same samples in each run */
		}
	}

	top *worker(unsigned i = 0)
	{
		return workers[i].get();
	}

	std::vector<top_entry> read(top_kind kind, uint64_t now, unsigned max = 100)
	{
		std::vector<const top *> tops{nullptr};
		for (auto &one : workers)
			tops.push_back(one.get());
		std::vector<top_entry> entries(max);
		int n = top_read(tops.data(), static_cast<unsigned>(tops.size()), kind, now,
				 entries.data(), max, &total);
		EXPECT_GE(n, 0);
		entries.resize(static_cast<size_t>(n));
		return entries;
	}
};

TEST_F(Top, CountsFewRequestsExactly)
{
	request a = make_request("a.example.com", "192.0.2.1");
	request b = make_request("b.example.com", "2001:db8:1:2::3");
	top_begin(worker(), start + 1);
	for (int i = 0; i < 30; i++)
		top_request(worker(), &a, "one");
	for (int i = 0; i < 10; i++)
		top_request(worker(), &b, i ? "two" : nullptr);

	auto hosts = read(TOP_HOSTS, start + 2);
	ASSERT_EQ(hosts.size(), 2u);
	EXPECT_STREQ(hosts[0].text, "a.example.com");
	EXPECT_STREQ(hosts[1].text, "b.example.com");
	EXPECT_EQ(hosts[0].count, 30u);
	EXPECT_EQ(hosts[0].error, 0u);
	EXPECT_DOUBLE_EQ(hosts[0].share, 0.75);
	EXPECT_EQ(total.requests, 40u);
	EXPECT_EQ(total.seconds, 2u);
	auto scopes = read(TOP_SCOPES, start + 2);
	ASSERT_EQ(scopes.size(), 2u);
	EXPECT_STREQ(scopes[1].text, "two");
	EXPECT_EQ(scopes[1].count, 9u);
	auto clients = read(TOP_CLIENTS, start + 2);
	ASSERT_EQ(clients.size(), 2u);
	EXPECT_STREQ(clients[0].text, "192.0.2.0/24");
	EXPECT_STREQ(clients[1].text, "2001:db8:1::/48");
	EXPECT_EQ(read(TOP_HOSTS, start + 2, 1).size(), 1u);
}

TEST_F(Top, ClientsKnownLessExactlyAreByTheirOwnPrefix)
{
	request req = make_request("a.test", "192.0.0.0");
	req.client_len = 20;
	top_request(worker(), &req, nullptr);
	req.client_len = 25;
	top_request(worker(), &req, nullptr);
	auto clients = read(TOP_CLIENTS, start);
	ASSERT_EQ(clients.size(), 2u);
	std::map<std::string, uint64_t> counts;
	for (auto &client : clients)
		counts[client.text] = client.count;
	EXPECT_EQ(counts,
		  (std::map<std::string, uint64_t>{{"192.0.0.0/20", 1}, {"192.0.0.0/24", 1}}));
}

TEST_F(Top, LongKeysAreCutAndStayApart)
{
	std::string common(TOP_KEY_MAX, 's'), odd = common.substr(1) + "\u20ac";
	/* Where 96 octets of the key end: behind a label's dot, and within a label. */
	std::string label(41, 'x'), tail = label + "." + label + ".example.com";
	std::string long_label(42, 'y'), short_tail = long_label + ".example.com";
	request req = make_request("a." + tail);
	request other = make_request("b." + long_label + "." + short_tail);
	for (int i = 0; i < 3; i++)
		top_request(worker(), &req, (common + "1").c_str());
	for (int i = 0; i < 2; i++)
		top_request(worker(), &other, (common + "2").c_str());
	top_request(worker(), &other, odd.c_str());
	auto scopes = read(TOP_SCOPES, start);
	ASSERT_EQ(scopes.size(), 3u);
	EXPECT_EQ(scopes[0].text, common + "...");
	EXPECT_EQ(scopes[1].text, common + "...");
	EXPECT_EQ(scopes[2].text, common.substr(1) + "...") << "no half characters";
	EXPECT_EQ(scopes[0].count, 3u);
	EXPECT_EQ(scopes[1].count, 2u);
	auto hosts = read(TOP_HOSTS, start);
	ASSERT_EQ(hosts.size(), 2u);
	EXPECT_EQ(hosts[0].text, "..." + tail) << "whole labels only";
	EXPECT_EQ(hosts[1].text, "..." + short_tail);
}

TEST_F(Top, ForgetsWithinAMinute)
{
	request old = make_request("old.test"), young = make_request("young.test");
	for (uint64_t second = start; second < start + 60; second++) {
		top_begin(worker(), second);
		for (int i = 0; i < 10; i++)
			top_request(worker(), second < start + 30 ? &old : &young, "s");
		EXPECT_EQ(read(TOP_SCOPES, second)[0].count, (second - start + 1) * 10);
		EXPECT_EQ(total.seconds, second - start);
	}
	/* Nothing comes any more: only time goes on. */
	const struct {
		uint64_t second, old, young;
	} steps[] = {{59, 300, 300}, {60, 150, 300}, {74, 150, 300}, {75, 0, 300},
		     {90, 0, 150},   {104, 0, 150},  {105, 0, 0},    {100000, 0, 0}};
	for (auto &step : steps) {
		std::map<std::string, uint64_t> counts;
		for (auto &host : read(TOP_HOSTS, start + step.second))
			counts[host.text] = host.count;
		EXPECT_EQ(counts["old.test"], step.old) << step.second;
		EXPECT_EQ(counts["young.test"], step.young) << step.second;
		EXPECT_EQ(total.requests, step.old + step.young) << step.second;
		EXPECT_GE(total.seconds, 45u);
		EXPECT_LT(total.seconds, 60u);
	}
}

TEST_F(Top, AClockThatIsSetBackDoesNoHarm)
{
	request req = make_request("a.test");
	for (uint64_t now : {start + 500, start + 3, start + 4, uint64_t(3), uint64_t(40)}) {
		top_begin(worker(), now);
		top_request(worker(), &req, nullptr);
		auto hosts = read(TOP_HOSTS, now);
		ASSERT_EQ(hosts.size(), 1u) << now;
		EXPECT_EQ(hosts[0].count, now == start + 4 || now == 40 ? 2u : 1u) << now;
		EXPECT_LT(total.seconds, 60u);
	}
}

TEST_F(Top, SamplesMoreSparselyTheMoreRequestsThereAre)
{
	request req = make_request("a.test");
	uint64_t samples = 0, requests = 0;
	for (uint64_t second = start; second < start + 40; second++) {
		/* A trickle, then a flood, then a trickle. */
		uint64_t rate = second < start + 10 ? 100 : second < start + 20 ? 1000000 : 100;
		top_begin(worker(), second);
		samples = 0;
		for (uint64_t i = 0; i < rate; i++) {
			bool sampled = worker()->wait == 1;
			top_request(worker(), &req, "s");
			samples += sampled;
		}
		requests += rate;
		if (second == start + 10) { /* it doubles its way up */
			EXPECT_LE(samples, 8u * TOP_SAMPLES);
		} else if (rate > 100) {
			EXPECT_NEAR((double)samples, TOP_SAMPLES, TOP_SAMPLES / 20);
		} else if (second != start + 20) {
			EXPECT_EQ(samples, rate) << "all are counted again";
		}
	}
	auto hosts = read(TOP_HOSTS, start + 40);
	ASSERT_EQ(hosts.size(), 1u);
	EXPECT_NEAR((double)hosts[0].count, (double)requests, 0.01 * (double)requests);
	EXPECT_LE((uint64_t)std::llabs((long long)(hosts[0].count - requests)), hosts[0].error);
	EXPECT_EQ(hosts[0].count, total.requests);
}

TEST_F(Top, NoRhythmHidesFromTheSamples)
{
	request even = make_request("even.test"), odd = make_request("odd.test");
	for (uint64_t second = start; second < start + 10; second++) {
		top_begin(worker(), second);
		for (int i = 0; i < 200000; i++)
			top_request(worker(), i % 64 < 32 ? &even : &odd, "s");
	}
	auto hosts = read(TOP_HOSTS, start + 10);
	ASSERT_EQ(hosts.size(), 2u);
	EXPECT_NEAR(hosts[0].share, 0.5, 0.02);
}

/* --- streams ---------------------------------------------------------------------------------------------------- */

class Streams : public Top
{
      protected:
	std::vector<uint64_t> exact;
	std::mt19937_64 random{11};

	Streams() : Top(3)
	{
	}

	/* `seconds` times `rate` requests whose hosts are drawn by a Zipf law with this exponent, over n names. */
	void zipf(double exponent, size_t n, unsigned seconds, unsigned rate)
	{
		std::vector<double> sums(n);
		double sum = 0;
		for (size_t i = 0; i < n; i++)
			sums[i] = sum += std::pow(double(i + 1), -exponent);
		exact.assign(n, 0);
		request req = make_request("n000000.example.com");
		std::uniform_real_distribution<double> uniform(0, sum);
		for (uint64_t second = start; second < start + seconds; second++) {
			for (auto &one : workers)
				top_begin(one.get(), second);
			for (unsigned i = 0; i < rate; i++) {
				auto at =
					std::lower_bound(sums.begin(), sums.end(), uniform(random));
				auto k = static_cast<size_t>(at - sums.begin());
				exact[k]++;
				write_name(&req, k);
				top_request(worker(random() % 3), &req, nullptr);
			}
		}
	}

	/* The key is "com.example.n000000". */
	static void write_name(request *req, size_t k)
	{
		for (int i = req->host_len - 1; req->key[i] != 'n'; i--, k /= 10)
			req->key[i] = static_cast<uint8_t>('0' + k % 10);
	}

	void expect_within_bounds(const std::vector<top_entry> &entries)
	{
		for (auto &entry : entries) {
			auto k = strtoul(entry.text + 1, nullptr, 10);
			ASSERT_LT(k, exact.size());
			auto off = std::llabs((long long)entry.count - (long long)exact[k]);
			EXPECT_LE((uint64_t)off, entry.error) << entry.text << " " << exact[k];
		}
	}

	void expect_top(const std::vector<top_entry> &entries, size_t n)
	{
		ASSERT_GE(entries.size(), n);
		std::vector<size_t> found;
		for (size_t i = 0; i < n; i++)
			found.push_back(strtoul(entries[i].text + 1, nullptr, 10));
		std::sort(found.begin(), found.end());
		for (size_t i = 0; i < n; i++)
			EXPECT_EQ(found[i], i) << "the names are in order of their frequency";
	}
};

TEST_F(Streams, NothingIsMissingInASetThatIsNotFull)
{
	request a = make_request("a.test"), b = make_request("b.test");
	top_request(worker(0), &a, nullptr);
	top_request(worker(1), &b, nullptr);
	top_begin(worker(1), start + 20);
	top_request(worker(1), &b, nullptr);
	auto hosts = read(TOP_HOSTS, start + 20);
	ASSERT_EQ(hosts.size(), 2u);
	EXPECT_EQ(hosts[0].count, 2u);
	EXPECT_EQ(hosts[0].error, 0u);
	EXPECT_EQ(hosts[1].count, 1u);
	EXPECT_EQ(hosts[1].error, 0u);
}

TEST_F(Streams, EveryRequestCounted)
{
	zipf(1.0, 100000, 45, 9000); /* 3000 for each worker: none is left out */
	auto entries = read(TOP_HOSTS, start + 44, 50);
	EXPECT_EQ(total.requests, 45u * 9000);
	expect_top(entries, 10);
	expect_within_bounds(entries);
	for (size_t i = 0; i < 10; i++)
		EXPECT_LT(entries[i].error, entries[i].count / 10) << i;
}

TEST_F(Streams, OneInMany)
{
	zipf(1.1, 1000000, 20, 120000); /* 40000 for each worker */
	auto entries = read(TOP_HOSTS, start + 20, 20);
	EXPECT_NEAR((double)total.requests, 20 * 120000, 20 * 120000 * 0.02);
	expect_top(entries, 8); /* numbers 10 and 11 are too near to each other for samples */
	expect_within_bounds(entries);
}

TEST_F(Streams, AllDifferentKeysHideNobody)
{
	request noise = make_request("n000000.example.com"),
		loud = make_request("loud.example.com");
	size_t k = 0, n_loud = 0;
	exact.assign(1000000, 1);
	for (uint64_t second = start; second < start + 45; second++) {
		for (auto &one : workers)
			top_begin(one.get(), second);
		for (unsigned i = 0; i < 20000; i++) {
			bool is_loud = random() % 50 == 0; /* 2 % */
			n_loud += is_loud;
			write_name(&noise, k++ % 1000000);
			top_request(worker(i % 3), is_loud ? &loud : &noise, nullptr);
		}
	}
	auto entries = read(TOP_HOSTS, start + 44, 1000);
	ASSERT_EQ(entries.size(), 1000u);
	EXPECT_STREQ(entries[0].text, "loud.example.com");
	EXPECT_NEAR((double)entries[0].count, (double)n_loud, (double)entries[0].error);
	EXPECT_LT((double)entries[0].error, 0.2 * (double)n_loud);
	entries.erase(entries.begin());
	expect_within_bounds(entries);
}

TEST_F(Streams, EveryEntryIsToldOnce)
{
	zipf(1.0, 5000, 40, 9000);
	std::map<std::string, int> seen;
	for (auto &entry : read(TOP_HOSTS, start + 39, 100000))
		seen[entry.text]++;
	EXPECT_GT(seen.size(), 500u);
	for (auto &[text, n] : seen)
		EXPECT_EQ(n, 1) << text;
}

TEST_F(Top, SaysWhenMemoryEnds)
{
	const top *tops[] = {worker()};
	top_entry entry;
	failing_malloc.reset(0);
	EXPECT_EQ(top_read(tops, 1, TOP_HOSTS, start, &entry, 1, &total), -1);
	failing_malloc.reset(-1);
	EXPECT_EQ(top_read(tops, 1, TOP_HOSTS, start, &entry, 1, &total), 0);
}

/* Names of one letter, many of them in a few sets, and windows that turn quickly. */
TEST_F(Top, NoTextIsEverMixed)
{
	std::atomic<bool> stop{false};
	std::thread writer([&] {
		request req = make_request("a.test");
		std::string name;
		for (uint64_t i = 0; !stop; i++) {
			uint64_t x = i * 0x9e3779b97f4a7c15 >> 40;
			name.assign(60 + x % 30, static_cast<char>('a' + x / 30 % 26));
			top_begin(worker(), start + i / 5000);
			top_request(worker(), &req, name.c_str());
		}
	});
	uint64_t seen = 0, mixed = 0;
	uint32_t newest = 0;
	auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(700);
	while (std::chrono::steady_clock::now() < end) {
		for (auto &window : worker()->windows)
			newest = std::max(newest, __atomic_load_n(&window.epoch, __ATOMIC_RELAXED));
		for (auto &entry : read(TOP_SCOPES, uint64_t{newest} * TOP_WINDOW_SECONDS, 3000)) {
			std::string text = entry.text;
			mixed += text.size() < 60 || text != std::string(text.size(), text[0]);
			mixed += entry.share > 1;
			seen++;
		}
	}
	stop = true;
	writer.join();
	EXPECT_EQ(mixed, 0u);
	EXPECT_GT(seen, 1000u);
}

TEST_F(Top, AnEntryThatIsBeingReplacedIsLeftOut)
{
	request a = make_request("a.test"), b = make_request("b.test");
	top_request(worker(), &a, nullptr);
	top_request(worker(), &b, nullptr);
	ASSERT_EQ(read(TOP_HOSTS, start).size(), 2u);
	for (auto &set : worker()->sets[TOP_HOSTS][start / TOP_WINDOW_SECONDS % TOP_WINDOWS])
		for (unsigned i = 0; i < TOP_WAYS; i++)
			set.seq[i] += memcmp(set.key[i], "test.a", 6) == 0;
	auto hosts = read(TOP_HOSTS, start);
	ASSERT_EQ(hosts.size(), 1u);
	EXPECT_STREQ(hosts[0].text, "b.test");
}

} /* namespace */
