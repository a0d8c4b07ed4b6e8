/* config_test - configuration files: what reaches settings and compiler, and each fault with its place and text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/config_box.h"

namespace
{

std::string sample_path()
{
	return std::string(getenv("TURNOUT_SOURCE") ?: ".") + "/configs/turnout.conf.sample";
}

TEST_F(ConfigTest, SampleGivesEveryObject)
{
	ASSERT_TRUE(load(sample_path())) << faults;
	EXPECT_EQ(compiler.all(),
		  "footprint home 0[198.51.100.0/24 203.0.113.0/24]\n"
		  "footprint campus 5[0[192.0.2.0/25]1[2001:db8:1::/48]]\n"
		  "cdn b AS64496:1 up without 1 hosts\n"
		  "node origin - up\n"
		  "dri cdn b for vod.cdn.example dns router.b.example[] 60 http https "
		  "router.b.example:8443 /oc/7/\n"
		  "dri node origin dns -[192.0.2.80 "
		  "2001:db8::80] 60 http - origin.cdn.example -\n"
		  "advert cdn:b FCI.DeliveryProtocol 6 1\nzone cdn.example ns1.cdn.example "
		  "hostmaster.cdn.example 1 7200 900 1209600 60 "
		  "3600 "
		  "ns1.cdn.example[192.0.2.53 2001:db8::53]\n"
		  "distinguished in.cdn.example /cdni/\n"
		  "fallback node origin\n"
		  "scope {\"candidates\":[{\"cdn\":\"b\",\"weight\":3},{\"node\":\"origin\"}],"
		  "\"fallback\":{\"node\":\"origin\"},\"footprints\":[\"home\",{\"footprint-type\":"
		  "\"ipv4cidr\",\"footprint-value\":[\"198.51.100.0/25\"]}],\"headers\":[{\"name\":"
		  "\"user-agent\",\"regex\":\"SmartTV\"}],\"hosts\":[\"vod.cdn.example\","
		  "\"*.live.cdn.example\"],\"name\":\"vod\",\"paths\":[\"/movies/\"],\"patterns\":"
		  "[{\"pattern\":\"/*/trailer-?.mp4\"}],\"policy\":\"weighted\",\"protocols\":"
		  "[\"http\",\"https\"],\"query-regex\":\"(^|&)quality=hd(&|$)\",\"regexes\":"
		  "[\"^/clips/"
		  "[0-9]+\\\\.ts$\"],\"times\":[{\"end\":4102444800,\"start\":1735689600}]}\n"
		  "scope "
		  "{\"action\":\"deny\",\"dns-deny\":\"nxdomain\",\"hosts\":[\"old.cdn.example\"],"
		  "\"name\":\"blocked\",\"protocols\":[\"dns\"],\"qtypes\":[\"A\",\"AAAA\","
		  "\"TYPE65\"]}\n");
}

TEST_F(ConfigTest, SampleSaysTheDefaults)
{
	ASSERT_TRUE(load(sample_path())) << faults;
	struct settings sample = settings;
	settings = {};
	ASSERT_TRUE(load_text("ports = ( { name = \"edge0\"; vdev = \"net_af_packet0,iface=eth1\";"
			      "addresses = [ \"192.0.2.53\", \"2001:db8::53\" ]; } );"));
	char changes[SETTINGS_CHANGES_MAX];
	EXPECT_STREQ(settings_changes(&sample, &settings, changes), "");
	settings_clear(&sample);
}

