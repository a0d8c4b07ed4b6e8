/* fuzz_dns_query - any octets as a DNS query, and the answers to what can be read, in any room. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/zone_records.h"
#include "lib/dns_answer.h"
#include "lib/dns_name.h"
#include "lib/dns_query.h"
#include "lib/dns_redirect.h"
#include "lib/dns_wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Moves behind a name whose pointers point back. */
static void skip_name(struct reader *r, const uint8_t *msg)
{
	for (uint8_t len; (len = reader_u8(r));) {
		if (len >= DNS_POINTER) {
			size_t to = (size_t)(len & 0x3f) << 8 | reader_u8(r);
			must(!r->bad && to >= DNS_HEADER_LEN && to < (size_t)(r->at - msg) - 2);
			return;
		}
		must(len <= DNS_LABEL_MAX && reader_take(r, len));
	}
}

/* The answer is a whole message, and nothing else. */
static void check_answer(const uint8_t *msg, const struct dns_answer *answer, size_t cap)
{
	must(answer->len >= DNS_HEADER_LEN && answer->len <= cap && answer->reason < DROP__COUNT);
	must(load_be16(msg + 2) & DNS_QR);
	must(load_be16(msg + 4) <= 1);
	must(!(load_be16(msg + 2) & DNS_TC) ==
	     (answer->reason != DROP_dns_truncated && answer->reason != DROP_dns_no_cookie));

	struct reader r = reader_of(msg + DNS_HEADER_LEN, answer->len - DNS_HEADER_LEN);
	if (load_be16(msg + 4)) {
		skip_name(&r, msg);
		reader_u32(&r);
	}
	uint32_t records = load_be16(msg + 6) + load_be16(msg + 8) + load_be16(msg + 10);
	while (records--) {
		skip_name(&r, msg);
		reader_take(&r, 8);
		reader_take(&r, reader_u16(&r));
		must(!r.bad);
	}
	must(!r.bad && !reader_left(&r));
}

/* SOA, NS with glue at the apex, and a wildcard. */
static void make_zone(struct zone *zone, const uint8_t *qname, size_t len, unsigned cut)
{
	static const uint8_t key[16], address[4];
	struct dns_name wildcard = {.len = 0};
	struct zone_records records = {0};
	struct place place = {NULL, 0};
	const char *why;
	size_t packed_len;
	uint8_t soa[2 * 255 + 20] = {0};
	for (; cut && len > 1; cut--) {
		len -= 1u + *qname;
		qname += 1u + *qname;
	}
	const struct dns_name *apex = &zone->apex;
	zone->apex.len = (uint8_t)len;
	memcpy(zone->apex.wire, qname, len);
	memcpy(soa, qname, len);
	memcpy(soa + len, qname, len);
	zone_records_add(&records, qname, len, DNS_SOA, 60, soa, 2 * len + 20, place);
	zone_records_add(&records, qname, len, DNS_NS, 60, qname, len, place);
	zone_records_add(&records, qname, len, DNS_A, 60, address, 4, place);
	if (len + 2 <= sizeof(wildcard.wire)) {
		memcpy(wildcard.wire, "\1*", 2);
		memcpy(wildcard.wire + 2, qname, len);
		zone_records_add(&records, wildcard.wire, len + 2, DNS_TXT, 60, address, 4, place);
	}
	struct faults faults = {0};
	zone_records_check(&records, apex, place, &faults);
	must(!faults.total);
	uint8_t *packed = zone_records_pack(&records, &packed_len);
	zone->data = zone_data_new(apex, packed, packed_len, key, &why);
	must(zone->data);
	free(packed);
	zone_records_clear(&records);
}

/* What is written directly is what the whole writer wrote. */
static void check_direct(const uint8_t *query, size_t size, size_t cap, const struct request *req,
			 const struct verdict *verdict, const uint8_t *whole,
			 const struct dns_answer *answer)
{
	uint8_t *msg = malloc(size > cap ? size : cap);
	must(msg);
	memcpy(msg, query, size);
	size_t len = dns_redirect_write(msg, cap, req, verdict, (uint32_t)size);
	must(!len || (len == answer->len && !memcmp(msg, whole, len)));
	free(msg);
}

static void answer_all(const uint8_t *query, size_t size, size_t cap, const struct request *req,
		       const struct dns_settings *settings)
{
	struct zone zone = {0};
	if (req->dns.question_end)
		make_zone(&zone, query + DNS_HEADER_LEN,
			  req->dns.question_end - DNS_HEADER_LEN - 4u, cap % 4);
	struct scope scope = {.deny_nxdomain = cap % 2};
	struct dri addresses = {.n_v4 = 1 + cap % 16, .n_v6 = DRI_ADDRESSES_MAX};
	struct dri alias = {.ttl = (uint32_t)size};
	must(dri_set_cname(&alias, zone.apex.wire, zone.apex.len));

	for (unsigned i = 0; i <= 2 * VERDICT_ERROR + 1; i++) {
		struct verdict verdict = {
			.outcome = req->dns.reason ? VERDICT_ERROR : (uint8_t)(i / 2),
			.zone = zone.apex.len ? &zone : NULL,
			.scope = &scope,
			.dri = i % 2 ? &addresses : &alias,
			.ecs_scope = 24,
		};
		if (verdict.zone && req->dns.qname)
			zone_data_find(zone.data, req->dns.qname, req->dns.qname_len,
				       req->dns.qtype, &verdict.found);
		if (verdict.found.outcome == ZONE_LINK)
			verdict.found.outcome = ZONE_UNASKED;
		uint8_t *msg = malloc(size > cap ? size : cap);
		must(msg);
		memcpy(msg, query, size);
		struct dns_answer answer =
			dns_answer_write(msg, cap, req, &verdict, settings, (uint32_t)size);
		check_answer(msg, &answer, cap);
		if (size > cap)
			must(!memcmp(msg + cap, query + cap, size - cap));
		check_direct(query, size, cap, req, &verdict, msg, &answer);
		free(msg);
	}
	zone_data_free(zone.data);
	free(alias.cname_key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Two octets say how the rest is taken. */
	if (size < 2)
		return 0;
	struct dns_settings settings = {.udp_size = 1232,
					.client_subnet = data[0] & 0x80,
					.cookies = (data[0] >> 5 & 3) % 3,
					.n_secrets = 1,
					.nsid_len = 3,
					.version = "v",
					.id = "i"};
	size_t cap = DNS_HEADER_LEN + (load_be16(data) & 0x7ff);
	data += 2;
	size -= 2;

	static struct request req;
	memset(&req, 0, sizeof(req));
	req.client.family = 4;
	req.client_len = 32;
	enum drop_reason reason = dns_query_parse(data, size, &settings, &req);
	must(req.key_len == req.host_len + 1 && req.key[req.host_len] == '/');
	must(req.dns.question_end <= size && req.client_len <= ip_bits(&req.client));
	must(settings.client_subnet || (!req.dns.ecs && req.client_len == 32));
	must(!req.dns.rcode || drop_reason_is_answered(reason));
	must(req.dns.reason == reason || reason == DROP_dns_short || reason == DROP_dns_response);
	if (reason == DROP_none || drop_reason_is_answered(reason))
		answer_all(data, size, cap, &req, &settings);
	return 0;
}
