/* dns_cookie_test - server cookies against the test vectors of RFC 9018, and what is done with those that are not good. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dns_exchange.h"

#include <gtest/gtest.h>

extern "C" {
#include "lib/dns_cookie.h"
}

static Bytes hex(const std::string &text)
{
	Bytes octets;
	for (size_t i = 0; i < text.size(); i += 2)
		octets.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
	return octets;
}

static Bytes cookie(const Bytes &data)
{
	return dns_with(dns_option(DNS_OPTION_COOKIE, data));
}

struct CookieWorld : DnsExchange {
	void secret(unsigned i, const std::string &text)
	{
		Bytes octets = hex(text);
		std::copy(octets.begin(), octets.end(), settings.secrets[i]);
		settings.n_secrets = i + 1;
	}
	/* The cookies that go back. */
	Bytes back(const Bytes &data)
	{
		Bytes found = options(cookie(data));
		EXPECT_EQ(found.size(), 28u);
		EXPECT_EQ(Bytes(found.begin(), found.begin() + 4), (Bytes{0, 10, 0, 24}));
		return Bytes(found.begin() + 4, found.end());
	}
};

static const char SECRET[] = "e5e973e5a6b2a43f48e7dc849e37bfcf";

TEST(DnsCookie, Rfc9018_A_1_LearningANewServerCookie)
{
	CookieWorld x;
	x.secret(0, SECRET);
	x.peer = {{198, 51, 100, 100}, 4};
	x.now = 1559731985;
	EXPECT_EQ(x.back(hex("2464c4abcf10c957")),
		  hex("2464c4abcf10c957010000005cf79f111f8130c3eee29480"));
	EXPECT_FALSE(x.req.dns.cookie_valid);
}

TEST(DnsCookie, Rfc9018_A_2_TheSameClientLearningARenewedServerCookie)
{
	CookieWorld x;
	x.secret(0, SECRET);
	x.peer = {{198, 51, 100, 100}, 4};
	x.now = 1559734385;
	EXPECT_EQ(x.back(hex("2464c4abcf10c957010000005cf79f111f8130c3eee29480")),
		  hex("2464c4abcf10c957010000005cf7a871d4a564a1442aca77"));
	EXPECT_TRUE(x.req.dns.cookie_valid);
}

/* The reserved octets are part of what is hashed. In the example the server answers after more than an hour. */
TEST(DnsCookie, Rfc9018_A_3_AnotherClientLearningARenewedServerCookie)
{
	CookieWorld x;
	const Bytes given = hex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5");
	x.secret(0, SECRET);
	x.peer = {{203, 0, 113, 203}, 4};
	x.now = 1559734700;
	EXPECT_EQ(x.back(given), hex("fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"));
	EXPECT_FALSE(x.req.dns.cookie_valid);
	x.now = 0x5cf78f71 + 10;
	EXPECT_NE(x.back(given), given);
	EXPECT_TRUE(x.req.dns.cookie_valid);
}

TEST(DnsCookie, Rfc9018_A_4_Ipv6QueryWithRolledOverSecret)
{
	CookieWorld x;
	x.secret(0, "445536bcd2513298075a5d379663c962");
	x.secret(1, "dd3bdf9344b678b185a6f5cb60fca715");
	ip_addr_parse("2001:db8:220:1:59de:d0f4:8769:82b8", &x.peer);
	x.now = 1559741961;
	EXPECT_EQ(x.back(hex("22681ab97d52c298010000005cf7c57926556bd0934c72f8")),
		  hex("22681ab97d52c298010000005cf7c609a6bb79d16625507a"));
	EXPECT_TRUE(x.req.dns.cookie_valid);
	x.settings.n_secrets = 1;
	x.back(hex("22681ab97d52c298010000005cf7c57926556bd0934c72f8"));
	EXPECT_FALSE(x.req.dns.cookie_valid);
}

TEST(DnsCookie, Rfc9018_4_3_Times)
{
	CookieWorld x;
	Bytes given = x.back(Bytes(8, 7));
	uint64_t made = x.now;
	const struct {
		int after;
		bool valid, same;
	} cases[] = {{0, true, true},      {1800, true, true},     {1801, true, false},
		     {3600, true, false},  {3601, false, false},   {-300, true, true},
		     {-301, false, false}, {1 << 30, false, false}};
	for (const auto &c : cases) {
		x.now = made + static_cast<uint64_t>(static_cast<int64_t>(c.after));
		EXPECT_EQ(x.back(given) == given, c.same) << c.after;
		EXPECT_EQ(x.req.dns.cookie_valid, c.valid) << c.after;
	}
}

/* Seconds are serial numbers (RFC 1982): 2106 is no end. */
TEST(DnsCookie, Rfc9018_4_3_SecondsWrapAround)
{
	CookieWorld x;
	x.now = UINT32_MAX - 5ull;
	Bytes given = x.back(Bytes(8, 7));
	x.now += 100;
	EXPECT_EQ(x.back(given), given);
	EXPECT_TRUE(x.req.dns.cookie_valid);
}

