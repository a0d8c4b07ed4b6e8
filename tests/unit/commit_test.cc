/* commit_test - changes from their request to the published view: two at once, beside a reading of the configuration, dry runs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/control_test.h"

#include <gtest/gtest.h>

namespace
{

using CommitTest = ControlTest;

/* --- two at once ------------------------------------------------------------------------------------------------------ */

TEST_F(CommitTest, ACommitThatWaitsTakesInWhatOthersDid)
{
	EXPECT_EQ(box.generation(), 1u);
	Json answer = meanwhile("put", put("scope", slow("slow", "slow.t")), [&] {
		Json quick = box.call("put", put("scope", scope("quick", "quick.t")));
		EXPECT_EQ(quick["generation"].number(), 2) << quick.text();
		EXPECT_EQ(scope_of("slow.t", "/x0"), "") << "not yet";
		box.call("put", put("scope", scope("vod", "vod.t", "b")));
		box.call("remove", remove("scope", "old"));
	});
	EXPECT_EQ(answer["generation"].number(), 5) << answer.text();
	EXPECT_EQ(answer["added"].number(), 1);
	EXPECT_EQ(answer["changed"].number(), 0);
	EXPECT_EQ(answer["removed"].number(), 0);
	EXPECT_EQ(scope_of("slow.t", "/x0"), "slow");
	EXPECT_EQ(scope_of("quick.t"), "quick");
	EXPECT_EQ(scope_of("old.t"), "");
	HttpAsk ask("vod.t");
	View view = head();
	EXPECT_EQ(match(view, ask).target_name(), "b");
	expect_consistent();
}

TEST_F(CommitTest, ManyThatWaitAtOnce)
{
	enum { N = 12 };
	std::vector<std::unique_ptr<Client>> clients;
	{
		Hold hold(box.control);
		for (int i = 0; i < N; i++) {
			clients.push_back(std::make_unique<Client>(box));
			std::string n = std::to_string(i);
			clients[i]->send(
				"put",
				put("scope", slow("s" + n, i % 3 ? "same.t" : "h" + n + ".t")));
		}
	}
	std::vector<long> generations;
	for (auto &client : clients)
		generations.push_back(client->answer()["generation"].number());
	std::sort(generations.begin(), generations.end());
	for (int i = 0; i < N; i++)
		EXPECT_EQ(generations[i], i + 2);
	for (int i = 0; i < N; i++) {
		std::string n = std::to_string(i);
		EXPECT_EQ(scope_of(i % 3 ? "same.t" : "h" + n + ".t", "/x" + n), "s" + n);
	}
	expect_consistent();
}

TEST_F(CommitTest, WhatOthersTookAwayIsTakenAway)
{
	long others =
		transaction({{"remove", remove("scope", "old")}, {"remove", remove("cdn", "b")}});
	Json answer = meanwhile("put", put("scope", slow("slow", "slow.t")), [&] {
		EXPECT_EQ(box.call("commit", id(others))["removed"].number(), 3);
	});
	EXPECT_EQ(answer["generation"].number(), 3) << answer.text();
	EXPECT_FALSE(has(OBJECT_SCOPE, "old"));
	EXPECT_FALSE(has(OBJECT_CDN, "b"));
	EXPECT_FALSE(has(OBJECT_DRI, "cdn/b"));
	expect_consistent();
}

TEST_F(CommitTest, WhatNoLongerFitsIsRefused)
{
	const struct {
		std::string mine;
		Operations others;
	} cases[] = {
		{slow("slow", "slow.t", "b"),
		 {{"remove", remove("scope", "old")}, {"remove", remove("cdn", "b")}}},
		{slow("slow", "slow.t"),
		 {{"put", put("scope", "{'name': 'x', 'hosts': ['slow.t'], 'action': 'deny', "
				       "'priority': 5}")}}},
		{slow("slow", "slow.t", "a", ", 'footprints': ['f']"),
		 {{"remove", remove("footprint", "f")}}},
	};
	for (const auto &c : cases) {
		ControlBox fresh(config_of({scope_vod, scope_old}));
		long others = transaction(c.others);
		Json answer = meanwhile("put", put("scope", c.mine), [&] {
			EXPECT_GT(box.call("commit", id(others))["generation"].number(), 1);
		});
		expect_refused(answer,
			       "the tables were changed meanwhile so that this no longer fits");
		EXPECT_FALSE(has(OBJECT_SCOPE, "slow"));
		expect_consistent();
		/* All is as the others left it; on with the next one. */
		EXPECT_GE(box.call("rollback", "{\"generation\": 1}")["generation"].number(), 1);
	}
}

