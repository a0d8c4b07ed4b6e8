/* packet_l3_test - ARP, neighbour discovery and echo are answered; what no host may answer ends under its name. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

#include <gtest/gtest.h>

namespace
{

class PacketL3 : public ::testing::Test
{
      protected:
	World world;

	std::string drop(const Bytes &frame, uint64_t rx_flags = 0)
	{
		Outcome outcome = world.run(frame, rx_flags);
		return outcome.answered ? "answered" : outcome.name();
	}
	/* The same frame with one octet changed behind the IP header's start, and sums made right. */
	static Bytes edited(Bytes frame, size_t at, unsigned value)
	{
		frame[packet_l3(frame) + at] = static_cast<uint8_t>(value);
		packet_repair(frame);
		return frame;
	}
};

TEST_F(PacketL3, checksum_of_rfc_1071)
{
	EXPECT_EQ(internet_checksum({0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}),
		  0xffffu - 0xddf2u);
	EXPECT_EQ(internet_checksum({0x12}), 0xffffu - 0x1200u);
	EXPECT_EQ(internet_checksum({}), 0xffffu);
}

/* --- ARP ---------------------------------------------------------------------------------------------------------- */

TEST_F(PacketL3, arp_request_is_answered_with_our_mac)
{
	Packet a = world.ask(packet_arp(path4()));
	EXPECT_EQ(a.destination, client_mac);
	EXPECT_EQ(Bytes(a.l4.begin() + 8, a.l4.begin() + 18), our_mac + address("192.0.2.1"));
	EXPECT_EQ(world.ask(packet_arp(path4().to("192.0.2.2").tagged(0x6123))).tci, 0x6123);
	Path unicast = path4();
	Bytes frame = packet_arp(unicast);
	std::copy(our_mac.begin(), our_mac.end(), frame.begin());
	world.ask(frame + Bytes(18));
	world.ask(packet_arp(path4().from("0.0.0.0"))); /* a probe: RFC 5227 §2.1.1 */
	EXPECT_EQ(world.stats.arp, 4u);
}

TEST_F(PacketL3, arp_that_is_not_for_us)
{
	EXPECT_EQ(drop(packet_arp(path4(), 2)), "arp_other");
	EXPECT_EQ(drop(packet_arp(path4().to("192.0.2.77"))), "arp_other");
	EXPECT_EQ(drop(packet_arp(path4().from("192.0.2.9").to("192.0.2.9"))),
		  "arp_other"); /* gratuitous */
	EXPECT_EQ(drop(packet_arp(path4().from("192.0.2.9").to("192.0.2.9"), 2)), "arp_other");
	EXPECT_EQ(drop(packet_arp(path4(), 0)), "arp_other");
	EXPECT_EQ(world.stats.arp, 0u);
}

TEST_F(PacketL3, arp_that_is_malformed)
{
	for (size_t at = 0; at < 6; at++)
		EXPECT_EQ(drop(edited(packet_arp(path4()), at, 0x77)), "arp_bad") << at;
	Bytes shorter = packet_arp(path4());
	shorter.pop_back();
	EXPECT_EQ(drop(shorter), "arp_bad");
}

/* --- neighbour discovery ------------------------------------------------------------------------------------------ */

TEST_F(PacketL3, solicitation_is_answered)
{
	Path link = path6().from("fe80::99").to("fe80::1");
	EXPECT_EQ(world.ask(packet_solicit(link, true, solicit_option())).destination, client_mac);
	world.ask(packet_solicit(link, false, {}));
	world.ask(packet_solicit(path6().tagged(0x3007), true,
				 solicit_option(14) + solicit_option()));
	EXPECT_EQ(world.stats.nd, 3u);
}

TEST_F(PacketL3, duplicate_address_detection_is_answered_to_all)
{
	Packet a = world.ask(packet_solicit(path6().from("::"), true, {}));
	EXPECT_EQ(a.destination, (Bytes{0x33, 0x33, 0, 0, 0, 1}));
	EXPECT_EQ(a.to, address("ff02::1"));
	EXPECT_EQ(a.l4[4], 0x20);
	EXPECT_EQ(drop(packet_solicit(path6().from("::"), false, {})), "nd_bad");
	EXPECT_EQ(drop(packet_solicit(path6().from("::"), true, solicit_option())), "nd_bad");
	world.ask(packet_solicit(path6().from("::"), true, solicit_option(14)));
}

