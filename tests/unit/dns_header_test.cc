/* dns_header_test - header, question and sections of queries by the clauses: what is answered, and with which code. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dns_exchange.h"

#include <gtest/gtest.h>

static DnsBuilder plain(unsigned flags = 0, unsigned type = DNS_A, unsigned cls = DNS_CLASS_IN)
{
	return DnsBuilder().header(flags, 1, 0, 0, 0).question("VoD.example.com", type, cls);
}

TEST(DnsHeader, Rfc1035_4_1_1_EveryOpcodeButQueryIsNotimp)
{
	DnsExchange x;
	const Bytes bodies[] = {
		{},
		{0xff, 0xff, 0xff},
		plain().bytes,
		dns_with({}),
		DnsBuilder().header(0, 2, 0, 0, 0).question("a", 1).question("b", 1).bytes,
		DnsBuilder().header(0, 0, 0, 0, 0).bytes,
		DnsBuilder().header(0, 1, 1, 1, 0).question("example.com", DNS_SOA).bytes,
		dns_with(dns_option(DNS_OPTION_COOKIE, {1})),
	};
	for (unsigned opcode = 1; opcode < 16; opcode++)
		for (const Bytes &body : bodies) {
			Bytes query = body.size() >= 12
					      ? body
					      : DnsBuilder().header(0, 1, 0, 0, 0).raw(body).bytes;
			query[2] = static_cast<uint8_t>(opcode << 3 | 1);
			EXPECT_EQ(x.outcome(query), "dns_notimp 4");
			DnsMessage m = x.ask(query);
			EXPECT_EQ(m.flags & (DNS_OPCODE | DNS_RD), opcode << 11 | DNS_RD);
			EXPECT_EQ(m.opt() != nullptr, x.req.dns.edns);
		}
}

/* RFC 9619 §4; RFC 6891 §7: the OPT record is there all the same. */
TEST(DnsHeader, Rfc9619_4_TwoQuestionsAreFormerr)
{
	DnsExchange x;
	auto two = [](unsigned n, bool edns) {
		DnsBuilder b;
		b.header(0, n, 0, 0, edns);
		for (unsigned i = 0; i < n; i++)
			b.question("vod.example.com", DNS_A);
		return edns ? b.opt({}).bytes : b.bytes;
	};
	for (unsigned n : {2u, 3u, 500u})
		for (bool edns : {false, true}) {
			EXPECT_EQ(x.outcome(two(n, edns)), "dns_formerr 1");
			DnsMessage m = x.ask(two(n, edns));
			EXPECT_EQ(m.questions, 0u);
			EXPECT_EQ(m.opt() != nullptr, edns);
		}
	EXPECT_EQ(x.outcome(DnsBuilder().header(0, 65535, 0, 0, 0).bytes), "dns_formerr 1");
}

TEST(DnsHeader, Rfc9619_4_NoQuestionIsFormerr)
{
	DnsExchange x;
	EXPECT_EQ(x.outcome(DnsBuilder().header(0, 0, 0, 0, 0).bytes), "dns_formerr 1");
	Bytes edns = DnsBuilder().header(0, 0, 0, 0, 1).opt().bytes;
	EXPECT_EQ(x.outcome(edns), "dns_formerr 1");
	EXPECT_TRUE(x.ask(edns).opt());
	/* EDNS first: RFC 6891 §6.1.3. */
	EXPECT_EQ(x.outcome(DnsBuilder().header(0, 0, 0, 0, 1).opt({}, 1232, 1).bytes),
		  "dns_badvers 16");
}

TEST(DnsHeader, Rfc1035_4_1_1_OnlyOpcodeAndRdComeBack)
{
	DnsExchange x;
	for (unsigned flags = 0; flags < 0x0800; flags++) { /* AA TC RD RA Z AD CD RCODE */
		DnsMessage m = x.ask(plain(flags).bytes);
		ASSERT_EQ(x.result.reason, DROP_none);
		ASSERT_EQ(m.flags, DNS_QR | DNS_AA | (flags & DNS_RD)) << flags;
	}
}

TEST(DnsHeader, Rfc4035_3_1_6_CdAndAdAreCleared)
{
	DnsExchange x;
	EXPECT_FALSE(x.ask(plain(DNS_CD | DNS_AD).bytes).flags & (DNS_CD | DNS_AD));
	x.wanted.outcome = VERDICT_NO_TARGET;
	EXPECT_FALSE(x.ask(plain(DNS_CD | DNS_AD).bytes).flags & (DNS_CD | DNS_AD));
}

TEST(DnsHeader, Rfc1035_4_1_1_ResponsesAreNotAnswered)
{
	DnsExchange x;
	for (unsigned flags = DNS_QR; flags <= 0xffff; flags += 0x10) {
		Bytes query = plain(flags).bytes;
		request req = {};
		req.client = x.peer;
		ASSERT_EQ(dns_query_parse(query.data(), query.size(), &x.settings, &req),
			  DROP_dns_response);
		ASSERT_FALSE(drop_reason_is_answered(DROP_dns_response));
	}
}

/* Neither is there data of any meta type (RFC 6895 §3.1), so they are answered as types that nobody knows; zone transfers are
 * refused. */
