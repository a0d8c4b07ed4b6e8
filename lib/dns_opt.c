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
	return DNS_OPT_LEN + (dns->ecs ? DNS_OPTION_LEN + DNS_ECS_LEN + ecs_octets(dns) : 0);
}

void dns_opt_put(struct writer *w, const struct request *req, const struct dns_opt *opt)
{
	const struct request_dns *dns = &req->dns;
	writer_u8(w, 0);
	writer_u16(w, DNS_OPT);
	writer_u16(w, DNS_UDP_SIZE);
	writer_u32(w, (uint32_t)(opt->rcode >> 4) << 24 | (dns->dnssec_ok ? DNS_EDNS_DO : 0));
	writer_u16(w, (uint16_t)(dns_opt_len(dns) - DNS_OPT_LEN));
	if (!dns->ecs)
		return;
	writer_u16(w, DNS_OPTION_ECS);
	writer_u16(w, (uint16_t)(DNS_ECS_LEN + ecs_octets(dns)));
	writer_u16(w, dns->ecs_family);
	writer_u8(w, dns->ecs_source);
	writer_u8(w, dns->ecs_source ? opt->ecs_scope : 0);
	writer_bytes(w, req->client.bytes, ecs_octets(dns));
}
