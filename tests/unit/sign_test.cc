/* sign_test - signed URIs as requests come with them: keys that are configured, what is refused, what the next hop gets, what is counted. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/json_ptr.h"
#include "tests/support/jwt_world.h"
#include "tests/support/tables_builder.h"

extern "C" {
#include "control/sign.h"
#include "control/sign_policy.h"
}

#include <gtest/gtest.h>
#include <memory>

namespace
{

const uint64_t now = 1700000000;

/* Settings whose texts live as long as it. */
struct Signing {
	std::vector<std::string> texts;
	std::vector<struct signing_key> keys;
	struct signing_settings settings = {};

	explicit Signing(const std::string &own = "ec.pem", const char *name = "ucdn.example")
	{
		texts.reserve(16);
		settings.name = keep(name);
		settings.own.file = keep(JwtWorld::get().path(own));
		settings.verified = settings.used = 100;
		key("csp.example", "public.jwks");
	}
	void key(const char *issuer, const std::string &file)
	{
		keys.push_back({keep(issuer), keep(JwtWorld::get().path(file)), nullptr, true});
		settings.keys = keys.data();
		settings.n_keys = keys.size();
	}
	char *keep(const std::string &text)
	{
		texts.push_back(text);
		return &texts.back()[0];
	}
};

struct SignTest : testing::Test {
	Keys csp{"private.jwks", "csp.example"};
	struct sign *sign = sign_new();
	std::string policy = "URISigningPackage\n\ncsp.example", said;
	struct scope scope = {};
	bool look = false;
	uint64_t at = now;
	struct dri *dri = nullptr;

	SignTest()
	{
		scope.name = const_cast<char *>("s");
		scope.signed_uri = true;
	}
	~SignTest() override
	{
		forget();
		sign_free(sign);
	}
	void forget()
	{
		if (dri)
			dri_release(dri);
		dri = nullptr;
	}
	bool load(const Signing &with)
	{
		struct faults faults = {};
		bool good = sign_load(sign, &with.settings, &faults);
		said.clear();
		for (size_t i = 0; i < faults.n; i++)
			said += std::string(faults.list[i].text) + "\n";
		EXPECT_EQ(good, faults.total == 0);
		faults_clear(&faults);
		return good;
	}
	std::string token(const std::string &claims)
	{
		return ::sign(csp.key(JWT_ES256), JWT_ES256, claims);
	}
	/* What a client gets that asks for this path and query with these fields. */
	int ask(const std::string &target, const std::string &cookie = "",
		const std::string &location = "", const char *audience = nullptr)
	{
		HttpAsk asked("cdn.example", target,
			      cookie.empty()
				      ? std::vector<std::pair<std::string, std::string>>{}
				      : std::vector<std::pair<std::string, std::string>>{{"Cookie",
											  cookie}},
			      "192.0.2.1", at);
		std::string uri = "http://cdn.example" + target,
			    to = location.empty() ? "http://d.example/x" + target : location;
		scope.signing = &policy[0];
		struct sign_request request = {&scope, &asked.req, span_of(uri), look};
		forget();
		return sign_redirect(sign, &request, span_of(to), audience, &dri);
	}
	int ask_claims(const std::string &claims)
	{
		return ask("/m/a.mp4?URISigningPackage=" + token(claims));
	}
	std::string location() const
	{
		return dri ? dri->location : "";
	}
	std::string cookie() const
	{
		return dri && dri->cookie ? dri->cookie : "";
	}
	/* The claims of the token in a text, which our own key has signed. */
	json_t *claims_of(const std::string &text)
	{
		static const std::string name = "URISigningPackage=";
		size_t from = text.find(name);
		EXPECT_NE(from, std::string::npos) << text;
		std::string token = text.substr(from + name.size());
		token = token.substr(0, token.find(';'));
		struct jwt jwt;
		Keys own("ec.pem", "ucdn.example", false);
		EXPECT_TRUE(jwt_split(span_of(token), &jwt));
		EXPECT_TRUE(jwt_verify(&jwt, JWT_ES256, own.key(JWT_ES256)->pkey));
		made.reset(jwt_claims_object(jwt.claims));
		return made.get();
	}
	std::string claim(const std::string &text, const char *name)
	{
		char *dump = json_dumps(json_object_get(claims_of(text), name),
					JSON_ENCODE_ANY | JSON_COMPACT);
		std::string copy = dump ? dump : "-";
		free(dump);
		return copy;
	}
	std::string shown()
	{
		JsonPtr json(sign_json(sign));
		char *text = json_dumps(json.get(), JSON_COMPACT);
		std::string copy = text;
		free(text);
		return copy;
	}
	int64_t count(const char *name)
	{
		JsonPtr json(sign_json(sign));
		return json_integer_value(json_object_get(json.get(), name));
	}

      private:
	JsonPtr made;
};

const char *const good_claims =
	R"({"iss":"csp.example","exp":1893456000,"cdniuc":"regex:http://cdn\\.example/m/.*"})";

