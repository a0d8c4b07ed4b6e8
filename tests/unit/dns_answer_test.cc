/* dns_answer_test - answers for each verdict, in every room, read back by an independent reader. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dns_message.h"
#include "tests/support/guard_page.h"
#include "tests/support/zone_box.h"

#include <gtest/gtest.h>
#include <random>

extern "C" {
#include "lib/dns_answer.h"
#include "lib/dns_name.h"
#include "lib/dns_query.h"
#include "lib/dns_wire.h"
}

static const char SOA[] = "ns1.example.com hostmaster.example.com 2024 3600 600 86400 30";

/* example.com with two servers inside and one outside; DRIs of all kinds. */
struct World {
	ZoneBox box;
	scope deny = {};
	dri addresses = {}, only_v6 = {}, alias = {}, alias_inside = {}, http_only = {};

	explicit World(const char *minimum = "30")
	    : box("example.com", std::string("@ 300 SOA ns1 hostmaster 2024 3600 600 86400 ") +
					 minimum +
					 "\n@ 300 NS ns1\n@ 300 NS ns2.Deep\n"
					 "@ 300 NS ns.other.net.\n"
					 "ns1 300 A 192.0.2.1\nns1 300 AAAA 2001:db8::1\n"
					 "ns2.Deep 300 AAAA 2001:db8::2\n")
	{
		addresses.ttl = 20;
		addresses.n_v4 = 3;
		addresses.n_v6 = 2;
		for (uint8_t i = 0; i < DRI_ADDRESSES_MAX; i++) {
			addresses.v4[i][0] = 10;
			addresses.v4[i][3] = i;
			addresses.v6[i][0] = 0xfd;
			addresses.v6[i][15] = i;
		}
		only_v6 = addresses;
		only_v6.n_v4 = 0;
		cname("edge.cdn.example.net", &alias);
		cname("edge.example.com", &alias_inside);
	}
	static void name(const char *text, dns_name *out)
	{
		if (!dns_name_from_text(text, out))
			abort();
	}
	static void cname(const char *text, dri *out)
	{
		dns_name to;
		name(text, &to);
		out->ttl = 40;
		out->cname_len = to.len;
		memcpy(out->cname, to.wire, to.len);
	}
	verdict says(verdict_outcome outcome, const dri *d = nullptr, bool exists = false)
	{
		verdict v = {};
		v.outcome = static_cast<uint8_t>(outcome);
		v.ecs_scope = 20;
		v.name_exists = exists;
		v.zone = box.zone;
		v.scope = &deny;
		v.dri = d;
		return v;
	}
};

static dns_settings defaults()
{
	dns_settings settings = {};
	settings.udp_size = 1232;
	settings.client_subnet = true;
	return settings;
}
static const dns_settings settings = defaults();

struct Asked {
	Bytes message;
	request req = {};
	drop_reason parsed;

	explicit Asked(const Bytes &m) : message(m)
	{
		req.client = {{198, 51, 100, 53}, 4};
		req.client_len = 32;
		parsed = dns_query_parse(message.data(), message.size(), &settings, &req);
	}
	Asked(const std::string &qname, unsigned type, const Bytes &options = {}, bool edns = false)
	    : Asked(bytes(qname, type, options, edns || !options.empty()))
	{
	}
	static Bytes bytes(const std::string &qname, unsigned type, const Bytes &options, bool edns)
	{
		DnsBuilder b;
		b.header(DNS_RD | DNS_CD | DNS_AD | DNS_TC | DNS_RA | DNS_Z, 1, 0, 0, edns);
		b.question(qname, type);
		if (edns)
			b.opt(options, 1232, 0, 0x8000);
		return b.bytes;
	}
};

struct Answer {
	Bytes bytes;
	dns_answer result;

