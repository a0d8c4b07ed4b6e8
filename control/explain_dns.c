/* explain_dns - a DNS query made from a name and a type, and its answer told. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain.h"
#include "lib/dns_answer.h"
#include "lib/dns_name.h"
#include "lib/dns_query.h"
#include "lib/dns_wire.h"
#include "qtype.h"

#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 4096 };

/* --- The query ------------------------------------------------------------------------------ */

static void write_subnet(struct writer *w, const struct ip_prefix *subnet)
{
	size_t octets = (subnet->len + 7u) / 8;
	writer_u16(w, DNS_OPTION_ECS);
	writer_u16(w, (uint16_t)(DNS_ECS_LEN + octets));
	writer_u16(w, subnet->addr.family == 4 ? DNS_ECS_IPV4 : DNS_ECS_IPV6);
	writer_u8(w, subnet->len);
	writer_u8(w, 0);
	writer_bytes(w, subnet->addr.bytes, octets);
}

/* One question, and an OPT record as a resolver of today sends it. */
static size_t write_query(uint8_t *msg, const struct dns_name *name, uint16_t type,
			  const struct ip_prefix *subnet)
{
	static const uint16_t header[] = {0, 0, 1, 0, 0, 1};
	struct writer w = writer_of(msg, MESSAGE_MAX);
	for (unsigned i = 0; i < 6; i++)
		writer_u16(&w, header[i]);
	writer_bytes(&w, name->wire, name->len);
	writer_u16(&w, type);
	writer_u16(&w, DNS_CLASS_IN);
	writer_u8(&w, 0);
	writer_u16(&w, DNS_OPT);
	writer_u16(&w, DNS_UDP_SIZE);
	writer_u32(&w, 0);
	uint8_t *length = writer_take(&w, 2);
	uint8_t *options = w.at;
	if (subnet)
		write_subnet(&w, subnet);
	store_be16(length, (uint16_t)(w.at - options));
	return (size_t)(w.at - msg);
}

/* --- The answer ----------------------------------------------------------------------------- */

/* Reads a name that may be compressed; gives "?" and sets r->bad when it is not one. */
static const char *read_name(struct reader *r, const uint8_t *msg, char text[DNS_NAME_TEXT_MAX])
{
	struct dns_name name = {.len = 0};
	struct reader at = *r;
	bool jumped = false;
	for (unsigned hops = 0; hops < 128; hops++) {
		uint8_t n = reader_u8(&at);
		const uint8_t *rest = n >= DNS_POINTER ? reader_take(&at, 1) : reader_take(&at, n);
		if (!jumped)
			*r = at;
		if (at.bad || (n > DNS_LABEL_MAX && n < DNS_POINTER))
			break;
		if (n >= DNS_POINTER) {
			at = reader_of(msg, (size_t)(r->end - msg));
			reader_take(&at, (size_t)(n & ~DNS_POINTER) << 8 | rest[0]);
			jumped = true;
			continue;
		}
		if (name.len + n + 1u > sizeof(name.wire))
			break;
		name.wire[name.len] = n;
		memcpy(name.wire + name.len + 1, rest, n);
		name.len = (uint8_t)(name.len + n + 1);
		if (!n)
			return dns_name_text(name.wire, name.len, text);
	}
	r->bad = true;
	return "?";
}

static json_t *soa_text(struct reader *data, const uint8_t *msg)
{
	char primary[DNS_NAME_TEXT_MAX], contact[DNS_NAME_TEXT_MAX];
	const char *first = read_name(data, msg, primary);
	const char *second = read_name(data, msg, contact);
	uint32_t numbers[5];
	for (unsigned i = 0; i < 5; i++)
		numbers[i] = reader_u32(data);
	return json_sprintf("%s. %s. %u %u %u %u %u", first, second, numbers[0], numbers[1],
			    numbers[2], numbers[3], numbers[4]);
}

/* RFC 3597 §5 for types that this does not know. */
static json_t *octets_text(struct reader *data)
{
	char hex[2 * 64 + 1] = "";
	size_t n = reader_left(data);
	for (size_t i = 0; i < n && i < 64; i++)
		snprintf(hex + 2 * i, 3, "%02x", reader_u8(data));
	return json_sprintf("\\# %zu %s", n, hex);
}

static json_t *data_text(struct reader data, const uint8_t *msg, uint16_t type)
{
	char text[DNS_NAME_TEXT_MAX];
	struct ip_addr addr = {.family = type == DNS_A ? 4 : 6};
	size_t len = type == DNS_A ? 4 : 16;
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		if (reader_left(&data) != len)
			return octets_text(&data);
		memcpy(addr.bytes, data.at, len);
		return json_string(ip_addr_text(&addr, text));
	case DNS_NS:
	case DNS_CNAME:
	case DNS_DNAME:
	case DNS_PTR:
		return json_sprintf("%s.", read_name(&data, msg, text));
	case DNS_SOA:
		return soa_text(&data, msg);
	default:
		return octets_text(&data);
	}
}

