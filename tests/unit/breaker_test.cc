/* breaker_test - when a breaker opens, lets a probe through, and closes. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/breaker.h"
}

#include <gtest/gtest.h>

namespace
{

uint32_t least(uint32_t)
{
	return 0;
}

uint32_t most(uint32_t below)
{
	return below - 1;
}

struct BreakerTest : testing::Test {
	struct breaker breaker;

	BreakerTest()
	{
		breaker_init(&breaker, 3, 1000, 8000);
		breaker.backoff.random = most;
	}
	/* A question that ends at once. */
	bool fail(uint64_t now)
	{
		return breaker_ended(&breaker, breaker_sent(&breaker), false, now);
	}
	bool answer(uint64_t now)
	{
		return breaker_ended(&breaker, breaker_sent(&breaker), true, now);
	}
	void open(uint64_t now)
	{
		while (!fail(now))
			;
	}
};

TEST_F(BreakerTest, OpensAfterSomeInARow)
{
	EXPECT_FALSE(fail(0));
	EXPECT_FALSE(fail(0));
	EXPECT_FALSE(answer(0));
	EXPECT_FALSE(fail(0));
	EXPECT_FALSE(fail(0));
	EXPECT_TRUE(breaker_lets(&breaker, 0));
	EXPECT_TRUE(fail(0));
	EXPECT_TRUE(breaker.open);
	EXPECT_FALSE(breaker_lets(&breaker, 1999));
	EXPECT_TRUE(breaker_lets(&breaker, 2000));
	EXPECT_EQ(breaker.opened, 1u);
}

TEST_F(BreakerTest, OneProbePasses)
{
	open(0);
	ASSERT_TRUE(breaker_lets(&breaker, 2000));
	EXPECT_TRUE(breaker_sent(&breaker));
	EXPECT_FALSE(breaker_lets(&breaker, 2000));
	EXPECT_FALSE(breaker_lets(&breaker, 99999));
	EXPECT_TRUE(breaker_ended(&breaker, true, true, 2500)) << "it closes";
	EXPECT_TRUE(breaker_lets(&breaker, 2500));
	EXPECT_FALSE(fail(2500)) << "and counts anew";
}

TEST_F(BreakerTest, AProbeThatFailsMakesItWaitLonger)
{
	uint64_t now = 0;
	open(now);
	for (uint64_t wait : {2000, 4000, 8000, 8000}) {
		EXPECT_FALSE(breaker_lets(&breaker, now + wait - 1)) << wait;
		now += wait;
		ASSERT_TRUE(breaker_lets(&breaker, now)) << wait;
		EXPECT_FALSE(fail(now)) << "it was open already";
	}
	EXPECT_EQ(breaker.opened, 1u);
	breaker_ended(&breaker, false, true, now);
	open(now);
	EXPECT_TRUE(breaker_lets(&breaker, now + 2000)) << "after an answer the waits are short";
	EXPECT_EQ(breaker.opened, 2u);
}

TEST_F(BreakerTest, JitterDoesNotGoBelowTheFloor)
{
	breaker.backoff.random = least;
	open(0);
	EXPECT_FALSE(breaker_lets(&breaker, 999));
	EXPECT_TRUE(breaker_lets(&breaker, 1000));
}

/* Those that were on their way when it opened. */
TEST_F(BreakerTest, LateOnes)
{
	open(0);
	EXPECT_FALSE(breaker_ended(&breaker, false, false, 1500));
	EXPECT_TRUE(breaker_lets(&breaker, 2000)) << "it waits no longer for them";
	EXPECT_TRUE(breaker_sent(&breaker));
	EXPECT_FALSE(breaker_ended(&breaker, false, false, 2100));
	EXPECT_FALSE(breaker_lets(&breaker, 2100)) << "the probe is still on its way";
	EXPECT_TRUE(breaker_ended(&breaker, false, true, 2200)) << "one answered after all";
	EXPECT_FALSE(breaker_ended(&breaker, true, false, 2300)) << "the probe counts as any other";
	EXPECT_TRUE(breaker_lets(&breaker, 2300));
}

} // namespace