TEST_F(SignTest, nothing_configured)
{
	EXPECT_EQ(ask_claims(good_claims), 401);
	EXPECT_EQ(location(), "");
	EXPECT_NE(shown().find("\"name\":null"), std::string::npos);
	struct sign *mine = sign;
	sign = nullptr;
	EXPECT_EQ(ask_claims(good_claims), 401);
	sign = mine;
}

TEST_F(SignTest, a_good_request_is_signed_for_the_next_hop)
{
	ASSERT_TRUE(load(Signing())) << said;
	ASSERT_EQ(ask_claims(good_claims), 200);
	EXPECT_EQ(location().find("http://d.example/x/m/a.mp4?URISigningPackage="), 0u);
	EXPECT_EQ(claim(location(), "iss"), "\"ucdn.example\"");
	EXPECT_EQ(claim(location(), "exp"), "1893456000");
	EXPECT_EQ(claim(location(), "aud"), "-") << "the old one had none";
	EXPECT_EQ(claim(location(), "cdniuc"), R"("regex:http://d\\.example/x/m/.*")");
	EXPECT_EQ(cookie(), "");
	EXPECT_TRUE(dri->signed_uri);
	EXPECT_STREQ(dri->scheme, "http");
	EXPECT_STREQ(dri->authority, "d.example");
	EXPECT_EQ(count("good"), 1);
	EXPECT_EQ(count("redirects"), 1);
	EXPECT_EQ(count("refused"), 0);
}

TEST_F(SignTest, the_audience_is_the_next_hop)
{
	ASSERT_TRUE(load(Signing()));
	std::string target =
		"/m/a?URISigningPackage=" +
		token(R"({"iss":"csp.example","aud":"ucdn.example","cdniuc":"regex:.*"})");
	ASSERT_EQ(ask(target, "", "http://D.example:8080/m/a"), 200);
	EXPECT_EQ(claim(location(), "aud"), "\"d.example\"");
	ASSERT_EQ(ask(target, "", "", "dcdn"), 200);
	EXPECT_EQ(claim(location(), "aud"), "\"dcdn\"");
}

TEST_F(SignTest, renewed_in_a_cookie_and_good_when_it_comes_back)
{
	ASSERT_TRUE(load(Signing()));
	ASSERT_EQ(ask_claims(R"({"iss":"csp.example","exp":1700000100,"cdnistt":1,"cdniets":60,
		"cdniuc":"regex:http://cdn\\.example/m/.*"})"),
		  200);
	std::string set = cookie();
	EXPECT_NE(set.find("; Path=/; Max-Age=60; HttpOnly"), std::string::npos) << set;
	EXPECT_EQ(claim(set, "exp"), "1700000060");
	EXPECT_EQ(count("renewed"), 1);
	std::string pair = set.substr(0, set.find(';'));
	at = now + 59;
	EXPECT_EQ(ask("/m/b.mp4", "x=y; " + pair), 200) << "though the scope lists another issuer";
	EXPECT_NE(location().find("?URISigningPackage="), std::string::npos);
	at = now + 60;
	EXPECT_EQ(ask("/m/b.mp4", pair), 404);
}

TEST_F(SignTest, what_is_refused_is_counted_by_code)
{
	ASSERT_TRUE(load(Signing()));
	EXPECT_EQ(ask("/m/a"), 500);
	EXPECT_EQ(ask("/m/a?URISigningPackage=x.y.z"), 500);
	EXPECT_EQ(ask_claims(R"({"iss":"x","cdniuc":"regex:.*"})"), 401);
	EXPECT_EQ(ask_claims(R"({"iss":"csp.example","exp":1,"cdniuc":"regex:.*"})"), 404);
	EXPECT_EQ(location(), "");
	EXPECT_EQ(count("refused"), 4);
	EXPECT_NE(
		shown().find(
			R"({"code":500,"text":"the URI has no token that can be read","count":2})"),
		std::string::npos)
		<< shown();
}

TEST_F(SignTest, a_jwt_id_is_good_once_and_a_look_changes_nothing)
{
	ASSERT_TRUE(load(Signing()));
	std::string target =
		"/m/a?URISigningPackage=" +
		token(R"({"iss":"csp.example","exp":1893456000,"jti":"a","cdniuc":"regex:.*"})");
	look = true;
	EXPECT_EQ(ask(target), 200);
	EXPECT_NE(location(), "");
	EXPECT_EQ(count("good") + count("redirects"), 0);
	look = false;
	EXPECT_EQ(ask(target), 200);
	EXPECT_EQ(claim(location(), "jti"), "\"a\"");
	EXPECT_EQ(ask(target), 407);
	look = true;
	EXPECT_EQ(ask(target), 407);
	EXPECT_EQ(count("refused"), 1);
}

TEST_F(SignTest, locations_that_cannot_be_signed)
{
	ASSERT_TRUE(load(Signing()));
	std::string target = "/m/a?URISigningPackage=" + token(good_claims);
	for (const std::string &bad : {std::string("ftp://d.example/"), std::string("/m/a"),
				       "http://d.example/" + std::string(URI_MAX, 'a')}) {
		EXPECT_EQ(ask(target, "", bad), 200);
		EXPECT_EQ(location(), "");
	}
	EXPECT_EQ(count("unsignable"), 3);
}

