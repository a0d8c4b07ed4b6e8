/* request_test - hosts and paths to keys. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/request.h"
}
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>

namespace
{

const char bad[] = "(refused)";

std::string host_key(const std::string &host)
{
	GuardPage bytes(host.data(), host.size());
	auto req = std::make_unique<struct request>();
	if (!request_key_host(req.get(), bytes.data(), host.size()))
		return bad;
	EXPECT_EQ(req->key_len, req->host_len + 1);
	EXPECT_EQ(req->key[req->host_len], '/');
	EXPECT_LE(req->key_len, REQUEST_HOST_MAX);
	return std::string((char *)req->key, req->host_len);
}

/* The path is written behind a host; gives the path's part. */
std::string path_key(const std::string &path)
{
	GuardPage bytes(path.data(), path.size());
	auto req = std::make_unique<struct request>();
	EXPECT_TRUE(request_key_host(req.get(), (const uint8_t *)"a.b", 3));
	if (!request_key_path(req.get(), bytes.data(), path.size()))
		return bad;
	EXPECT_EQ(req->host_len, 3);
	EXPECT_LE(req->key_len, REQUEST_KEY_MAX);
	std::string key((char *)req->key, req->key_len);
	EXPECT_EQ(key.substr(0, 4), "b.a/");
	return key.substr(3);
}

struct text_case {
	std::string in, out;
};

TEST(request, hosts_are_reversed_and_lowered)
{
	const text_case cases[] = {
		{"vod.example.com", "com.example.vod"},
		{"VOD.Example.COM.", "com.example.vod"},
		{"localhost", "localhost"},
		{"a.", "a"},
		{"_dns.x-1.0", "0.x-1._dns"},
		{"192.0.2.1", "1.2.0.192"},
		{"[2001:DB8::1]", "[2001:db8::1]"},
		{"[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"},
		{"[::]", "[::]"},
	};
	for (const text_case &c : cases)
		EXPECT_EQ(host_key(c.in), c.out) << c.in;
}

TEST(request, hosts_that_are_none)
{
	const std::string cases[] = {
		"",
		".",
		"..",
		".a",
		"a..b",
		"a..",
		"*",
		"*.example.com",
		"a b",
		"a/b",
		"a:80",
		"a%2eb",
		"u@h",
		"h\xc3\xa4",
		"[",
		"[]",
		"[1]",
		"[::1",
		"[::1]x",
		"[::1].",
		"[v1.x]",
		"[fe80::1%25eth0]",
		"::1",
		"a]",
		"[::1]]",
		"a,b",
		"a\r\nb",
		"a\tb",
		"a[b]",
		std::string("a\0b", 3),
		"[" + std::string(46, ':') + "]",
	};
	for (const std::string &host : cases)
		EXPECT_EQ(host_key(host), bad) << host;
}

TEST(request, host_octets_rfc1123_2_1)
{
	const std::string allowed =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	for (int c = 0; c < 256; c++) {
		std::string host = {'a', (char)c, 'b'};
		bool good = allowed.find((char)c) != std::string::npos || c == '.';
		EXPECT_EQ(host_key(host) != bad, good) << c;
	}
}

TEST(request, host_lengths_rfc1035_2_3_4)
{
	std::string label63(63, 'x'), long_host = label63 + "." + label63 + "." + label63 + ".";
	EXPECT_EQ(host_key(label63), label63);
	EXPECT_EQ(host_key(label63 + "x"), bad);
	EXPECT_EQ(host_key("a." + label63 + "x"), bad);
	EXPECT_EQ(host_key(label63 + "x.a"), bad);
	EXPECT_EQ(host_key(long_host + std::string(61, 'y')).size(), 253u);
	EXPECT_EQ(host_key(long_host + std::string(61, 'y') + ".").size(), 253u);
	EXPECT_EQ(host_key(long_host + std::string(62, 'y')), bad);
	EXPECT_EQ(host_key(std::string(70000, '.')), bad);
	EXPECT_EQ(host_key("[" + std::string(45, ':') + "]").size(), 47u);
}

