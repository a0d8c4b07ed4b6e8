/* dns_query_test - queries good and bad, and what is learnt from them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dns_message.h"
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <random>

extern "C" {
#include "lib/dns_query.h"
#include "lib/dns_wire.h"
}

static dns_settings defaults()
{
	dns_settings settings = {};
	settings.udp_size = 1232;
	settings.client_subnet = true;
	return settings;
}

struct Parsed {
	request req;
	drop_reason reason;

	explicit Parsed(const Bytes &message, const dns_settings &settings = defaults()) : req()
	{
		req.client = {{198, 51, 100, 53}, 4};
		req.client_len = 32;
		GuardPage page(message.data(), message.size());
		reason = dns_query_parse(page.data(), message.size(), &settings, &req);
	}
	std::string key() const
	{
		return std::string(req.key, req.key + req.key_len);
	}
	bool resolver() const
	{
		const uint8_t bytes[16] = {198, 51, 100, 53};
		return req.client_len == 32 && req.client.family == 4 &&
		       !memcmp(req.client.bytes, bytes, 16);
	}
};

static DnsBuilder query(unsigned additional = 0, unsigned flags = DNS_RD)
{
	DnsBuilder b;
	b.header(flags, 1, 0, 0, additional).question("VOD.example.com", DNS_A);
	return b;
}

static Bytes with_options(const Bytes &options)
{
	return query(1).opt(options).bytes;
}

static const unsigned QUESTION_END = 12 + 17 + 4;

TEST(DnsQuery, Plain)
{
	Parsed p(query().bytes);
	EXPECT_EQ(p.reason, DROP_none);
	EXPECT_EQ(p.req.protocol, PROTOCOL_DNS);
	EXPECT_EQ(p.key(), "com.example.vod/");
	EXPECT_EQ(p.req.host_len, 15);
	EXPECT_EQ(p.req.dns.id, 0xbeef);
	EXPECT_EQ(p.req.dns.flags, DNS_RD);
	EXPECT_EQ(p.req.dns.qtype, DNS_A);
	EXPECT_EQ(p.req.dns.qclass, DNS_CLASS_IN);
	EXPECT_EQ(p.req.dns.question_end, QUESTION_END);
	EXPECT_EQ(p.req.dns.qname_labels, 3);
	EXPECT_EQ(p.req.dns.rcode, 0);
	EXPECT_EQ(p.req.dns.udp_size, 512);
	EXPECT_FALSE(p.req.dns.edns);
	EXPECT_TRUE(p.resolver());
}

TEST(DnsQuery, Rfc1035_2_3_4_NamesUpTo255Octets)
{
	Parsed root(DnsBuilder().header(0, 1, 0, 0, 0).question("", DNS_NS).bytes);
	EXPECT_EQ(root.reason, DROP_none);
	EXPECT_EQ(root.key(), "/");
	EXPECT_EQ(root.req.dns.question_end, 12 + 1 + 4);

	std::string longest;
	for (int i = 0; i < 127; i++)
		longest += i ? ".a" : "a";
	Parsed p(DnsBuilder().header(0, 1, 0, 0, 0).question(longest, DNS_A).bytes);
	EXPECT_EQ(p.reason, DROP_none);
	EXPECT_EQ(p.key(), longest + "/");
	Parsed over(DnsBuilder().header(0, 1, 0, 0, 0).question(longest + ".b", DNS_A).bytes);
	EXPECT_EQ(over.reason, DROP_dns_formerr);
	EXPECT_EQ(over.req.dns.question_end, 0);
}

TEST(DnsQuery, Rfc1035_4_1_1_ResponsesAndShortHeadersAreDropped)
{
	Bytes good = query().bytes;
	for (size_t len = 0; len < 12; len++)
		EXPECT_EQ(Parsed(Bytes(good.begin(), good.begin() + static_cast<long>(len))).reason,
			  DROP_dns_short);
	EXPECT_EQ(Parsed(query(0, DNS_QR).bytes).reason, DROP_dns_response);
	EXPECT_EQ(Parsed(query(0, DNS_QR | DNS_OPCODE).bytes).reason, DROP_dns_response);
}

TEST(DnsQuery, EveryTruncationIsFormerr)
{
	Bytes good = query(2).opt(dns_ecs(1, 24, 0, {192, 0, 2}))
			     .name("k")
			     .u16(250)
			     .u16(255)
			     .u32(0)
			     .u16(3)
			     .raw({1, 2, 3})
			     .bytes;
	ASSERT_EQ(Parsed(good).reason, DROP_none);
	for (size_t len = 12; len < good.size(); len++) {
		Parsed p(Bytes(good.begin(), good.begin() + static_cast<long>(len)));
		EXPECT_EQ(p.reason, DROP_dns_formerr) << len;
		EXPECT_EQ(p.req.dns.rcode, DNS_FORMERR);
		EXPECT_EQ(p.req.dns.question_end, len < QUESTION_END ? 0u : QUESTION_END) << len;
		EXPECT_FALSE(p.req.dns.ecs);
		EXPECT_TRUE(p.resolver());
	}
}

struct Case {
	const char *what;
	Bytes message;
	drop_reason reason;
	unsigned rcode;
	bool question, edns;
};

TEST(DnsQuery, Errors)
{
	auto raw_name = [](const Bytes &name) {
		return DnsBuilder().header(0, 1, 0, 0, 0).raw(name).u16(1).u16(1).bytes;
	};
	auto question = [](unsigned type, unsigned cls) {
		return DnsBuilder()
			.header(0, 1, 0, 0, 0)
			.question("vod.example.com", type, cls)
			.bytes;
	};
	auto two = query();
	two.bytes[5] = 2;
	two.question("a.example.com", DNS_A);
	auto answer_opt = query();
	answer_opt.bytes[7] = 1;
	answer_opt.opt();
	auto authority_opt = query();
	authority_opt.bytes[9] = 1;
	authority_opt.opt();

	const Case cases[] = {
		{"no question", DnsBuilder().header(0, 0, 0, 0, 0).bytes, DROP_dns_formerr, 1,
		 false, false},
		{"two questions", two.bytes, DROP_dns_formerr, 1, false, false},
		{"65535 questions", DnsBuilder().header(0, 65535, 0, 0, 0).bytes, DROP_dns_formerr,
		 1, false, false},
		{"pointer", raw_name({0xc0, 12}), DROP_dns_formerr, 1, false, false},
		{"pointer inside", raw_name({1, 'a', 0xc0, 12}), DROP_dns_formerr, 1, false, false},
		{"label type 01", raw_name({0x41, 0}), DROP_dns_formerr, 1, false, false},
		{"label of 64",
		 DnsBuilder().header(0, 1, 0, 0, 0).question(std::string(64, 'a'), 1).bytes,
		 DROP_dns_formerr, 1, false, false},
		{"class CH", question(DNS_A, 3), DROP_dns_refused, 5, true, false},
		{"class NONE", question(DNS_A, 254), DROP_dns_refused, 5, true, false},
		{"class ANY", question(DNS_A, 255), DROP_none, 0, true, false},
		{"AXFR", question(DNS_AXFR, 1), DROP_dns_refused, 5, true, false},
		{"IXFR", question(DNS_IXFR, 1), DROP_dns_refused, 5, true, false},
		{"NOTIFY", query(0, 4 << 11).bytes, DROP_dns_notimp, 4, true, false},
		{"NOTIFY with OPT", query(1, 4 << 11).opt().bytes, DROP_dns_notimp, 4, true, true},
		{"opcode 15, header only", DnsBuilder().header(15 << 11, 0, 0, 0, 0).bytes,
		 DROP_dns_notimp, 4, false, false},
		{"UPDATE that is cut", query(3, 5 << 11).bytes, DROP_dns_notimp, 4, true, false},
		{"record missing", query(1).bytes, DROP_dns_formerr, 1, true, false},
		{"65535 records missing", query(65535).bytes, DROP_dns_formerr, 1, true, false},
		{"OPT, then a record missing", query(2).opt().bytes, DROP_dns_formerr, 1, true,
		 true},
		{"two OPT", query(2).opt().opt().bytes, DROP_dns_formerr, 1, true, true},
		{"OPT as answer", answer_opt.bytes, DROP_dns_formerr, 1, true, false},
		{"OPT as authority", authority_opt.bytes, DROP_dns_formerr, 1, true, false},
		{"OPT not of the root", query(1).name("a").u16(41).u16(1232).u32(0).u16(0).bytes,
		 DROP_dns_formerr, 1, true, false},
		{"OPT of a pointer",
		 query(1).u16(0xc00c + 16).u16(41).u16(1232).u32(0).u16(0).bytes, DROP_dns_formerr,
		 1, true, false},
		{"version 1", query(1).opt({}, 1232, 1).bytes, DROP_dns_badvers, 16, true, true},
		{"version 255, bad option", query(1).opt({0, 8, 255}, 1232, 255).bytes,
		 DROP_dns_badvers, 16, true, true},
		{"version 1, class CH",
		 DnsBuilder().header(0, 1, 0, 0, 1).question("a", 1, 3).opt({}, 1232, 1).bytes,
		 DROP_dns_badvers, 16, true, true},
		{"option past the data", with_options({0, 10, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8}),
		 DROP_dns_formerr, 1, true, true},
		{"option cut", with_options({0, 10, 0}), DROP_dns_formerr, 1, true, true},
		{"empty option", with_options({0, 10, 0, 0}), DROP_none, 0, true, true},
		{"octets behind", query(1).opt().raw({1, 2, 3}).bytes, DROP_none, 0, true, true},
	};
	for (const Case &c : cases) {
		SCOPED_TRACE(c.what);
		Parsed p(c.message);
		EXPECT_EQ(p.reason, c.reason);
		EXPECT_EQ(p.req.dns.rcode, c.rcode);
		EXPECT_EQ(p.req.dns.question_end != 0, c.question);
		EXPECT_EQ(p.req.dns.edns, c.edns);
		EXPECT_EQ(p.req.key[p.req.host_len], '/');
		EXPECT_TRUE(p.resolver());
	}
}

TEST(DnsQuery, SkipsOtherRecords)
{
	auto soa = [](DnsBuilder &b) { b.u16(0xc00c).u16(6).u16(1).u32(0).u16(2).raw({7, 7}); };
	DnsBuilder b;
	b.header(0, 1, 1, 2, 3).question("vod.example.com", DNS_A);
	for (int i = 0; i < 4; i++)
		soa(b);
	b.opt({}, 4096, 0, 0x8000).name("key.name").u16(250).u16(255).u32(0).u16(0);
	Parsed p(b.bytes);
	EXPECT_EQ(p.reason, DROP_none);
	EXPECT_TRUE(p.req.dns.edns);
	EXPECT_TRUE(p.req.dns.dnssec_ok);
	EXPECT_EQ(p.req.dns.udp_size, 4096);

	auto bad_name = query(1).raw({0x80, 1, 0}).u16(1).u16(1).u32(0).u16(0);
	EXPECT_EQ(Parsed(bad_name.bytes).reason, DROP_dns_formerr);
	for (unsigned extra : {0u, 1u}) { /* an owner of 255 octets, and of 256 */
		auto owned = query(1);
		owned.name(std::string(1 + extra, 'b'));
		owned.bytes.pop_back();
		for (int i = 0; i < 126; i++)
			owned.raw({1, 'a'});
		owned.u8(0).u16(1).u16(1).u32(0).u16(0);
		EXPECT_EQ(Parsed(owned.bytes).reason, extra ? DROP_dns_formerr : DROP_none);
	}
}