	Answer(const Asked &asked, const verdict &said, size_t cap = 1232, uint32_t turn = 0)
	{
		verdict v = said;
		const request_dns &dns = asked.req.dns;
		if (v.zone && v.outcome == VERDICT_NO_SCOPE && dns.qname &&
		    dns_name_is_under(dns.qname, dns.qname_len, v.zone->apex.wire,
				      v.zone->apex.len))
			zone_data_find(v.zone->data, dns.qname, dns.qname_len, dns.qtype, &v.found);
		/* The mbuf is as large as the larger of both; past cap nothing may change. */
		size_t room = std::max(cap, asked.message.size());
		GuardPage page(asked.message.data(), asked.message.size(), room);
		Bytes before(page.data(), page.data() + room);
		result = dns_answer_write(page.data(), cap, &asked.req, &v, &settings, turn);
		EXPECT_TRUE(std::equal(before.begin() + static_cast<long>(cap), before.end(),
				       page.data() + cap));
		EXPECT_LE(result.len, cap);
		bytes.assign(page.data(), page.data() + result.len);
	}
	DnsMessage message() const
	{
		return DnsMessage(bytes);
	}
};

static std::string show(const std::vector<DnsRecord> &records)
{
	std::string text;
	for (const DnsRecord &r : records)
		if (r.type != DNS_OPT)
			text += (text.empty() ? "" : "|") + r.name + " " + std::to_string(r.ttl) +
				" " + std::to_string(r.type) + " " + r.text;
	return text;
}

struct Case {
	const char *what;
	std::string qname;
	unsigned qtype;
	verdict v;
	unsigned rcode;
	bool authoritative;
	drop_reason reason;
	bool zone_data;
	std::string answer, authority, additional;
};

static const std::string NEGATIVE = std::string("example.com 30 6 ") + SOA;

