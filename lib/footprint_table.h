/* footprint_table - what footprint*.c share: lists in canonical form, and a version of the table. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "footprint.h"
#include "footprint_trie.h"
#include "geo.h"
#include "slots.h"

/* --- Lists ---------------------------------------------------------------------------------------------------- */

/* A list in canonical form has slots: for each type the values of all its objects, ascending, each once, and no prefix
 * inside another one. Slots FOOTPRINT_UNION and up are the values of union objects, which add up whatever their types
 * are. A list's terms, all of which have to hold, are its types; its unions are one more. */
enum { FOOTPRINT_SLOTS = 2 * FOOTPRINT_UNION };

static inline bool footprint_slot_is_geo(unsigned slot)
{
	return slot % FOOTPRINT_UNION >= FOOTPRINT_ASN;
}

static inline unsigned footprint_slot_family(unsigned slot)
{
	return slot % FOOTPRINT_UNION == FOOTPRINT_IPV4CIDR ? 4 : 6;
}

static inline unsigned footprint_slot_term(unsigned slot)
{
	return slot < FOOTPRINT_UNION ? slot : (unsigned)FOOTPRINT_UNION;
}

/* Octets of a value: an address and the prefix length, or a geo_key in network byte order. */
static inline unsigned footprint_slot_width(unsigned slot)
{
	return footprint_slot_is_geo(slot) ? 8 : footprint_slot_family(slot) == 4 ? 5 : 17;
}

/* Immutable. In a long list of prefixes of one slot each FOOTPRINT_SAMPLE-th one says, by the high half of its first address, where to look. */
enum { FOOTPRINT_SAMPLE = 32 };
struct footprint_list {
	uint32_t refs;
	uint32_t len;            /* of bytes */
	const uint64_t *samples; /* behind bytes; of the second one on; NULL: none */
	uint16_t slots;          /* bit for each slot that has values */
	uint8_t terms;           /* bit for each term */
	uint8_t bytes[];         /* by slot: how many values (uint32_t), then the values */
};

/* The list in canonical form and its rank. NULL: the reason is in err. */
struct footprint_list *footprint_list_new(const struct footprint_geo *geo,
					  const struct footprint *list, size_t n, uint8_t *rank,
					  char *err, size_t err_len);
void footprint_list_release(struct footprint_list *list);

static inline bool footprint_list_has_geo(const struct footprint_list *list)
{
	const unsigned prefixes = 1 << FOOTPRINT_IPV4CIDR | 1 << FOOTPRINT_IPV6CIDR;
	return list->slots & ~(prefixes | prefixes << FOOTPRINT_UNION);
}

/* Whether its content has to be looked at to tell who is in it (FOOTPRINT_ID_LOOK). */
static inline bool footprint_list_needs_look(const struct footprint_list *list)
{
	return (list->terms & (list->terms - 1)) || footprint_list_has_geo(list);
}

/* All that makes lists equal or not: the members from slots on. */
struct span footprint_list_content(const struct footprint_list *list);

/* The same list, whose reference it takes over, with samples if it is a long one and there is memory. Before it is shared. */
struct footprint_list *footprint_list_sample(struct footprint_list *list);

/* The values of one slot. */
struct footprint_values {
	unsigned slot, width;
	uint32_t n;
	const uint8_t *at;
};

/* Goes to the next slot that has values; from all zero to the first one. false: there is none. */
static inline bool footprint_values_next(const struct footprint_list *list,
					 struct footprint_values *values)
{
	const uint8_t *at =
		values->at ? values->at + (size_t)values->n * values->width : list->bytes;
	unsigned left = list->slots & ~0u << (values->at ? values->slot + 1 : 0);
	if (!left)
		return false;
	values->slot = (unsigned)__builtin_ctz(left);
	values->width = footprint_slot_width(values->slot);
	memcpy(&values->n, at, sizeof(values->n));
	values->at = at + sizeof(values->n);
	return true;
}

/* The i-th value of a slot with prefixes. */
static inline ip_number footprint_values_prefix(const struct footprint_values *values, uint32_t i,
						unsigned *len)
{
	const uint8_t *at = values->at + (size_t)i * values->width;
	*len = at[values->width - 1];
	return values->width == 5 ? (ip_number)load_be32(at) << 96 : ip_number_load(at);
}

static inline bool footprint_list_is_one_slot_of_prefixes(const struct footprint_list *list)
{
	return !(list->slots & (list->slots - 1)) && !footprint_list_has_geo(list);
}

/* The first value that is not before these bytes. */
uint32_t footprint_values_search(const struct footprint_values *values, const uint8_t *bytes);
bool footprint_values_has(const struct footprint_values *values, const uint8_t *bytes);

/* --- Geolocation ---------------------------------------------------------------------------------------------- */

bool footprint_geo_has(const struct footprint_geo *geo, enum geo_kind kind);

/* What is said of an address: a number of keys and, behind it, the keys. NULL: nothing. */
const geo_key *footprint_geo_find(const struct footprint_geo *geo, unsigned family,
				  ip_number address, struct range *range);

/* --- A version ------------------------------------------------------------------------------------------------ */

/* An id is twice the place of the list, and one more when its content has to be looked at to tell who is in it: when it
 * can change, has several terms, or geographic ones. In any other list a client is when a prefix around it has the list's
 * only term. A term of a list in the tries is its id and, above it, the term's number; 0 for a list's only one. */
enum {
	FOOTPRINT_ID_LOOK = 1,
	FOOTPRINT_TERM_SHIFT = 29,
	FOOTPRINT_PLACES_MAX = 1 << (FOOTPRINT_TERM_SHIFT - 1),
};

static inline uint32_t footprint_term(uint32_t id, unsigned slot)
{
	return id & FOOTPRINT_ID_LOOK
		       ? id | (uint32_t)footprint_slot_term(slot) << FOOTPRINT_TERM_SHIFT
		       : id;
}

enum footprint_root { FOOTPRINT_V4, FOOTPRINT_V6, FOOTPRINT_EQUALS, FOOTPRINT_ROOTS };

struct footprint_table {
	uint32_t refs;
	struct footprint_geo *geo; /* or NULL */
	struct slots_node *lists;  /* values: struct footprint_list */
	struct slots_node
		*uses; /* values: how many uses there are beyond the first, as a pointer */
	/* The first two have terms by prefix, the last one the ids of footprint_take by hash of the list. */
	struct footprint_node *roots[FOOTPRINT_ROOTS];
	struct footprint_size size;
	size_t n_geo;         /* lists with geographic values */
	uint8_t hash_key[16]; /* secret, so that nobody can fill one place of FOOTPRINT_EQUALS */
};

static inline const struct footprint_list *footprint_table_list(const struct footprint_table *table,
								uint32_t id)
{
	return (const struct footprint_list *)slots_get(table->lists, id >> 1);
}

/* Values of `lists`, and the numbers in `uses`. */
extern const struct trie_ops footprint_list_ops, footprint_uses_ops;

/* Where lists equal to this one are in FOOTPRINT_EQUALS: so many bits that a place has few lists, and so few that nodes are
 * shared by several places. */
enum { FOOTPRINT_EQUALS_LEN = 24 };
ip_number footprint_table_equals_key(const struct footprint_table *table,
				     const struct footprint_list *list);

/* A list came (more) or went. */
void footprint_table_count(struct footprint_table *table, const struct footprint_list *list,
			   bool more);
