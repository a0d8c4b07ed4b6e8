/* dns_chaos_test - what is said about the server, and to whom not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dns_exchange.h"

#include <gtest/gtest.h>

static Bytes query(const std::string &name, unsigned type = DNS_TXT, unsigned cls = DNS_CLASS_CH)
{
	return DnsBuilder().header(DNS_RD, 1, 0, 0, 0).question(name, type, cls).bytes;
}

TEST(DnsChaos, Rfc4892_3_TheFourNames)
{
	DnsExchange x;
	strcpy(x.settings.version, "turnout 7");
	strcpy(x.settings.id, "edge0");
	const struct {
		const char *name, *text;
	} cases[] = {{"version.bind", "turnout 7"},
		     {"Version.Server", "turnout 7"},
		     {"id.server", "edge0"},
		     {"HOSTNAME.bind", "edge0"}};
	for (const auto &c : cases)
		for (unsigned type : {unsigned{DNS_TXT}, unsigned{DNS_ANY}}) {
			DnsMessage m = x.ask(query(c.name, type));
			EXPECT_EQ(x.result.reason, DROP_dns_chaos);
			EXPECT_EQ(m.flags, unsigned{DNS_QR | DNS_RD});
			ASSERT_EQ(m.answer.size(), 1u);
			EXPECT_EQ(m.answer[0].type, unsigned{DNS_TXT});
			EXPECT_EQ(m.answer[0].cls, unsigned{DNS_CLASS_CH});
			EXPECT_EQ(m.answer[0].ttl, 0u);
			std::string text(1, static_cast<char>(strlen(c.text)));
			text += c.text;
			EXPECT_EQ(std::string(m.answer[0].data.begin(), m.answer[0].data.end()),
				  text);
		}
}

TEST(DnsChaos, AllElseIsRefused)
{
	DnsExchange x;
	EXPECT_EQ(x.outcome(query("version.bind")), "dns_refused 5"); /* not configured */
	EXPECT_EQ(x.outcome(query("id.server")), "dns_refused 5");
	strcpy(x.settings.version, "v");
	EXPECT_EQ(x.outcome(query("id.server")), "dns_refused 5");
	EXPECT_EQ(x.outcome(query("version.bind", DNS_A)), "dns_refused 5");
	EXPECT_EQ(x.outcome(query("a.version.bind")), "dns_refused 5");
	EXPECT_EQ(x.outcome(query("bind")), "dns_refused 5");
	EXPECT_EQ(x.outcome(query("version.bind", DNS_TXT, 4)), "dns_refused 5");
	/* A dot within a label is no end of it. */
	Bytes dotted = DnsBuilder().header(0, 1, 0, 0, 0).u8(12).bytes;
	for (char c : std::string("version.bind"))
		dotted.push_back(static_cast<uint8_t>(c));
	for (unsigned octet : {0, 0, 16, 0, 3})
		dotted.push_back(static_cast<uint8_t>(octet));
	EXPECT_EQ(x.outcome(dotted), "dns_refused 5");
	EXPECT_EQ(x.outcome(query("version.bind")), "dns_chaos 0");
}

TEST(DnsChaos, LongestTextInEveryRoom)
{
	DnsExchange x;
	memset(x.settings.id, 'i', DNS_CHAOS_MAX);
	size_t whole = x.octets(query("id.server")).size();
	for (x.cap = 12; x.cap < whole; x.cap++)
		EXPECT_TRUE(x.ask(query("id.server")).flags & DNS_TC);
	EXPECT_EQ(x.ask(query("id.server")).answer.at(0).data.size(), 256u);
}
