/* dns_answer - the answer to a DNS query, written from the verdict over the query itself. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_answer.h"

#include "dns_chaos.h"
#include "dns_name.h"
#include "dns_opt.h"
#include "dns_records.h"
#include "dns_wire.h"

/* An answer that is being written. */
struct draft {
	const struct request_dns *dns;
	const struct zone *zone;
	struct dns_owner owner; /* that the next record of the answer is for; len 0: no question */
	struct dns_records records;
	uint16_t rcode;
	bool authoritative;
	uint8_t ecs_scope;
	enum drop_reason reason;
	bool zone_data;
};

/* --- Answers --------------------------------------------------------------------------------- */

static void fail(struct draft *d, uint16_t rcode, enum drop_reason reason)
{
	d->rcode = rcode;
	d->reason = reason;
	d->authoritative = false;
	d->ecs_scope = 0;
}

static void deny_existence(struct draft *d, const struct zone_data *data, uint16_t rcode,
			   enum drop_reason reason)
{
	d->rcode = rcode;
	d->reason = reason;
	dns_records_own(&d->records, data->soa, data->negative_ttl, &d->records.authorities);
}

static void answer_nodata(struct draft *d, const struct zone_data *data)
{
	deny_existence(d, data, DNS_NOERROR, DROP_dns_nodata);
}

static void answer_records(struct draft *d, const struct zone_data *data,
			   const struct zone_rrset *rrset)
{
	dns_records_rrset(&d->records, &d->owner, rrset, rrset->ttl, &d->records.answers);
	if (rrset->type == DNS_NS)
		dns_records_glue(&d->records, data, rrset);
}

/* AA speaks of the first name in the answer (RFC 1035 §4.1.1). */
static void refer(struct draft *d, const struct zone_found *found)
{
	d->authoritative = d->records.answers;
	dns_records_own(&d->records, found->rrset, found->rrset->ttl, &d->records.authorities);
	dns_records_glue(&d->records, found->data, found->rrset);
}

/* What zone data say. exists: the name does, whatever they know. */
static void answer_found(struct draft *d, const struct zone_found *found, bool exists)
{
	switch ((enum zone_outcome)found->outcome) {
	case ZONE_ANSWER:
		answer_records(d, found->data, found->rrset);
		break;
	case ZONE_REFERRAL:
		refer(d, found);
		break;
	case ZONE_NXDOMAIN:
		if (!exists) {
			deny_existence(d, found->data, DNS_NXDOMAIN, DROP_dns_nxdomain);
			break;
		}
		answer_nodata(d, found->data);
		break;
	case ZONE_NODATA:
		answer_nodata(d, found->data);
		break;
	case ZONE_TOO_LONG:
		d->rcode = DNS_YXDOMAIN;
		d->reason = DROP_dns_nxdomain;
		break;
	case ZONE_UNASKED:
	case ZONE_LINK:
		break;
	}
}

static bool at_apex(const struct draft *d)
{
	const struct dns_name *apex = d->zone ? &d->zone->apex : NULL;
	return apex && dns_name_equal(d->owner.name.wire, d->owner.name.len, apex->wire, apex->len);
}

/* Records of the apex that no scope stands over. false: none of them is asked for. */
static bool answer_apex(struct draft *d)
{
	const struct zone_data *data = d->zone->data;
	if (d->dns->qtype == DNS_NS)
		answer_records(d, data, data->ns);
	else if (d->dns->qtype == DNS_SOA || d->dns->qtype == DNS_ANY)
		answer_records(d, data, data->soa);
	else
		return false;
	d->zone_data = true;
	d->ecs_scope = 0;
	return true;
}

/* n addresses that stand one after the other, each as long as its type says. */
static void put_addresses(struct draft *d, uint16_t type, uint32_t ttl, const uint8_t *bytes,
			  unsigned n)
{
	struct dns_records *records = &d->records;
	size_t len = type == DNS_A ? 4 : 16;
	for (unsigned i = 0; i < n; i++) {
		uint8_t *data = dns_records_begin(records, &d->owner, type, ttl);
		writer_bytes(&records->w, bytes + (records->turn % n + i) % n * len, len);
		dns_records_end(records, data);
		records->answers++;
	}
}

