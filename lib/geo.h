/* geo - reads what MaxMind DB files say of addresses: AS number, country, subdivisions. */
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

/* What a file says of an address. */
enum { GEO_SUBDIVISIONS_MAX = 8, GEO_RECORD_MAX = 2 + GEO_SUBDIVISIONS_MAX };
struct geo_record {
	uint32_t n; /* 0: nothing that we read */
	geo_key keys[GEO_RECORD_MAX];
};

/* Told of a file's content; false: no memory. */
struct geo_sink {
	void *arg;
	/* A record, which gets a number from the sink. The same one may come again. */
	bool (*record)(void *arg, const struct geo_record *record, uint32_t *number);
	/* A network, in ascending order for each family (4 or 6), with the number of its record. */
	bool (*network)(void *arg, unsigned family, const struct range *network);
};

/* Reads a whole file. 0, or -1 with the reason in err: not a readable MaxMind DB file, damaged, without records of any
 * kind, or no memory. Any thread. */
int geo_read(const char *path, const struct geo_sink *sink, char *err, size_t err_len);
