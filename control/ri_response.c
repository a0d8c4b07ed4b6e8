/* ri_response - redirection-response: the redirection target that a downstream CDN gives, or why it gives none. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_response.h"

#include "lib/dns_name.h"
#include "lib/dns_wire.h"
#include "lib/octet_class.h"

#include <string.h>
#include <strings.h>

enum { RCODE_MAX = 4095, TTL_MAX = INT32_MAX }; /* RFC 6891 §6.1.3, RFC 2181 §8 */

static const struct {
	uint16_t status;
	const char *reason;
} redirects[] = {
	{301, "Moved Permanently"},  {302, "Found"},
	{303, "See Other"},          {307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
};

/* NULL: not the status of a redirect. */
static const char *reason_of(uint16_t status)
{
	for (size_t i = 0; i < sizeof(redirects) / sizeof(redirects[0]); i++)
		if (redirects[i].status == status)
			return redirects[i].reason;
	return NULL;
}

/* --- Reading -------------------------------------------------------------------------------- */

/* A number that has to be there. */
static uint32_t read_number(struct json_in *in, const char *key, uint32_t max)
{
	if (in->object && !json_object_get(in->object, key))
		json_in_fault(in, NULL, "'%s' is missing", key);
	return (uint32_t)json_in_integer(in, key, 0, max, 0);
}

/* The addresses of one family, one behind the other; gives how many. */
static uint8_t read_addresses(struct json_in *in, const char *key, uint8_t family, uint8_t *out)
{
	size_t n = 0, width = family == 4 ? 4 : 16;
	json_t *list = json_in_list(in, key);
	for (; n < json_array_size(list) && n < DRI_ADDRESSES_MAX; n++) {
		struct ip_addr addr;
		json_t *value = json_array_get(list, n);
		const char *text = json_in_text_of(in, value, key);
		if (text && (!ip_addr_parse(text, &addr) || addr.family != family))
			json_in_fault(in, value, "%s: '%.64s' is not an IPv%u address", key, text,
				      family);
		else if (text)
			memcpy(out + n * width, addr.bytes, width);
	}
	return (uint8_t)n;
}

static const char *read_name(struct json_in *in, json_t *value, const char *key)
{
	struct dns_name name;
	const char *text = json_in_text_of(in, value, key);
	if (text && !dns_name_from_text(text, &name))
		json_in_fault(in, value, "%s: '%.255s' is not a domain name", key, text);
	return text;
}

static void read_dns(const struct json_source *source, json_t *json, struct ri_response *response)
{
	struct json_in in;
	ri_message_begin(&in, source, json, "dns");
	response->protocol = PROTOCOL_DNS;
	response->rcode = (uint16_t)read_number(&in, "rcode", RCODE_MAX);
	if (json_in_text(&in, "name", JSON_IN_NEEDED))
		response->name = read_name(&in, json_object_get(json, "name"), "name");
	response->ttl = (uint32_t)json_in_integer(&in, "ttl", 0, TTL_MAX, 0);
	response->n_v4 = read_addresses(&in, "a", 4, response->v4[0]);
	response->n_v6 = read_addresses(&in, "aaaa", 6, response->v6[0]);
	json_t *cnames = json_in_list(&in, "cname");
	for (size_t i = 0; i < json_array_size(cnames) && i < RI_CNAMES_MAX; i++)
		response->cnames[response->n_cnames++] =
			read_name(&in, json_array_get(cnames, i), "cname");
	bool addresses = response->n_v4 || response->n_v6;
	if (response->n_cnames && addresses)
		json_in_fault(&in, NULL, "expected either 'cname' or 'a' and 'aaaa'");
	else if (response->rcode == DNS_NOERROR && !response->n_cnames && !addresses)
		json_in_fault(&in, NULL, "expected at least one of 'a', 'aaaa' and 'cname'");
}

/* It goes into a field of our own answer, so no octet may end that field. */
static bool is_location(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!(octet_class[(uint8_t)*at] & OCTET_TARGET))
			return false;
	const char *authority = !strncasecmp(text, "http://", 7)    ? text + 7
				: !strncasecmp(text, "https://", 8) ? text + 8
								    : NULL;
	return authority && !strchr("/?#", *authority);
}

static void read_http(const struct json_source *source, json_t *json, struct ri_response *response)
{
	struct json_in in;
	ri_message_begin(&in, source, json, "http");
	response->protocol = PROTOCOL_HTTP;
	response->status = (uint16_t)read_number(&in, "sc-status", 999);
	if (!reason_of(response->status))
		json_in_fault(&in, NULL, "sc-status: %u is not a redirect", response->status);
	/* The examples of §4.6 leave these two out. */
	json_in_text(&in, "sc-version", JSON_IN_OPTIONAL);
	json_in_text(&in, "sc-reason", JSON_IN_OPTIONAL);
	response->uri = json_in_text(&in, "cs-uri", JSON_IN_NEEDED);
	response->location = json_in_text(&in, "sc-(location)", JSON_IN_NEEDED);
	if (response->location && !is_location(response->location))
		json_in_fault(&in, NULL, "sc-(location): '%.255s' is not an http or https URI",
			      response->location);
}

static void read_scope(const struct json_source *source, json_t *json, struct ri_response *response)
{
	struct json_in in;
	ri_message_begin(&in, source, json, "scope");
	json_t *list = json_in_list(&in, "iprange");
	for (size_t i = 0; i < json_array_size(list) && i < RI_RANGES_MAX; i++) {
		json_t *value = json_array_get(list, i);
		const char *text = json_in_text_of(&in, value, "iprange");
		if (text && !ip_prefix_parse(text, &response->ranges[response->n_ranges++]))
			json_in_fault(&in, value, "iprange: '%.64s' is not an address prefix",
				      text);
	}
	response->has_scope = list;
}