/* With and without octets behind them. */
TEST(request, random_hosts_as_a_naive_reader_sees_them)
{
	std::mt19937 random(3);
	unsigned good = 0;
	for (int i = 0; i < 20000; i++) {
		std::string host, key, label;
		for (size_t len = 1 + random() % (i & 1 ? 20 : 80); len--;)
			host += "abcXYZ019-_m.m.m!"[random() % (i % 4 ? 16 : 17)];
		bool sound = true;
		for (char c : (host.back() == '.' ? host : host + ".")) {
			if (c != '.') {
				label += (char)tolower(c);
				continue;
			}
			sound &= !label.empty() && label.size() <= 63;
			key = label + (key.empty() ? "" : ".") + key;
			label.clear();
		}
		sound &= host.find('!') == std::string::npos;
		good += sound;
		ASSERT_EQ(host_key(host), sound ? key : bad) << host;
		std::string more = host + std::string(random() % 40, 'q');
		GuardPage bytes(more.data(), more.size());
		struct request req;
		ASSERT_EQ(request_key_host_in(&req, bytes.data(), host.size(),
					      bytes.data() + more.size()),
			  sound);
		if (sound) {
			ASSERT_EQ(std::string((char *)req.key, req.key_len), key + "/");
		}
	}
	EXPECT_GT(good, 1000u);
}

TEST(request, paths_in_normal_form_rfc3986_6_2_2)
{
	const text_case cases[] = {
		{"/", "/"},
		{"/live/a.ts", "/live/a.ts"},
		/* 6.2.2.1 case of triplets, 6.2.2.2 unreserved octets */
		{"/%c3%a4", "/%C3%A4"},
		{"/%61%5A%30%2d%2E%5f%7e", "/aZ0-._~"},
		{"/%2f%3f%23%25%5c%00", "/%2F%3F%23%25%5C%00"},
		{"/%2561", "/%2561"},
		{"/A", "/A"},
		/* 5.2.4 dot segments */
		{"/a/b/c/./../../g", "/a/g"},
		{"/.", "/"},
		{"/..", "/"},
		{"/../..", "/"},
		{"/../../x", "/x"},
		{"/a/.", "/a/"},
		{"/a/..", "/"},
		{"/a/../", "/"},
		{"/a/./b", "/a/b"},
		{"/a/b/..", "/a/"},
		{"/...", "/..."},
		{"/.a/..b/c.", "/.a/..b/c."},
		{"/a/.../b", "/a/.../b"},
		/* dot segments that are hidden */
		{"/a/%2e%2E/b", "/b"},
		{"/a/%2e/b", "/a/b"},
		{"/a/.%2e/b", "/b"},
		{"/a/%2e%2e%2e/b", "/a/.../b"},
		{"/a/%2e%2e%2fb", "/a/..%2Fb"},
		/* empty segments stay */
		{"//", "//"},
		{"//a//b", "//a//b"},
		{"//..", "/"},
		{"/a//..", "/a/"},
		{"/a//../b", "/a/b"},
		{"//../..//x", "//x"},
		/* what browsers send as it is */
		{"/a|b[c]^`{}\"<>", "/a|b[c]^`{}\"<>"},
		{"/!$&'()*+,;=:@-._~", "/!$&'()*+,;=:@-._~"},
	};
	for (const text_case &c : cases)
		EXPECT_EQ(path_key(c.in), c.out) << c.in;
}

TEST(request, paths_that_are_none)
{
	const std::string cases[] = {
		"",
		"a",
		"*",
		"?",
		"/%",
		"/%6",
		"/%6g",
		"/%g6",
		"/%%61",
		"/a%",
		"/a?b",
		"/a#b",
		"/a b",
		"/a\tb",
		"/a\r\nb",
		"/\x7f",
		"/\x80",
		"/a\\b",
		std::string("/\0", 2),
	};
	for (const std::string &path : cases)
		EXPECT_EQ(path_key(path), bad) << path;
}

