/* config_peers_test - what the configuration says about other CDNs: what is taken, what is refused with its line, what a reload changes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

extern "C" {
#include "control/config.h"
#include "control/config_peers.h"
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
struct ConfigPeersTest : testing::Test {
	std::string folder, faults;
	struct settings settings = {};

	void SetUp() override
	{
		char name[] = "/tmp/config_peers_test.XXXXXX";
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
	const struct peer_settings &peer(size_t i = 0)
	{
		EXPECT_LT(i, settings.peers.n);
		return settings.peers.list[i];
	}
};

const std::string ours =
	"interconnection = { provider-id = \"AS64500:1\"; certificate = "
	"\"a.crt\"; key = \"a.key\"; authorities = \"ca.crt\"; listen = [\"192.0.2.1:8443\"]; };\n";

std::string one(const std::string &members)
{
	return ours + "peers = ( { name = \"b\"; provider-id = \"AS64501:1\";\n" + members +
	       " } );\n";
}

const std::string down = "roles = [\"downstream\"]; identity = \"b.example\"; ";

TEST_F(ConfigPeersTest, NothingSaidIsNothing)
{
	ASSERT_TRUE(load("")) << faults;
	EXPECT_EQ(settings.peers.n, 0u);
	EXPECT_EQ(settings.interconnection.provider_id, nullptr);
}

TEST_F(ConfigPeersTest, OurSideIsTaken)
{
	ASSERT_TRUE(load("interconnection = { provider-id = \"AS4294967295:edge/1\"; listen = "
			 "(\"192.0.2.1:8443\", \"[2001:db8::1]:1\");\n"
			 "listen-plain = [\"127.0.0.1:65535\"]; certificate = \"tls/a.crt\"; key = "
			 "\"/etc/a.key\"; authorities = \"ca.crt\"; router = \"rr\"; };"))
		<< faults;
	const struct interconnection &i = settings.interconnection;
	EXPECT_STREQ(i.provider_id, "AS4294967295:edge/1");
	ASSERT_EQ(i.n_listen, 2u);
	EXPECT_EQ(i.listen[0].port, 8443);
	EXPECT_EQ(i.listen[1].port, 1);
	EXPECT_EQ(i.listen[1].address.family, 6);
	ASSERT_EQ(i.n_plain, 1u);
	EXPECT_EQ(i.plain[0].port, 65535);
	EXPECT_EQ(i.certificate, folder + "/tls/a.crt");
	EXPECT_STREQ(i.key, "/etc/a.key");
	EXPECT_STREQ(i.router, "rr");
	EXPECT_EQ(i.authorities, folder + "/ca.crt");
}

TEST_F(ConfigPeersTest, APeerIsTakenWithItsDefaults)
{
	ASSERT_TRUE(load(one(down))) << faults;
	const struct peer_settings &p = peer();
	EXPECT_STREQ(p.name, "b");
	EXPECT_EQ(p.line, 3u);
	EXPECT_EQ(p.roles, static_cast<unsigned>(PEER_DOWNSTREAM));
	EXPECT_STREQ(p.identity, "b.example");
	EXPECT_EQ(p.address.family, 0);
	EXPECT_STREQ(p.provider_id, "AS64501:1");
	EXPECT_EQ(p.directory, nullptr);
	EXPECT_EQ(p.redirection, nullptr);
	EXPECT_EQ(p.n_hosts, 0u);
	EXPECT_EQ(p.hold_s, 90u);
	EXPECT_EQ(p.stale_s, 3600u);
	EXPECT_EQ(p.limits.entries, 10000u);
	EXPECT_EQ(p.limits.footprints, 100000u);
	EXPECT_EQ(p.limits.octets, 16777216u);
	EXPECT_EQ(p.limits.requests_per_second, 1000u);
	EXPECT_EQ(p.limits.connections, 16u);
	EXPECT_FALSE(p.lenient);
	EXPECT_FALSE(p.plain_http);
	EXPECT_EQ(p.disclose, DISCLOSE_REQUEST_ROUTERS);
	EXPECT_EQ(p.max_hops, 4u);
}

const std::string full =
	"roles = [\"upstream\", \"downstream\"]; identity = \"urn:cdn:b\"; directory = "
	"\"https://r.example:8443/alto/a\"; redirection = "
	"\"https://[2001:db8::2]/ri\"; hosts = [\"h.example\", \"192.0.2.3:444\"]; hold-time = 16; "
	"stale-time = 0; "
	"limits = { entries = 1; footprints = 2; octets = 1024; requests-per-second = 4; "
	"connections = 5; }; lenient = true; disclose = "
	"\"nodes\"; max-hops = 255;";

TEST_F(ConfigPeersTest, EveryMemberIsTaken)
{
	ASSERT_TRUE(load(one(full))) << faults;
	const struct peer_settings &p = peer();
	EXPECT_EQ(p.roles, static_cast<unsigned>(PEER_DOWNSTREAM | PEER_UPSTREAM));
	EXPECT_STREQ(p.directory, "https://r.example:8443/alto/a");
	EXPECT_STREQ(p.redirection, "https://[2001:db8::2]/ri");
	ASSERT_EQ(p.n_hosts, 2u);
	EXPECT_STREQ(p.hosts[1], "192.0.2.3:444");
	EXPECT_EQ(p.hold_s, 16u);
	EXPECT_EQ(p.stale_s, 0u);
	EXPECT_EQ(p.limits.entries, 1u);
	EXPECT_EQ(p.limits.footprints, 2u);
	EXPECT_EQ(p.limits.octets, 1024u);
	EXPECT_EQ(p.limits.requests_per_second, 4u);
	EXPECT_EQ(p.limits.connections, 5u);
	EXPECT_TRUE(p.lenient);
	EXPECT_EQ(p.disclose, DISCLOSE_NODES);
	EXPECT_EQ(p.max_hops, 255u);
}

TEST_F(ConfigPeersTest, APlainPeerIsKnownByItsAddress)
{
	ASSERT_TRUE(load("interconnection = { provider-id = \"AS64500:1\"; };\npeers = ( { name = "
			 "\"b\"; provider-id = \"AS64501:1\"; roles = "
			 "[\"downstream\"]; plain-http = true; address = \"192.0.2.9\"; directory "
			 "= \"http://192.0.2.9/d\"; } );"))
		<< faults;
	EXPECT_TRUE(peer().plain_http);
	EXPECT_EQ(peer().address.family, 4);
	EXPECT_EQ(peer().identity, nullptr);
}

TEST_F(ConfigPeersTest, TheSampleIsTaken)
{
	std::ifstream in(std::string(getenv("TURNOUT_SOURCE") ? getenv("TURNOUT_SOURCE") : ".") +
			 "/configs/turnout.conf.sample");
	std::stringstream text;
	text << in.rdbuf();
	std::string sample = text.str();
	size_t begin = sample.find("# interconnection = {"), end = sample.find("# --- Signed URIs");
	ASSERT_NE(begin, std::string::npos);
	sample = std::regex_replace(sample.substr(begin, end - begin),
				    std::regex("(^|\n)# (interconnection|peers|  |\\}|\\))"),
				    "$1$2");
	ASSERT_TRUE(load(sample)) << faults << sample;
	struct settings said = settings;
	settings = {};
	ASSERT_TRUE(load(one("roles = [\"downstream\"]; identity = \"cdn-b.example\"; directory = "
			     "\"https://rr.cdn-b.example:8443/alto/cdn-a\"; "
			     "redirection = \"https://rr.cdn-b.example:8443/ri\"; hosts = "
			     "[\"alto.cdn-b.example\"];")))
		<< faults;
	ASSERT_EQ(said.peers.n, 1u);
	EXPECT_TRUE(config_peers_same(&said.peers.list[0], &peer()));
	EXPECT_EQ(said.interconnection.n_listen, 2u);
	settings_clear(&said);
}

TEST_F(ConfigPeersTest, FaultsHaveLineAndText)
{
	const std::string tls = "certificate = \"a\"; key = \"b\"; authorities = \"c\"; ";
	const struct {
		std::string text, said;
	} cases[] = {
		{"peers = ( { } );",
		 "2: configuration: peers: need the group 'interconnection' with our "
		 "provider-id\n2: peer: 'name' is missing\n2: peer: roles: "
		 "expected at least one role: \"upstream\" or \"downstream\"\n2: peer: 'identity' "
		 "is missing\n2: peer: 'provider-id' is missing\n"},
		{"interconnection = 5;",
		 "2: configuration: interconnection: expected a group of members, not a number\n"},
		{"interconnection = { };", "2: interconnection: 'provider-id' is missing\n"},
		{"interconnection = { provider-id = \"AS1:1\"; colour = 1; };",
		 "2: interconnection: unknown key 'colour'; known: provider-id, listen, "
		 "listen-plain, certificate, key, authorities, router\n"},
		{"interconnection = { provider-id = \"AS1:1\";\n key = \"x\"; };",
		 "2: interconnection: expected all three of 'certificate', 'key' and "
		 "'authorities', or none of them\n"},
		{"interconnection = { provider-id = \"AS1:1\";\n listen = [\"192.0.2.1:1\"]; };",
		 "3: interconnection: listen: needs 'certificate', 'key' and 'authorities'\n"},
		{"interconnection = { provider-id = \"AS64500:1\"; };\npeers = ( { name = \"b\"; "
		 "roles = [\"upstream\"]; identity = \"b\"; provider-id "
		 "= \"AS2:1\"; } );",
		 "3: configuration: the peer 'b' needs TLS: give interconnection a 'certificate', "
		 "'key' and 'authorities'\n"},
		{one("identity = \"b\";"), "3: peer 'b': roles: expected at least one role: "
					   "\"upstream\" or \"downstream\"\n"},
		{one("identity = \"b\"; roles = [\"sideways\"];"),
		 "4: peer 'b': roles: expected one of \"upstream\", \"downstream\", not "
		 "\"sideways\"\n"},
		{one("roles = [\"upstream\"];"), "3: peer 'b': 'identity' is missing\n"},
		{one("roles = [\"upstream\"]; identity = \"*.b.example\";"),
		 "4: peer 'b': identity: expected one DNS name, URI or IP address, without '*'\n"},
		{one(down + "address = \"192.0.2.1\";"),
		 "4: peer 'b': address: only a peer with plain-http is known by it\n"},
		{one("roles = [\"upstream\"]; plain-http = true;"),
		 "3: peer 'b': 'address' is missing\n"},
		{one("roles = [\"upstream\"]; plain-http = true; address = \"here\";"),
		 "4: peer 'b': address: 'here' is not an IP address\n"},
		{one(down + "plain-http = true; address = \"192.0.2.1\";"),
		 "4: peer 'b': identity: a peer with plain-http shows no certificate; give its "
		 "'address' instead\n"},
		{one("roles = [\"upstream\"]; identity = \"b\"; directory = \"https://b/\";"),
		 "4: peer 'b': directory: only a downstream peer has one; add the role or leave it "
		 "out\n"},
		{one(down + "hold-time = 15;"),
		 "4: peer 'b': hold-time: expected a number from 16 to 86400, not 15\n"},
		{one(down + "stale-time = 604801;"),
		 "4: peer 'b': stale-time: expected a number from 0 to 604800, not 604801\n"},
		{one(down + "max-hops = 0;"),
		 "4: peer 'b': max-hops: expected a number from 1 to 255, not 0\n"},
		{one(down + "limits = { entry = 1; };"),
		 "4: limits: unknown key 'entry'; known: entries, footprints, octets, "
		 "requests-per-second, "
		 "connections\n"},
		{one(down + "limits = { octets = 1023; };"),
		 "4: limits: octets: expected a number from 1024 to 1073741824, not 1023\n"},
		{one(down + "limits = 7;"),
		 "4: peer 'b': limits: expected a group of members, not a number\n"},
		{one(down + "disclose = \"all\";"),
		 "4: peer 'b': disclose: expected one of \"request-routers\", \"nodes\", not "
		 "\"all\"\n"},
		{one(down + "hosts = [\"a/b\"];"),
		 "4: peer 'b': hosts: expected \"host\" or \"host:port\", not \"a/b\"\n"},
	};
	for (const auto &c : cases) {
		EXPECT_FALSE(load(c.text)) << c.text;
		EXPECT_EQ(faults, c.said) << c.text;
	}
}

TEST_F(ConfigPeersTest, ProviderIdsAreChecked)
{
	for (const char *good : {"AS0:x", "AS64500:1", "AS4294967295:0", "AS1:a:b"})
		EXPECT_TRUE(
			load("interconnection = { provider-id = \"" + std::string(good) + "\"; };"))
			<< good << faults;
	for (const char *bad :
	     {"64500:1", "as64500:1", "AS:1", "AS64500", "AS64500:", "AS4294967296:1",
	      "AS99999999999:1", "AS064500:1", "AS1:a b", "AS1: ", "AS-1:1", "AS1.1:1", "AS 1:1"})
		EXPECT_FALSE(
			load("interconnection = { provider-id = \"" + std::string(bad) + "\"; };"))
			<< bad;
	EXPECT_TRUE(load("interconnection = { provider-id = \"AS1:" + std::string(124, 'x') +
			 "\"; };"));
	EXPECT_FALSE(load("interconnection = { provider-id = \"AS1:" + std::string(125, 'x') +
			  "\"; };"));
}

TEST_F(ConfigPeersTest, ListenAddressesAreChecked)
{
	for (const char *bad :
	     {"192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:80x", ":80",
	      "2001:db8::1:80", "[192.0.2.1]:80", "[2001:db8::1]", "[]:80", "[:80", "]:80",
	      "host:80", "192.0.2.1:-1", "192.0.2.1: 1", "192.0.2.1:000080"})
		EXPECT_FALSE(
			load("interconnection = { provider-id = \"AS1:1\"; listen-plain = [\"" +
			     std::string(bad) + "\"]; };"))
			<< bad;
}

TEST_F(ConfigPeersTest, UrlsAreChecked)
{
	for (const char *good : {"https://b.example", "https://b.example:8443/ri?x=1",
				 "https://[2001:db8::1]:1/", "https://192.0.2.1/"})
		EXPECT_TRUE(load(one(down + "redirection = \"" + good + "\";"))) << good << faults;
	for (const char *bad :
	     {"http://b.example/", "ftp://b.example/", "b.example/ri", "https://", "https:///x",
	      "https://u@b.example/", "https://u:p@b.example/", "https://b.example/#f",
	      "https://b.example:99999/", "https://b exa/", "file:///etc/passwd"})
		EXPECT_FALSE(load(one(down + "redirection = \"" + bad + "\";"))) << bad;
}

TEST_F(ConfigPeersTest, TwoPeersCannotBeTakenForEachOther)
{
	const std::string first = "peers = ( { name = \"b\"; roles = [\"upstream\"]; identity = "
				  "\"B.example\"; provider-id = \"AS1:1\"; },\n{ ";
	const struct {
		std::string second, said;
	} cases[] = {
		{"name = \"b\"; identity = \"c\"; provider-id = \"AS2:1\";",
		 "4: configuration: there are two peers with the name 'b'\n"},
		{"name = \"c\"; identity = \"b.Example\"; provider-id = \"AS2:1\";",
		 "4: configuration: the peers 'b' and 'c' have the same identity 'b.Example'\n"},
		{"name = \"c\"; identity = \"c\"; provider-id = \"AS1:1\";",
		 "4: configuration: the peers 'b' and 'c' have the same provider-id 'AS1:1'\n"},
		{"name = \"c\"; identity = \"c\"; provider-id = \"AS64500:1\";",
		 "4: configuration: the peer 'c' has our own provider-id 'AS64500:1'\n"},
	};
	for (const auto &c : cases) {
		EXPECT_FALSE(load(ours + first + c.second + " roles = [\"upstream\"]; } );"));
		EXPECT_EQ(faults, c.said);
	}
	EXPECT_FALSE(load(ours + "peers = ( { name = \"b\"; roles = [\"upstream\"]; plain-http = "
				 "true; address = \"2001:db8::1\"; provider-id = \"AS1:1\"; },\n"
				 "{ name = \"c\"; roles = [\"upstream\"]; plain-http = true; "
				 "address = \"2001:db8:0::1\"; provider-id = \"AS2:1\"; } );"));
	EXPECT_EQ(faults,
		  "4: configuration: the peers 'b' and 'c' have the same address 2001:db8::1\n");
}

TEST_F(ConfigPeersTest, ListsHaveAnEnd)
{
	std::string list, hosts;
	for (int i = 0; i <= LISTEN_MAX; i++) {
		list += std::string(i ? ", " : "") + "\"127.0.0.1:" + std::to_string(i + 1) + "\"";
		hosts += std::string(i ? ", " : "") + "\"h" + std::to_string(i) + "\"";
	}
	EXPECT_FALSE(load("interconnection = { provider-id = \"AS1:1\"; listen-plain = [" + list +
			  "]; };"));
	EXPECT_EQ(faults, "2: interconnection: listen-plain: at most 16 are possible\n");
	EXPECT_FALSE(load(one(down + "hosts = [" + hosts + "];")));
	EXPECT_EQ(faults, "4: peer 'b': hosts: at most 16 are possible\n");
	std::string peers;
	for (int i = 0; i <= PEERS_MAX; i++)
		peers += std::string(i ? "," : "") + "{ }";
	EXPECT_FALSE(load(ours + "peers = (" + peers + ");"));
	EXPECT_EQ(faults, "3: configuration: peers: at most 1024 are possible\n");
}

TEST_F(ConfigPeersTest, ChangesOfAPeerAreSeen)
{
	const std::string plain = "roles = [\"downstream\"]; identity = \"urn:cdn:b\"; ";
	ASSERT_TRUE(load(one(plain))) << faults;
	struct settings before = settings;
	settings = {};
	for (const char *more : {"directory = \"https://x/\";", "redirection = \"https://x/\";",
				 "hosts = [\"x\"];", "hold-time = 91;", "stale-time = 1;",
				 "lenient = true;", "max-hops = 5;", "disclose = \"nodes\";",
				 "limits = { entries = 1; };", "limits = { connections = 1; };"}) {
		ASSERT_TRUE(load(one(plain + more))) << faults;
		EXPECT_FALSE(config_peers_same(&before.peers.list[0], &peer())) << more;
	}
	ASSERT_TRUE(
		load(one("roles = [\"upstream\", \"downstream\"]; identity = \"urn:cdn:b\"; ")));
	EXPECT_FALSE(config_peers_same(&before.peers.list[0], &peer()));
	ASSERT_TRUE(load("\n\n" + one(plain)));
	EXPECT_TRUE(config_peers_same(&before.peers.list[0], &peer())) << "the line does not count";
	EXPECT_EQ(config_peers_find(&settings.peers, "b"), &peer());
	EXPECT_EQ(config_peers_find(&settings.peers, "c"), nullptr);
	settings_clear(&before);
}

TEST_F(ConfigPeersTest, AtAReloadOnlyWhereWeListenNeedsARestart)
{
	char changes[SETTINGS_CHANGES_MAX];
	const std::string base = "interconnection = { provider-id = \"AS1:1\"; certificate = "
				 "\"a\"; key = \"b\"; authorities = \"c\"; listen = "
				 "[\"192.0.2.1:1\"]; };";
	const struct {
		std::string text, changes;
	} cases[] = {
		{base, ""},
		{base + "peers = ( { name = \"b\"; roles = [\"upstream\"]; identity = \"b\"; "
			"provider-id = \"AS2:1\"; } );",
		 ""},
		{std::regex_replace(base, std::regex("\"a\""), "\"x\""), ""},
		{std::regex_replace(base, std::regex(":1\"\\]"), ":2\"]"), "interconnection"},
		{std::regex_replace(base, std::regex("AS1"), "AS3"), "interconnection"},
		{std::regex_replace(base, std::regex("listen"), "listen-plain"), "interconnection"},
		{"", "interconnection"},
	};
	for (const auto &c : cases) {
		ASSERT_TRUE(load(base)) << faults;
		struct settings before = settings;
		settings = {};
		ASSERT_TRUE(load(c.text)) << faults;
		EXPECT_EQ(settings_changes(&before, &settings, changes), c.changes) << c.text;
		settings_clear(&before);
	}
}

// What `turnoutctl save` writes of it reads back as the same.
TEST_F(ConfigPeersTest, TheJsonFormSaysEverything)
{
	for (const std::string &text :
	     {one(full), one(down),
	      one("roles = [\"upstream\"]; plain-http = true; address = \"2001:db8::9\";")}) {
		ASSERT_TRUE(load(text)) << faults;
		struct config_text out = {};
		json_t *side = config_peers_interconnection_json(&settings.interconnection),
		       *list = json_array();
		json_array_append_new(list, config_peers_json(&peer()));
		config_write_member(&out, "interconnection", side);
		config_write_member(&out, "peers", list);
		std::string written(out.at, out.len);
		config_text_clear(&out);
		json_decref(side);
		json_decref(list);
		struct settings before = settings;
		settings = {};
		ASSERT_TRUE(load(written)) << faults << written;
		EXPECT_TRUE(config_peers_same(&before.peers.list[0], &peer())) << written;
		EXPECT_STREQ(before.interconnection.key, settings.interconnection.key);
		settings_clear(&before);
	}
}

TEST_F(ConfigPeersTest, WithoutMemoryThereAreFaultsAndNoLeaks)
{
	ASSERT_TRUE(load(one(full)));
	long calls = 0;
	failing_malloc.reset(-1);
	load(one(full));
	calls = failing_malloc.calls;
	for (long i = 0; i < calls; i++) {
		struct faults list = {};
		std::string path = folder + "/t.conf";
		settings_clear(&settings);
		failing_malloc.reset(i);
		struct config_reading *reading = config_open(path.c_str(), &settings, &list);
		bool failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_TRUE(!failed || !reading || list.total ||
			    (settings.peers.n == 1 && settings.peers.list[0].n_hosts == 2))
			<< i;
		config_close(reading);
		faults_clear(&list);
	}
}

} // namespace
