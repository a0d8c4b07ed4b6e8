/* dns_answer - the answer to a DNS query, written from the verdict over the query itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_answer.h"

#include "dns_name.h"
#include "dns_query.h"
#include "dns_wire.h"

/* The name of the question, as a pointer to it (RFC 1035 §4.1.4). */
enum { QUESTION_NAME = DNS_POINTER << 8 | DNS_HEADER_LEN };

/* An answer that is being written. */
struct draft {
	const struct request_dns *dns;
	const struct zone *zone;
	const uint8_t *qname;
	size_t qname_len; /* 0: no question */
	bool at_apex;
	size_t apex_at; /* offset of the apex within the message; 0: not there */
	uint32_t turn;

	struct writer w;
	uint16_t answers, authorities, additionals;
	uint16_t rcode;
	bool authoritative;
	uint8_t ecs_scope;
	enum drop_reason reason;
	bool zone_data;
};

/* --- Records --------------------------------------------------------------------------------- */

/* A name; one within the zone ends in a pointer to the apex, which is part of the question. */
static void put_name(struct draft *d, const uint8_t *wire, size_t len)
{
	const struct dns_name *apex = &d->zone->apex;
	if (d->apex_at && dns_name_is_under(wire, len, apex->wire, apex->len)) {
		writer_bytes(&d->w, wire, len - apex->len);
		writer_u16(&d->w, (uint16_t)(DNS_POINTER << 8 | d->apex_at));
	} else {
		writer_bytes(&d->w, wire, len);
	}
}

/* What stands between a record's owner and its data. */
static void put_fixed(struct draft *d, uint16_t type, uint32_t ttl, uint16_t data_len)
{
	writer_u16(&d->w, type);
	writer_u16(&d->w, DNS_CLASS_IN);
	writer_u32(&d->w, ttl);
	writer_u16(&d->w, data_len);
}

/* Sets the data length, once the data have been written behind `data`. */
static void fix_data_len(struct draft *d, uint8_t *data)
{
	if (!d->w.bad)
		store_be16(data - 2, (uint16_t)(d->w.at - data));
}

static void put_name_answer(struct draft *d, uint16_t type, uint32_t ttl, const uint8_t *wire,
			    size_t len)
{
	writer_u16(&d->w, QUESTION_NAME);
	put_fixed(d, type, ttl, 0);
	uint8_t *data = d->w.at;
	put_name(d, wire, len);
	fix_data_len(d, data);
	d->answers++;
}

static void put_address_answer(struct draft *d, uint16_t type, uint32_t ttl, const uint8_t *bytes)
{
	uint16_t len = type == DNS_A ? 4 : 16;
	writer_u16(&d->w, QUESTION_NAME);
	put_fixed(d, type, ttl, len);
	writer_bytes(&d->w, bytes, len);
	d->answers++;
}

static void put_soa(struct draft *d, uint32_t ttl)
{
	const struct zone *zone = d->zone;
	put_name(d, zone->apex.wire, zone->apex.len);
	put_fixed(d, DNS_SOA, ttl, 0);
	uint8_t *data = d->w.at;
	put_name(d, zone->primary.wire, zone->primary.len);
	put_name(d, zone->contact.wire, zone->contact.len);
	writer_u32(&d->w, zone->serial);
	writer_u32(&d->w, zone->refresh);
	writer_u32(&d->w, zone->retry);
	writer_u32(&d->w, zone->expire);
	writer_u32(&d->w, zone->negative_ttl);
	fix_data_len(d, data);
}

/* As much glue as fits. */
static void put_glue(struct draft *d)
{
	for (unsigned i = 0; i < d->zone->n_servers; i++) {
		const struct zone_server *server = &d->zone->servers[i];
		for (unsigned k = 0; k < server->n_addresses; k++) {
			const struct ip_addr *addr = &server->addresses[k];
			uint16_t len = (uint16_t)(ip_bits(addr) / 8);
			struct writer before = d->w;
			put_name(d, server->name.wire, server->name.len);
			put_fixed(d, len == 4 ? DNS_A : DNS_AAAA, d->zone->ttl, len);
			writer_bytes(&d->w, addr->bytes, len);
			if (d->w.bad) {
				d->w = before;
				return;
			}
			d->additionals++;
		}
	}
}

/* --- Answers --------------------------------------------------------------------------------- */

static void fail(struct draft *d, uint16_t rcode, enum drop_reason reason)
{
	d->rcode = rcode;
	d->reason = reason;
	d->authoritative = false;
	d->ecs_scope = 0;
}

