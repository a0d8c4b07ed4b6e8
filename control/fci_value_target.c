/* fci_value_target - FCI.RedirectTarget (RFC 8804 §2): where a downstream CDN wants requests redirected to. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "fci_value.h"
#include "lib/dns_name.h"
#include "lib/octet_class.h"
#include "lib/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_MAX = 255 };

/* An Endpoint (RFC 8006 §4.3.3): a host name or an address, and a port or 0. */
struct endpoint {
	char host[HOST_MAX + 1]; /* in lower case; addresses in RFC 5952 form without brackets */
	bool is_v4, is_v6;
	unsigned port;
};

static bool parse_port(const char *text, unsigned *port)
{
	size_t digits = strspn(text, "0123456789");
	*port = (unsigned)strtoul(text, NULL, 10);
	return digits >= 1 && digits <= 5 && !text[digits] && *port >= 1 && *port <= UINT16_MAX;
}

/* Takes the address or name of `len` octets. */
static bool put_host(struct endpoint *endpoint, const char *text, size_t len)
{
	struct ip_addr address;
	struct request request;
	char canonical[IP_TEXT_MAX];
	if (len > HOST_MAX)
		return false;
	for (size_t i = 0; i <= len; i++)
		endpoint->host[i] = i < len ? (char)octet_lower((uint8_t)text[i]) : '\0';
	if (!ip_addr_parse(endpoint->host, &address))
		return request_key_host(&request, (const uint8_t *)text, len);
	endpoint->is_v4 = address.family == 4;
	endpoint->is_v6 = address.family == 6;
	strcpy(endpoint->host, ip_addr_text(&address, canonical));
	return true;
}

/* An IPv6 address stands in brackets when a port follows, and may stand in them otherwise. */
static bool parse_endpoint(const char *text, struct endpoint *endpoint)
{
	*endpoint = (struct endpoint){0};
	const char *close = text[0] == '[' ? strchr(text, ']') : NULL;
	if (close && !(put_host(endpoint, text + 1, (size_t)(close - text) - 1) && endpoint->is_v6))
		return false;
	if (close)
		return !close[1] || (close[1] == ':' && parse_port(close + 2, &endpoint->port));
	const char *colon = strchr(text, ':');
	if (!colon || strchr(colon + 1, ':'))
		return put_host(endpoint, text, strlen(text));
	return put_host(endpoint, text, (size_t)(colon - text)) &&
	       parse_port(colon + 1, &endpoint->port);
}

static bool read_endpoint(struct json_in *in, json_t *value, const char *key,
			  struct endpoint *endpoint)
{
	const char *text = json_in_text_of(in, value, key);
	if (!text)
		return false;
	if (parse_endpoint(text, endpoint))
		return true;
	json_in_fault(in, value,
		      "%s: '%.64s' is neither a host nor an address with or without port", key,
		      text);
	return false;
}

/* Requests are told apart by their hosts, not by their ports. */
static json_t *read_hosts(struct json_in *in)
{
	json_t *given = json_in_list(in, "redirecting-hosts"), *list = json_array();
	if (json_array_size(given) > FCI_TEXTS_MAX) {
		json_in_fault(in, given, "redirecting-hosts: more than %d hosts", FCI_TEXTS_MAX);
		given = NULL;
	}
	for (size_t i = 0; i < json_array_size(given); i++) {
		struct endpoint endpoint;
		json_t *value = json_array_get(given, i);
		if (!read_endpoint(in, value, "redirecting-hosts", &endpoint))
			continue;
		if (endpoint.port && endpoint.port != 80 && endpoint.port != 443)
			json_in_fault(in, value,
				      "redirecting-hosts: a port other than 80 and 443 cannot be "
				      "told apart");
		char text[HOST_MAX + 3];
		snprintf(text, sizeof(text), endpoint.is_v6 ? "[%s]" : "%s", endpoint.host);
		if (json_array_append_new(list, json_string(text)))
			fci_value_made(in, NULL);
	}
	json_t *hosts = json_array_size(list) ? fci_value_set(in, list) : NULL;
	json_decref(list);
	return hosts;
}