/* ANY is answered with one family (RFC 8482 §4.1). */
static void answer_addresses(struct draft *d, const struct verdict *verdict)
{
	const struct dri *dri = verdict->dri;
	uint16_t type = d->dns->qtype;
	if (type == DNS_ANY)
		type = dri->n_v4 ? DNS_A : DNS_AAAA;
	if (type == DNS_A)
		put_addresses(d, DNS_A, dri->ttl, dri->v4[0], dri->n_v4);
	else if (type == DNS_AAAA)
		put_addresses(d, DNS_AAAA, dri->ttl, dri->v6[0], dri->n_v6);
	if (verdict->found.outcome == ZONE_ANSWER) {
		answer_found(d, &verdict->found, true);
		d->zone_data = true;
	} else if ((type != DNS_A || !dri->n_v4) && (type != DNS_AAAA || !dri->n_v6)) {
		answer_nodata(d, d->zone->data);
	}
}

/* Puts links in. false: the last one leads nowhere. */
static bool put_links(struct draft *d, const struct verdict *verdict, unsigned from, unsigned to)
{
	for (; from < to; from++)
		if (!dns_records_link(&d->records, &d->owner, verdict->links[from]))
			return false;
	return true;
}

/* The servers of a delegation, with the addresses of those below it; of the others as many as fit (RFC 9471 §3.1). */
static void put_servers(struct draft *d, const struct dri *dri, const struct dns_owner *cut)
{
	struct dns_records *records = &d->records;
	const struct dri_delegation *delegation = dri->delegation;
	size_t places[DRI_SERVERS_MAX];
	for (unsigned i = 0; i < delegation->n_servers; i++) {
		const struct dns_name *name = &delegation->servers[i].name;
		uint8_t *data = dns_records_begin(records, cut, DNS_NS, dri->ttl);
		places[i] = dns_records_name(records, name->wire, name->len);
		dns_records_end(records, data);
		records->authorities++;
	}
	for (unsigned i = 0; i < delegation->n_servers && !records->w.bad; i++) {
		const struct dri_server *server = &delegation->servers[i];
		struct dns_owner owner = {places[i], server->name};
		for (unsigned k = 0; k < server->n_addresses; k++) {
			const struct ip_addr *addr = &server->addresses[k];
			struct writer before = records->w;
			uint8_t *data = dns_records_begin(
				records, &owner, addr->family == 4 ? DNS_A : DNS_AAAA, dri->ttl);
			writer_bytes(&records->w, addr->bytes, ip_bits(addr) / 8);
			dns_records_end(records, data);
			if (!records->w.bad) {
				records->additionals++;
				continue;
			}
			if (!dns_name_is_under(owner.name.wire, owner.name.len, cut->name.wire,
					       cut->name.len))
				records->w = before;
			return;
		}
	}
}

/* RFC 7336 §3.4: a resolver does not follow an NS of the name itself, so a CNAME leads to the delegated one. */
static void answer_delegation(struct draft *d, const struct dri *dri)
{
	const uint8_t *label = dri->delegation->label;
	struct dns_name target = {.len = (uint8_t)(d->owner.name.len + 1 + label[0])};
	memcpy(target.wire, label, 1u + label[0]);
	memcpy(target.wire + 1 + label[0], d->owner.name.wire, d->owner.name.len);
	dns_records_alias(&d->records, &d->owner, dri->ttl, target.wire, target.len);
	if (d->dns->qtype != DNS_CNAME)
		put_servers(d, dri, &d->owner);
}

/* AA speaks of the first name in the answer. */
static void refer_to_dri(struct draft *d, const struct verdict *verdict)
{
	struct dns_name *name = &d->owner.name;
	unsigned labels;
	dns_name_scan(name->wire, name->len, &labels);
	for (; labels > verdict->n_cut_labels; labels--) {
		size_t label = name->wire[0] + 1u;
		d->owner.at += d->owner.at ? label : 0;
		name->len = (uint8_t)(name->len - label);
		memmove(name->wire, name->wire + label, name->len);
	}
	/* Behind links the name may end in a pointer. */
	if (verdict->n_links)
		d->owner.at = 0;
	d->authoritative = d->records.answers;
	d->zone_data = true;
	put_servers(d, verdict->dri, &d->owner);
}