/* RFC 4861 §7.1.1. */
TEST_F(PacketL3, solicitation_that_is_not_valid)
{
	Bytes good = packet_solicit(path6(), true, solicit_option());
	for (unsigned hops : {254, 64, 1, 0})
		EXPECT_EQ(drop(edited(good, 7, hops)), "nd_bad");
	EXPECT_EQ(drop(edited(good, 41, 1)), "nd_bad");        /* code */
	EXPECT_EQ(drop(edited(good, 40 + 8, 0xff)), "nd_bad"); /* target is a group */
	EXPECT_EQ(drop(packet_solicit(path6(), true, Bytes{1, 0} + Bytes(6))), "nd_bad");
	EXPECT_EQ(drop(packet_solicit(path6(), true, Bytes{1, 2} + Bytes(6))), "nd_bad");
	EXPECT_EQ(drop(packet_solicit(path6(), true, Bytes{1, 1, 2})), "nd_bad");
	EXPECT_EQ(drop(packet_solicit(path6(), true, solicit_option() + Bytes(8))), "nd_bad");
	EXPECT_EQ(drop(packet_ip(path6(), 58, Bytes{135} + Bytes(22))), "nd_bad");
	Bytes wrong = good;
	wrong[packet_l4(wrong) + 9] ^= 1;
	EXPECT_EQ(drop(wrong), "icmp_checksum");
	EXPECT_EQ(world.stats.nd, 0u);
}

TEST_F(PacketL3, solicitation_for_others)
{
	EXPECT_EQ(drop(packet_solicit(path6().to("2001:db8::2"), true, solicit_option())),
		  "ip_not_ours");
	EXPECT_EQ(drop(packet_solicit(path6().to("2001:db8:9::1"), true, solicit_option())),
		  "ip_not_ours");
	EXPECT_EQ(drop(packet_solicit(path6().to("2001:db8:9::1"), false, solicit_option())),
		  "ip_not_ours");
	EXPECT_EQ(drop(packet_solicit(path6().from("2001:db8::1"), true, {})),
		  "ip_source"); /* our own, back */
}

TEST_F(PacketL3, advertisement_needs_room)
{
	Bytes bare = packet_solicit(path6(), true, {});
	EXPECT_EQ(world.run(bare, 0, Memory::exact).name(), "mbuf_segments");
	world.ask(bare);
}

/* --- echo --------------------------------------------------------------------------------------------------------- */

TEST_F(PacketL3, echo_of_every_size_up_to_the_mtu)
{
	for (size_t len = 0; len <= 1500 - 28; len = len < 70 ? len + 1 : len + 127)
		world.ask(packet_echo(path4(), len));
	for (size_t len = 0; len <= 1500 - 48; len = len < 70 ? len + 1 : len + 127)
		world.ask(packet_echo(path6(), len));
	uint64_t before = world.stats.echo;
	world.ask(packet_echo(path4(), 1500 - 28));
	world.ask(packet_echo(path6(), 1500 - 48));
	EXPECT_EQ(drop(packet_echo(path4(), 1500 - 27)), "mtu");
	EXPECT_EQ(drop(packet_echo(path6(), 1500 - 47)), "mtu");
	EXPECT_EQ(world.stats.echo, before + 2);
}

TEST_F(PacketL3, echo_from_a_link_address_and_to_the_second_one)
{
	world.ask(packet_echo(path6().from("fe80::99").to("fe80::1"), 8));
	world.ask(packet_echo(path4().to("192.0.2.2"), 8));
}

TEST_F(PacketL3, icmp_that_is_not_echo)
{
	for (unsigned type = 0; type < 256; type++) {
		std::string four = drop(edited(packet_echo(path4(), 32), 20, type));
		std::string six = drop(edited(packet_echo(path6(), 32), 40, type));
		EXPECT_EQ(four, type == 8 ? "answered" : "icmp_other") << type;
		EXPECT_EQ(six, type == 128   ? "answered"
			       : type == 135 ? "nd_bad"
					     : "icmp_other")
			<< type;
	}
	EXPECT_EQ(drop(edited(packet_echo(path4(), 32), 21, 1)), "icmp_other");
	EXPECT_EQ(drop(edited(packet_echo(path6(), 32), 41, 1)), "icmp_other");
	EXPECT_EQ(drop(packet_ip(path4(), 1, Bytes{8, 0, 0, 0, 1, 2, 3})), "icmp_bad");
	EXPECT_EQ(drop(packet_ip(path6(), 58, Bytes{128, 0, 0, 0, 1, 2, 3})), "icmp_bad");
	EXPECT_EQ(drop(packet_echo(path6().from("::"), 8)), "ip_source");
	Path group = path6();
	group.destination = solicited_node(group.destination);
	EXPECT_EQ(drop(packet_echo(group, 8)), "icmp_other");
}

