/* ctl_verbs_test - every verb of turnoutctl is found, described, and prints what it gets. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_verbs.h"
}

#include <cstring>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

namespace
{

template <typename Print> std::string written(Print print)
{
	char *text = nullptr;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	print(out);
	fclose(out);
	std::string result(text, len);
	free(text);
	return result;
}

struct Words {
	explicit Words(std::vector<std::string> words) : list(std::move(words))
	{
		for (std::string &word : list)
			argv.push_back(word.data());
	}
	explicit Words(const char *words)
	{
		for (const char *at = words; *at; at += strspn(at, " ")) {
			list.emplace_back(at, strcspn(at, " "));
			at += strcspn(at, " ");
		}
		for (std::string &word : list)
			argv.push_back(word.data());
	}
	int n() const
	{
		return static_cast<int>(argv.size());
	}
	std::vector<std::string> list;
	std::vector<char *> argv;
};

TEST(CtlVerbsTest, EveryVerbIsFoundByItsOwnWords)
{
	std::set<std::string> methods;
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++) {
		Words words(verb->words);
		int used;
		EXPECT_EQ(ctl_verb_find(words.n(), words.argv.data(), &used), verb);
		EXPECT_EQ(used, words.n());
		EXPECT_FALSE(ctl_verb_find(words.n() - 1, words.argv.data(), &used)) << verb->words;
		EXPECT_TRUE(methods.insert(verb->method).second) << verb->method;
		EXPECT_EQ(verb->help[strlen(verb->help) - 1], '.') << verb->words;
	}
}

// Keywords that begin like options of all verbs would hide them; a needed position cannot follow one that is not.
TEST(CtlVerbsTest, ParametersCanBeToldApart)
{
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++) {
		bool optional = false;
		for (const struct ctl_param *param = verb->positions; param->name; param++) {
			EXPECT_TRUE(param->value) << verb->words;
			EXPECT_FALSE(optional && param->needed) << verb->words;
			optional |= !param->needed;
		}
		std::set<std::string> names = {"json", "watch", "socket", "help", "version"};
		for (const struct ctl_param *param = verb->keywords; param->name; param++) {
			EXPECT_TRUE(names.insert(param->name).second) << verb->words;
			EXPECT_EQ(!param->value,
				  param->type == CTL_FLAG || param->type == CTL_DEFAULT)
				<< verb->words << " " << param->name;
		}
	}
}

TEST(CtlVerbsTest, PrintersBearAnAnswerThatLacksEverything)
{
	for (const char *json :
	     {"{}", "{\"hits\":5,\"scopes\":{},\"refused\":[],\"differences\":7}"}) {
		json_t *answer = json_loads(json, 0, nullptr);
		for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++) {
			testing::internal::CaptureStdout();
			verb->print(answer);
			verb->print(nullptr);
			testing::internal::GetCapturedStdout();
		}
		json_decref(answer);
	}
}

TEST(CtlVerbsTest, Usage)
{
	auto usage = [](const char *words) {
		return written([&](FILE *out) {
			Words verb(words);
			int used;
			ctl_verb_usage(out, ctl_verb_find(verb.n(), verb.argv.data(), &used));
		});
	};
	EXPECT_EQ(usage("status"), "status");
	EXPECT_EQ(usage("show drops"), "show drops [all]");
	EXPECT_EQ(usage("diff"), "diff A [B] [limit N]");
	EXPECT_EQ(usage("cdn"), "cdn NAME up|drain|down");
	EXPECT_EQ(usage("explain http"),
		  "explain http URL from ADDRESS [method METHOD] [header \"NAME: VALUE\"]...");
	EXPECT_EQ(usage("apply"), "apply FILE [set NAME] [replace SET] [all-or-nothing] [dry-run]");
	EXPECT_EQ(usage("add"), "add KIND JSON [transaction N] [set NAME] [text NOTE]");
}

TEST(CtlVerbsTest, HelpOfWhatBeginsSo)
{
	auto help = [](std::vector<std::string> begin, bool *found) {
		return written([&](FILE *out) {
			Words words(std::move(begin));
			*found = ctl_verb_help(out, words.n(), words.argv.data());
		});
	};
	bool found;
	std::string all = help({}, &found), explain = help({"explain"}, &found);
	EXPECT_TRUE(found);
	EXPECT_NE(all.find("  status\n      What runs"), std::string::npos);
	EXPECT_NE(explain.find("explain dns NAME TYPE from ADDRESS [subnet PREFIX]\n"),
		  std::string::npos);
	EXPECT_EQ(explain.find("show"), std::string::npos);
	EXPECT_EQ(help({"expl"}, &found), "");
	EXPECT_FALSE(found);
	EXPECT_EQ(help({"explain", "dns", "x"}, &found), "");
	EXPECT_FALSE(found);
}

} // namespace