static std::vector<Case> cases(World &w)
{
	verdict redirect = w.says(VERDICT_REDIRECT, &w.addresses),
		v6 = w.says(VERDICT_REDIRECT, &w.only_v6);
	verdict alias = w.says(VERDICT_REDIRECT, &w.alias),
		inside = w.says(VERDICT_REDIRECT, &w.alias_inside);
	verdict none = w.says(VERDICT_NO_SCOPE), exists = w.says(VERDICT_NO_SCOPE, nullptr, true);
	verdict foreign = none, deny = w.says(VERDICT_DENY), hide = deny;
	static scope hiding;
	hiding.deny_nxdomain = true;
	hide.scope = &hiding;
	foreign.zone = nullptr;
	const std::string www = "www.example.com", apex = "Example.com", ns1 = "ns1.example.com";
	const std::string v4s = "www.example.com 20 1 0a000000|www.example.com 20 1 0a000001|"
				"www.example.com 20 1 0a000002";
	const std::string v6s = "www.example.com 20 28 fd000000000000000000000000000000|"
				"www.example.com 20 28 fd000000000000000000000000000001";
	const std::string ns = "example.com 300 2 ns.other.net|example.com 300 2 ns1.example.com|"
			       "example.com 300 2 ns2.deep.example.com";
	const std::string glue = "ns1.example.com 300 1 c0000201|"
				 "ns1.example.com 300 28 20010db8000000000000000000000001|"
				 "ns2.deep.example.com 300 28 20010db8000000000000000000000002";
	const std::string soa = std::string("example.com 300 6 ") + SOA;
	const drop_reason ok = DROP_none, nodata = DROP_dns_nodata, nx = DROP_dns_nxdomain;
	return {
		{"A", www, DNS_A, redirect, 0, true, ok, false, v4s, "", ""},
		{"AAAA", www, DNS_AAAA, redirect, 0, true, ok, false, v6s, "", ""},
		{"ANY gives one family", www, DNS_ANY, redirect, 0, true, ok, false, v4s, "", ""},
		{"ANY without IPv4", www, DNS_ANY, v6, 0, true, ok, false, v6s, "", ""},
		{"A without IPv4", www, DNS_A, v6, 0, true, nodata, false, "", NEGATIVE, ""},
		{"TXT of addresses", www, 16, redirect, 0, true, nodata, false, "", NEGATIVE, ""},
		{"A at the apex", apex, DNS_AAAA, v6, 0, true, ok, false,
		 "example.com 20 28 fd000000000000000000000000000000|"
		 "example.com 20 28 fd000000000000000000000000000001",
		 "", ""},
		{"CNAME for A", www, DNS_A, alias, 0, true, ok, false,
		 "www.example.com 40 5 edge.cdn.example.net", "", ""},
		{"CNAME for TXT", www, 16, alias, 0, true, ok, false,
		 "www.example.com 40 5 edge.cdn.example.net", "", ""},
		{"CNAME within the zone", www, DNS_CNAME, inside, 0, true, ok, false,
		 "www.example.com 40 5 edge.example.com", "", ""},
		{"CNAME at the apex", apex, DNS_A, alias, 2, false, DROP_dns_servfail, false, "",
		 "", ""},
		{"no DNS part", www, DNS_A, w.says(VERDICT_REDIRECT, &w.http_only), 2, false,
		 DROP_dns_servfail, false, "", "", ""},
		{"no DRI", www, DNS_A, w.says(VERDICT_REDIRECT), 2, false, DROP_dns_servfail, false,
		 "", "", ""},
		{"no target", www, DNS_A, w.says(VERDICT_NO_TARGET), 2, false, DROP_dns_servfail,
		 false, "", "", ""},
		{"denied", www, DNS_A, deny, 5, false, DROP_dns_denied, false, "", "", ""},
		{"denied and hidden", www, DNS_A, hide, 3, true, DROP_dns_denied, false, "",
		 NEGATIVE, ""},
		{"no zone", www, DNS_A, foreign, 5, false, DROP_dns_refused, false, "", "", ""},
		{"SOA", apex, DNS_SOA, redirect, 0, true, ok, true, soa, "", ""},
		{"SOA when denied", apex, DNS_SOA, deny, 0, true, ok, true, soa, "", ""},
		{"ANY at the apex", apex, DNS_ANY, alias, 0, true, ok, true, soa, "", ""},
		{"NS", apex, DNS_NS, none, 0, true, ok, true, ns, "", glue},
		{"NS below the apex", www, DNS_NS, exists, 0, true, nodata, false, "", NEGATIVE,
		 ""},
		{"apex without A", apex, DNS_A, none, 0, true, nodata, false, "", NEGATIVE, ""},
		{"server A", "NS1.example.com", DNS_A, none, 0, true, ok, true,
		 "ns1.example.com 300 1 c0000201", "", ""},
		{"server AAAA", ns1, DNS_AAAA, none, 0, true, ok, true,
		 "ns1.example.com 300 28 20010db8000000000000000000000001", "", ""},
		{"server ANY", ns1, DNS_ANY, none, 0, true, ok, true,
		 "ns1.example.com 300 1 c0000201", "", ""},
		{"server ANY, IPv6 only", "ns2.deep.example.com", DNS_ANY, none, 0, true, ok, true,
		 "ns2.deep.example.com 300 28 20010db8000000000000000000000002", "", ""},
		{"server without A", "ns2.deep.example.com", DNS_A, none, 0, true, nodata, false,
		 "", NEGATIVE, ""},
		{"server TXT", ns1, 16, none, 0, true, nodata, false, "", NEGATIVE, ""},
		{"server that a scope takes", ns1, DNS_A, inside, 0, true, ok, false,
		 "ns1.example.com 40 5 edge.example.com", "", ""},
		{"above a server", "deep.example.com", DNS_A, none, 0, true, nodata, false, "",
		 NEGATIVE, ""},
		{"below a server", "x.ns1.example.com", DNS_A, none, 3, true, nx, false, "",
		 NEGATIVE, ""},
		{"in the tables", www, DNS_A, exists, 0, true, nodata, false, "", NEGATIVE, ""},
		{"nowhere", www, DNS_A, none, 3, true, nx, false, "", NEGATIVE, ""},
	};
}