/* --- Ethernet ----------------------------------------------------------------------------------------------------- */

TEST_F(PacketL3, ethernet_drops)
{
	Bytes good = packet_echo(path4(), 8), frame = good;
	for (size_t len = 1; len < 14; len++)
		EXPECT_EQ(drop(Bytes(good.begin(), good.begin() + static_cast<long>(len))),
			  "eth_short");
	Bytes tagged = packet_echo(path4().tagged(1), 8);
	for (size_t len = 14; len < 18; len++)
		EXPECT_EQ(drop(Bytes(tagged.begin(), tagged.begin() + static_cast<long>(len))),
			  "eth_short");
	for (unsigned type : {0x0000, 0x0040, 0x0801, 0x8035, 0x8847, 0x88cc}) {
		EXPECT_EQ(drop(packet_ethernet(path4(), type, Bytes(64))), "eth_type");
		EXPECT_EQ(drop(packet_ethernet(path4().tagged(7), type, Bytes(64))), "eth_type");
	}
	frame[5] ^= 1;
	EXPECT_EQ(drop(frame), "eth_not_ours");
	frame[5] ^= 1;
	frame[6] |= 1;
	EXPECT_EQ(drop(frame), "eth_source");
	std::fill(frame.begin() + 6, frame.begin() + 12, 0);
	EXPECT_EQ(drop(frame), "eth_source");
}

TEST_F(PacketL3, one_vlan_tag_comes_back_and_two_are_too_many)
{
	for (unsigned tci : {0x0000, 0x0001, 0xefff, 0xf123})
		EXPECT_EQ(world.ask(packet_echo(path4().tagged(tci), 20)).tci,
			  static_cast<int>(tci));
	Bytes inner = packet_echo(path4().tagged(5), 20);
	Bytes payload(inner.begin() + 14, inner.end());
	EXPECT_EQ(drop(packet_ethernet(path4().tagged(6), 0x8100, payload)), "eth_vlan");
	EXPECT_EQ(drop(packet_ethernet(path4().tagged(6), 0x88a8, payload)), "eth_vlan");
	EXPECT_EQ(drop(packet_ethernet(path4(), 0x88a8, payload)), "eth_vlan");
}

TEST_F(PacketL3, unicast_in_a_group_frame)
{
	for (const Bytes &mac :
	     {Bytes(6, 0xff), Bytes{1, 0, 0x5e, 0, 0, 1}, Bytes{0x33, 0x33, 0, 0, 0, 1}}) {
		Path four = path4(), six = path6();
		four.destination_mac = six.destination_mac = mac;
		EXPECT_EQ(drop(packet_echo(four, 8)), "eth_group");
		EXPECT_EQ(drop(packet_dns(four, "vod.cdn.example")), "eth_group");
		EXPECT_EQ(drop(packet_tcp(four, {SYN})), "eth_group");
		EXPECT_EQ(drop(packet_echo(six, 8)), "eth_group");
		EXPECT_EQ(drop(packet_solicit(six, false, {})), "eth_group");
	}
}

TEST_F(PacketL3, a_frame_in_two_buffers)
{
	Bytes frame = packet_echo(path4(), 8);
	struct rte_mbuf second = {}, *mbuf = nullptr;
	struct worker_stats before = world.stats;
	world.run(frame); /* leaves its mbuf in the pool, but the array is ours */
	mbuf = world.worker->burst.mbufs[0];
	struct rte_mbuf first = *mbuf;
	first.nb_segs = 2;
	first.next = &second;
	world.worker->burst.mbufs[0] = &first;
	burst_run(world.worker.get(), &world.port);
	EXPECT_FALSE(world.worker->burst.packets[0].answer);
	EXPECT_EQ(world.stats.drops[DROP_mbuf_segments], before.drops[DROP_mbuf_segments] + 1);
}

