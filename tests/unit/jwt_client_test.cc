/* jwt_client_test - clients within and outside of what a token is meant for, and keys that fit or not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/jwt_world.h"

extern "C" {
#include "control/jwt_client.h"
}

#include <gtest/gtest.h>

namespace
{

enum jwt_client ask(const Keys &keys, const std::string &cdniip, const char *client,
		    const char *issuer = nullptr)
{
	struct ip_addr addr;
	EXPECT_TRUE(ip_addr_parse(client, &addr));
	return jwt_client_is(&keys.jwks, issuer, cdniip.c_str(), &addr);
}

TEST(jwt_client, addresses_and_prefixes)
{
	Keys keys("ciphers.jwks", "a");
	const struct {
		const char *claim, *client;
		enum jwt_client wanted;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1", JWT_CLIENT_YES},
		{"192.0.2.1", "192.0.2.2", JWT_CLIENT_NO},
		{"192.0.2.0/24", "192.0.2.255", JWT_CLIENT_YES},
		{"192.0.2.0/24", "192.0.3.0", JWT_CLIENT_NO},
		{"192.0.2.0/24", "2001:db8::1", JWT_CLIENT_NO},
		{"2001:db8::/32", "2001:db8::1", JWT_CLIENT_YES},
		{"2001:db8::/32", "2001:db9::1", JWT_CLIENT_NO},
		{"no_address", "192.0.2.1", JWT_CLIENT_NO},
	};
	for (const auto &c : cases)
		for (const char *enc : {"=A128GCM", "=A256GCM"})
			EXPECT_EQ(ask(keys, JwtWorld::get().client(std::string(c.claim) + enc),
				      c.client),
				  c.wanted)
				<< c.claim << c.client;
}

TEST(jwt_client, keys)
{
	std::string claim = JwtWorld::get().client("192.0.2.1=A128GCM");
	Keys keys("ciphers.jwks", "a"), signing("public.jwks", "a");
	EXPECT_EQ(ask(keys, claim, "192.0.2.1", "a"), JWT_CLIENT_YES);
	EXPECT_EQ(ask(keys, claim, "192.0.2.1", "b"), JWT_CLIENT_UNKNOWN) << "another issuer's key";
	EXPECT_EQ(ask(signing, claim, "192.0.2.1", "a"), JWT_CLIENT_UNKNOWN) << "no key for this";
	JwtWorld::get().write(
		"t.jwks",
		R"({"keys":[{"kty":"oct","use":"enc","kid":"other","k":"AAECAwQFBgcICQoLDA0ODw"}]})");
	Keys other("t.jwks", "a");
	EXPECT_EQ(ask(other, claim, "192.0.2.1"), JWT_CLIENT_NO)
		<< "the right key under another name";
	JwtWorld::get().write(
		"t.jwks", R"({"keys":[{"kty":"oct","use":"enc","k":"AAECAwQFBgcICQoLDA0ODw"}]})");
	Keys nameless("t.jwks", "a");
	EXPECT_EQ(ask(nameless, claim, "192.0.2.1"), JWT_CLIENT_YES);
}

TEST(jwt_client, what_is_no_encrypted_client)
{
	Keys keys("ciphers.jwks", "a");
	for (const char *claim : {"", "192.0.2.1", "e..i.p.x",
				  "e30..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA", "a.b.c"})
		EXPECT_EQ(ask(keys, claim, "192.0.2.1"), JWT_CLIENT_NO) << claim;
}

} // namespace