static void answer_dri(struct draft *d, const struct verdict *verdict)
{
	const struct dri *dri = verdict->dri;
	if (dri->delegation) {
		answer_delegation(d, dri);
		return;
	}
	if (!dri->cname_len) {
		answer_addresses(d, verdict);
		return;
	}
	dns_records_alias(&d->records, &d->owner, dri->ttl, dri->cname, dri->cname_len);
	put_links(d, verdict, verdict->n_before, verdict->n_links);
	answer_found(d, &verdict->found, false);
}

static void answer_static(struct draft *d, const struct verdict *verdict)
{
	answer_found(d, &verdict->found, verdict->name_exists);
	d->zone_data = d->reason == DROP_none;
}

/* What has no answer of its own. RFC 1034 §3.6.2: no CNAME at the apex. */
static uint16_t failure(const struct draft *d, const struct verdict *verdict)
{
	const struct dri *dri = verdict->dri;
	switch (verdict->outcome) {
	case VERDICT_NO_SCOPE:
	case VERDICT_DELEGATED:
		return DNS_NOERROR;
	case VERDICT_DENY:
		return verdict->scope->deny_nxdomain ? DNS_NOERROR : DNS_REFUSED;
	case VERDICT_REDIRECT:
		if (dri &&
		    (dri->cname_len || dri->delegation ? !at_apex(d) : dri->n_v4 || dri->n_v6))
			return DNS_NOERROR;
		return DNS_SERVFAIL;
	default:
		return DNS_SERVFAIL;
	}
}

static enum drop_reason failure_reason(const struct verdict *verdict)
{
	return verdict->outcome == VERDICT_DENY ? DROP_dns_denied : DROP_dns_servfail;
}

static void take_question(struct draft *d)
{
	size_t len = d->dns->question_end - DNS_HEADER_LEN - 4u;
	d->owner.name.len = (uint8_t)len;
	d->owner.at = DNS_HEADER_LEN;
	d->records.question = d->records.msg + DNS_HEADER_LEN;
	d->records.question_len = len;
	memcpy(d->owner.name.wire, d->records.question, len);
}

/* A CNAME that leads to what fails is not told: who asks again asks for all of it. */
static void answer_chain(struct draft *d, const struct verdict *verdict)
{
	put_links(d, verdict, 0, verdict->n_before);
	if (at_apex(d) && answer_apex(d))
		return;
	uint16_t rcode = failure(d, verdict);
	if (rcode) {
		take_question(d);
		d->records.w.at = d->records.msg + d->dns->question_end;
		d->records.w.bad = false;
		d->records.answers = 0;
		fail(d, rcode, failure_reason(verdict));
	} else if (verdict->outcome == VERDICT_NO_SCOPE) {
		answer_static(d, verdict);
	} else if (verdict->outcome == VERDICT_DELEGATED) {
		refer_to_dri(d, verdict);
	} else if (verdict->outcome == VERDICT_DENY) {
		deny_existence(d, d->zone->data, DNS_NXDOMAIN, DROP_dns_denied);
	} else {
		answer_dri(d, verdict);
	}
}

/* RFC 4892 §3: one string, not to be kept. */
static void put_chaos(struct dns_records *records, const char *text)
{
	struct writer *w = &records->w;
	size_t len = strlen(text);
	writer_u16(w, DNS_POINTER << 8 | DNS_HEADER_LEN);
	writer_u16(w, DNS_TXT);
	writer_u16(w, DNS_CLASS_CH);
	writer_u32(w, 0);
	writer_u16(w, (uint16_t)(1 + len));
	writer_u8(w, (uint8_t)len);
	writer_bytes(w, text, len);
	records->answers++;
}

static void answer(struct draft *d, const struct request *req, const struct verdict *verdict,
		   const struct dns_settings *settings)
{
	if (verdict->outcome == VERDICT_ERROR) {
		fail(d, d->dns->rcode, (enum drop_reason)d->dns->reason);
		if (d->reason == DROP_dns_chaos)
			put_chaos(&d->records, dns_chaos_text(settings, req));
	} else if ((!d->zone && !verdict->n_links) || !d->owner.name.len) {
		fail(d, DNS_REFUSED, DROP_dns_refused);
	} else {
		answer_chain(d, verdict);
	}
}

