/* footprint - where clients may be: footprint objects compiled to address ranges, and one search that tells in which of
 * all footprints an address is. RFC 8006 §4.2.2.2, RFC 9388. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum footprint_type {
	FOOTPRINT_IPV4CIDR,
	FOOTPRINT_IPV6CIDR,
	FOOTPRINT_ASN,
	FOOTPRINT_COUNTRYCODE,
	FOOTPRINT_SUBDIVISIONCODE,
	FOOTPRINT_UNION,
};

/* One footprint object. Its values are alternatives. A union has members instead, of any type but union. */
struct footprint {
	enum footprint_type type;
	size_t n_values;
	char **values; /* "192.0.2.0/24", "as64496", "fr", "us-ny" */
	size_t n_members;
	struct footprint *members;
};

/* false: not a type we know. */
bool footprint_type_parse(const char *text, enum footprint_type *type);

/* --- Control thread: building ------------------------------------------------------------------------------- */

struct footprint_builder;
struct footprint_table;

/* NULL: no memory. */
struct footprint_builder *footprint_builder_new(void);
void footprint_builder_free(struct footprint_builder *builder);

/* Adds a geolocation database in MaxMind DB format. 0, or -1 with the reason in err. Records are read for the keys
 * country.iso_code, country_code, subdivisions[].iso_code, autonomous_system_number and asn. */
int footprint_builder_geo(struct footprint_builder *builder, const char *path, char *err,
			  size_t err_len);

/* Adds a list of footprint objects that narrow each other when their types differ and add up when they are of one type
 * (RFC 8008 App. B, RFC 9388 §2.2). Gives an id, the same one for the same list, and the list's rank (footprint_rank
 * in lib/scope_rank.h). 0, or -1 with the reason in err: a value that its type does not allow, or a geographic type
 * when no database that has it was added. Names the value. */
int footprint_builder_add(struct footprint_builder *builder, const struct footprint *list, size_t n,
			  uint32_t *id, uint8_t *rank, char *err, size_t err_len);

/* Compiles everything added so far; the builder stays usable. NULL: no memory, or a database fault, reason in err. */
struct footprint_table *footprint_builder_finish(struct footprint_builder *builder, char *err,
						 size_t err_len);
void footprint_table_free(struct footprint_table *table);

/* For show: number of footprints, of address intervals, and bytes used. */
struct footprint_size {
	size_t footprints, intervals4, intervals6, classes, bytes;
};
struct footprint_size footprint_table_size(const struct footprint_table *table);

/* --- Any thread: searching ------------------------------------------------------------------------------------ */

/* The footprints that an address is in: a class is shared by all addresses that are in the same ones. */
struct footprint_class {
	uint32_t n;
	uint32_t ids[]; /* ascending */
};

/* Never NULL. */
const struct footprint_class *footprint_find(const struct footprint_table *table,
					     const struct ip_addr *addr);

static inline bool footprint_class_has(const struct footprint_class *class_, uint32_t id)
{
	uint32_t low = 0, high = class_->n;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (class_->ids[mid] < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < class_->n && class_->ids[low] == id;
}

/* Length of the shortest prefix around addr within which all addresses are in the same ones of the n footprints asked
 * for; 0 when n is 0. It is exact while at most FOOTPRINT_NEIGHBOURS intervals have to be looked at; past that a longer
 * (safe) prefix is given. For the SCOPE PREFIX-LENGTH of RFC 7871 §7.2.1. */
enum { FOOTPRINT_NEIGHBOURS = 64 };
unsigned footprint_scope_len(const struct footprint_table *table, const struct ip_addr *addr,
			     const uint32_t *ids, size_t n);