/* A named footprint that others made narrower moves the scopes of both. */
TEST_F(CommitTest, RanksThatOthersMoved)
{
	box.call("put", put("scope", scope("broad", "r.t", "a", ", 'footprints': ['g']")));
	box.call("put", put("scope", scope("theirs", "q.t", "a", ", 'footprints': ['f']")));
	box.call("put", put("scope", scope("theirs-broad", "q.t", "a", ", 'footprints': ['g']")));
	EXPECT_EQ(scope_of("q.t", "/", "10.1.2.3"), "theirs-broad");
	Operations mine = {
		{"put", put("scope", scope("mine", "r.t", "a", ", 'footprints': ['f']"))},
		{"put", put("scope", slow("slow", "slow.t"))}};
	Json answer = meanwhile("commit", id(transaction(mine)), [&] {
		Json narrow =
			box.call("put", put("footprint",
					    "{'name': 'f', 'footprints': [{'footprint-type': "
					    "'ipv4cidr', 'footprint-value': ['10.1.0.0/16']}]}"));
		EXPECT_EQ(narrow["changed"].number(), 1) << narrow.text();
	});
	EXPECT_EQ(answer["added"].number(), 2) << answer.text();
	EXPECT_EQ(scope_of("q.t", "/", "10.1.2.3"), "theirs");
	EXPECT_EQ(scope_of("r.t", "/", "10.1.2.3"), "mine");
	EXPECT_EQ(scope_of("r.t", "/", "10.2.2.3"), "broad");
	expect_consistent();
}

TEST_F(CommitTest, TheSameObjectCannotBeChangedByTwo)
{
	const struct {
		Operations mine, others;
		const char *text;
	} cases[] = {
		{{{"put", put("scope", scope("vod", "vod.t", "b"))}},
		 {{"put", put("scope", scope("vod", "vod.t", "b", ", 'priority': 1"))}},
		 "scope 'vod' was changed by another commit"},
		{{{"remove", remove("scope", "vod")}},
		 {{"put", put("scope", scope("vod", "vod.t", "b"))}},
		 "scope 'vod' was changed by another commit"},
		{{{"put", put("scope", scope("vod", "vod.t", "b"))}},
		 {{"remove", remove("scope", "vod")}},
		 "scope 'vod' was changed by another commit"},
		{{{"put", put("scope", scope("new", "new.t"))}},
		 {{"put", put("scope", scope("new", "new.t", "b"))}},
		 "scope 'new' was changed by another commit"},
		{{{"put", put("state", "{'cdn': 'a', 'state': 'down'}")}},
		 {{"put", put("state", "{'cdn': 'a', 'state': 'drain'}")}},
		 "state 'cdn/a' was changed by another commit"},
	};
	for (const auto &c : cases) {
		Operations mine = c.mine;
		mine.push_back({"put", put("scope", slow("slow", "slow.t"))});
		long others = transaction(c.others);
		Json answer = meanwhile("commit", id(transaction(mine)), [&] {
			EXPECT_GT(box.call("commit", id(others))["generation"].number(), 1);
		});
		expect_refused(answer, c.text);
		EXPECT_FALSE(has(OBJECT_SCOPE, "slow"));
		expect_consistent();
		box.call("rollback", "{\"generation\": 1}");
	}
}

/* --- the configuration, too ------------------------------------------------------------------------------------------- */

/* What others' reading of the configuration took away is not removed at run time: it may come back. */
TEST_F(CommitTest, ReloadMeanwhile)
{
	Json answer = meanwhile("put", put("scope", slow("slow", "slow.t")), [&] {
		box.write_config(config_of({scope_vod}));
		EXPECT_EQ(box.call("reload")["removed"].number(), 1);
	});
	EXPECT_EQ(answer["generation"].number(), 3) << answer.text();
	EXPECT_FALSE(has(OBJECT_SCOPE, "old"));
	expect_consistent();
	box.write_config(config_of({scope_vod, scope_old}));
	EXPECT_EQ(box.call("reload")["added"].number(), 1);
	EXPECT_EQ(scope_of("old.t"), "old");
	box.restart();
	EXPECT_EQ(scope_of("old.t"), "old");
	EXPECT_EQ(scope_of("slow.t", "/x0"), "slow");
}

