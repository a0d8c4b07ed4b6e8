/* uri_signing_test - which requests are served, each claim wrong once, what the next hop gets, and renewed tokens. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/jwt_world.h"

extern "C" {
#include "control/uri_signing.h"
}

#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace
{

const uint64_t now = 1700000000;
const char *const good_claims =
	R"({"iss":"csp.example","exp":1893456000,"cdniuc":"regex:http://cdn\\.example/m/.*"})";

/* The uCDN: knows the keys of a content provider, and has its own. */
struct UriSigningTest : testing::Test {
	Keys trusted{"public.jwks", "csp.example"}, csp{"private.jwks", "csp.example"},
		own{"ec.pem", "ucdn.example", false};
	struct uri_signing *signing = nullptr;
	struct uri_signing_policy policy = {};
	struct ip_addr client = {{192, 0, 2, 1}, 4};
	std::unique_ptr<struct uri_signing_verdict> verdict =
		std::make_unique<struct uri_signing_verdict>();

	void SetUp() override
	{
		struct uri_signing_settings settings = {"ucdn.example", 100, 100};
		signing = uri_signing_new(&settings);
		uri_signing_set_keys(signing, &trusted.jwks, own.key(JWT_ES256));
		policy.enforce = true;
	}
	void TearDown() override
	{
		uri_signing_verdict_clear(verdict.get());
		uri_signing_free(signing);
	}
	std::string token(const std::string &claims, enum jwt_alg alg = JWT_ES256)
	{
		return sign(csp.key(alg), alg, claims);
	}
	int ask(const std::string &uri, const std::string &cookies = "", uint64_t at = now)
	{
		struct uri_signing_request request = {span_of(uri), span_of(cookies), client, at,
						      false};
		uri_signing_verdict_clear(verdict.get());
		uri_signing_verify(signing, &policy, &request, verdict.get());
		return verdict->code;
	}
	/* Of a token for http://cdn.example/m/a.mp4, alone in its query. */
	int ask_token(const std::string &token, uint64_t at = now)
	{
		return ask("http://cdn.example/m/a.mp4?URISigningPackage=" + token, "", at);
	}
	int ask_claims(const std::string &claims, uint64_t at = now)
	{
		return ask_token(token(claims), at);
	}
	std::string redirect(const std::string &location, const char *audience = nullptr)
	{
		char out[URI_MAX];
		struct writer w = writer_of(out, sizeof(out));
		if (!uri_signing_redirect(signing, &policy, verdict.get(), span_of(location),
					  audience, now, &w))
			return "-";
		return std::string(out, (size_t)(w.at - (uint8_t *)out));
	}
	std::string renew()
	{
		char out[URI_MAX];
		struct writer w = writer_of(out, sizeof(out));
		if (!uri_signing_renew(signing, &policy, verdict.get(), now, &w))
			return "-";
		return std::string(out, (size_t)(w.at - (uint8_t *)out));
	}
};

std::string behind(const std::string &text, const std::string &mark)
{
	size_t at = text.find(mark);
	return at == std::string::npos ? "" : text.substr(at + mark.size());
}

/* The claims of a token, members sorted. */
std::string claims_of(const std::string &token)
{
	struct jwt jwt;
	if (!jwt_split(span_of(token), &jwt))
		return "";
	json_t *json = jwt_claims_object(jwt.claims);
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	std::string claims = text;
	free(text);
	json_decref(json);
	return claims;
}

TEST_F(UriSigningTest, tokens_of_another_implementation)
{
	for (const char *alg : {"ES256", "RS256", "PS256", "EdDSA", "HS256"})
		EXPECT_EQ(ask_token(JwtWorld::get().token(alg)), 200) << alg;
	EXPECT_STREQ(verdict->uri, "http://cdn.example/m/a.mp4");
}