static void deny_existence(struct draft *d, uint16_t rcode, enum drop_reason reason)
{
	const struct zone *zone = d->zone;
	d->rcode = rcode;
	d->reason = reason;
	put_soa(d, zone->negative_ttl < zone->ttl ? zone->negative_ttl : zone->ttl);
	d->authorities++;
}

static void answer_nodata(struct draft *d)
{
	deny_existence(d, DNS_NOERROR, DROP_dns_nodata);
}

/* The zone's own records at its apex. false: it has none of that type. */
static bool answer_apex(struct draft *d)
{
	const struct zone *zone = d->zone;
	if (d->dns->qtype == DNS_SOA || d->dns->qtype == DNS_ANY) {
		put_soa(d, zone->ttl);
		d->answers++;
	} else if (d->dns->qtype == DNS_NS) {
		for (unsigned i = 0; i < zone->n_servers; i++)
			put_name_answer(d, DNS_NS, zone->ttl, zone->servers[i].name.wire,
					zone->servers[i].name.len);
		put_glue(d);
	} else {
		return false;
	}
	d->zone_data = true;
	d->ecs_scope = 0;
	return true;
}

/* The family that is answered with: the one asked for, or for ANY one that is there (RFC 8482
 * §4.1). 0: none. */
static uint16_t address_type(const struct draft *d, bool has_v4)
{
	switch (d->dns->qtype) {
	case DNS_A:
	case DNS_AAAA:
		return d->dns->qtype;
	case DNS_ANY:
		return has_v4 ? DNS_A : DNS_AAAA;
	default:
		return 0;
	}
}

/* n addresses that stand one after the other, each as long as its type says. */
static void put_addresses(struct draft *d, uint16_t type, uint32_t ttl, const uint8_t *bytes,
			  unsigned n)
{
	unsigned first = n ? d->turn % n : 0;
	for (unsigned i = 0; i < n; i++)
		put_address_answer(d, type, ttl,
				   bytes + (first + i) % n * (type == DNS_A ? 4 : 16));
}

static void answer_dri(struct draft *d, const struct dri *dri)
{
	if (!dri || (!dri->cname_len && !dri->n_v4 && !dri->n_v6) ||
	    (dri->cname_len && d->at_apex)) {
		fail(d, DNS_SERVFAIL, DROP_dns_servfail);
		return;
	}
	if (dri->cname_len) {
		put_name_answer(d, DNS_CNAME, dri->ttl, dri->cname, dri->cname_len);
		return;
	}
	uint16_t type = address_type(d, dri->n_v4);
	if (type == DNS_A)
		put_addresses(d, DNS_A, dri->ttl, dri->v4[0], dri->n_v4);
	else if (type == DNS_AAAA)
		put_addresses(d, DNS_AAAA, dri->ttl, dri->v6[0], dri->n_v6);
	if (!d->answers)
		answer_nodata(d);
}

static bool has_ipv4(const struct zone_server *server)
{
	for (unsigned i = 0; i < server->n_addresses; i++)
		if (server->addresses[i].family == 4)
			return true;
	return false;
}

static void put_server_addresses(struct draft *d, const struct zone_server *server)
{
	uint16_t type = address_type(d, has_ipv4(server));
	for (unsigned i = 0; i < server->n_addresses; i++) {
		const struct ip_addr *addr = &server->addresses[i];
		if (type == (addr->family == 4 ? DNS_A : DNS_AAAA))
			put_address_answer(d, type, d->zone->ttl, addr->bytes);
	}
}

/* No scope matches: what is left is the addresses of servers, and saying what does not exist. */
static void answer_static(struct draft *d, bool name_exists)
{
	bool exists = name_exists || d->at_apex;
	for (unsigned i = 0; i < d->zone->n_servers; i++) {
		const struct zone_server *server = &d->zone->servers[i];
		const struct dns_name *name = &server->name;
		exists |= dns_name_is_under(name->wire, name->len, d->qname, d->qname_len);
		if (dns_name_equal(name->wire, name->len, d->qname, d->qname_len))
			put_server_addresses(d, server);
	}
	if (d->answers)
		d->zone_data = true;
	else if (exists)
		answer_nodata(d);
	else
		deny_existence(d, DNS_NXDOMAIN, DROP_dns_nxdomain);
}

