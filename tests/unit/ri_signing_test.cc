/* ri_signing_test - signed URIs of requests that upstream CDNs ask about: verified once, and the target signed for the next hop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/jwt_world.h"
#include "tests/support/ri_box.h"

#include <gtest/gtest.h>

extern "C" {
#include "control/sign.h"
}

namespace
{

using namespace ri_tables;

struct RiSigningTest : testing::Test {
	Keys csp{"private.jwks", "csp.example"};
	std::string name = "cdn", issuer = "csp.example",
		    file = JwtWorld::get().path("public.jwks"),
		    own = JwtWorld::get().path("ec.pem");
	struct sign *sign = sign_new();

	void SetUp() override
	{
		struct signing_key key = {&issuer[0], &file[0], nullptr, true};
		struct signing_settings settings = {};
		struct faults faults = {};
		settings.name = &name[0];
		settings.n_keys = 1;
		settings.keys = &key;
		settings.own.file = &own[0];
		settings.verified = settings.used = 100;
		ASSERT_TRUE(sign_load(sign, &settings, &faults));
	}
	~RiSigningTest() override
	{
		sign_free(sign);
	}
	View tables(const std::string &candidates)
	{
		return with(candidates, R"(, "uri-signing": {})");
	}
	std::string url(const std::string &claims)
	{
		return "http://vod.example.com/a?URISigningPackage=" +
		       ::sign(csp.key(JWT_ES256), JWT_ES256,
			      R"({"iss":"csp.example",)" + claims + R"("cdniuc":"regex:.*"})");
	}
	/* Is the token of this URI ours? */
	bool is_ours(const std::string &text)
	{
		size_t at = text.find("URISigningPackage=");
		std::string token = at == std::string::npos ? "" : text.substr(at + 18);
		struct jwt jwt;
		Keys key("ec.pem", "cdn", false);
		json_t *claims =
			jwt_split(span_of(token), &jwt) &&
					jwt_verify(&jwt, JWT_ES256, key.key(JWT_ES256)->pkey)
				? jwt_claims_object(jwt.claims)
				: nullptr;
		const char *iss = json_string_value(json_object_get(claims, "iss"));
		bool ours = iss && name == iss;
		json_decref(claims);
		return ours;
	}
};

TEST_F(RiSigningTest, good_once_and_not_to_be_stored)
{
	RiBox box(tables(node1));
	box.control.sign = sign;
	std::string asked = url(R"("exp":1893456000,"jti":"a",)");
	RiAnswer answer = box.ask_http(asked);
	EXPECT_EQ(answer.status, 200u) << answer.body;
	EXPECT_EQ(answer.cache_control, "no-store");
	EXPECT_EQ(answer.ranges(), "");
	EXPECT_EQ(answer.location().find("http://n1.dcdn.example/a?URISigningPackage="), 0u);
	EXPECT_TRUE(is_ours(answer.location()));
	EXPECT_EQ(answer.json()["http"]["cs-uri"].text(), asked);
	answer = box.ask_http(asked);
	EXPECT_EQ(answer.error(), 500);
	EXPECT_EQ(answer.reason(),
		  "URI signing: 407, its JWT ID was used already, or cannot be checked");
	EXPECT_EQ(answer.cache_control, "no-store");
}

TEST_F(RiSigningTest, refused)
{
	RiBox box(tables(node1));
	EXPECT_EQ(box.ask_http(url("")).reason(), "URI signing: 401, the issuer is not accepted")
		<< "nothing is configured";
	box.control.sign = sign;
	EXPECT_EQ(box.ask_http(ri_tables::uri).reason(),
		  "URI signing: 500, the URI has no token that can be read");
	EXPECT_EQ(box.ask_http(url(R"("exp":1700000000,)")).reason(),
		  "URI signing: 404, it has expired");
	EXPECT_EQ(box.ask_dns("vod.example.com").status, 200u) << "a DNS query has no URI";
	box.use(with(node1));
	EXPECT_EQ(box.ask_http(ri_tables::uri).cache_control.find("no-store"), std::string::npos)
		<< "without signed URIs as ever";
}

TEST_F(RiSigningTest, a_cookie_is_taken)
{
	RiBox box(tables(node1));
	box.control.sign = sign;
	std::string token = url(""), field = token.substr(token.find("URISigningPackage="));
	RiAnswer answer =
		box.ask_http(ri_tables::uri, "192.0.2.1", R"j(, "cs-(cookie)": ")j" + field + "\"");
	EXPECT_EQ(answer.status, 200u) << answer.body;
	EXPECT_TRUE(is_ours(answer.location()));
}

/* It is asked with the URI as it came; what it says is signed, though it was verified only once. */
TEST_F(RiSigningTest, what_a_cdn_below_says_is_signed)
{
	RiBox box(tables(cdn_b));
	box.control.sign = sign;
	box.recursive("b");
	std::string asked = url(R"("exp":1893456000,"jti":"b",)");
	box.says["b"] = below_http("http://n4.b.example/a");
	RiAnswer answer = box.ask_http(asked);
	EXPECT_EQ(answer.status, 200u) << answer.body;
	ASSERT_EQ(box.asked.size(), 1u);
	EXPECT_NE(box.asked[0].find(asked), std::string::npos);
	EXPECT_TRUE(is_ours(answer.location())) << answer.location();
	EXPECT_EQ(answer.cache_control, "no-store");
	box.says.clear();
	asked = url(R"("exp":1893456000,"jti":"c",)");
	EXPECT_THROW(box.ask_http(asked), std::runtime_error) << "it does not answer yet";
	box.answer_below(error_504);
	EXPECT_EQ(box.answers.back().error(), 504) << "and the proof is given back";
}

} // namespace
