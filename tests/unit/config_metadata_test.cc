/* config_metadata_test - what is imported from a peer and served to one, in a configuration: taken, written again, and each way to be wrong. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/config.h"
#include "control/config_metadata.h"
#include "control/config_peers.h"
}

#include "tests/support/failing_malloc.h"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace
{

const char *const tree = R"({"hosts": [{"host": "h.t", "host-metadata": {"metadata": []}}]})";

/* The members of two peers: "up", which is upstream, and "down", which is downstream; and the file tree.json beside the configuration. */
struct Config {
	struct settings settings = {};
	std::string faults, folder;
	bool opened;

	Config(const std::string &up, const std::string &down, const std::string &file = tree)
	{
		char name[] = "/tmp/config_metadata.XXXXXX";
		folder = mkdtemp(name);
		std::ofstream(folder + "/tree.json") << file;
		std::string path = folder + "/t.conf";
		std::ofstream(path)
			<< "ports = ( { name = \"p\"; vdev = \"net_null0\"; addresses = "
			   "[\"192.0.2.1\"]; } );\n"
			<< "interconnection = { provider-id = \"AS1:1\"; certificate = \"a\"; key "
			   "= "
			   "\"b\"; authorities = \"c\"; listen = [\"192.0.2.1:8443\"]; };\n"
			<< "peers = ( { name = \"up\"; roles = [\"upstream\"]; identity = \"u\"; "
			   "provider-id = \"AS2:1\"; "
			<< up
			<< " },\n{ name = \"down\"; roles = [\"downstream\"]; identity = \"d\"; "
			   "provider-id = \"AS3:1\"; "
			<< down << " } );\n";
		struct faults list = {};
		struct config_reading *reading = config_open(path.c_str(), &settings, &list);
		opened = reading;
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		for (size_t i = 0; i < list.n; i++)
			faults += (list.list[i].file ? list.list[i].file : "") + std::string(": ") +
				  list.list[i].text + "\n";
		total = list.total;
		faults_clear(&list);
		config_close(reading);
	}
	~Config()
	{
		settings_clear(&settings);
		if (system(("rm -r " + folder).c_str()))
			abort();
	}
	Config(const Config &) = delete;
	const struct peer_settings &peer(size_t i) const
	{
		return settings.peers.list[i];
	}
	long failed;
	size_t total;
};

std::string import(const std::string &more = "",
		   const std::string &accept = "candidates = ( { node = \"n\"; weight = 2; } );")
{
	return "metadata = { host-index = \"https://u.example:1/m/\"; accept = { " + accept +
	       " }; " + more + " };";
}

const char *const serve = "serve-metadata = { file = \"tree.json\"; };";

TEST(ConfigMetadataTest, WhatIsImported)
{
	Config none("", ""), plain(import(), ""),
		full(import("enforced = [\"MI.Cache\", \"MI.SourceMetadata\"]; dns = false; "
			    "priority = -5; scopes = 7; refresh-min = 2; refresh-max = 3;",
			    "candidates = ( { cdn = \"c\"; } ); policy = \"weighted\"; http-status "
			    "= 307; fallback = { node = \"n\"; };"),
		     "");
	EXPECT_EQ(none.faults + plain.faults + full.faults, "");
	EXPECT_EQ(none.peer(0).metadata.host_index, nullptr);
	const struct peer_metadata &p = plain.peer(0).metadata, &f = full.peer(0).metadata;
	EXPECT_STREQ(p.host_index, "https://u.example:1/m/");
	EXPECT_STREQ(p.accept, "{\"candidates\":[{\"node\":\"n\",\"weight\":2}]}");
	EXPECT_TRUE(p.dns);
	EXPECT_EQ(p.n_enforced, 0u);
	EXPECT_EQ(p.priority, 20000);
	EXPECT_EQ(p.scopes, 10000u);
	EXPECT_EQ(p.refresh_min_s, 10u);
	EXPECT_EQ(p.refresh_max_s, 3600u);
	ASSERT_EQ(f.n_enforced, 2u);
	EXPECT_STREQ(f.enforced[1], "MI.SourceMetadata");
	EXPECT_FALSE(f.dns);
	EXPECT_EQ(f.priority, -5);
	EXPECT_EQ(f.scopes, 7u);
	EXPECT_EQ(f.refresh_max_s, 3u);
	EXPECT_FALSE(config_peers_same(&none.peer(0), &plain.peer(0)));
	EXPECT_FALSE(config_peers_same(&plain.peer(0), &full.peer(0)));
	EXPECT_TRUE(config_peers_same(&full.peer(0), &full.peer(0)));
}

