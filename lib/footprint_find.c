/* footprint_find - searching a compiled footprint table. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bytes.h"
#include "footprint_table.h"

/* 2000::/3 is where IPv6 addresses are: bits 3 to 18 tell its buckets apart. */
enum { SHIFT6 = 64 - 19, FIRST6 = 1 << 16 };

static uint32_t bucket6(uint64_t high)
{
	uint64_t top = high >> SHIFT6;
	if (top < FIRST6)
		return 0;
	return top < 2 * FIRST6 ? (uint32_t)(top - FIRST6 + 1) : FOOTPRINT_BUCKETS6 - 1;
}

void footprint_table_index(struct footprint_table *table)
{
	uint32_t i = 0;
	for (uint32_t b = 0; b < FOOTPRINT_BUCKETS4; b++) {
		while (i + 1 < table->n4 && table->starts4[i + 1] <= b << 16)
			i++;
		table->index4[b] = i;
	}
	table->index4[FOOTPRINT_BUCKETS4] = (uint32_t)table->n4 - 1;

	i = 0;
	for (uint32_t b = 0; b < FOOTPRINT_BUCKETS6; b++) {
		struct footprint_start6 first = {b ? (uint64_t)(FIRST6 + b - 1) << SHIFT6 : 0, 0};
		while (i + 1 < table->n6 && (table->starts6[i + 1].high < first.high ||
					     (table->starts6[i + 1].high == first.high &&
					      table->starts6[i + 1].low == 0)))
			i++;
		table->index6[b] = i;
	}
	table->index6[FOOTPRINT_BUCKETS6] = (uint32_t)table->n6 - 1;
}

static uint32_t find4(const struct footprint_table *table, uint32_t addr)
{
	uint32_t low = table->index4[addr >> 16], high = table->index4[(addr >> 16) + 1];
	while (low < high) {
		uint32_t mid = high - (high - low) / 2;
		if (table->starts4[mid] <= addr)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

static uint32_t find6(const struct footprint_table *table, struct footprint_start6 addr)
{
	uint32_t b = bucket6(addr.high), low = table->index6[b], high = table->index6[b + 1];
	while (low < high) {
		uint32_t mid = high - (high - low) / 2;
		const struct footprint_start6 *start = &table->starts6[mid];
		if (start->high < addr.high || (start->high == addr.high && start->low <= addr.low))
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

static uint64_t load_be64(const uint8_t *at)
{
	return (uint64_t)load_be32(at) << 32 | load_be32(at + 4);
}

static uint32_t find(const struct footprint_table *table, const struct ip_addr *addr)
{
	if (addr->family == 4)
		return find4(table, load_be32(addr->bytes));
	return find6(table,
		     (struct footprint_start6){load_be64(addr->bytes), load_be64(addr->bytes + 8)});
}

static const struct footprint_class *class_of(const struct footprint_table *table, unsigned family,
					      uint32_t i)
{
	uint32_t word = family == 4 ? table->classes4[i] : table->classes6[i];
	return (const struct footprint_class *)(table->words + word);
}

const struct footprint_class *footprint_find(const struct footprint_table *table,
					     const struct ip_addr *addr)
{
	return class_of(table, addr->family, find(table, addr));
}

static ip_number start_of(const struct footprint_table *table, unsigned family, uint32_t i)
{
	if (family == 4)
		return table->starts4[i];
	return (ip_number)table->starts6[i].high << 64 | table->starts6[i].low;
}

static bool same_membership(const struct footprint_class *a, const struct footprint_class *b,
			    const uint32_t *ids, size_t n)
{
	for (size_t i = 0; a != b && i < n; i++) {
		if (footprint_class_has(a, ids[i]) != footprint_class_has(b, ids[i]))
			return false;
	}
	return true;
}

/* Length of the shortest prefix around a that does not hold b, which is another address. */
static unsigned len_without(ip_number a, ip_number b, unsigned bits)
{
	ip_number differ = a ^ b;
	uint64_t high = (uint64_t)(differ >> 64);
	int common = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)differ);
	return (unsigned)common - (128 - bits) + 1;
}

/* The area of equal membership grows by an interval at a time, on the side that forces the prefix to be longer, until that
 * side's neighbour differs. */
unsigned footprint_scope_len(const struct footprint_table *table, const struct ip_addr *addr,
			     const uint32_t *ids, size_t n)
{
	if (n == 0)
		return 0;
	unsigned family = addr->family, bits = ip_bits(addr);
	uint32_t low = find(table, addr), high = low,
		 last = (uint32_t)(family == 4 ? table->n4 : table->n6) - 1;
	const struct footprint_class *own = class_of(table, family, low);
	ip_number number = ip_number_of(addr);
	for (unsigned visits = 0;; visits++) {
		unsigned below = 0, above = 0;
		if (low > 0)
			below = len_without(number, start_of(table, family, low) - 1, bits);
		if (high < last)
			above = len_without(number, start_of(table, family, high + 1), bits);
		if (below == above) /* both ends of the address space */
			return 0;
		uint32_t next = below > above ? low - 1 : high + 1;
		if (visits == FOOTPRINT_NEIGHBOURS ||
		    !same_membership(own, class_of(table, family, next), ids, n))
			return below > above ? below : above;
		if (below > above)
			low = next;
		else
			high = next;
	}
}

struct footprint_size footprint_table_size(const struct footprint_table *table)
{
	return (struct footprint_size){
		.footprints = table->n_footprints,
		.intervals4 = table->n4,
		.intervals6 = table->n6,
		.classes = table->n_classes,
		.bytes = sizeof(*table) + table->n_words * sizeof(*table->words) +
			 table->n4 * (sizeof(*table->starts4) + sizeof(*table->classes4)) +
			 table->n6 * (sizeof(*table->starts6) + sizeof(*table->classes6)),
	};
}