/* One record as a line of a zone file; NULL for OPT. */
static json_t *record_text(struct reader *r, const uint8_t *msg)
{
	char name[DNS_NAME_TEXT_MAX], type_name[QTYPE_TEXT_MAX];
	const char *owner = read_name(r, msg, name);
	uint16_t type = reader_u16(r);
	reader_u16(r);
	uint32_t ttl = reader_u32(r);
	uint16_t len = reader_u16(r);
	const uint8_t *at = reader_take(r, len);
	if (!at || type == DNS_OPT)
		return NULL;
	json_t *data = data_text(reader_of(at, len), msg, type);
	json_t *line = json_sprintf("%s. %u IN %s %s", owner, ttl, qtype_text(type, type_name),
				    json_string_value(data));
	json_decref(data);
	return line;
}

static json_t *rcode_text(uint16_t rcode)
{
	static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
					    "NXDOMAIN", "NOTIMP",  "REFUSED"};
	return rcode < 6 ? json_string(names[rcode]) : json_sprintf("RCODE%u", rcode);
}

static json_t *answer_json(const uint8_t *msg, size_t len)
{
	static const char *const sections[] = {"answers", "authority", "additional"};
	struct reader r = reader_of(msg, len);
	reader_u16(&r);
	uint16_t flags = reader_u16(&r);
	uint16_t questions = reader_u16(&r), counts[3];
	for (unsigned i = 0; i < 3; i++)
		counts[i] = reader_u16(&r);
	char name[DNS_NAME_TEXT_MAX];
	while (questions--) {
		read_name(&r, msg, name);
		reader_u32(&r);
	}
	json_t *json = json_pack("{s:o, s:b, s:b, s:I}", "status", rcode_text(flags & DNS_RCODE),
				 "authoritative", !!(flags & DNS_AA), "truncated",
				 !!(flags & DNS_TC), "octets", (json_int_t)len);
	for (unsigned i = 0; i < 3; i++) {
		json_t *list = json_array();
		for (unsigned k = 0; k < counts[i] && !r.bad; k++) {
			json_t *line = record_text(&r, msg);
			if (line)
				json_array_append_new(list, line);
		}
		json_object_set_new(json, sections[i], list);
	}
	return json;
}

/* --- The method ----------------------------------------------------------------------------- */

/* What is asked; a wrong parameter is a fault. */
static void read_question(struct json_in *params, struct dns_name *name, uint16_t *type,
			  struct ip_prefix *subnet, bool *has_subnet)
{
	const char *name_text = json_in_text(params, "name", JSON_IN_NEEDED);
	const char *type_text = json_in_text(params, "type", JSON_IN_OPTIONAL);
	const char *subnet_text = json_in_text(params, "subnet", JSON_IN_OPTIONAL);
	if (name_text && !dns_name_from_text(name_text, name))
		json_in_fault(params, NULL, "name: '%.255s' is not a domain name", name_text);
	*type = DNS_A;
	if (type_text && !qtype_parse(type_text, type))
		json_in_fault(params, NULL, "type: '%.64s' is not a DNS record type", type_text);
	*has_subnet = subnet_text;
	if (subnet_text && !ip_prefix_parse(subnet_text, subnet))
		json_in_fault(params, NULL, "subnet: '%.64s' is not an address prefix",
			      subnet_text);
}

json_t *explain_dns(struct control *control, struct json_in *params, struct rpc_call *call)
{
	(void)call;
	uint8_t msg[MESSAGE_MAX];
	struct dns_name name;
	struct ip_prefix subnet;
	struct ip_addr client;
	struct explained explained;
	uint16_t type;
	bool has_subnet;
	read_question(params, &name, &type, &subnet, &has_subnet);
	bool from_ok = explain_from(params, &client);
	if (!json_in_end(params) || !from_ok || !explain_begin(&explained, control, &client))
		return NULL;

	const struct settings *settings = control->settings;
	size_t len = write_query(msg, &name, type, has_subnet ? &subnet : NULL);
	enum drop_reason decoded = dns_query_parse(msg, len, &settings->dns, &explained.req);
	explained.req.protocol = PROTOCOL_DNS;
	explain_match(&explained, decoded);

	match_follow(control->plane->view, &explained.req, &explained.verdict);
	size_t cap = settings->dns.udp_size;
	if (explained.req.dns.udp_size < cap)
		cap = explained.req.dns.udp_size;
	struct dns_answer answer =
		dns_answer_write(msg, cap, &explained.req, &explained.verdict, &settings->dns, 0);
	return explain_end(&explained, decoded != DROP_none ? decoded : answer.reason,
			   answer_json(msg, answer.len));
}