TEST(DnsHeader, Rfc3597_2_EveryTypeIsAnswered)
{
	DnsExchange x;
	for (unsigned type = 0; type <= 0xffff; type++) {
		DnsMessage m = x.ask(plain(0, type).bytes);
		bool transfer = type == DNS_AXFR || type == DNS_IXFR;
		bool data = type == DNS_A || type == DNS_ANY;
		ASSERT_EQ(m.rcode(), transfer ? 5u : 0u) << type;
		ASSERT_EQ(m.answer.size(), data ? 1u : 0u) << type;
		ASSERT_EQ(m.authority.size(), transfer || data ? 0u : 1u) << type;
		ASSERT_EQ(m.qtype, type);
	}
}

TEST(DnsHeader, Rfc1035_3_2_4_EveryOtherClassIsRefused)
{
	DnsExchange x;
	for (unsigned cls = 0; cls <= 0xffff; cls++) {
		bool good = cls == DNS_CLASS_IN || cls == DNS_ANY;
		DnsMessage m = x.ask(plain(0, DNS_A, cls).bytes);
		ASSERT_EQ(m.rcode(), good ? 0u : 5u) << cls;
		ASSERT_EQ(m.qclass, cls);
	}
}

TEST(DnsHeader, Rfc1035_2_3_4_LabelsOf63AndNamesOf255)
{
	DnsExchange x;
	std::string label(63, 'x'), name;
	for (int i = 0; i < 3; i++)
		name += label + ".";
	auto ask = [&](const std::string &first) {
		return x.outcome(DnsBuilder()
					 .header(0, 1, 0, 0, 0)
					 .question(first + ".example.com", DNS_A)
					 .bytes);
	};
	EXPECT_EQ(ask(label), "none 0");
	EXPECT_EQ(ask(label + "x"), "dns_formerr 1");
	/* 3 * 64 + 49 + 1 + 13 = 255. */
	EXPECT_EQ(ask(name + std::string(49, 'y')), "none 0");
	EXPECT_EQ(ask(name + std::string(50, 'y')), "dns_formerr 1");
}

/* Nothing stands before the question that a pointer could go to: RFC 1035 §4.1.4, "a prior occurance". */
TEST(DnsHeader, Rfc1035_4_1_4_PointersInQuestionsAreFormerr)
{
	DnsExchange x;
	for (const Bytes &name :
	     {Bytes{0xc0, 12}, Bytes{0xc0, 0}, Bytes{3, 'v', 'o', 'd', 0xc0, 12},
	      Bytes{1, 'a', 0xc0, 14}, Bytes{0xff, 0xff}})
		EXPECT_EQ(x.outcome(DnsBuilder()
					    .header(0, 1, 0, 0, 0)
					    .raw(name)
					    .u16(DNS_A)
					    .u16(DNS_CLASS_IN)
					    .bytes),
			  "dns_formerr 1");
	/* Reserved label types: §4.1.4; 01 is for RFC 2671, which RFC 6891 §5 gave up. */
	for (unsigned type : {0x40u, 0x41u, 0x80u, 0xbfu})
		EXPECT_EQ(
			x.outcome(
				DnsBuilder().header(0, 1, 0, 0, 0).u8(type).raw(Bytes(300)).bytes),
			"dns_formerr 1");
}

TEST(DnsHeader, Rfc4343_3_LettersComeBackAsTheyWereAsked)
{
	DnsExchange x;
	for (const char *name : {"vod.example.com", "VOD.EXAMPLE.COM", "vOd.eXaMpLe.CoM"}) {
		Bytes query = DnsBuilder().header(0, 1, 0, 0, 0).question(name, DNS_A).bytes;
		Bytes answer = x.octets(query);
		ASSERT_EQ(x.result.reason, DROP_none);
		EXPECT_TRUE(std::equal(query.begin() + 12, query.end(), answer.begin() + 12));
	}
}

TEST(DnsHeader, Rfc1035_4_1_OctetsBehindTheMessageAreIgnored)
{
	DnsExchange x;
	Bytes answer = x.octets(plain().bytes);
	for (size_t n : {1u, 2u, 11u, 100u})
		EXPECT_EQ(x.octets(plain().raw(Bytes(n, 0xff)).bytes), answer);
}

TEST(DnsHeader, Rfc1035_4_1_1_CountsThatLieAreFormerr)
{
	DnsExchange x;
	for (size_t at : {7u, 9u, 11u}) {
		Bytes query = plain().bytes;
		query[at] = 1;
		EXPECT_EQ(x.outcome(query), "dns_formerr 1");
		query[at - 1] = 0xff;
		EXPECT_EQ(x.outcome(query), "dns_formerr 1");
	}
}

/* RFC 8482 §4.1: one RRset. */
TEST(DnsHeader, Rfc8482_4_1_AnyGivesOneSetOfAddresses)
{
	DnsExchange x;
	x.addresses.n_v6 = 2;
	DnsMessage m = x.ask(plain(0, DNS_ANY).bytes);
	ASSERT_EQ(m.answer.size(), 1u);
	EXPECT_EQ(m.answer[0].type, unsigned{DNS_A});
}
