/* metadata_compile_test - the scopes of some metadata, word by word, and those of random metadata against the text of the RFC. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/metadata_world.h"

#include <gtest/gtest.h>
#include <random>

namespace
{

std::string generic(const std::string &type, const std::string &value, const std::string &more = "")
{
	return R"({"generic-metadata-type":")" + type + R"(","generic-metadata-value":)" + value +
	       more + "}";
}

std::string host(const std::string &name, const std::string &metadata,
		 const std::string &paths = "")
{
	return R"({"host":")" + name + R"(","host-metadata":{"metadata":[)" + metadata + "]" +
	       (paths.empty() ? "" : ",\"paths\":[" + paths + "]") + "}}";
}

std::string path(const std::string &pattern, const std::string &metadata,
		 const std::string &paths = "")
{
	return R"({"path-pattern":{"pattern":")" + pattern + R"("},"path-metadata":{"metadata":[)" +
	       metadata + "]" + (paths.empty() ? "" : ",\"paths\":[" + paths + "]") + "}}";
}

std::string index(const std::string &hosts)
{
	return R"({"hosts":[)" + hosts + "]}";
}

std::string prefixes(const std::string &action, const std::string &list)
{
	return R"({"action":")" + action +
	       R"(","footprints":[{"footprint-type":"ipv4cidr","footprint-value":[)" + list +
	       "]}]}";
}

std::string acl(const std::string &rules)
{
	return generic("MI.LocationACL", R"({"locations":[)" + rules + "]}");
}

std::string ask(MetadataWorld &world, const std::string &path, const std::string &client,
		const std::string &protocol = "http", uint64_t now = 10)
{
	return world.ask({protocol, "h.t", path, client, now});
}

TEST(metadata_compile, no_lists_allow_all)
{
	MetadataWorld world(index(host("H.t:443", "")));
	EXPECT_TRUE(world.good) << world.said;
	EXPECT_EQ(world.all(), "{\"scope\":{\"candidates\":[{\"cdn\":\"b\"}],\"name\":\"md:h.t#0\","
			       "\"hosts\":[\"h.t\"],\"protocols\":[\"dns\"],"
			       "\"priority\":1000}}\n"
			       "{\"scope\":{\"candidates\":[{\"cdn\":\"b\"}],\"name\":\"md:h.t#1\","
			       "\"hosts\":[\"h.t\"],\"protocols\":[\"http\",\"https\"],"
			       "\"priority\":999}}\n");
	EXPECT_EQ(ask(world, "/x", "10.0.0.1"), "allow");
	EXPECT_EQ(world.ask({"http", "other.t", "/", "10.0.0.1", 10}), "none");
}

/* Traps 1 and 4: denied by default in three places. */
TEST(metadata_compile, a_list_denies_what_it_does_not_allow)
{
	for (const char *rules :
	     {"", R"({"footprints":[]})",
	      R"({"footprints":[{"footprint-type":"ipv4cidr","footprint-value":["10.0.0.0/8"]}]})"}) {
		MetadataWorld world(index(host("h.t", acl(rules))));
		EXPECT_TRUE(world.good) << world.said;
		EXPECT_EQ(json_array_size(world.scopes.objects), 2u)
			<< "one for DNS, one for HTTP: " << world.all();
		EXPECT_EQ(ask(world, "/", "10.0.0.1"), "deny") << rules;
		EXPECT_EQ(ask(world, "/", "11.0.0.1"), "deny") << rules;
		EXPECT_EQ(ask(world, "/", "11.0.0.1", "dns"), "deny") << rules;
	}
	MetadataWorld absent(index(host("h.t", generic("MI.LocationACL", "{}"))));
	EXPECT_EQ(ask(absent, "/", "10.0.0.1"), "allow") << "the list is absent";
	MetadataWorld blocked(index(host("h.t", acl(prefixes("deny", "\"10.0.0.0/8\"") + "," +
						    prefixes("allow", "\"0.0.0.0/0\"")))));
	EXPECT_EQ(ask(blocked, "/", "10.0.0.1"), "deny");
	EXPECT_EQ(ask(blocked, "/", "11.0.0.1"), "allow");
	EXPECT_EQ(ask(blocked, "/", "2001:db8::1"), "deny");
}

