/* uri_container_test - hashes and regexes, what is refused, and what a redirect makes of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "lib/uri_container.h"
}
#include "tests/support/guard_page.h"

#include <chrono>
#include <gtest/gtest.h>
#include <string>

namespace
{

bool has(const std::string &container, const std::string &uri)
{
	return uri_container_has(container.c_str(), uri.c_str());
}

std::string hash(const std::string &uri)
{
	GuardPage out(100);
	struct writer w = writer_of(out.data(), out.size());
	EXPECT_TRUE(uri_container_hash(&w, uri.c_str()));
	return std::string((const char *)out.data(), (size_t)(w.at - out.data()));
}

std::string carry(const std::string &container, const std::string &from, const std::string &to)
{
	GuardPage out(URI_CONTAINER_MAX + 7);
	struct writer w = writer_of(out.data(), out.size());
	EXPECT_TRUE(uri_container_carry(&w, container.c_str(), from.c_str(), to.c_str()));
	std::string made = (const char *)out.data();
	EXPECT_TRUE(has(made, to)) << made;
	return made;
}

/* By openssl: printf URI | openssl dgst -sha256 -binary | basenc --base64url */
TEST(uri_container, hash_rfc6920)
{
	const std::string uri = "http://cdni.example/foo/bar";
	const std::string container = "hash:sha-256;2tderfWPa86Ku7YnzW51YUp7dGUjBS_3SW3ELx4hmWY";
	EXPECT_EQ(hash(uri), container);
	EXPECT_TRUE(has(container, uri));
	EXPECT_FALSE(has(container, uri + "/"));
	EXPECT_FALSE(has(container + "=", uri));
	EXPECT_FALSE(has(container.substr(0, container.size() - 1), uri));
	EXPECT_FALSE(has("hash:sha-256-32;2tderQ", uri))
		<< "a truncated digest (RFC 6920 section 2)";
	EXPECT_FALSE(has("HASH" + container.substr(4), uri));
	EXPECT_FALSE(has(container.substr(5), uri)) << "no prefix";
	EXPECT_FALSE(has("", uri));
	EXPECT_FALSE(has("hash:", uri));
}

TEST(uri_container, regex_matches_all_of_the_uri)
{
	const std::string regex = "regex:http://cdni\\.example/foo/bar/[0-9]{3}\\.png";
	EXPECT_TRUE(has(regex, "http://cdni.example/foo/bar/123.png"));
	EXPECT_FALSE(has(regex, "http://cdni.example/foo/bar/1234.png"));
	EXPECT_FALSE(has(regex, "http://cdni.example/foo/bar/123.png?x"));
	EXPECT_FALSE(has(regex, "http://evil.example/?http://cdni.example/foo/bar/123.png"));
	EXPECT_FALSE(has(regex, "http://cdniXexample/foo/bar/123.png"));
	/* The longest of the leftmost matches counts, whatever alternative comes first. */
	EXPECT_TRUE(has("regex:http://a/(x|xy)", "http://a/xy"));
	EXPECT_TRUE(has("regex:http://a/x|http://a/xy", "http://a/xy"));
	EXPECT_TRUE(has("regex:^http://a/x$", "http://a/x"));
	/* As RFC 9246 has it in section 2.1.15.2. */
	const std::string sample =
		"regex:[^:]*\\://[^/]*/folder/content/quality_[^/]*/segment.{3}\\.mp4(\\?.*)?";
	EXPECT_TRUE(has(sample, "http://a/folder/content/quality_hd/segment001.mp4"));
	EXPECT_TRUE(has(sample, "https://b/folder/content/quality_hd/segment001.mp4?x=y"));
	EXPECT_FALSE(has(sample, "https://b/c/folder/content/quality_hd/segment001.mp4"));
	EXPECT_TRUE(has("regex:https://up1\\.dcdn\\.example/cdn\\.example\\.com/m/[^/]*\\.mp4",
			"https://up1.dcdn.example/cdn.example.com/m/a.mp4"));
}

TEST(uri_container, regexes_that_are_not_run)
{
	for (const char *regex : {"", "(", ")", "a)|(b", "[", "[a", "[[:digit:]", "[[:nonsense:]]",
				  "\\", "(a)\\1", "\\w", "\\<a", "a{256}", "a{2,256}", "a{", "a{2",
				  "(a{100}){100}", "a{100}{100}", "((((a{9}){9}){9}){9}){9}"})
		EXPECT_FALSE(has(std::string("regex:") + regex, "a")) << regex;
	std::string deep(40, '('), end(40, ')');
	EXPECT_FALSE(has("regex:" + deep + "a" + end, "a"));
	EXPECT_FALSE(has("regex:" + std::string(URI_CONTAINER_MAX + 1, 'a'), "a"));
	EXPECT_TRUE(has("regex:[]a]", "]"));
	EXPECT_TRUE(has("regex:[^]a]", "b"));
	EXPECT_TRUE(has("regex:[[:digit:][.-.]]+", "1-2"));
	EXPECT_TRUE(has("regex:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
			"01234567-89ab-cdef-0123-456789abcdef"));
}

