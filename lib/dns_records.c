/* dns_records - records written into a DNS answer, names compressed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_records.h"

#include "dns_name.h"
#include "dns_wire.h"

enum { POINTER_END = 0x4000, SOA_NUMBERS = 20 };

static void put_pointer(struct dns_records *records, size_t to)
{
	writer_u16(&records->w, (uint16_t)(DNS_POINTER << 8 | to));
}

/* How many octets two names have in common at their ends, in whole labels. */
static size_t common_end(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	for (;;) {
		while (a_len != b_len) {
			const uint8_t **longer = a_len > b_len ? &a : &b;
			size_t *len = a_len > b_len ? &a_len : &b_len, label = **longer + 1u;
			*longer += label;
			*len -= label;
		}
		if (dns_name_equal(a, a_len, b, b_len))
			return a_len;
		a_len -= a[0] + 1u;
		a += a[0] + 1u;
	}
}

size_t dns_records_name(struct dns_records *records, const uint8_t *wire, size_t len)
{
	size_t at = (size_t)(records->w.at - records->msg), common = 1;
	if (records->question_len)
		common = common_end(wire, len, records->question, records->question_len);
	if (common <= 2) {
		writer_bytes(&records->w, wire, len);
		return at < POINTER_END ? at : 0;
	}
	size_t there = DNS_HEADER_LEN + records->question_len - common;
	writer_bytes(&records->w, wire, len - common);
	put_pointer(records, there);
	if (len == common)
		return there;
	return at < POINTER_END ? at : 0;
}

/* A name of a host that may be the owner of records that follow. */
static void put_host(struct dns_records *records, const uint8_t *wire, size_t len)
{
	size_t at = dns_records_name(records, wire, len);
	if (!at || records->n_hosts == DNS_RECORDS_HOSTS)
		return;
	records->hosts[records->n_hosts].wire = wire;
	records->hosts[records->n_hosts].at = (uint16_t)at;
	records->hosts[records->n_hosts++].len = (uint8_t)len;
}

static size_t find_host(const struct dns_records *records, const struct dns_name *name)
{
	for (unsigned i = 0; i < records->n_hosts; i++)
		if (dns_name_equal(records->hosts[i].wire, records->hosts[i].len, name->wire,
				   name->len))
			return records->hosts[i].at;
	return 0;
}

uint8_t *dns_records_begin(struct dns_records *records, const struct dns_owner *owner,
			   uint16_t type, uint32_t ttl)
{
	size_t at = owner->at ? owner->at : find_host(records, &owner->name);
	if (at)
		put_pointer(records, at);
	else
		dns_records_name(records, owner->name.wire, owner->name.len);
	writer_u16(&records->w, type);
	writer_u16(&records->w, DNS_CLASS_IN);
	writer_u32(&records->w, ttl);
	writer_u16(&records->w, 0);
	return records->w.at;
}

void dns_records_end(struct dns_records *records, uint8_t *data)
{
	if (!records->w.bad)
		store_be16(data - 2, (uint16_t)(records->w.at - data));
}

/* Names are compressed in the data of types that RFC 1035 defines, and no others (RFC 3597 §4). */
static void put_data(struct dns_records *records, uint16_t type, const uint8_t *data, size_t len)
{
	unsigned labels;
	size_t first;
	switch (type) {
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		put_host(records, data, len);
		break;
	case DNS_MX:
		writer_bytes(&records->w, data, 2);
		put_host(records, data + 2, len - 2);
		break;
	case DNS_SOA:
		first = dns_name_scan(data, len, &labels);
		dns_records_name(records, data, first);
		dns_records_name(records, data + first, len - first - SOA_NUMBERS);
		writer_bytes(&records->w, data + len - SOA_NUMBERS, SOA_NUMBERS);
		break;
	default:
		writer_bytes(&records->w, data, len);
	}
}

static void put_record(struct dns_records *records, const struct dns_owner *owner,
		       const struct zone_rrset *rrset, uint32_t ttl, const uint8_t *at)
{
	uint8_t *data = dns_records_begin(records, owner, rrset->type, ttl);
	put_data(records, rrset->type, at + 2, load_be16(at));
	dns_records_end(records, data);
}

void dns_records_rrset(struct dns_records *records, const struct dns_owner *owner,
		       const struct zone_rrset *rrset, uint32_t ttl, uint16_t *count)
{
	size_t address = rrset->type == DNS_A ? 2 + 4 : rrset->type == DNS_AAAA ? 2 + 16 : 0;
	const uint8_t *at = rrset->data;
	for (unsigned i = 0; i < rrset->n && !records->w.bad; i++) {
		if (address)
			at = rrset->data + (records->turn % rrset->n + i) % rrset->n * address;
		put_record(records, owner, rrset, ttl, at);
		at += 2 + load_be16(at);
		++*count;
	}
}

void dns_records_own(struct dns_records *records, const struct zone_rrset *rrset, uint32_t ttl,
		     uint16_t *count)
{
	struct dns_owner owner = {.name.len = rrset->node->name_len};
	memcpy(owner.name.wire, rrset->node->name, owner.name.len);
	dns_records_rrset(records, &owner, rrset, ttl, count);
}

void dns_records_alias(struct dns_records *records, struct dns_owner *owner, uint32_t ttl,
		       const uint8_t *target, size_t len)
{
	uint8_t *data = dns_records_begin(records, owner, DNS_CNAME, ttl);
	owner->at = dns_records_name(records, target, len);
	dns_records_end(records, data);
	owner->name.len = (uint8_t)len;
	memmove(owner->name.wire, target, len);
	records->answers++;
}

bool dns_records_link(struct dns_records *records, struct dns_owner *owner,
		      const struct zone_rrset *link)
{
	struct dns_name target = owner->name;
	if (link->type == DNS_DNAME)
		dns_records_own(records, link, link->ttl, &records->answers);
	if (!zone_link(link, &target))
		return false;
	dns_records_alias(records, owner, link->ttl, target.wire, target.len);
	return true;
}

/* false: not all of them fit. */
static bool put_addresses(struct dns_records *records, const struct zone_data *data,
			  const uint8_t *server, size_t len)
{
	static const uint16_t types[] = {DNS_A, DNS_AAAA};
	for (unsigned i = 0; i < 2; i++) {
		const struct zone_rrset *rrset = zone_data_rrset(data, server, len, types[i]);
		struct writer before = records->w;
		uint16_t count = records->additionals;
		if (rrset)
			dns_records_own(records, rrset, rrset->ttl, &records->additionals);
		if (!records->w.bad)
			continue;
		records->w = before;
		records->additionals = count;
		return false;
	}
	return true;
}

void dns_records_glue(struct dns_records *records, const struct zone_data *data,
		      const struct zone_rrset *servers)
{
	const struct zone_node *node = servers->node;
	for (unsigned needed = node->cut; needed < 2 && !records->w.bad; needed--) {
		const uint8_t *at = servers->data;
		for (unsigned i = 0; i < servers->n; i++, at += 2 + load_be16(at)) {
			size_t len = load_be16(at);
			bool below = node->cut &&
				     dns_name_is_under(at + 2, len, node->name, node->name_len);
			if (below != needed || put_addresses(records, data, at + 2, len))
				continue;
			records->w.bad = needed;
			return;
		}
	}
}