TEST(DnsAnswer, Verdicts)
{
	World w;
	for (const Case &c : cases(w)) {
		for (bool edns : {false, true}) {
			SCOPED_TRACE(c.what);
			Asked asked(c.qname, c.qtype, {}, edns);
			ASSERT_EQ(asked.parsed, DROP_none);
			Answer a(asked, c.v);
			DnsMessage m = a.message();
			EXPECT_EQ(m.id, 0xbeefu);
			EXPECT_EQ(m.flags, DNS_QR | DNS_RD |
						   (c.authoritative ? unsigned{DNS_AA} : 0u) |
						   c.rcode);
			EXPECT_EQ(m.questions, 1u);
			EXPECT_EQ(m.qtype, c.qtype);
			EXPECT_TRUE(std::equal(asked.message.begin() + 12,
					       asked.message.begin() + asked.req.dns.question_end,
					       a.bytes.begin() + 12));
			EXPECT_EQ(show(m.answer), c.answer);
			EXPECT_EQ(show(m.authority), c.authority);
			EXPECT_EQ(show(m.additional), c.additional);
			EXPECT_EQ(a.result.reason, c.reason);
			EXPECT_EQ(a.result.zone_data, c.zone_data);
			ASSERT_EQ(m.opt() != nullptr, edns);
			if (edns) {
				EXPECT_EQ(m.opt()->cls, 1232u);
				EXPECT_EQ(m.opt()->ttl, 0x8000u);
				EXPECT_EQ(m.opt()->data.empty(),
					  c.rcode != DNS_REFUSED && c.rcode != DNS_SERVFAIL);
			}
		}
	}
}

TEST(DnsAnswer, NegativeTtlIsTheSmallerOne)
{
	World w("900");
	DnsMessage m = Answer(Asked("www.example.com", DNS_A), w.says(VERDICT_NO_SCOPE)).message();
	ASSERT_EQ(m.authority.size(), 1u);
	EXPECT_EQ(m.authority[0].ttl, 300u);
}

TEST(DnsAnswer, ErrorsFromDecode)
{
	World w;
	verdict v = {};
	v.outcome = VERDICT_ERROR;
	auto check = [&](const Bytes &bytes, unsigned rcode, unsigned extended, unsigned questions,
			 drop_reason reason) {
		Asked asked(bytes);
		EXPECT_EQ(asked.parsed, reason);
		Answer a(asked, v);
		DnsMessage m = a.message();
		EXPECT_EQ(m.rcode(), rcode);
		EXPECT_FALSE(m.flags & (DNS_AA | DNS_TC));
		EXPECT_EQ(m.flags & DNS_OPCODE, asked.req.dns.flags & DNS_OPCODE);
		EXPECT_EQ(m.questions, questions);
		EXPECT_EQ(m.answer.size() + m.authority.size(), 0u);
		EXPECT_EQ(m.opt() != nullptr, asked.req.dns.edns);
		EXPECT_EQ(m.opt() ? m.opt()->ttl >> 16 : 0, extended << 8); /* version 0 */
		EXPECT_EQ(a.result.reason, reason);
	};
	check(DnsBuilder().header(0, 0, 0, 0, 0).bytes, 1, 0, 0, DROP_dns_formerr);
	check(DnsBuilder().header(0, 2, 1, 1, 1).raw(Bytes(99, 0xc0)).bytes, 1, 0, 0,
	      DROP_dns_formerr);
	check(DnsBuilder().header(0, 1, 0, 0, 1).question("a.b", 1).bytes, 1, 0, 1,
	      DROP_dns_formerr);
	check(DnsBuilder().header(0, 1, 0, 0, 2).question("a.b", 1).opt().opt().bytes, 1, 0, 1,
	      DROP_dns_formerr);
	check(DnsBuilder().header(5 << 11, 1, 0, 0, 1).question("a.b", 6).opt().bytes, 4, 0, 1,
	      DROP_dns_notimp);
	check(DnsBuilder().header(15 << 11, 0, 0, 0, 0).bytes, 4, 0, 0, DROP_dns_notimp);
	check(DnsBuilder().header(0, 1, 0, 0, 1).question("a.b", 1).opt({}, 1232, 7).bytes, 0, 1, 1,
	      DROP_dns_badvers);
	check(DnsBuilder().header(0, 1, 0, 0, 0).question("a.b", DNS_AXFR).bytes, 5, 0, 1,
	      DROP_dns_refused);
	check(DnsBuilder().header(0, 1, 0, 0, 0).question("version.bind", 16, 3).bytes, 5, 0, 1,
	      DROP_dns_refused);
}