static void read_error(const struct json_source *source, json_t *json, struct ri_response *response)
{
	struct json_in in;
	ri_message_begin(&in, source, json, "error");
	if (!json_object_get(json, "error-code"))
		json_in_fault(&in, NULL, "'error-code' is missing");
	response->error_code = (uint16_t)json_in_integer(&in, "error-code", 100, 999, RI_FAILED);
	/* The RFC's table says "reason", its examples "description". */
	const char *reason = json_in_text(&in, "reason", JSON_IN_OPTIONAL);
	const char *description = json_in_text(&in, "description", JSON_IN_OPTIONAL);
	response->error_reason = reason ? reason : description;
}

bool ri_response_read(struct ri_response *response, const void *octets, size_t len,
		      struct faults *faults)
{
	const struct json_source source = {.faults = faults};
	struct json_in in;
	*response = (struct ri_response){0};
	response->json = ri_message_load(octets, len, faults);
	if (!response->json)
		return false;
	ri_message_begin(&in, &source, response->json, RI_RESPONSE_PTYPE);
	json_t *dns = json_in_object(&in, "dns"), *http = json_in_object(&in, "http");
	json_t *scope = json_in_object(&in, "scope"), *error = json_in_object(&in, "error");
	if (dns && http)
		json_in_fault(&in, NULL, "expected one of 'dns' and 'http', not both");
	else if (dns)
		read_dns(&source, dns, response);
	else if (http)
		read_http(&source, http, response);
	if (scope)
		read_scope(&source, scope, response);
	if (error)
		read_error(&source, error, response);
	ri_path_read(&in, JSON_IN_OPTIONAL, &response->path);
	if (!response->protocol && response->error_code < 200)
		json_in_fault(&in, NULL, "expected one of 'dns', 'http' and 'error'");
	return faults->total == in.faults;
}

void ri_response_clear(struct ri_response *response)
{
	json_decref(response->json);
	response->json = NULL;
}

bool ri_response_is_refusal(const struct ri_response *response)
{
	return response->error_code >= 200 ||
	       (response->protocol == PROTOCOL_DNS && response->rcode != DNS_NOERROR);
}

const char *ri_response_cname(const struct ri_response *response, uint32_t turn)
{
	return response->n_cnames ? response->cnames[turn % response->n_cnames] : NULL;
}

/* --- Writing -------------------------------------------------------------------------------- */

/* Takes the list over; false: no memory. Empty lists are left out. */
static bool add_list(json_t *object, const char *key, json_t *list, size_t expected)
{
	if (expected && json_array_size(list) == expected)
		return json_object_set_new(object, key, list) == 0;
	json_decref(list);
	return expected == 0;
}

static json_t *addresses_json(uint8_t family, const uint8_t *bytes, uint8_t n)
{
	char text[IP_TEXT_MAX];
	size_t width = family == 4 ? 4 : 16;
	json_t *list = n ? json_array() : NULL;
	for (uint8_t i = 0; i < n; i++) {
		struct ip_addr addr = {.family = family};
		memcpy(addr.bytes, bytes + i * width, width);
		json_array_append_new(list, json_string(ip_addr_text(&addr, text)));
	}
	return list;
}

static json_t *names_json(const char *const *names, uint8_t n)
{
	json_t *list = n ? json_array() : NULL;
	for (uint8_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *ranges_json(const struct ip_prefix *ranges, uint8_t n)
{
	char text[IP_TEXT_MAX];
	json_t *list = n ? json_array() : NULL;
	for (uint8_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(ip_prefix_text(&ranges[i], text)));
	return list;
}

static json_t *dns_json(const struct ri_response *r)
{
	json_t *dns = json_pack("{s:i, s:s, s:I}", "rcode", r->rcode, "name", r->name, "ttl",
				(json_int_t)r->ttl);
	if (dns && add_list(dns, "a", addresses_json(4, r->v4[0], r->n_v4), r->n_v4) &&
	    add_list(dns, "aaaa", addresses_json(6, r->v6[0], r->n_v6), r->n_v6) &&
	    add_list(dns, "cname", names_json(r->cnames, r->n_cnames), r->n_cnames))
		return dns;
	json_decref(dns);
	return NULL;
}

static json_t *http_json(const struct ri_response *r)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s}", "sc-status", r->status, "sc-version",
			 "HTTP/1.1", "sc-reason", reason_of(r->status), "cs-uri", r->uri,
			 "sc-(location)", r->location);
}

static json_t *scope_json(const struct ri_response *r)
{
	json_t *scope = json_object();
	if (scope && add_list(scope, "iprange", ranges_json(r->ranges, r->n_ranges), r->n_ranges))
		return scope;
	json_decref(scope);
	return NULL;
}

/* Takes the value over; false: no memory. */
static bool add(json_t *message, const char *key, json_t *value)
{
	return value && json_object_set_new(message, key, value) == 0;
}

char *ri_response_write(const struct ri_response *r)
{
	json_t *message = json_object();
	bool done = message;
	if (done && r->protocol == PROTOCOL_DNS)
		done = add(message, "dns", dns_json(r));
	else if (done && r->protocol)
		done = add(message, "http", http_json(r));
	if (done && r->has_scope)
		done = add(message, "scope", scope_json(r));
	if (done && r->path.n)
		done = add(message, "cdn-path", ri_path_json(&r->path));
	if (done && r->error_code)
		done = add(message, "error",
			   json_pack("{s:i, s:s*}", "error-code", r->error_code, "reason",
				     r->error_reason));
	char *text = done ? ri_message_text(message, 0) : NULL;
	json_decref(message);
	return text;
}