TEST(request, path_octets_rfc3986_3_3)
{
	for (int c = 0; c < 256; c++) {
		std::string path = {'/', (char)c};
		bool good = c > ' ' && c < 0x7f && !strchr("#%?\\", c);
		EXPECT_EQ(path_key(path) != bad, good) << c;
	}
}

TEST(request, path_lengths)
{
	std::string longest = "/" + std::string(REQUEST_PATH_MAX - 1, 'x');
	EXPECT_EQ(path_key(longest), longest);
	EXPECT_EQ(path_key(longest + "x"), bad);
	EXPECT_EQ(path_key("/" + std::string(70000, 'x')), bad);
	std::string slashes(REQUEST_PATH_MAX, '/');
	EXPECT_EQ(path_key(slashes), slashes);
}

TEST(request, longest_key_fits)
{
	std::string label63(63, 'x'), path(REQUEST_PATH_MAX, '/');
	std::string host = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'y');
	auto req = std::make_unique<struct request>();
	ASSERT_TRUE(request_key_host(req.get(), (const uint8_t *)host.data(), host.size()));
	ASSERT_TRUE(request_key_path(req.get(), (const uint8_t *)path.data(), path.size()));
	EXPECT_EQ(req->key_len, 253 + REQUEST_PATH_MAX);
}

/* RFC 3986 §6.2.2.2 and then §5.2.4, step by step as they are written there. */
std::string naive_path(const std::string &raw)
{
	std::string in, out;
	for (size_t i = 0; i < raw.size(); i++) {
		if (raw[i] != '%') {
			in += raw[i];
			continue;
		}
		if (i + 2 >= raw.size() || !isxdigit(raw[i + 1]) || !isxdigit(raw[i + 2]))
			return bad;
		int c = std::stoi(raw.substr(i + 1, 2), nullptr, 16);
		if (isalnum(c) || (c && strchr("-._~", c)))
			in += (char)c;
		else
			in += {'%', (char)toupper(raw[i + 1]), (char)toupper(raw[i + 2])};
		i += 2;
	}
	auto starts = [&](const char *text) { return in.compare(0, strlen(text), text) == 0; };
	while (!in.empty()) {
		if (starts("/./") || in == "/.") {
			in = "/" + in.substr(in.size() > 2 ? 3 : 2);
		} else if (starts("/../") || in == "/..") {
			in = "/" + in.substr(in.size() > 3 ? 4 : 3);
			out.erase(out.empty() ? 0 : out.rfind('/'));
		} else {
			size_t next = in.find('/', 1);
			out += in.substr(0, next);
			in.erase(0, next);
		}
	}
	return out;
}

TEST(request, random_paths_as_a_naive_reader_sees_them)
{
	const char *parts[] = {"/",   "/",   "/",   ".",   ".",   "..",  "%2e",  "%2E", "a",  "Bc",
			       "%61", "%7E", "%2f", "%c3", "%00", "%5c", "/../", "/./", "//", "%2"};
	std::mt19937 random(7);
	size_t refused = 0;
	for (int i = 0; i < 50000; i++) {
		std::string raw = "/";
		for (unsigned n = random() % 12; n > 0; n--)
			raw += parts[random() % (sizeof(parts) / sizeof(parts[0]))];
		std::string key = path_key(raw);
		ASSERT_EQ(key, naive_path(raw)) << raw;
		if (key == bad)
			refused++;
		else
			ASSERT_EQ(path_key(key), key)
				<< "normal form of a normal form, from " << raw;
	}
	EXPECT_GT(refused, 1000u);
	EXPECT_LT(refused, 40000u);
}

} // namespace