TEST_F(ConfigTest, SettingsAreTaken)
{
	ASSERT_TRUE(load_text(
		"eal = { hugepages = false; memory = 64; prefix = \"t-1\"; arguments = [\"--x\", "
		"\"y\"]; };\n"
		"workers = { count = 2; cpus = [3, 1]; control-cpu = 0; idle = \"sleep\"; };\n"
		"ports = ( { name = \"a\"; device = \"0000:01:00.0\"; addresses = [\"192.0.2.1\", "
		"\"::1\"]; mtu = 9000;"
		" rx-descriptors = 64; tx-descriptors = 128; mbufs = 2048; },\n"
		"  { name = \"b\"; vdev = \"net_null0\"; addresses = [\"192.0.2.2\"]; } );\n"
		"tcp = { cookie-keys = [\"000102030405060708090a0b0c0d0e0f\", "
		"\"FFffFFffFFffFFffFFffFFffFFffFFff\"]; connections = 7; buffers = 3; "
		"buffer-size = 4096; idle = 60; };\n"
		"dns = { udp-size = 4096; client-subnet = false; client-subnet-trusted = "
		"[\"192.0.2.0/24\", \"2001:db8::/32\"]; cookies = \"required\"; cookie-secrets = "
		"[\"e5e973e5a6b2a43f48e7dc849e37bfcf\"]; nsid = \"0x00ff\"; version = \"v 1\"; "
		"id = \"edge\"; error-text = true; fragments = 0; rate-limit = { per-second = 5; "
		"slip = 0; ipv4-prefix = 32; ipv6-prefix = 64; table = 2048; exempt = "
		"[\"198.51.100.7\"]; }; };\n"
		"http = { head-max = 1024; uri-max = 600; methods = \"redirect\"; retry-after = 7; "
		"};\n"
		"control = { socket = \"/tmp/x.sock\"; };\n"
		"state = { file = \"/tmp/x.db\"; sync = \"full\"; };\n"))
		<< faults;
	const struct settings &s = settings;
	EXPECT_FALSE(s.hugepages);
	EXPECT_EQ(s.memory, 64u);
	EXPECT_STREQ(s.prefix, "t-1");
	ASSERT_EQ(s.n_eal_arguments, 2u);
	EXPECT_STREQ(s.eal_arguments[1], "y");
	EXPECT_EQ(s.n_workers, 2u);
	ASSERT_EQ(s.n_cpus, 2u);
	EXPECT_EQ(s.cpus[0], 3u);
	EXPECT_EQ(s.control_cpu, 0);
	EXPECT_EQ(s.idle, IDLE_SLEEP);
	ASSERT_EQ(s.n_ports, 2u);
	EXPECT_STREQ(s.ports[0].device, "0000:01:00.0");
	EXPECT_EQ(s.ports[0].vdev, nullptr);
	EXPECT_EQ(s.ports[0].mtu, 9000);
	EXPECT_EQ(s.ports[0].rx_descriptors, 64);
	EXPECT_EQ(s.ports[0].tx_descriptors, 128);
	EXPECT_EQ(s.ports[0].mbufs, 2048u);
	EXPECT_EQ(s.ports[0].n_addresses, 2u);
	EXPECT_EQ(s.ports[0].addresses[1].family, 6);
	EXPECT_EQ(s.ports[1].line, 4u);
	ASSERT_EQ(s.n_cookie_keys, 2u);
	EXPECT_EQ(s.tcp.connections, 7u);
	EXPECT_EQ(s.tcp.buffers, 3u);
	EXPECT_EQ(s.tcp.buffer, 4096u);
	EXPECT_EQ(s.tcp.idle_ms, 60000u);
	EXPECT_EQ(s.cookie_keys[0][15], 0x0f);
	EXPECT_EQ(s.cookie_keys[1][0], 0xff);
	EXPECT_EQ(s.dns.udp_size, 4096);
	EXPECT_FALSE(s.dns.client_subnet);
	ASSERT_EQ(s.dns.trusted_subnets.n, 2u);
	EXPECT_EQ(s.dns.trusted_subnets.list[1].len, 32);
	EXPECT_EQ(s.dns.cookies, DNS_COOKIES_REQUIRED);
	ASSERT_EQ(s.dns.n_secrets, 1u);
	EXPECT_EQ(s.dns.secrets[0][15], 0xcf);
	ASSERT_EQ(s.dns.nsid_len, 2);
	EXPECT_EQ(s.dns.nsid[1], 0xff);
	EXPECT_STREQ(s.dns.version, "v 1");
	EXPECT_STREQ(s.dns.id, "edge");
	EXPECT_TRUE(s.dns.error_text);
	EXPECT_EQ(s.dns.fragments, 0u);
	EXPECT_EQ(s.dns.rate.per_second, 5u);
	EXPECT_EQ(s.dns.rate.burst, 0u);
	EXPECT_EQ(s.dns.rate.slip, 0u);
	EXPECT_EQ(s.dns.rate.ipv4_prefix, 32);
	EXPECT_EQ(s.dns.rate.ipv6_prefix, 64);
	EXPECT_EQ(s.dns.rate.table, 2048u);
	EXPECT_EQ(s.dns.rate.exempt.n, 1u);
	EXPECT_EQ(s.http.limits.head_max, 1024u);
	EXPECT_EQ(s.http.limits.uri_max, 600u);
	EXPECT_TRUE(s.http.limits.any_method);
	EXPECT_EQ(s.http.retry_after, 7u);
	EXPECT_STREQ(s.socket, "/tmp/x.sock");
	EXPECT_STREQ(s.state_file, "/tmp/x.db");
	EXPECT_TRUE(s.state_sync_full);
}

