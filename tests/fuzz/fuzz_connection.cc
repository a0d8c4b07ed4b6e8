/* fuzz_connection - segments of two clients, in whatever order and with whatever numbers: all frames that come of them are right, and in the end no
 * connection, buffer or mbuf is left. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/packet/packet_world.h"

#include <cstdio>
#include <cstdlib>
#include <rte_mempool.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet says how the world is; the rest is steps of STEP octets, with payload behind them. */
enum { DNS = 1, KEEP_ALIVE = 2, TIMESTAMPS = 4, ONE_PLACE = 8, SMALL_MTU = 16, SMALL_BUFFERS = 32 };
enum { STEP = 9, SECOND = 0x40, CLIENTS = 2, SIZE_MAX_OF_ALL = 8192 };

namespace
{

struct Client {
	Path path;
	uint32_t seq, ack;
};

void judge(const World &world, const std::vector<Bytes> &frames)
{
	for (const Bytes &frame : frames)
		if (packet_parse(frame).ip_len > world.port.mtu)
			throw std::logic_error("a packet over the MTU");
}

/* Flags, sequence and acknowledgement number beside the right ones, window, payload, and how long it is until the next step. */
void step(World &world, Client &client, const uint8_t *at, const Bytes &payload, uint16_t port,
	  bool timestamps)
{
	uint32_t seq = client.seq + static_cast<uint32_t>(static_cast<int16_t>(load_be16(at + 1)));
	uint32_t ack = client.ack + static_cast<uint32_t>(static_cast<int16_t>(load_be16(at + 3)));
	Bytes frame =
		packet_tcp(client.path, {at[0] & 0x3fu, seq, ack, payload,
					 timestamps ? option_timestamp(at[8], 1) : Bytes{}, port});
	frame[packet_l4(frame) + 14] = at[5];
	frame[packet_l4(frame) + 15] = at[6];
	packet_repair(frame);
	auto out = world.send({frame});
	judge(world, out);
	for (const Bytes &sent : out) {
		Packet p = packet_parse(sent);
		if (p.port == client.path.port)
			client.ack = p.seq + static_cast<uint32_t>(p.payload.size());
	}
	client.seq += static_cast<uint32_t>(payload.size());
}

void run(World &world, const uint8_t *data, size_t size)
{
	uint8_t how = data[0];
	uint16_t port = how & DNS ? 53 : 80;
	uint64_t now = 1000;
	world.port.mtu = how & SMALL_MTU ? 300 : 1500;
	world.port_settings.keep_alive = how & KEEP_ALIVE;
	world.keep_connections(how & ONE_PLACE ? 1 : 4, how & ONE_PLACE ? 1 : 8,
			       how & SMALL_BUFFERS ? 600 : 16384);
	world.wait_until(now);
	Client clients[CLIENTS] = {{path4(), 5001, 0}, {path6(), 5001, 0}};
	for (Client &client : clients) {
		Bytes syn = packet_tcp(client.path, {SYN, 5000, 0, {}, option_mss(536), port});
		client.ack = packet_parse(world.send({syn}).at(0)).seq + 1;
	}
	for (size_t at = 1; at + STEP <= size;) {
		const uint8_t *head = data + at;
		size_t len = std::min<size_t>(head[7], size - at - STEP);
		step(world, clients[!!(head[0] & SECOND)], head,
		     Bytes(head + STEP, head + STEP + len), port, how & TIMESTAMPS);
		at += STEP + len;
		now += head[8] * 10u;
		judge(world, world.wait_until(now));
	}
	for (int i = 0; connections_count(world.worker->connections) && i < 200; i++)
		judge(world, world.wait_until(now += 500));
	if (connections_count(world.worker->connections))
		throw std::logic_error("a connection is left");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static World world;
	if (size < 1 || size > SIZE_MAX_OF_ALL)
		return 0;
	unsigned before = rte_mempool_avail_count(world.port.pool);
	try {
		run(world, data, size);
		if (rte_mempool_avail_count(world.port.pool) != before)
			throw std::logic_error("an mbuf is left");
	} catch (const std::exception &error) {
		fprintf(stderr, "fuzz_connection: %s\n", error.what());
		abort();
	}
	return 0;
}
