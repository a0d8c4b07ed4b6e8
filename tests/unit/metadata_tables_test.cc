/* metadata_tables_test - compiled metadata and the tables: all of it or nothing, replaced, denied, put right, kept over a restart; and memory. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/metadata_tables.h"
}

#include "tests/support/control_test.h"
#include "tests/support/failing_malloc.h"

#include <gtest/gtest.h>

namespace
{

struct MetadataTablesTest : ControlTest {
	struct metadata_tables tables = {};
	int told = 0;

	void SetUp() override
	{
		begin();
	}
	void TearDown() override
	{
		failing_malloc.reset(-1);
		metadata_tables_clear(&tables);
	}
	void begin()
	{
		ASSERT_TRUE(metadata_tables_init(&tables, &box.control, "up"));
		tables.done = [](void *arg) { ++*(int *)arg; };
		tables.arg = &told;
	}
	/* Scopes of hosts, with the CDN or "deny" behind '='. */
	static json_t *objects(const std::vector<std::string> &scopes)
	{
		json_t *list = json_array();
		int priority = 100;
		for (const std::string &text : scopes) {
			size_t at = text.find('=');
			std::string host = text.substr(0, at), what = text.substr(at + 1);
			std::string made =
				"{'scope': {'name': 'md/up:" + host + "#0', 'hosts': ['" + host +
				"'], 'priority': " + std::to_string(priority--) +
				(what == "deny" ? ", 'action': 'deny'}}"
						: ", 'candidates': [{'cdn': '" + what + "'}]}}");
			json_array_append_new(list, json_loads(json(made).c_str(), 0, nullptr));
		}
		return list;
	}
	static json_t *with_fallback()
	{
		json_t *list = objects({});
		for (const char *text :
		     {"{'node': {'name': 'md/up:fallback:o.t'}}",
		      "{'dri': {'node': 'md/up:fallback:o.t', 'http-target': {'host': 'o.t'}}}",
		      "{'scope': {'name': 'md/up:f.t#0', 'hosts': ['f.t'], 'action': 'pass', "
		      "'fallback': {'node': 'md/up:fallback:o.t'}}}"})
			json_array_append_new(list, json_loads(json(text).c_str(), 0, nullptr));
		return list;
	}
	void put(const std::vector<std::string> &scopes)
	{
		metadata_tables_put(&tables, objects(scopes));
		commit_wait(&box.control);
	}
	std::string who(const std::string &host) const
	{
		View view = head();
		HttpAsk ask(host, "/", {}, "192.0.2.1");
		Verdict verdict = match(view, ask);
		return !verdict.scope                    ? "nobody"
		       : verdict.outcome == VERDICT_DENY ? "denied"
							 : "somebody";
	}
};

TEST_F(MetadataTablesTest, TheTablesSayWhatWasGiven)
{
	put({"x.t=a", "y.t=deny"});
	EXPECT_EQ(told, 1);
	EXPECT_EQ(box.generation(), 2u);
	EXPECT_STREQ(head().object(OBJECT_SCOPE, "md/up:x.t#0")->set, "peer up metadata");
	EXPECT_EQ(who("x.t"), "somebody");
	EXPECT_EQ(who("y.t"), "denied");
	EXPECT_EQ(metadata_tables_scopes(&tables), 2u);
	put({"x.t=a", "y.t=deny"});
	EXPECT_EQ(box.generation(), 2u) << "nothing changed";
	EXPECT_EQ(told, 2);
	put({"y.t=deny", "z.t=b"});
	EXPECT_EQ(box.generation(), 3u) << "one commit";
	EXPECT_EQ(who("x.t"), "nobody");
	EXPECT_EQ(who("z.t"), "somebody");
	EXPECT_TRUE(has(OBJECT_SCOPE, "vod")) << "of the configuration";
	expect_consistent();
	put({});
	EXPECT_EQ(who("y.t"), "nobody");
	EXPECT_EQ(history_at(&box.control.history, 0)->commit.origin,
		  std::string("peer up metadata"));
	expect_consistent();
}

TEST_F(MetadataTablesTest, AllOfItOrNothing)
{
	put({"x.t=a"});
	put({"x.t=deny", "y.t=nobody"});
	EXPECT_TRUE(tables.failed);
	EXPECT_NE(std::string(tables.error).find("cdn 'nobody'"), std::string::npos);
	EXPECT_EQ(who("x.t"), "somebody");
	EXPECT_EQ(told, 2);
	put({"x.t=deny"});
	EXPECT_FALSE(tables.failed);
	EXPECT_STREQ(tables.error, "");
	EXPECT_EQ(who("x.t"), "denied");
}

TEST_F(MetadataTablesTest, FallbackTargetsComeAndGo)
{
	metadata_tables_put(&tables, with_fallback());
	commit_wait(&box.control);
	EXPECT_FALSE(tables.failed) << tables.error;
	EXPECT_TRUE(has(OBJECT_NODE, "md/up:fallback:o.t"));
	EXPECT_EQ(who("f.t"), "somebody");
	ASSERT_TRUE(metadata_tables_deny(&tables, 5, true));
	commit_wait(&box.control);
	EXPECT_EQ(who("f.t"), "denied");
	EXPECT_FALSE(has(OBJECT_NODE, "md/up:fallback:o.t")) << "nothing refers to it";
	expect_consistent();
}