TEST(uri_container, hostile_regexes_end_soon)
{
	std::string uri = "http://a/" + std::string(8000, 'a');
	auto begin = std::chrono::steady_clock::now();
	for (const char *regex : {"((a?){15}){15}", "(a*)*(a*)*(a*)*b", "(a|aa)*(a|aaa)*b",
				  "(.?){255}(.?){255}", "([a-z]?[^b]?.?){100}", "(.*.*.*.*)*x"})
		EXPECT_FALSE(has(std::string("regex:http://a/") + regex, uri)) << regex;
	EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

const char *const from = "http://cdn.example.com/m/a.mp4?q=1";
const char *const to = "https://up1.dcdn.example/cdn.example.com/m/a.mp4?q=1";

TEST(uri_container, a_hash_is_made_anew)
{
	EXPECT_EQ(carry(hash(from), from, to), hash(to));
}

TEST(uri_container, the_path_of_a_regex_goes_on_behind_the_prefix)
{
	const std::string prefix = "regex:https://up1\\.dcdn\\.example/cdn\\.example\\.com";
	const std::pair<const char *, const char *> cases[] = {
		{"http://cdn\\.example\\.com/m/.*", "/m/.*"},
		{"^https?://cdn\\.example\\.com(:80)?/m/.*$", "/m/.*$"},
		{"[^:]*\\://[^/]*/m/[^?]*(\\?.*)?", "/m/[^?]*(\\?.*)?"},
		{"http://(cdn|www)\\.example\\.com/(m|n)/.*", "/(m|n)/.*"},
		{".*/.*/.*/.*", "/.*"},
	};
	for (const auto &c : cases) {
		std::string made = carry(std::string("regex:") + c.first, from, to);
		EXPECT_EQ(made, prefix + c.second) << c.first;
	}
	std::string made = carry("regex:http://cdn\\.example\\.com/m/[^/]*\\.mp4.*", from, to);
	EXPECT_TRUE(has(made, "https://up1.dcdn.example/cdn.example.com/m/b.mp4?r"));
	EXPECT_FALSE(has(made, "https://up1.dcdn.example/cdn.example.com/m/b.mkv"));
	EXPECT_FALSE(has(made, "https://up2.dcdn.example/cdn.example.com/m/b.mp4"));
	EXPECT_FALSE(has(made, "https://up1XdcdnYexample/cdn.example.com/m/b.mp4"));
}

/* What cannot be told apart, or would let more in than before, is the hash of the one URI. */
TEST(uri_container, what_cannot_be_carried_over)
{
	for (const char *regex : {"http://cdn\\.example\\.com/m/a\\.mp4.*|http://other/.*", ".*",
				  ".*/m/.*", "http:[/]/cdn\\.example\\.com/m/a/?\\.mp4.*",
				  "http://cdn\\.example\\.com(/m/a\\.mp4).*", "http://.*"})
		EXPECT_EQ(carry(std::string("regex:") + regex, from, to), hash(to)) << regex;
	EXPECT_EQ(carry("regex:http://cdn\\.example\\.com/m/.*", from, "https://b.example/other"),
		  hash("https://b.example/other"));
	/* The path must not become a part of the authority. */
	EXPECT_EQ(carry("regex:http://a//[^/]*/x", "http://a//b/x", "http://b/x"),
		  hash("http://b/x"));
}

TEST(uri_container, what_is_carried_over_lets_no_more_in)
{
	const std::string regex = "regex:https?://[^/]*/m/([a-c]|//)*";
	std::string made = carry(regex, "http://h/m/ab", "http://d.example/p/m/ab");
	for (const char *path :
	     {"/m/", "/m/abc", "/m/d", "/n/a", "/m/a?b", "/m/a//b", "", "/p/m/a", "//m/a"})
		EXPECT_EQ(has(regex, std::string("http://h") + path),
			  has(made, std::string("http://d.example/p") + path))
			<< path;
}

TEST(uri_container, no_room)
{
	char small[20];
	struct writer w = writer_of(small, sizeof(small));
	EXPECT_FALSE(uri_container_hash(&w, from));
	w = writer_of(small, sizeof(small));
	EXPECT_FALSE(uri_container_carry(&w, "regex:http://cdn\\.example\\.com/m/.*", from, to));
	std::string long_to =
		"http://" + std::string(60, '.') + "/" + std::string(2000, '.') + "/m/a.mp4?q=1";
	EXPECT_EQ(carry("regex:http://cdn\\.example\\.com/m/.*", from, long_to), hash(long_to));
}

} // namespace
