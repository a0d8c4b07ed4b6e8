/* apply_test - table files: sets and what replaces them, lines at fault, a large one that is read in portions. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/control_test.h"

#include <gtest/gtest.h>

namespace
{

using ApplyTest = ControlTest;

TEST_F(ApplyTest, FilesReplaceTheirSet)
{
	auto apply = [&](const std::string &lines, const std::string &more = "") {
		box.write("x.jsonl", json(lines));
		return Client(box).ask("apply",
				       json("{'file': '" + box.folder + "/x.jsonl'" + more + "}"));
	};
	auto line = [&](const std::string &name, const std::string &cdn = "a") {
		return "{'scope':" + scope(name, name + ".t", cdn) + "}\n";
	};
	Json answer = apply(line("one") + line("two") + line("three"));
	EXPECT_EQ(answer["added"].number(), 3) << answer.text();
	EXPECT_EQ(answer["lines"].number(), 3);
	EXPECT_EQ(answer["refused"]["total"].number(), 0);
	box.call("put", put("scope", scope("four", "four.t"), ", 'set': 'other'"));
	EXPECT_EQ(head().object(OBJECT_SCOPE, "one")->set, std::string("x.jsonl"));

	answer = apply(line("one") + line("two", "b"));
	EXPECT_EQ(answer["unchanged"].number(), 1) << answer.text();
	EXPECT_EQ(answer["changed"].number(), 1);
	EXPECT_TRUE(has(OBJECT_SCOPE, "three")) << "nothing was to be replaced";
	answer = apply(line("two", "b") + line("five"), ", 'replace': true, 'dry-run': true");
	EXPECT_EQ(answer["removed"].number(), 2) << answer.text();
	EXPECT_EQ(answer["differences"].size(), 3u);
	EXPECT_TRUE(has(OBJECT_SCOPE, "three"));
	answer = apply(line("two", "b") + line("five"), ", 'replace': true");
	EXPECT_EQ(answer["removed"].number(), 2) << answer.text();
	for (int round = 0; round < 2; round++) {
		EXPECT_EQ(scope_of("one.t") + scope_of("three.t"), "");
		EXPECT_EQ(scope_of("two.t") + scope_of("four.t") + scope_of("five.t"),
			  "twofourfive");
		EXPECT_EQ(scope_of("vod.t"), "vod") << "of the configuration";
		expect_consistent();
		box.restart();
	}

	/* A line at fault is left out, or refuses all. */
	const std::string faulty = line("six") + "{'scope': 5}\n" + line("seven", "gone") + "x\n" +
				   line("six", "b") + line("eight");
	answer = apply(faulty, ", 'all-or-nothing': true");
	expect_refused(answer, "4 faults; generation");
	EXPECT_EQ(answer["data"]["faults"][(size_t)1]["line"].number(), 3);
	EXPECT_FALSE(has(OBJECT_SCOPE, "six"));
	answer = apply(faulty);
	EXPECT_EQ(answer["added"].number(), 2) << answer.text();
	EXPECT_EQ(answer["refused"]["total"].number(), 4);
	EXPECT_EQ(scope_of("six.t") + scope_of("eight.t"), "sixeight");
	expect_consistent();

	expect_refused(Client(box).ask("apply", json("{'file': '/nowhere/x'}")), "/nowhere/x");
	EXPECT_EQ(Client(box).ask("apply", json("{'file': 'x'}"))["code"].number(), -32602);
	EXPECT_EQ(apply("")["lines"].number(), 0);
}

/* A large file is read in portions: others have their turn, and progress is told. */
TEST_F(ApplyTest, LargeFile)
{
	enum { LINES = 20000 };
	std::string lines;
	for (int i = 0; i < LINES; i++)
		lines +=
			json("{'scope':" +
			     scope("s" + std::to_string(i), "h" + std::to_string(i) + ".t", "a",
				   i % 100 ? "" : ", 'regexes': ['^/r" + std::to_string(i) + "']") +
			     "}\n");
	box.write("big.jsonl", lines);
	Client client(box), other(box);
	client.send("apply", json("{'file': '" + box.folder + "/big.jsonl', 'set': 'big'}"));
	EXPECT_FALSE(client.has_answer());
	expect_refused(other.ask("apply", json("{'file': '" + box.folder + "/big.jsonl'}")),
		       "files are being read already");
	expect_refused(other.ask("reload"), "files are being read already");
	EXPECT_EQ(other.ask("put", put("scope", scope("quick", "quick.t")))["generation"].number(),
		  2);
	EXPECT_FALSE(client.has_answer()) << "the file was read in one go";
	Json answer = client.answer();
	EXPECT_EQ(answer["added"].number(), LINES) << answer.text();
	EXPECT_EQ(box.control.head->n_of[OBJECT_SCOPE], LINES + 3u);
	for (int round = 0; round < 2; round++) {
		EXPECT_EQ(scope_of("h19999.t"), "s19999");
		EXPECT_EQ(scope_of("h2900.t", "/r2900"), "s2900");
		EXPECT_EQ(scope_of("quick.t"), "quick");
		box.restart();
	}
	/* Its client goes away while it is read: nothing is changed. */
	uint64_t generation = box.generation();
	{
		Client gone(box);
		gone.send("apply",
			  json("{'file': '" + box.folder + "/big.jsonl', 'set': 'again'}"));
		for (int i = 0; i < 100 && !box.control.commits; i++)
			box.turn();
		EXPECT_NE(box.control.commits, nullptr);
	}
	commit_wait(&box.control);
	EXPECT_EQ(box.generation(), generation);
	EXPECT_STREQ(head().object(OBJECT_SCOPE, "s1")->set, "big");
	EXPECT_EQ(Client(box).ask("reload")["generation"].number(), (long)generation)
		<< "it can be asked for again";
}

} // namespace