static void answer(struct draft *d, const struct verdict *verdict)
{
	if (verdict->outcome == VERDICT_ERROR) {
		fail(d, d->dns->rcode, dns_query_reason(d->dns->rcode));
		return;
	}
	if (!d->zone || !d->qname_len) {
		fail(d, DNS_REFUSED, DROP_dns_refused);
		return;
	}
	if (d->at_apex && answer_apex(d))
		return;
	switch (verdict->outcome) {
	case VERDICT_DENY:
		if (verdict->scope->deny_nxdomain)
			deny_existence(d, DNS_NXDOMAIN, DROP_dns_denied);
		else
			fail(d, DNS_REFUSED, DROP_dns_denied);
		break;
	case VERDICT_REDIRECT:
		answer_dri(d, verdict->dri);
		break;
	case VERDICT_NO_SCOPE:
		answer_static(d, verdict->name_exists);
		break;
	default:
		fail(d, DNS_SERVFAIL, DROP_dns_servfail);
	}
}

/* --- The message ----------------------------------------------------------------------------- */

static size_t ecs_octets(const struct request_dns *dns)
{
	return (dns->ecs_source + 7u) / 8;
}

static size_t opt_len(const struct request_dns *dns)
{
	if (!dns->edns)
		return 0;
	return DNS_OPT_LEN + (dns->ecs ? 4 + DNS_ECS_LEN + ecs_octets(dns) : 0);
}

static void put_opt(struct draft *d, const struct request *req)
{
	const struct request_dns *dns = d->dns;
	writer_u8(&d->w, 0);
	writer_u16(&d->w, DNS_OPT);
	writer_u16(&d->w, DNS_UDP_SIZE);
	writer_u32(&d->w, (uint32_t)(d->rcode >> 4) << 24 | (dns->dnssec_ok ? DNS_EDNS_DO : 0));
	writer_u16(&d->w, (uint16_t)(opt_len(dns) - DNS_OPT_LEN));
	d->additionals++;
	if (!dns->ecs)
		return;
	writer_u16(&d->w, DNS_OPTION_ECS);
	writer_u16(&d->w, (uint16_t)(DNS_ECS_LEN + ecs_octets(dns)));
	writer_u16(&d->w, dns->ecs_family);
	writer_u8(&d->w, dns->ecs_source);
	writer_u8(&d->w, dns->ecs_source ? d->ecs_scope : 0);
	writer_bytes(&d->w, req->client.bytes, ecs_octets(dns));
}

static void write_header(const struct draft *d, uint8_t *msg, bool truncated)
{
	uint16_t flags = d->dns->flags & (DNS_OPCODE | DNS_RD | DNS_CD);
	flags |= DNS_QR | (d->rcode & DNS_RCODE);
	if (d->authoritative && d->dns->qclass != DNS_ANY)
		flags |= DNS_AA;
	if (truncated)
		flags |= DNS_TC;
	store_be16(msg + 2, flags);
	store_be16(msg + 4, d->qname_len ? 1 : 0);
	store_be16(msg + 6, d->answers);
	store_be16(msg + 8, d->authorities);
	store_be16(msg + 10, d->additionals);
}

static void find_question(struct draft *d, const uint8_t *msg)
{
	d->qname = msg + DNS_HEADER_LEN;
	d->qname_len = d->dns->question_end - DNS_HEADER_LEN - 4u;
	if (!d->zone)
		return;
	const struct dns_name *apex = &d->zone->apex;
	d->at_apex = dns_name_equal(d->qname, d->qname_len, apex->wire, apex->len);
	if (dns_name_is_under(d->qname, d->qname_len, apex->wire, apex->len))
		d->apex_at = DNS_HEADER_LEN + d->qname_len - apex->len;
}

struct dns_answer dns_answer_write(uint8_t *msg, size_t cap, const struct request *req,
				   const struct verdict *verdict, uint32_t turn)
{
	const struct request_dns *dns = &req->dns;
	struct draft d = {
		.dns = dns,
		.zone = verdict->zone,
		.turn = turn,
		.authoritative = true,
		.ecs_scope = verdict->ecs_scope,
	};
	size_t start = DNS_HEADER_LEN;
	bool truncated = dns->question_end > cap;
	if (dns->question_end && !truncated) {
		find_question(&d, msg);
		start = dns->question_end;
	}
	size_t reserved = opt_len(dns);
	bool opt = reserved && reserved <= cap - start;
	truncated |= reserved && !opt;

	d.w = writer_of(msg + start, cap - start - (opt ? reserved : 0));
	answer(&d, verdict);
	if (d.w.bad || truncated) {
		truncated = true;
		d.w.at = msg + start;
		d.answers = d.authorities = d.additionals = 0;
		d.reason = DROP_dns_truncated;
		d.zone_data = false;
	}
	if (opt) {
		d.w.end += reserved;
		d.w.bad = false;
		put_opt(&d, req);
	}
	write_header(&d, msg, truncated);
	return (struct dns_answer){(size_t)(d.w.at - msg), d.reason, d.zone_data};
}
