/* damping_test - flaps with a given clock: when something is left out, and when it is used again. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/damping.h"
}

#include <gtest/gtest.h>

namespace
{

const struct damping_settings settings = {900, 6000, 750, 3600};

TEST(DampingTest, AFewFlapsAreForgiven)
{
	struct damping damping = {};
	for (int i = 0; i < 6; i++) {
		EXPECT_FALSE(damping_suppresses(&damping, &settings, 100));
		damping_add(&damping, &settings, DAMPING_WENT, 100);
	}
	EXPECT_EQ(damping_penalty(&damping, &settings, 100), 6000u);
	EXPECT_FALSE(damping_suppresses(&damping, &settings, 100)) << "not above 6000";
	damping_add(&damping, &settings, 1, 100);
	EXPECT_TRUE(damping_suppresses(&damping, &settings, 100));
}

TEST(DampingTest, ThePenaltyHalvesInItsHalfLife)
{
	struct damping damping = {};
	damping_add(&damping, &settings, 1000, 0);
	EXPECT_EQ(damping_penalty(&damping, &settings, 900), 500u);
	EXPECT_EQ(damping_penalty(&damping, &settings, 1800), 250u);
	EXPECT_FALSE(damping_is_over(&damping, &settings, 0));
	EXPECT_FALSE(damping_is_over(&damping, &settings, 1200));
	EXPECT_TRUE(damping_is_over(&damping, &settings, 1300)) << "below half of the reuse";
	/* A clock that stands still, or goes back, changes nothing. */
	damping_add(&damping, &settings, 500, 900);
	EXPECT_EQ(damping_penalty(&damping, &settings, 900), 1000u);
	EXPECT_EQ(damping_penalty(&damping, &settings, 10), 1000u);
}

TEST(DampingTest, WhatIsQuietIsUsedAgain)
{
	struct damping damping = {};
	for (int i = 0; i < 1000; i++)
		damping_add(&damping, &settings, DAMPING_WENT, 5000);
	EXPECT_EQ(damping_penalty(&damping, &settings, 5000), 12000u) << "the ceiling";
	EXPECT_TRUE(damping_suppresses(&damping, &settings, 5000));
	uint64_t remaining = damping_remaining(&damping, &settings, 5000);
	EXPECT_EQ(remaining, 3600u) << "never longer than max_suppress";
	EXPECT_TRUE(damping_suppresses(&damping, &settings, 5000 + remaining - 1));
	EXPECT_FALSE(damping_is_over(&damping, &settings, 5000 + remaining - 1));
	EXPECT_FALSE(damping_suppresses(&damping, &settings, 5000 + remaining + 1));
	EXPECT_EQ(damping_remaining(&damping, &settings, 5000 + remaining + 1), 0u);
	EXPECT_FALSE(damping.suppressed);
	/* Between reuse and suppress it stays as it is. */
	damping_add(&damping, &settings, DAMPING_WENT, 5000 + remaining + 1);
	EXPECT_FALSE(damping_suppresses(&damping, &settings, 5000 + remaining + 1));
}

TEST(DampingTest, Off)
{
	const struct damping_settings off = {};
	struct damping damping = {};
	for (int i = 0; i < 100; i++)
		damping_add(&damping, &off, DAMPING_WENT, 1);
	EXPECT_FALSE(damping_suppresses(&damping, &off, 1));
	EXPECT_TRUE(damping_is_over(&damping, &off, 1));
	EXPECT_EQ(damping_remaining(&damping, &off, 1), 0u);
	/* Switched off while it was left out. */
	damping = {9000, 1, true};
	EXPECT_FALSE(damping_suppresses(&damping, &off, 1));
}

} // namespace