TEST_F(ConfigTest, ChangesAreNamedByPart)
{
	const struct {
		const char *add, *changes;
	} cases[] = {
		{"", ""},
		{"eal = { memory = 1; };", "eal"},
		{"eal = { arguments = [\"-x\"]; };", "eal"},
		{"workers = { idle = \"sleep\"; };", "workers"},
		{"control = { drain = 0; };", "control"},
		{"tcp = { cookie-keys = [\"00000000000000000000000000000000\"]; };", "tcp"},
		{"tcp = { idle = 11; };", "tcp"},
		{"dns = { udp-size = 1400; }; control = { socket = \"/x\"; };", "dns, control"},
		{"dns = { rate-limit = { slip = 1; }; };", "dns"},
		{"dns = { cookie-secrets = [\"00000000000000000000000000000000\"]; };", "dns"},
		{"http = { retry-after = 2; };", "http"},
		{"http = { uri-max = 100; };", "http"},
		{"http = { json-locations = true; };", "http"},
		{"http = { proxy = \"forwarded\"; trusted-proxies = [\"10.0.0.0/8\"]; };", "http"},
		{"http = { bodies = ( { status = 404; text = \"x\"; } ); };", "http"},
		{"http = { methods = \"redirect\"; };", "http"},
		{"state = { file = \"/x\"; };", "state"},
		{"state = { sync = \"full\"; };", "state"},
		{"nodes = ( { name = \"n\"; } );", ""},
	};
	for (const auto &c : cases) {
		ASSERT_TRUE(load_text(port)) << faults;
		struct settings old = settings;
		settings = {};
		ASSERT_TRUE(load_text(port + std::string(c.add))) << faults;
		char changes[SETTINGS_CHANGES_MAX];
		EXPECT_STREQ(settings_changes(&old, &settings, changes), c.changes) << c.add;
		settings_clear(&old);
	}
}

TEST_F(ConfigTest, AKeyMadeAtStartIsNoChange)
{
	ASSERT_TRUE(load_text(port)) << faults;
	struct settings running = settings;
	running.n_cookie_keys = 1;
	running.cookie_keys[0][0] = 5;
	char changes[SETTINGS_CHANGES_MAX];
	EXPECT_STREQ(settings_changes(&running, &settings, changes), "tcp");
	running.cookie_key_made = true;
	EXPECT_STREQ(settings_changes(&running, &settings, changes), "");
	settings.n_cookie_keys = 1;
	EXPECT_STREQ(settings_changes(&running, &settings, changes), "tcp");
}

