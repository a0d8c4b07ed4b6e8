/* dns_opt_test - EDNS in queries and answers: version, flags, sizes, options, client subnet, identifier, extended errors. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dns_exchange.h"

#include <gtest/gtest.h>

static Bytes edns(const Bytes &options, unsigned size = 1232, unsigned version = 0,
		  unsigned flags = 0)
{
	return DnsBuilder()
		.header(0, 1, 0, 0, 1)
		.question("vod.example.com", DNS_A)
		.opt(options, size, version, flags)
		.bytes;
}

/* The INFO-CODE and EXTRA-TEXT: "18 text"; "" when there is none. */
static std::string error(DnsExchange &x, const Bytes &query)
{
	Bytes data = x.options(query);
	for (size_t at = 0; at + 4 <= data.size();) {
		size_t code = data[at] * 256u + data[at + 1],
		       len = data[at + 2] * 256u + data[at + 3];
		const uint8_t *value = &data[at] + 4;
		if (code == DNS_OPTION_EDE)
			return std::to_string(value[0] * 256 + value[1]) + " " +
			       std::string(value + 2, value + len);
		at += 4 + len;
	}
	return "";
}

TEST(DnsOpt, Rfc6891_6_1_3_EveryOtherVersionIsBadvers)
{
	DnsExchange x;
	for (unsigned version = 0; version < 256; version++) {
		EXPECT_EQ(x.outcome(edns({}, 1232, version)),
			  version ? "dns_badvers 16" : "none 0");
		DnsMessage m = x.ask(edns({0xff}, 1232, version));
		EXPECT_EQ(m.opt()->ttl >> 16 & 0xff, 0u); /* what we know */
	}
}

TEST(DnsOpt, Rfc6891_6_1_4_OnlyDoComesBack)
{
	DnsExchange x;
	for (unsigned flags = 0; flags < 0x10000; flags += 0x0101) {
		DnsMessage m = x.ask(edns({}, 1232, 0, flags));
		ASSERT_EQ(x.result.reason, DROP_none);
		ASSERT_EQ(m.opt()->ttl, flags & 0x8000u);
	}
}

TEST(DnsOpt, Rfc6891_6_1_2_UnknownOptionsAreIgnored)
{
	DnsExchange x;
	for (unsigned code = 0; code < 0x10000; code++) {
		if (code == DNS_OPTION_ECS || code == DNS_OPTION_COOKIE)
			continue;
		ASSERT_EQ(x.options(edns(dns_option(code, {1, 2, 3}))), Bytes{}) << code;
		ASSERT_EQ(x.result.reason, DROP_none);
	}
}

TEST(DnsOpt, Rfc6891_7_ErrorsHaveItToo)
{
	DnsExchange x;
	x.wanted.outcome = VERDICT_NO_TARGET;
	for (const Bytes &query :
	     {edns({}), edns({0, 8, 0, 1, 0}), edns({}, 1232, 3), dns_with({}, "a.b", DNS_AXFR)}) {
		DnsMessage m = x.ask(query);
		ASSERT_TRUE(m.opt());
		EXPECT_EQ(m.opt()->cls, 1232u);
	}
	Bytes without = DnsBuilder().header(0, 1, 0, 0, 0).question("vod.example.com", 1).bytes;
	EXPECT_FALSE(x.ask(without).opt());
}

TEST(DnsOpt, Rfc6891_6_1_1_ASecondOneIsFormerr)
{
	DnsExchange x;
	auto two = DnsBuilder().header(0, 1, 0, 0, 2).question("vod.example.com", 1).opt().opt();
	EXPECT_EQ(x.outcome(two.bytes), "dns_formerr 1");
	EXPECT_TRUE(x.ask(two.bytes).opt());
}

/* --- Client subnet ------------------------------------------------------------------------------ */

TEST(DnsOpt, Rfc7871_6_EveryPrefixLength)
{
	DnsExchange x;
	x.wanted.ecs_scope = 9;
	for (unsigned family : {1u, 2u}) {
		unsigned bits = family == 1 ? 32 : 128;
		for (unsigned source = 0; source < 256; source++) {
			Bytes address((source + 7) / 8, 0xff);
			if (source % 8)
				address.back() = static_cast<uint8_t>(0xff00 >> source % 8);
			bool good = source <= bits;
			Bytes query = edns(dns_ecs(family, source, 0, address));
			EXPECT_EQ(x.outcome(query), good ? "none 0" : "dns_formerr 1") << source;
			if (good) {
				EXPECT_EQ(x.options(query),
					  dns_ecs(family, source, source ? 9 : 0, address));
			}
			for (unsigned bit = source; good && bit % 8; bit++) {
				Bytes wrong = address;
				wrong.back() |= static_cast<uint8_t>(0x80 >> bit % 8);
				EXPECT_EQ(x.outcome(edns(dns_ecs(family, source, 0, wrong))),
					  "dns_formerr 1");
			}
			for (unsigned scope : {1u, 255u})
				EXPECT_EQ(x.outcome(edns(dns_ecs(family, source, scope, address))),
					  "dns_formerr 1");
		}
	}
}