/* The member, unless it says nothing: null and {} are no target (RFC 8804 §2.1). */
static json_t *target_of(struct json_in *in, const char *key)
{
	json_t *value = json_object_get(in->object, key);
	if (json_is_null(value) || (json_is_object(value) && !json_object_size(value)))
		return NULL;
	return json_in_object(in, key);
}

/* A port says nothing in DNS. */
static json_t *read_dns_target(struct json_in *outer)
{
	struct json_in in;
	struct endpoint endpoint;
	struct dns_name name;
	json_t *json = target_of(outer, "dns-target");
	if (!json)
		return NULL;
	json_in_begin(&in, outer->source, json, outer->place, "dns-target");
	json_t *host = json_object_get(json, "host");
	if (!host)
		json_in_fault(&in, NULL, "'host' is missing");
	else if (read_endpoint(&in, host, "host", &endpoint) && !endpoint.is_v4 &&
		 !endpoint.is_v6 && !dns_name_from_text(endpoint.host, &name))
		json_in_fault(&in, host, "host: '%.64s' is not a domain name", endpoint.host);
	if (!json_in_good(&in))
		return NULL;
	return fci_value_made(&in, json_pack("{s:s}", "host", endpoint.host));
}

static json_t *write_authority(struct json_in *in, const struct endpoint *endpoint)
{
	char authority[HOST_MAX + 16];
	int len = snprintf(authority, sizeof(authority), endpoint->is_v6 ? "[%s]" : "%s",
			   endpoint->host);
	if (endpoint->port)
		snprintf(authority + len, sizeof(authority) - (size_t)len, ":%u", endpoint->port);
	return fci_value_made(in, json_pack("{s:s}", "host", authority));
}

static json_t *read_http_target(struct json_in *outer)
{
	static const char *const schemes[] = {"http", "https", NULL};
	struct json_in in;
	struct endpoint endpoint;
	json_t *json = target_of(outer, "http-target");
	if (!json)
		return NULL;
	json_in_begin(&in, outer->source, json, outer->place, "http-target");
	json_t *host = json_object_get(json, "host");
	if (host)
		read_endpoint(&in, host, "host", &endpoint);
	else
		json_in_fault(&in, NULL, "'host' is missing");
	int scheme = json_in_choice(&in, "scheme", schemes, -1);
	const char *prefix = json_in_text(&in, "path-prefix", JSON_IN_OPTIONAL);
	bool include = json_in_flag(&in, "include-redirecting-host", false);
	if (prefix && (prefix[0] != '/' || prefix[strlen(prefix) - 1] != '/'))
		json_in_fault(&in, NULL, "path-prefix: '%.64s' does not begin and end with '/'",
			      prefix);
	if (!json_in_good(&in))
		return NULL;
	json_t *target = write_authority(&in, &endpoint);
	fci_value_put(&in, target, "scheme", scheme < 0 ? NULL : schemes[scheme]);
	fci_value_put(&in, target, "path-prefix", prefix);
	if (include && json_object_set_new(target, "include-redirecting-host", json_true()))
		fci_value_made(&in, NULL);
	return target;
}

json_t *fci_value_target(const struct json_source *source, json_t *value)
{
	struct json_in in;
	json_in_begin(&in, source, value, source->place, "capability-value");
	json_t *hosts = read_hosts(&in), *dns = read_dns_target(&in), *http = read_http_target(&in);
	json_t *target = json_pack("{s:o*, s:o*, s:o*}", "redirecting-hosts", hosts, "dns-target",
				   dns, "http-target", http);
	if (json_in_good(&in))
		return fci_value_made(&in, target);
	json_decref(target);
	return NULL;
}
