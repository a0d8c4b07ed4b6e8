/* uri_signing_memory_test - memory that runs out while keys are loaded and tokens made: whole or not at all. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/jwt_world.h"

extern "C" {
#include "control/uri_signing.h"
}

#include <gtest/gtest.h>
#include <memory>
#include <set>

namespace
{

void *json_malloc(size_t size)
{
	return malloc(size);
}

/* Does it with less and less memory missing, until none is. */
template <typename Do> long until_good(Do once)
{
	long i = 0;
	for (long failed = 1; failed; i++) {
		failing_malloc.reset(i);
		once();
		failed = failing_malloc.failed;
		failing_malloc.reset(-1);
	}
	return i;
}

TEST(uri_signing_memory, keys)
{
	std::string path = JwtWorld::get().path("private.jwks");
	EXPECT_GT(until_good([&] {
			  struct jwks jwks = {};
			  struct faults faults = {};
			  struct jwks_owner owner = {"i.example", nullptr, true};
			  bool good = jwks_load(&jwks, path.c_str(), &owner, &faults);
			  EXPECT_EQ(good, !failing_malloc.failed);
			  EXPECT_EQ(good, faults.total == 0);
			  EXPECT_EQ(jwks.n, good ? 4u : 0u);
			  jwks_clear(&jwks);
			  faults_clear(&faults);
		  }),
		  8);
}

TEST(uri_signing_memory, tokens)
{
	Keys trusted("public.jwks", "csp.example"), csp("private.jwks", "csp.example"),
		own("okp.pem", "us.example", false);
	std::string uri =
		"http://cdn.example/m/a?URISigningPackage=" +
		sign(csp.key(JWT_EDDSA), JWT_EDDSA,
		     R"({"cdniuc":"regex:http://[^/]*/m/.*","aud":"us.example","cdniets":9,"cdnistt":1,"sub":"x"})");
	struct uri_signing_policy policy = {};
	policy.enforce = true;
	auto verdict = std::make_unique<struct uri_signing_verdict>();
	std::set<std::string> made; /* Ed25519 signs the same claims with the same octets */
	json_set_alloc_funcs(json_malloc, free);
	EXPECT_GT(
		until_good([&] {
			char out[2][URI_MAX];
			struct writer w[2] = {writer_of(out[0], URI_MAX),
					      writer_of(out[1], URI_MAX)};
			struct uri_signing_settings settings = {"us.example", 10, 10};
			struct uri_signing *signing = uri_signing_new(&settings);
			if (!signing)
				return;
			struct uri_signing_request request = {span_of(uri), {}, {}, 1000, false};
			uri_signing_set_keys(signing, &trusted.jwks, own.key(JWT_EDDSA));
			uri_signing_verify(signing, &policy, &request, verdict.get());
			bool sent = uri_signing_redirect(signing, &policy, verdict.get(),
							 span_of("http://d.example/m/a"),
							 "d.example", 1000, &w[0]);
			bool renewed =
				uri_signing_renew(signing, &policy, verdict.get(), 1000, &w[1]);
			if (verdict->code == URI_SIGN_GOOD) {
				const char *end[2] = {(const char *)w[0].at, (const char *)w[1].at};
				made.insert(sent ? std::string((const char *)out[0], end[0]) : "");
				made.insert(renewed ? std::string((const char *)out[1], end[1])
						    : "");
			}
			EXPECT_TRUE(failing_malloc.failed || (sent && renewed));
			uri_signing_verdict_clear(verdict.get());
			uri_signing_free(signing);
		}),
		30);
	json_set_alloc_funcs(__real_malloc, free);
	ASSERT_EQ(made.size(), 3u);
	EXPECT_EQ(*made.begin(), "");
	EXPECT_EQ(std::next(made.begin())->find("URISigningPackage=ey"), 0u);
	EXPECT_EQ(made.rbegin()->find("http://d.example/m/a?URISigningPackage=ey"), 0u);
}

} // namespace
