/* zone_rdata - the data of a record, and what stands before it, from words of a master file to wire form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/bytes.h"
#include "lib/zone.h"
#include "zone_entry.h"

#include <stdbool.h>
#include <stdint.h>

/* A name; without a dot at its end, below the origin; "@" is the origin (RFC 1035 §5.1). */
bool zone_rdata_name(const char *word, const struct dns_name *origin, struct dns_name *out);

/* Seconds: a number, or numbers with the units s, m, h, d and w. */
bool zone_rdata_ttl(const char *word, uint32_t *seconds);

/* Also types that qtype_parse does not know by name. */
bool zone_rdata_type(const char *word, uint16_t *type);

/* Reads what is left of the entry as data of the type. NULL: done. Else the word at fault; "" if there are too few. */
const char *zone_rdata_read(struct zone_entry *entry, uint16_t type, const struct dns_name *origin,
			    struct writer *w);
