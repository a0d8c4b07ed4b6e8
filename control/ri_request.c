/* ri_request - redirection-request: what an upstream CDN asks a downstream CDN about one user request. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_request.h"

#include "lib/dns_name.h"
#include "lib/dns_wire.h"
#include "lib/octet_class.h"
#include "qtype.h"

#include <stdlib.h>
#include <string.h>

/* --- Reading -------------------------------------------------------------------------------- */

/* A text that has to be there and to be one of the choices; gives its index. */
static int read_choice(struct json_in *in, const char *key, const char *const *choices)
{
	if (!json_in_text(in, key, JSON_IN_NEEDED))
		return 0;
	return json_in_choice_of(in, json_object_get(in->object, key), key, choices, 0);
}

static void read_name(struct json_in *in, struct ri_request *request)
{
	struct dns_name name;
	request->qname = json_in_text(in, "qname", JSON_IN_NEEDED);
	if (request->qname && !dns_name_from_text(request->qname, &name))
		json_in_fault(in, NULL, "qname: '%.255s' is not a domain name", request->qname);
}

static void read_dns(const struct json_source *source, json_t *json, struct ri_request *request)
{
	static const char *const types[] = {"A", "AAAA", NULL}, *const classes[] = {"IN", NULL};
	struct json_in in;
	ri_message_begin(&in, source, json, "dns");
	request->protocol = PROTOCOL_DNS;
	ri_message_address(&in, "resolver-ip", &request->resolver);
	request->qtype = read_choice(&in, "qtype", types) ? DNS_AAAA : DNS_A;
	read_choice(&in, "qclass", classes);
	read_name(&in, request);
	const char *subnet = json_in_text(&in, "c-subnet", JSON_IN_OPTIONAL);
	request->has_subnet = subnet;
	if (subnet && !ip_prefix_parse(subnet, &request->subnet))
		json_in_fault(&in, NULL, "c-subnet: '%.64s' is not an address prefix", subnet);
	request->dns_only = json_in_flag(&in, "dns-only", false);
}

static void read_http(const struct json_source *source, json_t *json, struct ri_request *request)
{
	struct json_in in;
	ri_message_begin(&in, source, json, "http");
	request->protocol = PROTOCOL_HTTP;
	ri_message_address(&in, "c-ip", &request->client);
	request->uri = json_in_text(&in, "cs-uri", JSON_IN_NEEDED);
	request->method = json_in_text(&in, "cs-method", JSON_IN_NEEDED);
	request->version = json_in_text(&in, "cs-version", JSON_IN_NEEDED);
	request->headers = json;
}

bool ri_request_read(struct ri_request *request, const void *octets, size_t len,
		     struct faults *faults)
{
	const struct json_source source = {.faults = faults};
	struct json_in in;
	*request = (struct ri_request){.max_hops = RI_NO_LIMIT};
	request->json = ri_message_load(octets, len, faults);
	if (!request->json)
		return false;
	ri_message_begin(&in, &source, request->json, RI_REQUEST_PTYPE);
	json_t *dns = json_in_object(&in, "dns"), *http = json_in_object(&in, "http");
	if (dns && http)
		json_in_fault(&in, NULL, "expected one of 'dns' and 'http', not both");
	else if (dns)
		read_dns(&source, dns, request);
	else if (http)
		read_http(&source, http, request);
	ri_path_read(&in, JSON_IN_NEEDED, &request->path);
	request->max_hops = (uint32_t)json_in_integer(&in, "max-hops", 0, RI_NO_LIMIT, RI_NO_LIMIT);
	return faults->total == in.faults;
}

void ri_request_clear(struct ri_request *request)
{
	json_decref(request->json);
	request->json = NULL;
}

/* --- Writing -------------------------------------------------------------------------------- */

