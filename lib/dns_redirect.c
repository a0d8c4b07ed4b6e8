/* dns_redirect - the answer that most DNS queries get, a redirect and nothing else, written without detours. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_redirect.h"

#include "bytes.h"
#include "dns_name.h"
#include "dns_wire.h"

#include <endian.h>

/* BLOCK: names are copied in blocks of so many octets, the last one past their end. */
enum {
	RECORD_HEAD = 12,
	OPT_MAX = DNS_OPT_LEN + 2 * DNS_OPTION_LEN + DNS_ECS_LEN + 16 + 24,
	BLOCK = 16
};

/* The first octet in which two keys differ; up to seven octets are read past `max`. */
static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t max)
{
	for (size_t i = 0; i < max; i += 8) {
		uint64_t x, y;
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if (x == y)
			continue;
		size_t at = i + (size_t)__builtin_ctzll(le64toh(x ^ y)) / 8;
		return at < max ? at : max;
	}
	return max;
}

/* How many octets the key of the question and that of the DRI's name have in common, in whole labels. */
static size_t common_labels(const struct request *req, const struct dri *dri)
{
	const uint8_t *a = req->key, *b = dri->cname_key;
	size_t a_len = req->host_len, b_len = dri->cname_key_len;
	size_t max = a_len < b_len ? a_len : b_len, i = first_difference(a, b, max);
	if (i == max && (a_len == b_len || (a_len > b_len ? a : b)[i] == '.'))
		return i;
	while (i && a[--i] != '.')
		;
	return i;
}

static uint8_t *put_head(uint8_t *at, uint16_t type, uint32_t ttl, size_t len)
{
	store_be32(at, (uint32_t)(DNS_POINTER << 8 | DNS_HEADER_LEN) << 16 | type);
	store_be64(at + 4, (uint64_t)DNS_CLASS_IN << 48 | (uint64_t)ttl << 16 | len);
	return at + RECORD_HEAD;
}

/* Its end is the question's, as far as they are the same (RFC 1035 §4.1.4). */
static uint8_t *put_cname(uint8_t *at, const struct request *req, const struct dri *dri)
{
	size_t common = common_labels(req, dri);
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
	store_be64(at + 1, (uint64_t)DNS_OPT << 48 | (uint64_t)DNS_UDP_SIZE << 32 |
				   (dns->dnssec_ok ? DNS_EDNS_DO : 0));
	if (dns->ecs) {
		uint8_t octets = (dns->ecs_source + 7) / 8;
		store_be64(data,
			   (uint64_t)DNS_OPTION_ECS << 48 | (uint64_t)(DNS_ECS_LEN + octets) << 32 |
				   (uint64_t)dns->ecs_family << 16 |
				   (uint64_t)dns->ecs_source << 8 | (dns->ecs_source ? scope : 0));
		memcpy(data + 8, req->client.bytes, 16);
		data += DNS_OPTION_LEN + DNS_ECS_LEN + octets;
	}
	if (dns->cookie) {
		store_be32(data, (uint32_t)DNS_OPTION_COOKIE << 16 | sizeof(dns->cookies));
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
	store_be64(msg + 4, UINT64_C(1) << 48 | (uint64_t)answers << 32 | dns->edns);
	return (size_t)(at - msg);
}