TEST(DnsCookie, Rfc7873_5_2_2_LengthsThatAreFormerr)
{
	CookieWorld x;
	for (size_t len = 0; len <= 64; len++) {
		bool good = len == 8 || (len >= 16 && len <= 40);
		EXPECT_EQ(x.outcome(cookie(Bytes(len, 3))), good ? "none 0" : "dns_formerr 1")
			<< len;
		EXPECT_EQ(x.req.dns.cookie, good);
	}
	x.settings.cookies = DNS_COOKIES_OFF;
	EXPECT_EQ(x.outcome(cookie(Bytes(7))), "none 0");
	EXPECT_EQ(x.options(cookie(Bytes(8))), Bytes{});
}

TEST(DnsCookie, Rfc7873_5_2_TheFirstOfSeveralCounts)
{
	CookieWorld x;
	Bytes two = dns_option(DNS_OPTION_COOKIE, Bytes(8, 1));
	Bytes second = dns_option(DNS_OPTION_COOKIE, Bytes(7, 2));
	two.insert(two.end(), second.begin(), second.end());
	Bytes back = x.options(dns_with(two));
	ASSERT_EQ(back.size(), 28u);
	EXPECT_EQ(Bytes(back.begin() + 4, back.begin() + 12), Bytes(8, 1));
}

/* Each bit of it, and the client's address, are part of the proof. */
TEST(DnsCookie, Rfc7873_5_2_4_OneWrongBitIsNoCookieOfOurs)
{
	CookieWorld x;
	x.settings.cookies = DNS_COOKIES_REQUIRED;
	Bytes first = Bytes(8, 7);
	EXPECT_EQ(x.outcome(cookie(first)), "dns_badcookie 23");
	Bytes good = x.back(first);
	EXPECT_EQ(x.outcome(cookie(good)), "none 0");
	for (size_t bit = 0; bit < 24 * 8; bit++) {
		Bytes bad = good;
		bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
		EXPECT_EQ(x.outcome(cookie(bad)), "dns_badcookie 23") << bit;
	}
	for (size_t bit = 0; bit < 32; bit++) {
		CookieWorld other;
		other.settings = x.settings;
		other.peer.bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
		EXPECT_EQ(other.outcome(cookie(good)), "dns_badcookie 23") << bit;
	}
	/* A cookie of another length may be of another server. */
	Bytes longer = good;
	longer.push_back(0);
	EXPECT_EQ(x.outcome(cookie(longer)), "dns_badcookie 23");
}

/* §5.2.1 has a client without cookies served as ever; that it has to come over TCP is what RFC 7873 §1 offers TCP for. */
TEST(DnsCookie, Rfc7873_5_2_3_RequiredOverUdpAlone)
{
	CookieWorld x;
	x.settings.cookies = DNS_COOKIES_REQUIRED;
	Bytes without = DnsBuilder().header(0, 1, 0, 0, 0).question("vod.example.com", 1).bytes;
	for (const Bytes &query : {without, dns_with({})}) {
		EXPECT_EQ(x.outcome(query), "dns_no_cookie 0");
		DnsMessage m = x.ask(query);
		EXPECT_TRUE(m.flags & DNS_TC);
		EXPECT_FALSE(m.flags & DNS_AA);
		EXPECT_EQ(m.answer.size() + m.authority.size(), 0u);
		EXPECT_EQ(m.questions, 1u);
	}
	x.tcp = true;
	EXPECT_EQ(x.outcome(without), "none 0");
	EXPECT_EQ(x.outcome(cookie(Bytes(8))), "none 0");
	x.tcp = false;
	x.settings.cookies = DNS_COOKIES_ANSWERED;
	EXPECT_EQ(x.outcome(without), "none 0");
	EXPECT_EQ(x.outcome(cookie(Bytes(24))), "none 0");
}

TEST(DnsCookie, Rfc7873_5_4_QueryForACookieAlone)
{
	CookieWorld x;
	auto query = [](const Bytes &data) {
		return DnsBuilder()
			.header(0, 0, 0, 0, 1)
			.opt(dns_option(DNS_OPTION_COOKIE, data))
			.bytes;
	};
	EXPECT_EQ(x.outcome(query(Bytes(8, 7))), "dns_cookie_only 0");
	DnsMessage m = x.ask(query(Bytes(8, 7)));
	EXPECT_EQ(m.questions + m.answer.size() + m.authority.size(), 0u);
	Bytes good(m.opt()->data.begin() + 4, m.opt()->data.end());
	EXPECT_EQ(x.outcome(query(good)), "dns_cookie_only 0");
	EXPECT_EQ(x.outcome(query(Bytes(24, 7))), "dns_badcookie 23");
	EXPECT_EQ(x.outcome(query(Bytes(9, 7))), "dns_formerr 1");
	x.settings.cookies = DNS_COOKIES_OFF;
	EXPECT_EQ(x.outcome(query(Bytes(8, 7))), "dns_formerr 1");
}

TEST(DnsCookie, BadversSaysNothingElse)
{
	CookieWorld x;
	Bytes query = DnsBuilder()
			      .header(0, 1, 0, 0, 1)
			      .question("vod.example.com", DNS_A)
			      .opt(dns_option(DNS_OPTION_COOKIE, Bytes(8)), 1232, 1)
			      .bytes;
	EXPECT_EQ(x.outcome(query), "dns_badvers 16");
	EXPECT_EQ(x.options(query), Bytes{});
}
