/* packet_tcp_test - handshakes without state, one segment of HTTP, the ends of connections, and resets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

#include <gtest/gtest.h>

namespace
{

class PacketTcp : public ::testing::Test
{
      protected:
	World world;

	std::string drop(const Bytes &frame)
	{
		Outcome outcome = world.run(frame);
		return outcome.answered ? "answered" : outcome.name();
	}
	/* Status line of the answer to a request after a handshake. */
	std::string status(const Bytes &request, const Path &path = path4())
	{
		std::string text = world.ask(world.request(path, request)).text();
		return text.substr(9, text.find("\r\n") - 9);
	}
	std::string location(const Bytes &request, const Path &path = path4())
	{
		std::string text = world.ask(world.request(path, request)).text();
		size_t at = text.find("Location: ");
		return at == std::string::npos
			       ? ""
			       : text.substr(at + 10, text.find("\r\n", at) - at - 10);
	}
};

/* --- handshake ---------------------------------------------------------------------------------------------------- */

TEST_F(PacketTcp, syn_is_answered_with_a_cookie)
{
	for (const Path &path :
	     {path4(), path6(), path4().tagged(0x8003), path6().from("fe80::9").to("fe80::1")}) {
		Packet a = world.ask(packet_tcp(path, {SYN, 0xffffffff, 0, {}, option_mss(1400)}));
		EXPECT_EQ(a.flags, unsigned(SYN | ACK));
		EXPECT_EQ(a.ack, 0u);
		EXPECT_EQ(a.tci, path.tci);
		struct syn_tuple tuple = {path.source.data(), path.destination.data(),
					  static_cast<uint8_t>(path.source.size()), path.port, 80};
		EXPECT_EQ(syn_cookie_check(&world.worker->cookie_keys, &tuple, 0xffffffff, a.seq,
					   1700000000),
			  1400);
	}
	EXPECT_EQ(world.stats.syns, 4u);
}

TEST_F(PacketTcp, cookies_differ_from_connection_to_connection)
{
	uint32_t first = world.handshake(path4(), 1);
	EXPECT_EQ(first, world.handshake(path4(), 1));
	EXPECT_NE(first, world.handshake(path4(), 2));
	EXPECT_NE(first, world.handshake(path4().from_port(40001), 1));
	EXPECT_NE(first, world.handshake(path4().from("198.51.100.8"), 1));
	EXPECT_NE(first, world.handshake(path4().to("192.0.2.2"), 1));
}

TEST_F(PacketTcp, mss_follows_the_mtu)
{
	for (unsigned mtu : {576, 1280, 1500}) {
		world.port.mtu = static_cast<uint16_t>(mtu);
		EXPECT_EQ(*world.ask(packet_tcp(path4(), {SYN})).option(2, 2),
			  DnsBuilder().u16(mtu - 40).bytes);
		EXPECT_EQ(*world.ask(packet_tcp(path6(), {SYN})).option(2, 2),
			  DnsBuilder().u16(mtu - 60).bytes);
	}
}

TEST_F(PacketTcp, timestamp_is_echoed)
{
	Packet a = world.ask(packet_tcp(path4(), {SYN, 1, 0, {}, option_timestamp(0xdeadbeef, 0)}));
	EXPECT_EQ(a.timestamp(4), 0xdeadbeef);
	EXPECT_EQ(a.timestamp(0), static_cast<uint32_t>(UINT64_C(1700000000123)));
	EXPECT_EQ(world.ask(packet_tcp(path4(), {SYN})).option(8, 8), nullptr);
}