TEST(ConfigMetadataTest, WhatIsServed)
{
	Config file("", serve),
		passed(import(), "serve-metadata = { from = \"up\"; max-age = 5; };"),
		other("", serve, R"({"hosts": []})");
	EXPECT_EQ(file.faults + passed.faults, "");
	EXPECT_EQ(file.peer(1).serving.file, file.folder + "/tree.json");
	EXPECT_STREQ(file.peer(1).serving.tree,
		     R"({"hosts":[{"host":"h.t","host-metadata":{"metadata":[]}}]})");
	EXPECT_EQ(file.peer(1).serving.max_age_s, 60u);
	EXPECT_STREQ(passed.peer(1).serving.from, "up");
	EXPECT_EQ(passed.peer(1).serving.max_age_s, 5u);
	EXPECT_TRUE(config_peers_same(&file.peer(1), &other.peer(1)))
		<< "what is served disturbs no session";
}

TEST(ConfigMetadataTest, WrittenAgain)
{
	Config config(import("enforced = [\"MI.Cache\"];"), "serve-metadata = { from = \"up\"; };");
	json_t *up = config_peers_json(&config.peer(0)), *down = config_peers_json(&config.peer(1));
	json_t *metadata = json_object_get(up, "metadata");
	EXPECT_EQ(json_object_size(metadata), 8u);
	EXPECT_STREQ(json_string_value(json_object_get(metadata, "host-index")),
		     "https://u.example:1/m/");
	EXPECT_EQ(
		json_array_size(json_object_get(json_object_get(metadata, "accept"), "candidates")),
		1u);
	EXPECT_EQ(json_object_get(up, "serve-metadata"), nullptr);
	EXPECT_STREQ(
		json_string_value(json_object_get(json_object_get(down, "serve-metadata"), "from")),
		"up");
	EXPECT_EQ(json_object_get(down, "metadata"), nullptr);
	json_decref(up);
	json_decref(down);
}

TEST(ConfigMetadataTest, WhatIsWrong)
{
	const struct {
		std::string up, down, fault;
	} cases[] = {
		{"", import(), "metadata: only an upstream peer has it"},
		{serve, "", "serve-metadata: only a downstream peer has it"},
		{"metadata = 5;", "", "expected a group"},
		{"metadata = { };", "", "'host-index' is missing"},
		{"metadata = { host-index = \"http://u.example/\"; };", "",
		 "host-index: expected a URL as \"https://host:port/path\""},
		{import("", ""), "", "'candidates' is needed"},
		{import("", "candidates = ( );"), "", "'candidates' is needed"},
		{import("", "candidates = ( { node = 5; } );"), "", "node: expected a text"},
		{import("", "candidates = ( { cdn = \"a\"; } ); hosts = [\"x\"];"), "",
		 "unknown key 'hosts'; known: candidates, policy"},
		{import("", "candidates = ( { cdn = \"a\"; } ); policy = \"best\";"), "",
		 "policy: expected"},
		{import("enforced = [5];"), "", "enforced: expected a text"},
		{import("dns = 1;"), "", "dns: expected"},
		{import("priority = 40000;"), "", "priority: expected"},
		{import("refresh-min = 0;"), "", "refresh-min: expected"},
		{import("refresh-min = 9; refresh-max = 8;"), "",
		 "'refresh-min' has to be at most"},
		{import("refresh = 9;"), "", "unknown key 'refresh'"},
		{"", "serve-metadata = { };", "expected either a 'file' or, in 'from'"},
		{import(), "serve-metadata = { file = \"tree.json\"; from = \"up\"; };",
		 "expected either a 'file' or, in 'from'"},
		{"", "serve-metadata = { from = \"up\"; };",
		 "there is no peer 'up' whose metadata is imported"},
		{"", "serve-metadata = { from = \"who\"; };", "there is no peer 'who'"},
		{"", "serve-metadata = { file = \"none.json\"; };",
		 "none.json: the metadata cannot be read: unable to open"},
	};
	for (const auto &c : cases) {
		Config config(c.up, c.down);
		EXPECT_NE(config.faults.find(c.fault), std::string::npos)
			<< c.up << c.down << ": " << config.faults;
	}
}

