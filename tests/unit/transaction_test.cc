/* transaction_test - operations that are collected and committed as one: their numbers, their end, and what others do meanwhile. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/control_test.h"

extern "C" {
#include "control/transaction.h"
}

#include <gtest/gtest.h>

namespace
{

using TransactionTest = ControlTest;

TEST_F(TransactionTest, NothingIsDoneBeforeTheCommit)
{
	Json begun = box.call("begin", json("{'text': 'note', 'set': 'mine'}"));
	EXPECT_EQ(begun["generation"].number(), 1);
	long number = begun["transaction"].number();
	std::string with = ", 'transaction': " + std::to_string(number);
	for (long i = 1; i <= 3; i++) {
		Json answer = box.call("put", put("scope",
						  scope("s" + std::to_string(i), "v.t", "a",
							", 'priority': " + std::to_string(i)),
						  with));
		EXPECT_EQ(answer["transaction"].number(), number) << answer.text();
		EXPECT_EQ(answer["operations"].number(), i);
		EXPECT_FALSE(has(OBJECT_SCOPE, "s1"));
	}
	box.call("remove", remove("scope", "s2", with));
	EXPECT_EQ(box.generation(), 1u);
	Json answer = box.call("commit", id(number));
	/* Each takes every request of those before it. */
	expect_refused(answer, "scope 's2' overlaps scope 's1'");
	EXPECT_EQ(answer["data"]["faults"][(size_t)0]["line"].number(), 2)
		<< "the second operation";
	EXPECT_EQ(box.generation(), 1u);
	expect_refused(box.call("commit", id(number)), "there is no transaction");
}

TEST_F(TransactionTest, OneViewForAllOperations)
{
	long number =
		box.call("begin", json("{'text': 'note', 'set': 'mine'}"))["transaction"].number();
	std::string with = ", 'transaction': " + std::to_string(number);
	box.call("put", put("cdn", "{'name': 'c'}", with));
	box.call("put", put("dri", "{'cdn': 'c', 'http-target': {'host': 'c.test'}}", with));
	box.call("put", put("scope", scope("vod", "vod.t", "c"), with));
	box.call("put", put("scope", scope("new", "new.t", "c"), with));
	box.call("remove", remove("scope", "new", with));
	Json answer = box.call("commit", id(number));
	EXPECT_EQ(answer["generation"].number(), 2) << answer.text();
	EXPECT_EQ(answer["added"].number(), 2);
	EXPECT_EQ(answer["changed"].number(), 1);
	EXPECT_EQ(answer["removed"].number(), 0) << "it came and went";
	EXPECT_STREQ(head().object(OBJECT_SCOPE, "vod")->set, "mine");
	EXPECT_EQ(box.call("show.history")["commits"][(size_t)0]["text"].text(), "note");
	expect_consistent();
}

TEST_F(TransactionTest, Abort)
{
	long number = transaction({{"remove", remove("scope", "old")}});
	EXPECT_EQ(box.call("abort", id(number))["transaction"].number(), number);
	EXPECT_TRUE(has(OBJECT_SCOPE, "old"));
	for (const char *method : {"abort", "commit"})
		expect_refused(box.call(method, id(number)), "there is no transaction");
	expect_refused(box.call("put", put("scope", scope("x", "x.t"), ", 'transaction': 99")),
		       "there is no transaction 99");
	EXPECT_EQ(box.generation(), 1u);
}

/* An object that others changed since the transaction began; other objects do not matter. */
TEST_F(TransactionTest, ObjectsThatOthersChanged)
{
	Operations mine = {{"put", put("scope", scope("vod", "vod.t", "b"))}};
	long late = transaction(mine), fine = transaction({{"remove", remove("scope", "old")}});
	box.call("put", put("scope", scope("vod", "vod.t", "a", ", 'priority': 7")));
	expect_refused(box.call("commit", id(late)),
		       "scope 'vod' was changed by another commit since this transaction began");
	EXPECT_EQ(head().scope("vod")->priority, 7);
	EXPECT_EQ(box.call("commit", id(fine))["removed"].number(), 1);
	EXPECT_EQ(box.call("commit", id(transaction(mine)))["changed"].number(), 1);

	/* What only got another place, or was compiled anew, has not changed. */
	long same = transaction(mine);
	box.write_config("\n\n" + config_of({scope_vod, scope_old}));
	box.call("reload");
	EXPECT_EQ(box.call("commit", id(same))["generation"].number(), 4);
}

