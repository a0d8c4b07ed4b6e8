/* learn_test - a RIB and the tables: what is taken, refused, withdrawn, and kept over a restart. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/learn.h"
}

#include "tests/support/control_test.h"

#include <gtest/gtest.h>

namespace
{

struct LearnTest : ControlTest {
	struct learn learn = {};
	int told = 0;

	void SetUp() override
	{
		begin();
	}
	void TearDown() override
	{
		learn_clear(&learn);
	}
	void begin()
	{
		ASSERT_TRUE(learn_init(&learn, &box.control, "peer a", "a"));
		learn.rib.damping = damping_defaults;
		learn.done = [](void *arg) { ++*(int *)arg; };
		learn.arg = &told;
	}
	void restart()
	{
		learn_clear(&learn);
		box.restart();
		begin();
	}
	/* Routes: the redirecting host of a DRI each, and with '=' the host that requests for it are sent to. */
	void take(const std::vector<std::string> &routes)
	{
		struct rib_update update = {};
		for (const std::string &text : routes) {
			size_t at = text.find('=');
			std::string host = text.substr(0, at),
				    to = at == std::string::npos ? "x.test" : text.substr(at + 1);
			Json object(json("{'cdn': 'a', 'redirecting-hosts': ['" + host +
					 "'], 'http-target': {'host': '" + to + "'}}"));
			struct rib_route route = {};
			route.kind = OBJECT_DRI;
			route.object = object.get();
			ASSERT_TRUE(rib_update_add(&update, &route));
		}
		bool changed;
		ASSERT_TRUE(rib_take(&learn.rib, &update, true, 1, &changed));
		learn_publish(&learn);
	}
	/* By its redirecting host, and '=' where requests are sent. */
	const struct rib_route *find(const std::string &text)
	{
		for (size_t i = 0; i < learn.rib.n; i++) {
			Json object(json_incref(learn.rib.list[i].object));
			std::string said = object["redirecting-hosts"][(size_t)0].text(),
				    to = object["http-target"]["host"].text();
			if (said == text || said + "=" + to == text)
				return &learn.rib.list[i];
		}
		return nullptr;
	}
	std::string state(const std::string &text)
	{
		const struct rib_route *route = find(text);
		return route ? rib_state_name(route->state) : "none";
	}
};

TEST_F(LearnTest, TheTablesSayWhatTheRibSays)
{
	take({"one.t", "two.t"});
	EXPECT_EQ(told, 1);
	EXPECT_EQ(box.generation(), 2u);
	EXPECT_EQ(state("one.t"), "accepted");
	EXPECT_STREQ(head().object(OBJECT_DRI, "cdn/a one.t")->set, "peer a");
	take({"two.t", "one.t"});
	EXPECT_EQ(box.generation(), 2u) << "nothing changed";
	EXPECT_EQ(told, 2);
	take({"two.t=y.test", "three.t"});
	EXPECT_EQ(box.generation(), 3u) << "one commit";
	EXPECT_FALSE(has(OBJECT_DRI, "cdn/a one.t"));
	EXPECT_TRUE(has(OBJECT_DRI, "cdn/a three.t"));
	EXPECT_TRUE(has(OBJECT_DRI, "cdn/a")) << "of the configuration";
	expect_consistent();
	take({});
	EXPECT_FALSE(has(OBJECT_DRI, "cdn/a two.t"));
	EXPECT_EQ(rib_count(&learn.rib, RIB_ACCEPTED), 0u);
	EXPECT_EQ(history_at(&box.control.history, 0)->commit.origin, std::string("peer a"));
	expect_consistent();
}

TEST_F(LearnTest, ABadRouteIsRefusedByItself)
{
	take({"one.t=good.test", "two.t=not a host"});
	EXPECT_EQ(state("one.t"), "accepted");
	EXPECT_EQ(state("two.t"), "refused");
	EXPECT_NE(std::string(find("two.t")->reason).find("not a host' is not valid"),
		  std::string::npos);
	EXPECT_EQ(learn.rib.refused, 1u);
	/* What it was before does not stay. */
	take({"one.t=not a host", "two.t=good.test"});
	EXPECT_EQ(state("one.t=not a host"), "refused");
	EXPECT_FALSE(has(OBJECT_DRI, "cdn/a one.t"));
	EXPECT_TRUE(has(OBJECT_DRI, "cdn/a two.t"));
	expect_consistent();
}

/* Of two that are the same DRI, but say different things, the first one counts. */
TEST_F(LearnTest, OneNameTwice)
{
	take({"one.t=x.test", "one.t=y.test", "two.t"});
	EXPECT_EQ(rib_count(&learn.rib, RIB_ACCEPTED), 2u);
	EXPECT_EQ(rib_count(&learn.rib, RIB_REFUSED), 1u);
	EXPECT_TRUE(has(OBJECT_DRI, "cdn/a one.t"));
	expect_consistent();
}

