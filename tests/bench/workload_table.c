/* workload_table - a table of N scopes, with footprints, expressions and wildcards as wanted. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "workload.h"

enum { TARGETS = 8, FOOTPRINT_PREFIXES = 1000 };

/* Spread evenly: the same for all that ask. */
static bool is_ipv6(const struct workload *load, uint32_t footprint)
{
	return footprint * load->ipv6 / 100 != (footprint + 1) * load->ipv6 / 100;
}

static void write_prefix(FILE *out, bool ipv6, uint32_t net)
{
	if (ipv6)
		fprintf(out, "\"2001:db8:%x:%x00::/56\"", net >> 8, net & 255);
	else
		fprintf(out, "\"%u.%u.%u.0/24\"", 16 + (net >> 16), net >> 8 & 255, net & 255);
}

static void write_footprints(FILE *out, const struct workload *load)
{
	for (uint32_t i = 0; i < load->n_prefixes; i++) {
		uint32_t footprint = i / FOOTPRINT_PREFIXES;
		bool ipv6 = is_ipv6(load, footprint);
		if (i % FOOTPRINT_PREFIXES == 0)
			fprintf(out,
				"{\"footprint\":{\"name\":\"f%u\",\"footprints\":[{\"footprint-"
				"type\":\"ipv%ccidr\","
				"\"footprint-value\":[",
				footprint, ipv6 ? '6' : '4');
		write_prefix(out, ipv6, i * UINT32_C(2654435761) % WORKLOAD_NETS);
		bool last = i % FOOTPRINT_PREFIXES == FOOTPRINT_PREFIXES - 1 ||
			    i + 1 == load->n_prefixes;
		fputs(last ? "]}]}}\n" : ",", out);
	}
}

static void write_host(FILE *out, const struct workload *load, uint32_t host)
{
	char wildcard[48] = "";
	if (workload_has_wildcard(load, host))
		snprintf(wildcard, sizeof(wildcard), ",\"*.h%u.cdn.example\"", host);
	fprintf(out,
		"{\"scope\":{\"name\":\"host-%u\",\"hosts\":[\"h%u.cdn.example\"%s],\"policy\":"
		"\"hash\","
		"\"candidates\":[{\"cdn\":\"cdn-%u\"},{\"cdn\":\"cdn-%u\"}]}}\n",
		host, host, wildcard, host % TARGETS, (host + 3) % TARGETS);
}

/* Those of a host take a part of the bit rates each, and no two of the table are the same. */
static void write_regexes(FILE *out, const struct workload *load, uint32_t host, uint32_t *regexes)
{
	uint32_t busy = (load->n_hosts + 99) / 100, each = (load->n_regexes + busy - 1) / busy;
	fputs("\"regexes\":[", out);
	for (uint32_t i = 0; i < each && *regexes < load->n_regexes; i++, ++*regexes)
		fprintf(out, "%s\"^/live/channel-%u/[%u-%u]/segment-[0-9]{1,5}\\\\.(ts|m4s|v%u)$\"",
			i ? "," : "", host % WORKLOAD_CHANNELS, i * WORKLOAD_BITRATES / each,
			(i + 1) * WORKLOAD_BITRATES / each - (each <= WORKLOAD_BITRATES), *regexes);
	fputs("],", out);
}

static void write_live(FILE *out, const struct workload *load, uint32_t host, uint32_t *regexes)
{
	uint32_t n_footprints = (load->n_prefixes + FOOTPRINT_PREFIXES - 1) / FOOTPRINT_PREFIXES;
	char footprint[16] = "most";
	if (n_footprints && host % 2)
		snprintf(footprint, sizeof(footprint), "f%u", host / 2 % n_footprints);
	fprintf(out, "{\"scope\":{\"name\":\"live-%u\",\"hosts\":[\"h%u.cdn.example\"],", host,
		host);
	bool whole =
		n_footprints && host % 4 == 1; /* the host, so that DNS asks where clients are */
	if (workload_has_regexes(load, host) && *regexes < load->n_regexes)
		write_regexes(out, load, host, regexes);
	else if (!whole)
		fprintf(out, "\"paths\":[\"/live/channel-%u/\"],", host % WORKLOAD_CHANNELS);
	fprintf(out, "\"footprints\":[\"%s\"],\"candidates\":[{\"cdn\":\"cdn-%u\"}]}}\n", footprint,
		(host + 1) % TARGETS);
}

void workload_table(FILE *out, const struct workload *load)
{
	uint32_t regexes = 0;
	write_footprints(out, load);
	for (uint32_t i = 0; i < load->n_scopes; i++) {
		if (i % 2 == 0)
			write_host(out, load, i / 2);
		else
			write_live(out, load, i / 2, &regexes);
	}
}
