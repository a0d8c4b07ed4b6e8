/* packet_connection_test - TCP connections that are kept: heads and answers of many segments, DNS over TCP, kept-alive HTTP, bounds. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_peer.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace
{

class PacketConnection : public ::testing::Test
{
      protected:
	World world;
	void SetUp() override
	{
		world.keep_connections(8, 16);
	}
	uint32_t kept()
	{
		return connections_count(world.worker->connections);
	}
};

/* --- heads in many segments ------------------------------------------------------------------------------------------ */

TEST_F(PacketConnection, Rfc9293_3_10_7_4_head_split_at_any_octet)
{
	Bytes get = http_request("vod.cdn.example", "/live/x?y=z");
	for (bool timestamps : {false, true}) {
		for (const Path &path : {path4(), path6(), path4().tagged(5)}) {
			for (size_t at = 1; at < get.size(); at++) {
				Peer peer(world, path.from_port(static_cast<uint16_t>(1000 + at)),
					  80, 0xffffff80, timestamps);
				peer.connect();
				peer.say(part(get, 0, at));
				ASSERT_EQ(peer.heard, "");
				ASSERT_EQ(peer.acked, peer.ours);
				peer.say(part(get, at, get.size()));
				ASSERT_EQ(peer.status(), "HTTP/1.1 302") << at;
				ASSERT_TRUE(peer.ended);
				ASSERT_NE(peer.heard.find("http://b.test/live/x?y=z\r\n"),
					  std::string::npos);
				peer.acknowledge();
				ASSERT_EQ(kept(), 0u);
			}
		}
	}
}

TEST_F(PacketConnection, octet_by_octet)
{
	Peer peer(world, path4());
	peer.connect();
	for (uint8_t octet : http_request("vod.cdn.example"))
		peer.say({octet});
	EXPECT_EQ(peer.status(), "HTTP/1.1 302");
	EXPECT_EQ(world.stats.http_requests, 1u);
}