TEST_F(LearnTest, OthersStandOverIt)
{
	box.call("put", put("dri", "{'cdn': 'a', 'redirecting-hosts': ['one.t'], 'http-target': "
				   "{'host': 'operator.test'}}"));
	take({"one.t", "two.t"});
	EXPECT_EQ(state("one.t"), "refused");
	EXPECT_EQ(state("two.t"), "accepted");
	EXPECT_STREQ(head().object(OBJECT_DRI, "cdn/a one.t")->set, "operator");
	take({});
	EXPECT_TRUE(has(OBJECT_DRI, "cdn/a one.t"));
	/* When the operator's has gone, it is taken without being said again. */
	take({"one.t"});
	EXPECT_EQ(state("one.t"), "refused");
	box.call("remove", remove("dri", "cdn/a one.t"));
	learn_tend(&learn);
	EXPECT_EQ(state("one.t"), "accepted");
	EXPECT_STREQ(head().object(OBJECT_DRI, "cdn/a one.t")->set, "peer a");
	/* One that the operator took away comes again, as it is still said. */
	box.call("remove", remove("dri", "cdn/a one.t", ", 'set': 'peer a'"));
	EXPECT_FALSE(has(OBJECT_DRI, "cdn/a one.t"));
	learn_tend(&learn);
	EXPECT_TRUE(has(OBJECT_DRI, "cdn/a one.t"));
	uint64_t generation = box.generation();
	learn_tend(&learn);
	EXPECT_EQ(box.generation(), generation);
	expect_consistent();
}

TEST_F(LearnTest, AnUpdateWhileACommitIsUnderWay)
{
	std::vector<std::string> many;
	for (int i = 0; i < 4000; i++)
		many.push_back("h" + std::to_string(i) + ".t");
	take(many);
	ASSERT_NE(learn.commit, nullptr) << "it is done in portions";
	many.pop_back();
	many[0] = "h0.t=y.test";
	take(many);
	many[1] = "h1.t=y.test";
	take(many);
	EXPECT_EQ(told, 0);
	commit_wait(&box.control);
	EXPECT_EQ(told, 1) << "one more commit for both";
	EXPECT_EQ(box.generation(), 3u);
	EXPECT_FALSE(has(OBJECT_DRI, "cdn/a h3999.t"));
	EXPECT_EQ(rib_count(&learn.rib, RIB_ACCEPTED), 3999u);
	expect_consistent();
	/* Given up in the middle: nothing of it is taken, and nothing is told. */
	many[2] = "h2.t=y.test";
	many[3000] = "h3000.t=y.test";
	take(many);
	ASSERT_NE(learn.commit, nullptr);
	learn_clear(&learn);
	commit_wait(&box.control);
	EXPECT_EQ(told, 1);
	EXPECT_EQ(box.generation(), 3u);
}

TEST_F(LearnTest, ItOutlivesTheProcess)
{
	take({"one.t", "two.t"});
	restart();
	EXPECT_TRUE(has(OBJECT_DRI, "cdn/a one.t"));
	ASSERT_TRUE(learn_recall(&learn, 7));
	EXPECT_EQ(learn.rib.n, 2u);
	EXPECT_EQ(state("one.t"), "accepted");
	EXPECT_STREQ(find("one.t")->table, "cdn/a one.t");
	EXPECT_EQ(learn.rib.received, 2u);
	uint64_t generation = box.generation();
	learn_tend(&learn);
	EXPECT_EQ(box.generation(), generation);
	/* What was missed meanwhile. */
	take({"two.t"});
	EXPECT_FALSE(has(OBJECT_DRI, "cdn/a one.t"));
	restart();
	ASSERT_TRUE(learn_recall(&learn, 7));
	EXPECT_EQ(learn.rib.n, 1u);
	EXPECT_FALSE(has(OBJECT_DRI, "cdn/a one.t"));
}

TEST_F(LearnTest, SetsOfOthersAreLeftAlone)
{
	take({"one.t"});
	struct learn pushed = {};
	ASSERT_TRUE(learn_init(&pushed, &box.control, "peer a pushed", "a"));
	ASSERT_TRUE(learn_recall(&pushed, 7));
	EXPECT_EQ(pushed.rib.n, 0u);
	learn_publish(&pushed);
	EXPECT_TRUE(has(OBJECT_DRI, "cdn/a one.t"));
	learn_clear(&pushed);
	expect_consistent();
}

} // namespace
