/* config_advertise_test - what a peer is told, and damping, in a configuration: taken, written again, and each way to be wrong. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/config.h"
#include "control/config_advertise.h"
#include "control/config_peers.h"
}

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace
{

/* The members of two peers: "up", which is upstream, and "down", which is downstream. */
struct Config {
	struct settings settings = {};
	std::string faults, lines;

	Config(const std::string &up, const std::string &down,
	       const std::string &listen = "listen = [\"192.0.2.1:8443\"];",
	       const std::string &more = "")
	{
		char path[] = "/tmp/config_advertise.XXXXXX";
		close(mkstemp(path));
		std::ofstream(path) << "ports = ( { name = \"p\"; vdev = \"net_null0\"; addresses "
				       "= [\"192.0.2.1\"]; } );\n"
				    << "interconnection = { provider-id = \"AS1:1\"; certificate = "
				       "\"a\"; key = \"b\"; "
				       "authorities = \"c\"; "
				    << listen
				    << " };\npeers = ( { name = \"up\"; roles = [\"upstream\"]; "
				       "identity = \"u\"; "
				    << "provider-id = \"AS2:1\"; " << up
				    << " },\n{ name = \"down\"; roles = [\"downstream\"]; identity "
				       "= \"d\"; provider-id = "
				       "\"AS3:1\"; "
				    << down << " } );\n"
				    << more;
		struct faults list = {};
		struct config_reading *reading = config_open(path, &settings, &list);
		for (size_t i = 0; i < list.n; i++)
			faults += list.list[i].text + std::string("\n"),
				lines += std::to_string(list.list[i].line) + " ";
		faults_clear(&list);
		config_close(reading);
		unlink(path);
	}
	~Config()
	{
		settings_clear(&settings);
	}
	Config(const Config &) = delete;
	const struct peer_settings &peer(size_t i) const
	{
		return settings.peers.list[i];
	}
};

const char *const protocols =
	"advertise = ( { capability-type = \"FCI.DeliveryProtocol\"; "
	"capability-value = { delivery-protocols = [\"https/1.1\", \"http/1.1\"]; }; } );";

TEST(ConfigAdvertiseTest, WhatAPeerIsTold)
{
	Config none("", ""), some(protocols, "", "listen = [\"192.0.2.1:8443\"];"),
		cascade("cascade = [\"down\"];",
			"damping = { half-life = 600; suppress = 2000; };");
	EXPECT_EQ(none.faults + some.faults + cascade.faults, "");
	EXPECT_EQ(none.peer(0).advertise, nullptr);
	EXPECT_EQ(none.peer(1).damping.suppress, damping_defaults.suppress);
	EXPECT_NE(std::string(some.peer(0).advertise).find("[\"http/1.1\",\"https/1.1\"]"),
		  std::string::npos)
		<< "in canonical form";
	ASSERT_EQ(cascade.peer(0).n_cascade, 1u);
	EXPECT_STREQ(cascade.peer(0).cascade[0], "down");
	EXPECT_EQ(cascade.peer(1).damping.half_life, 600u);
	EXPECT_FALSE(config_peers_same(&none.peer(0), &some.peer(0)));
	EXPECT_FALSE(config_peers_same(&none.peer(0), &cascade.peer(0)));
	EXPECT_FALSE(config_peers_same(&none.peer(1), &cascade.peer(1)));
	EXPECT_TRUE(config_peers_same(&some.peer(1), &none.peer(1)));
	json_t *json = config_peers_json(&some.peer(0));
	EXPECT_EQ(json_array_size(json_object_get(json, "advertise")), 1u);
	EXPECT_EQ(json_object_get(json, "cascade"), nullptr);
	json_decref(json);
}

