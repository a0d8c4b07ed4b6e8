/* show_page_test - pages of long lists: all of it once, of one version, also when others change it meanwhile. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/control_test.h"

#include <gtest/gtest.h>

namespace
{

enum { MANY = 30000 };

struct ShowPageTest : ControlTest {
	void SetUp() override
	{
		std::string lines;
		for (int i = 0; i < MANY; i++)
			lines += "{\"scope\":" + json(scope(name(i), name(i) + ".t")) + "}\n";
		box.write("many.jsonl", lines);
		std::string file = json("{'file': '" + box.folder + "/many.jsonl'}");
		ASSERT_EQ(Client(box).ask("apply", file)["added"].number(), MANY);
	}
	static std::string name(int i)
	{
		char text[16];
		snprintf(text, sizeof(text), "s%05d", i);
		return text;
	}
};

TEST_F(ShowPageTest, PagesMakeTheWhole)
{
	Client client(box);
	long at = 0;
	for (long offset = 0; offset < MANY + 2; offset += 7000) {
		Json page = client.ask("show.scopes", json("{'limit': 7000, 'offset': ") +
							      std::to_string(offset) + "}");
		EXPECT_EQ(page["total"].number(), MANY + 2);
		EXPECT_EQ(page["offset"].number(), offset);
		for (size_t i = 0; i < page["scopes"].size(); i++, at++) {
			std::string is = page["scopes"][i]["scope"]["name"].text();
			EXPECT_EQ(is, at == 0 ? "old" : at <= MANY ? name((int)at - 1) : "vod");
		}
	}
	EXPECT_EQ(at, MANY + 2);
	EXPECT_EQ(client.ask("show.scopes", json("{'offset': 99999}"))["scopes"].size(), 0u);
}

TEST_F(ShowPageTest, MatchLooksAtAll)
{
	Client client(box);
	Json page = client.ask("show.scopes", json("{'match': '9999', 'offset': 1, 'limit': 1}"));
	EXPECT_EQ(page["total"].number(), 3);
	ASSERT_EQ(page["scopes"].size(), 1u);
	EXPECT_EQ(page["scopes"][(size_t)0]["scope"]["name"].text(), "s19999");
	EXPECT_EQ(client.ask("show.scopes", json("{'match': 'nowhere'}"))["total"].number(), 0);
	EXPECT_EQ(box.call("show.scopes", json("{'match': 'VOD.T'}"))["total"].number(), 1)
		<< "in its hosts, in either case";
	Json footprints = client.ask("show.footprints", json("{'match': 'g'}"));
	EXPECT_EQ(footprints["footprints"].size(), 1u);
	EXPECT_EQ(footprints["table"]["footprints"].number(), 2);
}

/* What is shown is as it was when it was asked for. */
TEST_F(ShowPageTest, ChangesMeanwhile)
{
	Client client(box), gone(box);
	client.send("show.scopes", json("{'match': '.t', 'offset': 29000, 'limit': 10000}"));
	gone.send("show.scopes", json("{'match': '.t'}"));
	std::string all = json("{'file': '" + box.folder + "/many.jsonl', 'replace': true}");
	box.write("many.jsonl", "");
	EXPECT_EQ(Client(box).ask("apply", all)["removed"].number(), MANY);
	Json page = client.answer();
	EXPECT_EQ(page["total"].number(), MANY + 2);
	EXPECT_EQ(page["scopes"].size(), 1002u);
	EXPECT_EQ(client.ask("show.scopes")["total"].number(), 2);
}

} // namespace
