/* idle_test - a worker that may sleep does so soon where packets are rare, and looks on where they are not. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "dataplane/idle.h"
}

#include <gtest/gtest.h>

namespace
{

constexpr uint64_t HZ = 2000000000, US = HZ / 1000000;

/* A worker to which a packet comes in equal intervals; a look takes a microsecond, a sleep twice as long as it is meant to. */
struct Worker {
	uint64_t now = 5000 * HZ, begun = now, packets = 0, looks = 0, sleeps = 0, late = 0;
	struct idle idle = idle_begin(now);

	void run(uint64_t milliseconds, double rate)
	{
		uint64_t end = now + milliseconds * 1000 * US, from = now, before = packets;
		looks = sleeps = late = 0;
		while (now < end) {
			uint64_t due = before + (uint64_t)((double)(now - from) / HZ * rate);
			looks++;
			now += US;
			if (due > packets) {
				packets = due;
				idle.empty_polls = 0;
			} else if (idle_is_due(&idle)) {
				unsigned us = idle_sleep_us(&idle, packets, now, HZ);
				EXPECT_TRUE(us == IDLE_SLEEP_US || us == IDLE_LONG_SLEEP_US);
				late += us == IDLE_LONG_SLEEP_US;
				sleeps++;
				now += 2 * us * US;
			}
		}
	}
};

TEST(Idle, LooksOnForLongAtFirst)
{
	Worker worker;
	worker.run(1, 0);
	EXPECT_GE(worker.looks, (uint64_t)IDLE_POLLS);
	EXPECT_LE(worker.sleeps, 8u);
}

TEST(Idle, SleepsSoonWherePacketsAreRare)
{
	Worker worker;
	worker.run(50, 3000);
	worker.run(1000, 3000);
	EXPECT_LT(worker.looks, worker.sleeps * 4) << "a packet ends 8 of them at the most";
	EXPECT_GT(worker.sleeps, 8000u);
	EXPECT_EQ(worker.late, 0u);
	worker.run(1000, IDLE_RARE * 0.9);
	EXPECT_GT(worker.sleeps, 8000u);
}

TEST(Idle, DoesNotSleepWherePacketsAreMany)
{
	Worker worker;
	for (double rate : {IDLE_RARE * 1.1, 100000.0, 500000.0}) {
		worker.run(100, 1000);
		EXPECT_GT(worker.sleeps, 500u);
		worker.run(2 * IDLE_WINDOW_MS, rate);
		worker.run(1000, rate);
		EXPECT_EQ(worker.sleeps, 0u) << rate;
	}
}

TEST(Idle, SleepsLongAfterALongTimeWithoutAPacket)
{
	Worker worker;
	worker.run(1500, 0);
	EXPECT_EQ(worker.late, 0u);
	worker.run(2000, 0);
	EXPECT_GT(worker.late, 500u);
	worker.run(20, 1000);
	worker.run(1000, 1000);
	EXPECT_EQ(worker.late, 0u) << "one packet ends that";
}

} // namespace
