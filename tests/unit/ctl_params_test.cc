/* ctl_params_test - the words of a command become a request, or a sentence that says why not. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/ctl_params.h"
}

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace
{

// "method {params}" and what the options are, or the reason.
std::string parse(std::vector<std::string> words, FILE *input = nullptr)
{
	std::vector<char *> argv;
	for (std::string &word : words)
		argv.push_back(word.data());
	char err[512] = "";
	struct ctl_options options = {};
	options.socket = "";
	options.input = input;
	struct ctl_request request;
	if (!ctl_params_read(&request, &options, static_cast<int>(argv.size()), argv.data(), err,
			     sizeof(err)))
		return err;
	char *text = json_dumps(request.params, JSON_COMPACT | JSON_SORT_KEYS);
	std::string result = std::string(request.verb->method) + " " + text;
	free(text);
	json_decref(request.params);
	if (request.options.json)
		result += " json";
	if (request.options.watch > 0)
		result += " watch " + std::to_string(static_cast<int>(request.options.watch * 10));
	if (request.options.help)
		result += " help";
	return result + request.options.socket;
}

TEST(CtlParamsTest, WordsBecomeParameters)
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
	EXPECT_EQ(parse({"diff", "3"}), "diff {\"from\":3}");
	EXPECT_EQ(parse({"diff", "3", "5", "limit", "1"}),
		  "diff {\"from\":3,\"limit\":1,\"to\":5}");
	EXPECT_EQ(parse({"diff", "3", "limit", "1"}), "diff {\"from\":3,\"limit\":1}");
	EXPECT_EQ(parse({"begin", "text", "a note"}), "begin {\"text\":\"a note\"}");
	EXPECT_EQ(parse({"remove", "dri", "cdn/b", "transaction", "7"}),
		  "remove {\"kind\":\"dri\",\"name\":\"cdn/b\",\"transaction\":7}");
	EXPECT_EQ(parse({"trace", "on", "host", "a.example", "every", "10"}),
		  "trace {\"every\":10,\"host\":\"a.example\"}");
}

TEST(CtlParamsTest, KeywordsWithDashes)
{
	EXPECT_EQ(parse({"show", "scopes", "--match", "x", "--limit", "5"}),
		  "show.scopes {\"limit\":5,\"match\":\"x\"}");
	EXPECT_EQ(parse({"commit", "--dry-run", "5"}),
		  "commit {\"dry-run\":true,\"transaction\":5}");
	EXPECT_EQ(parse({"show", "config", "--running"}), "show.config {}");
	EXPECT_EQ(parse({"show", "config", "running"}), "show.config {}");
	EXPECT_EQ(parse({"apply", "/a", "--replace", "s", "--all-or-nothing", "dry-run"}),
		  "apply {\"all-or-nothing\":true,\"dry-run\":true,\"file\":\"/"
		  "a\",\"replace\":true,\"set\":\"s\"}");
	EXPECT_EQ(parse({"begin", "text", "--json"}), "begin {\"text\":\"--json\"}");
	EXPECT_EQ(parse({"status", "--limit", "5"}), "'status' does not take '--limit'");
}

TEST(CtlParamsTest, OptionsBeforeAndBehindTheVerb)
{
	EXPECT_EQ(parse({"--json", "status"}), "status {} json");
	EXPECT_EQ(parse({"status", "--json"}), "status {} json");
	EXPECT_EQ(parse({"-s", "/x", "-j", "status"}), "status {} json/x");
	EXPECT_EQ(parse({"--socket=/x", "status"}), "status {}/x");
	EXPECT_EQ(parse({"--watch", "status"}), "status {} watch 20");
	EXPECT_EQ(parse({"-w", "5", "status"}), "status {} watch 50");
	EXPECT_EQ(parse({"show", "scopes", "--watch", "0.5", "limit", "1"}),
		  "show.scopes {\"limit\":1} watch 5");
	EXPECT_EQ(parse({"--watch=3", "diff", "3"}), "diff {\"from\":3} watch 30");
	EXPECT_EQ(parse({"cdn", "--help"}), "cdn.set {} help");
	EXPECT_EQ(parse({"cdn", "-j", "up"}), "cdn.set {\"name\":\"-j\",\"state\":\"up\"}");

	EXPECT_EQ(parse({"--watch=0", "status"}), "--watch takes 0.1 to 86400 seconds, not '0'");
	EXPECT_EQ(parse({"--watch", "1e9", "status"}),
		  "--watch takes 0.1 to 86400 seconds, not '1e9'");
	EXPECT_EQ(parse({"--watch=x", "status"}), "--watch takes 0.1 to 86400 seconds, not 'x'");
	EXPECT_EQ(parse({"--watch=", "status"}), "--watch takes 0.1 to 86400 seconds, not ''");
	EXPECT_EQ(parse({"-s"}), "a path is missing behind '-s'");
	EXPECT_EQ(parse({"reload", "--watch"}),
		  "'reload' is not repeated; --watch is for verbs that look at tables");
	EXPECT_EQ(parse({"trace", "on", "--watch"}),
		  "'trace on' is not repeated; --watch is for verbs that look at tables");
}

TEST(CtlParamsTest, PathsAreMadeAbsolute)
{
	char folder[] = "/tmp/ctl_params_test.XXXXXX";
	ASSERT_TRUE(mkdtemp(folder));
	ASSERT_EQ(0, chdir(folder));
	EXPECT_EQ(parse({"save", "a/b.conf"}),
		  "save {\"file\":\"" + std::string(folder) + "/a/b.conf\"}");
	EXPECT_EQ(parse({"save", "/a/b.conf"}), "save {\"file\":\"/a/b.conf\"}");
	EXPECT_EQ(parse({"save", ""}), "'' is not a value for 'file'");
	EXPECT_EQ(parse({"save"}), "'save' needs a file");
	ASSERT_EQ(0, rmdir(folder));
	EXPECT_EQ(parse({"save", "x"}), "'x' is not a value for 'file'") << "the folder is gone";
	ASSERT_EQ(0, chdir("/"));
}

TEST(CtlParamsTest, ObjectsAreJson)
{
	EXPECT_EQ(parse({"add", "cdn", "{\"name\": \"b\"}", "set", "x"}),
		  "put {\"kind\":\"cdn\",\"object\":{\"name\":\"b\"},\"set\":\"x\"}");
	EXPECT_EQ(parse({"add", "cdn", "[]"}), "the object is not a JSON object: it is a list");
	EXPECT_NE(parse({"add", "cdn", "{"}).find("the object is not a JSON object: "),
		  std::string::npos);
	EXPECT_NE(parse({"add", "cdn", "{\"a\":1,\"a\":2}"}).find("duplicate"), std::string::npos);
	EXPECT_NE(parse({"add", "cdn", "{} x"}).find("the object is not a JSON object: "),
		  std::string::npos);
	EXPECT_EQ(parse({"add", "cdn", "-"}),
		  "'-' cannot be read: the commands come from standard input");
	EXPECT_EQ(parse({"add", "cdn"}), "'add' needs an object");
}

TEST(CtlParamsTest, ObjectsFromStandardInput)
{
	auto from = [](const std::string &text) {
		FILE *input = tmpfile();
		fwrite(text.data(), 1, text.size(), input);
		rewind(input);
		std::string result = parse({"add", "cdn", "-"}, input);
		fclose(input);
		return result;
	};
	EXPECT_EQ(from("{\n\"name\": \"b\"\n}\n"),
		  "put {\"kind\":\"cdn\",\"object\":{\"name\":\"b\"}}");
	EXPECT_NE(from("").find("the object is not a JSON object: "), std::string::npos);
	EXPECT_EQ(from("{\"a\":\"" + std::string(CTL_PARAMS_INPUT_MAX, 'x') + "\"}"),
		  "the object is not a JSON object: it is longer than 1 MiB");
}

TEST(CtlParamsTest, WhatDoesNotFitIsSaid)
{
	EXPECT_EQ(parse({"show"}), "there is no verb 'show'; 'help' lists them");
	EXPECT_EQ(parse({"show", "everything", "now"}),
		  "there is no verb 'show everything'; 'help' lists them");
	EXPECT_EQ(parse({"stat"}), "there is no verb 'stat'; 'help' lists them");
	EXPECT_EQ(parse({"--json"}), "there is no verb ''; 'help' lists them");
	EXPECT_EQ(parse({"status", "now"}), "'status' does not take 'now'");
	EXPECT_EQ(parse({"show", "drops", "al"}), "'show drops' does not take 'al'");
	EXPECT_EQ(parse({"show", "drops", "--"}), "'show drops' does not take '--'");
	EXPECT_EQ(parse({"show", "scopes", "", "5"}), "'show scopes' does not take ''");
	EXPECT_EQ(parse({"show", "scopes", "limit"}), "a value is missing behind 'limit'");
	EXPECT_EQ(parse({"show", "scopes", "limit", "5x"}), "'5x' is not a value for 'limit'");
	EXPECT_EQ(parse({"show", "scopes", "limit", "99999999999999999999"}),
		  "'99999999999999999999' is not a value for 'limit'");
	EXPECT_EQ(parse({"explain", "dns", "a"}), "'explain dns' needs a type");
	EXPECT_EQ(parse({"explain", "dns", "a", "A"}), "'explain dns' needs 'from ADDRESS'");
	EXPECT_EQ(parse({"explain", "http", "http://a/", "from", "::1", "header", "x"}),
		  "'x' is not a value for 'header'");
	EXPECT_EQ(parse({"cdn", "b"}), "'cdn' needs a state");
	EXPECT_EQ(parse({"cdn", "\xff", "up"}), "'\xff' is not a value for 'name'");
	EXPECT_EQ(parse({"diff", "x"}), "'x' is not a value for 'from'");
	EXPECT_EQ(parse({"diff", "1", "2", "3"}), "'diff' does not take '3'");
	EXPECT_EQ(parse({"commit"}), "'commit' needs a transaction");
}

} // namespace
