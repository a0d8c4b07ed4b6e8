/* packet_dns_test - DNS over UDP from the frame of the question to the frame of the answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

#include <gtest/gtest.h>

namespace
{

enum {
	A = 1,
	NS = 2,
	CNAME = 5,
	SOA = 6,
	AAAA = 28,
	TXT = 16,
	RCODE = 15,
	TC = 0x0200,
	AA = 0x0400
};

class PacketDns : public ::testing::Test
{
      protected:
	World world;

	std::string drop(const Bytes &frame)
	{
		Outcome outcome = world.run(frame);
		return outcome.answered ? "answered" : outcome.name();
	}
	DnsMessage ask(const Path &path, const std::string &name, unsigned type)
	{
		return world.ask(packet_dns(path, name, type)).dns();
	}
	/* The reason under which an error answer was counted. */
	std::string refusal(const Bytes &message, unsigned *rcode)
	{
		Outcome outcome = world.run(packet_udp(path4(), message));
		EXPECT_TRUE(outcome.answered);
		if (!outcome.answered)
			return outcome.name();
		packet_check_answer(packet_udp(path4(), message), outcome.frame, world.port.mtu);
		*rcode = packet_parse(outcome.frame).payload[3] & RCODE;
		return outcome.name();
	}
};

TEST_F(PacketDns, addresses_and_alias_over_both_families_with_and_without_tag)
{
	for (Path path : {path4(), path6(), path4().tagged(0xa00c), path6().tagged(0x0001)}) {
		EXPECT_EQ(ask(path, "vod.cdn.example", A).answer.at(0).text, "b.test");
		DnsMessage four = ask(path, "addr.cdn.example", A),
			   six = ask(path, "addr.cdn.example", AAAA);
		ASSERT_EQ(four.answer.size(), 2u);
		EXPECT_EQ(four.answer[0].name, "addr.cdn.example");
		EXPECT_EQ(six.answer.at(0).data.size(), 16u);
		EXPECT_TRUE(four.flags & AA);
		EXPECT_EQ(world.ask(packet_dns(path, "vod.cdn.example", A)).tci, path.tci);
	}
	EXPECT_EQ(world.stats.dns_requests, 16u);
	EXPECT_EQ(world.stats.dns_redirects, 16u);
	EXPECT_EQ(world.stats.dns_zone, 0u);
}

TEST_F(PacketDns, addresses_take_turns)
{
	std::string first = ask(path4(), "addr.cdn.example", A).answer.at(0).text;
	std::string second = ask(path4(), "addr.cdn.example", A).answer.at(0).text;
	EXPECT_NE(first, second);
	EXPECT_EQ(ask(path4(), "addr.cdn.example", A).answer.at(0).text, first);
}

TEST_F(PacketDns, id_case_and_recursion_bit_are_the_clients)
{
	DnsMessage message = ask(path4(), "VOD.cdn.EXAMPLE", A);
	EXPECT_EQ(message.id, 0xbeefu);
	EXPECT_TRUE(message.flags & 0x0100);
	Packet a = world.ask(packet_dns(path4(), "VOD.cdn.EXAMPLE", A));
	EXPECT_NE(a.text().find("VOD"), std::string::npos);
}

TEST_F(PacketDns, zone_data_is_no_redirect)
{
	EXPECT_EQ(ask(path4(), "cdn.example", SOA).answer.at(0).type, unsigned(SOA));
	EXPECT_EQ(ask(path6(), "cdn.example", NS).additional.size(), 2u);
	EXPECT_EQ(ask(path4(), "ns.cdn.example", A).answer.at(0).text, "c0000235");
	EXPECT_EQ(world.stats.dns_zone, 3u);
	EXPECT_EQ(world.stats.dns_requests, 3u);
	EXPECT_EQ(world.stats.dns_redirects, 0u);
}