TEST(DnsAnswer, ClassAnyIsNotAuthoritative)
{
	World w;
	Asked asked(DnsBuilder().header(0, 1, 0, 0, 0).question("www.example.com", 1, 255).bytes);
	DnsMessage m = Answer(asked, w.says(VERDICT_REDIRECT, &w.addresses)).message();
	EXPECT_FALSE(m.flags & DNS_AA);
	ASSERT_EQ(m.answer.size(), 3u);
	EXPECT_EQ(m.answer[0].cls, 1u);
}

static Bytes subnet_of(const Asked &asked, const verdict &v)
{
	DnsMessage m = Answer(asked, v).message();
	Bytes data = m.opt() ? m.opt()->data : Bytes{};
	if (data.size() >= 4) /* without an extended error behind it */
		data.resize(4u + data[3]);
	return data;
}

TEST(DnsAnswer, ClientSubnetIsEchoedWithItsScope)
{
	World w;
	const Bytes v4 = {203, 0, 113, 128};
	Asked asked("www.example.com", DNS_A, dns_ecs(1, 25, 0, v4));
	Bytes scoped = dns_ecs(1, 25, 20, v4), unscoped = dns_ecs(1, 25, 0, v4);
	EXPECT_EQ(subnet_of(asked, w.says(VERDICT_REDIRECT, &w.addresses)), scoped);
	EXPECT_EQ(subnet_of(asked, w.says(VERDICT_REDIRECT, &w.only_v6)), scoped);
	EXPECT_EQ(subnet_of(asked, w.says(VERDICT_NO_SCOPE)), scoped);
	EXPECT_EQ(subnet_of(asked, w.says(VERDICT_DENY)), unscoped);
	EXPECT_EQ(subnet_of(asked, w.says(VERDICT_NO_TARGET)), unscoped);
	EXPECT_EQ(subnet_of(Asked("example.com", DNS_NS, unscoped), w.says(VERDICT_NO_SCOPE)),
		  unscoped);

	Bytes v6 = {0x20, 1, 0x0d, 0xb8, 1, 2, 3};
	verdict far = w.says(VERDICT_REDIRECT, &w.addresses);
	far.ecs_scope = 128;
	EXPECT_EQ(subnet_of(Asked("www.example.com", DNS_A, dns_ecs(2, 56, 0, v6)), far),
		  dns_ecs(2, 56, 128, v6));
	for (unsigned family : {0u, 1u, 2u})
		EXPECT_EQ(
			subnet_of(Asked("www.example.com", DNS_A, dns_ecs(family, 0, 0, {})), far),
			dns_ecs(family, 0, 0, {}));
}

TEST(DnsAnswer, TurnSaysWhoIsFirst)
{
	World w;
	for (uint32_t turn : {0u, 1u, 2u, 3u, 4u, UINT32_MAX}) {
		Answer a(Asked("www.example.com", DNS_A), w.says(VERDICT_REDIRECT, &w.addresses),
			 512, turn);
		DnsMessage m = a.message();
		ASSERT_EQ(m.answer.size(), 3u);
		for (unsigned i = 0; i < 3; i++)
			EXPECT_EQ(m.answer[i].data[3], (turn % 3 + i) % 3);
	}
}

/* The largest question, all addresses: more than 512 octets. */
TEST(DnsAnswer, Largest)
{
	World w;
	w.addresses.n_v6 = DRI_ADDRESSES_MAX;
	std::string longest = "example.com";
	while (longest.size() + 2 <= 253)
		longest = "a." + longest;
	Asked asked(longest, DNS_AAAA, dns_ecs(2, 128, 0, Bytes(16, 9)));
	ASSERT_EQ(asked.parsed, DROP_none);
	Answer whole(asked, w.says(VERDICT_REDIRECT, &w.addresses));
	EXPECT_EQ(whole.message().answer.size(), 16u);
	Answer cut(asked, w.says(VERDICT_REDIRECT, &w.addresses), 512);
	DnsMessage m = cut.message();
	EXPECT_TRUE(m.flags & DNS_TC);
	EXPECT_TRUE(m.opt());
	EXPECT_EQ(m.answer.size(), 0u);
	EXPECT_EQ(cut.result.reason, DROP_dns_truncated);
}

