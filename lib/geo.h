/* geo - finds the addresses of countries, subdivisions and autonomous systems in a MaxMind DB file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum geo_kind { GEO_ASN, GEO_COUNTRY, GEO_SUBDIVISION, GEO_KINDS };

/* A place or network as one number, so that places can be sorted and compared: the kind, then the AS number or the
 * letters in lower case ("fr", "us-ny"). */
typedef uint64_t geo_key;

static inline geo_key geo_key_asn(uint32_t asn)
{
	return (geo_key)GEO_ASN << 56 | asn;
}

/* Up to six octets are taken. */
static inline geo_key geo_key_code(enum geo_kind kind, const char *code, size_t len)
{
	geo_key key = 0;
	for (size_t i = 0; i < 6; i++)
		key = key << 8 | (i < len ? (uint8_t)code[i] : 0);
	return (geo_key)kind << 56 | key;
}

/* An open file. All functions: control thread. */
struct geo;

/* NULL: not a readable MaxMind DB file with records of some kind, or no memory; err says which. */
struct geo *geo_open(const char *path, char *err, size_t err_len);
void geo_close(struct geo *geo);

/* Whether records of this kind are in the file, as seen from its first records. */
bool geo_has(const struct geo *geo, enum geo_kind kind);

/* Adds the addresses of keys[i], for all n in one pass, to found[i], which is not normal afterwards if it had addresses
 * before. keys are ascending. 0, or -1 with the reason in err when the file is damaged or memory is short. */
int geo_collect(const struct geo *geo, const geo_key *keys, size_t n, struct ranges *found,
		char *err, size_t err_len);