TEST(DnsQuery, Rfc6891_6_2_3_UdpSizeIsAtLeast512)
{
	for (unsigned said : {0u, 511u, 512u, 513u, 65535u})
		EXPECT_EQ(Parsed(query(1).opt({}, said).bytes).req.dns.udp_size,
			  std::max(said, 512u));
}

struct EcsCase {
	const char *what;
	Bytes option;
	bool good;
	unsigned family, source;
};

TEST(DnsQuery, Rfc7871_6_ClientSubnet)
{
	const Bytes v6 = {0x20, 1, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	Bytes v6_long = v6;
	v6_long.push_back(0);
	const EcsCase cases[] = {
		{"IPv4 /24", dns_ecs(1, 24, 0, {203, 0, 113}), true, 1, 24},
		{"IPv4 /32", dns_ecs(1, 32, 0, {203, 0, 113, 9}), true, 1, 32},
		{"IPv4 /25", dns_ecs(1, 25, 0, {203, 0, 113, 128}), true, 1, 25},
		{"IPv4 /1", dns_ecs(1, 1, 0, {128}), true, 1, 1},
		{"IPv6 /56", dns_ecs(2, 56, 0, {0x20, 1, 0x0d, 0xb8, 1, 2, 3}), true, 2, 56},
		{"IPv6 /128", dns_ecs(2, 128, 0, v6), true, 2, 128},
		{"IPv4 /0", dns_ecs(1, 0, 0, {}), true, 1, 0},
		{"IPv6 /0", dns_ecs(2, 0, 0, {}), true, 2, 0},
		{"no family", dns_ecs(0, 0, 0, {}), true, 0, 0},
		{"no family with bits", dns_ecs(0, 8, 0, {1}), false, 0, 0},
		{"no family with an address", dns_ecs(0, 0, 0, {1}), false, 0, 0},
		{"family 3", dns_ecs(3, 8, 0, {1}), false, 0, 0},
		{"family 3, /0", dns_ecs(3, 0, 0, {}), false, 0, 0},
		{"family 65535", dns_ecs(65535, 0, 0, {}), false, 0, 0},
		{"scope set", dns_ecs(1, 24, 1, {203, 0, 113}), false, 0, 0},
		{"IPv4 /33", dns_ecs(1, 33, 0, {203, 0, 113, 9, 0}), false, 0, 0},
		{"IPv6 /129", dns_ecs(2, 129, 0, v6_long), false, 0, 0},
		{"IPv6 /255", dns_ecs(2, 255, 0, Bytes(32)), false, 0, 0},
		{"an octet too few", dns_ecs(1, 24, 0, {203, 0}), false, 0, 0},
		{"an octet too many", dns_ecs(1, 24, 0, {203, 0, 113, 0}), false, 0, 0},
		{"bit past the prefix", dns_ecs(1, 25, 0, {203, 0, 113, 192}), false, 0, 0},
		{"last bit past the prefix", dns_ecs(1, 31, 0, {203, 0, 113, 1}), false, 0, 0},
		{"no room for its head", {0, 8, 0, 3, 0, 1, 24}, false, 0, 0},
		{"empty", {0, 8, 0, 0}, false, 0, 0},
	};
	for (const EcsCase &c : cases) {
		SCOPED_TRACE(c.what);
		Parsed p(with_options(c.option));
		EXPECT_EQ(p.reason, c.good ? DROP_none : DROP_dns_formerr);
		EXPECT_TRUE(p.req.dns.edns);
		EXPECT_EQ(p.req.dns.ecs, c.good);
		EXPECT_EQ(p.req.dns.ecs_family, c.family);
		EXPECT_EQ(p.req.dns.ecs_source, c.source);
		if (c.source) {
			uint8_t bytes[16] = {};
			std::copy(c.option.begin() + 8, c.option.end(), bytes);
			EXPECT_EQ(p.req.client.family, c.family == 1 ? 4 : 6);
			EXPECT_EQ(p.req.client_len, c.source);
			EXPECT_EQ(memcmp(p.req.client.bytes, bytes, 16), 0);
		} else {
			EXPECT_TRUE(p.resolver());
		}

		dns_settings off = defaults();
		off.client_subnet = false;
		Parsed unused(with_options(c.option), off);
		EXPECT_EQ(unused.reason, DROP_none);
		EXPECT_FALSE(unused.req.dns.ecs);
		EXPECT_TRUE(unused.resolver());
	}
}

TEST(DnsQuery, ClientSubnetAmongOptions)
{
	Bytes options = {0, 10, 0, 2, 1, 2}, ecs = dns_ecs(1, 8, 0, {10});
	options.insert(options.end(), ecs.begin(), ecs.end());
	Parsed p(with_options(options));
	EXPECT_EQ(p.reason, DROP_none);
	EXPECT_EQ(p.req.client_len, 8);
	options.insert(options.end(), ecs.begin(), ecs.end());
	Parsed twice(with_options(options));
	EXPECT_EQ(twice.reason, DROP_dns_formerr);
	EXPECT_TRUE(twice.resolver());
	dns_settings off = defaults();
	off.client_subnet = false;
	EXPECT_EQ(Parsed(with_options(options), off).reason, DROP_none);
}

/* Whatever comes in, what comes out keeps the promises of struct request. */
TEST(DnsQuery, RandomFlips)
{
	std::mt19937 random(7);
	Bytes good = query(2).opt(dns_ecs(2, 56, 0, {0x20, 1, 0x0d, 0xb8, 1, 2, 3}))
			     .name("k.x")
			     .u16(250)
			     .u16(255)
			     .u32(0)
			     .u16(3)
			     .raw({1, 2, 3})
			     .bytes;
	unsigned taken = 0, formerr = 0;
	for (int round = 0; round < 20000; round++) {
		Bytes message = good;
		for (unsigned flips = 1 + random() % 4; flips; flips--)
			message[2 + random() % (message.size() - 2)] =
				static_cast<uint8_t>(random());
		message.resize(message.size() - (random() % 4 ? 0 : random() % message.size()));
		Parsed p(message);
		const request &r = p.req;
		taken += p.reason == DROP_none;
		formerr += p.reason == DROP_dns_formerr;
		ASSERT_LE(r.dns.question_end, message.size());
		ASSERT_EQ(r.key_len, r.host_len + 1);
		ASSERT_EQ(r.key[r.host_len], '/');
		ASSERT_GE(r.dns.udp_size, 512);
		ASSERT_LE(r.client_len, ip_bits(&r.client));
		ASSERT_EQ(drop_reason_is_answered(p.reason), r.dns.rcode != 0);
		for (unsigned bit = r.client_len; bit < 128; bit++)
			ASSERT_FALSE(r.client.bytes[bit / 8] >> (7 - bit % 8) & 1);
	}
	EXPECT_GT(taken, 500u);
	EXPECT_GT(formerr, 500u);
}