TEST(ConfigAdvertiseTest, WhatIsWrong)
{
	const struct {
		const char *up, *down, *fault;
	} cases[] = {
		{"", protocols, "advertise: only an upstream peer is told something"},
		{"", "cascade = [\"down\"];", "cascade: only an upstream peer is told something"},
		{"cascade = [\"up\"];", "", "there is no downstream peer 'up'"},
		{"cascade = [\"other\"];", "", "there is no downstream peer 'other'"},
		{"cascade = [5];", "", "cascade: expected a text"},
		{"advertise = ( { capability-type = \"FCI.DeliveryProtocol\"; } );", "",
		 "advertise: entry 0"},
		{"advertise = ( 5 );", "", "advertise: entry 0"},
		{"advertise = ( { capability-type = \"FCI.Metadata\"; capability-value = { "
		 "metadata = [ ]; "
		 "}; footprints = ( { footprint-type = \"altopid\"; footprint-value = [\"x\"]; } "
		 "); } );",
		 "", "altopid 'x': no footprint has the name"},
		{"advertise = ( { capability-type = \"FCI.Metadata\"; capability-value = { "
		 "metadata = [ ]; }; footprints = ( { footprint-type = \"altopid\"; "
		 "footprint-value = [\"a b\"]; } ); } );",
		 "", "'a b' is not the name of a PID"},
		{"", "damping = { reuse = 7000; };", "'reuse' has to be less than 'suppress'"},
		{"", "damping = { half-life = 1; };", "'max-suppress' has to be at most 32 times"},
		{"", "damping = { halflife = 1; };", "did you mean 'half-life'"},
	};
	for (const auto &c : cases) {
		Config config(c.up, c.down);
		EXPECT_NE(config.faults.find(c.fault), std::string::npos)
			<< c.up << c.down << ": " << config.faults;
	}
}

std::string with_pids(const std::string &footprints)
{
	return "advertise = ( { capability-type = \"FCI.Metadata\"; capability-value = { metadata "
	       "= "
	       "[ ]; }; footprints = (\n" +
	       footprints + " ); } );";
}

/* The third line of `up` is that of the PIDs. */
TEST(ConfigAdvertiseTest, PidsAreNamedFootprints)
{
	const std::string pids =
		"{ footprint-type = \"altopid\"; footprint-value = [\"home\", \"far\"]; }";
	const std::string
		home = "{ name = \"home\"; footprints = ( { footprint-type = \"ipv4cidr\"; "
		       "footprint-value = [\"192.0.2.0/24\"]; } ); }",
		far = "{ name = \"far\"; footprints = ( { footprint-type = ";
	const std::string list = "footprints = ( " + home + ", " + far;
	Config good(with_pids(pids), "", "listen = [\"192.0.2.1:8443\"];",
		    list + "\"ipv6cidr\"; footprint-value = [\"2001:db8::/32\"]; } ); } );");
	EXPECT_EQ(good.faults, "");
	EXPECT_NE(std::string(good.peer(0).advertise).find("[\"far\",\"home\"]"), std::string::npos)
		<< good.peer(0).advertise;
	Config tables(with_pids(pids), "", "listen = [\"192.0.2.1:8443\"];",
		      "tables = [ \"/nowhere.jsonl\" ];");
	EXPECT_EQ(tables.faults, "") << "they may name it";
	Config none(with_pids(pids), "", "listen = [\"192.0.2.1:8443\"];",
		    "footprints = ( " + home + " );");
	EXPECT_NE(none.faults.find("altopid 'far': no footprint has the name"), std::string::npos);
	EXPECT_EQ(none.faults.find("'home'"), std::string::npos);
	EXPECT_EQ(none.lines, "4 ");
	Config type(with_pids(pids), "", "listen = [\"192.0.2.1:8443\"];",
		    list + "\"asn\"; footprint-value = [\"as1\"]; } ); } );");
	EXPECT_NE(type.faults.find("altopid 'far': the footprint of that name is neither"),
		  std::string::npos);
	Config twice(with_pids(pids), "", "listen = [\"192.0.2.1:8443\"];",
		     list + "\"ipv4cidr\"; footprint-value = [\"192.0.2.0/24\"]; } ); } );");
	EXPECT_NE(twice.faults.find("altopid 'far': PID 'home' has 192.0.2.0/24 already"),
		  std::string::npos)
		<< twice.faults;
}

/* LL-16. */
TEST(ConfigAdvertiseTest, EachDownstreamPeerCanHaveADri)
{
	const char *fault = "peer 'down' has no DRI source";
	EXPECT_NE(Config("", "", "").faults.find(fault), std::string::npos);
	EXPECT_EQ(Config("", "directory = \"https://d/\";", "").faults, "");
	EXPECT_EQ(Config("", "redirection = \"https://d/\";", "").faults, "");
	EXPECT_EQ(Config("", "").faults, "") << "it may push them";
	EXPECT_EQ(Config("", "", "",
			 "cdns = ( { name = \"down\"; } ); dris = ( { cdn = \"down\"; http-target "
			 "= { host "
			 "= \"d\"; }; } );")
			  .faults.find(fault),
		  std::string::npos);
}

} // namespace
