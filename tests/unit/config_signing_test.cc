/* config_signing_test - what the configuration says about signed URIs: what is taken, what is refused with its line, what is written back. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

extern "C" {
#include "control/config.h"
#include "control/config_signing.h"
#include "control/config_write.h"
}

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <sstream>
#include <string>
#include <unistd.h>

namespace
{

// A folder of its own for each test.
struct ConfigSigningTest : testing::Test {
	std::string folder, faults;
	struct settings settings = {};

	void SetUp() override
	{
		char name[] = "/tmp/config_signing_test.XXXXXX";
		ASSERT_TRUE(mkdtemp(name));
		folder = name;
	}
	void TearDown() override
	{
		failing_malloc.reset(-1);
		settings_clear(&settings);
		ASSERT_EQ(0, system(("rm -r " + folder).c_str()));
	}
	bool load(const std::string &text)
	{
		struct faults list = {};
		std::string path = folder + "/t.conf";
		std::ofstream(path) << "ports = ( { name = \"p\"; vdev = \"net_null0\"; addresses "
				       "= [\"192.0.2.1\"]; } );\n"
				    << text;
		settings_clear(&settings);
		config_close(config_open(path.c_str(), &settings, &list));
		faults.clear();
		for (size_t i = 0; i < list.n; i++)
			faults +=
				std::to_string(list.list[i].line) + ": " + list.list[i].text + "\n";
		bool good = !list.total;
		faults_clear(&list);
		return good;
	}
	const struct signing_settings &signing() const
	{
		return settings.signing;
	}
};

const std::string keys = "  keys = ( { issuer = \"csp\"; file = \"csp.jwks\"; } );\n";
const std::string own = "  own-key = { file = \"own.pem\"; };\n";
const std::string name = "  name = \"cdn-a\";\n";

std::string group(const std::string &members)
{
	return "signing = {\n" + members + "};\n";
}

TEST_F(ConfigSigningTest, NothingIsSaid)
{
	ASSERT_TRUE(load("")) << faults;
	EXPECT_EQ(signing().name, nullptr);
	EXPECT_EQ(signing().n_keys, 0u);
}

TEST_F(ConfigSigningTest, TheLeastAndItsDefaults)
{
	ASSERT_TRUE(load(group(name + keys + own))) << faults;
	EXPECT_STREQ(signing().name, "cdn-a");
	ASSERT_EQ(signing().n_keys, 1u);
	EXPECT_STREQ(signing().keys[0].issuer, "csp");
	EXPECT_EQ(signing().keys[0].file, folder + "/csp.jwks");
	EXPECT_EQ(signing().keys[0].kid, nullptr);
	EXPECT_FALSE(signing().keys[0].shared);
	EXPECT_EQ(signing().own.file, folder + "/own.pem");
	EXPECT_EQ(signing().verified, 100000u);
	EXPECT_EQ(signing().used, 100000u);
}

TEST_F(ConfigSigningTest, TheSampleIsTaken)
{
	const char *source = getenv("TURNOUT_SOURCE");
	std::stringstream text;
	text << std::ifstream(std::string(source ? source : ".") + "/configs/turnout.conf.sample")
			.rdbuf();
	std::string sample = text.str();
	size_t begin = sample.find("# signing = {"), end = sample.find("# --- Geolocation");
	ASSERT_NE(begin, std::string::npos);
	sample =
		std::regex_replace(sample.substr(begin, end - begin), std::regex("(^|\n)# "), "$1");
	ASSERT_TRUE(load(sample)) << faults << sample;
	EXPECT_STREQ(signing().name, "cdn-a.example");
	ASSERT_EQ(signing().n_keys, 1u);
	EXPECT_EQ(signing().keys[0].file, folder + "/csp.jwks");
	EXPECT_STREQ(signing().own.kid, "a1");
	EXPECT_EQ(signing().verified, 100000u);
}

const std::string full = group(
	name + "  keys = ( { issuer = \"csp\"; file = \"/k/csp.pem\"; kid = \"a\"; shared = true; "
	       "},\n           { issuer = \"ucdn\"; file = \"/k/u.jwks\"; } );\n"
	       "  own-key = { file = \"/k/own.pem\"; kid = \"own\"; shared = true; };\n"
	       "  verified = 1; used = 10000000;\n");

TEST_F(ConfigSigningTest, AllMembers)
{
	ASSERT_TRUE(load(full)) << faults;
	ASSERT_EQ(signing().n_keys, 2u);
	EXPECT_STREQ(signing().keys[0].file, "/k/csp.pem");
	EXPECT_STREQ(signing().keys[0].kid, "a");
	EXPECT_TRUE(signing().keys[0].shared);
	EXPECT_STREQ(signing().own.kid, "own");
	EXPECT_TRUE(signing().own.shared);
	EXPECT_EQ(signing().verified, 1u);
	EXPECT_EQ(signing().used, 10000000u);
}

TEST_F(ConfigSigningTest, WhatIsRefused)
{
	const std::pair<std::string, const char *> cases[] = {
		{group(keys + own), "2: signing: 'name' is missing\n"},
		{group(name + own),
		 "2: signing 'cdn-a': keys: expected at least one issuer with its key file\n"},
		{group(name + "  keys = ();\n" + own),
		 "4: signing 'cdn-a': keys: expected at least one issuer with its key file\n"},
		{group(name + keys), "2: signing 'cdn-a': 'own-key' is missing: the URIs that "
				     "requests are redirected to are signed with it\n"},
		{group(name + keys + "  own-key = { kid = \"x\"; };\n"),
		 "5: own-key: 'file' is missing\n"},
		{group(name + keys + "  own-key = 1;\n"), "5: signing 'cdn-a': own-key: expected a "
							  "group of members, not a number\n"},
		{group(name + "  keys = ( { file = \"x\"; } );\n" + own),
		 "4: key: 'issuer' is missing\n"},
		{group(name + "  keys = ( { issuer = \"x\"; } );\n" + own),
		 "4: key: 'file' is missing\n"},
		{group(name + "  keys = ( { issuer = \"x\"; file = \"y\"; kidd = \"z\"; } );\n" +
		       own),
		 "4: key: unknown key 'kidd'; did you mean 'kid'?\n"},
		{group(name + "  keys = ( \"x\" );\n" + own), ""},
		{group(name + keys + own + "  used = 0;\n"),
		 "6: signing 'cdn-a': used: expected a number from 1 to 10000000, not 0\n"},
		{group("  name = \"" + std::string(256, 'x') + "\";\n" + keys + own), ""},
		{"signing = 1;\n", "2: configuration: signing: expected a group of members, not a "
				   "number\n"},
	};
	for (const auto &c : cases) {
		EXPECT_FALSE(load(c.first)) << c.first;
		if (*c.second) {
			EXPECT_EQ(faults, c.second) << c.first;
		}
	}
}

TEST_F(ConfigSigningTest, ItIsWrittenAsItIsRead)
{
	ASSERT_TRUE(load(full)) << faults;
	json_t *json = config_signing_json(&signing());
	struct config_text text = {};
	config_write_member(&text, "signing", json);
	std::string said(text.at, text.len);
	config_text_clear(&text);
	ASSERT_TRUE(load(said)) << faults;
	json_t *again = config_signing_json(&signing());
	EXPECT_TRUE(json_equal(json, again));
	json_decref(json);
	json_decref(again);
}

/* A reload takes it over, so no restart is asked for. */
TEST_F(ConfigSigningTest, NoChangeIsForTheNextStart)
{
	char changes[SETTINGS_CHANGES_MAX];
	ASSERT_TRUE(load(full)) << faults;
	struct settings before = settings;
	settings = {};
	ASSERT_TRUE(load("")) << faults;
	EXPECT_STREQ(settings_changes(&before, &settings, changes), "");
	settings_clear(&before);
}

TEST_F(ConfigSigningTest, MemoryThatRunsOut)
{
	bool good = false;
	for (long n = 0; !good; n++) {
		ASSERT_LT(n, 5000);
		failing_malloc.reset(n);
		good = load(full);
		failing_malloc.reset(-1);
		if (good) {
			EXPECT_EQ(signing().n_keys, 2u);
			EXPECT_STREQ(signing().own.kid, "own");
		}
	}
}

} // namespace
