/* packet_torture_test - a client that splits, reorders, repeats and loses segments at random, and loses answers as well. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_peer.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace
{

/* The time goes on while answers are lost. */
std::string without_dates(std::string text)
{
	for (size_t at = 0; (at = text.find("Date: ", at)) != std::string::npos;)
		text.erase(at, text.find("\r\n", at) + 2 - at);
	return text;
}

/* What comes of it is octet for octet what a client gets that does none of this; and nothing is left in the table. */
TEST(PacketTorture, Rfc9293_3_4_answers_do_not_depend_on_the_segments)
{
	World world;
	world.keep_connections(8, 16);
	std::mt19937 random(2026);
	world.port_settings.keep_alive = true;
	std::string expected;
	Bytes all;
	for (int i = 0; i < 3; i++)
		all = all + http_request("vod.cdn.example", "/" + std::string(200, 'a' + i));
	{
		Peer peer(world, path4());
		peer.connect();
		peer.say(all);
		peer.acknowledge();
		expected = peer.heard;
		peer.hear(world.send({peer.segment(RST, peer.ours)}));
	}
	uint64_t ms = 1;
	for (unsigned run = 0; run < 100000; run++) {
		Peer peer(world, path4().from_port(static_cast<uint16_t>(1024 + run % 60000)), 80,
			  static_cast<uint32_t>(random()), run % 2);
		peer.connect(536 + random() % 900);
		uint32_t start = peer.ours;
		for (unsigned step = 0; peer.heard.size() < expected.size(); step++) {
			ASSERT_LT(step, 300u) << run;
			std::vector<Bytes> frames;
			unsigned n = 1 + random() % 8;
			uint32_t base = peer.acked ? peer.acked - start : 0;
			for (unsigned k = 0; k < n; k++) {
				size_t from = std::min<size_t>(base + random() % 300, all.size());
				if (random() % 3 == 0)
					from = std::min<size_t>(base, all.size());
				size_t to = std::min<size_t>(from + random() % 500, all.size());
				frames.push_back(peer.segment(ACK,
							      start + static_cast<uint32_t>(from),
							      part(all, from, to)));
			}
			auto out = world.send(frames);
			std::shuffle(out.begin(), out.end(), random);
			for (const Bytes &frame : out)
				if (random() % 4)
					peer.hear(packet_parse(frame));
			if (random() % 4 == 0) {
				ms += 250;
				peer.hear(world.wait_until(ms));
			}
		}
		ASSERT_EQ(without_dates(peer.heard), without_dates(expected)) << run;
		ASSERT_FALSE(peer.reset);
		peer.hear(
			world.send({peer.segment(RST, start + static_cast<uint32_t>(all.size()))}));
		ASSERT_EQ(connections_count(world.worker->connections), 0u) << run;
	}
}

} // namespace
