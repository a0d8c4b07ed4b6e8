/* fuzz_http_request - any bytes as a request: whose it is, parsed, unstacked, its fields looked up, answered. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/http_answer.h"
#include "lib/http_client.h"
#include "lib/http_request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_printable(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		require(at[i] > ' ' && at[i] < 0x7f && at[i] != '#');
}

static void check_request(const struct request *req)
{
	const struct request_http *http = &req->http;
	require(http->status == 0);
	require(http->method == HTTP_GET || http->method == HTTP_HEAD);
	require(req->protocol == PROTOCOL_HTTP || req->protocol == PROTOCOL_HTTPS);
	require(http->path.len > 0 && http->path.len <= REQUEST_PATH_MAX &&
		http->path.at[0] == '/');
	require(http->query.len == 0 || http->query.at[0] == '?');
	require(req->host_len < REQUEST_HOST_MAX && req->key_len > req->host_len);
	require(req->key_len - req->host_len <= (int)http->path.len);
	require(req->key[req->host_len] == '/');
	require((http->host.len == 0) == (req->host_len == 0));
	require_printable(http->host.at, http->host.len);
	require_printable(http->path.at, http->path.len);
	require_printable(http->query.at, http->query.len);
	require_printable(req->key, req->key_len);
}

/* The path of a key is in normal form: to make a key of it changes nothing. */
static void check_normal_form(const struct request *req)
{
	struct request again = {.host_len = req->host_len};
	const uint8_t *path = req->key + req->host_len;
	require(request_key_path(&again, path, req->key_len - req->host_len));
	require(again.key_len == req->key_len);
	require(!memcmp(again.key + req->host_len, path, req->key_len - req->host_len));
}

static void check_headers(const struct request *req)
{
	static const char *const names[] = {"host", "cookie", "x", ""};
	const uint8_t *start = req->http.headers.at, *end = start + req->http.headers.len;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct span value = http_request_header(req, names[i], strlen(names[i]));
		require(!value.at || (value.at >= start && value.at + value.len <= end));
		require(i < 3 || !value.at);
		require(i > 0 || value.at || req->http.minor == 0);
	}
}

/* One line for the status and for each field, an empty one, and nothing else. */
static void check_answer(const uint8_t *out, struct http_answer answer, size_t cap, bool silent)
{
	size_t lines = 0;
	require(answer.len <= cap);
	for (size_t i = 0; i < answer.len; i++) {
		require(out[i] == '\r' || out[i] == '\n' || (out[i] >= ' ' && out[i] < 0x7f));
		if (out[i] == '\n')
			require(i > 0 && out[i - 1] == '\r');
		if (out[i] == '\r')
			lines++;
	}
	if (answer.len == 0)
		return;
	require(answer.len > 4 && !memcmp(out + answer.len - 4, "\r\n\r\n", 4));
	bool extra = answer.reason == DROP_none || answer.reason == DROP_http_method ||
		     answer.reason == DROP_http_no_target;
	require(lines == (extra ? 6u : 5u) - silent);
}

static void write_answers(const struct request *req, enum verdict_outcome outcome)
{
	static char authority[] = "d.example:8443", prefix[] = "/oc/7/", https[] = "https",
		    http[] = "http";
	static const size_t caps[] = {0, 127, HTTP_ANSWER_ERROR_MAX, 300, 1460, 8192};
	static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	static uint8_t out[8192];
	struct scope scope = {.status = 307};
	struct dri dri = {.authority = authority, .path_prefix = prefix};
	const struct http_settings settings = {.limits = http_limits_default, .retry_after = 86400};
	struct verdict verdict = {.outcome = (uint8_t)outcome, .scope = &scope, .dri = &dri};
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		dri.include_redirecting_host = i & 1;
		dri.scheme = i % 3 == 0 ? NULL : i % 3 == 1 ? https : http;
		const struct http_answer_how how = {
			.settings = &settings, .date = date, .keep = i & 2};
		check_answer(out, http_answer_write(out, caps[i], req, &verdict, &how), caps[i],
			     how.keep && req->http.minor > 0);
	}
}

/* Everybody is trusted, so that all is read that can be. */
static void read_client(const uint8_t *bytes, size_t len)
{
	static struct request req;
	static struct http_settings settings;
	settings.limits = http_limits_default;
	settings.n_trusted_proxies = 2;
	settings.trusted_proxies[0] = (struct ip_prefix){.addr.family = 4};
	settings.trusted_proxies[1] = (struct ip_prefix){.addr.family = 6};
	for (int proxy = HTTP_PROXY_PROTOCOL; proxy <= HTTP_PROXY_X_FORWARDED_FOR; proxy++) {
		memset(&req, 0, sizeof(req));
		req.client.family = 4;
		settings.proxy = (enum http_proxy)proxy;
		enum drop_reason reason = http_client_request(bytes, len, true, &settings, &req);
		require(req.client.family == 4 || req.client.family == 6);
		require(req.client_len == ip_bits(&req.client) || reason != DROP_none);
		require(req.http.head_len <= len && (reason == DROP_none) == !req.http.status);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct request req;
	read_client(bytes, len);
	memset(&req, 0, sizeof(req));
	enum drop_reason reason = http_request_parse(bytes, len, &http_limits_default, &req);
	if (reason != DROP_none) {
		require(drop_reason_is_answered(reason) && req.http.status >= 400);
		write_answers(&req, VERDICT_ERROR);
		return 0;
	}
	check_request(&req);
	check_normal_form(&req);
	check_headers(&req);
	write_answers(&req, VERDICT_REDIRECT);
	while (http_request_unstack(&req, "/", 1)) {
		check_request(&req);
		write_answers(&req, VERDICT_REDIRECT);
	}
	check_request(&req);
	check_normal_form(&req);
	write_answers(&req, VERDICT_DENY);
	write_answers(&req, VERDICT_NO_SCOPE);
	write_answers(&req, VERDICT_NO_TARGET);
	return 0;
}
