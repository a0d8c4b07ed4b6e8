/* ctl_verbs_test - the words of turnoutctl become parameters, or a sentence that says why not. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_table.h"
#include "control/ctl_verbs.h"
}

#include <cstdlib>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

namespace
{

// "method {params}", or the reason.
std::string parse(std::vector<std::string> words)
{
	std::vector<char *> argv;
	for (std::string &word : words)
		argv.push_back(word.data());
	int used, argc = static_cast<int>(argv.size());
	const struct ctl_verb *verb = ctl_verb_find(argc, argv.data(), &used);
	if (!verb)
		return "no verb";
	char err[256];
	json_t *params = ctl_verb_params(verb, argc - used, argv.data() + used, err, sizeof(err));
	if (!params)
		return err;
	char *text = json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS);
	std::string result = std::string(verb->method) + " " + text;
	free(text);
	json_decref(params);
	return result;
}

TEST(CtlVerbsTest, WordsBecomeParameters)
{
	EXPECT_EQ(parse({"status"}), "status {}");
	EXPECT_EQ(parse({"show", "drops", "all"}), "show.drops {\"all\":true}");
	EXPECT_EQ(parse({"show", "scopes", "offset", "5", "match", "x y", "limit", "10"}),
		  "show.scopes {\"limit\":10,\"match\":\"x y\",\"offset\":5}");
	EXPECT_EQ(
		parse({"explain", "dns", "from", "AAAA", "from", "::1", "subnet", "192.0.2.0/24"}),
		"explain.dns "
		"{\"from\":\"::1\",\"name\":\"from\",\"subnet\":\"192.0.2.0/"
		"24\",\"type\":\"AAAA\"}");
	EXPECT_EQ(parse({"explain", "http", "http://a/", "from", "::1", "header", "A: b: c",
			 "header", "D:e"}),
		  "explain.http {\"from\":\"::1\",\"headers\":{\"A\":\"b: "
		  "c\",\"D\":\"e\"},\"url\":\"http://a/\"}");
	EXPECT_EQ(parse({"cdn", "b", "down"}), "cdn.set {\"name\":\"b\",\"state\":\"down\"}");
	EXPECT_EQ(parse({"reload"}), "reload {}");
}

TEST(CtlVerbsTest, WhatDoesNotFitIsSaid)
{
	EXPECT_EQ(parse({"show"}), "no verb");
	EXPECT_EQ(parse({"show", "everything"}), "no verb");
	EXPECT_EQ(parse({"stat"}), "no verb");
	EXPECT_EQ(parse({"status", "now"}), "'status' does not take 'now'");
	EXPECT_EQ(parse({"show", "drops", "al"}), "'show drops' does not take 'al'");
	EXPECT_EQ(parse({"show", "scopes", "limit#", "5"}), "'show scopes' does not take 'limit#'");
	EXPECT_EQ(parse({"show", "scopes", "", "5"}), "'show scopes' does not take ''");
	EXPECT_EQ(parse({"show", "scopes", "limit"}), "a value is missing behind 'limit'");
	EXPECT_EQ(parse({"show", "scopes", "limit", "5x"}), "'5x' is not a value for 'limit'");
	EXPECT_EQ(parse({"show", "scopes", "limit", "99999999999999999999"}),
		  "'99999999999999999999' is not a value for 'limit'");
	EXPECT_EQ(parse({"explain", "dns", "a"}), "'explain dns' needs a type");
	EXPECT_EQ(parse({"explain", "dns", "a", "A"}),
		  "'explain dns' needs 'from' and the address of a client");
	EXPECT_EQ(parse({"explain", "http", "http://a/", "from", "::1", "header", "x"}),
		  "'x' is not a value for 'header'");
	EXPECT_EQ(parse({"cdn", "b"}), "'cdn' needs a state");
	EXPECT_EQ(parse({"cdn", "\xff", "up"}), "'cdn' needs a name");
}

TEST(CtlVerbsTest, EveryVerbIsFoundByItsOwnWords)
{
	std::set<std::string> methods;
	for (const struct ctl_verb *verb = ctl_verbs; verb->words; verb++) {
		std::vector<std::string> words;
		for (const char *at = verb->words; *at; at += strspn(at, " ")) {
			words.emplace_back(at, strcspn(at, " "));
			at += strcspn(at, " ");
		}
		std::vector<char *> argv;
		for (std::string &word : words)
			argv.push_back(word.data());
		int used;
		EXPECT_EQ(ctl_verb_find(static_cast<int>(argv.size()), argv.data(), &used), verb);
		EXPECT_EQ(used, static_cast<int>(argv.size()));
		EXPECT_TRUE(methods.insert(verb->method).second) << verb->method;
		// A printer has to bear an answer that lacks everything.
		json_t *nothing = json_object();
		testing::internal::CaptureStdout();
		verb->print(nothing);
		testing::internal::GetCapturedStdout();
		json_decref(nothing);
	}
}

TEST(CtlTableTest, ColumnsAreAligned)
{
	static const struct ctl_column columns[] = {
		{"NAME", "name"}, {"N", "deep.n"}, {"LIST", "list"}, {nullptr, nullptr}};
	json_t *list = json_loads(
		"[{\"name\":\"a\\u001b[1m\",\"deep\":{\"n\":5},\"list\":[1,{\"x\":true}]},"
		"{\"name\":\"longer name\",\"deep\":{\"n\":12345},\"list\":null}]",
		0, nullptr);
	testing::internal::CaptureStdout();
	ctl_table_print(list, columns);
	EXPECT_EQ(testing::internal::GetCapturedStdout(), "NAME         N      LIST\n"
							  "a?[1m            5  1, x yes\n"
							  "longer name  12345  -\n");
	json_decref(list);
}

} // namespace