TEST_F(UriSigningTest, wherever_the_token_stands)
{
	std::string t = token(good_claims);
	EXPECT_EQ(ask("http://cdn.example/m;URISigningPackage=" + t + "/a.mp4?b=c"), 200);
	EXPECT_STREQ(verdict->uri, "http://cdn.example/m/a.mp4?b=c");
	EXPECT_EQ(ask("http://cdn.example/m/a.mp4?b=c&URISigningPackage=" + t), 200);
	EXPECT_EQ(ask("http://cdn.example/m/a.mp4", "x=y; URISigningPackage=" + t), 200);
	EXPECT_EQ(ask("http://cdn.example/m/a.mp4?URISigningPackage=x", "URISigningPackage=" + t),
		  500)
		<< "the one in the URI wins";
	policy.attribute = "tok";
	EXPECT_EQ(ask("http://cdn.example/m/a.mp4?tok=" + t), 200);
	EXPECT_EQ(ask("http://cdn.example/m/a.mp4?URISigningPackage=" + t), 500);
}

TEST_F(UriSigningTest, the_uri_is_normal_before_it_is_compared)
{
	std::string t = token(good_claims);
	EXPECT_EQ(ask("HTTP://CDN.Example:80/x/../%6d/%7ea?URISigningPackage=" + t), 200);
	EXPECT_STREQ(verdict->uri, "http://cdn.example/m/~a");
	EXPECT_EQ(ask("http://cdn.example/m/../n/a?URISigningPackage=" + t), 411);
	EXPECT_EQ(ask("http://cdn.example/m/%2e%2e/n/a?URISigningPackage=" + t), 411);
	EXPECT_EQ(ask("http://cdn.example:8080/m/a?URISigningPackage=" + t), 411);
	EXPECT_EQ(ask("https://cdn.example/m/a?URISigningPackage=" + t), 411);
}

TEST_F(UriSigningTest, not_enforced)
{
	policy.enforce = false;
	EXPECT_EQ(ask("http://cdn.example/m/a.mp4"), 0);
	EXPECT_EQ(redirect("http://d.example/m/a.mp4?URISigningPackage=x"),
		  "http://d.example/m/a.mp4?URISigningPackage=x");
	EXPECT_EQ(renew(), "-");
}

TEST_F(UriSigningTest, no_token_that_can_be_read)
{
	for (const char *uri :
	     {"http://cdn.example/m/a", "http://cdn.example/m/a?URISigningPackage=",
	      "http://cdn.example/m/a?URISigningPackage=a.b.c",
	      "http://cdn.example/m/a?URISigningPackage=a.b",
	      "http://cdn.example/m/a?URISigningPackage=e30.e30.x.y",
	      "http://cdn.example/m/a?URISigningPackage=W10.e30.AA",
	      "http://cdn.example/m/a?URISigningPackage=e30.W10.AA", "ftp://cdn.example/m/a", "",
	      "/m/a"})
		EXPECT_EQ(ask(uri), 500) << uri;
	std::string t = token(good_claims);
	EXPECT_EQ(ask("http://cdn.example/%zz?URISigningPackage=" + t), 500);
	EXPECT_EQ(ask("http://cdn.example/m/" + std::string(URI_MAX, 'a') +
		      "?URISigningPackage=" + t),
		  500);
	for (size_t len = 0; len < t.size(); len++)
		ASSERT_NE(ask_token(t.substr(0, len)), 200);
}

