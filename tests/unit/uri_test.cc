/* uri_test - which URIs are taken, and their normal form. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/uri.h"
}
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <string>

namespace
{

std::string text_of(struct span span)
{
	return std::string((const char *)span.at, span.len);
}

/* The normal form, with as much room as the header promises; "-": refused. */
std::string normal(const std::string &text)
{
	GuardPage in(text.data(), text.size()), out(text.size() + 1);
	struct uri uri;
	struct writer w = writer_of(out.data(), out.size());
	if (!uri_split({in.data(), (uint32_t)text.size()}, &uri) || !uri_normal(&uri, &w))
		return "-";
	return std::string((const char *)out.data(), (size_t)(w.at - out.data()));
}

TEST(uri, parts)
{
	std::string text = "HTTPS://Cdn.Example:8443/a/../b;c?d?e=/";
	struct uri uri;
	ASSERT_TRUE(uri_split({(const uint8_t *)text.data(), (uint32_t)text.size()}, &uri));
	EXPECT_TRUE(uri.https);
	EXPECT_EQ(text_of(uri.host), "Cdn.Example");
	EXPECT_EQ(text_of(uri.port), "8443");
	EXPECT_EQ(text_of(uri.path), "/a/../b;c");
	EXPECT_EQ(text_of(uri.query), "?d?e=/");
}

TEST(uri, normal_form_rfc3986_6_2_2_and_6_2_3)
{
	const std::pair<const char *, const char *> cases[] = {
		{"http://cdn.example/foo/bar", "http://cdn.example/foo/bar"},
		{"HTTP://CDN.Example/Foo", "http://cdn.example/Foo"},
		{"http://cdn.example", "http://cdn.example/"},
		{"http://cdn.example?q", "http://cdn.example/?q"},
		{"http://cdn.example:/", "http://cdn.example/"},
		{"http://cdn.example:80/", "http://cdn.example/"},
		{"http://cdn.example:443/", "http://cdn.example:443/"},
		{"https://cdn.example:443/", "https://cdn.example/"},
		{"https://cdn.example:80/", "https://cdn.example:80/"},
		{"http://cdn.example/a/./b/../c", "http://cdn.example/a/c"},
		{"http://cdn.example/../../c", "http://cdn.example/c"},
		{"http://cdn.example/%7euser/%2f%3a", "http://cdn.example/~user/%2F%3A"},
		{"http://cdn.example/?x=%7e%2f&y=%41", "http://cdn.example/?x=~%2F&y=A"},
		{"http://cdn.example/a//b", "http://cdn.example/a//b"},
		{"http://cdn.example/?a/../b", "http://cdn.example/?a/../b"},
		{"http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x"},
		{"http://[2001:db8::1]/x", "http://[2001:db8::1]/x"},
		{"http://192.0.2.1/", "http://192.0.2.1/"},
	};
	for (const auto &c : cases) {
		EXPECT_EQ(normal(c.first), c.second);
		EXPECT_EQ(normal(c.second), c.second) << "the normal form of a normal form";
	}
}

TEST(uri, what_is_refused)
{
	for (const char *text : {"",
				 "http",
				 "http:",
				 "http:/",
				 "http://",
				 "http:///a",
				 "ftp://a/",
				 "//a/b",
				 "/a/b",
				 "http://user@cdn.example/",
				 "http://cdn.example/#f",
				 "http://cdn.example/?q#f",
				 "http://cdn.example:65536/",
				 "http://cdn.example:123456/",
				 "http://cdn.example:8a/",
				 "http://cdn.example:-1/",
				 "http://[::1/",
				 "http://[::1]x/",
				 "http://[::1]x:80/",
				 "http://[::1]]/",
				 "http://a b/",
				 "http://a..b/",
				 "http://cdn.example/%",
				 "http://cdn.example/%4",
				 "http://cdn.example/%zz",
				 "http://cdn.example/?%zz",
				 "http://cdn.example/?%4",
				 "http://cdn.example/a b",
				 "http://cdn.example/?a b",
				 "http://cdn.example/\x01",
				 "http://cdn.example/\xc3\xa9",
				 "http://cdn.example/?\xc3\xa9",
				 "http://cdn.example\\/"})
		EXPECT_EQ(normal(text), "-") << text;
	EXPECT_EQ(normal(std::string("http://cdn.example/\0", 20)), "-");
	EXPECT_EQ(normal("http://cdn.example/?" + std::string(URI_MAX, 'a')), "-");
}

TEST(uri, truncations)
{
	std::string text = "https://[2001:db8::1]:8443/a%2fb/../c?d=%41";
	for (size_t len = 0; len < text.size(); len++)
		normal(text.substr(0, len));
	GuardPage out(10);
	struct uri uri;
	struct writer w = writer_of(out.data(), out.size());
	ASSERT_TRUE(uri_split({(const uint8_t *)text.data(), (uint32_t)text.size()}, &uri));
	EXPECT_FALSE(uri_normal(&uri, &w));
}

} // namespace
