/* fuzz_packet - one frame through all stages of a worker: it ends in a right answer or in a named drop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/packet/packet_world.h"

#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet says how the rest, a frame, is taken. */
enum { REPAIR_SUMS = 1, REPAIR_LENGTHS = 2, SMALL_MTU = 4, TRUST_SUMS = 8, TWO_KEYS = 16 };

enum { FRAME_MAX = 1900 };

static const uint64_t sums_good = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;

/* What lies behind the frame plays no part; the third time a sanitizer sees every step past its end. */
static void run(World &world, const Bytes &frame, bool trust)
{
	Outcome outcomes[3];
	const Memory memories[] = {Memory::zeros, Memory::ones, Memory::exact};
	for (int i = 0; i < 3; i++) {
		world.restart();
		outcomes[i] = world.run(frame, trust ? sums_good : 0, memories[i]);
		if (outcomes[i].answered)
			packet_check_answer(frame, outcomes[i].frame, world.port.mtu,
					    trust ? LAX_QUESTION | LAX_SUMS : LAX_QUESTION);
	}
	if (!(outcomes[0] == outcomes[1]))
		throw std::logic_error("the octets behind the frame play a part");
	if (!outcomes[0].answered && !(outcomes[0] == outcomes[2]))
		throw std::logic_error("the room behind the frame plays a part in a drop");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static World world;
	if (size < 2 || size > FRAME_MAX)
		return 0;
	Bytes frame(data + 1, data + size);
	if (data[0] & REPAIR_SUMS)
		packet_repair(frame, data[0] & REPAIR_LENGTHS);
	world.port.mtu = data[0] & SMALL_MTU ? 576 : 1500;
	if (data[0] & TWO_KEYS)
		world.use_keys(2, 0xb2, 0xa1);
	else
		world.use_keys(1, 0xa1, 0);
	try {
		run(world, frame, data[0] & TRUST_SUMS);
	} catch (const std::exception &error) {
		fprintf(stderr, "fuzz_packet: %s\n", error.what());
		abort();
	}
	return 0;
}
