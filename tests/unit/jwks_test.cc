/* jwks_test - key files that are taken, each fault with its file and key, and which keys are looked at for a token. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/jwt_world.h"

#include <gtest/gtest.h>

namespace
{

const char *const ec =
	R"("kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
const char *const okp =
	R"("kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";
const char *const oct = R"("kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8")";

std::string key(const std::string &members, const std::string &more = "")
{
	return "{" + members + (more.empty() ? "" : "," + more) + "}";
}

std::string set(const std::string &keys)
{
	return R"({"keys":[)" + keys + "]}";
}

/* What is said of a file, or "n keys". */
std::string load(const std::string &text, bool shared = true)
{
	JwtWorld::get().write("t.jwks", text);
	Keys keys;
	bool good = keys.add("t.jwks", "i.example", shared);
	EXPECT_EQ(good, keys.said.empty());
	if (good)
		return std::to_string(keys.jwks.n) + " keys";
	EXPECT_EQ(keys.jwks.n, 0u);
	return keys.said;
}

TEST(jwks, files_of_another_implementation)
{
	for (const char *file : {"public.jwks", "private.jwks"}) {
		Keys keys(file, "i.example");
		ASSERT_EQ(keys.said, "");
		ASSERT_EQ(keys.jwks.n, 4u);
		for (size_t i = 0; i < keys.jwks.n; i++)
			EXPECT_EQ(keys.jwks.keys[i].can_sign,
				  !strcmp(file, "private.jwks") ||
					  !strcmp(keys.jwks.keys[i].kid, "oct"));
	}
	for (const char *file :
	     {"ec.pem", "rsa.pem", "okp.pem", "ec.pub.pem", "rsa.pub.pem", "okp.pub.pem"}) {
		Keys keys(file, "i.example");
		ASSERT_EQ(keys.said, "") << file;
		ASSERT_EQ(keys.jwks.n, 1u);
		EXPECT_EQ(keys.jwks.keys[0].can_sign, !strstr(file, "pub"));
		EXPECT_EQ(keys.jwks.keys[0].kid, nullptr);
	}
}

TEST(jwks, certificates)
{
	std::string folder = JwtWorld::get().path("");
	ASSERT_EQ(0, system(("openssl req -x509 -new -key " + folder +
			     "ec.pem -subj /CN=x -days 1 -out " + folder + "crt.pem")
				    .c_str()));
	Keys keys("crt.pem", "i.example");
	EXPECT_EQ(keys.said, "");
	ASSERT_EQ(keys.jwks.n, 1u);
	EXPECT_EQ(keys.jwks.keys[0].algs, 1 << JWT_ES256);
	EXPECT_FALSE(keys.jwks.keys[0].can_sign);
}

TEST(jwks, what_is_taken)
{
	EXPECT_EQ(load(set(key(ec))), "1 keys");
	EXPECT_EQ(load(key(okp)), "1 keys") << "a JWK alone";
	EXPECT_EQ(
		load(set(key(
			ec, R"("use":"sig","key_ops":["verify"],"alg":"ES256","x5c":[],"new":1)"))),
		"1 keys");
	/* RFC 7517 section 5: kinds of keys that are not known are passed over, and so are keys for other uses. */
	EXPECT_EQ(
		load(set(key(ec) + R"(,{"kty":"new"},{"kty":"EC","crv":"P-521"},)" +
			 key(okp, R"("use":"enc")") + "," + key(okp, R"("key_ops":["encrypt"])"))),
		"1 keys");
}

TEST(jwks, faults)
{
	const std::pair<std::string, const char *> cases[] = {
		{"", "t.jwks: not JSON: '[' or '{' expected near end of file in line 1\n"},
		{"{\"keys\":1}", "t.jwks: keys: expected a list of JWKs\n"},
		{"[]", "t.jwks: key: expected a group of members, not a list\n"},
		{"{\"keys\":[],\"keys\":[]}",
		 "t.jwks: not JSON: duplicate object key near '\"keys\"' in line 1\n"},
		{set(""), "t.jwks: it has no key for signatures that is taken\n"},
		{set("{\"kty\":\"new\"}"), "t.jwks: it has no key for signatures that is taken\n"},
		{set("1"), "t.jwks: key 1: expected a group of members, not a number\n"},
		{set("{}"), "t.jwks: key 1: 'kty' is missing\n"},
		{set(key(okp) + ",{\"kty\":\"EC\",\"kid\":\"b\",\"crv\":\"P-256\"}"),
		 "t.jwks: key 2 'b': 'x' is missing\nt.jwks: key 2 'b': 'y' is missing\n"},
		{set(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcH"})"),
		 "t.jwks: key 1: its members do not make a valid key of kty OKP\n"},
		{set(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="})"),
		 "t.jwks: key 1: x: expected base64url without padding, of at most 1024 octets\n"},
		{set(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})"),
		 "t.jwks: key 1: its members do not make a valid key of kty EC\n"},
		/* A private part that is another key's. */
		{set(key(ec, R"("d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LE")")),
		 "t.jwks: key 1: its members do not make a valid key of kty EC\n"},
		{set(key(okp, R"("d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LE")")),
		 "t.jwks: key 1: its members do not make a valid key of kty OKP\n"},
		{set(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})"),
		 "t.jwks: key 1: its members do not make a valid key of kty RSA\n"},
		{set(R"({"kty":"oct","k":"c2hvcnQ"})"),
		 "t.jwks: key 1: a key of type HMAC that is not taken; expected EC P-256, RSA of "
		 "2048 to 8192 bits, "
		 "Ed25519, or oct of 32 octets or more\n"},
		{set(key(ec, R"("alg":"RS256")")),
		 "t.jwks: key 1: alg: 'RS256' is not taken for a key of this kind\n"},
		{set(key(ec, R"("alg":"none")")),
		 "t.jwks: key 1: alg: 'none' is not taken for a key of this kind\n"},
		{"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n",
		 "t.jwks: no key: expected PEM with a public key, a private key without "
		 "passphrase, or a certificate\n"},
		{std::string(JWKS_FILE_MAX + 1, ' '),
		 "t.jwks: cannot be read: it is larger than 1 MiB\n"},
	};
	for (const auto &c : cases)
		EXPECT_EQ(load(c.first), c.second);
	Keys keys;
	EXPECT_FALSE(keys.add("nowhere", "i"));
	EXPECT_EQ(keys.said, "nowhere: cannot be read: No such file or directory\n");
}