TEST_F(SignTest, key_files_that_are_bad)
{
	Signing missing, not_private("ec.pub.pem"), no_kid("private.jwks"), good("private.jwks");
	missing.key("x", "missing.pem");
	EXPECT_FALSE(load(missing));
	EXPECT_NE(said.find("cannot be read: No such file"), std::string::npos) << said;
	EXPECT_EQ(ask_claims(good_claims), 401) << "nothing of it was taken";
	EXPECT_FALSE(load(not_private));
	EXPECT_NE(said.find("no private key that can sign"), std::string::npos) << said;
	no_kid.settings.own.shared = true;
	no_kid.settings.own.kid = no_kid.keep("none");
	EXPECT_FALSE(load(no_kid));
	EXPECT_NE(said.find("no private key with the kid 'none'"), std::string::npos) << said;
	good.settings.own.shared = true;
	good.settings.own.kid = good.keep("okp");
	EXPECT_TRUE(load(good)) << said;
	EXPECT_EQ(ask_claims(good_claims), 200);
}

TEST_F(SignTest, a_reload_keeps_what_is_there_when_the_new_is_bad)
{
	std::string target =
		"/m/a?URISigningPackage=" +
		token(R"({"iss":"csp.example","exp":1893456000,"jti":"b","cdniuc":"regex:.*"})");
	ASSERT_TRUE(load(Signing()));
	EXPECT_EQ(ask(target), 200);
	Signing bad;
	bad.key("x", "missing.pem");
	testing::internal::CaptureStderr();
	sign_reload(sign, &bad.settings);
	std::string logged = testing::internal::GetCapturedStderr();
	EXPECT_NE(logged.find("missing.pem"), std::string::npos) << logged;
	EXPECT_NE(logged.find("stay in use"), std::string::npos) << logged;
	EXPECT_EQ(ask_claims(good_claims), 200);
	Signing again;
	sign_reload(sign, &again.settings);
	EXPECT_EQ(ask(target), 407) << "used JWT IDs outlive a reload";
	again.settings.used = 50;
	sign_reload(sign, &again.settings);
	EXPECT_EQ(ask(target), 200) << "but not another size";
	struct signing_settings none = {};
	sign_reload(sign, &none);
	EXPECT_EQ(ask_claims(good_claims), 401);
}

/* One line in a minute for each kind, without the token. */
TEST_F(SignTest, refusals_are_logged_at_a_limited_rate)
{
	ASSERT_TRUE(load(Signing()));
	const std::string bad = token(R"({"iss":"csp.example","exp":1,"cdniuc":"regex:.*"})");
	auto logged = [&] {
		testing::internal::CaptureStderr();
		ask("/m/a.mp4?URISigningPackage=" + bad);
		return testing::internal::GetCapturedStderr();
	};
	EXPECT_EQ(logged(),
		  "turnoutd: warning: scope s: a signed URI was refused with code 404, it "
		  "has expired: http://cdn.example/m/a.mp4 from 192.0.2.1\n");
	EXPECT_EQ(logged(), "");
	at = now + 59;
	EXPECT_EQ(logged(), "");
	at = now + 60;
	EXPECT_NE(logged().find("; 2 more like this since the last line"), std::string::npos);
	testing::internal::CaptureStderr();
	ask("/m/a");
	EXPECT_NE(testing::internal::GetCapturedStderr().find("code 500"), std::string::npos)
		<< "another kind";
}

/* Whatever a client sends: a code, and a location only with 200. */
TEST_F(SignTest, hostile_tokens)
{
	ASSERT_TRUE(load(Signing()));
	std::string good = token(good_claims);
	testing::internal::CaptureStderr();
	std::vector<std::string> tokens = {
		"",
		".",
		"..",
		"...",
		"a.b.c",
		std::string(5000, 'a'),
		good + "A",
		good + ".",
		"." + good,
		std::string(1400, '.'),
		encode(R"({"alg":"none"})") + "." + encode(good_claims) + ".",
		encode(R"({"alg":"HS256","kid":"ec"})") + "." + encode(good_claims) + ".AAAA",
		encode("[[[[[[[[[[[[[[") + "." + encode("]") + ".AA"};
	for (size_t len = 0; len < good.size(); len += 7)
		tokens.push_back(good.substr(0, len));
	for (const std::string &text : tokens) {
		if (text.size() > 1500)
			continue; /* no request is so long */
		EXPECT_NE(ask("/m/a?URISigningPackage=" + text), 200) << text;
		EXPECT_EQ(location() + cookie(), "");
		EXPECT_NE(ask("/m/a", "URISigningPackage=" + text), 200) << text;
	}
	testing::internal::GetCapturedStderr();
	EXPECT_EQ(ask("/m/a?URISigningPackage=" + good), 200);
}

} // namespace