/* In every room the answer is whole, or says that it is not; the room's end is an unreadable page. */
TEST(DnsAnswer, EveryRoom)
{
	World w;
	for (const Case &c : cases(w)) {
		SCOPED_TRACE(c.what);
		Asked asked(c.qname, c.qtype, dns_ecs(2, 56, 0, {0x20, 1, 0x0d, 0xb8, 1, 2, 3}));
		Answer whole(asked, c.v);
		DnsMessage full = whole.message();
		size_t glue = full.additional.size();
		for (size_t cap = 12; cap <= whole.result.len + 1; cap++) {
			Answer a(asked, c.v, cap);
			DnsMessage m = a.message();
			EXPECT_EQ(m.flags & DNS_TC,
				  a.result.reason == DROP_dns_truncated ? unsigned{DNS_TC} : 0u);
			if (m.flags & DNS_TC) {
				EXPECT_LT(cap, whole.result.len);
				EXPECT_EQ(m.answer.size() + m.authority.size(), 0u);
				EXPECT_FALSE(a.result.zone_data);
				EXPECT_TRUE(m.additional.empty() ||
					    (m.opt() && m.additional.size() == 1));
			} else {
				EXPECT_EQ(show(m.answer), show(full.answer));
				EXPECT_EQ(show(m.authority), show(full.authority));
				EXPECT_TRUE(m.opt());
				EXPECT_LE(m.additional.size(), glue);
			}
			EXPECT_EQ(m.questions, cap >= asked.req.dns.question_end ? 1u : 0u);
		}
		EXPECT_EQ(Answer(asked, c.v, whole.result.len).bytes, whole.bytes);
	}
}

TEST(DnsAnswer, GlueIsLeftOutWithoutTruncation)
{
	World w;
	Asked asked("example.com", DNS_NS, {}, true);
	Answer whole(asked, w.says(VERDICT_NO_SCOPE));
	std::vector<size_t> seen;
	for (size_t cap = whole.result.len; cap > 12; cap--) {
		DnsMessage m = Answer(asked, w.says(VERDICT_NO_SCOPE), cap).message();
		if (m.flags & DNS_TC)
			break;
		EXPECT_EQ(m.answer.size(), 3u);
		if (seen.empty() || seen.back() != m.additional.size())
			seen.push_back(m.additional.size());
	}
	EXPECT_EQ(seen, (std::vector<size_t>{4, 3, 2, 1}));
}

TEST(DnsAnswer, RandomQueries)
{
	World w;
	std::mt19937 random(3);
	std::vector<Case> all = cases(w);
	unsigned answered = 0, errors = 0;
	for (int round = 0; round < 20000; round++) {
		const Case &c = all[random() % all.size()];
		Bytes bytes = Asked::bytes(c.qname, c.qtype, dns_ecs(1, 24, 0, {203, 0, 113}),
					   random() % 2);
		for (unsigned flips = random() % 4; flips; flips--)
			bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
		Asked asked(bytes);
		if (!drop_reason_is_answered(asked.parsed) && asked.parsed != DROP_none)
			continue;
		verdict v = c.v;
		if (asked.req.dns.rcode)
			v.outcome = VERDICT_ERROR;
		Answer a(asked, v, 12 + random() % 600, random());
		DnsMessage m = a.message();
		ASSERT_TRUE(m.flags & DNS_QR);
		ASSERT_EQ(m.id, static_cast<unsigned>(bytes[0] << 8 | bytes[1]));
		errors += v.outcome == VERDICT_ERROR;
		answered += a.result.reason == DROP_none;
	}
	EXPECT_GT(answered, 1000u);
	EXPECT_GT(errors, 1000u);
}
