/* dns_query - a DNS query read into a request, or the error answer that it deserves. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns_query.h"

#include "dns_chaos.h"
#include "dns_cookie.h"
#include "dns_name.h"
#include "dns_wire.h"
#include "target.h"

struct record {
	bool root; /* owned by the root */
	uint16_t type;
	uint16_t class;
	uint32_t ttl;
	struct span data;
};

struct subnet {
	bool there;
	uint16_t family;
	struct ip_prefix prefix;
};

/* Moves behind a name that may be compressed; the pointer is not followed. */
static bool skip_name(struct reader *r)
{
	for (size_t total = 1;;) {
		uint8_t len = reader_u8(r);
		if (r->bad || len == 0)
			return !r->bad;
		if ((len & DNS_POINTER) == DNS_POINTER)
			return reader_take(r, 1);
		total += 1u + len;
		if (len > DNS_LABEL_MAX || total > DNS_NAME_MAX || !reader_take(r, len))
			return false;
	}
}

static bool read_record(struct reader *r, struct record *record)
{
	record->root = reader_left(r) && *r->at == 0;
	if (record->root)
		r->at++;
	else if (!skip_name(r))
		return false;
	const uint8_t *at = reader_take(r, 10);
	if (!at)
		return false;
	record->type = load_be16(at);
	record->class = load_be16(at + 2);
	record->ttl = load_be32(at + 4);
	record->data.len = load_be16(at + 8);
	record->data.at = reader_take(r, record->data.len);
	return !r->bad;
}

static bool read_question(struct reader *r, const uint8_t *msg, struct request *req)
{
	const uint8_t *name = r->at;
	unsigned labels;
	size_t len = dns_name_key(name, reader_left(r), &labels, req);
	if (!len || !reader_take(r, len + 4)) {
		dns_name_no_key(req);
		return false;
	}
	req->dns.qtype = load_be16(name + len);
	req->dns.qclass = load_be16(name + len + 2);
	req->dns.question_end = (uint16_t)(r->at - msg);
	req->dns.qname = name;
	req->dns.qname_len = (uint8_t)len;
	req->dns.qname_labels = (uint8_t)labels;
	return true;
}

/* At most 16 octets, without a call. */
static inline void copy_few(uint8_t *to, const uint8_t *at, size_t len)
{
	if (len >= 8) {
		memcpy(to, at, 8);
		memcpy(to + len - 8, at + len - 8, 8);
	} else if (len >= 4) {
		memcpy(to, at, 4);
		memcpy(to + len - 4, at + len - 4, 4);
	} else if (len) {
		to[0] = at[0];
		to[len / 2] = at[len / 2];
		to[len - 1] = at[len - 1];
	}
}

/* RFC 7871 §6: the address has as many octets as SOURCE needs, with no bit set past it. */
static bool read_subnet(struct span option, struct subnet *subnet)
{
	static const uint8_t bits[] = {0, 32, 128};
	static const uint8_t families[] = {0, 4, 6};
	if (option.len < DNS_ECS_LEN)
		return false;
	uint8_t source = option.at[2], scope = option.at[3];
	uint32_t octets = (source + 7u) / 8;
	subnet->family = load_be16(option.at);
	if (scope != 0 || option.len - DNS_ECS_LEN != octets || subnet->family > DNS_ECS_IPV6 ||
	    source > bits[subnet->family])
		return false;

	struct ip_addr *addr = &subnet->prefix.addr;
	*addr = (struct ip_addr){.family = families[subnet->family]};
	copy_few(addr->bytes, option.at + DNS_ECS_LEN, octets);
	if (source % 8 && addr->bytes[source / 8] & 0xff >> source % 8)
		return false;
	subnet->prefix.len = source;
	subnet->there = true;
	return true;
}

/* Is the peer's client subnet believed? */
static bool is_trusted(const struct dns_settings *settings, const struct ip_addr *peer)
{
	const struct dns_prefixes *trusted = &settings->trusted_subnets;
	return settings->client_subnet &&
	       (!trusted->n || ip_prefixes_have(trusted->list, trusted->n, peer));
}