/* The order of Linux is read at once, any other one option by option; one wrong octet makes a difference. */
TEST_F(PacketTcp, options_in_any_order)
{
	const Bytes mss = {2, 4, 5, 0xb4}, sack = {4, 2}, scale = {1, 3, 3, 7};
	const Bytes time = {8, 10, 1, 2, 3, 4, 0, 0, 0, 0};
	Packet linux_one =
		world.ask(packet_tcp(path4(), {SYN, 9, 0, {}, mss + sack + time + scale}));
	EXPECT_EQ(linux_one.timestamp(4), 0x01020304u);
	for (const Bytes &options :
	     {mss + scale + time + sack, sack + time + mss + scale, time + sack + scale + mss}) {
		Packet other = world.ask(packet_tcp(path4(), {SYN, 9, 0, {}, options}));
		EXPECT_EQ(other.seq, linux_one.seq); /* the MSS is in the cookie */
		EXPECT_EQ(other.options, linux_one.options);
	}
	for (size_t at : {0, 1, 4, 5, 6, 7, 16, 17, 18}) {
		Bytes options = mss + sack + time + scale;
		options[at] = 0; /* the end of the list, or a length that cannot be */
		bool has_time = at > 7;
		if (at == 1 || at == 5 || at == 7 || at == 18) {
			EXPECT_EQ(drop(packet_tcp(path4(), {SYN, 9, 0, {}, options})), "tcp_bad");
			continue;
		}
		Packet other = world.ask(packet_tcp(path4(), {SYN, 9, 0, {}, options}));
		EXPECT_EQ(other.option(8, 8) != nullptr, has_time) << at;
		EXPECT_EQ(other.seq == linux_one.seq, at > 0) << at;
	}
}

/* packet_check_answer lets nothing but MSS and timestamps pass. */
TEST_F(PacketTcp, no_other_option_is_reflected)
{
	const Bytes unknown[] = {
		{4, 2, 1, 1},                                 /* SACK permitted */
		{3, 3, 14, 1},                                /* window scale */
		{30, 12, 0x01, 0x81, 1, 2, 3, 4, 5, 6, 7, 8}, /* MPTCP */
		{34, 2, 1, 1},                                /* TFO, asks for a cookie */
		{34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1},       /* TFO with one */
		{253, 4, 0xf9, 0x89},                         /* experiment */
		{254, 4, 0, 1},                               /* experiment */
		{28, 4, 0x80, 10},                            /* user timeout */
		{19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 1}, /* MD5 */
		{2, 3, 5, 1},             /* MSS of the wrong length */
		{8, 6, 1, 2, 3, 4, 1, 1}, /* timestamp of the wrong length */
		{0, 0xff, 0xff, 0xff},
		{1, 1, 1, 1},
		{0, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 0}, /* behind the end of the list */
	};
	Bytes all =
		option_mss(1460) + unknown[0] + unknown[1] + unknown[5] + option_timestamp(7, 0);
	for (const Bytes &options : unknown) {
		EXPECT_EQ(world.ask(packet_tcp(path4(), {SYN, 1, 0, {}, options})).options.size(),
			  1u);
		EXPECT_EQ(world.ask(packet_tcp(path6(), {SYN, 1, 0, {}, options})).options.size(),
			  1u);
	}
	EXPECT_EQ(world.ask(packet_tcp(path4(), {SYN, 1, 0, {}, all})).options.size(), 2u);
	EXPECT_EQ(world.ask(packet_tcp(path4(), {SYN | ECE | CWR | PSH | URG})).flags,
		  unsigned(SYN | ACK));
}

TEST_F(PacketTcp, data_on_a_syn_is_left_to_come_again)
{
	EXPECT_EQ(world.ask(packet_tcp(path4(), {SYN, 5, 0, http_request("vod.cdn.example")})).ack,
		  6u);
}

TEST_F(PacketTcp, headers_and_options_that_are_not_valid)
{
	Bytes syn = packet_tcp(path4(), {SYN, 1, 0, {}, option_mss(1460)});
	for (unsigned words : {0, 4, 7, 15}) {
		Bytes frame = syn;
		frame[packet_l4(frame) + 12] = static_cast<uint8_t>(words << 4);
		packet_repair(frame);
		EXPECT_EQ(drop(frame), "tcp_bad") << words;
	}
	for (size_t len = 0; len < 20; len++)
		EXPECT_EQ(drop(packet_ip(path6(), 6, Bytes(len))), "tcp_bad");
	for (const Bytes &options :
	     {Bytes{2, 0, 0, 0}, Bytes{2, 1, 0, 0}, Bytes{2, 5, 0, 0}, Bytes{1, 1, 1, 2},
	      Bytes{30, 255, 0, 0}, Bytes{1, 8, 10, 1, 2, 3, 4, 5}})
		EXPECT_EQ(drop(packet_tcp(path4(), {SYN, 1, 0, {}, options})), "tcp_bad");
}

