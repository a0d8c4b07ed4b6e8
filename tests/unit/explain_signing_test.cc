/* explain_signing_test - what explain and show say of signed URIs, in a daemon that is configured for them; and its reload. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/jwt_world.h"
#include "tests/support/rpc_world.h"

namespace
{

std::string configuration(const std::string &own)
{
	return "ports = ( { name = \"p\"; vdev = \"net_null0\"; addresses = [ \"192.0.2.53\" ]; } "
	       ");\nsigning = { name = \"ucdn.example\"; keys = ( { issuer = \"csp.example\"; file "
	       "= \"" +
	       JwtWorld::get().path("public.jwks") +
	       "\"; shared = true; } ); own-key = { file = \"" + JwtWorld::get().path(own) +
	       "\"; }; };\n" +
	       R"(nodes = ( { name = "n"; } );
dris = ( { node = "n"; http-target = { host = "n.test"; }; dns-target = { host = "n.test"; }; } );
zones = ( { name = "example"; servers = ( { name = "ns.example"; addresses = [ "192.0.2.53" ]; } ); } );
scopes = ( { name = "s"; hosts = [ "cdn.example" ]; candidates = ( { node = "n"; } ); uri-signing = { }; } );
)";
}

struct ExplainSigningTest : RpcWorld {
	ExplainSigningTest() : RpcWorld(configuration("ec.pem"))
	{
	}
	std::string explain(const std::string &url, const std::string &more = "")
	{
		return call("explain.http",
			    R"({"from":"192.0.2.1","url":")" + url + "\"" + more + "}");
	}
	static bool has(const std::string &text, const std::string &part)
	{
		return text.find(part) != std::string::npos;
	}
};

const std::string token = JwtWorld::get().token("ES256");

TEST_F(ExplainSigningTest, AGoodOneAndOthers)
{
	std::string good = explain("http://cdn.example/m/a.mp4?URISigningPackage=" + token);
	EXPECT_TRUE(has(good, R"("signing":{"code":200,"text":"good"})")) << good;
	EXPECT_TRUE(has(good, R"("location":"http://n.test/m/a.mp4?URISigningPackage=)")) << good;
	EXPECT_FALSE(has(good, token)) << "it is signed anew";
	EXPECT_FALSE(has(good, "\"reason\"")) << good;
	std::string bad = explain("http://cdn.example/m/a.mp4");
	EXPECT_TRUE(has(bad, R"("signing":{"code":500,)")) << bad;
	EXPECT_TRUE(has(bad, R"("status":"HTTP/1.1 403 Forbidden")")) << bad;
	EXPECT_TRUE(has(bad, "http_unsigned")) << bad;
	EXPECT_TRUE(
		has(explain("http://cdn.example/n?URISigningPackage=" + token), R"("code":411)"));
	std::string cookie = explain("http://cdn.example/m/a.mp4",
				     R"(,"headers":{"Cookie":"URISigningPackage=)" + token + "\"}");
	EXPECT_TRUE(has(cookie, R"("signing":{"code":200,)")) << cookie;
	std::string dns = call("explain.dns", R"({"from":"192.0.2.1","name":"cdn.example"})");
	EXPECT_TRUE(has(dns, "n.test")) << dns;
	EXPECT_FALSE(has(dns, "signing")) << dns;
}

/* One segment has room for 1460 octets. */
TEST_F(ExplainSigningTest, ARedirectThatGrewTooLong)
{
	std::string text = explain("http://cdn.example/m/" + std::string(1200, 'a') +
				   "?URISigningPackage=" + token);
	EXPECT_TRUE(has(text, R"("signing":{"code":200,)")) << text;
	EXPECT_TRUE(has(text, "414 URI Too Long")) << text;
}

TEST_F(ExplainSigningTest, KeysAreShownAndReadAgainAtAReload)
{
	std::string shown = call("show.signing");
	EXPECT_TRUE(has(shown, R"("name":"ucdn.example")")) << shown;
	EXPECT_TRUE(has(
		shown,
		R"({"issuer":"csp.example","kid":"ec","use":"verifies","algorithms":["ES256"]})"))
		<< shown;
	EXPECT_TRUE(has(shown, R"({"issuer":"ucdn.example","kid":null,"use":"signs",)")) << shown;
	EXPECT_TRUE(has(shown, R"("good":0,)")) << "a look is not counted";
	std::ofstream(path) << configuration("okp.pem");
	call("reload");
	EXPECT_TRUE(has(call("show.signing"), R"("use":"signs","algorithms":["EdDSA"])"));
	std::ofstream(path) << configuration("missing.pem");
	call("reload");
	EXPECT_TRUE(has(call("show.signing"), R"("use":"signs","algorithms":["EdDSA"])"))
		<< "what was there stays";
	std::string text = configuration("ec.pem");
	size_t from = text.find("signing = {"), to = text.find("nodes = ");
	std::ofstream(path) << text.substr(0, from) + text.substr(to);
	call("reload");
	EXPECT_TRUE(has(call("show.signing"), R"("name":null)"));
	EXPECT_TRUE(
		has(explain("http://cdn.example/m/a?URISigningPackage=" + token), R"("code":401)"));
}

} // namespace