TEST_F(PacketDns, error_answers_and_their_counters)
{
	DnsBuilder notify, chaos, future, broken;
	notify.header(0x2000, 1, 0, 0, 0).question("cdn.example", SOA);
	chaos.header(0, 1, 0, 0, 0).question("version.bind", TXT, 3);
	future.header(0, 1, 0, 0, 1).question("vod.cdn.example", A).opt({}, 1232, 1);
	broken.header(0, 2, 0, 0, 0).question("vod.cdn.example", A);
	const struct {
		Bytes message;
		const char *reason;
		unsigned rcode;
		bool matched;
	} cases[] = {
		{dns_query("none.cdn.example", A), "dns_nxdomain", 3, true},
		{dns_query("addr.cdn.example", TXT), "dns_nodata", 0, true},
		{dns_query("www.example.org", A), "dns_refused", 5, true},
		{dns_query("deny.cdn.example", A), "dns_denied", 5, true},
		{dns_query("gone.cdn.example", A), "dns_denied", 3, true},
		{dns_query("down.cdn.example", A), "dns_servfail", 2, true},
		{notify.bytes, "dns_notimp", 4, false},
		{chaos.bytes, "dns_refused", 5, false},
		{future.bytes, "dns_badvers", 0, false},
		{broken.bytes, "dns_formerr", 1, false},
		{Bytes(12), "dns_formerr", 1, false},
	};
	uint64_t matched = 0;
	for (const auto &c : cases) {
		unsigned rcode = 99;
		EXPECT_EQ(refusal(c.message, &rcode), c.reason);
		EXPECT_EQ(rcode, c.rcode) << c.reason;
		matched += c.matched;
		EXPECT_EQ(world.stats.dns_requests, matched) << c.reason;
	}
	EXPECT_EQ(world.stats.dns_redirects, 0u);
}

TEST_F(PacketDns, fallback_is_counted_when_it_redirects)
{
	EXPECT_EQ(ask(path4(), "back.cdn.example", A).answer.at(0).text, "c.test");
	EXPECT_EQ(ask(path4(), "back.example", SOA).answer.at(0).type,
		  unsigned(SOA)); /* its scope falls back too */
	EXPECT_EQ(world.stats.fallbacks, 1u);
	EXPECT_EQ(world.stats.dns_redirects, 1u);
}

TEST_F(PacketDns, messages_that_get_no_answer)
{
	for (size_t len = 0; len < 12; len++)
		EXPECT_EQ(drop(packet_udp(path4(), Bytes(len))), "dns_short") << len;
	Bytes response = dns_query("vod.cdn.example", A);
	response[2] |= 0x80;
	EXPECT_EQ(drop(packet_udp(path4(), response)), "dns_response");
	EXPECT_EQ(drop(packet_udp(path6(), response)), "dns_response");
}

/* --- client subnet ------------------------------------------------------------------------------------------------ */

TEST_F(PacketDns, client_subnet_decides_and_comes_back_with_its_scope)
{
	const struct {
		Bytes option;
		const char *target;
		unsigned scope;
	} cases[] = {
		{dns_ecs(1, 24, 0, {203, 0, 113}), "c.test", 24},
		{dns_ecs(1, 32, 0, {203, 0, 113, 9}), "c.test", 24},
		{dns_ecs(1, 24, 0, {203, 0, 112}), "b.test", 24},
		{dns_ecs(1, 16, 0, {10, 9}), "b.test", 1},
		{dns_ecs(2, 32, 0, {0x20, 1, 0xd, 0xb8}), "b.test", 0},
	};
	for (const auto &c : cases) {
		Bytes query = dns_query("geo.cdn.example", A, 1232, c.option);
		DnsMessage message = world.ask(packet_udp(path6().tagged(7), query)).dns();
		EXPECT_EQ(message.answer.at(0).text, c.target);
		ASSERT_TRUE(message.opt());
		Bytes expected = c.option;
		expected[7] = static_cast<uint8_t>(c.scope);
		EXPECT_EQ(message.opt()->data, expected);
	}
}

TEST_F(PacketDns, without_client_subnet_the_resolver_decides)
{
	EXPECT_EQ(ask(path4().from("203.0.113.77"), "geo.cdn.example", A).answer.at(0).text,
		  "c.test");
	EXPECT_EQ(ask(path4(), "geo.cdn.example", A).answer.at(0).text, "b.test");
	Bytes query = dns_query("geo.cdn.example", A, 1232, dns_ecs(1, 0, 0, {}));
	Packet a = world.ask(packet_udp(path4().from("203.0.113.77"), query));
	EXPECT_EQ(a.dns().answer.at(0).text, "c.test");
	world.settings.dns.client_subnet = false;
	query = dns_query("geo.cdn.example", A, 1232, dns_ecs(1, 24, 0, {203, 0, 113}));
	EXPECT_EQ(world.ask(packet_udp(path4(), query)).dns().answer.at(0).text, "b.test");
}

/* --- sizes -------------------------------------------------------------------------------------------------------- */

