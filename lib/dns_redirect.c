/* dns_redirect - the answer that most DNS queries get, a redirect and nothing else, written without detours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_redirect.h"

#include "bytes.h"
#include "dns_name.h"
#include "dns_wire.h"

/* BLOCK: names are copied in blocks of so many octets, the last one past their end. */
enum {
	RECORD_HEAD = 12,
	OPT_MAX = DNS_OPT_LEN + 2 * DNS_OPTION_LEN + DNS_ECS_LEN + 16 + 24,
	BLOCK = 16
};

/* How many octets two keys have in common, in whole labels. */
static size_t common_labels(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	size_t max = a_len < b_len ? a_len : b_len, i = 0, whole = 0;
	for (; i < max && a[i] == b[i]; i++)
		if (a[i] == '.')
			whole = i;
	bool a_ends = i == a_len || a[i] == '.', b_ends = i == b_len || b[i] == '.';
	return i == max && a_ends && b_ends ? i : whole;
}

static uint8_t *put_head(uint8_t *at, uint16_t type, uint32_t ttl, size_t len)
{
	store_be16(at, DNS_POINTER << 8 | DNS_HEADER_LEN);
	store_be16(at + 2, type);
	store_be16(at + 4, DNS_CLASS_IN);
	store_be32(at + 6, ttl);
	store_be16(at + 10, (uint16_t)len);
	return at + RECORD_HEAD;
}

/* Its end is the question's, as far as they are the same (RFC 1035 §4.1.4). */
static uint8_t *put_cname(uint8_t *at, const struct request *req, const struct dri *dri)
{
	size_t common = common_labels(req->key, req->host_len, dri->cname_key, dri->cname_key_len);
	size_t own = common ? dri->cname_len - (common + 2) : dri->cname_len;
	uint8_t *data = put_head(at, DNS_CNAME, dri->ttl, own + (common ? 2 : 0));
	for (size_t i = 0; i < own; i += BLOCK)
		memcpy(data + i, dri->cname + i, BLOCK);
	if (!common)
		return data + own;
	size_t there = DNS_HEADER_LEN + req->dns.qname_len - (common + 2);
	store_be16(data + own, (uint16_t)(DNS_POINTER << 8 | there));
	return data + own + 2;
}

static uint8_t *put_addresses(uint8_t *at, uint16_t type, uint32_t ttl, const uint8_t *addresses,
			      unsigned n, uint32_t turn)
{
	size_t len = type == DNS_A ? 4 : 16;
	for (unsigned i = 0, k = turn % n; i < n; i++, k = k + 1 == n ? 0 : k + 1) {
		at = put_head(at, type, ttl, len);
		if (type == DNS_A)
			memcpy(at, addresses + k * 4, 4);
		else
			memcpy(at, addresses + k * 16, 16);
		at += len;
	}
	return at;
}

static uint8_t *put_opt(uint8_t *at, const struct request *req, uint8_t scope)
{
	const struct request_dns *dns = &req->dns;
	uint8_t *data = at + DNS_OPT_LEN;
	at[0] = 0;
	store_be16(at + 1, DNS_OPT);
	store_be16(at + 3, DNS_UDP_SIZE);
	store_be32(at + 5, dns->dnssec_ok ? DNS_EDNS_DO : 0);
	if (dns->ecs) {
		uint8_t octets = (dns->ecs_source + 7) / 8;
		store_be16(data, DNS_OPTION_ECS);
		store_be16(data + 2, DNS_ECS_LEN + octets);
		store_be16(data + 4, dns->ecs_family);
		data[6] = dns->ecs_source;
		data[7] = dns->ecs_source ? scope : 0;
		memcpy(data + 8, req->client.bytes, 16);
		data += DNS_OPTION_LEN + DNS_ECS_LEN + octets;
	}
	if (dns->cookie) {
		store_be16(data, DNS_OPTION_COOKIE);
		store_be16(data + 2, sizeof(dns->cookies));
		memcpy(data + DNS_OPTION_LEN, dns->cookies, sizeof(dns->cookies));
		data += DNS_OPTION_LEN + sizeof(dns->cookies);
	}
	store_be16(at + 9, (uint16_t)(data - at - DNS_OPT_LEN));
	return data;
}

/* How many octets it may take at the most; 0: more than a redirect is told, or it cannot be told. */
static size_t room_for(const struct request *req, const struct verdict *verdict)
{
	const struct dri *dri = verdict->dri;
	const struct request_dns *dns = &req->dns;
	size_t room = dns->question_end + (size_t)OPT_MAX + BLOCK;
	if (verdict->outcome != VERDICT_REDIRECT || verdict->n_links || !verdict->zone ||
	    verdict->stale || verdict->found.outcome != ZONE_UNASKED || !dri || dri->delegation ||
	    dns->nsid || dns->qclass != DNS_CLASS_IN || !dns->qname_len)
		return 0;
	if (dri->cname_len) /* none at the apex (RFC 1034 §3.6.2) */
		return dri->cname_plain && dns->qname_len != verdict->zone->apex.len
			       ? room + RECORD_HEAD + dri->cname_len
			       : 0;
	if (dns->qtype == DNS_A && dri->n_v4)
		return room + dri->n_v4 * (size_t)(RECORD_HEAD + 4);
	if (dns->qtype == DNS_AAAA && dri->n_v6)
		return room + dri->n_v6 * (size_t)(RECORD_HEAD + 16);
	return 0;
}

size_t dns_redirect_write(uint8_t *msg, size_t cap, const struct request *req,
			  const struct verdict *verdict, uint32_t turn)
{
	const struct request_dns *dns = &req->dns;
	const struct dri *dri = verdict->dri;
	size_t room = room_for(req, verdict);
	if (!room || room > cap)
		return 0;
	uint8_t *at = msg + dns->question_end;
	uint16_t answers = 1;
	if (dri->cname_len) {
		at = put_cname(at, req, dri);
	} else if (dns->qtype == DNS_A) {
		at = put_addresses(at, DNS_A, dri->ttl, dri->v4[0], dri->n_v4, turn);
		answers = dri->n_v4;
	} else {
		at = put_addresses(at, DNS_AAAA, dri->ttl, dri->v6[0], dri->n_v6, turn);
		answers = dri->n_v6;
	}
	if (dns->edns)
		at = put_opt(at, req, verdict->ecs_scope);
	store_be16(msg + 2, (dns->flags & (DNS_OPCODE | DNS_RD)) | DNS_QR | DNS_AA);
	store_be16(msg + 4, 1);
	store_be16(msg + 6, answers);
	store_be16(msg + 8, 0);
	store_be16(msg + 10, dns->edns);
	return (size_t)(at - msg);
}
