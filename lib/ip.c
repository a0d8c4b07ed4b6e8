/* ip - addresses and prefixes of both families: parse, print, compare. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static int af(const struct ip_addr *addr)
{
	return addr->family == 4 ? AF_INET : AF_INET6;
}

bool ip_addr_parse(const char *text, struct ip_addr *out)
{
	memset(out, 0, sizeof(*out));
	out->family = strchr(text, ':') ? 6 : 4;
	return inet_pton(af(out), text, out->bytes) == 1;
}

/* A decimal number without sign and leading zeros, up to max. */
static bool parse_len(const char *text, unsigned max, uint8_t *len)
{
	unsigned value = 0;
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 3 || text[digits] || (text[0] == '0' && digits > 1))
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (unsigned)(text[i] - '0');
	*len = (uint8_t)value;
	return value <= max;
}

bool ip_prefix_parse(const char *text, struct ip_prefix *out)
{
	char addr[IP_TEXT_MAX];
	size_t len = strcspn(text, "/");
	if (len >= sizeof(addr))
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (!ip_addr_parse(addr, &out->addr))
		return false;
	out->len = (uint8_t)ip_bits(&out->addr);
	if (text[len] && !parse_len(text + len + 1, out->len, &out->len))
		return false;

	struct ip_addr masked = out->addr;
	ip_addr_mask(&masked, out->len);
	return ip_addr_equal(&masked, &out->addr);
}

const char *ip_addr_text(const struct ip_addr *addr, char buf[IP_TEXT_MAX])
{
	return inet_ntop(af(addr), addr->bytes, buf, IP_TEXT_MAX);
}

const char *ip_prefix_text(const struct ip_prefix *prefix, char buf[IP_TEXT_MAX])
{
	ip_addr_text(&prefix->addr, buf);
	size_t len = strlen(buf);
	snprintf(buf + len, IP_TEXT_MAX - len, "/%u", prefix->len);
	return buf;
}

bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, ip_bits(a) / 8) == 0;
}

void ip_addr_mask(struct ip_addr *addr, unsigned len)
{
	for (unsigned i = 0; i < ip_bits(addr) / 8; i++) {
		if (len <= i * 8)
			addr->bytes[i] = 0;
		else if (len < i * 8 + 8)
			addr->bytes[i] &= (uint8_t)(0xff << (i * 8 + 8 - len));
	}
}

void ip_addr_unmap(struct ip_addr *addr)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	if (addr->family != 6 || memcmp(addr->bytes, mapped, sizeof(mapped)) != 0)
		return;
	struct ip_addr inner = {.family = 4};
	memcpy(inner.bytes, addr->bytes + sizeof(mapped), 4);
	*addr = inner;
}

bool ip_prefixes_have(const struct ip_prefix *list, size_t n, const struct ip_addr *addr)
{
	for (size_t i = 0; i < n; i++) {
		struct ip_addr masked = *addr;
		ip_addr_mask(&masked, list[i].len);
		if (ip_addr_equal(&masked, &list[i].addr))
			return true;
	}
	return false;
}
