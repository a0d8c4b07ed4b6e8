/* forwarded - the addresses that proxies wrote into a request: Forwarded (RFC 7239) or X-Forwarded-For. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarded.h"

#include "http_field.h"
#include "http_request.h"

/* Digits, or what hides them: "_" and letters (RFC 7239 §6.3). */
static bool is_port(struct span port)
{
	for (uint32_t i = 0; i < port.len; i++)
		if (!OCTET_ALNUM(port.at[i]) && port.at[i] != '.' && port.at[i] != '_' &&
		    port.at[i] != '-')
			return false;
	return port.len > 0;
}

static bool parse_text(struct span text, struct ip_addr *addr)
{
	char copy[IP_TEXT_MAX];
	if (text.len >= sizeof(copy) || memchr(text.at, '\0', text.len))
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	return ip_addr_parse(copy, addr);
}

/* nodename [ ":" node-port ] (RFC 7239 §6) */
static bool parse_node(struct span node, bool bare_ip6, struct ip_addr *addr)
{
	bool brackets = node.len && node.at[0] == '[';
	const uint8_t *colon = node.len ? memchr(node.at, ':', node.len) : NULL;
	struct span name = node, rest = {NULL, 0};
	if (brackets) {
		const uint8_t *close = memchr(node.at, ']', node.len);
		if (!close)
			return false;
		name = (struct span){node.at + 1, (uint32_t)(close - node.at - 1)};
		rest = span_from(node, name.len + 2);
	} else if (colon && !(bare_ip6 &&
			      memchr(colon + 1, ':', (size_t)(node.at + node.len - colon - 1)))) {
		name.len = (uint32_t)(colon - node.at);
		rest = span_from(node, name.len);
	}
	if ((rest.len && (rest.at[0] != ':' || !is_port(span_from(rest, 1)))) ||
	    !parse_text(name, addr) || (brackets && addr->family != 6))
		return false;
	ip_addr_unmap(addr);
	return true;
}

/* There is nothing in an address that needs a backslash. */
static bool unquote(struct span *value)
{
	if (!value->len || value->at[0] != '"')
		return true;
	if (value->len < 2 || value->at[value->len - 1] != '"')
		return false;
	*value = (struct span){value->at + 1, value->len - 2};
	return true;
}

bool forwarded_for(struct span element, struct ip_addr *addr)
{
	bool found = false;
	while (element.len) {
		struct span value = span_trim(span_cut(&element, ';'));
		struct span name = span_cut(&value, '=');
		if (!span_is(name, "for", 3))
			continue;
		if (found || !unquote(&value) || !parse_node(value, false, addr))
			return false;
		found = true;
	}
	return found;
}

bool forwarded_x_for(struct span member, struct ip_addr *addr)
{
	return parse_node(member, true, addr);
}

void forwarded_client(const struct request *req, bool x_forwarded_for,
		      const struct ip_prefix *proxies, size_t n, struct ip_addr *client)
{
	const char *name = x_forwarded_for ? "x-forwarded-for" : "forwarded";
	struct span hops[FORWARDED_HOPS_MAX], rest = req->http.headers, value, hop;
	uint32_t n_hops = 0;
	while ((value = http_request_next_header(&rest, name, strlen(name))).at)
		while (span_next_member(&value, &hop))
			hops[n_hops++ % FORWARDED_HOPS_MAX] = hop;
	uint32_t least = n_hops > FORWARDED_HOPS_MAX ? n_hops - FORWARDED_HOPS_MAX : 0;
	while (n_hops-- > least && ip_prefixes_have(proxies, n, client)) {
		struct ip_addr before;
		hop = hops[n_hops % FORWARDED_HOPS_MAX];
		if (!(x_forwarded_for ? forwarded_x_for(hop, &before)
				      : forwarded_for(hop, &before)))
			return;
		*client = before;
	}
}
