/* ctl_complete_test - what a command line may go on with: verbs, keywords, values, names of the daemon, files. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_complete.h"
}

#include "tests/support/fake_daemon.h"

#include <chrono>
#include <gtest/gtest.h>
#include <string>

namespace
{

// The candidates, with blanks between.
std::string complete(const std::string &line, const std::string &socket = "/nonexistent")
{
	struct ctl_options options = {};
	options.socket = socket.c_str();
	struct ctl_words words;
	struct ctl_candidates found;
	EXPECT_TRUE(ctl_words_split(&words, line.c_str()));
	ctl_complete(&found, &options, &words);
	std::string text;
	for (size_t i = 0; i < found.n; i++)
		text += (i ? " " : "") + std::string(found.list[i]);
	ctl_candidates_clear(&found);
	ctl_words_clear(&words);
	return text;
}

TEST(CtlCompleteTest, VerbsWordByWord)
{
	std::string all = complete("");
	EXPECT_EQ(all.substr(0, 20), "abort add apply begi");
	EXPECT_NE(all.find(" completion diff explain help node "), std::string::npos);
	EXPECT_EQ(all.find("show scopes"), std::string::npos);
	EXPECT_EQ(complete("s"), "save show status");
	EXPECT_EQ(complete("show"), "show");
	EXPECT_EQ(complete("show "),
		  "adverts cdns config cycles dris drops footprints history nodes peer "
		  "peers ports recursion "
		  "route scope scopes signing tcp workers zones");
	EXPECT_EQ(complete("show sc"), "scope scopes");
	EXPECT_EQ(complete("help show wo"), "workers");
	EXPECT_EQ(complete("completion "), "bash zsh");
	EXPECT_EQ(complete("nothing "), "");
	EXPECT_EQ(complete("show nothing x"), "");
}

TEST(CtlCompleteTest, KeywordsAndValues)
{
	EXPECT_EQ(complete("show scopes "), "limit match offset");
	EXPECT_EQ(complete("show scopes m"), "match");
	EXPECT_EQ(complete("show scopes --"), "--json --limit --match --offset --watch");
	EXPECT_EQ(complete("show scopes limit "), "");
	EXPECT_EQ(complete("show scopes limit 5 "), "limit match offset");
	EXPECT_EQ(complete("explain dns "), "");
	EXPECT_EQ(complete("explain dns a A "), "from subnet");
	EXPECT_EQ(complete("cdn b "), "down drain up");
	EXPECT_EQ(complete("cdn b d"), "down drain");
	EXPECT_EQ(complete("add "),
		  "advert cdn distinguished dri fallback footprint node scope state zone");
	EXPECT_EQ(complete("add s"), "scope state");
	EXPECT_EQ(complete("add scope '{\"a b\": 1}' t"), "text transaction");
	EXPECT_EQ(complete("trace on protocol h"), "http https");
	EXPECT_EQ(complete("diff 1 "), "limit");
	EXPECT_EQ(complete("reload --"), "--json");
}

TEST(CtlCompleteTest, Options)
{
	EXPECT_EQ(complete("--"), "--help --json --socket --version --watch");
	EXPECT_EQ(complete("--json sta"), "status");
	EXPECT_EQ(complete("-s /x --watch 5 sta"), "status");
	EXPECT_EQ(complete("show scopes --watch 5 --json l"), "limit");
}

TEST(CtlCompleteTest, Files)
{
	char folder[] = "/tmp/ctl_complete_test.XXXXXX";
	ASSERT_TRUE(mkdtemp(folder));
	std::string at = folder;
	ASSERT_EQ(0, system(("cd " + at + " && touch ab.jsonl 'a[x' 'a b' && mkdir ad").c_str()));
	EXPECT_EQ(complete("apply " + at + "/ab"), at + "/ab.jsonl");
	EXPECT_EQ(complete("apply " + at + "/ad"), at + "/ad/");
	EXPECT_EQ(complete("apply " + at + "/a[") + "|", at + "/a[x|");
	EXPECT_EQ(complete("save '" + at + "/a "), at + "/a b") << "within a quote";
	EXPECT_EQ(complete("-s " + at + "/ab"), at + "/ab.jsonl");
	EXPECT_EQ(complete("apply " + at + "/nothing"), "");
	EXPECT_EQ(complete("apply " + at + "/ab.jsonl "), "all-or-nothing dry-run replace set");
	ASSERT_EQ(0, system(("rm -r " + at).c_str()));
}

std::vector<std::string> names(const std::string &asked)
{
	if (asked.rfind("show.cdns ", 0) == 0)
		return {FakeDaemon::result(
			R"({"total":3,"cdns":[{"name":"one"},{"name":"other"},{"name":"b\nc"}]})")};
	if (asked.rfind("show.nodes ", 0) == 0)
		return {FakeDaemon::error("no")};
	if (asked.rfind("show.zones ", 0) == 0)
		return {FakeDaemon::result(R"({"total":10001,"zones":[{"name":"z"}]})")};
	if (asked.rfind("show.scopes ", 0) == 0)
		return {FakeDaemon::result(R"({"total":1,"scopes":[{"scope":{"name":"vod"}},7]})")};
	if (asked.rfind("show.footprints ", 0) == 0)
		return {"<silence>"};
	return {"<end>"};
}

TEST(CtlCompleteTest, NamesAreAskedFor)
{
	FakeDaemon daemon(names);
	EXPECT_EQ(complete("cdn ", daemon.path), "one other");
	EXPECT_EQ(complete("cdn on", daemon.path), "one");
	EXPECT_EQ(daemon.asked().back(), "show.cdns {\"limit\":10000,\"match\":\"on\"}");
	EXPECT_EQ(complete("remove state cdn/ot", daemon.path), "cdn/other");
	EXPECT_EQ(complete("show scope ", daemon.path), "vod");
	EXPECT_EQ(complete("trace on --scope ", daemon.path), "vod");
	EXPECT_EQ(complete("remove fallback ", daemon.path), "all");
	EXPECT_EQ(complete("remove distinguished ", daemon.path), "");
	EXPECT_EQ(complete("node ", daemon.path), "") << "refused";
	EXPECT_EQ(complete("-s " + daemon.path + " cdn on"), "one");
	EXPECT_EQ(complete("remove zone ", daemon.path), "") << "too many";
	EXPECT_EQ(daemon.asked().back(), "show.zones {\"limit\":1}");
}

TEST(CtlCompleteTest, DaemonThatIsSlowIsNotWaitedFor)
{
	FakeDaemon daemon(names);
	auto before = std::chrono::steady_clock::now();
	EXPECT_EQ(complete("remove footprint ", daemon.path), "");
	std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
	EXPECT_LT(took.count(), 3 * CTL_COMPLETE_WAIT_MS / 1000.0);
}

TEST(CtlCompleteTest, ForShellsTheLineBeginsWithTheProgram)
{
	auto print = [](const char *line) {
		struct ctl_options options = {};
		options.socket = "/nonexistent";
		char *text = nullptr;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		EXPECT_TRUE(ctl_complete_print(out, &options, line));
		fclose(out);
		std::string result(text, len);
		free(text);
		return result;
	};
	EXPECT_EQ(print("turnoutctl sta"), "status\n");
	EXPECT_EQ(print("./turnoutctl cdn b d"), "down\ndrain\n");
	EXPECT_EQ(print("turnout"), "");
	EXPECT_EQ(print(""), "");
}

} // namespace