/* --- IP ----------------------------------------------------------------------------------------------------------- */

TEST_F(PacketL3, ethernet_padding_is_no_part_of_the_packet)
{
	for (size_t padding : {1, 2, 18, 46}) {
		for (uint8_t fill : {0, 0xff}) {
			Bytes tail(padding, fill);
			EXPECT_EQ(world.ask(packet_echo(path4(), 0) + tail).ip_len, 28u);
			EXPECT_EQ(world.ask(packet_echo(path6(), 0) + tail).ip_len, 48u);
			world.ask(packet_tcp(path4(), {SYN}) + tail);
			world.ask(packet_dns(path4(), "vod.cdn.example") + tail);
			world.ask(packet_solicit(path6(), true, {}) + tail);
		}
	}
}

TEST_F(PacketL3, ip4_header_drops)
{
	Bytes good = packet_echo(path4(), 8);
	EXPECT_EQ(drop(edited(good, 0, 0x55)), "ip4_bad");
	EXPECT_EQ(drop(edited(good, 0, 0x65)), "ip4_bad");
	EXPECT_EQ(drop(edited(good, 0, 0x44)), "ip4_bad");
	EXPECT_EQ(drop(edited(good, 3, 19)), "ip4_bad");
	EXPECT_EQ(drop(edited(good, 3, 37)), "ip4_bad"); /* one more than there is */
	Path options = path4();
	for (const Bytes &octets : {Bytes{1, 1, 1, 0}, Bytes{148, 4, 0, 0}, Bytes(40)}) {
		options.ip4_options = octets;
		EXPECT_EQ(drop(packet_echo(options, 8)), "ip4_options");
		EXPECT_EQ(drop(packet_dns(options, "vod.cdn.example")), "ip4_options");
	}
	for (size_t at = 0; at < 20; at++) {
		Bytes wrong = packet_echo(path4(), 400);
		wrong[14 + at] ^= at == 0 ? 0 : at == 3 ? 0x10 : 0x20;
		wrong[14 + 11] ^= at == 0 ? 1 : 0;
		std::string name = drop(wrong);
		EXPECT_TRUE(name == "ip4_checksum" || ((at == 2 || at == 3) && name == "ip4_bad"))
			<< at << name;
	}
}

TEST_F(PacketL3, fragments)
{
	Bytes query = packet_dns(path4(), "vod.cdn.example");
	EXPECT_EQ(drop(edited(query, 6, 0x20)), "ip_fragment"); /* the first of several */
	EXPECT_EQ(drop(edited(query, 7, 0x01)), "ip_fragment");
	EXPECT_EQ(drop(edited(query, 6, 0x1f)), "ip_fragment");
	world.ask(edited(query, 6, 0x00));
	EXPECT_EQ(drop(packet_ip(path6(), 44, Bytes{17, 0, 0, 1, 0, 0, 0, 1} + Bytes(20))),
		  "ip_fragment");
}

TEST_F(PacketL3, ip6_header_drops)
{
	Bytes good = packet_echo(path6(), 8);
	EXPECT_EQ(drop(edited(good, 0, 0x40)), "ip6_bad");
	EXPECT_EQ(drop(edited(good, 5, 17)), "ip6_bad"); /* one more than there is */
	EXPECT_EQ(drop(edited(good, 4, 0x80)), "ip6_bad");
	for (unsigned next : {0, 43, 60, 51})
		EXPECT_EQ(drop(packet_ip(path6(), next, Bytes{17, 0} + Bytes(46))), "ip6_extension")
			<< next;
	EXPECT_EQ(drop(packet_ip(path6(), 17, {})),
		  "udp_bad"); /* a length of 0 is no jumbogram here */
}

TEST_F(PacketL3, protocols_that_we_do_not_have)
{
	for (unsigned protocol : {0, 2, 4, 41, 47, 50, 58, 89, 132, 255})
		EXPECT_EQ(drop(packet_ip(path4(), protocol, Bytes(32))), "ip_protocol") << protocol;
	for (unsigned protocol : {1, 4, 41, 47, 50, 59, 89, 132, 255})
		EXPECT_EQ(drop(packet_ip(path6(), protocol, Bytes(32))), "ip_protocol") << protocol;
}

