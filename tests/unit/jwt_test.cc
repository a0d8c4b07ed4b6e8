/* jwt_test - signatures against the vectors of the RFCs and another implementation, both ways; confused algorithms; hostile tokens. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/guard_page.h"
#include "tests/support/jwt_world.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <random>

namespace
{

const enum jwt_alg algs[] = {JWT_ES256, JWT_RS256, JWT_PS256, JWT_EDDSA, JWT_HS256};

bool verify(const std::string &token, enum jwt_alg alg, const struct jwks_key *key)
{
	GuardPage in(token.data(), token.size());
	struct jwt jwt;
	return key && jwt_split({in.data(), (uint32_t)token.size()}, &jwt) &&
	       jwt_verify(&jwt, alg, key->pkey);
}

Keys &private_keys()
{
	static Keys keys("private.jwks", "csp.example");
	return keys;
}

TEST(jwt, split)
{
	struct jwt jwt;
	std::string token = "ab.cde.f";
	ASSERT_TRUE(jwt_split(span_of(token), &jwt));
	EXPECT_EQ(jwt.header.len, 2u);
	EXPECT_EQ(jwt.claims.len, 3u);
	EXPECT_EQ(jwt.signature.len, 1u);
	EXPECT_EQ(jwt.input.len, 6u);
	for (const char *bad :
	     {"", ".", "..", "a", "a.b", "a.b.", "a..c", ".b.c", "a.b.c.d", "a.b.c.d.e", "a.b.c."})
		EXPECT_FALSE(jwt_split(span_of(bad), &jwt)) << bad;
	EXPECT_TRUE(jwt_split(span_of("a.b." + std::string(JWT_MAX - 4, 'c')), &jwt));
	EXPECT_FALSE(jwt_split(span_of("a.b." + std::string(JWT_MAX - 3, 'c')), &jwt));
}

TEST(jwt, names)
{
	enum jwt_alg alg;
	for (enum jwt_alg one : algs) {
		ASSERT_TRUE(jwt_alg_parse(jwt_alg_name(one), &alg));
		EXPECT_EQ(alg, one);
	}
	for (const char *bad :
	     {"none", "None", "NONE", "", "es256", "RS1", "RS384", "HS512", "RS256 "})
		EXPECT_FALSE(jwt_alg_parse(bad, &alg)) << bad;
}

/* RFC 7515 appendices A.1 and A.3, RFC 8037 appendix A.4. */
TEST(jwt, vectors_of_the_rfcs)
{
	JwtWorld::get().write(
		"rfc.jwks",
		R"({"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
		{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
		{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})");
	Keys keys("rfc.jwks", "joe");
	ASSERT_EQ(keys.said, "");
	const std::string claims = ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leG"
				   "FtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
	EXPECT_TRUE(verify("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" + claims +
				   "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
			   JWT_HS256, keys.key(JWT_HS256)));
	EXPECT_TRUE(verify("eyJhbGciOiJFUzI1NiJ9" + claims +
				   "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
				   "F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"
				   "Kg6NU1Q",
			   JWT_ES256, keys.key(JWT_ES256)));
	EXPECT_TRUE(verify("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
			   "hgyY0il_MGCjP0JzlnLWG1PPOt7-"
			   "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
			   JWT_EDDSA, keys.key(JWT_EDDSA)));
}

TEST(jwt, theirs_verify_here)
{
	for (enum jwt_alg alg : algs) {
		std::string token = JwtWorld::get().token(jwt_alg_name(alg));
		EXPECT_TRUE(verify(token, alg, private_keys().key(alg))) << jwt_alg_name(alg);
	}
}

TEST(jwt, ours_verify_there)
{
	std::string lines, wanted;
	for (enum jwt_alg alg : algs) {
		for (int i = 0; i < 20; i++) {
			std::string claims = "{\"i\": " + std::to_string(i) + "}",
				    name = jwt_alg_name(alg);
			lines += name + " " + sign(private_keys().key(alg), alg, claims) + "\n";
			wanted += name + " " + claims + "\n";
		}
	}
	EXPECT_EQ(JwtWorld::get().check(lines), wanted);
}

/* What a token says of its algorithm does not make another key fit. */
TEST(jwt, algorithms_are_not_confused)
{
	for (enum jwt_alg alg : algs) {
		std::string token = JwtWorld::get().token(jwt_alg_name(alg));
		for (enum jwt_alg other : algs)
			for (enum jwt_alg of_key : algs) {
				bool same =
					other == alg && private_keys().key(of_key)->algs >> alg & 1;
				EXPECT_EQ(verify(token, other, private_keys().key(of_key)), same)
					<< jwt_alg_name(alg) << jwt_alg_name(other);
			}
	}
	/* The public key's text as the secret of an HMAC. */
	std::string pem = JwtWorld::get().read("rsa.pub.pem");
	EVP_PKEY *mac = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, nullptr,
						     (const uint8_t *)pem.data(), pem.size());
	struct jwks_key forged = {};
	forged.pkey = mac;
	forged.algs = 1 << JWT_HS256;
	std::string token = sign(&forged, JWT_HS256, "{}");
	EXPECT_TRUE(verify(token, JWT_HS256, &forged));
	for (enum jwt_alg alg : {JWT_HS256, JWT_RS256, JWT_PS256})
		EXPECT_FALSE(verify(token, alg, private_keys().key(JWT_RS256)));
	EVP_PKEY_free(mac);
}