TEST(jwks, weak_keys)
{
	const std::pair<const char *, const char *> keys[] = {
		{"-algorithm RSA -pkeyopt rsa_keygen_bits:1024", "RSA"},
		{"-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "EC"},
		{"-algorithm RSA-PSS", "RSA-PSS"},
	};
	for (const auto &key : keys) {
		ASSERT_EQ(0, system(("openssl genpkey -quiet " + std::string(key.first) + " -out " +
				     JwtWorld::get().path("weak.pem") + " 2>/dev/null")
					    .c_str()));
		Keys weak;
		EXPECT_FALSE(weak.add("weak.pem", "i"));
		EXPECT_EQ(
			weak.said,
			std::string("weak.pem: key: a key of type ") + key.second +
				" that is not taken; expected EC P-256, RSA of 2048 to 8192 bits, "
				"Ed25519, or oct of 32 octets or more\n");
	}
}

TEST(jwks, a_key_with_a_passphrase_is_not_asked_for)
{
	std::string folder = JwtWorld::get().path("");
	ASSERT_EQ(0, system(("openssl pkey -in " + folder + "ec.pem -aes256 -passout pass:x -out " +
			     folder + "locked.pem")
				    .c_str()));
	Keys keys;
	EXPECT_FALSE(keys.add("locked.pem", "i"));
}

TEST(jwks, keys_that_decrypt)
{
	Keys keys("ciphers.jwks", "a", false);
	EXPECT_EQ(keys.said, "");
	ASSERT_EQ(keys.jwks.n, 2u);
	for (unsigned alg = 0; alg < JWT_ALGS; alg++)
		EXPECT_EQ(jwks_next(&keys.jwks, "a", nullptr, (enum jwt_alg)alg, nullptr), nullptr);
	const struct jwks_key *first = jwks_next_cipher(&keys.jwks, "a", nullptr);
	ASSERT_TRUE(first);
	EXPECT_TRUE(jwks_next_cipher(&keys.jwks, nullptr, first));
	EXPECT_FALSE(jwks_next_cipher(&keys.jwks, "b", nullptr));
	EXPECT_EQ(load(set(R"({"kty":"oct","use":"enc","kid":"x","k":"AAAA"})")),
		  "t.jwks: key 1 'x': k: expected 16 octets for A128GCM, or 32 for A256GCM\n");
}

/* RFC 9246 section 5.2. */
TEST(jwks, symmetric_keys_of_another_cdn_are_refused)
{
	EXPECT_EQ(load(set(key(oct))), "1 keys");
	EXPECT_EQ(load(set(key(oct)), false),
		  "t.jwks: key 1: a symmetric key cannot be shared with another CDN (RFC 9246 "
		  "section 5.2); use EC, RSA or OKP\n");
	EXPECT_EQ(load(set(key(ec)), false), "1 keys");
}

TEST(jwks, a_file_with_a_fault_adds_nothing)
{
	Keys keys("public.jwks", "a");
	JwtWorld::get().write("t.jwks", set(key(ec) + ",{}"));
	EXPECT_FALSE(keys.add("t.jwks", "b"));
	EXPECT_EQ(keys.jwks.n, 4u);
	EXPECT_TRUE(jwks_knows(&keys.jwks, "a"));
	EXPECT_FALSE(jwks_knows(&keys.jwks, "b"));
}

TEST(jwks, which_keys_are_looked_at)
{
	Keys keys("public.jwks", "a");
	ASSERT_TRUE(keys.add("ec.pub.pem", "a"));
	ASSERT_TRUE(keys.add("ec.pub.pem", "b", false, "k2"));
	auto count = [&](const char *issuer, const char *kid, enum jwt_alg alg) {
		unsigned n = 0;
		const struct jwks_key *at = nullptr;
		while ((at = jwks_next(&keys.jwks, issuer, kid, alg, at)))
			n++;
		return n;
	};
	EXPECT_EQ(count("a", nullptr, JWT_ES256), 2u);
	EXPECT_EQ(count("a", "ec", JWT_ES256), 2u) << "one with this kid, one without";
	EXPECT_EQ(count("a", "k2", JWT_ES256), 1u);
	EXPECT_EQ(count("b", "k2", JWT_ES256), 1u);
	EXPECT_EQ(count("b", "ec", JWT_ES256), 0u);
	EXPECT_EQ(count("b", nullptr, JWT_HS256), 0u);
	EXPECT_EQ(count("a", nullptr, JWT_PS256), 1u);
	EXPECT_EQ(count("c", nullptr, JWT_ES256), 0u);
	EXPECT_EQ(count(nullptr, nullptr, JWT_ES256), 3u);
}

} // namespace
