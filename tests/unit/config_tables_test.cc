/* config_tables_test - table files: what reaches the compiler, and each fault with its line and text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/config_box.h"

namespace
{

struct ConfigTablesTest : ConfigTest {
	bool load_table(const std::string &text)
	{
		write("t.jsonl", text);
		return load_text(port + std::string("nodes = ( { name = \"first\"; } );\n"
						    "fallback = { node = \"first\"; };\n"
						    "tables = [\"t.jsonl\"];\n"));
	}
};

TEST_F(ConfigTablesTest, EachKindOfLine)
{
	ASSERT_TRUE(load_table(
		"{\"footprint\":{\"name\":\"f\",\"footprints\":[{\"footprint-type\":\"asn\","
		"\"footprint-value\":[\"as1\"]}]}}\n"
		"\n \t\r\n"
		"{\"cdn\":{\"name\":\"c\",\"state\":\"drain\"}}\r\n"
		"{\"node\":{\"name\":\"n\"}}\n"
		"{\"dri\":{\"node\":\"n\",\"dns-target\":{\"host\":\"x.example\",\"ttl\":5}}}\n"
		"{\"zone\":{\"name\":\"z\",\"servers\":[{\"name\":\"s\"}]}}\n"
		"{\"distinguished\":{\"host\":\"d\"}}\n"
		"{\"state\":{\"state\":\"down\",\"node\":\"n\"}}\n"
		"{\"fallback\":{\"node\":\"n\"}}\n"
		"{\"scope\":{\"priority\":0,\"name\":\"s\",\"hosts\":[\"h\"],\"http-status\":307}"
		"}"))
		<< faults;
	EXPECT_EQ(compiler.all(), "node first - up\n"
				  "fallback node first\n"
				  "footprint f 2[as1]\n"
				  "cdn c - drain\n"
				  "node n - up\n"
				  "dri node n dns x.example[] 5 http - - -\n"
				  "zone z - - 1 7200 900 1209600 60 3600 s[]\n"
				  "distinguished d -\n"
				  "state node n down\n"
				  "fallback node n\n"
				  "scope {\"hosts\":[\"h\"],\"http-status\":307,\"name\":\"s\"}\n");
	EXPECT_EQ(compiler.calls[10].line, 11u);
	EXPECT_EQ(compiler.calls[10].file, folder + "/t.jsonl");
	const char *const canonical[] = {
		"{\"name\":\"first\"}",
		"{\"node\":\"first\"}",
		"{\"footprints\":[{\"footprint-type\":\"asn\",\"footprint-value\":[\"as1\"]}],"
		"\"name\":\"f\"}",
		"{\"name\":\"c\",\"state\":\"drain\"}",
		"{\"name\":\"n\"}",
		"{\"dns-target\":{\"host\":\"x.example\",\"ttl\":5},\"node\":\"n\"}",
		"{\"name\":\"z\",\"servers\":[{\"name\":\"s\"}]}",
		"{\"host\":\"d\"}",
		"{\"node\":\"n\",\"state\":\"down\"}",
		"{\"node\":\"n\"}",
		"{\"hosts\":[\"h\"],\"http-status\":307,\"name\":\"s\"}",
	};
	ASSERT_EQ(compiler.calls.size(), sizeof(canonical) / sizeof(canonical[0]));
	for (size_t i = 0; i < compiler.calls.size(); i++)
		EXPECT_EQ(compiler.calls[i].json, canonical[i]);
}

TEST_F(ConfigTablesTest, FaultsOfLines)
{
	EXPECT_FALSE(load_table("{\"cdn\":{\"name\":\"c\"}\n"
				"[]\n"
				"{}\n"
				"{\"cdn\":{\"name\":\"c\"},\"node\":{\"name\":\"n\"}}\n"
				"{\"planet\":{}}\n"
				"{\"cdn\":{\"name\":\"c\",\"name\":\"d\"}}\n"
				"{\"cdn\":[]}\n"
				"{\"cdn\":{\"name\":null}}\n"
				"{\"cdn\":{\"name\":\"a\\u0000b\"}}\n"
				"{\"cdn\":{\"name\":\"a\\nb\"}}\n"
				"{\"cdn\":{\"name\":\"good\"}}\n"));
	EXPECT_EQ(
		faults,
		"t.jsonl:1: not a JSON object: '}' expected near end of file (octet 19)\n"
		"t.jsonl:2: expected an object with one member, as {\"scope\": {...}}\n"
		"t.jsonl:3: expected an object with one member, as {\"scope\": {...}}\n"
		"t.jsonl:4: expected an object with one member, as {\"scope\": {...}}\n"
		"t.jsonl:5: unknown kind 'planet'; known: footprint, cdn, node, dri, advert, zone, "
		"distinguished, state, fallback, scope\n"
		"t.jsonl:6: not a JSON object: duplicate object key near '\"name\"' (octet 25)\n"
		"t.jsonl:7: cdn: expected a group of members, not a list\n"
		"t.jsonl:8: cdn: name: expected a text, not null\n"
		"t.jsonl:9: not a JSON object: \\u0000 is not allowed without JSON_ALLOW_NUL "
		"near '\"a\\u0000b\"' (octet 25)\n"
		"t.jsonl:10: cdn 'a?b': name: expected a text of 1 to 4096 octets without "
		"control characters\n");
	EXPECT_EQ(compiler.all(), "node first - up\nfallback node first\ncdn good - up\n");
}

TEST_F(ConfigTablesTest, LongestLineAndOneMore)
{
	const std::string line = "{\"cdn\":{\"name\":\"c\"}}";
	const std::string longest = line + std::string((1 << 20) - line.size(), ' ');
	EXPECT_TRUE(load_table(longest + "\n" + longest + "\n" + line)) << faults;
	EXPECT_EQ(compiler.calls.size(), 5u);
	EXPECT_FALSE(load_table(line + "\n" + longest + " \n" + line));
	EXPECT_EQ(faults, "t.jsonl:2: the line is longer than 1048576 octets; the rest of the file "
			  "was not read\n");
	EXPECT_FALSE(load_table(std::string(5 << 20, ' ')));
	EXPECT_EQ(faults, "t.jsonl:1: the line is longer than 1048576 octets; the rest of the file "
			  "was not read\n");
}

TEST_F(ConfigTablesTest, ManyLinesOverManyReads)
{
	std::string text;
	for (int i = 0; i < 100000; i++)
		text += "{\"node\":{\"name\":\"n" + std::to_string(i) + "\"}}\n";
	ASSERT_TRUE(load_table(text)) << faults;
	ASSERT_EQ(compiler.calls.size(), 100002u);
	EXPECT_EQ(compiler.calls[100001].what, "node n99999 - up");
	EXPECT_EQ(compiler.calls[100001].line, 100000u);
	EXPECT_GE(portions, 100000 / portion / 8) << "about as many at a time as were asked for";
}

TEST_F(ConfigTablesTest, PortionsOfAnySizeGiveTheSame)
{
	const std::string text = "{\"cdn\":{\"name\":\"c\"}}\nwrong\n{\"node\":{\"name\":\"n\"}}\n";
	EXPECT_FALSE(load_table(text));
	const std::string objects = compiler.all(), wrong = faults;
	EXPECT_EQ(objects, "node first - up\nfallback node first\ncdn c - up\nnode n - up\n");
	for (portion = 1; portion < 20; portion++) {
		EXPECT_FALSE(load_table(text));
		EXPECT_EQ(compiler.all(), objects) << portion;
		EXPECT_EQ(faults, wrong) << portion;
	}
}

// What the fallback names may come in a table file; then it is the last of all.
TEST_F(ConfigTablesTest, FallbackOfATable)
{
	write("t.jsonl", "{\"cdn\":{\"name\":\"c\"}}\n{\"cdn\":{\"name\":\"d\"}}\n");
	ASSERT_TRUE(load_text(port + std::string("fallback = { cdn = \"c\"; };\n"
						 "tables = [\"t.jsonl\"];\n")))
		<< faults;
	EXPECT_EQ(compiler.all(), "cdn c - up\ncdn d - up\nfallback cdn c\n");
	EXPECT_EQ(compiler.calls[2].line, 2u);
}

TEST_F(ConfigTablesTest, FolderIsNoTable)
{
	EXPECT_FALSE(load_text(port + std::string("tables = [\".\"];")));
	EXPECT_EQ(faults, "t.conf:2: table file '" + folder + "/.' is not a file\n");
	ASSERT_EQ(0, mkfifo((folder + "/pipe").c_str(), 0600));
	EXPECT_FALSE(load_text(port + std::string("tables = [\"pipe\"];")));
	EXPECT_EQ(faults, "t.conf:2: table file '" + folder + "/pipe' is not a file\n");
}

TEST_F(ConfigTablesTest, EveryTruncationOfALineIsAFault)
{
	const std::string line = R"({"scope":{"name":"s","hosts":["h"],"times":[{"end":2}]}})";
	for (size_t len = 1; len <= line.size(); len++)
		EXPECT_EQ(len == line.size(), load_table(line.substr(0, len))) << len;
}

} // namespace
