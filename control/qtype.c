/* qtype - DNS record types by name. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "qtype.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	uint16_t type;
} types[] = {
	{"A", 1},      {"NS", 2},    {"CNAME", 5},  {"SOA", 6},    {"PTR", 12},   {"HINFO", 13},
	{"MX", 15},    {"TXT", 16},  {"AAAA", 28},  {"LOC", 29},   {"SRV", 33},   {"NAPTR", 35},
	{"DNAME", 39}, {"OPT", 41},  {"DS", 43},    {"SSHFP", 44}, {"RRSIG", 46}, {"DNSKEY", 48},
	{"TLSA", 52},  {"SVCB", 64}, {"HTTPS", 65}, {"ANY", 255},  {"URI", 256},  {"CAA", 257},
};

bool qtype_parse(const char *text, uint16_t *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!strcasecmp(types[i].name, text)) {
			*type = types[i].type;
			return true;
		}
	}
	if (strncasecmp(text, "TYPE", 4) != 0 || !text[4] || strlen(text) > 9)
		return false;
	unsigned long number = 0;
	for (const char *at = text + 4; *at; at++) {
		if (*at < '0' || *at > '9')
			return false;
		number = number * 10 + (unsigned long)(*at - '0');
	}
	*type = (uint16_t)number;
	return number <= UINT16_MAX;
}

const char *qtype_text(uint16_t type, char buf[QTYPE_TEXT_MAX])
{
	snprintf(buf, QTYPE_TEXT_MAX, "TYPE%u", type);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			snprintf(buf, QTYPE_TEXT_MAX, "%s", types[i].name);
	return buf;
}
