/* ri_pending_test - one question for each key: who asks, who waits, deadlines, limits, and callbacks that join and leave. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "control/ri_pending.h"
}

namespace
{

const char *const the_answer = "an answer";

struct ri_pending_test : testing::Test {
	ri_pending *pending = make(3, 5);
	std::vector<std::string> said;

	struct Party {
		ri_pending_test *test;
		std::string name;
		std::function<void()> then;
		ri_waiter *waiter;
	};
	std::vector<std::unique_ptr<Party>> parties;

	~ri_pending_test() override
	{
		ri_pending_free(pending);
	}
	static ri_pending *make(size_t keys, size_t waiters)
	{
		ri_pending_limits limits = {keys, waiters};
		return ri_pending_new(&limits);
	}
	ri_join join(const std::string &name, const std::string &key, uint64_t deadline = 1000,
		     std::function<void()> then = nullptr)
	{
		parties.emplace_back(new Party{this, name, then, nullptr});
		Party *party = parties.back().get();
		return ri_pending_join(pending, key.c_str(), deadline, on_answer, party,
				       &party->waiter);
	}
	void leave(const std::string &name)
	{
		for (auto &party : parties)
			if (party->name == name)
				ri_pending_leave(pending, party->waiter);
	}
	void end(const std::string &key, const void *answer = the_answer)
	{
		ri_pending_end(pending, key.c_str(), answer);
	}
	static void on_answer(void *arg, const void *answer)
	{
		auto *party = static_cast<Party *>(arg);
		party->test->said.push_back(party->name + (answer == the_answer ? ""
							   : answer             ? "?"
										: " none"));
		if (party->then)
			party->then();
	}
	using Said = std::vector<std::string>;
};

TEST_F(ri_pending_test, one_asks_and_all_are_answered_in_order)
{
	EXPECT_EQ(join("a", "k"), RI_JOIN_ASK);
	EXPECT_EQ(join("b", "k"), RI_JOIN_WAIT);
	EXPECT_EQ(join("x", "other"), RI_JOIN_ASK);
	EXPECT_EQ(join("c", "k"), RI_JOIN_WAIT);
	EXPECT_TRUE(said.empty());
	end("k");
	EXPECT_EQ(said, (Said{"a", "b", "c"}));
	end("k");
	end("unknown");
	EXPECT_EQ(said.size(), 3u);
	EXPECT_EQ(join("d", "k"), RI_JOIN_ASK) << "the question is over";
	end("other", nullptr);
	EXPECT_EQ(said.back(), "x none");
	const ri_pending_counters *counters = ri_pending_counts(pending);
	EXPECT_EQ(counters->asked, 3u);
	EXPECT_EQ(counters->joined, 2u);
	EXPECT_EQ(counters->refused, 0u);
}

TEST_F(ri_pending_test, limits)
{
	EXPECT_EQ(join("a", "k1"), RI_JOIN_ASK);
	EXPECT_EQ(join("b", "k2"), RI_JOIN_ASK);
	EXPECT_EQ(join("c", "k3"), RI_JOIN_ASK);
	EXPECT_EQ(join("d", "k4"), RI_JOIN_FULL) << "keys";
	EXPECT_EQ(join("e", "k1"), RI_JOIN_WAIT);
	EXPECT_EQ(join("f", "k1"), RI_JOIN_WAIT);
	EXPECT_EQ(join("g", "k1"), RI_JOIN_FULL) << "waiters";
	EXPECT_EQ(ri_pending_counts(pending)->refused, 2u);
	end("k1");
	EXPECT_EQ(said, (Said{"a", "e", "f"}));
	EXPECT_EQ(join("h", "k4"), RI_JOIN_ASK) << "there is room again";
	EXPECT_EQ(join("i", "k4"), RI_JOIN_WAIT);
}

TEST_F(ri_pending_test, deadlines)
{
	EXPECT_EQ(ri_pending_next(pending), UINT64_MAX);
	join("late", "k", 300);
	join("early", "k", 100);
	join("middle", "k2", 200);
	join("same", "k2", 200);
	EXPECT_EQ(ri_pending_next(pending), 100u);
	ri_pending_expire(pending, 99);
	EXPECT_TRUE(said.empty());
	ri_pending_expire(pending, 200);
	EXPECT_EQ(said, (Said{"early none", "middle none", "same none"}));
	EXPECT_EQ(ri_pending_next(pending), 300u);
	EXPECT_EQ(ri_pending_counts(pending)->late, 3u);
	EXPECT_EQ(join("again", "k2", 900), RI_JOIN_WAIT) << "the question goes on";
	end("k2");
	EXPECT_EQ(said.back(), "again");
	end("k");
	EXPECT_EQ(said.back(), "late");
	EXPECT_EQ(ri_pending_next(pending), UINT64_MAX);
}

TEST_F(ri_pending_test, who_leaves_is_not_called)
{
	join("a", "k");
	join("b", "k");
	leave("a");
	leave("b");
	EXPECT_EQ(join("c", "k"), RI_JOIN_WAIT) << "it is still asked";
	end("k");
	EXPECT_EQ(said, (Said{"c"}));
}

TEST_F(ri_pending_test, callbacks_join_and_leave)
{
	join("a", "k", 1000, [this] {
		leave("c");
		EXPECT_EQ(join("d", "k"), RI_JOIN_ASK) << "a new question";
	});
	join("b", "k");
	join("c", "k");
	end("k");
	EXPECT_EQ(said, (Said{"a", "b"}));
	end("k");
	EXPECT_EQ(said, (Said{"a", "b", "d"}));
	/* The same at a deadline. */
	join("e", "k", 10, [this] { leave("f"); });
	join("f", "k", 10);
	join("g", "k", 10, [this] { end("k"); });
	join("h", "k", 50);
	ri_pending_expire(pending, 10);
	EXPECT_EQ(said, (Said{"a", "b", "d", "e none", "g none", "h"}));
}

TEST_F(ri_pending_test, the_end_calls_all)
{
	join("a", "k");
	join("b", "k2");
	join("c", "k");
	ri_pending_free(pending);
	pending = nullptr;
	EXPECT_EQ(said.size(), 3u);
	for (const std::string &one : said)
		EXPECT_NE(one.find(" none"), std::string::npos);
	ri_pending_free(nullptr);
}

TEST_F(ri_pending_test, no_memory)
{
	for (int at = 0; at < 2; at++) {
		failing_malloc.reset(at);
		EXPECT_EQ(join("a", "k"), RI_JOIN_FULL);
		failing_malloc.reset(-1);
		EXPECT_EQ(ri_pending_next(pending), UINT64_MAX);
	}
	EXPECT_EQ(join("a", "k"), RI_JOIN_ASK) << "nothing was left behind";
	for (int at = 0; at < 2; at++) {
		failing_malloc.reset(at);
		EXPECT_EQ(make(1, 1), nullptr);
	}
	failing_malloc.reset(-1);
}

} // namespace
