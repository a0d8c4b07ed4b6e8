/* packet_hostile_test - every packet cut short and damaged: each ends in a right answer or a named drop, and what lies
 * behind the frame plays no part. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

#include <gtest/gtest.h>
#include <random>

namespace
{

#if defined(__SANITIZE_ADDRESS__)
enum { FLIPS = 20000 };
#else
enum { FLIPS = 200000 };
#endif

class PacketHostile : public ::testing::Test
{
      protected:
	World world;
	std::vector<std::pair<std::string, Bytes>> fixtures = packet_fixtures(world);
	uint64_t answered = 0, dropped = 0;

	Outcome run(const Bytes &frame, Memory memory)
	{
		world.restart();
		Outcome outcome = world.run(frame, 0, memory);
		if (outcome.answered)
			packet_check_answer(frame, outcome.frame, world.port.mtu);
		return outcome;
	}
	/* In three memories. An answer may need room that a buffer of the frame's own size has not; a drop may not. */
	void judge(const std::string &name, const Bytes &frame)
	try {
		Outcome zeros = run(frame, Memory::zeros), ones = run(frame, Memory::ones);
		Outcome exact = run(frame, Memory::exact);
		ASSERT_TRUE(zeros == ones) << name << ": " << zeros.name() << ", " << ones.name();
		bool no_room = zeros.answered &&
			       (exact.reason == DROP_mtu || exact.reason == DROP_mbuf_segments);
		ASSERT_TRUE(exact.answered || no_room || exact == zeros)
			<< name << ": " << exact.name();
		answered += zeros.answered;
		dropped += !zeros.answered;
	} catch (const std::exception &error) {
		FAIL() << name << ": " << error.what() << "\n" << hex(frame);
	}
	static std::string hex(const Bytes &frame)
	{
		std::string text;
		for (uint8_t octet : frame) {
			text += "0123456789abcdef"[octet >> 4];
			text += "0123456789abcdef"[octet & 15];
		}
		return text;
	}
};

TEST_F(PacketHostile, fixtures_are_what_they_seem)
{
	const std::vector<std::string> silent = {"ack", "rst"};
	for (const auto &fixture : fixtures) {
		judge(fixture.first, fixture.second);
		bool is_silent = std::count(silent.begin(), silent.end(), fixture.first);
		EXPECT_NE(world.run(fixture.second).answered, is_silent) << fixture.first;
	}
}

TEST_F(PacketHostile, cut_at_every_octet)
{
	for (const auto &fixture : fixtures) {
		for (size_t len = 0; len < fixture.second.size() && !HasFatalFailure(); len++) {
			Bytes cut(fixture.second.begin(),
				  fixture.second.begin() + static_cast<long>(len));
			judge(fixture.first + " cut at " + std::to_string(len), cut);
			ASSERT_FALSE(world.run(cut).answered) << fixture.first << " cut at " << len;
		}
	}
}

TEST_F(PacketHostile, cut_at_every_octet_with_lengths_made_right)
{
	for (const auto &fixture : fixtures) {
		for (size_t len = 0; len < fixture.second.size() && !HasFatalFailure(); len++) {
			Bytes cut(fixture.second.begin(),
				  fixture.second.begin() + static_cast<long>(len));
			packet_repair(cut, true);
			judge(fixture.first + " shortened to " + std::to_string(len), cut);
		}
	}
	EXPECT_GT(answered, 0u);
	EXPECT_GT(dropped, 0u);
}

TEST_F(PacketHostile, lengthened_with_lengths_made_right)
{
	for (const auto &fixture : fixtures) {
		for (size_t more : {1, 2, 3, 4, 7, 8, 20, 500}) {
			for (uint8_t fill : {0x00, 0x01, 0xff}) {
				Bytes longer = fixture.second + Bytes(more, fill);
				packet_repair(longer, true);
				judge(fixture.first + " lengthened", longer);
			}
		}
	}
}