/* And what was removed at run time stays removed when the configuration is read at the same time. */
TEST_F(CommitTest, RemovedDuringAReload)
{
	box.write_config(config_of({scope_vod, scope_old, R"({ name = "re"; hosts = [ "re.t" ];
		regexes = [ "^/re" ]; action = "deny"; })"}));
	Json answer = meanwhile("reload", "{}", [&] {
		EXPECT_EQ(box.call("remove", remove("scope", "old"))["removed"].number(), 1);
		EXPECT_EQ(box.call("put", put("scope", scope("vod", "vod.t", "b")))["changed"]
				  .number(),
			  1);
	});
	EXPECT_EQ(answer["added"].number(), 1) << answer.text();
	for (int round = 0; round < 3; round++) {
		EXPECT_EQ(scope_of("re.t", "/re"), "re");
		EXPECT_EQ(scope_of("old.t"), "") << round;
		HttpAsk ask("vod.t");
		View view = head();
		EXPECT_EQ(match(view, ask).target_name(), "b") << round;
		expect_consistent();
		box.write_config(config_of({scope_vod, scope_old,
					    R"({ name = "re"; hosts = [ "re.t" ];
			regexes = [ "^/re", "^/)" + std::to_string(round) +
						    R"(" ]; action = "deny"; })"}));
		if (round == 0)
			EXPECT_EQ(Client(box).ask("reload")["changed"].number(), 1);
		else
			box.restart();
	}
	EXPECT_EQ(box.call("remove", remove("scope", "vod"))["removed"].number(), 1);
	EXPECT_EQ(scope_of("vod.t"), "");
	box.restart();
	EXPECT_EQ(scope_of("vod.t"), "");
}

/* A reading that fails leaves no trace, not even of what it found of objects that were set at run time. */
TEST_F(CommitTest, ReloadThatFails)
{
	box.call("put", put("scope", scope("vod", "vod.t", "b")));
	box.write_config(config_of(
		{R"({ name = "bad"; hosts = [ "w.t" ]; regexes = [ "(" ]; action = "deny"; })"}));
	expect_refused(Client(box).ask("reload"), "scope 'bad': ");
	EXPECT_EQ(box.generation(), 2u);
	EXPECT_EQ(scope_of("old.t"), "old");
	EXPECT_EQ(box.call("remove", remove("scope", "vod"))["removed"].number(), 1);
	box.write_config(config_of({scope_vod, scope_old}));
	box.call("reload");
	EXPECT_EQ(scope_of("vod.t"), "") << "it was removed, and the configuration had it";
	box.restart();
	EXPECT_EQ(scope_of("vod.t"), "");
}

TEST_F(CommitTest, GeolocationDatabaseThatCannotBeRead)
{
	box.write_config(config_of({scope_vod}) +
			 "geo = { databases = [ \"/nowhere/geo.mmdb\" ]; };");
	Json answer = Client(box).ask("reload");
	expect_refused(answer, "the configuration has 1 fault; generation 1 stays in use");
	Json fault = answer["data"]["faults"][(size_t)0];
	EXPECT_NE(
		fault["text"].text().find("geolocation database /nowhere/geo.mmdb cannot be read"),
		std::string::npos)
		<< fault.text();
	EXPECT_GT(fault["line"].number(), 1);
	EXPECT_EQ(scope_of("old.t"), "old");
}

/* --- dry runs ----------------------------------------------------------------------------------------------------------- */

TEST_F(CommitTest, DryRunChangesNothing)
{
	const struct view *before = box.plane.view;
	long number = transaction({{"put", put("scope", scope("vod", "vod.t", "b"))},
				   {"put", put("scope", scope("new", "new.t"))},
				   {"remove", remove("scope", "old")}});
	for (int round = 0; round < 2; round++) {
		Json answer = box.call("commit", id(number, ", 'dry-run': true"));
		EXPECT_EQ(answer["generation"].number(), 1) << answer.text();
		EXPECT_EQ(answer["added"].number(), 1);
		EXPECT_EQ(answer["changed"].number(), 1);
		EXPECT_EQ(answer["removed"].number(), 1);
		Json list = answer["differences"];
		ASSERT_EQ(list.size(), 3u) << answer.text();
		const char *const names[] = {"new", "old", "vod"};
		for (size_t i = 0; i < 3; i++) {
			EXPECT_EQ(list[i]["kind"].text(), "scope");
			EXPECT_EQ(list[i]["name"].text(), names[i]);
			EXPECT_EQ(list[i]["before"].text() == "null", i == 0) << list[i].text();
			EXPECT_EQ(list[i]["after"].text() == "null", i == 1) << list[i].text();
		}
		EXPECT_EQ(answer["more"].text(), "false");
		EXPECT_EQ(box.plane.view, before);
		EXPECT_EQ(box.call("show.history")["commits"].size(), 1u);
	}
	box.restart();
	EXPECT_EQ(scope_of("old.t"), "old");
}

} // namespace
