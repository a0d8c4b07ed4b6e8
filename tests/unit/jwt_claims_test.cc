/* jwt_claims_test - headers and claims that are taken, and the code of each that is not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/jwt_world.h"

extern "C" {
#include "control/jwt_claims.h"
}

#include <cmath>
#include <gtest/gtest.h>

namespace
{

struct Object {
	json_t *json;
	explicit Object(const std::string &text)
	{
		std::string part = encode(text);
		json = jwt_claims_object(span_of(part));
	}
	~Object()
	{
		json_decref(json);
	}
};

int code(const std::string &members)
{
	Object object("{" + members + "}");
	struct jwt_claims claims;
	EXPECT_TRUE(object.json) << members;
	return jwt_claims_read(object.json, &claims);
}

TEST(jwt_claims, only_i_json_objects)
{
	EXPECT_TRUE(Object("{}").json);
	EXPECT_TRUE(Object(" {\"a\": {\"b\": []}} \n").json);
	for (const std::string &text :
	     {std::string(""), std::string("1"), std::string("[]"),
	      std::string("{\"a\":1,\"a\":2}"), std::string("{\"a\":{\"b\":1,\"b\":2}}"),
	      std::string("{}x"), std::string("{\"a\":\"\xff\"}"),
	      std::string("{\"a\":\"\\u0000\"}"), std::string("{\"a\":\"\\ud800\"}"),
	      std::string("{\"a\":9223372036854775808}"), std::string("{\"a\":1e999}"),
	      std::string("{'a':1}"), std::string("{}\0", 3),
	      std::string("{") + std::string(2900, '['),
	      "{\"a\":" + std::string(1400, '[') + std::string(1400, ']')})
		EXPECT_FALSE(Object(text).json) << text.substr(0, 60);
	std::string not_base64 = "e30=";
	EXPECT_FALSE(jwt_claims_object(span_of(not_base64)));
}

TEST(jwt_claims, headers)
{
	const std::pair<const char *, bool> cases[] = {
		{R"({"alg":"ES256"})", true},
		{R"({"alg":"ES256","typ":"JWT","kid":"a","jku":"https://evil/"})", true},
		{R"({"alg":"none"})", false},
		{R"({"alg":"ES384"})", false},
		{R"({"alg":1})", false},
		{R"({})", false},
		{R"({"alg":"ES256","kid":1})", false},
		{R"({"alg":"ES256","crit":["b64"],"b64":false})", false},
		{R"({"alg":"ES256","crit":[]})", false},
	};
	for (const auto &c : cases) {
		Object header(c.first);
		enum jwt_alg alg;
		const char *kid;
		EXPECT_EQ(jwt_claims_header(header.json, &alg, &kid), c.second) << c.first;
	}
}

TEST(jwt_claims, all_of_them)
{
	Object object(
		R"({"iss":"i","sub":"s","aud":["x","y"],"exp":1893456000.5,"nbf":5,"iat":4,"jti":"j","cdniv":1,
		"cdniip":"p","cdniuc":"hash:u","cdniets":30,"cdnistt":2,"cdnistd":3,"other":{}})");
	struct jwt_claims claims;
	ASSERT_EQ(jwt_claims_read(object.json, &claims), URI_SIGN_GOOD);
	EXPECT_STREQ(claims.iss, "i");
	EXPECT_STREQ(claims.sub, "s");
	EXPECT_STREQ(claims.jti, "j");
	EXPECT_STREQ(claims.cdniip, "p");
	EXPECT_STREQ(claims.cdniuc, "hash:u");
	EXPECT_EQ(claims.exp, 1893456000.5);
	EXPECT_EQ(claims.nbf, 5);
	EXPECT_EQ(claims.transport, JWT_TRANSPORT_QUERY);
	EXPECT_EQ(claims.lifetime, 30u);
	EXPECT_EQ(claims.depth, 3u);
	EXPECT_TRUE(jwt_claims_is_for(&claims, "y"));
	EXPECT_FALSE(jwt_claims_is_for(&claims, "z"));
}

TEST(jwt_claims, the_container_alone_is_needed)
{
	Object object(R"({"cdniuc":"hash:u"})");
	struct jwt_claims claims;
	ASSERT_EQ(jwt_claims_read(object.json, &claims), URI_SIGN_GOOD);
	EXPECT_EQ(claims.iss, nullptr);
	EXPECT_EQ(claims.exp, INFINITY);
	EXPECT_EQ(claims.nbf, 0);
	EXPECT_EQ(claims.transport, JWT_TRANSPORT_NONE);
	EXPECT_TRUE(jwt_claims_is_for(&claims, "anybody"));
}

TEST(jwt_claims, each_one_wrong)
{
	const std::pair<const char *, int> cases[] = {
		{R"("iss":1)", 401},
		{R"("iss":null)", 401},
		{R"("sub":[])", 402},
		{R"("aud":1)", 403},
		{R"("aud":["x",1])", 403},
		{R"("aud":{})", 403},
		{R"("exp":"1893456000")", 404},
		{R"("exp":-1)", 404},
		{R"("exp":true)", 404},
		{R"("nbf":"1")", 405},
		{R"("nbf":null)", 405},
		{R"("cdniets":30)", 406},
		{R"("cdnistt":1)", 406},
		{R"("cdniets":30,"cdnistt":3)", 406},
		{R"("cdniets":30,"cdnistt":-1)", 406},
		{R"("cdniets":0,"cdnistt":1)", 406},
		{R"("cdniets":30.5,"cdnistt":1)", 406},
		{R"("cdniets":"30","cdnistt":1)", 406},
		{R"("cdniets":4294967296,"cdnistt":1)", 406},
		{R"("cdniets":30,"cdnistt":1,"cdnistd":-1)", 406},
		{R"("cdniets":30,"cdnistt":0)", 200},
		{R"("cdniets":30,"cdnistt":1,"cdnistd":0)", 200},
		{R"("jti":1)", 407},
		{R"("cdniv":2)", 408},
		{R"("cdniv":0)", 408},
		{R"("cdniv":"1")", 408},
		{R"("cdniv":1)", 200},
		{R"("cdnicrit":"x")", 409},
		{R"("cdnicrit":"")", 409},
		{R"("cdnicrit":[])", 409},
		{R"("cdniip":1)", 410},
		{R"("iat":"now")", 500},
	};
	for (const auto &c : cases)
		EXPECT_EQ(code(std::string(R"("cdniuc":"hash:u",)") + c.first), c.second)
			<< c.first;
	EXPECT_EQ(code(""), 411);
	EXPECT_EQ(code(R"("cdniuc":1)"), 411);
}

TEST(jwt_claims, audiences)
{
	const std::pair<const char *, bool> cases[] = {
		{R"("aud":"us")", true},          {R"("aud":"us2")", false}, {R"("aud":"")", false},
		{R"("aud":["them","us"])", true}, {R"("aud":[])", false},    {R"("x":1)", true}};
	for (const auto &c : cases) {
		Object object(std::string(R"({"cdniuc":"hash:u",)") + c.first + "}");
		struct jwt_claims claims;
		ASSERT_EQ(jwt_claims_read(object.json, &claims), URI_SIGN_GOOD);
		EXPECT_EQ(jwt_claims_is_for(&claims, "us"), c.second) << c.first;
	}
}

} // namespace
