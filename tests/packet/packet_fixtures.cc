/* packet_fixtures - one valid packet of each kind, to be broken in every way. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_world.h"

using Fixtures = std::vector<std::pair<std::string, Bytes>>;

static void add_link(Fixtures &list)
{
	Path link = path6().from("fe80::99").to("fe80::1");
	list.emplace_back("arp", packet_arp(path4()));
	list.emplace_back("arp tagged", packet_arp(path4().tagged(0x2064)));
	list.emplace_back("solicit", packet_solicit(link, true, solicit_option()));
	list.emplace_back("solicit unicast", packet_solicit(path6(), false, {}));
	list.emplace_back("solicit two options",
			  packet_solicit(link, true, solicit_option(14) + solicit_option()));
	list.emplace_back("solicit duplicate", packet_solicit(path6().from("::"), true, {}));
	list.emplace_back("echo", packet_echo(path4(), 56));
	list.emplace_back("echo6", packet_echo(path6().tagged(5), 33));
}

static void add_dns(Fixtures &list)
{
	Bytes subnet = dns_ecs(1, 24, 0, {203, 0, 113}),
	      cookie = Bytes{0, 10, 0, 8} + Bytes(8, 0x5a);
	list.emplace_back("dns a", packet_dns(path4(), "addr.cdn.example", 1));
	list.emplace_back("dns aaaa", packet_dns(path6(), "addr.cdn.example", 28));
	list.emplace_back("dns cname", packet_dns(path4().tagged(0xe00a), "VoD.cdn.example", 1));
	list.emplace_back("dns ns", packet_dns(path6(), "cdn.example", 2));
	list.emplace_back("dns nxdomain", packet_dns(path4(), "none.cdn.example", 1));
	list.emplace_back("dns elsewhere", packet_dns(path4(), "www.example.org", 1));
	list.emplace_back("dns subnet", packet_udp(path4(), dns_query("geo.cdn.example", 1, 1232,
								      cookie + subnet)));
	list.emplace_back("dns many",
			  packet_udp(path6().tagged(9), dns_query("many.cdn.example", 28, 4096)));
}

static void add_tcp(Fixtures &list, World &world)
{
	Bytes options = option_mss(1460) + Bytes{4, 2} + Bytes{8, 10, 1, 2, 3, 4, 0, 0, 0, 0} +
			Bytes{1, 3, 3, 7};
	Bytes stamps = option_timestamp(77, 88);
	list.emplace_back("syn", packet_tcp(path4(), {SYN, 1, 0, {}, options}));
	list.emplace_back("syn6", packet_tcp(path6(), {SYN | ECE | CWR, 1, 0}));
	list.emplace_back("get",
			  world.request(path4(), http_request("vod.cdn.example", "/a/b?c=d")));
	list.emplace_back("get6", world.request(path6().tagged(3),
						http_request("u.x.cdn.example", "/p.jpg"), stamps));
	list.emplace_back(
		"head",
		world.request(path4(), http_request("s301.cdn.example", "/", "HEAD"), {}, FIN));
	list.emplace_back(
		"get stacked",
		world.request(path4(), http_request("acq.cdn.example", "/from/vod.cdn.example/x")));
	list.emplace_back("get without cookie",
			  packet_tcp(path4(), {ACK | PSH, 9, 9, http_request("vod.cdn.example")}));
	list.emplace_back("fin", world.request(path4(), {}, stamps, FIN));
	list.emplace_back("fin late", packet_tcp(path6(), {ACK | FIN, 7, 8}));
	list.emplace_back("ack", packet_tcp(path4(), {ACK, 7, 8}));
	list.emplace_back("closed", packet_tcp(path4(), {SYN, 7, 0, {}, options, 81}));
	list.emplace_back("closed ack", packet_tcp(path6(), {ACK, 7, 8, octets("x"), {}, 443}));
	list.emplace_back("rst", packet_tcp(path4(), {RST, 7}));
}

Fixtures packet_fixtures(World &world)
{
	Fixtures list;
	add_link(list);
	add_dns(list);
	add_tcp(list, world);
	return list;
}