/* --- The message ----------------------------------------------------------------------------- */

/* An extended error that says why (RFC 8914 §4). A denial is a policy of this server, which 18 is for; 15
 * to 17 are for those who answer in the place of another server. NXDOMAIN pretends, so it says nothing. */
static void explain(const struct draft *d, const struct verdict *verdict,
		    const struct dns_settings *settings, struct dns_opt *opt)
{
	static const char *const malformed[] = {NULL, "malformed client subnet",
						"malformed cookie"}; /* as enum dns_malformed */
	switch (d->reason) {
	case DROP_none:
		opt->error = verdict->stale ? DNS_EDE_STALE : -1;
		break;
	case DROP_dns_formerr:
		opt->text = malformed[d->dns->malformed];
		opt->error = opt->text ? DNS_EDE_OTHER : -1;
		break;
	case DROP_dns_notimp:
		opt->error = DNS_EDE_NOT_SUPPORTED;
		break;
	case DROP_dns_refused:
		opt->error = d->dns->qtype == DNS_AXFR || d->dns->qtype == DNS_IXFR
				     ? DNS_EDE_NOT_SUPPORTED
				     : DNS_EDE_NOT_AUTHORITATIVE;
		break;
	case DROP_dns_denied:
		opt->error = d->rcode == DNS_REFUSED ? DNS_EDE_PROHIBITED : -1;
		opt->text = settings->error_text ? verdict->scope->name : NULL;
		break;
	case DROP_dns_servfail:
		opt->error = DNS_EDE_OTHER;
		opt->text = "no usable target";
		break;
	default:
		break;
	}
}

static void write_header(const struct draft *d, uint8_t *msg, bool truncated)
{
	uint16_t flags = d->dns->flags & (DNS_OPCODE | DNS_RD);
	flags |= DNS_QR | (d->rcode & DNS_RCODE);
	if (d->authoritative && d->dns->qclass != DNS_ANY)
		flags |= DNS_AA;
	if (truncated)
		flags |= DNS_TC;
	store_be16(msg + 2, flags);
	store_be16(msg + 4, d->owner.name.len ? 1 : 0);
	store_be16(msg + 6, d->records.answers);
	store_be16(msg + 8, d->records.authorities);
	store_be16(msg + 10, d->records.additionals);
}

/* Nothing but TC: so that the client comes over TCP. */
static bool is_empty(enum drop_reason reason)
{
	return reason == DROP_dns_no_cookie || reason == DROP_dns_slip;
}

struct dns_answer dns_answer_write(uint8_t *msg, size_t cap, const struct request *req,
				   const struct verdict *verdict,
				   const struct dns_settings *settings, uint32_t turn)
{
	const struct request_dns *dns = &req->dns;
	struct draft d = {
		.dns = dns,
		.zone = verdict->zone,
		.records = {.msg = msg, .turn = turn},
		.authoritative = true,
		.ecs_scope = verdict->ecs_scope,
	};
	size_t start = DNS_HEADER_LEN;
	bool truncated = dns->question_end > cap;
	if (dns->question_end && !truncated) {
		take_question(&d);
		start = dns->question_end;
	}
	size_t reserved = dns_opt_len(dns);
	bool opt = reserved && reserved <= cap - start;
	truncated |= reserved && !opt;

	d.records.w = writer_of(msg + start, cap - start - (opt ? reserved : 0));
	answer(&d, req, verdict, settings);
	if (d.records.w.bad || truncated || is_empty(d.reason)) {
		truncated = true;
		d.records.w.at = msg + start;
		d.records.answers = d.records.authorities = d.records.additionals = 0;
		if (!is_empty(d.reason))
			d.reason = DROP_dns_truncated;
		d.zone_data = false;
	}
	if (opt) {
		d.records.w.end += reserved;
		d.records.w.bad = false;
		struct dns_opt said = {d.rcode, d.ecs_scope, -1, NULL};
		explain(&d, verdict, settings, &said);
		dns_opt_put(&d.records.w, req, settings, &said);
		d.records.additionals++;
	}
	write_header(&d, msg, truncated);
	return (struct dns_answer){(size_t)(d.records.w.at - msg), d.reason, d.zone_data};
}
