/* scope_rank - the one rule by which one matching scope wins over another. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "scope_rank.h"

/* Fields of the rank from the highest bit down: the order of the rules. */
enum {
	CONDITIONS_BITS = 3,
	PROTOCOL_BITS = 2,
	FOOTPRINT_BITS = 8,
	PATH_KIND_BITS = 2,
	PATH_LEN_BITS = 11,
	HOST_BITS = 8,
	PRIORITY_BITS = 16,

	PROTOCOL_SHIFT = CONDITIONS_BITS,
	FOOTPRINT_SHIFT = PROTOCOL_SHIFT + PROTOCOL_BITS,
	PATH_KIND_SHIFT = FOOTPRINT_SHIFT + FOOTPRINT_BITS,
	PATH_LEN_SHIFT = PATH_KIND_SHIFT + PATH_KIND_BITS,
	HOST_SHIFT = PATH_LEN_SHIFT + PATH_LEN_BITS,
	PRIORITY_SHIFT = HOST_SHIFT + HOST_BITS,
};

static uint64_t at_most(unsigned value, unsigned bits)
{
	unsigned max = (1u << bits) - 1;
	return value < max ? value : max;
}

uint64_t scope_rank(const struct scope_rank_parts *parts)
{
	/* A host has at most 127 labels (RFC 1035 §3.1), so an exact one stands above every wildcard. */
	unsigned host = parts->host_exact ? 128u + parts->host_labels : parts->host_labels;
	unsigned protocols = 3u - (unsigned)__builtin_popcount(parts->protocols & 7u);

	return (uint64_t)(uint16_t)(parts->priority - INT16_MIN) << PRIORITY_SHIFT |
	       at_most(host, HOST_BITS) << HOST_SHIFT |
	       at_most(parts->path_len, PATH_LEN_BITS) << PATH_LEN_SHIFT |
	       at_most(parts->path_kind, PATH_KIND_BITS) << PATH_KIND_SHIFT |
	       (uint64_t)parts->footprint << FOOTPRINT_SHIFT |
	       (uint64_t)protocols << PROTOCOL_SHIFT | at_most(parts->conditions, CONDITIONS_BITS);
}

const char *scope_rank_why(uint64_t a, uint64_t b)
{
	static const struct {
		unsigned shift;
		const char *why;
	} rules[] = {
		{PRIORITY_SHIFT, "higher priority"},
		{HOST_SHIFT, "more specific host"},
		{PATH_LEN_SHIFT, "longer path"},
		{PATH_KIND_SHIFT, "pattern before regex before plain prefix"},
		{FOOTPRINT_SHIFT, "narrower footprint"},
		{PROTOCOL_SHIFT, "fewer protocols"},
		{0, "more conditions"},
	};
	for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (a >> rules[i].shift != b >> rules[i].shift)
			return rules[i].why;
	return "configured first";
}