/* One octet set to every value. */
TEST_F(PacketHostile, every_octet_of_the_headers)
{
	for (const auto &fixture : fixtures) {
		for (size_t at = 0; at < std::min<size_t>(fixture.second.size(), 80); at++) {
			for (unsigned value = 0; value < 256 && !HasFatalFailure();
			     value += FLIPS < 100000 ? 17 : 1) {
				Bytes frame = fixture.second;
				frame[at] = static_cast<uint8_t>(value);
				packet_repair(frame);
				judge(fixture.first + " octet " + std::to_string(at), frame);
			}
		}
	}
}

TEST_F(PacketHostile, damaged_at_random)
{
	std::mt19937 random(1);
	for (unsigned round = 0; round < FLIPS && !HasFatalFailure(); round++) {
		const auto &fixture = fixtures[random() % fixtures.size()];
		Bytes frame = fixture.second;
		for (unsigned n = 1 + random() % 8; n; n--)
			frame[random() % frame.size()] = static_cast<uint8_t>(random());
		if (random() % 4 == 0)
			frame.resize(1 + random() % frame.size());
		if (random() % 4)
			packet_repair(frame, random() % 2);
		world.port.mtu = random() % 8 ? 1500 : static_cast<uint16_t>(100 + random() % 1400);
		judge(fixture.first + " in round " + std::to_string(round), frame);
	}
	EXPECT_GT(answered, FLIPS / 50u);
	EXPECT_GT(dropped, FLIPS / 50u);
}

TEST_F(PacketHostile, noise)
{
	std::mt19937 random(2);
	for (unsigned round = 0; round < FLIPS / 4 && !HasFatalFailure(); round++) {
		Bytes frame(1 + random() % 200);
		for (uint8_t &octet : frame)
			octet = static_cast<uint8_t>(random());
		if (frame.size() > 14 && random() % 4) {
			static const uint16_t types[] = {0x0800, 0x86dd, 0x0806, 0x8100};
			uint16_t type = types[random() % 4];
			frame[6] = 2;
			frame[12] = static_cast<uint8_t>(type >> 8);
			frame[13] = static_cast<uint8_t>(type);
		}
		judge("noise", frame);
	}
}

/* Packets of a burst have nothing to do with each other. */
TEST_F(PacketHostile, a_burst_is_answered_as_its_packets_one_by_one)
{
	std::mt19937 random(3);
	for (unsigned round = 0; round < 200; round++) {
		std::vector<Bytes> frames;
		for (unsigned i = 0, n = 1 + random() % BURST_MAX; i < n; i++) {
			frames.push_back(fixtures[random() % fixtures.size()].second);
			if (random() % 4 == 0)
				frames.back()[random() % frames.back().size()] ^= 1u
										  << random() % 8;
			if (random() % 2)
				packet_repair(frames.back());
		}
		world.restart();
		std::vector<Outcome> at_once = world.run(frames);
		world.restart();
		for (size_t i = 0; i < frames.size(); i++)
			ASSERT_TRUE(at_once[i] == world.run(frames[i]))
				<< "round " << round << ", packet " << i;
	}
}

/* An answer by each kind moves its own counter, and no other. */
TEST_F(PacketHostile, answers_move_their_counters)
{
	for (const auto &fixture : fixtures) {
		const struct worker_stats before = world.stats;
		Outcome outcome = world.run(fixture.second);
		const struct worker_stats &after = world.stats;
		uint64_t moved = after.arp + after.nd + after.echo + after.syns + after.fins +
				 after.dns_redirects + after.dns_zone + after.http_redirects -
				 (before.arp + before.nd + before.echo + before.syns + before.fins +
				  before.dns_redirects + before.dns_zone + before.http_redirects);
		EXPECT_EQ(moved, outcome.answered && outcome.reason == DROP_none ? 1u : 0u)
			<< fixture.first;
		EXPECT_EQ(after.rx_packets + after.tx_packets + after.polls,
			  0u); /* those are the loop's */
	}
}

} // namespace
