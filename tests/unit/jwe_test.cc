/* jwe_test - what another implementation encrypted, and everything that was changed in it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"
#include "tests/support/jwt_world.h"

extern "C" {
#include "lib/jwe.h"
}

#include <gtest/gtest.h>

namespace
{

const std::string key256 = [] {
	std::string key;
	for (char i = 0; i < 32; i++)
		key += i;
	return key;
}();

std::string open(const std::string &token, const std::string &key, size_t cap = 100)
{
	GuardPage in(token.data(), token.size()), out(cap);
	struct jwe jwe;
	size_t n;
	if (!jwe_split({in.data(), (uint32_t)token.size()}, &jwe) ||
	    !jwe_open(&jwe, span_of(key), out.data(), cap, &n))
		return "-";
	return std::string((const char *)out.data(), n);
}

TEST(jwe, of_another_implementation)
{
	std::string with128 = JwtWorld::get().client("192.0.2.0/24=A128GCM"),
		    with256 = JwtWorld::get().client("192.0.2.0/24=A256GCM");
	EXPECT_EQ(open(with128, key256.substr(0, 16)), "192.0.2.0/24");
	EXPECT_EQ(open(with256, key256), "192.0.2.0/24");
	EXPECT_EQ(open(with256, key256, 12), "192.0.2.0/24");
	EXPECT_EQ(open(with256, key256, 11), "-") << "no room";
	EXPECT_EQ(open(with128, key256), "-");
	EXPECT_EQ(open(with256, key256.substr(0, 16)), "-");
	EXPECT_EQ(open(with128, key256.substr(1, 16)), "-");
	for (size_t len : {0u, 15u, 17u, 24u, 31u})
		EXPECT_EQ(open(with128, key256.substr(0, len)), "-");
}

TEST(jwe, every_changed_octet_is_seen)
{
	std::string token = JwtWorld::get().client("192.0.2.1=A128GCM"), key = key256.substr(0, 16);
	ASSERT_EQ(open(token, key), "192.0.2.1");
	for (size_t i = 0; i < token.size(); i++) {
		std::string changed = token;
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		ASSERT_EQ(open(changed, key), "-") << i;
		ASSERT_EQ(open(token.substr(0, i), key), "-") << i;
	}
	EXPECT_EQ(open(token + "A", key), "-");
	EXPECT_EQ(open(token + ".", key), "-");
}

TEST(jwe, other_forms)
{
	for (const char *text : {"", ".", "....", "a....", "a.b.c.d.e", "a..c.d", "a..c.d.e.f",
				 "a..AAAAAAAAAAAAAAAA.AA.AA"})
		EXPECT_EQ(open(text, key256), "-") << text;
}

} // namespace