TEST(jwt, weak_keys_do_not_fit)
{
	const std::pair<const char *, std::string> types[] = {
		{"RSA", "1024"}, {"EC", "P-384"}, {"ED448", ""}};
	for (const auto &type : types) {
		EVP_PKEY *key = !strcmp(type.first, "ED448")
					? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")
				: !strcmp(type.first, "EC")
					? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384")
					: EVP_PKEY_Q_keygen(nullptr, nullptr, type.first,
							    (size_t)std::stoul(type.second));
		ASSERT_TRUE(key);
		for (enum jwt_alg alg : algs)
			EXPECT_FALSE(jwt_alg_fits(alg, key)) << type.first << jwt_alg_name(alg);
		EVP_PKEY_free(key);
	}
	uint8_t secret[32] = {};
	for (size_t len : {31u, 32u}) {
		EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, nullptr, secret, len);
		EXPECT_EQ(jwt_alg_fits(JWT_HS256, key), len == 32);
		EVP_PKEY_free(key);
	}
}

TEST(jwt, every_changed_octet_is_seen)
{
	for (enum jwt_alg alg : algs) {
		const struct jwks_key *key = private_keys().key(alg);
		std::string token = JwtWorld::get().token(jwt_alg_name(alg));
		for (size_t i = 0; i < token.size();
		     i += alg == JWT_RS256 || alg == JWT_PS256 ? 7 : 3) {
			std::string changed = token;
			changed[i] = changed[i] == 'A' ? 'B' : 'A';
			ASSERT_FALSE(verify(changed, alg, key)) << jwt_alg_name(alg) << i;
		}
		for (size_t len = token.rfind('.'); len < token.size(); len++)
			ASSERT_FALSE(verify(token.substr(0, len), alg, key))
				<< jwt_alg_name(alg) << len;
		ASSERT_FALSE(verify(token + "A", alg, key));
		ASSERT_FALSE(verify(token + "=", alg, key));
		ASSERT_FALSE(verify(token.substr(0, token.rfind('.') + 1), alg, key));
	}
}

/* ES256 is two numbers; DER, zeros and too many octets are not. */
TEST(jwt, es256_signatures_of_other_forms)
{
	const struct jwks_key *key = private_keys().key(JWT_ES256);
	std::string token = JwtWorld::get().token("ES256"),
		    input = token.substr(0, token.rfind('.') + 1);
	EXPECT_FALSE(verify(input + encode(std::string(64, '\0')), JWT_ES256, key));
	EXPECT_FALSE(verify(input + encode(std::string(64, '\xff')), JWT_ES256, key));
	EXPECT_FALSE(verify(input + encode(std::string(63, '\1')), JWT_ES256, key));
	EXPECT_FALSE(
		verify(input + encode(std::string(JWT_SIGNATURE_MAX + 1, '\1')), JWT_ES256, key));
}

TEST(jwt, a_public_key_does_not_sign)
{
	const std::pair<const char *, enum jwt_alg> files[] = {
		{"ec.pub.pem", JWT_ES256}, {"rsa.pub.pem", JWT_RS256}, {"okp.pub.pem", JWT_EDDSA}};
	for (const auto &file : files) {
		Keys keys(file.first, "csp.example");
		ASSERT_EQ(keys.said, "");
		EXPECT_TRUE(verify(JwtWorld::get().token(jwt_alg_name(file.second)), file.second,
				   keys.key(file.second)));
		EXPECT_EQ(sign(keys.key(file.second), file.second, "{}"), "");
	}
}

TEST(jwt, no_room)
{
	std::string whole = sign(private_keys().key(JWT_EDDSA), JWT_EDDSA, "{}");
	for (size_t room = 0; room <= whole.size(); room++) {
		GuardPage out(room);
		struct writer w = writer_of(out.data(), room);
		EXPECT_EQ(jwt_sign(&w, span_of("{\"alg\":\"EdDSA\",\"kid\":\"okp\"}"),
				   span_of("{}"), JWT_EDDSA, private_keys().key(JWT_EDDSA)->pkey),
			  room == whole.size());
	}
}

} // namespace
