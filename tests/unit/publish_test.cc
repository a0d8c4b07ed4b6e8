/* publish_test - a retired view lives until every worker has passed a quiescent state, and no longer. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/publish.h"
}

#include <cstdlib>
#include <gtest/gtest.h>

namespace
{

struct PublishTest : testing::Test {
	struct plane plane = {};
	struct event_base *base = event_base_new();
	struct publisher publisher;
	struct target *part =
		nullptr; // that all views share: its references tell how many are left

	void SetUp() override
	{
		part = target_new(TARGET_CDN, "b", nullptr, nullptr, 0, 0);
		size_t size = rte_rcu_qsbr_get_memsize(2);
		plane.qsbr = static_cast<struct rte_rcu_qsbr *>(
			aligned_alloc(64, (size + 63) / 64 * 64));
		rte_rcu_qsbr_init(plane.qsbr, 2);
		for (unsigned worker = 0; worker < 2; worker++) {
			rte_rcu_qsbr_thread_register(plane.qsbr, worker);
			rte_rcu_qsbr_thread_online(plane.qsbr, worker);
		}
		ASSERT_TRUE(publish_init(&publisher, &plane, base));
	}
	void TearDown() override
	{
		publish_finish(&publisher);
		EXPECT_EQ(part->refs, 1u) << "a view is left, or was freed twice";
		target_release(part);
		EXPECT_EQ(plane.view, nullptr);
		event_base_free(base);
		free(plane.qsbr);
	}
	void publish(uint64_t generation)
	{
		struct view *view = view_new(nullptr);
		struct slots_txn txn;
		uint32_t place;
		slots_begin(&txn, nullptr, &view_target_ops);
		ASSERT_TRUE(slots_add(&txn, part, &place));
		view->targets = slots_commit(&txn);
		view->generation = generation;
		ASSERT_TRUE(publish_view(&publisher, view));
		EXPECT_EQ(plane_view(&plane)->generation, generation);
	}
	void pause()
	{
		struct timeval time = {0, 20000};
		event_base_loopexit(base, &time);
		event_base_dispatch(base);
	}
};

TEST_F(PublishTest, FirstViewRetiresNothing)
{
	publish(1);
	EXPECT_EQ(publish_pending(&publisher), 0u);
}

TEST_F(PublishTest, OldViewWaitsForEveryWorker)
{
	publish(1);
	publish(2);
	pause();
	EXPECT_EQ(part->refs, 3u);
	rte_rcu_qsbr_quiescent(plane.qsbr, 0);
	pause();
	EXPECT_EQ(part->refs, 3u) << "freed while worker 1 may read it";
	rte_rcu_qsbr_quiescent(plane.qsbr, 1);
	pause();
	EXPECT_EQ(part->refs, 2u);
	EXPECT_EQ(publish_pending(&publisher), 0u);
}

TEST_F(PublishTest, SleepingWorkersHoldNothing)
{
	publish(1);
	publish(2);
	rte_rcu_qsbr_thread_offline(plane.qsbr, 0);
	rte_rcu_qsbr_thread_offline(plane.qsbr, 1);
	pause();
	EXPECT_EQ(part->refs, 2u);
}

TEST_F(PublishTest, ManyViewsInOneGracePeriod)
{
	for (uint64_t i = 1; i <= 50; i++)
		publish(i);
	EXPECT_EQ(publish_pending(&publisher), 49u);
	rte_rcu_qsbr_quiescent(plane.qsbr, 0);
	publish(51);
	rte_rcu_qsbr_quiescent(plane.qsbr, 1);
	pause();
	EXPECT_EQ(publish_pending(&publisher), 1u) << "worker 0 may still read generation 50";
	rte_rcu_qsbr_quiescent(plane.qsbr, 0);
	pause();
	EXPECT_EQ(part->refs, 2u);
}

// The history and commits under way keep views, too.
TEST_F(PublishTest, ViewsThatOthersKeepOutliveTheGracePeriod)
{
	publish(1);
	struct view *kept = plane.view;
	view_retain(kept);
	publish(2);
	rte_rcu_qsbr_quiescent(plane.qsbr, 0);
	rte_rcu_qsbr_quiescent(plane.qsbr, 1);
	pause();
	EXPECT_EQ(publish_pending(&publisher), 0u);
	EXPECT_EQ(part->refs, 3u);
	EXPECT_EQ(kept->generation, 1u);
	view_release(kept);
	EXPECT_EQ(part->refs, 2u);
}

TEST_F(PublishTest, FinishFreesWhatIsPending)
{
	publish(1);
	publish(2);
	publish(3);
	EXPECT_EQ(part->refs, 4u);
}

} // namespace