TEST_F(ConfigTest, FaultsHaveLineAndText)
{
	const struct {
		const char *add, *faults;
	} cases[] = {
		{"colour = 1;",
		 "t.conf:2: configuration: unknown key 'colour'; known: eal, "
		 "workers, ports, tcp, dns, recursion, control, state, http, interconnection, "
		 "peers, signing, geo, footprints, cdns, nodes, dris, adverts, zones, "
		 "distinguished, fallback, scopes, tables\n"},
		{"zoned = ();",
		 "t.conf:2: configuration: unknown key 'zoned'; did you mean 'zones'?\n"},
		{"eal = 5;",
		 "t.conf:2: configuration: eal: expected a group of members, not a number\n"},
		{"eal = { memory = -1; };",
		 "t.conf:2: eal: memory: expected a number from 0 to 1048576, not -1\n"},
		{"eal = { memory = 1.5; };", "t.conf:2: eal: memory: expected a number from 0 to "
					     "1048576, not a number with a fraction\n"},
		{"eal = {\n hugepages = 1; };",
		 "t.conf:3: eal: hugepages: expected true or false, not a number\n"},
		{"eal = { prefix = \"a/b\"; };",
		 "t.conf:2: eal: prefix: expected at most 32 letters, digits, '-' and '_'\n"},
		{"eal = { prefix = \"\"; };", "t.conf:2: eal: prefix: expected a text of 1 to 4096 "
					      "octets without control characters\n"},
		{"workers = { count = 65; };",
		 "t.conf:2: workers: count: expected a number from 1 to 64, not 65\n"},
		{"workers = { cpus = [1, 2]; };",
		 "t.conf:2: workers: cpus: expected one CPU for each of the 1 workers, not 2\n"},
		{"workers = { cpus = [-4]; };",
		 "t.conf:2: workers: cpus: expected numbers from 0 to 1023\n"},
		{"workers = { idle = \"nap\"; };",
		 "t.conf:2: workers: idle: expected one of \"poll\", \"sleep\", not \"nap\"\n"},
		{"tcp = { cookie-keys = [\"0011\"]; };",
		 "t.conf:2: tcp: cookie-keys: key 1 is not 32 hexadecimal digits\n"},
		{"tcp = { cookie-keys = [\"000102030405060708090a0b0c0d0e0f0\"]; };",
		 "t.conf:2: tcp: cookie-keys: key 1 is not 32 hexadecimal digits\n"},
		{"tcp = { buffer-size = 4095; };",
		 "t.conf:2: tcp: buffer-size: expected a number from 4096 to 131072, not 4095\n"},
		{"tcp = { idle = 0; };",
		 "t.conf:2: tcp: idle: expected a number from 1 to 3600, not 0\n"},
		{"http = { head-max = 511; };",
		 "t.conf:2: http: head-max: expected a number from 512 to 65535, not 511\n"},
		{"http = { head-max = 600;\n uri-max = 601; };",
		 "t.conf:3: http: uri-max: expected at most the 600 octets of head-max\n"},
		{"http = { bodies = ( { status = 200; text = \"x\"; } ); };",
		 "t.conf:2: body: status: expected one that requests are answered with\n"},
		{"http = { bodies = ( { status = 404; } ); };",
		 "t.conf:2: body: expected one of 'text' and 'file'\n"},
		{"http = { bodies = ( { status = 404; text = \"x\"; },\n"
		 "{ status = 404; text = \"y\"; } ); };",
		 "t.conf:3: http: bodies: there are two for the status 404\n"},
		{"http = { bodies = ( { status = 404; text = \"x\"; type = \"a\\tb\"; } ); };",
		 "t.conf:2: body: type: expected a text of 1 to 4096 octets without control "
		 "characters\n"},
		{"http = { bodies = ( { status = 404; file = \"/none/x\"; } ); };",
		 "t.conf:2: body: file: /none/x: No such file or directory\n"},
		{"http = { proxy = \"forwarded\"; };",
		 "t.conf:2: http: expected both of 'proxy' and 'trusted-proxies', or none\n"},
		{"http = { trusted-proxies = [\"10.0.0.0/8\"]; };",
		 "t.conf:2: http: expected both of 'proxy' and 'trusted-proxies', or none\n"},
		{"http = { proxy = \"forwarded\"; trusted-proxies = [\"10.0.0.1/8\"]; };",
		 "t.conf:2: http: trusted-proxies: '10.0.0.1/8' is not an address prefix\n"},
		{"dns = { udp-size = 511; };",
		 "t.conf:2: dns: udp-size: expected a number from 512 to 4096, not 511\n"},
		{"dns = { client-subnet-trusted = [\"192.0.2.1/24\"]; };",
		 "t.conf:2: dns: client-subnet-trusted: '192.0.2.1/24' is not an address prefix\n"},
		{"dns = { cookie-secrets = [\"00\"]; };",
		 "t.conf:2: dns: cookie-secrets: key 1 is not 32 hexadecimal digits\n"},
		{"dns = { nsid = \"0x0\"; };", "t.conf:2: dns: nsid: expected 1 to 128 octets\n"},
		{"dns = { nsid = \"0x0g\"; };",
		 "t.conf:2: dns: nsid: expected pairs of hexadecimal digits after 0x\n"},
		{"dns = { cookies = \"yes\"; };", "t.conf:2: dns: cookies: expected one of "
						  "\"off\", \"on\", \"required\", not \"yes\"\n"},
		{"dns = { rate-limit = { slip = 256; }; };",
		 "t.conf:2: rate-limit: slip: expected a number from 0 to 255, not 256\n"},
		{"control = { drain = 60001; };",
		 "t.conf:2: control: drain: expected a number from 0 to 60000, not 60001\n"},
		{"control = { socket = \"x\"; };", "t.conf:2: control: socket: expected a path of "
						   "at most 107 octets that starts with '/'\n"},
		{"state = { file = \"x\"; };",
		 "t.conf:2: state: file: expected a path that starts with '/'\n"},
		{"state = { sync = \"never\"; };", "t.conf:2: state: sync: expected one of "
						   "\"normal\", \"full\", not \"never\"\n"},
		{"cdns = ( { state = \"up\"; } );", "t.conf:2: cdn: 'name' is missing\n"},
		{"cdns = ( { name = \"b\";\n state = \"dawn\"; } );",
		 "t.conf:3: cdn 'b': state: expected one of \"up\", \"drain\", \"down\", not "
		 "\"dawn\"\n"},
		{"nodes = ( { name = \"n\"; provider-id = \"x\"; } );",
		 "t.conf:2: node 'n': unknown key 'provider-id'; known: name, state\n"},
		{"cdns = ( \"b\" );", "t.conf:2: cdn: expected a group of members, not a text\n"},
		{"dris = ( { cdn = \"b\"; } );",
		 "t.conf:2: dri: expected 'dns-target', 'http-target' or both\n"},
		{"dris = ( { cdn = \"b\"; node = \"n\"; dns-target = { host = \"x\"; }; } );",
		 "t.conf:2: dri: expected one of 'cdn' and 'node'\n"},
		{"dris = ( { cdn = \"b\"; dns-target = { ttl = 5; }; } );",
		 "t.conf:2: dns-target: expected one of 'host', 'addresses' and 'label'\n"},
		{"dris = ( { cdn = \"b\"; dns-target = { host = \"x\"; addresses = [\"::1\"]; }; } "
		 ");",
		 "t.conf:2: dns-target: expected one of 'host', 'addresses' and 'label'\n"},
		{"dris = ( { cdn = \"b\"; dns-target = { addresses = [\n\"1.2.3\"]; }; } );",
		 "t.conf:3: dns-target: addresses: '1.2.3' is not an IP address\n"},
		{"dris = ( { cdn = \"b\"; http-target = { scheme = \"ftp\"; }; } );",
		 "t.conf:2: http-target: 'host' is missing\n"
		 "t.conf:2: http-target: scheme: expected one of \"http\", \"https\", not "
		 "\"ftp\"\n"},
		{"zones = ( { name = \"z\"; servers = (); } );",
		 "t.conf:2: zone 'z': servers: expected at least one name server\n"},
		{"zones = ( { name = \"z\"; } );",
		 "t.conf:2: zone 'z': servers: expected at least one name server\n"},
		{"footprints = ( { name = \"f\"; footprints = ( \"other\" ); } );",
		 "t.conf:2: footprint: expected a group of members, not a text\n"},
		{"footprints = ( { name = \"f\"; footprints = ( { footprint-type = \"planet\"; "
		 "footprint-value = [\"x\"]; "
		 "} ); } );",
		 "t.conf:2: footprint: footprint-type: 'planet' is not known; expected ipv4cidr, "
		 "ipv6cidr, asn, "
		 "countrycode, subdivisioncode or footprintunion\n"},
		{"footprints = ( { name = \"f\"; footprints = ( { footprint-type = "
		 "\"footprintunion\"; footprint-value = ("
		 "{ footprint-type = \"footprintunion\"; footprint-value = ( 1 ); } ); } ); } );",
		 "t.conf:2: footprint: a footprintunion cannot stand within another one\n"},
		{"fallback = { cdn = 5; };",
		 "t.conf:2: fallback: cdn: expected a text, not a number\n"},
		{"scopes = ( { name = \"s\"; } );",
		 "t.conf:2: scope 's': hosts: expected at least one host (\"*\" is any)\n"},
		{"scopes = ( { name = \"s\"; hosts = \"x\"; } );",
		 "t.conf:2: scope 's': hosts: expected a list, not a text\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"]; qtypes = [\"TYPE65536\"]; } );",
		 "t.conf:2: scope 's': qtypes: 'TYPE65536' is not a DNS record type; expected a "
		 "name as A or AAAA, or "
		 "TYPEnnn\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"]; cache-control = \"a\\rb\"; } );",
		 "t.conf:2: scope 's': cache-control: expected a text of 1 to 4096 octets without "
		 "control "
		 "characters\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"]; cache-control = -1; } );",
		 "t.conf:2: scope 's': cache-control: expected a number from 0 to 2147483647, not "
		 "-1\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"]; cache-control = \"max-age=1 2\"; } "
		 ");",
		 "t.conf:2: scope 's': cache-control: expected seconds, or directives as "
		 "\"no-store\", of at most 128 octets\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"]; http-status = 304; } );",
		 "t.conf:2: scope 's': http-status: expected 301, 302, 303, 307 or 308\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"]; times = ( { start = 5; end = 5; } ); "
		 "} );",
		 "t.conf:2: time: start has to be before end\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"]; headers = ( { name = \"a b\"; regex "
		 "= \"x\"; } ); } );",
		 "t.conf:2: header 'a b': name: expected the name of a header field of at most 64 "
		 "octets\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"]; headers = ( { name = \"Ab\"; regex = "
		 "\"x\"; z = 1; } ); } );",
		 "t.conf:2: header 'Ab': unknown key 'z'; known: name, regex\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"]; candidates = ( { cdn = \"b\"; weight "
		 "= 0; } ); } );",
		 "t.conf:2: candidate: weight: expected a number from 1 to 65535, not 0\n"},
		{"scopes = ( { name = \"s\"; hosts = [\"x\"];\n\n priority = 40000; polcy = "
		 "\"hash\"; } );",
		 "t.conf:4: scope 's': priority: expected a number from -32768 to 32767, not "
		 "40000\n"
		 "t.conf:4: scope 's': unknown key 'polcy'; did you mean 'policy'?\n"},
		{"tables = [ 1 ];",
		 "t.conf:2: configuration: tables: expected a text, not a number\n"},
		{"tables = [ \"none.jsonl\" ];", nullptr},
		{"eal = { prefix = \"\\xff\"; };", "t.conf:2: prefix: the text is not in UTF-8\n"},
		{"x = ((((((((((((((((((((((((((((((((()))))))))))))))))))))))))))))))));",
		 "t.conf:2: more than 32 groups and lists within each other\n"},
		{"zones = ( { serial = 4294967295; } );",
		 "t.conf:2: the number 4294967295 is too large; write it with the suffix L if it "
		 "has at most 64 bits\n"},
		{"zones = ( { serial = 0x80000000; } );",
		 "t.conf:2: the number 0x80000000 is too large; write it with the suffix L if it "
		 "has at most 64 bits\n"},
		{"zones = ( { serial = 99999999999999999999L; } );",
		 "t.conf:2: the number 99999999999999999999 is too large; write it with the suffix "
		 "L if it has at most "
		 "64 bits\n"},
		{"eal = {\n", "t.conf:3: syntax error\n"},
		{"eal = {};\neal = {};", "t.conf:3: duplicate setting name\n"},
		{"@include \"nothing.conf\"\n", "t.conf:2: cannot open include file\n"},
	};
	for (const auto &c : cases) {
		EXPECT_FALSE(load_text(port + std::string(c.add))) << c.add;
		if (c.faults)
			EXPECT_EQ(faults, c.faults) << c.add;
		else
			EXPECT_EQ(
				faults,
				"t.conf:2: table file '" + folder +
					"/none.jsonl' cannot be read: No such file or directory\n");
	}
}

TEST_F(ConfigTest, LargeNumbersInTextCommentAndNamesAreNoNumbers)
{
	EXPECT_TRUE(
		load_text(port + std::string("# 99999999999\n// 99999999999\n/* 99999999999 */\n"
					     "nodes = ( { name = \"n\\\"99999999999\"; } );\n"
					     "zones = ( { name = \"z\"; serial = 4294967295L;"
					     " servers = ( { name = \"n\"; } ); } );\n")))
		<< faults;
	EXPECT_EQ(compiler.all(), "node n\"99999999999 - up\n"
				  "zone z - - 4294967295 7200 900 1209600 60 3600 n[]\n");
}

TEST_F(ConfigTest, PortsAreNeeded)
{
	const struct {
		const char *text, *faults;
	} cases[] = {
		{"", "t.conf:0: configuration: ports: expected at least one port\n"},
		{"ports = ();", "t.conf:1: configuration: ports: expected at least one port\n"},
		{"ports = ( { } );",
		 "t.conf:1: port: 'name' is missing\n"
		 "t.conf:1: port: expected one of 'device' (a PCI address) and 'vdev' (a virtual "
		 "device)\n"
		 "t.conf:1: port: addresses: expected at least one IP address\n"},
		{"ports = ( { name = \"p\"; vdev = \"v\"; device = \"d\"; addresses = [\"::1\"]; } "
		 ");",
		 "t.conf:1: port 'p': expected one of 'device' (a PCI address) and 'vdev' (a "
		 "virtual device)\n"},
		{"ports = ( { name = \"p\"; vdev = \"v\"; addresses = [\"::1\"]; },\n"
		 " { name = \"p\"; vdev = \"w\"; addresses = [\"::1\"]; } );",
		 "t.conf:2: configuration: there are two ports with the name 'p'\n"},
	};
	for (const auto &c : cases) {
		EXPECT_FALSE(load_text(c.text));
		EXPECT_EQ(faults, c.faults) << c.text;
	}
	EXPECT_FALSE(load(folder + "/nothing"));
	EXPECT_EQ(faults, "nothing:0: cannot be read: No such file or directory\n");
}

TEST_F(ConfigTest, AllFaultsAreReportedAndGoodObjectsGoOn)
{
	EXPECT_FALSE(load_text(
		port +
		std::string("cdns = ( { name = 1; },\n { name = \"b\"; },\n { nam = \"c\"; } );\n"
			    "nodes = ( { name = \"n\"; x = 1; y = 2; } );\n")));
	EXPECT_EQ(faults, "t.conf:2: cdn: name: expected a text, not a number\n"
			  "t.conf:4: cdn: 'name' is missing\n"
			  "t.conf:4: cdn: unknown key 'nam'; did you mean 'name'?\n"
			  "t.conf:5: node 'n': unknown key 'x'; known: name, state\n"
			  "t.conf:5: node 'n': unknown key 'y'; known: name, state\n");
	EXPECT_EQ(compiler.all(), "cdn b - up\n");
}

TEST_F(ConfigTest, IncludedFilesHaveTheirOwnPlaces)
{
	write("cdns.conf", "\ncdns = ( { name = \"b\"; },\n { name = 5; } );\nx = 3000000000;\n");
	EXPECT_FALSE(load_text(port + std::string("@include \"cdns.conf\"\n")));
	EXPECT_EQ(faults, "cdns.conf:4: the number 3000000000 is too large; write it with the "
			  "suffix L if it has at most "
			  "64 bits\n");
	write("cdns.conf", "\ncdns = ( { name = \"b\"; },\n { name = 5; } );\n");
	EXPECT_FALSE(load_text(
		port + std::string("@include \"cdns.conf\"\nnodes = ( { name = \"n\"; } );\n")));
	EXPECT_EQ(faults, "cdns.conf:3: cdn: name: expected a text, not a number\n");
	ASSERT_EQ(compiler.calls.size(), 2u);
	EXPECT_EQ(compiler.calls[0].file, folder + "/cdns.conf");
	EXPECT_EQ(compiler.calls[0].line, 2u);
	EXPECT_EQ(compiler.calls[1].file, folder + "/t.conf");
	EXPECT_EQ(compiler.calls[1].line, 3u);
}

TEST_F(ConfigTest, GeoPathsCountFromTheFolder)
{
	ASSERT_TRUE(
		load_text(port + std::string("geo = { databases = [\"a.mmdb\", \"/b.mmdb\"]; };")))
		<< faults;
	EXPECT_EQ(geo, (std::vector<std::string>{folder + "/a.mmdb", "/b.mmdb"}));
	EXPECT_EQ(geo_line, 2u);
	ASSERT_TRUE(load_text(port));
	EXPECT_TRUE(geo.empty());
}

} // namespace
