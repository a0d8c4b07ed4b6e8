/* ri_decode - a redirection-request as the content request that the packet path would have read. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_decode.h"

#include "lib/dns_name.h"
#include "lib/dns_wire.h"
#include "lib/http_request.h"
#include "lib/octet_class.h"

#include <stddef.h>
#include <string.h>

static void decode_dns(const struct ri_request *from, struct request *req)
{
	struct dns_name name;
	unsigned labels;
	dns_name_from_text(from->qname, &name);
	dns_name_key(name.wire, name.len, &labels, req);
	req->protocol = PROTOCOL_DNS;
	req->dns.qtype = from->qtype;
	req->dns.qclass = DNS_CLASS_IN;
	req->dns.qname_labels = (uint8_t)labels;
}

/* Those that the URI says, and those that announce a body. */
static bool is_framing(const char *name, size_t len)
{
	static const char *const names[] = {"host", "content-length", "transfer-encoding"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && !memcmp(names[i], name, len))
			return true;
	return false;
}

static bool is_value(const json_t *value)
{
	const char *text = json_string_value(value);
	for (const char *at = text; at && *at; at++)
		if (!(octet_class[(uint8_t)*at] & OCTET_VALUE))
			return false;
	return text;
}

static void write_fields(struct writer *w, json_t *headers)
{
	const char *member, *name;
	json_t *value;
	size_t len;
	json_object_foreach (headers, member, value) {
		if (!ri_request_field(member, &name, &len) || is_framing(name, len) ||
		    !is_value(value))
			continue;
		writer_bytes(w, name, len);
		writer_text(w, ": ");
		writer_text(w, json_string_value(value));
		writer_text(w, "\r\n");
	}
}

/* An upstream CDN keeps to limits of its own. */
static const struct http_limits any_length = {UINT16_MAX, UINT16_MAX, false};

static const char *decode_http(const struct ri_request *from, struct writer w, struct request *req)
{
	const uint8_t *start = w.at;
	const char *authority = strstr(from->uri, "://");
	if (!authority)
		return "cs-uri is not an http or https URI";
	authority += 3;
	writer_text(&w, from->method);
	writer_text(&w, " ");
	writer_text(&w, from->uri);
	writer_text(&w, " HTTP/1.1\r\nHost: ");
	writer_bytes(&w, authority, strcspn(authority, "/?#"));
	writer_text(&w, "\r\n");
	write_fields(&w, from->headers);
	writer_text(&w, "\r\n");
	if (w.bad)
		return "the request head is too long";
	enum drop_reason reason =
		http_request_parse(start, (size_t)(w.at - start), &any_length, req);
	return reason == DROP_none ? NULL : drop_reason_text(reason);
}

const char *ri_decode(const struct ri_request *from, uint64_t now, struct writer head,
		      struct request *req)
{
	struct ip_prefix client = ri_request_client(from);
	memset(req, 0, offsetof(struct request, key));
	req->via_ri = true;
	req->client = client.addr;
	req->client_len = client.len;
	req->now = now;
	if (from->protocol == PROTOCOL_HTTP)
		return decode_http(from, head, req);
	decode_dns(from, req);
	return NULL;
}
