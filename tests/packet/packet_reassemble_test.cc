/* packet_reassemble_test - DNS queries in IP fragments, in all orders and sizes, and those that make no packet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <rte_mempool.h>

extern "C" {
#include "dataplane/reassemble.h"
}

namespace
{

struct Piece {
	size_t at, len; /* of what IP carries */
	bool more;
};

class PacketReassemble : public ::testing::Test
{
      protected:
	PacketReassemble()
	{
		world.settings.dns.fragments = 4;
		world.worker->fragments = fragments_new(&world.settings, SOCKET_ID_ANY);
		if (!world.worker->fragments)
			throw std::bad_alloc();
		struct rte_mbuf *any = world.lend({});
		pool = any->pool;
		rte_pktmbuf_free(any);
		unused = rte_mempool_avail_count(pool);
	}
	~PacketReassemble() override
	{
		fragments_free(world.worker->fragments);
		world.worker->fragments = nullptr;
		EXPECT_EQ(rte_mempool_avail_count(pool), unused); /* no mbuf is lost */
	}
	/* One piece of what `frame` carries, as a frame. */
	static Bytes cut(const Path &path, const Bytes &frame, const Piece &piece,
			 uint32_t id = 0x1234, unsigned protocol = 17)
	{
		size_t head = 14 + (path.family == 4 ? 20 : 40);
		Bytes all(frame.begin() + static_cast<long>(head), frame.end());
		Bytes part(all.begin() + static_cast<long>(piece.at),
			   all.begin() + static_cast<long>(piece.at + piece.len));
		if (path.family == 6) {
			DnsBuilder header;
			header.u8(protocol).u8(0);
			header.u16(static_cast<unsigned>(piece.at) | piece.more).u32(id);
			return packet_ip(path, 44, header.bytes + part);
		}
		Bytes made = packet_ip(path, protocol, part);
		std::copy(part.begin(), part.end(), made.begin() + 34); /* with its checksum */
		unsigned offset = static_cast<unsigned>(piece.at / 8) | (piece.more ? 0x2000 : 0);
		made[18] = static_cast<uint8_t>(id >> 8);
		made[19] = static_cast<uint8_t>(id);
		made[20] = static_cast<uint8_t>(offset >> 8);
		made[21] = static_cast<uint8_t>(offset);
		made[24] = made[25] = 0;
		unsigned sum = 0;
		for (size_t i = 14; i < 34; i += 2)
			sum += made[i] * 256u + made[i + 1];
		sum = (sum & 0xffff) + (sum >> 16);
		sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
		made[24] = static_cast<uint8_t>(sum >> 8);
		made[25] = static_cast<uint8_t>(sum);
		return made;
	}
	static size_t payload(const Path &path, const Bytes &frame)
	{
		return frame.size() - 14 - (path.family == 4 ? 20 : 40);
	}
	/* "held", the answer's first record, "answered", or the reason. As burst_loop does. */
	std::string send(const Bytes &frame)
	{
		struct burst *burst = &world.worker->burst;
		burst->n = 1;
		burst->mbufs[0] = world.lend(frame);
		burst_run(world.worker.get(), &world.port);
		const struct packet &packet = burst->packets[0];
		if (packet.lane == LANE_HELD)
			return "held";
		struct rte_mbuf *mbuf = burst->mbufs[0];
		std::string said = drop_reason_name(static_cast<enum drop_reason>(packet.reason));
		if (packet.answer) {
			const uint8_t *at = rte_pktmbuf_mtod(mbuf, const uint8_t *);
			answer.assign(at, at + mbuf->data_len);
			DnsMessage m = packet_parse(answer).dns();
			said = m.answer.empty() ? "answered" : m.answer[0].text;
		}
		rte_pktmbuf_free(mbuf);
		return said;
	}
	uint64_t dropped() const
	{
		return world.stats.drops[DROP_ip_reassembly];
	}
	/* The pieces of a frame, each of so many octets. */
	static std::vector<Piece> pieces(size_t total, size_t each)
	{
		std::vector<Piece> list;
		for (size_t at = 0; at < total; at += each)
			list.push_back({at, std::min(each, total - at), at + each < total});
		return list;
	}

	World world;
	struct rte_mempool *pool;
	unsigned unused;
	Bytes answer;
};

