/* packet_world - a worker with its port, tables and clock, but no device: frames in, answers out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "dataplane/burst.h"
#include "dataplane/burst_loop.h"
}
#include "packet_builder.h"
#include "packet_check.h"
#include "tests/support/tables_builder.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

/* What became of a packet. */
struct Outcome {
	bool answered = false;
	enum drop_reason reason =
		DROP_none;     /* the counter that went up, of a drop or an error answer */
	Bytes frame;           /* the answer */
	uint64_t offloads = 0; /* its ol_flags */
	unsigned l2_len = 0, l3_len = 0;

	bool operator==(const Outcome &other) const
	{
		return answered == other.answered && reason == other.reason && frame == other.frame;
	}
	std::string name() const
	{
		return drop_reason_name(reason);
	}
};

/* Where a frame lies: in an mbuf with much room, whose octets behind the frame are 0 or 255; or in heap memory of just
 * its size, so that a sanitizer sees every step past its end. */
enum class Memory { zeros, ones, exact };

/* The first one starts EAL. Its clock stands still. One port with the addresses 192.0.2.1, 192.0.2.2, 2001:db8::1 and
 * fe80::1; all hosts below are in the zone cdn.example:
 *
 *	vod      302 to the CDN b, CNAME b.test           addr   A 203.0.113.1 and .2, AAAA 2001:db8:f::1 and ::2
 *	many     16 addresses of each family              geo    CDN c for 203.0.113.0/24, else b
 *	deny     denied, REFUSED                          gone   denied, NXDOMAIN
 *	down     its only candidate is down               back   the same, but falls back to the CDN c
 *	s301...  redirected with this status              acq    distinguished host, path prefix /from/
 *	*.x      CDN b; paths *.jpg: CDN c
 *
 * The apex of the zone back.example falls back to the CDN c too. */
class World
{
      public:
	World();
	World(const World &) = delete;
	World &operator=(const World &) = delete;

	/* One packet alone, or many as one burst. Throws std::logic_error when one ends neither in an answer nor in a
	 * drop that is counted once, or when the mbuf is left in disorder. */
	Outcome run(const Bytes &frame, uint64_t rx_flags = 0, Memory memory = Memory::zeros);
	std::vector<Outcome> run(const std::vector<Bytes> &frames, uint64_t rx_flags = 0,
				 Memory memory = Memory::zeros);

	/* run() with the answer judged by packet_check_answer and read; throws when there is none. */
	Packet ask(const Bytes &frame, uint64_t rx_flags = 0);

	/* Packets as one burst, and again what their connections hold behind them; all frames that are sent for them. */
	std::vector<Bytes> send(const std::vector<Bytes> &frames);
	/* What kept connections have sent since. */
	void collect_segments(std::vector<Bytes> &out);
	/* What the clock makes due, at milliseconds since the start. */
	std::vector<Bytes> wait_until(uint64_t milliseconds);

	/* An mbuf with the frame, the caller's. */
	struct rte_mbuf *lend(const Bytes &frame);

	/* The acknowledgement number that ends a handshake. */
	uint32_t handshake(const Path &path, uint32_t seq, const Bytes &options = {});
	/* A segment with payload that follows a handshake. */
	Bytes request(const Path &path, const Bytes &payload, const Bytes &options = {},
		      unsigned more_flags = 0);

	/* Connections are kept from now on, so many with so many buffers. */
	void keep_connections(unsigned n, unsigned buffers, unsigned buffer = 16384);
	void use_keys(unsigned n, uint8_t first, uint8_t second);
	void pass_seconds(uint64_t n);
	void restart(); /* what chance and turns depend on is as at first */

	struct settings settings = {};
	struct port_settings port_settings = {};
	struct port_info port = {};
	struct plane plane = {};
	View view;
	std::unique_ptr<struct worker, void (*)(struct worker *)> worker;
	struct worker_stats &stats;

      private:
	struct Lent; /* an mbuf and its frame */
	Outcome collect(uint16_t i);
};

/* One valid packet of each kind, by name. */
std::vector<std::pair<std::string, Bytes>> packet_fixtures(World &world);
