/* footprint_table - what footprint*.c share: the lists as they were added, and the compiled form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "footprint.h"
#include "geo.h"

/* Values of footprint objects in a form that can be sorted and compared: for CIDR 16 octets of address and the length,
 * else a geo_key in network byte order, then zeros. */
struct footprint_value {
	uint8_t bytes[17];
};

/* A list in canonical form: for each type the values of all its objects, ascending, each once. Slots FOOTPRINT_UNION and
 * up are the values of union objects, which add up whatever their types are. */
enum { FOOTPRINT_SLOTS = 2 * FOOTPRINT_UNION };

struct footprint_list {
	uint64_t hash;
	size_t values; /* index of the first in the builder's values; slot by slot */
	uint32_t n[FOOTPRINT_SLOTS];
};

/* A list's id is its index. */
struct footprint_builder {
	struct footprint_list *lists;
	struct footprint_value *values;
	uint32_t *index; /* hash -> id + 1, open addressing; its size is a power of two */
	struct geo **geo;
	size_t n_lists, lists_cap, n_values, values_cap, index_size, n_geo, geo_cap;
};

static inline bool footprint_slot_is_geo(unsigned slot)
{
	return slot % FOOTPRINT_UNION >= FOOTPRINT_ASN;
}

struct ip_prefix footprint_value_prefix(const struct footprint_value *value, unsigned slot);
geo_key footprint_value_key(const struct footprint_value *value);

/* Intervals are where the class may change: interval i goes from starts[i] to just before the next one, the first starts
 * at 0, the last ends at the highest address. classes[i] is the place of its class in the table's words. index[b] is the
 * interval that holds the lowest address of bucket b; one more entry holds the last interval. */
enum {
	FOOTPRINT_BUCKETS4 = 1 << 16,       /* by the first 16 bits */
	FOOTPRINT_BUCKETS6 = (1 << 16) + 2, /* below 2000::/3, 16 bits inside it, above it */
};

struct footprint_start6 {
	uint64_t high, low;
};

struct footprint_table {
	size_t n_footprints, n_classes, n_words, n4, n6;
	uint32_t *words; /* struct footprint_class, one after the other */
	uint32_t *starts4, *classes4;
	struct footprint_start6 *starts6;
	uint32_t *classes6;
	uint32_t index4[FOOTPRINT_BUCKETS4 + 1];
	uint32_t index6[FOOTPRINT_BUCKETS6 + 1];
};

/* Fills index4 and index6. */
void footprint_table_index(struct footprint_table *table);
