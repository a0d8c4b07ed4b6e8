/* text_test - hosts out of keys, and texts cut between characters. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "lib/request.h"
#include "lib/text.h"
}

namespace
{

std::string host(const std::string &key)
{
	std::string out(key.size() + 2, '#');
	text_host(reinterpret_cast<const uint8_t *>(key.data()), key.size(), &out[0]);
	return out.c_str();
}

TEST(Text, HostsAreAsTheyWereBeforeTheyBecameKeys)
{
	for (std::string text : {"com", "example.com", "a.bc.def.ghij.test", "[2001:db8::1]",
				 "[::ffff:192.0.2.1]", "192.0.2.1"}) {
		request req = {};
		ASSERT_TRUE(request_key_host(&req, reinterpret_cast<const uint8_t *>(text.data()),
					     text.size()));
		EXPECT_EQ(host(std::string(req.key, req.key + req.host_len)), text);
	}
}

TEST(Text, OddHostsAreShownWithoutHarm)
{
	EXPECT_EQ(host(""), ".");
	EXPECT_EQ(host(std::string("com.a\001b.\x7f\xff")), "??.a?b.com");
	EXPECT_EQ(host("a."), "a.");
	EXPECT_EQ(host("."), ".");
	EXPECT_EQ(host("["), "[");
}

TEST(Text, CharactersAreNotCut)
{
	const char text[] = "a\u00e4\u20ac\U0001d11e"; /* 1, 2, 3 and 4 octets */
	const size_t fits[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
	for (size_t max = 0; max < 12; max++)
		EXPECT_EQ(text_fit(text, 10, max), fits[max]) << max;
	EXPECT_EQ(text_fit("\x80\x80\x80\x80\x80\x80", 6, 5), 5u) << "not UTF-8";
}

} /* namespace */