/* What of the options is malformed, or -1. */
static int read_option(uint16_t code, struct span option, const struct dns_settings *settings,
		       struct request *req, struct subnet *subnet)
{
	struct request_dns *dns = &req->dns;
	switch (code) {
	case DNS_OPTION_NSID:
		dns->nsid = true;
		break;
	case DNS_OPTION_ECS:
		if (is_trusted(settings, &dns->resolver) &&
		    (subnet->there || !read_subnet(option, subnet)))
			return DNS_MALFORMED_SUBNET;
		break;
	case DNS_OPTION_COOKIE: /* of several the first one counts (RFC 7873 §5.2) */
		if (settings->cookies && !dns->cookie &&
		    !dns_cookie_read(settings, option, req->now, dns))
			return DNS_MALFORMED_COOKIE;
		break;
	}
	return -1;
}

static bool read_options(struct span data, const struct dns_settings *settings, struct request *req,
			 struct subnet *subnet)
{
	struct reader r = reader_of(data.at, data.len);
	while (reader_left(&r)) {
		const uint8_t *head = reader_take(&r, DNS_OPTION_LEN);
		if (!head)
			return false;
		uint16_t code = load_be16(head);
		struct span option = {.len = load_be16(head + 2)};
		option.at = reader_take(&r, option.len);
		if (r.bad)
			return false;
		int malformed = read_option(code, option, settings, req, subnet);
		if (malformed >= 0) {
			req->dns.malformed = (uint8_t)malformed;
			return false;
		}
	}
	return true;
}

static void take_opt(struct request_dns *dns, const struct record *opt)
{
	dns->edns = true;
	dns->udp_size = opt->class > DNS_UDP_SIZE_MIN ? opt->class : DNS_UDP_SIZE_MIN;
	dns->dnssec_ok = opt->ttl & DNS_EDNS_DO;
}

static void take_subnet(struct request *req, const struct subnet *subnet)
{
	req->dns.ecs = true;
	req->dns.ecs_family = subnet->family;
	req->dns.ecs_source = subnet->prefix.len;
	if (subnet->prefix.len) {
		req->client = subnet->prefix.addr;
		req->client_len = subnet->prefix.len;
	}
}

/* An OPT record and nothing behind it, as most queries end. false: it is not so. */
static inline bool read_opt_alone(struct reader *r, struct request_dns *dns, struct record *opt)
{
	const uint8_t *at = r->at;
	if (reader_left(r) < DNS_OPT_LEN || load_be32(at) >> 8 != DNS_OPT)
		return false;
	opt->class = load_be16(at + 3);
	opt->ttl = load_be32(at + 5);
	opt->data = (struct span){at + DNS_OPT_LEN, load_be16(at + 9)};
	if (opt->data.len > reader_left(r) - DNS_OPT_LEN)
		return false;
	take_opt(dns, opt);
	return true;
}

/* false: a record is malformed, or an OPT record is not alone or not in its place. */
static bool read_records(struct reader *r, uint32_t others, uint16_t additional,
			 struct request_dns *dns, struct record *opt)
{
	struct record record;
	for (uint32_t i = 0; i < others; i++)
		if (!read_record(r, &record) || record.type == DNS_OPT)
			return false;
	for (uint16_t i = 0; i < additional; i++) {
		if (!read_record(r, &record))
			return false;
		if (record.type != DNS_OPT)
			continue;
		if (dns->edns || !record.root)
			return false;
		*opt = record;
		take_opt(dns, opt);
	}
	return true;
}

static uint16_t read_edns(const struct record *opt, const struct dns_settings *settings,
			  struct request *req)
{
	if (opt->ttl >> 16 & 0xff)
		return DNS_BADVERS;
	struct subnet subnet = {0};
	if (!read_options(opt->data, settings, req, &subnet))
		return DNS_FORMERR;
	if (subnet.there)
		take_subnet(req, &subnet);
	return DNS_NOERROR;
}