/* A name so long that 16 AAAA records, 448 octets, go past 512. */
TEST_F(PacketDns, what_the_client_takes_is_the_limit)
{
	Bytes plain = dns_query("many.cdn.example", AAAA);
	Packet all = world.ask(packet_udp(path4(), plain));
	ASSERT_EQ(all.dns().answer.size(), 16u);
	size_t len = all.payload.size();
	world.settings.dns.udp_size = static_cast<uint16_t>(len);
	EXPECT_EQ(world.ask(packet_udp(path4(), plain)).payload.size(), len);
	world.settings.dns.udp_size--;
	Outcome cut = world.run(packet_udp(path4(), plain));
	EXPECT_EQ(cut.name(), "dns_truncated");
	DnsMessage message = packet_parse(cut.frame).dns();
	EXPECT_TRUE(message.flags & TC);
	EXPECT_TRUE(message.answer.empty());
	EXPECT_EQ(message.qname, "many.cdn.example");
}

TEST_F(PacketDns, edns_size_is_honoured)
{
	Bytes options = Bytes{0, 12, 0, 60} + Bytes(60),
	      subnet = dns_ecs(2, 128, 0, address("2001:db8::5"));
	std::string name = "many.cdn.example";
	Bytes small = dns_query(name, AAAA, 512, subnet),
	      large = dns_query(name, AAAA, 1232, subnet + options);
	Packet cut = world.ask(packet_udp(path6(), small)),
	       whole = world.ask(packet_udp(path6(), large));
	EXPECT_EQ(whole.dns().answer.size(), 16u);
	EXPECT_GT(whole.payload.size(), 512u);
	EXPECT_TRUE(cut.dns().flags & TC);
	EXPECT_TRUE(cut.dns().opt());
	EXPECT_EQ(world.stats.drops[DROP_dns_truncated], 1u);
	EXPECT_EQ(world.stats.dns_requests, 2u);
	EXPECT_EQ(world.stats.dns_redirects, 1u);
}

TEST_F(PacketDns, the_mtu_is_the_limit)
{
	Bytes query = packet_udp(path6().tagged(2), dns_query("many.cdn.example", AAAA, 4096));
	Packet whole = world.ask(query);
	world.port.mtu = static_cast<uint16_t>(whole.ip_len);
	EXPECT_EQ(world.ask(query).ip_len, whole.ip_len);
	world.port.mtu--;
	EXPECT_TRUE(world.ask(query).dns().flags & TC);
	/* Down to where not even the question fits: then nothing is sent. */
	for (world.port.mtu = 120; world.port.mtu >= 60; world.port.mtu--) {
		Outcome outcome = world.run(query);
		if (outcome.answered)
			packet_check_answer(query, outcome.frame, world.port.mtu);
		else
			EXPECT_EQ(outcome.name(), "mtu");
		EXPECT_EQ(outcome.answered, world.port.mtu >= 40 + 8 + 12 + 18 + 4);
	}
}

TEST_F(PacketDns, the_smallest_mtu_of_ip6)
{
	world.port.mtu = 1280;
	world.ask(packet_udp(path6(), dns_query("many.cdn.example", AAAA, 65535)));
	world.ask(packet_udp(path4(), dns_query("many.cdn.example", AAAA, 65535)));
}

/* --- UDP ---------------------------------------------------------------------------------------------------------- */

TEST_F(PacketDns, no_checksum_is_for_ip4_only)
{
	Bytes four = packet_dns(path4(), "vod.cdn.example"),
	      six = packet_dns(path6(), "vod.cdn.example");
	for (Bytes *frame : {&four, &six})
		std::fill_n(frame->begin() + static_cast<long>(packet_l4(*frame)) + 6, 2, 0);
	world.ask(four);
	EXPECT_EQ(drop(six), "udp_checksum");
	EXPECT_TRUE(world.run(four, RTE_MBUF_F_RX_L4_CKSUM_BAD)
			    .answered); /* some devices call no sum a bad one */
	EXPECT_EQ(world.run(six, RTE_MBUF_F_RX_L4_CKSUM_GOOD).name(), "udp_checksum");
}

/* All 65536 sums, so also those that come out as 0 and have to be sent as 0xffff (RFC 768). */
TEST_F(PacketDns, an_answers_checksum_is_never_zero)
{
	for (const Path &path : {path4(), path6()}) {
		Bytes query = dns_query("vod.cdn.example", A);
		unsigned ffff = 0;
		for (unsigned id = 0; id < 0x10000; id++) {
			query[0] = static_cast<uint8_t>(id >> 8);
			query[1] = static_cast<uint8_t>(id);
			Packet a = world.ask(packet_udp(path, query));
			ffff += a.l4[6] == 0xff && a.l4[7] == 0xff;
		}
		EXPECT_EQ(ffff, 1u);
	}
}