bool ri_request_field(const char *member, const char **name, size_t *len)
{
	size_t all = strlen(member);
	if (all < 6 || strncmp(member, "cs-(", 4) != 0 || member[all - 1] != ')')
		return false;
	*name = member + 4;
	*len = all - 5;
	for (size_t i = 0; i < *len; i++) {
		uint8_t c = (uint8_t)(*name)[i];
		if (!(octet_class[c] & OCTET_TOKEN) || octet_lower(c) != c)
			return false;
	}
	return true;
}

static bool is_told(const char *member)
{
	static const char *const kept_back[] = {"cs-(cookie)", "cs-(authorization)",
						"cs-(proxy-authorization)"};
	const char *name;
	size_t len;
	for (size_t i = 0; i < sizeof(kept_back) / sizeof(kept_back[0]); i++)
		if (!strcmp(member, kept_back[i]))
			return false;
	return ri_request_field(member, &name, &len);
}

/* Members that are NULL are left out. */
static json_t *dns_json(const struct ri_request *request, bool with_client)
{
	char resolver[IP_TEXT_MAX], subnet[IP_TEXT_MAX], type[QTYPE_TEXT_MAX];
	bool with_subnet = with_client && request->has_subnet;
	return json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:o*}", "qtype",
			 qtype_text(request->qtype, type), "qclass", "IN", "qname", request->qname,
			 "resolver-ip",
			 with_client ? ip_addr_text(&request->resolver, resolver) : NULL,
			 "c-subnet", with_subnet ? ip_prefix_text(&request->subnet, subnet) : NULL,
			 "dns-only", request->dns_only ? json_true() : NULL);
}

static json_t *http_json(const struct ri_request *request, bool with_client)
{
	char client[IP_TEXT_MAX];
	const char *member;
	json_t *value;
	json_t *http = json_pack("{s:s, s:s, s:s, s:s*}", "cs-uri", request->uri, "cs-method",
				 request->method, "cs-version", request->version, "c-ip",
				 with_client ? ip_addr_text(&request->client, client) : NULL);
	json_object_foreach (request->headers, member, value) {
		if (json_is_string(value) && is_told(member) &&
		    json_object_set(http, member, value)) {
			json_decref(http);
			return NULL;
		}
	}
	return http;
}

static json_t *message_json(const struct ri_request *request, bool with_client)
{
	bool dns = request->protocol == PROTOCOL_DNS;
	json_t *message =
		json_pack("{s:o, s:o}", dns ? "dns" : "http",
			  dns ? dns_json(request, with_client) : http_json(request, with_client),
			  "cdn-path", ri_path_json(&request->path));
	if (request->max_hops != RI_NO_LIMIT &&
	    json_object_set_new(message, "max-hops", json_integer(request->max_hops))) {
		json_decref(message);
		return NULL;
	}
	return message;
}

char *ri_request_write(const struct ri_request *request)
{
	json_t *message = message_json(request, true);
	char *text = ri_message_text(message, 0);
	json_decref(message);
	return text;
}

char *ri_request_key(const struct ri_request *request)
{
	struct ri_request lower = *request;
	char qname[JSON_IN_TEXT_MAX + 1];
	if (request->protocol == PROTOCOL_DNS) {
		size_t len = strnlen(request->qname, JSON_IN_TEXT_MAX);
		for (size_t i = 0; i < len; i++)
			qname[i] = (char)octet_lower((uint8_t)request->qname[i]);
		qname[len] = '\0';
		lower.qname = qname;
	}
	json_t *message = message_json(&lower, false);
	char *text = ri_message_text(message, JSON_SORT_KEYS);
	json_decref(message);
	return text;
}

struct ip_prefix ri_request_client(const struct ri_request *request)
{
	if (request->protocol == PROTOCOL_DNS && request->has_subnet)
		return request->subnet;
	const struct ip_addr *addr =
		request->protocol == PROTOCOL_DNS ? &request->resolver : &request->client;
	return (struct ip_prefix){*addr, (uint8_t)ip_bits(addr)};
}
