/* peer_life_test - the states of a session with a given clock: hold time, stale time, loss and return. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/peer_life.h"
}

#include <gtest/gtest.h>
#include <string>

namespace
{

struct PeerLifeTest : testing::Test {
	struct peer_life life = {};
	uint64_t now = 1000;

	void SetUp() override
	{
		life.hold = 90;
		life.stale = 3600;
	}

	void establish(enum peer_state state = PEER_ESTABLISHED)
	{
		peer_life_attempt(&life, PEER_CONNECTING, now);
		peer_life_attempt(&life, PEER_DIRECTORY, now);
		peer_life_attempt(&life, PEER_WAITING, now);
		peer_life_up(&life, state, now);
	}
};

TEST_F(PeerLifeTest, UpAndLost)
{
	EXPECT_EQ(life.state, PEER_IDLE);
	EXPECT_EQ(peer_life_due(&life, now), PEER_DUE_NOTHING) << "nothing is expected of it";
	establish();
	EXPECT_EQ(life.state, PEER_ESTABLISHED);
	EXPECT_EQ(life.since, now);
	EXPECT_EQ(life.attempts, 1u);
	EXPECT_EQ(life.sessions, 1u);
	now += 50;
	peer_life_up(&life, PEER_ESTABLISHED, now);
	EXPECT_EQ(life.sessions, 1u) << "an update is no new session";
	EXPECT_EQ(life.since, 1000u);
	peer_life_lost(&life, "it is gone", now);
	EXPECT_EQ(life.state, PEER_STALE);
	EXPECT_EQ(life.losses, 1u);
	EXPECT_STREQ(life.error, "it is gone");
	EXPECT_TRUE(life.routes && life.stale_routes);
	EXPECT_EQ(peer_life_due(&life, now + 3599), PEER_DUE_NOTHING);
	EXPECT_EQ(peer_life_due(&life, now + 3600), PEER_DUE_WITHDRAW);
	EXPECT_EQ(life.state, PEER_DOWN);
	EXPECT_FALSE(life.routes);
	EXPECT_EQ(peer_life_due(&life, now + 9999), PEER_DUE_NOTHING) << "once";
}

TEST_F(PeerLifeTest, SilenceEndsASession)
{
	const enum peer_state states[] = {PEER_CONNECTING, PEER_DIRECTORY, PEER_WAITING};
	for (enum peer_state state : states) {
		peer_life_attempt(&life, state, now);
		EXPECT_EQ(peer_life_due(&life, now + 89), PEER_DUE_NOTHING);
		EXPECT_EQ(peer_life_due(&life, now + 90), PEER_DUE_HOLD) << state;
	}
	establish();
	peer_life_heard(&life, 0, now + 60);
	EXPECT_EQ(peer_life_due(&life, now + 149), PEER_DUE_NOTHING);
	EXPECT_EQ(peer_life_due(&life, now + 150), PEER_DUE_HOLD);
	/* One that is polled says nothing before it is asked again. */
	establish(PEER_POLLING);
	peer_life_heard(&life, 300, now);
	EXPECT_EQ(peer_life_due(&life, now + 389), PEER_DUE_NOTHING);
	EXPECT_EQ(peer_life_due(&life, now + 390), PEER_DUE_HOLD);
}

TEST_F(PeerLifeTest, TheStaleTimeIsNotBegunAnewByAttempts)
{
	establish();
	peer_life_lost(&life, "lost", now);
	for (int i = 0; i < 10; i++) {
		peer_life_attempt(&life, PEER_CONNECTING, now + 300 * i);
		EXPECT_TRUE(life.stale_routes);
		peer_life_lost(&life, "refused", now + 300 * i + 1);
		EXPECT_EQ(life.state, PEER_STALE);
	}
	EXPECT_EQ(life.losses, 1u) << "attempts that fail are no losses";
	peer_life_attempt(&life, PEER_CONNECTING, now + 3590);
	EXPECT_EQ(peer_life_due(&life, now + 3600), PEER_DUE_WITHDRAW);
	EXPECT_EQ(life.state, PEER_CONNECTING) << "the attempt goes on";
	peer_life_lost(&life, "refused", now + 3601);
	EXPECT_EQ(life.state, PEER_DOWN);
	/* It comes back, and its next loss begins a stale time of its own. */
	now += 4000;
	establish();
	EXPECT_FALSE(life.stale_routes);
	EXPECT_STREQ(life.error, "");
	peer_life_lost(&life, "again", now + 10);
	EXPECT_EQ(peer_life_due(&life, now + 3609), PEER_DUE_NOTHING);
	EXPECT_EQ(peer_life_due(&life, now + 3610), PEER_DUE_WITHDRAW);
}

TEST_F(PeerLifeTest, OfAnEarlierProcess)
{
	peer_life_recall(&life, now);
	EXPECT_EQ(life.state, PEER_STALE);
	peer_life_attempt(&life, PEER_CONNECTING, now + 5);
	EXPECT_EQ(peer_life_due(&life, now + 6), PEER_DUE_NOTHING);
	peer_life_up(&life, PEER_ESTABLISHED, now + 7);
	EXPECT_FALSE(life.stale_routes);
	peer_life_stop(&life, now + 8);
	EXPECT_EQ(life.state, PEER_DOWN);
	EXPECT_FALSE(life.routes);
	EXPECT_EQ(peer_life_due(&life, now + 99999), PEER_DUE_NOTHING);
}

TEST_F(PeerLifeTest, NamesAreWords)
{
	for (int i = 0; i < PEER_STATES; i++)
		EXPECT_GT(std::string(peer_state_name((enum peer_state)i)).size(), 3u);
	std::string text(1000, 'x');
	peer_life_lost(&life, text.c_str(), now);
	EXPECT_EQ(std::string(life.error).size(), sizeof(life.error) - 1);
	EXPECT_EQ(life.state, PEER_DOWN) << "it had no routes";
}

} // namespace