TEST_F(PacketReassemble, Rfc791_3_2_and_Rfc8200_4_5_in_every_order)
{
	for (const Path &path : {path4(), path6()}) {
		Bytes frame = packet_dns(path, "vod.cdn.example");
		std::vector<Piece> list = pieces(payload(path, frame), 16);
		std::vector<size_t> order(list.size());
		for (size_t i = 0; i < order.size(); i++)
			order[i] = i;
		uint32_t id = 1;
		do {
			for (size_t i = 0; i < order.size(); i++)
				EXPECT_EQ(send(cut(path, frame, list[order[i]], id)),
					  i + 1 < order.size() ? "held" : "b.test");
			id++;
		} while (std::next_permutation(order.begin(), order.end()));
		EXPECT_GT(id, 2u);
		packet_check_answer(frame, answer, world.port.mtu);
	}
	EXPECT_EQ(dropped(), 0u);
}

TEST_F(PacketReassemble, a_query_longer_than_a_frame_is_answered)
{
	for (const Path &path : {path4(), path6()}) {
		Bytes query = dns_query("vod.cdn.example", 1, 1232,
					Bytes{0xfd, 0xe9, 6, 0} + Bytes(1536));
		Bytes frame = packet_udp(path, query);
		ASSERT_GT(frame.size(), 1514u);
		std::vector<Piece> list = pieces(payload(path, frame), 1400);
		EXPECT_EQ(send(cut(path, frame, list[0])), "held");
		EXPECT_EQ(send(cut(path, frame, list[1])), "b.test");
		EXPECT_LE(answer.size(), 1514u);
		packet_check_answer(frame, answer, world.port.mtu);
	}
}

TEST_F(PacketReassemble, what_does_not_fit_one_buffer_is_dropped)
{
	Bytes frame = packet_udp(path4(), Bytes(4000));
	std::vector<Piece> list = pieces(payload(path4(), frame), 1400);
	EXPECT_EQ(send(cut(path4(), frame, list[0])), "held");
	EXPECT_EQ(send(cut(path4(), frame, list[1])), "held");
	EXPECT_EQ(send(cut(path4(), frame, list[2])), "ip_reassembly");
	EXPECT_EQ(dropped(), 1u);
}

TEST_F(PacketReassemble, Rfc6946_4_atomic_fragments_wait_for_nothing)
{
	Bytes frame = packet_dns(path6(), "vod.cdn.example");
	Piece all = {0, payload(path6(), frame), false};
	/* Even while a fragment with the same identification waits. */
	Bytes begin = cut(path6(), frame, {0, 16, true});
	EXPECT_EQ(send(begin), "held");
	EXPECT_EQ(send(cut(path6(), frame, all)), "b.test");
	packet_check_answer(frame, answer, world.port.mtu);
	EXPECT_EQ(dropped(), 0u);
	/* Nor does it need the table, nor is it for DNS alone. */
	fragments_free(world.worker->fragments);
	world.worker->fragments = nullptr;
	EXPECT_EQ(send(cut(path6(), frame, all)), "b.test");
	/* One within the other is none that anybody sends. */
	EXPECT_EQ(send(cut(path6(), cut(path6(), frame, all), {0, all.len + 8, false}, 1, 44)),
		  "ip_fragment");
}

TEST_F(PacketReassemble, Rfc5722_4_overlapping_fragments_are_dropped)
{
	for (const Path &path : {path4(), path6()}) {
		Bytes frame = packet_dns(path, "vod.cdn.example");
		size_t total = payload(path, frame);
		uint32_t id = 100;
		const std::vector<std::vector<Piece>> cases = {
			{{0, 24, true}, {16, total - 16, false}},
			{{16, total - 16, false}, {0, 24, true}},
			{{0, 16, true}, {0, 16, true}, {16, total - 16, false}},
			{{0, 24, true}, {8, 16, true}, {24, total - 24, false}},
			{{0, 16, true}, {16, 8, true}, {16, 8, true}, {24, total - 24, false}},
			{{16, total - 16, false}, {24, total - 24, false}, {0, 16, true}},
		};
		for (const std::vector<Piece> &list : cases) {
			uint64_t before = dropped();
			for (const Piece &piece : list)
				EXPECT_EQ(send(cut(path, frame, piece, id)), "held");
			EXPECT_GT(dropped(), before) << id;
			world.pass_seconds(2); /* what is left of them is late */
			id++;
		}
	}
}

