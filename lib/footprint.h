/* footprint - where clients may be: lists of footprint objects, in a table that changes list by list, and the search that tells
 * in which of them an address is. RFC 8006 §4.2.2.2, RFC 9388. */
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

const char *footprint_type_name(enum footprint_type type);

/* NULL: the type allows the value (RFC 8006 §4.3.5 to §4.3.8, RFC 9388 §2.1); else what it expects, as words. Not for a union. */
const char *footprint_value_expected(enum footprint_type type, const char *value);

/* --- Geolocation ------------------------------------------------------------------------------------------------ */

/* What MaxMind DB files say of each address (AS number, country, subdivisions), flattened. Immutable; counted by the
 * control thread. Records are read for the keys country.iso_code, country_code, subdivisions[].iso_code,
 * autonomous_system_number and asn. */
struct footprint_geo;

/* NULL: the reason is in err. Any thread; may take seconds for a large file. */
struct footprint_geo *footprint_geo_load(const char *const *paths, size_t n, char *err,
					 size_t err_len);
void footprint_geo_retain(struct footprint_geo *geo);
void footprint_geo_release(struct footprint_geo *geo);

/* Is it made of these files, and are they as they were (size, time of change, inode)? */
bool footprint_geo_is(const struct footprint_geo *geo, const char *const *paths, size_t n);

/* The path of its i-th file, as it was loaded; NULL: it has no more. */
const char *footprint_geo_path(const struct footprint_geo *geo, size_t i);

/* --- The table: control thread ---------------------------------------------------------------------------------- */

/* One version: immutable, shares what it can with the version that it was made of, counted. */
struct footprint_table;

/* An empty one; geo NULL: lists with geographic types are refused. It takes a reference of its own on geo. NULL: no memory. */
struct footprint_table *footprint_table_new(struct footprint_geo *geo);
void footprint_table_retain(struct footprint_table *table);
void footprint_table_release(struct footprint_table *table);
struct footprint_geo *footprint_table_geo(const struct footprint_table *table); /* or NULL */

/* A change: the table that it begins on is not touched. The cost of each edit goes with the size of the list, not of the
 * table. NULL: no memory. */
struct footprint_txn;
struct footprint_txn *footprint_begin(struct footprint_table *from);

/* Takes a list of footprint objects in: they narrow each other when their types differ and add up when they are of one
 * type (RFC 8008 App. B, RFC 9388 §2.2). Gives an id and the list's rank (footprint_rank in lib/scope_rank.h). Equal lists
 * get the same id and are counted: footprint_drop is called as often as footprint_take. 0, or -1 with the reason in err and
 * nothing changed: a value that its type does not allow (named), or a geographic type without a database that has it. */
int footprint_take(struct footprint_txn *txn, const struct footprint *list, size_t n, uint32_t *id,
		   uint8_t *rank, char *err, size_t err_len);

/* The same, but the id is this list's alone, so that its content can change under it: for lists that have a name. */
int footprint_add(struct footprint_txn *txn, const struct footprint *list, size_t n, uint32_t *id,
		  uint8_t *rank, char *err, size_t err_len);

/* Another content for an id of footprint_add. */
int footprint_replace(struct footprint_txn *txn, uint32_t id, const struct footprint *list,
		      size_t n, uint8_t *rank, char *err, size_t err_len);

/* One use less; with the last one the list is gone and its id may be given out again. false: no memory, nothing changed. */
bool footprint_drop(struct footprint_txn *txn, uint32_t id);

/* One use more of an id that is there. false: no memory, nothing changed. */
bool footprint_use(struct footprint_txn *txn, uint32_t id);

/* How many uses an id has in this change. */
uint32_t footprint_uses(const struct footprint_txn *txn, uint32_t id);

/* Gives the new version, which the caller owns, and frees the change. NULL: no memory; the change is as before. */
struct footprint_table *footprint_commit(struct footprint_txn *txn);
void footprint_abort(struct footprint_txn *txn); /* NULL is fine */

/* For show. Constant time. */
struct footprint_size {
	size_t footprints; /* lists */
	size_t prefixes;   /* values of lists that are prefixes, counted by list */
};
struct footprint_size footprint_table_size(const struct footprint_table *table);

/* --- Searching: any thread ---------------------------------------------------------------------------------------- */

/* Where a client is: what one search found, for any number of tests. Lives on the stack of its user, valid as long as the
 * table. */
enum { FOOTPRINT_STEPS_MAX = 129 }; /* one for each length of a prefix */
struct footprint_client {
	const struct footprint_table *table;
	uint32_t n; /* prefixes around the address that some list has; shortest first */
	const void *steps[FOOTPRINT_STEPS_MAX];
	const void *place; /* its geographic record, or NULL */
};
void footprint_find(const struct footprint_table *table, const struct ip_addr *addr,
		    struct footprint_client *client);

/* What will be asked: whether an address is in a list, and, with how_far, its footprint_scope_len. */
struct footprint_ask {
	const struct ip_addr *addr;
	uint32_t id;
	bool how_far;
};

/* Brings what is read for some questions into the cache, a step of each at a time, so that their misses overlap. A hint: nothing depends
 * on it. */
enum { FOOTPRINT_WARM_MAX = 32 };
void footprint_warm(const struct footprint_table *table, const struct footprint_ask asks[],
		    unsigned n);

/* Is the client in the list? */
bool footprint_has(const struct footprint_client *client, uint32_t id);

/* Length of the shortest prefix around addr within which all addresses are in the same ones of the n lists asked
 * for; 0 when n is 0. It is exact while at most FOOTPRINT_NEIGHBOURS intervals of the address space have to be looked at;
 * past that a longer (safe) prefix is given. For the SCOPE PREFIX-LENGTH of RFC 7871 §7.2.1. */
enum { FOOTPRINT_NEIGHBOURS = 64 };
unsigned footprint_scope_len(const struct footprint_table *table, const struct ip_addr *addr,
			     const uint32_t *ids, size_t n);