TEST_F(TransactionTest, ACommitUnderWay)
{
	long number = transaction({{"put", put("scope", slow("slow", "slow.t"))}});
	Json answer = meanwhile("commit", id(number), [&] {
		for (const char *method : {"commit", "abort"})
			expect_refused(box.call(method, id(number)), "is being committed");
		expect_refused(box.call("put", put("scope", scope("x", "x.t"),
						   ", 'transaction': " + std::to_string(number))),
			       "is being committed");
	});
	EXPECT_EQ(answer["added"].number(), 1);

	/* Its client goes away: nothing was changed, and it is gone. */
	number = transaction({{"put", put("scope", slow("gone", "gone.t"))}});
	{
		Hold hold(box.control);
		Client client(box);
		client.send("commit", id(number));
		EXPECT_FALSE(client.has_answer());
		EXPECT_NE(box.control.commits, nullptr);
	}
	commit_wait(&box.control);
	EXPECT_FALSE(has(OBJECT_SCOPE, "gone"));
	EXPECT_EQ(box.generation(), 2u);
	expect_refused(box.call("commit", id(number)), "there is no transaction");
}

TEST_F(TransactionTest, Bounds)
{
	std::vector<long> open;
	for (int i = 0; i < TRANSACTIONS_MAX; i++)
		open.push_back(box.call("begin")["transaction"].number());
	expect_refused(box.call("begin"), "64 transactions are open already");
	EXPECT_EQ(box.call("abort", id(open[5]))["transaction"].number(), open[5]);
	EXPECT_GT(box.call("begin")["transaction"].number(), open.back());

	/* One that nothing is asked of ends; being asked for something keeps it. */
	auto pass = [&](uint64_t seconds) {
		box.plane.unix_ns_at_tsc0 += seconds * UINT64_C(1000000000);
		transaction_expire(&box.control);
	};
	pass(TRANSACTION_SECONDS - 10);
	box.call("put", put("scope", scope("kept", "kept.t"),
			    ", 'transaction': " + std::to_string(open[0])));
	pass(20);
	expect_refused(box.call("commit", id(open[1])), "it may have ended by itself");
	EXPECT_EQ(box.call("commit", id(open[0]))["added"].number(), 1);
	EXPECT_EQ(box.control.transactions, nullptr);
}

TEST_F(TransactionTest, WrongQuestions)
{
	const struct {
		const char *method, *params, *text;
	} cases[] = {
		{"put", "{'object': {}}", "'kind' is missing"},
		{"put", "{'kind': 'planet', 'object': {}}", "kind: 'planet' is not known"},
		{"put", "{'kind': 'cdn'}", "'object' is missing"},
		{"put", "{'kind': 'cdn', 'object': []}", "object: expected"},
		{"put", "{'kind': 'cdn', 'object': {}, 'set': 'configuration'}",
		 "set: 'configuration' is what the configuration file says"},
		{"put", "{'kind': 'cdn', 'object': {}, 'transaction': 1, 'set': 'x'}",
		 "'set' and 'text' belong to 'begin'"},
		{"put", "{'kind': 'cdn', 'object': {}, 'transaction': 0}",
		 "transaction: expected a number"},
		{"remove", "{'kind': 'cdn'}", "'name' is missing"},
		{"remove", "{'kind': 'cdn', 'name': 'a', 'more': 1}", "unknown key 'more'"},
		{"cdn.set", "{'name': 'a'}", "'state' is missing"},
	};
	for (const auto &c : cases) {
		Json answer = box.call(c.method, json(c.params));
		EXPECT_EQ(answer["code"].number(), -32602) << c.params << answer.text();
		EXPECT_NE(answer.text().find(c.text), std::string::npos)
			<< c.params << answer.text();
	}
	expect_refused(box.call("put", put("cdn", "{'name': 'x'}")), "cdn 'x' has no DRI");
	expect_refused(box.call("put", put("cdn", "{'state': 'up'}")), "cdn: 'name' is missing");
	expect_refused(box.call("remove", remove("cdn", "x")), "there is no cdn 'x'");
	expect_refused(box.call("remove", remove("scope", std::string(3000, 'x'))),
		       "there is no scope 'xxx");
	EXPECT_EQ(box.generation(), 1u);
}

} // namespace
