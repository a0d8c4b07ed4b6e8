/* packet_dns_rate_test - DNS answers over their rate; how many octets go out for each that a forged query brings in. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

#include <gtest/gtest.h>
#include <rte_malloc.h>

namespace
{

class PacketDnsRate : public ::testing::Test
{
      protected:
	PacketDnsRate()
	{
		struct dns_rate_settings &rate = world.settings.dns.rate;
		rate.per_second = 10;
		rate.slip = 2;
		rate.ipv4_prefix = 24;
		rate.ipv6_prefix = 56;
		rate.table = 1024;
	}
	void begin()
	{
		const struct dns_rate_settings &rate = world.settings.dns.rate;
		world.worker->dns_rate = static_cast<struct dns_rate *>(
			rte_zmalloc(nullptr, dns_rate_size(&rate), 64));
		dns_rate_init(world.worker->dns_rate, &rate, world.plane.top_key);
	}
	/* "answers, truncated ones, drops" of n packets. */
	std::string flood(const Bytes &frame, unsigned n)
	{
		unsigned counts[3] = {};
		while (n--) {
			Outcome o = world.run(frame);
			EXPECT_EQ(o.answered, o.reason != DROP_dns_rate);
			counts[o.reason == DROP_dns_slip ? 1 : o.reason == DROP_dns_rate ? 2 : 0]++;
		}
		return std::to_string(counts[0]) + ", " + std::to_string(counts[1]) + ", " +
		       std::to_string(counts[2]);
	}

	World world;
};

const unsigned A = 1, AAAA = 28, TXT = 16;

TEST_F(PacketDnsRate, over_the_rate_each_second_answer_is_truncated_and_the_others_are_dropped)
{
	begin();
	for (Path path : {path4(), path6()}) {
		EXPECT_EQ(flood(packet_dns(path, "vod.cdn.example"), 120), "20, 50, 50");
		world.pass_seconds(1);
		EXPECT_EQ(flood(packet_dns(path, "vod.cdn.example"), 110), "10, 50, 50");
	}
	EXPECT_EQ(world.stats.drops[DROP_dns_slip], 200u);
	EXPECT_EQ(world.stats.drops[DROP_dns_rate], 200u);
}

TEST_F(PacketDnsRate, kinds_have_limits_of_their_own)
{
	begin();
	for (const char *name : {"vod.cdn.example", "nothing.cdn.example", "deny.cdn.example"})
		EXPECT_EQ(flood(packet_dns(path4(), name), 30), "20, 5, 5") << name;
	/* NODATA is of the kind of NXDOMAIN. */
	EXPECT_EQ(flood(packet_dns(path4(), "addr.cdn.example", TXT), 10), "0, 5, 5");
}

TEST_F(PacketDnsRate, a_truncated_answer_is_the_question_with_tc)
{
	world.settings.dns.rate.slip = 1;
	begin();
	Bytes query = packet_udp(
		path4(), dns_query("vod.cdn.example", A, 1232, dns_ecs(1, 24, 0, {198, 51, 100})));
	flood(query, 20);
	DnsMessage m = world.ask(query).dns();
	EXPECT_EQ(m.flags & 0xfe0f, 0x8200u); /* QR, TC, no AA, NOERROR */
	EXPECT_EQ(m.questions, 1u);
	EXPECT_EQ(m.answer.size() + m.authority.size(), 0u);
	ASSERT_TRUE(m.opt());
	EXPECT_EQ(m.opt()->data, dns_ecs(1, 24, 0, {198, 51, 100}));
}

TEST_F(PacketDnsRate, the_resolver_is_limited_not_the_client_subnet)
{
	begin();
	for (uint8_t i = 0; i < 120; i++)
		world.run(packet_udp(path4(), dns_query("vod.cdn.example", A, 1232,
							dns_ecs(1, 24, 0, {198, 51, i}))));
	EXPECT_EQ(world.stats.drops[DROP_dns_rate], 50u);
}

TEST_F(PacketDnsRate, Rfc7873_5_2_5_whoever_has_a_valid_cookie_is_exempt)
{
	begin();
	Bytes first = dns_query("vod.cdn.example", A, 1232, Bytes{0, 10, 0, 8} + Bytes(8, 7));
	DnsMessage m = world.ask(packet_udp(path4(), first)).dns();
	ASSERT_TRUE(m.opt());
	Bytes again = dns_query("vod.cdn.example", A, 1232, m.opt()->data);
	EXPECT_EQ(flood(packet_udp(path4(), again), 1000), "1000, 0, 0");
	EXPECT_EQ(flood(packet_udp(path4(), first), 39), "19, 10, 10");
	/* From elsewhere it is no cookie of ours. */
	EXPECT_EQ(flood(packet_udp(path4().from("198.51.101.7"), again), 40), "20, 10, 10");
}

TEST_F(PacketDnsRate, configured_prefixes_are_exempt)
{
	ip_prefix_parse("198.51.100.0/24", &world.settings.dns.rate.exempt.list[0]);
	world.settings.dns.rate.exempt.n = 1;
	begin();
	EXPECT_EQ(flood(packet_dns(path4(), "vod.cdn.example"), 1000), "1000, 0, 0");
	EXPECT_EQ(flood(packet_dns(path4().from("198.51.101.7"), "vod.cdn.example"), 30),
		  "20, 5, 5");
}

/* --- Amplification ---------------------------------------------------------------------------------- */

/* Octets of frames out for each one in. */
double amplification(World &world, const Bytes &frame, unsigned n)
{
	size_t out = 0;
	for (unsigned i = 0; i < n; i++)
		out += world.run(frame).frame.size();
	return static_cast<double>(out) / static_cast<double>(n * frame.size());
}

std::vector<Bytes> forged_queries()
{
	std::vector<Bytes> frames;
	for (Path path : {path4(), path6()})
		for (const char *name :
		     {"vod.cdn.example", "addr.cdn.example", "many.cdn.example", "cdn.example",
		      "nothing.cdn.example", "deny.cdn.example", "down.cdn.example", "a.org"})
			for (unsigned type : {A, AAAA, TXT, 2u, 6u, 255u})
				for (const Bytes &query :
				     {dns_query(name, type), dns_query(name, type, 65535),
				      dns_query(name, type, 65535, {0, 3, 0, 0}),
				      dns_query(name, type, 65535,
						Bytes{0, 10, 0, 8} + Bytes(8, 7)),
				      dns_query(name, type, 65535, {0, 10, 0, 0})})
					frames.push_back(packet_udp(path, query));
	return frames;
}

TEST_F(PacketDnsRate, amplification_is_bounded)
{
	world.settings.dns.nsid_len = DNS_NSID_MAX;
	double unlimited = 0, limited = 0;
	for (const Bytes &frame : forged_queries())
		unlimited = std::max(unlimited, amplification(world, frame, 1));
	begin();
	for (const Bytes &frame : forged_queries()) {
		amplification(world, frame, 20); /* what may come at once */
		limited = std::max(limited, amplification(world, frame, 100));
	}
	printf("octets out for each forged octet in: at most %.2f, over the rate %.2f\n", unlimited,
	       limited);
	/* udp-size, for a query with an OPT record and a name of five octets. */
	EXPECT_LT(unlimited, (1232.0 + 42) / (42 + 12 + 9 + 11));
	EXPECT_LT(
		limited,
		0.6); /* each second answer is the query, and perhaps a server cookie of 16 octets */
}

} // namespace
