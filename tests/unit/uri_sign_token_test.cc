/* uri_sign_token_test - where the package is found, what is left of the URI, and what the next token makes of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/uri_sign_token.h"
}
#include "tests/support/guard_page.h"

#include <gtest/gtest.h>
#include <string>

namespace
{

const char *const name = URI_SIGN_TOKEN_NAME;

std::string text_of(struct span span)
{
	return std::string((const char *)span.at, span.len);
}

/* "token | what is left" */
std::string find(const std::string &text, const char *attribute = name)
{
	GuardPage in(text.data(), text.size());
	struct uri_sign_token at;
	bool found = uri_sign_token_find({in.data(), (uint32_t)text.size()}, attribute, &at);
	EXPECT_EQ(found, at.token.at != nullptr);
	return (found ? text_of(at.token) : "-") + " | " + text_of(at.before) + text_of(at.after);
}

std::string put(const std::string &text, const std::string &token)
{
	GuardPage out(200);
	struct writer w = writer_of(out.data(), out.size());
	uri_sign_token_put(&w, {(const uint8_t *)text.data(), (uint32_t)text.size()}, name,
			   {(const uint8_t *)token.data(), (uint32_t)token.size()});
	return std::string((const char *)out.data(), (size_t)(w.at - out.data()));
}

std::string cookie(const std::string &text)
{
	GuardPage in(text.data(), text.size());
	struct span found = uri_sign_token_cookie({in.data(), (uint32_t)text.size()}, name);
	return found.at ? text_of(found) : "-";
}

/* RFC 9246 §2.1.15: a sub-delimiter behind the token goes with it, else what is before the name does. */
TEST(uri_sign_token, what_is_left)
{
	const std::pair<const char *, const char *> cases[] = {
		{"http://h/a?URISigningPackage=x.y-_z", "x.y-_z | http://h/a"},
		{"http://h/a?b=c&URISigningPackage=x.y.z", "x.y.z | http://h/a?b=c"},
		{"http://h/a?URISigningPackage=x.y.z&b=c", "x.y.z | http://h/a?b=c"},
		{"http://h/a?b&URISigningPackage=x.y.z&c", "x.y.z | http://h/a?b&c"},
		{"http://h/a;URISigningPackage=x.y.z", "x.y.z | http://h/a"},
		{"http://h/a;URISigningPackage=x.y.z/b?c", "x.y.z | http://h/a/b?c"},
		{"http://h/a;URISigningPackage=x.y.z;v=1/b", "x.y.z | http://h/a;v=1/b"},
		{"http://h/a;URISigningPackage=x.y.z?c", "x.y.z | http://h/a?c"},
		{"http://h/;URISigningPackage=x.y.z", "x.y.z | http://h/"},
		{"http://h/a;v=1;URISigningPackage=x.y.z,w", "x.y.z | http://h/a;v=1;w"},
		{"http://h/a?URISigningPackage=", " | http://h/a"},
		{"http://h/a?URISigningPackage=&b", " | http://h/a?b"},
		{"http://h/a?URISigningPackage=x.y.z%41", "x.y.z | http://h/a%41"},
	};
	for (const auto &c : cases)
		EXPECT_EQ(find(c.first), c.second) << c.first;
}

TEST(uri_sign_token, the_first_one_wins)
{
	EXPECT_EQ(find("http://h/a;URISigningPackage=p?URISigningPackage=q"),
		  "p | http://h/a?URISigningPackage=q");
	EXPECT_EQ(find("http://h/a?URISigningPackage=p&URISigningPackage=q"),
		  "p | http://h/a?URISigningPackage=q");
	EXPECT_EQ(find("http://h/a?b&URISigningPackage=p&URISigningPackage=q"),
		  "p | http://h/a?b&URISigningPackage=q");
}

TEST(uri_sign_token, what_is_no_package)
{
	for (const char *text :
	     {"http://h/a", "http://h/URISigningPackage=x", "http://h/a;urisigningpackage=x",
	      "http://h/a;XURISigningPackage=x", "http://h/a;URISigningPackagex=x",
	      "http://h/a;URISigningPackage", "http://h/a&URISigningPackage=x",
	      "http://h/a?b;URISigningPackage=x", "http://h/a?b?URISigningPackage=x",
	      "http://h/a?%55RISigningPackage=x", "?", ";", ""})
		EXPECT_EQ(find(text), std::string("- | ") + text);
}

TEST(uri_sign_token, another_name)
{
	EXPECT_EQ(find("http://h/a?tok=x&URISigningPackage=y", "tok"),
		  "x | http://h/a?URISigningPackage=y");
}

TEST(uri_sign_token, truncations)
{
	std::string text = "http://h/a;URISigningPackage=x.y.z;b?c&URISigningPackage=q&d";
	for (size_t len = 0; len < text.size(); len++)
		find(text.substr(0, len));
}

TEST(uri_sign_token, cookies)
{
	EXPECT_EQ(cookie("URISigningPackage=x.y.z"), "x.y.z");
	EXPECT_EQ(cookie("a=b; URISigningPackage=x.y.z; c=d"), "x.y.z");
	EXPECT_EQ(cookie("a=b;URISigningPackage=x.y.z;c"), "x.y.z");
	EXPECT_EQ(cookie("URISigningPackage=p; URISigningPackage=q"), "p");
	for (const char *text :
	     {"", "a=URISigningPackage=x", "XURISigningPackage=x", "URISigningPackage",
	      "URISigningPackage=\"x\"", "URISigningPackage=x y"})
		EXPECT_EQ(cookie(text), "-") << text;
}

TEST(uri_sign_token, put_where_the_old_one_was)
{
	EXPECT_EQ(put("http://h/a;URISigningPackage=x.y.z/b?c", "new"),
		  "http://h/a;URISigningPackage=new/b?c");
	EXPECT_EQ(put("http://h/a?b&URISigningPackage=x&c", "new"),
		  "http://h/a?b&URISigningPackage=new&c");
	EXPECT_EQ(put("http://h/a", "new"), "http://h/a?URISigningPackage=new");
	EXPECT_EQ(put("http://h/a?b", "new"), "http://h/a?b&URISigningPackage=new");
}

} // namespace