/* The example of the fact sheet's section 4 but for the geographic ones, which need a database. */
TEST(metadata_compile, footprints_of_a_rule_are_alternatives)
{
	MetadataWorld world(index(host(
		"h.t",
		acl(R"({"action":"deny","footprints":[{"footprint-type":"ipv4cidr","footprint-value":["198.51.100.7/32"]}]},
		{"action":"allow","footprints":[{"footprint-type":"ipv4cidr","footprint-value":["198.51.100.0/24"]},
		{"footprint-type":"footprintunion","footprint-value":[{"footprint-type":"ipv4cidr","footprint-value":["192.0.2.0/25"]},
		{"footprint-type":"ipv6cidr","footprint-value":["2001:db8:11::/48"]}]}]})"))));
	ASSERT_TRUE(world.good) << world.said;
	EXPECT_EQ(ask(world, "/", "198.51.100.7"), "deny");
	EXPECT_EQ(ask(world, "/", "198.51.100.8"), "allow");
	EXPECT_EQ(ask(world, "/", "192.0.2.1"), "allow");
	EXPECT_EQ(ask(world, "/", "2001:db8:11::1"), "allow");
	EXPECT_EQ(ask(world, "/", "192.0.2.128"), "deny");
}

/* Trap 2: first match, not longest; trap 3: case. */
TEST(metadata_compile, the_first_path_and_host_count)
{
	std::string deny = acl(""), open = generic("MI.LocationACL", "{}");
	MetadataWorld world(
		index(host("h.t", deny,
			   path("/a/*", open, path("/A/b*", deny) + "," + path("*c", open)) + "," +
				   path("/a/x", deny)) +
		      "," + host("H.T", open)));
	ASSERT_TRUE(world.good) << world.said;
	EXPECT_EQ(ask(world, "/", "10.0.0.1"), "deny");
	EXPECT_EQ(ask(world, "/a/x", "10.0.0.1"), "allow");
	EXPECT_EQ(ask(world, "/A/X", "10.0.0.1"), "allow");
	EXPECT_EQ(ask(world, "/a/bc", "10.0.0.1"), "deny");
	EXPECT_EQ(ask(world, "/a/c", "10.0.0.1"), "allow");
	EXPECT_EQ(ask(world, "/c", "10.0.0.1"), "deny")
		<< "a path under another one has to match both";
}

TEST(metadata_compile, times_and_protocols)
{
	MetadataWorld world(index(host(
		"h.t",
		generic("MI.TimeWindowACL",
			R"({"times":[{"windows":[{"start":12,"end":14}]},{"action":"allow","windows":[{"start":10,"end":20},{"start":9,"end":9}]}]})") +
			"," +
			generic("mi.protocolacl",
				R"({"protocol-acl":[{"action":"allow","protocols":["https/1.1","new/1"]}]})"))));
	ASSERT_TRUE(world.good) << world.said;
	for (const auto &c : {std::pair<uint64_t, const char *>{9, "deny"},
			      {10, "allow"},
			      {12, "deny"},
			      {14, "allow"},
			      {19, "allow"},
			      {20, "deny"}}) {
		EXPECT_EQ(ask(world, "/", "10.0.0.1", "https", c.first), c.second) << c.first;
		EXPECT_EQ(ask(world, "/", "10.0.0.1", "dns", c.first), c.second) << c.first;
		EXPECT_EQ(ask(world, "/", "10.0.0.1", "http", c.first), "deny") << c.first;
	}
}

/* Section 7 of the fact sheet, trap 5: RFC 8006 tables 2 and 3. */
TEST(metadata_compile, mandatory_to_enforce)
{
	const struct {
		const char *type, *flags, *wanted;
	} cases[] = {
		{"MI.New", "", "deny"},
		{"MI.New", R"(,"mandatory-to-enforce":true)", "deny"},
		{"MI.New", R"(,"mandatory-to-enforce":false)", "allow"},
		{"MI.New", R"(,"mandatory-to-enforce":false,"incomprehensible":true)", "allow"},
		{"MI.Grouping", "", "allow"},
		{"mi.grouping", R"(,"incomprehensible":false)", "allow"},
		{"MI.Grouping", R"(,"incomprehensible":true)", "deny"},
		{"MI.Grouping", R"(,"mandatory-to-enforce":false,"incomprehensible":true)",
		 "allow"},
	};
	for (const auto &c : cases) {
		MetadataWorld world(
			index(host("h.t", generic(c.type, R"({"ccid":"x"})", c.flags))));
		EXPECT_TRUE(world.good) << world.said;
		EXPECT_EQ(ask(world, "/", "10.0.0.1"), c.wanted) << c.type << c.flags;
		EXPECT_EQ(ask(world, "/", "10.0.0.1", "dns"), c.wanted) << c.type << c.flags;
		EXPECT_EQ(world.notes.empty(), !strcmp(c.wanted, "allow"));
	}
}

/* RFC 8006 section 4.1.6. */
TEST(metadata_compile, dns_is_refused_for_what_is_anywhere_below)
{
	MetadataWorld world(
		index(host("h.t", "", path("/a/*", "", path("/a/b/*", generic("MI.New", "{}"))))));
	ASSERT_TRUE(world.good) << world.said;
	EXPECT_EQ(ask(world, "/a/b/c", "10.0.0.1"), "deny");
	EXPECT_EQ(ask(world, "/a/c", "10.0.0.1"), "allow");
	EXPECT_EQ(ask(world, "/", "10.0.0.1", "dns"), "deny");
	EXPECT_EQ(world.notes, "host h.t, path /a/b/*: MI.New has to be enforced and is not known "
			       "here, so that nothing of it is served\n");
}

TEST(metadata_compile, inheritance)
{
	std::string wide = acl(prefixes("allow", "\"10.0.0.0/8\"")),
		    narrow = acl(prefixes("allow", "\"10.1.0.0/16\""));
	MetadataWorld world(
		index(host("h.t", wide + "," + narrow,
			   path("/n*", narrow) + "," + path("/new*", generic("MI.New", "{}")) +
				   "," + path("/i*", generic("MI.Grouping", "{}")))));
	ASSERT_TRUE(world.good) << world.said;
	EXPECT_EQ(ask(world, "/", "10.2.0.1"), "allow") << "the first one of its type in a list";
	EXPECT_EQ(ask(world, "/n", "10.2.0.1"), "deny");
	EXPECT_EQ(ask(world, "/n", "10.1.0.1"), "allow");
	EXPECT_EQ(ask(world, "/new", "10.1.0.1"), "allow") << "the first path that matches is /n*";
	EXPECT_EQ(ask(world, "/i", "10.2.0.1"), "allow");
	EXPECT_EQ(ask(world, "/i", "11.2.0.1"), "deny");
}

/* RFC 8804 section 3. */
TEST(metadata_compile, fallback_targets)
{
	std::string fallback =
		generic("MI.FallbackTarget", R"({"host":"u.t:8080","scheme":"https"})");
	MetadataWorld world(index(
		host("h.t", fallback,
		     path("/new/*", generic("MI.New", "{}")) + "," + path("/no/*", acl("")))));
	ASSERT_TRUE(world.good) << world.said;
	EXPECT_NE(
		world.all().find(
			R"({"node":{"name":"md:fallback:https://u.t:8080"}})"
			"\n"
			R"({"dri":{"node":"md:fallback:https://u.t:8080","http-target":{"host":"u.t:8080","scheme":"https"},"dns-target":{"host":"u.t"}}})"),
		std::string::npos)
		<< world.all();
	EXPECT_EQ(ask(world, "/", "10.0.0.1"), "allow");
	EXPECT_EQ(ask(world, "/new/x", "10.0.0.1"), "pass");
	EXPECT_EQ(ask(world, "/no/x", "10.0.0.1"), "deny")
		<< "whom the list denies is not sent elsewhere";
	EXPECT_EQ(ask(world, "/", "10.0.0.1", "dns"), "pass");
	MetadataWorld itself(
		index(host("h.t", generic("MI.FallbackTarget", R"({"host":"H.T:80"})"))));
	EXPECT_EQ(itself.said,
		  "FallbackTarget: host: expected a host other than the one it is for\n");
	MetadataWorld literal(
		index(host("h.t", generic("MI.FallbackTarget", R"({"host":"[2001:db8::1]:8080"})"),
			   path("/x", generic("MI.New", "{}")))));
	EXPECT_EQ(ask(literal, "/x", "10.0.0.1"), "pass") << literal.said;
}

TEST(metadata_compile, signing_and_groups)
{
	std::string signing = generic("MI.UriSigning", R"({"issuers":["csp.example"]})");
	MetadataWorld world(
		index(host("h.t", signing + "," + generic("MI.Grouping", R"({"ccid":"c1"})"),
			   path("/x/*", generic("MI.Grouping", R"({"ccid":"c2"})")) + "," +
				   path("/y/*", acl("")))));
	ASSERT_TRUE(world.good) << world.said;
	EXPECT_EQ(dump(world.scopes.groups),
		  R"({"md:h.t#0":"c1","md:h.t#1":"c2","md:h.t#3":"c1"})");
	unsigned n = 0;
	size_t i;
	json_t *object;
	json_array_foreach (world.scopes.objects, i, object) {
		json_t *scope = json_object_get(object, "scope"),
		       *signing_of = json_object_get(scope, "uri-signing");
		bool dns = dump(scope).find(R"("protocols":["dns"])") != std::string::npos;
		if (json_object_get(scope, "action"))
			continue;
		EXPECT_EQ(signing_of == nullptr, dns) << dump(scope);
		if (signing_of) {
			EXPECT_EQ(dump(signing_of), R"({"issuers":["csp.example"]})");
		}
		n += signing_of != nullptr;
	}
	EXPECT_EQ(n, 2u);
	MetadataWorld bad(index(host("h.t", generic("MI.UriSigning", R"({"issuers":1})"))));
	EXPECT_NE(bad.said.find("issuers: expected a list"), std::string::npos) << bad.said;
	EXPECT_EQ(ask(bad, "/x", "10.0.0.1"), "deny");
}

/* A host with a fault is denied, the others count. */
TEST(metadata_compile, faults)
{
	const std::pair<std::string, const char *> cases[] = {
		{R"({"host":"h.t"})", "HostMatch: h.t: 'host-metadata' is missing\n"},
		{R"({"host":"h.t","host-metadata":[]})",
		 "HostMatch: host-metadata: expected a group of members, not a list\nHostMatch: "
		 "h.t: 'host-metadata' is missing\n"},
		{R"({"host":"h.t","host-metadata":{}})", "HostMetadata: 'metadata' is missing\n"},
		{host("h.t", "1"), "GenericMetadata: expected a group of members, not a number\n"},
		{host("h.t", R"({"generic-metadata-type":"MI.X"})"),
		 "GenericMetadata: MI.X: 'generic-metadata-value' is missing\n"},
		{host("h.t", generic("MI.X", "{}", R"(,"mandatory-to-enforce":"no")")),
		 "GenericMetadata: mandatory-to-enforce: expected true or false, not a text\n"},
		{host("h.t", "", "{}"), "PathMatch: expected 'path-pattern' and 'path-metadata'\n"},
		{host("h.t", generic("MI.Grouping", R"({"ccid":"c"})"), path("/a$", "")),
		 "host h.t: pattern \"/a$\": '$' must be followed by '$', '*' or '?'\n"},
		{host("h.t", acl(R"({"footprints":[],"action":"Allow"})")),
		 "LocationRule: action: expected one of \"deny\", \"allow\", not \"Allow\"\n"},
		{host("h.t", acl("{}")), "LocationRule: 'footprints' is missing\n"},
		{host("h.t", generic("MI.LocationACL", R"({"locations":{}})")),
		 "LocationACL: locations: expected a list, not a group\n"},
		{host("h.t", acl(prefixes("allow", "\"10.0.0.0/33\""))),
		 "LocationRule: ipv4cidr footprint value \"10.0.0.0/33\" "},
		{host("h.t", acl(prefixes("allow", ""))),
		 "footprint: footprint-value: expected at least one value\n"},
		{host("h.t",
		      acl(R"({"footprints":[{"footprint-type":"altopid","footprint-value":["x"]}]})")),
		 "footprint: footprint-type: 'altopid' is not known"},
		{host("h.t",
		      acl(R"({"footprints":[{"footprint-type":"countrycode","footprint-value":["fr"]}]})")),
		 "LocationRule: "},
		{host("h.t",
		      generic("MI.TimeWindowACL", R"({"times":[{"windows":[{"start":1}]}]})")),
		 "TimeWindow: expected 'start' and 'end'\n"},
		{host("h.t", generic("MI.TimeWindowACL",
				     R"({"times":[{"windows":[{"start":"1","end":"2"}]}]})")),
		 "TimeWindow: start: expected a number"},
		{host("h.t",
		      generic("MI.ProtocolACL", R"({"protocol-acl":[{"protocols":"http/1.1"}]})")),
		 "ProtocolRule: protocols: expected a list, not a text\n"},
		{host("h.t", generic("MI.SourceMetadata",
				     R"({"sources":[{"endpoint":["a"],"protocol":"http/1.1"}]})")),
		 "Source: endpoints: expected at least one endpoint\n"},
	};
	for (const auto &c : cases) {
		MetadataWorld world(index(c.first + "," + host("ok.t", "")));
		EXPECT_FALSE(world.good);
		EXPECT_EQ(world.said.substr(0, strlen(c.second)), c.second) << c.first;
		EXPECT_EQ(world.notes,
			  "host h.t: its metadata has faults, so that nothing of it is served\n");
		EXPECT_EQ(json_object_size(world.scopes.groups), 0u);
		EXPECT_EQ(ask(world, "/", "10.0.0.1"), "deny");
		EXPECT_EQ(ask(world, "/", "10.0.0.1", "dns"), "deny");
		EXPECT_EQ(world.ask({"http", "ok.t", "/", "10.0.0.1", 10}), "allow");
	}
	for (const char *name : {"*.t", "*", "h.t:8080", "h.t:x", "", "a b"}) {
		MetadataWorld world(index(host(name, "") + "," + host("ok.t", "")));
		EXPECT_FALSE(world.good) << name;
		EXPECT_EQ(world.ask({"http", "ok.t", "/", "10.0.0.1", 10}), "allow");
		EXPECT_EQ(json_array_size(world.scopes.objects), 2u);
	}
	std::string label(63, 'x'),
		longest = label + "." + label + "." + std::string(30, 'y') + ".t";
	MetadataWorld world(index(host(longest, "") + "," + host("z" + longest, "")));
	EXPECT_EQ(world.ask({"http", longest, "/", "10.0.0.1", 10}), "allow");
	EXPECT_NE(world.said.find("expected a name of at most 160 octets"), std::string::npos);
	EXPECT_EQ(MetadataWorld("{}").said, "HostIndex: 'hosts' is missing\n");
	EXPECT_TRUE(MetadataWorld("{}").scopes.partial);
	EXPECT_TRUE(MetadataWorld(index(host("a.t", "") + "," + host("b.t", "")), 2).scopes.partial)
		<< "nothing denies b.t";
	MetadataWorld many(index(host("ok.t", "") + "," +
				 host("h.t", "", path("/a", "") + "," + path("/b", ""))),
			   4);
	EXPECT_NE(
		many.said.find(
			"host h.t: its metadata comes to too many scopes; at most 4 for all hosts"),
		std::string::npos);
	EXPECT_FALSE(many.scopes.partial);
	EXPECT_EQ(many.scopes.hosts, 2u);
	EXPECT_EQ(many.ask({"http", "ok.t", "/", "10.0.0.1", 10}), "allow");
	EXPECT_EQ(ask(many, "/", "10.0.0.1"), "deny");
}

/* --- random metadata ---------------------------------------------------------------------------------------------- */

struct Maker {
	std::mt19937 random;
	explicit Maker(unsigned seed) : random(seed)
	{
	}
	unsigned below(unsigned n)
	{
		return (unsigned)(random() % n);
	}
	bool one_in(unsigned n)
	{
		return below(n) == 0;
	}
	template <typename Make> std::string list(unsigned max, Make make)
	{
		std::string text;
		for (unsigned n = below(max + 1); n; n--)
			text += (text.empty() ? "" : ",") + make();
		return text;
	}
	std::string action()
	{
		return one_in(4) ? ""
				 : std::string(R"("action":")") + (one_in(3) ? "deny" : "allow") +
					   "\",";
	}
	std::string footprint(bool nested = false)
	{
		if (!nested && one_in(4))
			return R"({"footprint-type":"footprintunion","footprint-value":[)" +
			       footprint(true) + "," + footprint(true) + "]}";
		bool v6 = one_in(4);
		std::string value = v6 ? "\"2001:db8:" + std::to_string(below(3)) + "::/48\""
				       : "\"10." + std::to_string(below(3)) +
						    (one_in(2) ? ".0.0/16\"" : ".1.0/24\"");
		if (one_in(8))
			value = v6 ? "\"::/0\"" : "\"0.0.0.0/0\"";
		return std::string(R"({"footprint-type":")") + (v6 ? "ipv6cidr" : "ipv4cidr") +
		       R"(","footprint-value":[)" + value + "]}";
	}
	std::string window()
	{
		unsigned start = below(20);
		return R"({"start":)" + std::to_string(start) + R"(,"end":)" +
		       std::to_string(start + below(15)) + "}";
	}
	std::string flags()
	{
		std::string text;
		if (one_in(6))
			text += std::string(R"(,"mandatory-to-enforce":)") +
				(one_in(2) ? "true" : "false");
		if (one_in(10))
			text += R"(,"incomprehensible":true)";
		return text;
	}
	std::string metadata()
	{
		switch (below(9)) {
		case 0:
			return generic("MI.New", "{}",
				       one_in(2) ? R"(,"mandatory-to-enforce":false)" : "");
		case 1:
			return generic("MI.FallbackTarget", R"({"host":"u.t"})", flags());
		case 2:
		case 3:
			return generic(
				"MI.TimeWindowACL",
				one_in(8)
					? "{}"
					: R"({"times":[)" +
						  list(3,
						       [&] {
							       return "{" + action() +
								      R"("windows":[)" +
								      list(2,
									   [&] {
										   return window();
									   }) +
								      "]}";
						       }) +
						  "]}",
				flags());
		case 4:
		case 5:
			return generic(
				"MI.ProtocolACL",
				one_in(8)
					? "{}"
					: R"({"protocol-acl":[)" +
						  list(3,
						       [&] {
							       static const char *const names[] = {
								       "\"http/1.1\"",
								       "\"https/1.1\"",
								       "\"new/1\""};
							       return "{" + action() +
								      R"("protocols":[)" +
								      list(2,
									   [&] {
										   return std::string(
											   names[below(
												   3)]);
									   }) +
								      "]}";
						       }) +
						  "]}",
				flags());
		default:
			return generic(
				"MI.LocationACL",
				one_in(8)
					? "{}"
					: R"({"locations":[)" +
						  list(4,
						       [&] {
							       return "{" + action() +
								      R"("footprints":[)" +
								      list(3,
									   [&] {
										   return footprint();
									   }) +
								      "]}";
						       }) +
						  "]}",
				flags());
		}
	}
	std::string text(const std::vector<const char *> &from, unsigned max)
	{
		std::string made;
		for (unsigned n = below(max + 1); n; n--)
			made += from[below((unsigned)from.size())];
		return made;
	}
	std::string paths(unsigned depth)
	{
		return list(3, [&] {
			std::string pattern = "/" + text({"a", "B", "/", "*", "?"}, 3);
			return R"({"path-pattern":{"pattern":")" + pattern + "\"" +
			       (one_in(3) ? ",\"case-sensitive\":true" : "") +
			       R"(},"path-metadata":)" + level(depth + 1) + "}";
		});
	}
	std::string level(unsigned depth)
	{
		return R"({"metadata":[)" + list(2, [&] { return metadata(); }) + "]" +
		       (depth < 3 ? ",\"paths\":[" + paths(depth) + "]" : "") + "}";
	}
	std::string tree()
	{
		return index(list(4, [&] {
			return R"({"host":")" + text({"h", "G"}, 1) + R"(.t","host-metadata":)" +
			       level(0) + "}";
		}));
	}
	MetadataRequest request()
	{
		static const char *const protocols[] = {"dns", "http", "https"};
		MetadataRequest made = {protocols[below(3)], one_in(2) ? "h.t" : "g.t",
					"/" + text({"a", "A", "b", "B", "/"}, 3), "", below(35)};
		made.client = one_in(4) ? "2001:db8:" + std::to_string(below(4)) + "::1"
					: "10." + std::to_string(below(4)) + "." +
						  std::to_string(below(2)) + ".1";
		return made;
	}
};

#if defined(__SANITIZE_ADDRESS__)
enum { TREES = 400 };
#else
enum { TREES = 2000 };
#endif

TEST(metadata_compile, random_metadata_against_the_text_of_the_rfc)
{
	Maker maker(1);
	std::map<std::string, unsigned> counts;
	for (unsigned round = 0; round < TREES; round++) {
		std::string text = maker.tree();
		while (text.find("\".t\"") != std::string::npos)
			text.replace(text.find("\".t\""), 4, "\"h.t\"");
		MetadataWorld world(text);
		MetadataModel model(world.tree);
		ASSERT_TRUE(world.good) << world.said << text;
		for (unsigned i = 0; i < 100; i++) {
			MetadataRequest request = maker.request();
			std::string wanted = model.ask(request);
			ASSERT_EQ(world.ask(request), wanted)
				<< request.protocol << " " << request.host << request.path
				<< " from " << request.client << " at " << request.now << "\n"
				<< text << "\n"
				<< world.all();
			counts[request.protocol + " " + wanted]++;
		}
	}
	for (const char *what : {"dns allow", "dns deny", "dns pass", "http allow", "http deny",
				 "http pass", "https allow", "http none"})
		EXPECT_GT(counts[what], TREES / 4u) << what;
}

} // namespace
