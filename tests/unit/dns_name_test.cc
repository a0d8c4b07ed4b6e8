/* dns_name_test - names from text, to text, compared, and as keys. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dns_message.h"
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <random>

extern "C" {
#include "lib/dns_name.h"
}

static Bytes wire(const char *text)
{
	dns_name name;
	EXPECT_TRUE(dns_name_from_text(text, &name)) << text;
	return Bytes(name.wire, name.wire + name.len);
}

static std::string text(const Bytes &name)
{
	char buf[DNS_NAME_TEXT_MAX];
	return dns_name_text(name.data(), name.size(), buf);
}

static std::string key(const Bytes &name)
{
	static request req;
	unsigned labels;
	EXPECT_EQ(dns_name_key(name.data(), name.size(), &labels, &req), name.size());
	EXPECT_EQ(req.key_len, req.host_len + 1);
	return std::string(req.key, req.key + req.key_len);
}

TEST(DnsName, FromText)
{
	EXPECT_EQ(wire("Example.com"),
		  (Bytes{7, 'E', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0}));
	EXPECT_EQ(wire("example.com."), wire("example.com"));
	EXPECT_EQ(wire("."), Bytes{0});
	EXPECT_EQ(wire("a\\.b.c"), (Bytes{3, 'a', '.', 'b', 1, 'c', 0}));
	EXPECT_EQ(wire("\\000\\255\\065"), (Bytes{3, 0, 255, 'A', 0}));
	EXPECT_EQ(wire("*._tcp"), (Bytes{1, '*', 4, '_', 't', 'c', 'p', 0}));
}

TEST(DnsName, FromTextRefuses)
{
	dns_name name;
	for (const char *bad :
	     {"", "..", ".a", "a..b", "a..", "a b", "a\tb", "\\", "a\\", "\\1", "\\12", "\\256",
	      "\\1a2", "caf\xc3\xa9", "a;b", "hostmaster@example.com", "a\n"})
		EXPECT_FALSE(dns_name_from_text(bad, &name)) << bad;
}

TEST(DnsName, FromTextLimits)
{
	std::string l63(63, 'a'), l61(61, 'a');
	dns_name name;
	EXPECT_TRUE(dns_name_from_text(l63.c_str(), &name));
	EXPECT_FALSE(dns_name_from_text((l63 + "a").c_str(), &name));
	std::string longest = l63 + "." + l63 + "." + l63 + "." + l61;
	ASSERT_TRUE(dns_name_from_text(longest.c_str(), &name));
	EXPECT_EQ(name.len, 255);
	EXPECT_FALSE(dns_name_from_text((longest + "a").c_str(), &name));
	EXPECT_FALSE(dns_name_from_text((longest + ".b").c_str(), &name));
	EXPECT_FALSE(dns_name_from_text(std::string(100000, 'a').c_str(), &name));
	std::string labels;
	for (int i = 0; i < 127; i++)
		labels += "a.";
	ASSERT_TRUE(dns_name_from_text(labels.c_str(), &name));
	EXPECT_EQ(name.len, 255);
	EXPECT_FALSE(dns_name_from_text((labels + "a").c_str(), &name));
}

TEST(DnsName, TextEscapesAndIsReadBack)
{
	EXPECT_EQ(text(wire("Vod.Example.com.")), "Vod.Example.com");
	EXPECT_EQ(text({0}), ".");
	EXPECT_EQ(text({4, 'a', '.', '\\', ' ', 0}), "a\\.\\\\\\032");

	std::mt19937 random(1);
	for (int round = 0; round < 2000; round++) {
		Bytes name;
		for (size_t left = 254; left > 1 && random() % 6;) {
			size_t len = 1 + random() % std::min<size_t>(63, left - 1);
			name.push_back(static_cast<uint8_t>(len));
			for (size_t i = 0; i < len; i++)
				name.push_back(static_cast<uint8_t>(random()));
			left -= len + 1;
		}
		name.push_back(0);
		ASSERT_LE(text(name).size(), DNS_NAME_TEXT_MAX - 1u);
		ASSERT_EQ(wire(text(name).c_str()), name);
	}
}

TEST(DnsName, TextOfTheLongest)
{
	Bytes name;
	for (int len : {63, 63, 63, 61}) {
		name.push_back(static_cast<uint8_t>(len));
		name.insert(name.end(), static_cast<size_t>(len), 0xff);
	}
	name.push_back(0);
	EXPECT_EQ(text(name).size(), 250u * 4 + 3);
}

/* dns_name_key finds the same. */
static size_t scan(const uint8_t *wire, size_t avail, unsigned *labels)
{
	static request req;
	unsigned n;
	size_t len = dns_name_scan(wire, avail, labels);
	req.host_len = 99;
	EXPECT_EQ(dns_name_key(wire, avail, &n, &req), len);
	if (!len) {
		EXPECT_EQ(std::string(req.key, req.key + req.key_len), "/");
		EXPECT_EQ(req.host_len, 0);
	}
	return len;
}

