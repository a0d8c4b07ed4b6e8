/* reload_test - a configuration file that is large: the helper reads it, others are served meanwhile. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/control_test.h"

#include <gtest/gtest.h>

namespace
{

enum { MANY = 5000 };

struct ReloadTest : ControlTest {
	void write_many(const std::string &last)
	{
		std::vector<std::string> scopes = {scope_vod, scope_old};
		for (int i = 0; i < MANY; i++) {
			std::string name = "s" + std::to_string(i);
			scopes.push_back("{ name = \"" + name + "\"; hosts = [ \"" + name +
					 ".t\" ]; action = \"deny\"; }\n");
		}
		scopes.push_back(last);
		box.write_config(config_of(scopes));
	}
};

TEST_F(ReloadTest, LargeFile)
{
	write_many(R"({ name = "end"; hosts = [ "end.t" ]; action = "deny"; })");
	Json answer = meanwhile("reload", "{}", [&] {
		EXPECT_EQ(box.call("put", put("scope", scope("quick", "quick.t")))["generation"]
				  .number(),
			  2);
		expect_refused(box.call("reload"), "files are being read already");
	});
	EXPECT_EQ(answer["generation"].number(), 3) << answer.text();
	EXPECT_EQ(answer["added"].number(), MANY + 1);
	EXPECT_EQ(scope_of("s4999.t") + scope_of("end.t") + scope_of("quick.t"), "s4999endquick");
	EXPECT_EQ(Client(box).ask("reload")["generation"].number(), 3) << "nothing is new";
	box.restart();
	EXPECT_EQ(scope_of("s4999.t") + scope_of("end.t") + scope_of("quick.t"), "s4999endquick");
	expect_consistent();
}

TEST_F(ReloadTest, LargeFileAtFault)
{
	write_many(R"({ name = "end"; hosts = [ "end.t" ]; action = "dance"; })");
	Json answer = Client(box).ask("reload");
	expect_refused(answer, "the configuration has 1 fault; generation 1 stays in use");
	EXPECT_GT(answer["data"]["faults"][(size_t)0]["line"].number(), MANY);
	write_many("{ name = \"end\"; ");
	expect_refused(Client(box).ask("reload"), "generation 1 stays in use");
	EXPECT_EQ(box.control.head->n_of[OBJECT_SCOPE], 2u);
	EXPECT_FALSE(box.control.reading);
}

/* Its client goes away while the helper reads: what was asked for is done all the same. */
TEST_F(ReloadTest, NobodyWaits)
{
	write_many(R"({ name = "end"; hosts = [ "end.t" ]; action = "deny"; })");
	{
		Hold hold(box.control);
		Client client(box);
		client.send("reload");
		EXPECT_FALSE(client.has_answer());
	}
	while (box.control.reading)
		event_base_loop(box.control.base, EVLOOP_ONCE);
	EXPECT_EQ(scope_of("end.t"), "end");
}

} // namespace