TEST_F(PacketReassemble, what_does_not_come_within_a_second_is_too_late)
{
	Bytes frame = packet_dns(path4(), "vod.cdn.example");
	std::vector<Piece> list = pieces(payload(path4(), frame), 24);
	ASSERT_EQ(list.size(), 2u);
	EXPECT_EQ(send(cut(path4(), frame, list[0])), "held");
	world.pass_seconds(2);
	EXPECT_EQ(send(cut(path4(), frame, list[1])), "held");
	EXPECT_EQ(dropped(), 1u);
	EXPECT_EQ(send(cut(path4(), frame, list[0])), "b.test");
}

/* At the bound others are dropped; those that are there go on, and after a second their places are free. */
TEST_F(PacketReassemble, a_flood_of_fragments_holds_no_more_than_the_bound)
{
	Bytes frame = packet_dns(path4(), "vod.cdn.example");
	std::vector<Piece> list = pieces(payload(path4(), frame), 24);
	for (uint32_t id = 0; id < 1000; id++)
		EXPECT_EQ(send(cut(path4(), frame, list[0], id)), "held");
	EXPECT_GE(unused - rte_mempool_avail_count(pool), 1u);
	EXPECT_LE(unused - rte_mempool_avail_count(pool), 4u);
	EXPECT_EQ(dropped() + (unused - rte_mempool_avail_count(pool)), 1000u);
	world.pass_seconds(2);
	EXPECT_EQ(send(cut(path4(), frame, list[0], 7)), "held");
	EXPECT_EQ(send(cut(path4(), frame, list[1], 7)), "b.test");
}

TEST_F(PacketReassemble, only_dns_over_udp_is_put_together)
{
	for (const Path &path : {path4(), path6()}) {
		Bytes tcp = packet_tcp(path, {SYN});
		EXPECT_EQ(send(cut(path, tcp, {0, 16, true}, 1, 6)), "ip_fragment");
		EXPECT_EQ(send(cut(path, tcp, {8, 8, false}, 1, 6)), "ip_fragment");
		Bytes other = packet_udp(path, Bytes(32), 123);
		EXPECT_EQ(send(cut(path, other, {0, 16, true})), "ip_fragment");
	}
	/* Shorter than its own header. */
	EXPECT_EQ(send(packet_ip(path6(), 44, Bytes(7))), "ip_fragment");
	EXPECT_EQ(send(packet_ip(path6(), 44, {17, 0, 0, 1, 0, 0, 0, 1})), "ip_fragment");
}

TEST_F(PacketReassemble, a_wrong_checksum_of_the_whole_is_seen)
{
	for (const Path &path : {path4(), path6()}) {
		Bytes frame = packet_dns(path, "vod.cdn.example");
		frame.back() ^= 1;
		std::vector<Piece> list = pieces(payload(path, frame), 24);
		EXPECT_EQ(send(cut(path, frame, list[0])), "held");
		EXPECT_EQ(send(cut(path, frame, list[1])), "udp_checksum");
	}
}

/* Whatever comes, each mbuf is freed once (the fixture looks), and nothing is read past its end. */
TEST_F(PacketReassemble, random_fragments)
{
	std::mt19937 random(5);
	unsigned answered = 0;
	for (int round = 0; round < 20000; round++) {
		Path path = random() % 2 ? path4() : path6();
		Bytes frame = packet_dns(path, "vod.cdn.example");
		size_t total = payload(path, frame), at = random() % 4 * 8;
		Piece piece = {at, std::min(total - at, size_t{8} * (1 + random() % 3)), true};
		piece.more = piece.at + piece.len < total || random() % 8 == 0;
		Bytes made = cut(path, frame, piece, random() % 6);
		if (random() % 8 == 0)
			made[14 + random() % (made.size() - 14)] ^=
				static_cast<uint8_t>(1 << random() % 8);
		if (random() % 16 == 0)
			made.resize(14 + random() % (made.size() - 13));
		answered += send(made) == "b.test";
		if (random() % 1000 == 0)
			world.pass_seconds(1);
	}
	EXPECT_GT(answered, 10u);
}

} // namespace