TEST(DnsName, ScanEndsWhereTheNameEnds)
{
	Bytes name = wire("vod.example.com");
	unsigned labels;
	for (size_t len = 0; len < name.size(); len++) {
		GuardPage page(name.data(), len);
		EXPECT_EQ(scan(page.data(), len, &labels), 0u) << len;
	}
	Bytes more = name;
	more.insert(more.end(), 300, 1);
	EXPECT_EQ(scan(more.data(), more.size(), &labels), name.size());
	EXPECT_EQ(labels, 3u);

	for (uint8_t type : {0x40, 0x80, 0xc0, 0xff})
		EXPECT_EQ(scan(Bytes{type, 0, 0}.data(), 3, &labels), 0u);
	Bytes longest;
	for (int i = 0; i < 127; i++)
		longest.insert(longest.end(), {1, 'a'});
	Bytes too_long = longest;
	longest.push_back(0);
	too_long.insert(too_long.end(), {1, 'a', 0});
	EXPECT_EQ(scan(longest.data(), longest.size(), &labels), 255u);
	EXPECT_EQ(labels, 127u);
	EXPECT_EQ(scan(too_long.data(), too_long.size(), &labels), 0u);
	Bytes one_over = {2, 'b', 'b'}; /* 256 octets, the root octet is the 256th */
	one_over.insert(one_over.end(), longest.begin() + 2, longest.end());
	EXPECT_EQ(scan(one_over.data(), one_over.size(), &labels), 0u);
}

static bool equal(const Bytes &a, const Bytes &b)
{
	return dns_name_equal(a.data(), a.size(), b.data(), b.size());
}

static bool under(const Bytes &a, const Bytes &b)
{
	GuardPage page(a.data(), a.size());
	return dns_name_is_under(page.data(), a.size(), b.data(), b.size());
}

TEST(DnsName, Compare)
{
	EXPECT_TRUE(equal(wire("VOD.example.com"), wire("vod.EXAMPLE.com")));
	EXPECT_FALSE(equal(wire("vod.example.com"), wire("vod.example.org")));
	EXPECT_FALSE(equal(wire("a[b"), wire("a{b"))); /* differ in bit 0x20 but are no letters */
	EXPECT_FALSE(equal(wire("a.b"), wire("a\\.b")));
	EXPECT_FALSE(equal(wire("a.b"), wire("b.a")));

	EXPECT_TRUE(under(wire("a.b.example.com"), wire("Example.COM")));
	EXPECT_TRUE(under(wire("example.com"), wire("example.com")));
	EXPECT_TRUE(under(wire("example.com"), wire(".")));
	EXPECT_TRUE(under(wire("."), wire(".")));
	EXPECT_FALSE(under(wire("."), wire("com")));
	EXPECT_FALSE(under(wire("com"), wire("example.com")));
	EXPECT_FALSE(under(wire("badexample.com"), wire("example.com")));
	EXPECT_FALSE(under(wire("x\\007example.com"), wire("example.com")));
	EXPECT_FALSE(under(wire("a.example.com"), Bytes{}));
}

TEST(DnsName, Key)
{
	EXPECT_EQ(key(wire("VOD.Example.com")), "com.example.vod/");
	EXPECT_EQ(key(wire("localhost")), "localhost/");
	EXPECT_EQ(key(wire(".")), "/");
	EXPECT_EQ(key(wire("_a-1.B9")), "b9._a-1/");
	EXPECT_EQ(key(wire("a\\.b.c")), "c.a\001b/");
	EXPECT_EQ(key(wire("\\*.c")), "c.\001/");
	EXPECT_EQ(key(wire("a/b.\\000\\255x")), "\001\001x.a\001b/");
}

/* Octet by octet. */
static std::string slow_key(const Bytes &name)
{
	std::string key;
	for (size_t at = 0; name[at]; at += 1 + name[at]) {
		std::string label;
		for (size_t i = 1; i <= name[at]; i++) {
			int c = tolower(name[at + i]);
			label += c < 0x80 && (isalnum(c) || c == '-' || c == '_') ? (char)c : 1;
		}
		key = label + (key.empty() ? "" : ".") + key;
	}
	return key + "/";
}

TEST(DnsName, KeyOfAnyNameWhateverIsBehindIt)
{
	static request req;
	std::mt19937 random(1);
	for (int i = 0; i < 5000; i++) {
		Bytes name;
		for (size_t n = random() % 8, len; n--;) {
			name.push_back(uint8_t(len = 1 + random() % (i & 1 ? 6 : 30)));
			while (len--)
				name.push_back(
					uint8_t(i % 3 ? "aZ09-_MbYz"[random() % 10] : random()));
		}
		name.push_back(0);
		size_t len = name.size();
		unsigned labels, scanned;
		name.resize(len + random() % 32, 0x41);
		GuardPage page(name.data(), name.size());
		ASSERT_EQ(dns_name_scan(page.data(), name.size(), &scanned), len);
		ASSERT_EQ(dns_name_key(page.data(), name.size(), &labels, &req), len);
		EXPECT_EQ(labels, scanned);
		EXPECT_EQ(std::string(req.key, req.key + req.key_len), slow_key(name));
		EXPECT_EQ(req.key_len, req.host_len + 1);
	}
}

TEST(DnsName, KeyAgreesWithTextHosts)
{
	static request from_wire, from_text;
	std::string l63(63, 'Q');
	for (const std::string &host :
	     {std::string("vod.Example.com"), std::string("a"), std::string("x_y.1-2.z"),
	      l63 + "." + l63 + "." + l63 + "." + std::string(61, 'z')}) {
		Bytes name = wire(host.c_str());
		unsigned labels;
		ASSERT_EQ(dns_name_key(name.data(), name.size(), &labels, &from_wire), name.size());
		ASSERT_TRUE(request_key_host(
			&from_text, reinterpret_cast<const uint8_t *>(host.data()), host.size()));
		ASSERT_EQ(from_wire.host_len, from_text.host_len);
		ASSERT_EQ(from_wire.key_len, from_text.key_len);
		EXPECT_EQ(memcmp(from_wire.key, from_text.key, from_wire.key_len), 0);
	}
}
