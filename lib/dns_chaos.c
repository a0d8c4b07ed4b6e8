/* dns_chaos - what is said about this server to queries of class CHAOS. RFC 4892. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_chaos.h"

#include "dns_wire.h"

static bool is_name(const struct request *req, const char *key)
{
	return req->host_len == strlen(key) && !memcmp(req->key, key, req->host_len);
}

const char *dns_chaos_text(const struct dns_settings *settings, const struct request *req)
{
	const struct request_dns *dns = &req->dns;
	const char *text = "";
	if (dns->qclass != DNS_CLASS_CH || (dns->qtype != DNS_TXT && dns->qtype != DNS_ANY))
		return NULL;
	if (is_name(req, "bind.version") || is_name(req, "server.version"))
		text = settings->version;
	else if (is_name(req, "server.id") || is_name(req, "bind.hostname"))
		text = settings->id;
	return *text ? text : NULL;
}
