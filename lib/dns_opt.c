/* dns_opt - the OPT record of an answer: what EDNS says beside the records. RFC 6891 §6.1. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_opt.h"

#include "dns_wire.h"

static size_t ecs_octets(const struct request_dns *dns)
{
	return (dns->ecs_source + 7u) / 8;
}

size_t dns_opt_len(const struct request_dns *dns)
{
	if (!dns->edns)
		return 0;
	return DNS_OPT_LEN + (dns->ecs ? DNS_OPTION_LEN + DNS_ECS_LEN + ecs_octets(dns) : 0) +
	       (dns->cookie ? DNS_OPTION_LEN + sizeof(dns->cookies) : 0);
}

static void put_option(struct writer *w, uint16_t code, const void *octets, size_t len)
{
	writer_u16(w, code);
	writer_u16(w, (uint16_t)len);
	writer_bytes(w, octets, len);
}

static void put_subnet(struct writer *w, const struct request *req, uint8_t scope)
{
	const struct request_dns *dns = &req->dns;
	size_t octets = ecs_octets(dns);
	writer_u16(w, DNS_OPTION_ECS);
	writer_u16(w, (uint16_t)(DNS_ECS_LEN + octets));
	writer_u16(w, dns->ecs_family);
	writer_u8(w, dns->ecs_source);
	writer_u8(w, dns->ecs_source ? scope : 0);
	writer_bytes(w, req->client.bytes, octets);
}

static bool has_room(const struct writer *w, size_t len)
{
	return (size_t)(w->end - w->at) >= DNS_OPTION_LEN + len;
}

static void put_error(struct writer *w, const struct dns_opt *opt)
{
	size_t len = opt->text ? strlen(opt->text) : 0;
	if (!has_room(w, 2 + len))
		len = 0;
	if (!has_room(w, 2 + len))
		return;
	writer_u16(w, DNS_OPTION_EDE);
	writer_u16(w, (uint16_t)(2 + len));
	writer_u16(w, (uint16_t)opt->error);
	writer_bytes(w, opt->text, len);
}

void dns_opt_put(struct writer *w, const struct request *req, const struct dns_settings *settings,
		 const struct dns_opt *opt)
{
	const struct request_dns *dns = &req->dns;
	writer_u8(w, 0);
	writer_u16(w, DNS_OPT);
	writer_u16(w, DNS_UDP_SIZE);
	writer_u32(w, (uint32_t)(opt->rcode >> 4) << 24 | (dns->dnssec_ok ? DNS_EDNS_DO : 0));
	writer_u16(w, 0);
	uint8_t *data = w->at;
	if (dns->ecs)
		put_subnet(w, req, opt->ecs_scope);
	if (dns->cookie)
		put_option(w, DNS_OPTION_COOKIE, dns->cookies, sizeof(dns->cookies));
	if (dns->nsid && settings->nsid_len && has_room(w, settings->nsid_len))
		put_option(w, DNS_OPTION_NSID, settings->nsid, settings->nsid_len);
	if (opt->error >= 0)
		put_error(w, opt);
	if (!w->bad)
		store_be16(data - 2, (uint16_t)(w->at - data));
}
