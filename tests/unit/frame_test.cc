/* frame_test - frames read as they were written, with right checksums; cut off and changed ones never read past their end. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "tests/bench/frame.h"
}

namespace
{

struct frame make(uint8_t family, uint8_t protocol, const std::string &payload, uint8_t flags = 0)
{
	struct frame frame = {};
	memcpy(frame.mac_to, "\2\1\1\1\1\1", 6);
	memcpy(frame.mac_from, "\2\2\2\2\2\2", 6);
	frame.family = family;
	for (int i = 0; i < (family == 4 ? 4 : 16); i++) {
		frame.from[i] = (uint8_t)(10 + i);
		frame.to[i] = (uint8_t)(200 + i);
	}
	frame.protocol = protocol;
	frame.port_from = 4321;
	frame.port_to = 53;
	if (protocol == FRAME_TCP) {
		frame.seq = 0x01020304;
		frame.ack = 0xfffefdfc;
		frame.flags = flags;
	}
	frame.payload = {reinterpret_cast<const uint8_t *>(payload.data()),
			 (uint32_t)payload.size()};
	return frame;
}

std::vector<uint8_t> written(const struct frame &frame)
{
	std::vector<uint8_t> octets(FRAME_MAX);
	octets.resize(frame_write(&frame, octets.data(), octets.size()));
	return octets;
}

/* The one's complement sum of RFC 1071, which is all ones with a right checksum in it. */
uint16_t sum_of(const uint8_t *at, size_t len, uint32_t sum = 0)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

bool checksums_are_right(const std::vector<uint8_t> &octets, uint8_t family, uint8_t protocol)
{
	const uint8_t *ip = octets.data() + 14;
	size_t before = family == 4 ? 20 : 40, len = octets.size() - 14 - before;
	uint16_t addresses = family == 4 ? sum_of(ip + 12, 8) : sum_of(ip + 8, 32);
	return (family == 6 || sum_of(ip, 20) == 0xffff) &&
	       sum_of(ip + before, len, addresses + protocol + (uint32_t)len) == 0xffff;
}

TEST(Frame, IsReadAsItWasWritten)
{
	for (uint8_t family : {4, 6})
		for (uint8_t protocol : {FRAME_UDP, FRAME_TCP})
			for (int flags :
			     {0, (int)FRAME_SYN, FRAME_SYN | FRAME_ACK, FRAME_FIN | FRAME_ACK}) {
				const std::string payload =
					flags & FRAME_SYN ? "" : "some odd payload.";
				struct frame in,
					out = make(family, protocol, payload, (uint8_t)flags);
				std::vector<uint8_t> octets = written(out);
				ASSERT_TRUE(frame_read(&in, octets.data(), octets.size()));
				EXPECT_TRUE(checksums_are_right(octets, family, protocol));
				EXPECT_EQ(std::string((const char *)in.payload.at, in.payload.len),
					  payload);
				in.payload = out.payload;
				EXPECT_EQ(memcmp(&in, &out, sizeof(in)), 0);
			}
}

TEST(Frame, TakesThePaddingOfShortFramesForNothing)
{
	std::vector<uint8_t> octets = written(make(4, FRAME_TCP, "", FRAME_ACK));
	octets.resize(60);
	struct frame in;
	ASSERT_TRUE(frame_read(&in, octets.data(), octets.size()));
	EXPECT_EQ(in.payload.len, 0u);
}

TEST(Frame, IsNotWrittenWhereItDoesNotFit)
{
	const std::string payload = "twelve octet";
	struct frame frame = make(4, FRAME_UDP, payload);
	GuardPage room(14 + 20 + 8 + 12);
	EXPECT_EQ(frame_write(&frame, room.data(), room.size()), 14u + 20 + 8 + 12);
	GuardPage less(14 + 20 + 8 + 11);
	EXPECT_EQ(frame_write(&frame, less.data(), less.size()), 0u);
}

TEST(Frame, IsNotReadWhenItIsCutOff)
{
	for (uint8_t family : {4, 6})
		for (uint8_t protocol : {FRAME_UDP, FRAME_TCP}) {
			std::vector<uint8_t> octets = written(make(family, protocol, "payload"));
			for (size_t len = 0; len < octets.size(); len++) {
				GuardPage cut(octets.data(), len);
				struct frame in;
				EXPECT_FALSE(frame_read(&in, cut.data(), len)) << len;
			}
		}
}

TEST(Frame, StaysInsideWhateverItsOctetsSay)
{
	std::mt19937 random(7);
	for (int run = 0; run < 200000; run++) {
		uint8_t family = run % 2 ? 4 : 6, protocol = run % 4 < 2 ? FRAME_UDP : FRAME_TCP;
		std::vector<uint8_t> octets =
			written(make(family, protocol, std::string(random() % 40, 'x')));
		for (unsigned n = 1 + random() % 4; n; n--)
			octets[12 + random() % (octets.size() - 12)] = (uint8_t)random();
		octets.resize(random() % 8 ? octets.size() : random() % octets.size());
		static GuardPage page(FRAME_MAX);
		uint8_t *at = page.data() + FRAME_MAX - octets.size();
		memcpy(at, octets.data(), octets.size());
		struct frame in;
		if (frame_read(&in, at, octets.size())) {
			ASSERT_GE(in.payload.at, at);
			ASSERT_LE(in.payload.at + in.payload.len, at + octets.size());
		}
	}
}

} // namespace
