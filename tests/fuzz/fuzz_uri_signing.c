/* fuzz_uri_signing - any URI and any claims with a good signature; what is redirected is good for the next hop. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/uri_signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char keys[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_"
			   "9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
			   "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
static const char uri[] = "http://cdn.example/m/a.mp4?q=1";
static const uint64_t now = 1800000000;

static struct jwks jwks;
static struct uri_signing *us, *next;

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void set_up(void)
{
	char path[] = "/tmp/fuzz_uri_signing.XXXXXX";
	int fd = mkstemp(path);
	struct faults faults = {0};
	const struct jwks_owner owners[] = {{"csp.example", NULL, true},
					    {"us.example", NULL, false}};
	check(fd >= 0 && write(fd, keys, sizeof(keys) - 1) == sizeof(keys) - 1, "temporary file");
	for (unsigned i = 0; i < 2; i++)
		check(jwks_load(&jwks, path, &owners[i], &faults), "keys");
	close(fd);
	unlink(path);
	us = uri_signing_new(&(struct uri_signing_settings){"us.example", 1000, 1000});
	next = uri_signing_new(&(struct uri_signing_settings){"next.example", 1000, 1000});
	check(us && next, "memory");
}

static struct span span_of(const char *text)
{
	return (struct span){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static void verify(struct uri_signing *signing, struct span text, struct span cookies,
		   struct uri_signing_verdict *verdict)
{
	const struct uri_signing_policy policy = {.enforce = true};
	const struct uri_signing_request request = {text, cookies, {.family = 4}, now, false};
	uri_signing_set_keys(signing, &jwks, &jwks.keys[0]);
	uri_signing_verify(signing, &policy, &request, verdict);
}

/* The next hop takes what a redirect gives it, unless the JWT ID was seen there before. */
static void follow(const struct uri_signing_verdict *verdict)
{
	static struct uri_signing_verdict there;
	static char out[2 * URI_MAX];
	const struct uri_signing_policy policy = {.enforce = true};
	struct writer w = writer_of(out, sizeof(out));
	if (uri_signing_redirect(us, &policy, verdict,
				 span_of("https://next.example/p/m/a.mp4?q=1"), "next.example", now,
				 &w)) {
		struct span text = {(const uint8_t *)out, (uint32_t)(w.at - (uint8_t *)out)};
		verify(next, text, (struct span){NULL, 0}, &there);
		check(there.code == URI_SIGN_GOOD || there.code == URI_SIGN_JWT_ID,
		      "the next hop refuses it");
		uri_signing_verdict_clear(&there);
	}
	w = writer_of(out, sizeof(out));
	uri_signing_renew(us, &policy, verdict, now, &w);
}

/* Input: an octet; if it is odd, a URI, else claims for a token in a cookie. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct uri_signing_verdict verdict;
	static char cookie[2 * JWT_MAX + 32];
	struct writer w = writer_of(cookie, sizeof(cookie));
	if (!us)
		set_up();
	if (!size)
		return 0;
	struct span rest = {data + 1, (uint32_t)size - 1};
	if (data[0] & 1) {
		verify(us, rest, (struct span){NULL, 0}, &verdict);
		check(verdict.code != URI_SIGN_GOOD, "nobody signed this");
		return 0;
	}
	writer_text(&w, "URISigningPackage=");
	if (rest.len > JWT_MAX ||
	    !jwt_sign(&w, span_of("{\"alg\":\"EdDSA\"}"), rest, JWT_EDDSA, jwks.keys[0].pkey))
		return 0;
	struct span token = {(const uint8_t *)cookie, (uint32_t)(w.at - (uint8_t *)cookie)};
	verify(us, span_of(uri), token, &verdict);
	if (verdict.code == URI_SIGN_GOOD)
		follow(&verdict);
	uri_signing_verdict_clear(&verdict);
	return 0;
}
