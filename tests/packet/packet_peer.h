/* packet_peer - a client's end of a TCP connection, which does what it is told and puts together what it hears. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "packet_world.h"

#include <gtest/gtest.h>
#include <map>

struct Peer {
	World &world;
	Path path;
	uint16_t port;
	uint32_t isn, ours, theirs = 0; /* ours: next to be sent; theirs: next that is expected */
	bool timestamps;
	unsigned window = 65535;
	uint32_t clock = 1000;
	std::string heard;
	std::map<uint32_t, Bytes> early;
	bool ended = false, reset = false;
	unsigned segments = 0, pure_acks = 0;
	uint32_t acked = 0;

	Peer(World &w, Path p, uint16_t to = 80, uint32_t number = 5000, bool stamps = false)
	    : world(w), path(std::move(p)), port(to), isn(number), ours(number + 1),
	      timestamps(stamps)
	{
	}

	Bytes segment(unsigned flags, uint32_t seq, const Bytes &payload = {}, int ack = -1)
	{
		Bytes options = timestamps ? option_timestamp(clock++, 1) : Bytes{};
		Bytes frame = packet_tcp(
			path, {flags, seq, ack < 0 ? theirs : 0, payload, options, port});
		size_t at = packet_l4(frame) + 14;
		frame[at] = static_cast<uint8_t>(window >> 8);
		frame[at + 1] = static_cast<uint8_t>(window);
		packet_repair(frame);
		return frame;
	}
	void hear(const std::vector<Bytes> &frames)
	{
		for (const Bytes &frame : frames) {
			Packet p = packet_parse(frame);
			EXPECT_LE(p.ip_len + 0u, world.port.mtu);
			if (p.port == path.port)
				hear(p);
		}
	}
	void hear(const Packet &p)
	{
		segments++;
		reset |= (p.flags & RST) != 0;
		if (p.flags & RST)
			return;
		acked = p.ack;
		pure_acks += p.payload.empty() && !(p.flags & (FIN | SYN));
		if (p.flags & SYN) {
			theirs = p.seq + 1;
			return;
		}
		Bytes text = p.payload;
		if (p.flags & FIN)
			text.push_back(0xff); /* a place for it */
		if (!text.empty() && static_cast<int32_t>(p.seq - theirs) >= 0) {
			Bytes &there = early[p.seq];
			if (there.size() < text.size())
				there = text;
			if (p.flags & FIN)
				fin_at = p.seq + static_cast<uint32_t>(p.payload.size());
		} else if (!text.empty()) {
			size_t old = theirs - p.seq;
			if (old < text.size())
				early[theirs] =
					Bytes(text.begin() + static_cast<long>(old), text.end());
			if (p.flags & FIN)
				fin_at = p.seq + static_cast<uint32_t>(p.payload.size());
		}
		for (auto at = early.find(theirs); at != early.end(); at = early.find(theirs)) {
			for (uint8_t octet : at->second) {
				if (theirs == fin_at)
					ended = true;
				else
					heard += static_cast<char>(octet);
				theirs++;
			}
			early.erase(at);
		}
	}
	uint32_t fin_at = 0xdeadbeef;

	void connect(unsigned mss = 1460)
	{
		Bytes options = option_mss(mss);
		if (timestamps)
			options = options + option_timestamp(clock++, 0);
		hear(world.send({packet_tcp(path, {SYN, isn, 0, {}, options, port})}));
		ASSERT_NE(theirs, 0u);
	}
	/* In order, and what comes of it. */
	void say(const Bytes &text, unsigned flags = ACK | PSH)
	{
		uint32_t seq = ours;
		ours += static_cast<uint32_t>(text.size()) + ((flags & FIN) ? 1 : 0);
		hear(world.send({segment(flags, seq, text)}));
	}
	void acknowledge()
	{
		hear(world.send({segment(ACK, ours)}));
	}
	std::string status()
	{
		return heard.substr(0, 12);
	}
};

static inline Bytes part(const Bytes &text, size_t from, size_t to)
{
	return Bytes(text.begin() + static_cast<long>(from), text.begin() + static_cast<long>(to));
}

static inline Bytes framed(const Bytes &message)
{
	return DnsBuilder().u16(static_cast<unsigned>(message.size())).bytes + message;
}
