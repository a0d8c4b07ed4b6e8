/* ip_test - addresses and prefixes: what is taken, what is refused, how they are printed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <string>

extern "C" {
#include "lib/ip.h"
}

namespace
{

std::string round_trip(const char *text)
{
	char buf[IP_TEXT_MAX];
	ip_prefix prefix;
	return ip_prefix_parse(text, &prefix) ? ip_prefix_text(&prefix, buf) : "refused";
}

TEST(Ip, TakesAddressesOfBothFamilies)
{
	ip_addr addr;
	ASSERT_TRUE(ip_addr_parse("192.0.2.1", &addr));
	EXPECT_EQ(addr.family, 4);
	EXPECT_EQ(ip_bits(&addr), 32u);
	const uint8_t v4[16] = {192, 0, 2, 1};
	EXPECT_EQ(memcmp(addr.bytes, v4, 16), 0);

	ASSERT_TRUE(ip_addr_parse("2001:DB8::1", &addr));
	EXPECT_EQ(addr.family, 6);
	EXPECT_EQ(ip_bits(&addr), 128u);
	const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	EXPECT_EQ(memcmp(addr.bytes, v6, 16), 0);
	ASSERT_TRUE(ip_addr_parse("::ffff:192.0.2.1", &addr));
	EXPECT_EQ(addr.family, 6);
}

TEST(Ip, RefusesWhatIsNoAddress)
{
	ip_addr addr;
	for (const char *text : {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", " 1.2.3.4",
				 "1.2.3.4 ", "1.2.3.4/32", ":", ":::", "1::2::3", "12345::",
				 "fe80::1%eth0", "1:2:3:4:5:6:7:8:9", "[::1]", "::g", "a.b.c.d"})
		EXPECT_FALSE(ip_addr_parse(text, &addr)) << text;
}

TEST(Ip, PrintsAsRfc5952Says)
{
	EXPECT_EQ(round_trip("2001:0DB8:0:0:0:0:0:1"), "2001:db8::1/128");
	EXPECT_EQ(round_trip("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1/128");
	EXPECT_EQ(round_trip("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1/128");
	EXPECT_EQ(round_trip("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1/128");
	EXPECT_EQ(round_trip("::ffff:c000:0201"), "::ffff:192.0.2.1/128");
	EXPECT_EQ(round_trip("192.0.2.0/24"), "192.0.2.0/24");
	EXPECT_EQ(round_trip("::/0"), "::/0");
	EXPECT_EQ(round_trip("0.0.0.0/0"), "0.0.0.0/0");
	EXPECT_EQ(round_trip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"),
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	EXPECT_EQ(round_trip("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128"),
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

TEST(Ip, RefusesWhatIsNoPrefix)
{
	for (const char *text : {"",
				 "/",
				 "/24",
				 "192.0.2.0/",
				 "192.0.2.0/33",
				 "192.0.2.0/-1",
				 "192.0.2.0/+24",
				 "192.0.2.0/024",
				 "192.0.2.0/24 ",
				 "192.0.2.0/2x",
				 "192.0.2.0/24/24",
				 "192.0.2.1/24",
				 "192.0.2.0/0000000024",
				 "192.0.2.0/4294967320",
				 "2001:db8::/129",
				 "2001:db8::1/64",
				 "::1/0",
				 "2001:db8::/256",
				 "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555/128",
				 "192.0.2.128/24"})
		EXPECT_EQ(round_trip(text), "refused") << text;
	EXPECT_EQ(round_trip(std::string(5000, '1').c_str()), "refused");
}

TEST(Ip, MaskKeepsTheFirstBits)
{
	std::mt19937 random(1);
	for (int round = 0; round < 2000; round++) {
		ip_addr addr = {};
		addr.family = round & 1 ? 4 : 6;
		for (unsigned i = 0; i < ip_bits(&addr) / 8; i++)
			addr.bytes[i] = static_cast<uint8_t>(random());
		unsigned len = random() % (ip_bits(&addr) + 10);
		ip_addr masked = addr;
		ip_addr_mask(&masked, len);
		for (unsigned bit = 0; bit < 128; bit++) {
			int was = addr.bytes[bit / 8] >> (7 - bit % 8) & 1,
			    is = masked.bytes[bit / 8] >> (7 - bit % 8) & 1;
			ASSERT_EQ(is, bit < len ? was : 0) << "bit " << bit << " len " << len;
		}
	}
}

TEST(Ip, EqualLooksAtFamilyAndAddressOnly)
{
	ip_addr a, b;
	ASSERT_TRUE(ip_addr_parse("0.0.0.0", &a));
	ASSERT_TRUE(ip_addr_parse("::", &b));
	EXPECT_FALSE(ip_addr_equal(&a, &b));
	b = a;
	EXPECT_TRUE(ip_addr_equal(&a, &b));
	b.bytes[3] = 1;
	EXPECT_FALSE(ip_addr_equal(&a, &b));
	ASSERT_TRUE(ip_addr_parse("::", &a));
	ASSERT_TRUE(ip_addr_parse("::1", &b));
	EXPECT_FALSE(ip_addr_equal(&a, &b));
}

} // namespace