/* --- one segment of HTTP ------------------------------------------------------------------------------------------ */

TEST_F(PacketTcp, get_is_answered_with_redirect_and_end)
{
	for (const Path &path : {path4(), path6(), path4().tagged(0x2fff)}) {
		Bytes get = http_request("vod.cdn.example", "/live/x?y=z");
		Packet a = world.ask(world.request(path, get));
		EXPECT_EQ(a.flags, unsigned(ACK | PSH | FIN));
		EXPECT_EQ(a.ack, 5001 + get.size());
		EXPECT_EQ(a.text(), "HTTP/1.1 302 Found\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
				    "Location: http://b.test/live/x?y=z\r\nContent-Length: "
				    "0\r\nConnection: close\r\n\r\n");
	}
	EXPECT_EQ(world.stats.http_requests, 3u);
	EXPECT_EQ(world.stats.http_redirects, 3u);
	EXPECT_EQ(world.stats.fallbacks + world.stats.unstacked, 0u);
}

TEST_F(PacketTcp, date_moves_with_the_clock)
{
	Bytes get = http_request("vod.cdn.example");
	world.ask(world.request(path4(), get));
	world.pass_seconds(61);
	EXPECT_NE(world.ask(world.request(path4(), get)).text().find("22:14:21 GMT"),
		  std::string::npos);
}

TEST_F(PacketTcp, sequence_numbers_wrap)
{
	Bytes get = http_request("vod.cdn.example");
	for (uint32_t isn : {UINT32_MAX - 5, UINT32_MAX, UINT32_C(0)}) {
		uint32_t ack = world.handshake(path4(), isn);
		world.ask(packet_tcp(path4(), {ACK | PSH, isn + 1, ack, get}));
	}
}

TEST_F(PacketTcp, get_with_fin_acknowledges_both)
{
	Bytes get = http_request("vod.cdn.example");
	EXPECT_EQ(world.ask(world.request(path4(), get, {}, FIN)).ack, 5001 + get.size() + 1);
}

TEST_F(PacketTcp, timestamps_are_echoed_with_the_answer)
{
	Packet a = world.ask(
		world.request(path6(), http_request("vod.cdn.example"), option_timestamp(4711, 1)));
	EXPECT_EQ(a.timestamp(4), 4711u);
}