/* Each claim wrong once, and where it turns good. */
TEST_F(UriSigningTest, each_claim_wrong)
{
	const std::string rest = R"("cdniuc":"regex:http://cdn\\.example/m/.*"})";
	const std::pair<const char *, int> cases[] = {
		{R"({)", 200},
		{R"({"iss":"csp.example",)", 200},
		{R"({"iss":"other.example",)", 401},
		{R"({"iss":"CSP.example",)", 401},
		{R"({"iss":1,)", 401},
		{R"({"sub":1,)", 402},
		{R"({"sub":"e..f.g.h",)", 200},
		{R"({"aud":"ucdn.example",)", 200},
		{R"({"aud":["x","ucdn.example"],)", 200},
		{R"({"aud":"dcdn.example",)", 403},
		{R"({"aud":[],)", 403},
		{R"({"exp":1700000001,)", 200},
		{R"({"exp":1700000000.5,)", 200},
		{R"({"exp":1700000000,)", 404},
		{R"({"exp":1699999999,)", 404},
		{R"({"exp":"1893456000",)", 404},
		{R"({"nbf":1700000000,)", 200},
		{R"({"nbf":1700000000.5,)", 405},
		{R"({"nbf":1700000001,)", 405},
		{R"({"iat":1900000000,)", 200},
		{R"({"cdnistt":1,)", 406},
		{R"({"cdniets":1,)", 406},
		{R"({"jti":"a","exp":1893456000,)", 200},
		{R"({"jti":"b",)", 407}, /* would have to be remembered for ever */
		{R"({"cdniv":1,)", 200},
		{R"({"cdniv":2,)", 408},
		{R"({"cdnicrit":"x","x":1,)", 409},
		{R"({"cdniip":"e..f.g.h",)", 200},
		{R"({"cdniip":{},)", 410},
		{R"({"new":[],)", 200},
	};
	for (const auto &c : cases)
		EXPECT_EQ(ask_claims(c.first + rest), c.second) << c.first;
	const std::pair<const char *, int> containers[] = {
		{R"("hash:sha-256;x")", 411},
		{R"("regex:http://cdn\\.example/m/")", 411},
		{R"("regex:(")", 411},
		{R"("http://cdn.example/m/a.mp4")", 411},
		{R"("")", 411},
		{R"("regex:.*")", 200},
	};
	for (const auto &c : containers)
		EXPECT_EQ(ask_claims(std::string(R"({"cdniuc":)") + c.first + "}"), c.second)
			<< c.first;
	EXPECT_EQ(ask_claims("{}"), 411);
}

TEST_F(UriSigningTest, signatures)
{
	std::string t = token(good_claims), other = token(R"({"cdniuc":"regex:.*"})");
	std::string spliced = t.substr(0, t.find('.')) +
			      other.substr(other.find('.'), other.rfind('.') - other.find('.')) +
			      t.substr(t.rfind('.'));
	EXPECT_EQ(ask_token(spliced), 400);
	EXPECT_EQ(ask_token(encode(R"({"alg":"none"})") + "." + encode(good_claims) + ".AA"), 400);
	EXPECT_EQ(ask_token(encode(R"({"alg":"none"})") + "." + encode(good_claims) + "."), 500);
	EXPECT_EQ(ask_token(sign(csp.key(JWT_ES256), JWT_ES256, good_claims, R"({"alg":"EdDSA"})")),
		  400);
	EXPECT_EQ(ask_token(sign(csp.key(JWT_ES256), JWT_ES256, good_claims,
				 R"({"alg":"ES256","kid":"rsa"})")),
		  400);
	EXPECT_EQ(ask_token(sign(csp.key(JWT_ES256), JWT_ES256, good_claims,
				 R"({"alg":"ES256","crit":["b64"],"b64":false})")),
		  400);
	EXPECT_EQ(ask_token(sign(csp.key(JWT_ES256), JWT_ES256, good_claims, R"({"alg":"ES256"})")),
		  200);
	/* The regex is looked at only when the signature is good. */
	EXPECT_EQ(ask_token(encode(R"({"alg":"ES256"})") + "." + encode(R"({"cdniuc":"regex:("})") +
			    ".AA"),
		  400);
	/* Nobody else's key signs for this issuer. */
	Keys peer("okp.pub.pem", "peer.example", false);
	ASSERT_TRUE(peer.add("ec.pub.pem", "csp.example", false));
	uri_signing_set_keys(signing, &peer.jwks, nullptr);
	EXPECT_EQ(ask_token(sign(csp.key(JWT_EDDSA), JWT_EDDSA, good_claims, R"({"alg":"EdDSA"})")),
		  400);
	EXPECT_EQ(ask_claims(good_claims), 200);
}

TEST_F(UriSigningTest, issuers_of_the_scope)
{
	const char *const issuers[] = {"x.example", "csp.example"};
	policy.issuers = issuers;
	policy.n_issuers = 1;
	EXPECT_EQ(ask_claims(good_claims), 401);
	EXPECT_EQ(ask_claims(R"({"cdniuc":"regex:.*"})"), 401)
		<< "no issuer where some are asked for";
	policy.n_issuers = 2;
	EXPECT_EQ(ask_claims(good_claims), 200);
}

TEST_F(UriSigningTest, headers_that_the_metadata_has)
{
	const std::string header = R"({"alg":"ES256","kid":"ec"})";
	std::string whole = sign(csp.key(JWT_ES256), JWT_ES256, good_claims, header);
	std::string bare = whole.substr(whole.find('.') + 1);
	EXPECT_EQ(ask_token(bare), 500);
	/* The example of RFC 9246 section 4.4 has an object, the text says a string. */
	for (const std::string &form : {header, "\"" + encode(header) + "\"",
					std::string(R"("{\"alg\":\"ES256\",\"kid\":\"ec\"}")")}) {
		json_t *json = json_loads(form.c_str(), JSON_DECODE_ANY, nullptr);
		char *text = uri_signing_header(json);
		json_decref(json);
		ASSERT_TRUE(text) << form;
		policy.header = text;
		EXPECT_EQ(ask_token(bare), 200) << form;
		EXPECT_EQ(ask_token("." + bare), 200) << form;
		EXPECT_EQ(ask_token(whole), 200) << form;
		EXPECT_EQ(ask_token(bare.substr(0, bare.find('.'))), 500);
		policy.header = nullptr;
		free(text);
	}
	for (const char *form : {"1", "null", "[]", "\"x\"", "\"\"", "\"{\"", "\"e30=\""}) {
		json_t *json = json_loads(form, JSON_DECODE_ANY, nullptr);
		EXPECT_EQ(uri_signing_header(json), nullptr) << form;
		json_decref(json);
	}
}

TEST_F(UriSigningTest, a_jwt_id_is_good_once)
{
	const std::string claims =
		R"({"iss":"csp.example","exp":1700000010,"jti":"a","cdniuc":"regex:.*"})";
	std::string t = token(claims);
	EXPECT_EQ(ask_token(t, now + 20), 404) << "what is refused has not used it";
	EXPECT_EQ(ask_token(t), 200);
	EXPECT_EQ(ask_token(t), 407);
	EXPECT_EQ(ask_token(token(claims)), 407) << "another signature of the same claims";
	EXPECT_EQ(ask_token(token(R"({"exp":1700000010,"jti":"a","cdniuc":"regex:.*"})")), 200)
		<< "of another issuer";
	uri_signing_set_keys(signing, &trusted.jwks, nullptr);
	EXPECT_EQ(ask_token(t), 407) << "new keys do not make it good again";
	EXPECT_EQ(ask_token(t, now + 10), 404);
}

TEST_F(UriSigningTest, used_jwt_ids_are_bounded_and_never_forgotten)
{
	unsigned good = 0, refused = 0;
	for (int i = 0; i < 400; i++) {
		int code = ask_claims(R"({"exp":1700000010,"cdniuc":"regex:.*","jti":")" +
				      std::to_string(i) + "\"}");
		good += code == 200;
		refused += code == 407;
	}
	EXPECT_EQ(good + refused, 400u);
	EXPECT_GT(good, 90u);
	EXPECT_GT(refused, 200u);
	for (int i = 0; i < 400; i++)
		ASSERT_EQ(ask_claims(R"({"exp":1700000010,"cdniuc":"regex:.*","jti":")" +
				     std::to_string(i) + "\"}"),
			  407);
}

/* Who has no key for the address leaves it to the CDN that has one. */
TEST_F(UriSigningTest, tokens_for_one_client)
{
	std::string t = token(R"({"iss":"csp.example","cdniuc":"regex:.*","cdniip":")" +
			      JwtWorld::get().client("192.0.2.0/24=A128GCM") + "\"}");
	struct ip_addr other = {{192, 0, 3, 1}, 4};
	std::swap(client, other);
	EXPECT_EQ(ask_token(t), 200);
	ASSERT_TRUE(trusted.add("ciphers.jwks", "csp.example"));
	uri_signing_set_keys(signing, &trusted.jwks, nullptr);
	EXPECT_EQ(ask_token(t), 410);
	std::swap(client, other);
	EXPECT_EQ(ask_token(t), 200);
	std::swap(client, other);
	EXPECT_EQ(ask_token(t), 410) << "remembered or not";
	EXPECT_EQ(ask_token(token(
			  R"({"iss":"csp.example","cdniuc":"regex:.*","cdniip":"e..i.p.x"})")),
		  410);
}

TEST_F(UriSigningTest, good_tokens_are_remembered_but_not_longer_than_they_are_good)
{
	std::string t = token(
		R"({"iss":"csp.example","exp":1700000010,"nbf":1699999000,"cdniuc":"regex:http://cdn\\.example/m/.*"})");
	EXPECT_EQ(ask_token(t), 200);
	EXPECT_EQ(ask_token(t), 200);
	EXPECT_EQ(ask_token(t, now + 9), 200);
	EXPECT_EQ(ask_token(t, now + 10), 404);
	EXPECT_EQ(ask_token(t, now - 1001), 405);
	EXPECT_EQ(ask("http://cdn.example/n/a.mp4?URISigningPackage=" + t), 411)
		<< "it was good for another URI";
	std::string forged = t;
	forged.back() = forged.back() == 'A' ? 'Q' : 'A';
	EXPECT_EQ(ask_token(forged), 400);
	const char *const issuers[] = {"x.example"};
	policy.issuers = issuers;
	policy.n_issuers = 1;
	EXPECT_EQ(ask_token(t), 401) << "another scope";
	policy.n_issuers = 0;
	Keys none;
	uri_signing_set_keys(signing, &none.jwks, nullptr);
	EXPECT_EQ(ask_token(t), 401) << "the key was taken away";
}

/* --- The next hop ------------------------------------------------------------------------------------------------- */

TEST_F(UriSigningTest, a_chain_of_three)
{
	ASSERT_EQ(ask("http://cdn.example/m/a.mp4?x=1&URISigningPackage=" + token(good_claims)),
		  200);
	std::string location =
		redirect("https://up1.dcdn.example/cdn.example/m/a.mp4?x=1&URISigningPackage=" +
			 token(good_claims));
	std::string made = behind(location, "URISigningPackage=");
	EXPECT_EQ(location.find(
			  "https://up1.dcdn.example/cdn.example/m/a.mp4?x=1&URISigningPackage="),
		  0u);
	EXPECT_EQ(
		claims_of(made),
		R"({"cdniuc":"regex:https://up1\\.dcdn\\.example/cdn\\.example/m/.*","exp":1893456000,"iat":1700000000,"iss":"ucdn.example"})");
	EXPECT_EQ(JwtWorld::get().check("ES256 " + made + "\n").substr(0, 24),
		  "ES256 {\"cdniuc\": \"regex:");

	/* The dCDN, which knows the uCDN alone. */
	Keys of_ucdn("ec.pub.pem", "ucdn.example", false),
		dcdn_own("okp.pem", "dcdn.example", false);
	struct uri_signing_settings settings = {"dcdn.example", 10, 10};
	struct uri_signing *dcdn = uri_signing_new(&settings);
	uri_signing_set_keys(dcdn, &of_ucdn.jwks, dcdn_own.key(JWT_EDDSA));
	std::swap(signing, dcdn);
	EXPECT_EQ(ask(location), 200);
	EXPECT_EQ(ask("https://up1.dcdn.example/cdn.example/m/b.mp4?URISigningPackage=" + made),
		  200);
	EXPECT_EQ(ask("https://up1.dcdn.example/cdn.example/n/b.mp4?URISigningPackage=" + made),
		  411);
	EXPECT_EQ(ask(location), 200);
	std::string third =
		redirect("https://up2.cdn-c.example/up1.dcdn.example/cdn.example/m/a.mp4?x=1");
	EXPECT_EQ(
		claims_of(behind(third, "&URISigningPackage=")),
		R"({"cdniuc":"regex:https://up2\\.cdn-c\\.example/up1\\.dcdn\\.example/cdn\\.example/m/.*",)"
		R"("exp":1893456000,"iat":1700000000,"iss":"dcdn.example"})");
	EXPECT_EQ(ask_claims(good_claims), 401) << "the content provider is unknown there";
	std::swap(signing, dcdn);
	uri_signing_free(dcdn);
}

/* What of each claim goes on: RFC 9246 section 2.1. */
TEST_F(UriSigningTest, claims_that_are_copied_changed_and_left_out)
{
	ASSERT_EQ(
		ask_claims(
			R"({"iss":"csp.example","sub":"e..s.u.b","aud":"ucdn.example","exp":1893456000.5,"nbf":7,"iat":8,"jti":"j",)"
			R"("cdniv":1,"cdniip":"e..i.p.x","cdniets":30,"cdnistt":1,"cdnistd":2,"new":[],"cdniuc":"regex:.*"})"),
		200);
	std::string made =
		behind(redirect("https://d.example/m/a.mp4", "dcdn.example"), "URISigningPackage=");
	std::string claims = claims_of(made);
	EXPECT_NE(claims.find(R"("cdniuc":"hash:sha-256;)"), std::string::npos) << claims;
	claims.erase(claims.find("\"cdniuc\""),
		     claims.find("\"cdniv\"") - claims.find("\"cdniuc\""));
	EXPECT_EQ(
		claims,
		R"({"aud":"dcdn.example","cdniets":30,"cdniip":"e..i.p.x","cdnistd":2,"cdnistt":1,"cdniv":1,)"
		R"("exp":1893456000.5,"iat":1700000000,"iss":"ucdn.example","jti":"j","nbf":7,"sub":"e..s.u.b"})");
}

TEST_F(UriSigningTest, claims_that_were_not_there_are_not_added)
{
	ASSERT_EQ(ask_claims(R"({"cdniuc":"regex:.*"})"), 200);
	std::string claims = claims_of(
		behind(redirect("https://d.example/x", "dcdn.example"), "URISigningPackage="));
	EXPECT_EQ(claims.substr(claims.find(",\"iat\"")),
		  R"(,"iat":1700000000,"iss":"ucdn.example"})");
	EXPECT_EQ(claims.substr(0, 23), R"({"cdniuc":"hash:sha-256)");
}

TEST_F(UriSigningTest, where_no_token_can_be_made)
{
	ASSERT_EQ(ask_claims(good_claims), 200);
	for (const char *location : {"", "/m/a.mp4", "ftp://d.example/", "https://d.example/%zz"})
		EXPECT_EQ(redirect(location), "-") << location;
	Keys no_private("ec.pub.pem", "ucdn.example", false);
	uri_signing_set_keys(signing, &trusted.jwks, no_private.key(JWT_ES256));
	EXPECT_EQ(redirect("https://d.example/m/a.mp4"), "-");
	uri_signing_set_keys(signing, &trusted.jwks, nullptr);
	EXPECT_EQ(redirect("https://d.example/m/a.mp4"), "-");
}

/* --- Renewal ------------------------------------------------------------------------------------------------------ */

std::string renewing(const char *more)
{
	return std::string(
		       R"({"exp":1700000005,"cdniuc":"regex:https?://cdn\\.example/.*","cdniets":30,)") +
	       more + "}";
}

TEST_F(UriSigningTest, renewed_by_cookie)
{
	ASSERT_EQ(ask_claims(renewing(R"("cdnistt":1)")), 200);
	std::string cookie = renew();
	std::string made = behind(cookie.substr(0, cookie.find(';')), "URISigningPackage=");
	EXPECT_EQ(behind(cookie, "; "), "Path=/; Max-Age=30; HttpOnly");
	EXPECT_EQ(
		claims_of(made),
		R"({"cdniets":30,"cdnistt":1,"cdniuc":"regex:https?://cdn\\.example/.*","exp":1700000030,)"
		R"("iat":1700000000,"iss":"ucdn.example"})");
	/* We take our own. */
	ASSERT_TRUE(trusted.add("ec.pub.pem", "ucdn.example", false));
	uri_signing_set_keys(signing, &trusted.jwks, own.key(JWT_ES256));
	EXPECT_EQ(ask("https://cdn.example/m/b.mp4", "URISigningPackage=" + made, now + 29), 200);
	EXPECT_EQ(ask("https://cdn.example/m/b.mp4", "URISigningPackage=" + made, now + 30), 404);
	EXPECT_EQ(ask("https://cdn.example/m/b.mp4", "URISigningPackage=" + made), 200);
	EXPECT_EQ(behind(renew(), "; "), "Path=/; Max-Age=30; HttpOnly; Secure");
}

TEST_F(UriSigningTest, depth_of_a_renewed_token)
{
	const std::pair<const char *, const char *> cases[] = {
		{R"("cdnistt":1,"cdnistd":0)", "Path=/;"},
		{R"("cdnistt":1,"cdnistd":1)", "Path=/m;"},
		{R"("cdnistt":1,"cdnistd":2)", "Path=/m/a.mp4;"},
	};
	for (const auto &c : cases) {
		ASSERT_EQ(ask_claims(renewing(c.first)), 200);
		EXPECT_EQ(behind(renew(), "; ").substr(0, strlen(c.second)), c.second);
	}
	ASSERT_EQ(ask_claims(renewing(R"("cdnistt":1,"cdnistd":3)")), 200);
	EXPECT_EQ(renew(), "-") << "fewer segments than that";
	ASSERT_EQ(ask("http://cdn.example/a;b/c?URISigningPackage=" +
		      token(renewing(R"("cdnistt":1,"cdnistd":1)"))),
		  200);
	EXPECT_EQ(renew(), "-") << "a cookie cannot say this path";
}

TEST_F(UriSigningTest, renewed_in_the_query)
{
	ASSERT_EQ(ask("http://cdn.example/m/a.mp4?b&URISigningPackage=" +
		      token(renewing(R"("cdnistt":2)"))),
		  200);
	std::string uri = renew();
	EXPECT_EQ(uri.find("http://cdn.example/m/a.mp4?b&URISigningPackage=ey"), 0u);
}

TEST_F(UriSigningTest, not_renewed)
{
	ASSERT_EQ(ask_claims(good_claims), 200);
	EXPECT_EQ(renew(), "-");
	ASSERT_EQ(ask_claims(renewing(R"("cdnistt":0)")), 200);
	EXPECT_EQ(renew(), "-");
	ASSERT_EQ(ask_claims(renewing(R"("cdnistt":1,"jti":"a")")), 200);
	EXPECT_EQ(renew(), "-") << "a JWT ID is good once";
}

TEST(uri_sign_code, texts)
{
	for (int code : {0, 200, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 500})
		EXPECT_STRNE(uri_sign_code_text((enum uri_sign_code)code), "unknown") << code;
}

TEST_F(UriSigningTest, the_host_of_the_uri_is_an_audience)
{
	const std::string rest = R"("cdniuc":"regex:http://cdn\\.example/m/.*"})";
	EXPECT_EQ(ask_claims(R"({"aud":"cdn.example",)" + rest), 200);
	EXPECT_EQ(ask_claims(R"({"aud":["x","cdn.example"],)" + rest), 200);
	EXPECT_EQ(ask_claims(R"({"aud":"cdn.exampl",)" + rest), 403);
	std::string t = token(R"({"aud":"cdn.example","cdniuc":"regex:.*"})");
	EXPECT_EQ(ask("http://CDN.example:8080/m?URISigningPackage=" + t), 200);
	EXPECT_EQ(ask("http://cdn2.example/m?URISigningPackage=" + t), 403);
	EXPECT_EQ(ask("http://[2001:db8::1]/m?URISigningPackage=" + t), 403);
}

/* A policy lists who may sign; what we renewed ourselves is good beside it, once our own key is a trusted one. */
TEST_F(UriSigningTest, our_own_signature)
{
	const char *issuers[] = {"csp.example"};
	const std::string claims = R"({"iss":"ucdn.example","cdniuc":"regex:.*"})";
	policy.issuers = issuers;
	policy.n_issuers = 1;
	std::string t = sign(own.key(JWT_ES256), JWT_ES256, claims);
	EXPECT_EQ(ask_token(t), 401);
	ASSERT_TRUE(trusted.add("ec.pem", "ucdn.example", false));
	uri_signing_set_keys(signing, &trusted.jwks, own.key(JWT_ES256));
	EXPECT_EQ(ask_token(t), 200);
	EXPECT_EQ(ask_token(token(claims)), 200) << "it is the same key here";
	EXPECT_EQ(ask_token(token(R"({"iss":"other.example","cdniuc":"regex:.*"})")), 401);
}

TEST_F(UriSigningTest, a_look_uses_nothing_up)
{
	std::string t = token(R"({"jti":"look","exp":1893456000,"cdniuc":"regex:.*"})"),
		    uri = "http://cdn.example/a?URISigningPackage=" + t;
	struct uri_signing_request request = {span_of(uri), {}, client, now, true};
	for (int expected : {200, 200, 407}) {
		if (expected == 407) {
			EXPECT_EQ(ask(uri), 200);
		}
		uri_signing_verdict_clear(verdict.get());
		uri_signing_verify(signing, &policy, &request, verdict.get());
		EXPECT_EQ(verdict->code, expected);
	}
}

} // namespace