std::string host(const std::string &metadata, const std::string &paths = "")
{
	return R"({"hosts":[{"host":"h.t","host-metadata":{"metadata":[)" + metadata +
	       R"(],"paths":[)" + paths + "]}}]}";
}
std::string generic(const std::string &type, const std::string &value)
{
	return R"({"generic-metadata-type":")" + type + R"(","generic-metadata-value":)" + value +
	       "}";
}

/* The file, the member, and the host that it is of. */
TEST(ConfigMetadataTest, WhatIsWrongWithTheFile)
{
	const struct {
		std::string file, fault;
	} cases[] = {
		{"", "tree.json: the metadata cannot be read"},
		{"[]", "tree.json: HostIndex: expected a group"},
		{"{}", "HostIndex: 'hosts' is missing"},
		{R"({"hosts":[], "hosts":[]})", "duplicate"},
		{R"({"hosts":[{"href":"https://u.example/"}]})", "HostIndex: a link"},
		{R"({"hosts":[{"host":"h.t"}]})", "HostMatch: 'host-metadata' is missing"},
		{R"({"hosts":[{"host":"h.t:x","host-metadata":{"metadata":[]}}]})",
		 "HostMatch: host: 'h.t:x' is no host name or address"},
		{R"({"hosts":[{"host":"h.t","host-metadata":{"metadata":[]}},{"host":"h.t","host-metadata":{"metadata":[]}}]})",
		 "host: 'h.t' comes twice"},
		{host("5"), "GenericMetadata: expected a group"},
		{host(generic(
			 "MI.LocationACL",
			 R"({"locations":[{"footprints":[{"footprint-type":"asn","footprint-value":["x"]}]}]})")),
		 "as64496"},
		{host(generic("MI.LocationACL", R"({"locations":[{}]})")),
		 "LocationRule: 'footprints' is missing"},
		{host(generic("MI.TimeWindowACL", R"({"times":[{"windows":[{"start":1}]}]})")),
		 "TimeWindow: expected 'start' and 'end'"},
		{host(generic("MI.ProtocolACL", R"({"protocol-acl":[{"protocols":5}]})")),
		 "ProtocolRule: protocols: expected a list"},
		{host("", R"({"path-pattern":{"pattern":"a"}})"), "PathMatch"},
		{host("", R"({"path-pattern":{"pattern":"/a$b"},"path-metadata":{"metadata":[]}})"),
		 "PatternMatch: "},
		{host("", R"({"path-pattern":{"pattern":"/a"},"path-metadata":{"metadata":[)" +
				  generic("MI.ProtocolACL", R"({"protocol-acl":5})") + "]}}"),
		 "tree.json: these are faults of the host h.t"},
	};
	for (const auto &c : cases) {
		Config config("", serve, c.file);
		EXPECT_NE(config.faults.find(c.fault), std::string::npos)
			<< c.file << ": " << config.faults;
	}
	Config good(
		"", serve,
		host(generic("MI.LocationACL",
			     R"({"locations":[{"action":"allow","footprints":[{"footprint-type":"countrycode","footprint-value":["fr"]}]}]})") +
			     "," + generic("MI.New", "{}"),
		     R"({"path-pattern":{"pattern":"/a*"},"path-metadata":{"metadata":[]}})"));
	EXPECT_EQ(good.faults, "") << "countries need no database here";
}

TEST(ConfigMetadataTest, MemoryRunsOut)
{
	for (bool stay : {false, true}) {
		long i = 0;
		for (bool failed = true; failed; i++) {
			failing_malloc.reset(i, stay);
			Config config(import("enforced = [\"MI.Cache\"];"), serve);
			failed = config.failed;
			if (config.opened && !config.total) {
				ASSERT_TRUE(config.peer(0).metadata.accept) << i;
				ASSERT_TRUE(config.peer(1).serving.tree) << i;
			}
		}
		EXPECT_GT(i, 15);
	}
}

} // namespace