TEST_F(PacketConnection, Rfc9293_3_10_7_4_segments_in_any_order)
{
	Bytes get = http_request("vod.cdn.example");
	std::vector<size_t> order = {0, 1, 2, 3};
	do {
		Peer peer(world, path4());
		peer.connect();
		size_t quarter = get.size() / 4;
		std::vector<Bytes> frames;
		for (size_t k : order) {
			size_t from = k * quarter, to = k == 3 ? get.size() : from + quarter;
			frames.push_back(peer.segment(ACK | PSH,
						      peer.ours + static_cast<uint32_t>(from),
						      part(get, from, to)));
		}
		peer.ours += static_cast<uint32_t>(get.size());
		peer.hear(world.send(frames));
		ASSERT_EQ(peer.status(), "HTTP/1.1 302") << order[0] << order[1] << order[2];
		peer.acknowledge();
		ASSERT_EQ(kept(), 0u);
	} while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(PacketConnection, overlapping_octets_keep_what_came_first)
{
	Bytes get = http_request("vod.cdn.example", "/aaaa");
	Bytes other = http_request("vod.cdn.example", "/bbbb");
	Peer peer(world, path4());
	peer.connect();
	uint32_t start = peer.ours;
	peer.say(part(get, 0, 8));
	peer.hear(world.send({peer.segment(ACK, start, part(other, 0, 20))}));
	peer.hear(world.send({peer.segment(ACK, start + 4, part(get, 4, get.size()))}));
	EXPECT_NE(peer.heard.find("http://b.test/aaab\r\n"), std::string::npos) << peer.heard;
}

TEST_F(PacketConnection, long_head_within_its_limit_and_past_it)
{
	for (size_t extra : {7000, 9000}) {
		Peer peer(world, path4().from_port(static_cast<uint16_t>(extra)));
		Bytes get = http_request("vod.cdn.example", "/", "GET",
					 "X: " + std::string(extra, 'x') + "\r\n");
		peer.connect();
		for (size_t at = 0; at < get.size() && !peer.ended; at += 1460)
			peer.say(part(get, at, std::min(get.size(), at + 1460)));
		EXPECT_EQ(peer.status(), extra == 7000 ? "HTTP/1.1 302" : "HTTP/1.1 431");
	}
}

TEST_F(PacketConnection, half_closed_client_gets_its_answer)
{
	Bytes get = http_request("vod.cdn.example");
	Peer peer(world, path6());
	peer.connect();
	peer.say(part(get, 0, 10));
	peer.say(part(get, 10, get.size()), ACK | FIN);
	EXPECT_EQ(peer.status(), "HTTP/1.1 302");
	EXPECT_TRUE(peer.ended);
	peer.acknowledge();
	EXPECT_EQ(kept(), 0u);
}

TEST_F(PacketConnection, client_that_closes_within_a_head_is_told_and_forgotten)
{
	Peer peer(world, path6());
	peer.connect();
	peer.say(octets("GET / HT"));
	peer.say({}, ACK | FIN);
	EXPECT_TRUE(peer.ended);
	peer.acknowledge();
	EXPECT_EQ(kept(), 0u);
}

/* --- answers in many segments ------------------------------------------------------------------------------------------ */

TEST_F(PacketConnection, Rfc9293_3_7_1_answer_longer_than_a_segment)
{
	std::string path = "/" + std::string(1300, 'p');
	for (unsigned mss : {128, 536, 1220}) {
		for (bool timestamps : {false, true}) {
			Peer peer(world, path4().from_port(static_cast<uint16_t>(mss)), 80, 9,
				  timestamps);
			peer.connect(mss);
			size_t most = 0;
			uint32_t seq = peer.ours;
			Bytes get = http_request("vod.cdn.example", path);
			peer.ours += static_cast<uint32_t>(get.size());
			auto out = world.send({peer.segment(ACK | PSH, seq, get)});
			peer.hear(out);
			for (const Bytes &frame : out)
				most = std::max(most, packet_parse(frame).payload.size());
			while (!peer.ended) {
				uint32_t before = peer.theirs;
				peer.acknowledge();
				ASSERT_NE(before, peer.theirs);
			}
			EXPECT_EQ(most, mss - (timestamps ? 12 : 0));
			EXPECT_NE(peer.heard.find("http://b.test" + path + "\r\n"),
				  std::string::npos);
			peer.acknowledge();
			EXPECT_EQ(kept(), 0u);
		}
	}
}

TEST_F(PacketConnection, Rfc6298_5_lost_answer_comes_again)
{
	std::string path = "/" + std::string(1300, 'p');
	Peer peer(world, path4());
	peer.connect(536);
	Bytes get = http_request("vod.cdn.example", path);
	world.send({peer.segment(ACK | PSH, peer.ours, get)}); /* nothing of it arrives */
	peer.ours += static_cast<uint32_t>(get.size());
	for (uint64_t ms = 100; ms < 9000 && !peer.ended; ms += 100) {
		auto out = world.wait_until(ms);
		if (out.empty())
			continue;
		EXPECT_GE(ms, 1000u);
		peer.hear(out);
		peer.acknowledge();
		while (!peer.ended) {
			uint32_t before = peer.theirs;
			peer.acknowledge();
			if (before == peer.theirs)
				break;
		}
	}
	EXPECT_TRUE(peer.ended);
	EXPECT_NE(peer.heard.find("http://b.test" + path + "\r\n"), std::string::npos);
	peer.acknowledge();
	EXPECT_EQ(kept(), 0u);
	EXPECT_GE(world.stats.tcp_sent_again, 1u);
}

TEST_F(PacketConnection, peer_that_says_no_more_is_given_up)
{
	Peer peer(world, path4());
	peer.connect(536);
	peer.say(http_request("vod.cdn.example", "/" + std::string(1300, 'p')));
	for (uint64_t ms = 100; ms < 30000 && kept(); ms += 100)
		peer.hear(world.wait_until(ms));
	EXPECT_TRUE(peer.reset);
	EXPECT_EQ(kept(), 0u);
	EXPECT_EQ(world.stats.tcp_given_up, 1u);
}

TEST_F(PacketConnection, Rfc9293_3_8_6_1_zero_window_is_probed_and_respected)
{
	Peer peer(world, path4());
	peer.connect();
	peer.window = 0;
	peer.say(http_request("vod.cdn.example"));
	EXPECT_EQ(peer.heard, "");
	std::string probes;
	for (uint64_t ms = 100; ms < 4000; ms += 100)
		for (const Bytes &frame : world.wait_until(ms)) {
			Packet p = packet_parse(frame);
			EXPECT_LE(p.payload.size(), 1u);
			probes += p.text();
			peer.hear(world.send({peer.segment(ACK, peer.ours)}));
		}
	EXPECT_GE(probes.size(), 1u);
	EXPECT_EQ(probes, std::string(probes.size(), 'H'));
	peer.window = 20;
	peer.acknowledge();
	EXPECT_EQ(peer.heard, "HTTP/1.1 302 Found\r\n");
	peer.window = 5000;
	peer.acknowledge();
	EXPECT_TRUE(peer.ended);
	EXPECT_NE(peer.heard.find("Location: http://b.test/\r\n"), std::string::npos);
}

/* --- resets and challenges ------------------------------------------------------------------------------------------------ */

TEST_F(PacketConnection, Rfc5961_3_2_only_an_exact_reset_closes)
{
	Peer peer(world, path4());
	peer.connect();
	peer.say(octets("GET / HT"));
	unsigned before = peer.pure_acks;
	peer.hear(world.send({peer.segment(RST, peer.ours + 1)}));
	EXPECT_EQ(peer.pure_acks, before + 1);
	EXPECT_EQ(kept(), 1u);
	peer.hear(world.send({peer.segment(RST, peer.ours + 70000)}));
	EXPECT_EQ(kept(), 1u);
	peer.hear(world.send({peer.segment(RST, peer.ours)}));
	EXPECT_EQ(kept(), 0u);
	EXPECT_EQ(world.stats.drops[DROP_tcp_rst], 1u);
}

TEST_F(PacketConnection, Rfc5961_4_2_syn_and_5_2_bad_acknowledgements_are_challenged)
{
	Peer peer(world, path4());
	world.wait_until(10);
	peer.connect();
	peer.say(octets("GET / HT"));
	unsigned before = peer.pure_acks;
	peer.hear(world.send({packet_tcp(path4(), {SYN, peer.ours, 0})}));
	EXPECT_EQ(peer.pure_acks, before + 1);
	/* Not more than one in a time (RFC 5961 section 10). */
	peer.hear(world.send({packet_tcp(path4(), {ACK, peer.ours, peer.theirs + 1000})}));
	EXPECT_EQ(peer.pure_acks, before + 1);
	world.wait_until(600);
	peer.hear(world.send({packet_tcp(path4(), {ACK, peer.ours, peer.theirs + 1000})}));
	EXPECT_EQ(peer.pure_acks, before + 2);
	EXPECT_EQ(kept(), 1u);
}

/* --- DNS over TCP ------------------------------------------------------------------------------------------------------------ */

std::vector<DnsMessage> messages(const std::string &heard)
{
	std::vector<DnsMessage> list;
	for (size_t at = 0; at + 2 <= heard.size();) {
		size_t len = static_cast<uint8_t>(heard[at]) * 256u +
			     static_cast<uint8_t>(heard[at + 1]);
		EXPECT_LE(at + 2 + len, heard.size());
		list.emplace_back(octets(heard.substr(at + 2, len)));
		at += 2 + len;
	}
	return list;
}

TEST_F(PacketConnection, Rfc7766_8_length_and_query_split_at_any_octet)
{
	Bytes query = framed(dns_query("addr.cdn.example", 1));
	for (size_t at = 1; at < query.size(); at++) {
		Peer peer(world, path4(), 53);
		peer.connect();
		peer.say(part(query, 0, at));
		peer.say(part(query, at, query.size()));
		ASSERT_EQ(messages(peer.heard).size(), 1u) << at;
		EXPECT_EQ(messages(peer.heard)[0].answer.size(), 2u);
		EXPECT_FALSE(peer.ended);
		peer.say({}, ACK | FIN);
		EXPECT_TRUE(peer.ended);
		peer.acknowledge();
		ASSERT_EQ(kept(), 0u);
	}
}

TEST_F(PacketConnection, Rfc7766_6_2_1_1_pipelined_queries)
{
	Peer peer(world, path6(), 53);
	Bytes all;
	for (int i = 0; i < 20; i++)
		all = all + framed(dns_query(i % 2 ? "addr.cdn.example" : "none.cdn.example", 28));
	peer.connect();
	peer.say(all);
	peer.acknowledge();
	auto list = messages(peer.heard);
	ASSERT_EQ(list.size(), 20u);
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(list[i].answer.size(), i % 2 ? 2u : 0u);
	EXPECT_EQ(world.stats.dns_requests, 20u);
	EXPECT_EQ(kept(), 1u);
	EXPECT_FALSE(peer.ended);
}

TEST_F(PacketConnection, Rfc7766_6_2_3_idle_connection_is_closed)
{
	Peer peer(world, path6(), 53);
	peer.connect();
	peer.say(framed(dns_query("addr.cdn.example", 28)));
	peer.acknowledge();
	for (uint64_t ms = 500; ms < 12000 && !peer.ended; ms += 500)
		peer.hear(world.wait_until(ms));
	EXPECT_TRUE(peer.ended);
	EXPECT_FALSE(peer.reset);
	peer.acknowledge();
	EXPECT_EQ(kept(), 0u);
}

/* More than the buffer for answers holds: nothing is lost, as the rest waits for acknowledgements. */
TEST_F(PacketConnection, answers_wait_for_room)
{
	world.keep_connections(2, 4, 4096);
	Peer peer(world, path4(), 53);
	Bytes all;
	for (int i = 0; i < 40; i++)
		all = all + framed(dns_query("many.cdn.example", i % 2 ? 28 : 1));
	peer.connect(536);
	for (size_t at = 0; at < all.size(); at += 500)
		peer.say(part(all, at, std::min(all.size(), at + 500)));
	for (int i = 0; i < 200; i++)
		peer.acknowledge();
	auto list = messages(peer.heard);
	ASSERT_EQ(list.size(), 40u);
	for (const DnsMessage &message : list)
		EXPECT_EQ(message.answer.size(), 16u);
}

TEST_F(PacketConnection, what_is_no_query_ends_the_connection)
{
	for (const Bytes &bad : {framed(Bytes(5)), framed({}), framed(Bytes(12, 0x80))}) {
		Peer peer(world, path4(), 53);
		peer.connect();
		peer.say(bad);
		EXPECT_TRUE(peer.reset);
		EXPECT_EQ(kept(), 0u);
	}
}

/* --- HTTP that goes on -------------------------------------------------------------------------------------------------------- */

TEST_F(PacketConnection, Rfc9112_9_3_kept_alive_where_the_port_says_so)
{
	for (bool keep : {true, false}) {
		world.port_settings.keep_alive = keep;
		Peer peer(world, path4());
		peer.connect();
		peer.say(http_request("vod.cdn.example", "/1"));
		EXPECT_EQ(peer.ended, !keep);
		EXPECT_EQ(peer.heard.find("Connection: close") == std::string::npos, keep);
		if (!keep)
			continue;
		peer.say(http_request("vod.cdn.example", "/2"));
		peer.say(http_request("vod.cdn.example", "/3", "GET", "Connection: close\r\n"));
		EXPECT_TRUE(peer.ended);
		for (const char *path : {"/1", "/2", "/3"})
			EXPECT_NE(peer.heard.find(std::string("http://b.test") + path + "\r\n"),
				  std::string::npos);
		peer.acknowledge();
		EXPECT_EQ(kept(), 0u);
	}
}

TEST_F(PacketConnection, Rfc9112_9_3_2_pipelined_requests_are_answered_in_order)
{
	world.port_settings.keep_alive = true;
	Bytes all;
	for (int i = 0; i < 10; i++)
		all = all + http_request("vod.cdn.example", "/" + std::to_string(i));
	for (size_t piece : {size_t(7), size_t(100), size_t(1460)}) {
		Peer peer(world, path4().from_port(static_cast<uint16_t>(piece)));
		peer.connect();
		for (size_t at = 0; at < all.size(); at += piece)
			peer.say(part(all, at, std::min(all.size(), at + piece)));
		peer.acknowledge();
		size_t at = 0;
		for (int i = 0; i < 10; i++) {
			at = peer.heard.find("http://b.test/" + std::to_string(i) + "\r\n", at);
			ASSERT_NE(at, std::string::npos) << i;
		}
	}
}

/* Without it the first answer ends the connection, and what follows is acknowledged, so that no reset takes the answer away. */
TEST_F(PacketConnection, Rfc9112_9_6_what_follows_an_ended_request_is_acknowledged)
{
	Bytes get = http_request("vod.cdn.example", "/1");
	Peer peer(world, path4());
	peer.connect();
	peer.say(get + http_request("vod.cdn.example", "/2"));
	EXPECT_TRUE(peer.ended);
	EXPECT_EQ(peer.acked, peer.ours);
	EXPECT_EQ(peer.heard.find("HTTP/1.1", 8), std::string::npos);
	peer.acknowledge();
	Peer late(world, path4().from_port(7));
	late.connect();
	late.say(get);
	EXPECT_TRUE(late.ended);
	late.say(get);
	EXPECT_FALSE(late.reset);
	EXPECT_EQ(late.acked, late.ours);
	EXPECT_EQ(world.stats.drops[DROP_tcp_late], 1u);
	EXPECT_EQ(kept(), 0u);
}

/* The rest of a body, sent before the answer came, looks like what comes before the first octets. */
TEST_F(PacketConnection, late_octets_of_an_answered_request_are_forgotten_soon_and_without_a_reset)
{
	Bytes post = http_request("vod.cdn.example", "/", "POST", "Content-Length: 1000\r\n");
	for (bool acknowledges : {false, true}) {
		Peer peer(world, path4().from_port(acknowledges ? 1 : 2));
		world.wait_until(1000);
		peer.connect();
		uint32_t start = peer.ours, cookie = peer.theirs;
		peer.say(post);
		EXPECT_EQ(peer.status(), "HTTP/1.1 405");
		Bytes late =
			peer.segment(ACK, start + static_cast<uint32_t>(post.size()), Bytes(500));
		size_t at = packet_l4(late) + 8;
		for (size_t i = 0; i < 4; i++)
			late[at + i] = static_cast<uint8_t>(cookie >> (24 - 8 * i));
		packet_repair(late);
		peer.hear(world.send({late}));
		EXPECT_EQ(kept(), 1u);
		if (acknowledges)
			peer.acknowledge();
		else
			for (uint64_t ms = 1100; ms < 3200; ms += 100)
				peer.hear(world.wait_until(ms));
		EXPECT_EQ(kept(), 0u);
		EXPECT_FALSE(peer.reset);
	}
}

/* --- bounds --------------------------------------------------------------------------------------------------------------------- */

TEST_F(PacketConnection, the_oldest_goes_first_and_is_told)
{
	std::vector<Peer> peers;
	for (uint16_t i = 0; i < 20; i++)
		peers.emplace_back(world, path4().from_port(static_cast<uint16_t>(2000 + i)));
	for (size_t i = 0; i < peers.size(); i++) {
		peers[i].connect();
		auto out = world.send({peers[i].segment(ACK, peers[i].ours, octets("GET /"))});
		for (Peer &peer : peers)
			peer.hear(out);
		EXPECT_EQ(kept(), std::min<size_t>(i + 1, 8));
	}
	for (size_t i = 0; i < peers.size(); i++)
		EXPECT_EQ(peers[i].reset, i < 12) << i;
	EXPECT_EQ(world.stats.tcp_evicted, 12u);
	Peer good(world, path6());
	good.connect();
	good.say(http_request("vod.cdn.example"));
	EXPECT_EQ(good.status(), "HTTP/1.1 302");
}

TEST_F(PacketConnection, buffers_are_bounded_too)
{
	world.keep_connections(8, 2);
	for (uint16_t i = 0; i < 8; i++) {
		Peer peer(world, path4().from_port(static_cast<uint16_t>(2000 + i)));
		peer.connect();
		peer.say(octets("GET /"));
		EXPECT_LE(kept(), 2u);
	}
	Peer peer(world, path6());
	Bytes get = http_request("vod.cdn.example");
	peer.connect();
	peer.say(part(get, 0, 20));
	peer.say(part(get, 20, get.size()));
	EXPECT_EQ(peer.status(), "HTTP/1.1 302");
}

} // namespace
