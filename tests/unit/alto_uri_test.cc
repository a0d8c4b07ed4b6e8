/* alto_uri_test - references resolved as RFC 3986 §5.4 has it, and those that lead where a peer shall not lead us. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "control/alto_uri.h"
}

namespace
{

std::string resolve(const std::string &reference, const std::string &base = "http://a/b/c/d;p?q")
{
	char *uri = alto_uri_resolve(base.c_str(), reference.c_str());
	std::string result = uri ? uri : "";
	free(uri);
	return result;
}

TEST(AltoUri, ReferencesAreResolved)
{
	const std::pair<const char *, const char *> cases[] = {
		{"g", "http://a/b/c/g"},
		{"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"},
		{"/g", "http://a/g"},
		{"//g.example/x", "http://g.example/x"},
		{"?y", "http://a/b/c/d;p?y"},
		{"g?y", "http://a/b/c/g?y"},
		{"g#s", "http://a/b/c/g"},
		{";x", "http://a/b/c/;x"},
		{"../g", "http://a/b/g"},
		{"../../g", "http://a/g"},
		{"../../../g", "http://a/g"},
		{"https://h.example:8443/x", "https://h.example:8443/x"},
		{"HTTPS://h.example/x", "https://h.example/x"},
		{"http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"},
	};
	for (auto [reference, uri] : cases)
		EXPECT_EQ(resolve(reference), uri) << reference;
	EXPECT_EQ(resolve("x", "https://h.example"), "https://h.example/x");
}

TEST(AltoUri, OtherSchemesAndCredentialsAreRefused)
{
	for (const char *reference :
	     {"file:///etc/passwd", "ftp://h.example/", "gopher://h.example/",
	      "javascript:alert(1)", "https://user@h.example/", "https://user:word@h.example/",
	      "//user@h.example/", "http://", "http://a b/", "http://h.example:99999/"})
		EXPECT_EQ(resolve(reference), "") << reference;
	EXPECT_EQ(resolve("x", "not a base"), "");
	EXPECT_EQ(resolve("x", ""), "");
	EXPECT_EQ(resolve("x", "https://user:word@h.example/"), "");
}

} /* namespace */