TEST_F(PacketTcp, every_status)
{
	std::string long_path = "/" + std::string(1380, 'a');
	EXPECT_EQ(status(http_request("s301.cdn.example")), "301 Moved Permanently");
	EXPECT_EQ(status(http_request("vod.cdn.example")), "302 Found");
	EXPECT_EQ(status(http_request("s303.cdn.example")), "303 See Other");
	EXPECT_EQ(status(http_request("s307.cdn.example")), "307 Temporary Redirect");
	EXPECT_EQ(status(http_request("s308.cdn.example")), "308 Permanent Redirect");
	EXPECT_EQ(world.stats.http_redirects, 5u);
	const struct {
		Bytes request;
		const char *line;
		enum drop_reason reason;
		bool matched;
	} cases[] = {
		{octets("GET / HTTP/1.1\r\n\r\n"), "400 Bad Request", DROP_http_bad_request, false},
		{octets("\x16\x03\x01\x02"), "400 Bad Request", DROP_http_bad_request, false},
		{http_request("deny.cdn.example"), "403 Forbidden", DROP_http_denied, true},
		{http_request("none.cdn.example"), "404 Not Found", DROP_http_no_scope, true},
		{http_request("vod.cdn.example", "/", "POST"), "405 Method Not Allowed",
		 DROP_http_method, false},
		{http_request("vod.cdn.example", long_path), "414 URI Too Long", DROP_http_uri_long,
		 true},
		{octets("GET / HTTP/1.1\r\nHost: vod.cdn.exa"),
		 "431 Request Header Fields Too Large", DROP_http_head_split, false},
		{octets("G"), "431 Request Header Fields Too Large", DROP_http_head_split, false},
		{http_request("vod.cdn.example", "/", "BREW"), "501 Not Implemented",
		 DROP_http_unknown_method, false},
		{http_request("down.cdn.example"), "503 Service Unavailable", DROP_http_no_target,
		 true},
		{http_request("addr.cdn.example"), "503 Service Unavailable", DROP_http_no_target,
		 true},
		{octets("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), "505 HTTP Version Not Supported",
		 DROP_http_version, false},
	};
	for (const auto &c : cases) {
		struct worker_stats before = world.stats;
		EXPECT_EQ(status(c.request), c.line);
		EXPECT_EQ(world.stats.drops[c.reason], before.drops[c.reason] + 1) << c.line;
		EXPECT_EQ(world.stats.http_requests, before.http_requests + c.matched) << c.line;
	}
	EXPECT_EQ(world.stats.http_redirects, 5u);
}

TEST_F(PacketTcp, head_is_answered_as_get)
{
	EXPECT_EQ(location(http_request("vod.cdn.example", "/a", "HEAD")), "http://b.test/a");
	EXPECT_EQ(status(http_request("deny.cdn.example", "/a", "HEAD")), "403 Forbidden");
}

TEST_F(PacketTcp, patterns_fallback_and_stacked_hosts)
{
	EXPECT_EQ(location(http_request("u.x.cdn.example", "/a/b.jpg")), "http://c.test/a/b.jpg");
	EXPECT_EQ(location(http_request("u.x.cdn.example", "/a/b.png")), "http://b.test/a/b.png");
	EXPECT_EQ(location(http_request("back.cdn.example")), "http://c.test/");
	EXPECT_EQ(status(http_request("back.cdn.example", "/" + std::string(1380, 'a'))),
		  "414 URI Too Long");
	EXPECT_EQ(world.stats.fallbacks, 1u);
	EXPECT_EQ(location(http_request("acq.cdn.example", "/from/vod.cdn.example/x")),
		  "http://b.test/x");
	EXPECT_EQ(world.stats.unstacked, 1u);
	EXPECT_EQ(world.stats.http_redirects, 4u);
}

TEST_F(PacketTcp, pipelined_octets_are_acknowledged_and_dropped)
{
	Bytes two = http_request("vod.cdn.example", "/1") + http_request("vod.cdn.example", "/2");
	EXPECT_EQ(location(two), "http://b.test/1");
}

/* --- how much an answer may hold ---------------------------------------------------------------------------------- */

/* The answer to path4() with a path that makes it as long as the client's MSS, and one octet longer. */
TEST_F(PacketTcp, answers_stay_within_the_clients_mss)
{
	for (const Bytes &options : {Bytes{}, option_timestamp(1, 2)}) {
		for (unsigned mss : {536, 1220, 1460}) {
			uint32_t ack = world.handshake(path4(), 5000, option_mss(mss));
			auto get = [&](size_t n) {
				Bytes text =
					http_request("vod.cdn.example", "/" + std::string(n, 'a'));
				return world.ask(
					packet_tcp(path4(), {ACK, 5001, ack, text, options}));
			};
			size_t empty = get(0).payload.size();
			size_t most = mss - options.size() - empty;
			Packet fits = get(most), late = get(most + 1);
			EXPECT_EQ(fits.payload.size() + options.size(), mss);
			EXPECT_EQ(fits.text().substr(9, 3), "302");
			EXPECT_EQ(late.text().substr(9, 3), "414");
		}
	}
}

TEST_F(PacketTcp, without_mss_option_the_default_counts)
{
	for (const Path &path : {path4(), path6()}) {
		uint32_t ack = world.handshake(path, 5000);
		Bytes text = http_request("vod.cdn.example", "/" + std::string(600, 'a'));
		EXPECT_EQ(world.ask(packet_tcp(path, {ACK, 5001, ack, text})).text().substr(9, 3),
			  path.family == 4 ? "414" : "302");
	}
}

TEST_F(PacketTcp, answers_stay_within_our_mtu)
{
	Bytes frame = world.request(path6(),
				    http_request("vod.cdn.example", "/" + std::string(1000, 'a')));
	EXPECT_EQ(world.ask(frame).text().substr(9, 3), "302");
	world.port.mtu = 1000;
	EXPECT_EQ(world.ask(frame).text().substr(9, 3), "414");
	world.port.mtu = 150;
	EXPECT_EQ(drop(frame), "mtu");
}

/* Every error answer fits, whatever MSS the client says and with timestamps. */
TEST_F(PacketTcp, a_tiny_mss_still_gets_its_error_answer)
{
	const Bytes requests[] = {octets("\r\r"), octets("G"), http_request("down.cdn.example"),
				  http_request("vod.cdn.example", "/", "PUT"),
				  http_request("vod.cdn.example")};
	for (unsigned mss : {0, 1, 64, 128}) {
		uint32_t ack = world.handshake(path4(), 5000, option_mss(mss));
		for (const Bytes &options : {Bytes{}, option_timestamp(1, 2)})
			for (const Bytes &request : requests)
				EXPECT_GE(world.ask(packet_tcp(path4(),
							       {ACK, 5001, ack, request, options}))
						  .text()
						  .substr(9, 3),
					  "302");
	}
}

/* --- cookies ------------------------------------------------------------------------------------------------------ */

TEST_F(PacketTcp, wrong_cookie_is_reset)
{
	Bytes get = http_request("vod.cdn.example");
	uint32_t ack = world.handshake(path4(), 5000);
	for (uint32_t wrong : {ack + 1, ack - 1, ack ^ 0x08000000, ack ^ 0x80000000, UINT32_C(0)}) {
		Packet a = world.ask(packet_tcp(path4(), {ACK | PSH, 5001, wrong, get}));
		EXPECT_EQ(a.flags, unsigned(RST));
		EXPECT_EQ(a.seq, wrong);
	}
	EXPECT_EQ(world.ask(packet_tcp(path4(), {ACK, 5002, ack, get})).flags, unsigned(RST));
	EXPECT_EQ(world.ask(packet_tcp(path4().from_port(7), {ACK, 5001, ack, get})).flags,
		  unsigned(RST));
	EXPECT_EQ(world.stats.drops[DROP_tcp_cookie], 7u);
	EXPECT_EQ(world.stats.http_requests, 0u);
}

TEST_F(PacketTcp, cookie_of_the_old_key_is_taken_while_it_is_there)
{
	Bytes frame = world.request(path4(), http_request("vod.cdn.example"));
	world.use_keys(2, 0xb2, 0xa1);
	EXPECT_EQ(world.ask(frame).flags, unsigned(ACK | PSH | FIN));
	Bytes newer = world.request(path4(), http_request("vod.cdn.example"));
	EXPECT_NE(newer, frame);
	world.use_keys(1, 0xb2, 0xa1);
	EXPECT_EQ(world.ask(frame).flags, unsigned(RST));
	EXPECT_EQ(world.ask(newer).flags, unsigned(ACK | PSH | FIN));
}

TEST_F(PacketTcp, cookie_ends_with_its_time)
{
	Bytes frame = world.request(path4(), http_request("vod.cdn.example"));
	world.pass_seconds(SYN_COOKIE_SLOT_SECONDS);
	EXPECT_EQ(world.ask(frame).flags, unsigned(ACK | PSH | FIN));
	for (unsigned i = 0; i < 3; i++) {
		world.pass_seconds(2 * SYN_COOKIE_SLOT_SECONDS);
		EXPECT_EQ(world.ask(frame).flags, unsigned(RST)) << i;
	}
}

/* --- ends --------------------------------------------------------------------------------------------------------- */

TEST_F(PacketTcp, fin_before_a_request_closes_both_sides)
{
	Packet a = world.ask(world.request(path4(), {}, {}, FIN));
	EXPECT_EQ(a.flags, unsigned(ACK | FIN));
	EXPECT_EQ(a.ack, 5002u);
	EXPECT_EQ(world.stats.fins, 1u);
}

TEST_F(PacketTcp, fin_after_the_answer_is_acknowledged)
{
	Bytes get = http_request("vod.cdn.example");
	Packet answer = world.ask(world.request(path4(), get));
	uint32_t end = answer.seq + static_cast<uint32_t>(answer.payload.size()) + 1;
	EXPECT_EQ(drop(packet_tcp(path4(), {ACK, answer.ack, end})), "tcp_ack");
	Packet a = world.ask(
		packet_tcp(path4(), {ACK | FIN, answer.ack, end, {}, option_timestamp(3, 4)}));
	EXPECT_EQ(a.flags, unsigned(ACK));
	EXPECT_EQ(a.seq, end);
	EXPECT_EQ(world.stats.fins, 1u);
}

TEST_F(PacketTcp, segments_that_get_no_answer)
{
	for (unsigned flags : {RST + 0, RST | ACK, RST | SYN, RST | FIN, RST | PSH})
		EXPECT_EQ(drop(packet_tcp(path4(), {flags, 1, 2})), "tcp_rst");
	EXPECT_EQ(drop(packet_tcp(path4(), {RST, 1, 2, {}, {}, 81})), "tcp_rst");
	for (unsigned flags : {ACK + 0, ACK | PSH, ACK | URG, ACK | ECE})
		EXPECT_EQ(drop(packet_tcp(path6(), {flags, 1, 2})), "tcp_ack");
	for (unsigned flags : {0 + 0, FIN + 0, PSH + 0, SYN | FIN, SYN | ACK, SYN | ACK | FIN,
			       SYN | FIN | PSH | URG, FIN | PSH | URG})
		EXPECT_EQ(drop(packet_tcp(path4(), {flags, 1, 2})), "tcp_flags") << flags;
	EXPECT_EQ(drop(packet_tcp(path4(), {PSH, 1, 2, http_request("vod.cdn.example")})),
		  "tcp_flags");
	EXPECT_EQ(drop(packet_tcp(path4().from_port(0), {SYN})), "tcp_flags");
	EXPECT_EQ(drop(packet_tcp(path4().from_port(0), {SYN, 1, 0, {}, {}, 81})), "tcp_flags");
	EXPECT_EQ(world.stats.syns + world.stats.fins, 0u);
}

/* RFC 9293 §3.10.7.1; packet_check_answer knows the numbers. */
TEST_F(PacketTcp, closed_ports_are_reset)
{
	uint64_t n = 0;
	for (const Path &path : {path4(), path6(), path4().tagged(1)}) {
		for (unsigned flags : {0 + 0, SYN + 0, FIN + 0, ACK + 0, SYN | FIN, ACK | FIN,
				       SYN | ACK, PSH | ACK}) {
			for (const Bytes &payload : {Bytes{}, octets("four")}) {
				for (uint16_t port : {0, 81, 53, 443}) {
					world.ask(packet_tcp(path, {flags, 0xfffffffe, 77, payload,
								    option_timestamp(1, 2), port}));
					n++;
				}
			}
		}
	}
	EXPECT_EQ(world.stats.drops[DROP_tcp_port], n);
}

/* --- checksums left to the device --------------------------------------------------------------------------------- */

TEST_F(PacketTcp, checksum_offload)
{
	for (const Path &path : {path4(), path6()}) {
		for (const Bytes &frame :
		     {packet_tcp(path, {SYN}), packet_tcp(path, {SYN, 1, 0, {}, {}, 81}),
		      world.request(path, http_request("vod.cdn.example"))}) {
			world.port.tx_checksum_ip4 = world.port.tx_checksum_l4 = false;
			Outcome plain = world.run(frame);
			world.port.tx_checksum_ip4 = world.port.tx_checksum_l4 = true;
			Outcome outcome = world.run(frame);
			world.port.tx_checksum_ip4 = world.port.tx_checksum_l4 = false;
			EXPECT_EQ(outcome.offloads & RTE_MBUF_F_TX_L4_MASK,
				  RTE_MBUF_F_TX_TCP_CKSUM);
			EXPECT_EQ(outcome.l2_len, 14u);
			EXPECT_EQ(outcome.l3_len, path.family == 4 ? 20u : 40u);
			Packet a = packet_parse(plain.frame);
			DnsBuilder pseudo;
			pseudo.raw(a.from).raw(a.to).u32(static_cast<uint32_t>(a.l4.size())).u32(6);
			size_t tcp = packet_l4(outcome.frame);
			EXPECT_EQ(outcome.frame[tcp + 16] * 256u + outcome.frame[tcp + 17],
				  0xffff - internet_checksum(pseudo.bytes));
			packet_repair(outcome.frame);
			EXPECT_EQ(outcome.frame, plain.frame);
		}
	}
}

} // namespace
