/* rollback_test - the history, the differences of two versions, and the way back to one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/control_test.h"

#include <gtest/gtest.h>

namespace
{

using RollbackTest = ControlTest;

TEST_F(RollbackTest, HistoryAndDifferences)
{
	Client client(box);
	client.ask("put", put("scope", scope("vod", "vod.t", "b"), ", 'text': 'moved'"));
	client.ask("remove", remove("scope", "old"));
	client.ask("cdn.set", json("{'name': 'a', 'state': 'down'}"));
	client.ask("put", put("scope", scope("vod", "vod.t", "b"))); /* nothing new */
	Json list = client.ask("show.history")["commits"];
	ASSERT_EQ(list.size(), 4u) << list.text();
	std::string uid = std::to_string(getuid());
	const struct {
		std::string origin, text;
		long added, changed, removed;
	} wanted[] = {{"operator uid " + uid, "", 1, 0, 0},
		      {"operator uid " + uid, "", 0, 0, 1},
		      {"operator uid " + uid, "moved", 0, 1, 0},
		      {"configuration", box.folder + "/t.conf", 8, 0, 0}};
	for (size_t i = 0; i < 4; i++) {
		EXPECT_EQ(list[i]["generation"].number(), 4 - (long)i);
		EXPECT_EQ(list[i]["origin"].text(), wanted[i].origin);
		EXPECT_EQ(list[i]["text"].text(), wanted[i].text);
		EXPECT_EQ(list[i]["added"].number(), wanted[i].added);
		EXPECT_EQ(list[i]["changed"].number(), wanted[i].changed);
		EXPECT_EQ(list[i]["removed"].number(), wanted[i].removed);
		EXPECT_EQ(list[i]["kept"].text(), "true");
		EXPECT_EQ(list[i]["time"].text().size(), strlen("2026-01-01T00:00:00Z"));
	}
	EXPECT_EQ(client.ask("show.history", "{\"limit\": 1, \"offset\": 1}")["commits"].size(),
		  1u);

	Json diff = client.ask("diff", "{\"from\": 1}");
	EXPECT_EQ(diff["to"].number(), 4);
	ASSERT_EQ(diff["differences"].size(), 3u) << diff.text();
	EXPECT_EQ(diff["differences"][(size_t)0]["name"].text(), "cdn/a");
	EXPECT_EQ(diff["differences"][(size_t)1]["after"].text(), "null");
	EXPECT_EQ(diff["differences"][(size_t)2]["before"]["candidates"].text(),
		  "[{\"cdn\":\"a\"}]");
	EXPECT_EQ(diff["differences"][(size_t)2]["after"]["candidates"].text(),
		  "[{\"cdn\":\"b\"}]");
	Json back = client.ask("diff", "{\"from\": 4, \"to\": 1}");
	EXPECT_EQ(back["differences"].size(), 3u);
	EXPECT_EQ(back["differences"][(size_t)1]["before"].text(), "null");
	Json cut = client.ask("diff", "{\"from\": 1, \"limit\": 2}");
	EXPECT_EQ(cut["differences"].size(), 2u);
	EXPECT_EQ(cut["more"].text(), "true");
	EXPECT_EQ(client.ask("diff", "{\"from\": 1, \"limit\": 3}")["more"].text(), "false");
	EXPECT_EQ(client.ask("diff", "{\"from\": 2, \"to\": 2}")["differences"].size(), 0u);
	expect_refused(client.ask("diff", "{\"from\": 9}"), "generation 9 is not kept");
	expect_refused(client.ask("rollback", "{\"generation\": 9}"), "generation 9 is not kept");

	box.restart();
	Client after(box);
	list = after.ask("show.history")["commits"];
	EXPECT_GE(list.size(), 5u) << "the past is in the state file: " << list.text();
	EXPECT_EQ(list[list.size() - 1]["kept"].text(), "false");
}

TEST_F(RollbackTest, RollbackBringsBackWhatWas)
{
	Client client(box);
	client.ask("put", put("scope", scope("vod", "vod.t", "b")));              /* 2 */
	client.ask("remove", remove("scope", "old"));                             /* 3 */
	client.ask("put", put("cdn", "{'name': 'c'}", ", 'text': 'no DRI yet'")); /* refused */
	long number =
		transaction({{"put", put("cdn", "{'name': 'c'}")},
			     {"put", put("dri", "{'cdn': 'c', 'http-target': {'host': 'c.t'}}")},
			     {"put", put("scope", scope("new", "new.t", "c"))},
			     {"put", put("fallback", "{'cdn': 'c'}")}});
	EXPECT_EQ(client.ask("commit", id(number))["generation"].number(), 4);
	auto scopes = [&] {
		return scope_of("vod.t") + "," + scope_of("old.t") + "," + scope_of("new.t");
	};
	const struct {
		long to;
		const char *scopes;
	} ways[] = {{1, "vod,old,"}, {4, "vod,,new"}, {3, "vod,,"},
		    {2, "vod,old,"}, {4, "vod,,new"}, {1, "vod,old,"}};
	long generation = 4;
	for (const auto &way : ways) {
		std::string params = "{\"generation\": " + std::to_string(way.to) + "}";
		Json answer = client.ask("rollback", params);
		EXPECT_EQ(answer["generation"].number(), ++generation) << answer.text();
		EXPECT_EQ(scopes(), way.scopes);
		Json diff = client.ask("diff", "{\"from\": " + std::to_string(way.to) + "}");
		EXPECT_EQ(diff["differences"].size(), 0u) << diff.text();
		EXPECT_EQ(client.ask("rollback", params)["generation"].number(), generation)
			<< "nothing is to be done";
		expect_consistent();
	}
	box.restart();
	EXPECT_EQ(scopes(), "vod,old,");
	EXPECT_FALSE(has(OBJECT_CDN, "c"));
}

} // namespace