TEST_F(MetadataTablesTest, OthersStandOverIt)
{
	box.call("put", ControlTest::put("scope", scope("md/up:x.t#0", "other.t")));
	put({"x.t=a", "y.t=a"});
	EXPECT_NE(std::string(tables.error).find("set 'operator' has scope 'md/up:x.t#0'"),
		  std::string::npos);
	EXPECT_EQ(who("y.t"), "nobody");
	box.call("remove", remove("scope", "md/up:x.t#0"));
	metadata_tables_tend(&tables);
	commit_wait(&box.control);
	EXPECT_EQ(who("y.t"), "somebody");
	/* One that the operator took away comes again, as it is still said. */
	box.call("remove", remove("scope", "md/up:y.t#0", ", 'set': 'peer up metadata'"));
	EXPECT_EQ(who("y.t"), "nobody");
	metadata_tables_tend(&tables);
	commit_wait(&box.control);
	EXPECT_EQ(who("y.t"), "somebody");
	uint64_t generation = box.generation();
	metadata_tables_tend(&tables);
	EXPECT_EQ(box.generation(), generation);
}

TEST_F(MetadataTablesTest, Denied)
{
	put({"x.t=a", "y.t=b"});
	ASSERT_TRUE(metadata_tables_deny(&tables, 7, true));
	commit_wait(&box.control);
	EXPECT_EQ(who("x.t"), "denied");
	EXPECT_EQ(who("y.t"), "denied");
	std::string text = object_json(head().object(OBJECT_SCOPE, "md/up:x.t#0"));
	EXPECT_EQ(text, R"({"name":"md/up:x.t#0","hosts":["x.t"],"priority":7,"action":"deny"})");
	ASSERT_TRUE(metadata_tables_deny(&tables, 7, false)) << "of what is denied already";
	commit_wait(&box.control);
	text = object_json(head().object(OBJECT_SCOPE, "md/up:x.t#0"));
	EXPECT_NE(text.find(R"("protocols":["http","https"])"), std::string::npos);
	put({"x.t=a"});
	EXPECT_EQ(who("x.t"), "somebody");
}

TEST_F(MetadataTablesTest, KeptOverARestart)
{
	put({"x.t=a", "y.t=deny"});
	metadata_tables_clear(&tables);
	box.restart();
	begin();
	EXPECT_EQ(metadata_tables_scopes(&tables), 2u);
	EXPECT_EQ(who("y.t"), "denied");
	uint64_t generation = box.generation();
	put({"x.t=a", "y.t=deny"});
	EXPECT_EQ(box.generation(), generation) << "it is the same";
	ASSERT_TRUE(metadata_tables_deny(&tables, 7, true));
	commit_wait(&box.control);
	EXPECT_EQ(who("x.t"), "denied");
	struct metadata_tables other;
	ASSERT_TRUE(metadata_tables_init(&other, &box.control, "u"));
	EXPECT_EQ(other.objects, nullptr) << "of a peer whose name is the start of it";
	metadata_tables_clear(&other);
}

/* What is given while a commit is under way follows it. */
TEST_F(MetadataTablesTest, OneAfterTheOther)
{
	{
		Hold hold(box.control);
		json_t *slow_one = objects({"x.t=a"});
		json_t *scope = json_object_get(json_array_get(slow_one, 0), "scope");
		json_object_set_new(scope, "regexes", json_pack("[s]", "^/never-compiled-before$"));
		metadata_tables_put(&tables, slow_one);
		ASSERT_NE(tables.commit, nullptr);
		metadata_tables_put(&tables, objects({"y.t=a"}));
		EXPECT_EQ(told, 0);
	}
	commit_wait(&box.control);
	EXPECT_EQ(told, 1);
	EXPECT_EQ(who("x.t"), "nobody");
	EXPECT_EQ(who("y.t"), "somebody");
}

TEST_F(MetadataTablesTest, MemoryRunsOut)
{
	put({"x.t=a", "y.t=deny"});
	long refused = 0, i = 0;
	for (bool failed = true; failed; i++) {
		std::string before = who("x.t") + who("y.t");
		bool turn = before == "somebodydenied";
		json_t *next = objects(turn ? std::vector<std::string>{"x.t=deny", "y.t=a"}
					    : std::vector<std::string>{"x.t=a", "y.t=deny"});
		failing_malloc.reset(i, true);
		metadata_tables_put(&tables, next);
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		commit_wait(&box.control);
		refused += tables.failed;
		ASSERT_EQ(who("x.t") + who("y.t"), tables.failed ? before
						   : turn        ? "deniedsomebody"
								 : "somebodydenied")
			<< i;
	}
	EXPECT_GT(refused, 20);
	expect_consistent();
	for (long k = 0, failed = 1; failed; k++) {
		struct metadata_tables other;
		failing_malloc.reset(k);
		bool good = metadata_tables_init(&other, &box.control, "up");
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_TRUE(good || failed);
		EXPECT_TRUE(!good || metadata_tables_scopes(&other) == 2) << k;
		metadata_tables_clear(&other);
	}
}

} // namespace