/* Everything behind the flags; gives the return code. */
static uint16_t read_sections(struct reader *r, const uint8_t *msg,
			      const struct dns_settings *settings, struct request *req)
{
	struct request_dns *dns = &req->dns;
	uint16_t questions = load_be16(msg + 4);
	uint32_t others = load_be16(msg + 6);
	others += load_be16(msg + 8);
	uint16_t additional = load_be16(msg + 10);
	if (questions == 1 && !read_question(r, msg, req))
		return DNS_FORMERR;
	for (uint16_t i = 0; questions > 1 && i < questions; i++)
		if (!skip_name(r) || !reader_take(r, 4))
			return DNS_FORMERR;

	struct record opt = {0};
	bool alone = !others && additional == 1 && read_opt_alone(r, dns, &opt);
	if ((!alone && !read_records(r, others, additional, dns, &opt)) || questions > 1)
		return DNS_FORMERR;
	uint16_t rcode = dns->edns ? read_edns(&opt, settings, req) : DNS_NOERROR;
	if (rcode || questions)
		return rcode;
	/* RFC 7873 §5.4. */
	if (!dns->cookie)
		return DNS_FORMERR;
	return dns->cookie_sent && !dns->cookie_valid ? DNS_BADCOOKIE : DNS_NOERROR;
}

static bool is_refused(const struct request_dns *dns)
{
	return (dns->qclass != DNS_CLASS_IN && dns->qclass != DNS_ANY) || dns->qtype == DNS_AXFR ||
	       dns->qtype == DNS_IXFR;
}

static enum drop_reason reason_of(uint16_t rcode)
{
	switch (rcode) {
	case DNS_FORMERR:
		return DROP_dns_formerr;
	case DNS_NOTIMP:
		return DROP_dns_notimp;
	case DNS_REFUSED:
		return DROP_dns_refused;
	case DNS_BADVERS:
		return DROP_dns_badvers;
	default:
		return DROP_dns_badcookie;
	}
}

/* What becomes of a well-formed query; dns->rcode is set for an error. */
static enum drop_reason judge(const struct dns_settings *settings, struct request *req)
{
	struct request_dns *dns = &req->dns;
	if (!dns->question_end)
		return DROP_dns_cookie_only;
	if (settings->cookies == DNS_COOKIES_REQUIRED && !dns->tcp && !dns->cookie_valid) {
		dns->nsid = false; /* the answer is no larger than it must be */
		if (!dns->cookie)
			return DROP_dns_no_cookie;
		dns->rcode = DNS_BADCOOKIE;
	} else if (dns_chaos_text(settings, req)) {
		return DROP_dns_chaos;
	} else if (is_refused(dns)) {
		dns->rcode = DNS_REFUSED;
	} else {
		return DROP_none;
	}
	return reason_of(dns->rcode);
}

enum drop_reason dns_query_parse(const uint8_t *msg, size_t len,
				 const struct dns_settings *settings, struct request *req)
{
	struct request_dns *dns = &req->dns;
	req->protocol = PROTOCOL_DNS;
	*dns = (struct request_dns){
		.udp_size = DNS_UDP_SIZE_MIN, .tcp = dns->tcp, .resolver = req->client};
	dns_name_no_key(req);
	if (len < DNS_HEADER_LEN)
		return DROP_dns_short;

	dns->id = load_be16(msg);
	dns->flags = load_be16(msg + 2);
	if (dns->flags & DNS_QR)
		return DROP_dns_response;

	struct reader r = reader_of(msg + DNS_HEADER_LEN, len - DNS_HEADER_LEN);
	dns->rcode = read_sections(&r, msg, settings, req);
	if (dns->flags & DNS_OPCODE)
		dns->rcode = DNS_NOTIMP;
	dns->reason = (uint8_t)(dns->rcode ? reason_of(dns->rcode) : judge(settings, req));
	return (enum drop_reason)dns->reason;
}