TEST_F(PacketL3, destinations_that_are_not_ours)
{
	for (const char *text :
	     {"192.0.2.3", "192.0.2.255", "255.255.255.255", "224.0.0.1", "127.0.0.1", "0.0.0.0"})
		EXPECT_EQ(drop(packet_echo(path4().to(text), 8)), "ip_not_ours") << text;
	for (const char *text : {"2001:db8::2", "fe80::2", "ff02::1", "ff02::fb", "::", "::1"})
		EXPECT_EQ(drop(packet_echo(path6().to(text), 8)), "ip_not_ours") << text;
	Path group = path6();
	group.destination = solicited_node(group.destination);
	EXPECT_EQ(drop(packet_dns(group, "vod.cdn.example")), "ip_not_ours");
}

TEST_F(PacketL3, sources_that_cannot_be_answered)
{
	for (const char *text : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.251", "239.1.1.1",
				 "240.0.0.1", "255.255.255.255", "192.0.2.1", "192.0.2.2"}) {
		EXPECT_EQ(drop(packet_echo(path4().from(text), 8)), "ip_source") << text;
		EXPECT_EQ(drop(packet_dns(path4().from(text), "vod.cdn.example")), "ip_source")
			<< text;
	}
	for (const char *text : {"::", "::1", "ff02::1", "ff0e::1", "2001:db8::1", "fe80::1"}) {
		EXPECT_EQ(drop(packet_echo(path6().from(text), 8)), "ip_source") << text;
		EXPECT_EQ(drop(packet_tcp(path6().from(text), {SYN})), "ip_source") << text;
	}
}

/* --- what the device says ----------------------------------------------------------------------------------------- */

TEST_F(PacketL3, ip4_checksum_flags)
{
	Bytes good = packet_echo(path4(), 8), wrong = good;
	wrong[14 + 10] ^= 1;
	EXPECT_EQ(drop(good, RTE_MBUF_F_RX_IP_CKSUM_BAD), "ip4_checksum");
	world.ask(good, RTE_MBUF_F_RX_IP_CKSUM_GOOD);
	world.ask(wrong, RTE_MBUF_F_RX_IP_CKSUM_GOOD);
	world.ask(
		wrong,
		RTE_MBUF_F_RX_IP_CKSUM_NONE); /* not right in the packet, but the header is sound */
	EXPECT_EQ(drop(wrong, RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN), "ip4_checksum");
	EXPECT_EQ(drop(wrong, RTE_MBUF_F_RX_L4_CKSUM_GOOD), "ip4_checksum");
}

TEST_F(PacketL3, l4_checksum_flags)
{
	struct {
		Bytes frame;
		size_t field;
		const char *reason;
	} cases[] = {{packet_dns(path4(), "vod.cdn.example"), 6, "udp_checksum"},
		     {packet_dns(path6(), "vod.cdn.example"), 6, "udp_checksum"},
		     {packet_tcp(path4(), {SYN}), 16, "tcp_checksum"},
		     {packet_tcp(path6(), {SYN}), 16, "tcp_checksum"},
		     {packet_echo(path6(), 9), 2, "icmp_checksum"}};
	for (const auto &c : cases) {
		Bytes wrong = c.frame;
		wrong[packet_l4(wrong) + c.field] ^= 0x40;
		EXPECT_EQ(drop(wrong), c.reason);
		EXPECT_EQ(drop(c.frame, RTE_MBUF_F_RX_L4_CKSUM_BAD), c.reason);
		EXPECT_EQ(drop(wrong, RTE_MBUF_F_RX_IP_CKSUM_GOOD), c.reason);
		world.ask(c.frame, RTE_MBUF_F_RX_L4_CKSUM_GOOD);
		world.ask(wrong, RTE_MBUF_F_RX_L4_CKSUM_GOOD);
		world.ask(wrong, RTE_MBUF_F_RX_L4_CKSUM_NONE);
	}
	Bytes echo = packet_echo(path4(), 9);
	echo[packet_l4(echo) + 2] ^= 1;
	EXPECT_EQ(drop(echo), "icmp_checksum");
	EXPECT_EQ(drop(echo, RTE_MBUF_F_RX_L4_CKSUM_GOOD),
		  "icmp_checksum"); /* no device sums ICMP */
}

} // namespace