TEST(DnsOpt, Rfc7871_7_1_2_Source0IsDecidedForTheResolver)
{
	DnsExchange x;
	x.wanted.ecs_scope = 24;
	EXPECT_EQ(x.options(edns(dns_ecs(1, 0, 0, {}))), dns_ecs(1, 0, 0, {}));
	EXPECT_TRUE(ip_addr_equal(&x.req.client, &x.peer));
}

/* Of a resolver that is not believed it is an option that is not known: no echo (§7.2.1), and no FORMERR. */
TEST(DnsOpt, Rfc7871_11_3_OnlyTrustedResolversAreBelieved)
{
	DnsExchange x;
	ip_prefix_parse("198.51.100.0/24", &x.settings.trusted_subnets.list[0]);
	ip_prefix_parse("2001:db8::/32", &x.settings.trusted_subnets.list[1]);
	x.settings.trusted_subnets.n = 2;
	const Bytes subnet = dns_ecs(1, 24, 0, {203, 0, 113});
	const struct {
		const char *peer;
		bool trusted;
	} cases[] = {{"198.51.100.0", true},
		     {"198.51.100.255", true},
		     {"198.51.101.1", false},
		     {"2001:db8:ffff::1", true},
		     {"2001:db9::1", false}};
	for (const auto &c : cases) {
		ip_addr_parse(c.peer, &x.peer);
		EXPECT_EQ(x.options(edns(subnet)), c.trusted ? subnet : Bytes{}) << c.peer;
		EXPECT_EQ(x.req.client_len == 24, c.trusted);
		EXPECT_EQ(x.outcome(edns(dns_ecs(1, 33, 0, Bytes(5)))),
			  c.trusted ? "dns_formerr 1" : "none 0");
	}
}

/* --- Identifier and extended errors --------------------------------------------------------------- */

TEST(DnsOpt, Rfc5001_2_1_IdentifierWhenAskedFor)
{
	DnsExchange x;
	const Bytes asked = edns(dns_option(DNS_OPTION_NSID, {}));
	EXPECT_EQ(x.options(asked), Bytes{});
	x.settings.nsid_len = 3;
	memcpy(x.settings.nsid, "abc", 3);
	EXPECT_EQ(x.options(asked), dns_option(DNS_OPTION_NSID, {'a', 'b', 'c'}));
	EXPECT_EQ(x.options(edns({})), Bytes{});
	x.wanted.outcome = VERDICT_NO_TARGET;
	EXPECT_EQ(x.options(asked)[5], 'b');
	EXPECT_EQ(x.outcome(edns(dns_option(DNS_OPTION_NSID, {}), 1232, 1)), "dns_badvers 16");
}

TEST(DnsOpt, Rfc8914_4_Codes)
{
	DnsExchange x;
	char name[] = "secret scope";
	x.denied.name = name;
	EXPECT_EQ(error(x, edns({})), "");
	x.wanted.stale = true;
	EXPECT_EQ(error(x, edns({})), "3 ");
	x.wanted.outcome = VERDICT_DENY;
	EXPECT_EQ(error(x, edns({})), "18 ");
	x.settings.error_text = true;
	EXPECT_EQ(error(x, edns({})), "18 secret scope");
	x.denied.deny_nxdomain = true;
	EXPECT_EQ(error(x, edns({})), "");
	x.wanted.outcome = VERDICT_NO_TARGET;
	EXPECT_EQ(error(x, edns({})), "0 no usable target");
	x.wanted = {};
	x.wanted.outcome = VERDICT_NO_SCOPE;
	EXPECT_EQ(error(x, edns({})), "20 ");
	EXPECT_EQ(error(x, edns(dns_ecs(1, 33, 0, Bytes(5)))), "0 malformed client subnet");
	EXPECT_EQ(error(x, edns(dns_option(DNS_OPTION_COOKIE, {1}))), "0 malformed cookie");
	EXPECT_EQ(error(x, edns({1})), "");
	EXPECT_EQ(error(x, dns_with({}, "vod.example.com", DNS_AXFR)), "21 ");
	Bytes notify = edns({});
	notify[2] = 4 << 3;
	EXPECT_EQ(error(x, notify), "21 ");
}

/* What may be left out is, before an answer is cut. */
TEST(DnsOpt, Rfc8914_3_NeverCutsTheAnswer)
{
	DnsExchange x;
	x.wanted.stale = true;
	x.settings.nsid_len = 100;
	Bytes query = edns(dns_option(DNS_OPTION_NSID, {}));
	size_t whole = x.octets(query).size();
	EXPECT_EQ(whole, query.size() - 4 + 16 + 104 + 6);
	for (x.cap = whole; x.cap >= whole - 110; x.cap--) {
		DnsMessage m = x.ask(query);
		EXPECT_FALSE(m.flags & DNS_TC) << x.cap;
		EXPECT_EQ(m.answer.size(), 1u);
		EXPECT_EQ(m.opt()->data.size(), x.cap == whole         ? 110u
						: x.cap >= whole - 6   ? 104u
						: x.cap >= whole - 104 ? 6u
								       : 0u);
	}
	EXPECT_TRUE(x.ask(query).flags & DNS_TC);
}