TEST_F(PacketDns, udp_lengths_and_ports)
{
	Bytes good = packet_dns(path4(), "vod.cdn.example");
	size_t udp = packet_l4(good);
	for (unsigned len : {0u, 7u, static_cast<unsigned>(good.size() - udp + 1), 0xffffu}) {
		Bytes frame = good;
		frame[udp + 4] = static_cast<uint8_t>(len >> 8);
		frame[udp + 5] = static_cast<uint8_t>(len);
		packet_repair(frame);
		EXPECT_EQ(drop(frame), "udp_bad") << len;
	}
	for (size_t len = 0; len < 8; len++)
		EXPECT_EQ(drop(packet_ip(path6(), 17, Bytes(len))), "udp_bad");
	for (unsigned port : {0, 52, 54, 80, 443, 5353, 65535})
		EXPECT_EQ(drop(packet_udp(path4(), dns_query("vod.cdn.example", A),
					  static_cast<uint16_t>(port))),
			  "udp_port");
	EXPECT_EQ(drop(packet_dns(path4().from_port(0), "vod.cdn.example")), "udp_port");
	world.ask(packet_dns(path4().from_port(65535), "vod.cdn.example"));
}

/* The UDP datagram may be shorter than the IP packet that holds it. */
TEST_F(PacketDns, octets_behind_the_datagram_are_ignored)
{
	Bytes query = packet_dns(path4(), "vod.cdn.example");
	Bytes l4(query.begin() + static_cast<long>(packet_l4(query)), query.end());
	Bytes longer = packet_ip(path4(), 17, l4 + Bytes(7, 0xaa));
	EXPECT_EQ(world.ask(longer).ip_len, world.ask(query).ip_len);
}

/* --- checksums left to the device --------------------------------------------------------------------------------- */

/* The field holds the sum of the pseudo header, not complemented; the device goes on from there. */
TEST_F(PacketDns, checksum_offload)
{
	for (const Path &path : {path4(), path6(), path6().tagged(4)}) {
		Bytes query = packet_dns(path, "vod.cdn.example");
		world.port.tx_checksum_ip4 = world.port.tx_checksum_l4 = false;
		Outcome plain = world.run(query);
		EXPECT_FALSE(plain.offloads & (RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_IP_CKSUM));
		world.port.tx_checksum_ip4 = world.port.tx_checksum_l4 = true;
		world.restart();
		Outcome outcome = world.run(query);
		EXPECT_EQ(outcome.offloads & RTE_MBUF_F_TX_L4_MASK, RTE_MBUF_F_TX_UDP_CKSUM);
		EXPECT_EQ(!!(outcome.offloads & RTE_MBUF_F_TX_IP_CKSUM), path.family == 4);
		EXPECT_TRUE(outcome.offloads &
			    (path.family == 4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6));
		EXPECT_FALSE(outcome.offloads &
			     (path.family == 4 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4));
		EXPECT_EQ(outcome.l2_len, path.tci >= 0 ? 18u : 14u);
		EXPECT_EQ(outcome.l3_len, path.family == 4 ? 20u : 40u);
		Packet a = packet_parse(plain.frame);
		DnsBuilder pseudo;
		pseudo.raw(a.from).raw(a.to).u32(static_cast<uint32_t>(a.l4.size())).u32(17);
		unsigned sum = 0xffff - internet_checksum(pseudo.bytes);
		size_t udp = packet_l4(outcome.frame);
		EXPECT_EQ(outcome.frame[udp + 6] * 256u + outcome.frame[udp + 7], sum);
		packet_repair(outcome.frame); /* as the device would */
		EXPECT_EQ(outcome.frame, plain.frame);
	}
}

TEST_F(PacketDns, arp_and_icmp_are_never_left_to_the_device)
{
	world.port.tx_checksum_ip4 = world.port.tx_checksum_l4 = true;
	EXPECT_EQ(world.run(packet_arp(path4())).offloads, 0u);
	for (const Bytes &frame : {packet_echo(path4(), 9), packet_echo(path6(), 9),
				   packet_solicit(path6(), true, {})}) {
		Outcome outcome = world.run(frame);
		EXPECT_FALSE(outcome.offloads & RTE_MBUF_F_TX_L4_MASK);
		packet_repair(outcome.frame); /* the IPv4 header's */
		packet_check_answer(frame, outcome.frame, 1500);
	}
}

} // namespace
