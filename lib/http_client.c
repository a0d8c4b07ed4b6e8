/* http_client - whose request it is: the peer's, or that of somebody whom a trusted proxy speaks for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_client.h"

#include "forwarded.h"
#include "http_request.h"
#include "proxy_protocol.h"

enum drop_reason http_client_request(const uint8_t *bytes, size_t len, bool first,
				     const struct http_settings *settings, struct request *req)
{
	uint32_t skipped = 0;
	req->http = (struct request_http){0};
	const bool trusted = settings->proxy != HTTP_PROXY_NONE &&
			     ip_prefixes_have(settings->trusted_proxies,
					      settings->n_trusted_proxies, &req->client);
	if (trusted && first && settings->proxy == HTTP_PROXY_PROTOCOL) {
		enum drop_reason reason = proxy_protocol_read(bytes, len, &skipped, &req->client);
		if (reason != DROP_none) {
			req->http.keep = false;
			req->http.head_len = 0;
			req->http.status = reason == DROP_http_head_split ? 431 : 400;
			return reason;
		}
	}
	enum drop_reason reason =
		http_request_parse(bytes + skipped, len - skipped, &settings->limits, req);
	req->http.head_len += skipped;
	if (trusted && reason == DROP_none && settings->proxy >= HTTP_PROXY_FORWARDED)
		forwarded_client(req, settings->proxy == HTTP_PROXY_X_FORWARDED_FOR,
				 settings->trusted_proxies, settings->n_trusted_proxies,
				 &req->client);
	req->client_len = (uint8_t)ip_bits(&req->client);
	return reason;
}
