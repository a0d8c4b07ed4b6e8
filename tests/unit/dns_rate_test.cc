/* dns_rate_test - answers within the rate and over it, by prefix and kind; a table that is too small. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>

extern "C" {
#include "lib/dns_rate.h"
}

namespace
{

struct Rate {
	dns_rate_settings settings = {};
	std::unique_ptr<uint8_t, void (*)(void *)> memory{nullptr, free};
	uint64_t now = 1000000;

	explicit Rate(unsigned per_second = 10, unsigned burst = 0, unsigned slip = 0)
	{
		settings.per_second = per_second;
		settings.burst = burst;
		settings.slip = slip;
		settings.ipv4_prefix = 24;
		settings.ipv6_prefix = 56;
		settings.table = 1024;
	}
	struct dns_rate *rate()
	{
		if (!memory) {
			size_t size = (dns_rate_size(&settings) + 63) / 64 * 64;
			memory.reset(static_cast<uint8_t *>(aligned_alloc(64, size)));
			memset(memory.get(), 0, size);
			static const uint8_t key[16] = {1};
			dns_rate_init(reinterpret_cast<struct dns_rate *>(memory.get()), &settings,
				      key);
		}
		return reinterpret_cast<struct dns_rate *>(memory.get());
	}
	enum dns_rate_verdict take(const std::string &client, dns_rate_kind kind = DNS_RATE_DATA)
	{
		ip_addr addr;
		EXPECT_TRUE(ip_addr_parse(client.c_str(), &addr));
		return dns_rate_take(rate(), &addr, kind, now);
	}
	/* How many of n are sent. */
	unsigned sent(unsigned n, const std::string &client, dns_rate_kind kind = DNS_RATE_DATA)
	{
		unsigned count = 0;
		while (n--)
			count += take(client, kind) == DNS_RATE_SEND;
		return count;
	}
};

TEST(DnsRate, TwiceTheRateAtOnceThenTheRate)
{
	Rate r;
	EXPECT_EQ(r.sent(100, "192.0.2.1"), 20u);
	for (int second = 0; second < 5; second++) {
		r.now += 1000;
		EXPECT_EQ(r.sent(100, "192.0.2.1"), 10u);
	}
	r.now += 99;
	EXPECT_EQ(r.sent(1, "192.0.2.1"), 0u);
	r.now += 1;
	EXPECT_EQ(r.sent(5, "192.0.2.1"), 1u);
	r.now += 3600000;
	EXPECT_EQ(r.sent(100, "192.0.2.1"), 20u);
}

TEST(DnsRate, BurstAsConfiguredAndItsExtremes)
{
	EXPECT_EQ(Rate(10, 3).sent(100, "192.0.2.1"), 3u);
	EXPECT_EQ(Rate(1, 1).sent(100, "192.0.2.1"), 1u);
	Rate most(1000000, 2000000);
	EXPECT_EQ(most.sent(2000001, "192.0.2.1"), 2000000u);
	most.now += 1;
	EXPECT_EQ(most.sent(1001, "192.0.2.1"), 1000u);
}

TEST(DnsRate, APrefixSharesALimit)
{
	Rate r;
	EXPECT_EQ(r.sent(15, "192.0.2.0"), 15u);
	EXPECT_EQ(r.sent(15, "192.0.2.255"), 5u);
	EXPECT_EQ(r.sent(100, "192.0.3.0"), 20u);
	EXPECT_EQ(r.sent(15, "2001:db8:0:ff00::"), 15u);
	EXPECT_EQ(r.sent(15, "2001:db8:0:ffff:ffff::1"), 5u);
	EXPECT_EQ(r.sent(15, "2001:db8:1::"), 15u);
	EXPECT_EQ(r.sent(100, "c000:200::"), 20u); /* its octets are those of 192.0.2.0 */
}

TEST(DnsRate, EachKindHasItsOwn)
{
	Rate r;
	for (dns_rate_kind kind : {DNS_RATE_DATA, DNS_RATE_NONE, DNS_RATE_ERROR})
		EXPECT_EQ(r.sent(100, "192.0.2.1", kind), 20u);
}

TEST(DnsRate, EachSoManiethSlips)
{
	for (unsigned slip : {0u, 1u, 2u, 3u, 255u}) {
		Rate r(10, 0, slip);
		unsigned slips = 0, drops = 0;
		for (unsigned i = 0; i < 20 + 255 * 2; i++) {
			dns_rate_verdict verdict = r.take("192.0.2.1");
			slips += verdict == DNS_RATE_SLIP;
			drops += verdict == DNS_RATE_DROP;
		}
		EXPECT_EQ(slips, slip ? 510 / slip : 0u);
		EXPECT_EQ(slips + drops, 510u);
	}
}

TEST(DnsRate, TheExemptHaveNoLimit)
{
	Rate r;
	ip_prefix_parse("192.0.2.0/25", &r.settings.exempt.list[0]);
	ip_prefix_parse("2001:db8::/32", &r.settings.exempt.list[1]);
	r.settings.exempt.n = 2;
	EXPECT_EQ(r.sent(100, "192.0.2.127"), 100u);
	EXPECT_EQ(r.sent(100, "2001:db8:ffff::"), 100u);
	EXPECT_EQ(r.sent(100, "192.0.2.128"), 20u);
}

TEST(DnsRate, TimeThatGoesBackGivesNothing)
{
	Rate r;
	EXPECT_EQ(r.sent(100, "192.0.2.1"), 20u);
	r.now -= 60000;
	EXPECT_EQ(r.sent(100, "192.0.2.1"), 0u);
	r.now += 500;
	EXPECT_EQ(r.sent(100, "192.0.2.1"), 5u);
}

/* Sixteen times as many prefixes as there is room for do not free the one that is over its limit: those that have tokens left are
 * forgotten first. */
TEST(DnsRate, AFloodOfPrefixesDoesNotLiftALimit)
{
	Rate r;
	EXPECT_EQ(r.sent(100, "192.0.2.1"), 20u);
	for (unsigned i = 0; i < 16 * 1024; i++)
		r.sent(1,
		       "10." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255) + ".1");
	EXPECT_EQ(r.sent(100, "192.0.2.1"), 0u);
}

} // namespace
