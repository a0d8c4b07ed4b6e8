/* footprint_load - a footprint table made of lists that are in canonical form already, all at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "footprint_load.h"

#include "array.h"
#include "footprint_build.h"
#include "footprint_table.h"

struct prefixes {
	struct footprint_prefix *list;
	size_t n, cap;
};

struct footprint_load {
	struct footprint_table *table;
	uint32_t n;
	struct prefixes roots[FOOTPRINT_ROOTS];
};

struct footprint_load *footprint_load_new(struct footprint_geo *geo)
{
	struct footprint_load *load = calloc(1, sizeof(*load));
	if (load)
		load->table = footprint_table_new(geo);
	if (load && !load->table) {
		free(load);
		return NULL;
	}
	return load;
}

void footprint_load_free(struct footprint_load *load)
{
	if (!load)
		return;
	for (unsigned i = 0; i < FOOTPRINT_ROOTS; i++)
		free(load->roots[i].list);
	footprint_table_release(load->table);
	free(load);
}

/* --- Is it in canonical form? ------------------------------------------------------------------------------------ */

static bool has_geo(const struct footprint_table *table, unsigned slot)
{
	static const enum geo_kind kinds[] = {
		[FOOTPRINT_ASN] = GEO_ASN,
		[FOOTPRINT_COUNTRYCODE] = GEO_COUNTRY,
		[FOOTPRINT_SUBDIVISIONCODE] = GEO_SUBDIVISION,
	};
	return table->geo && footprint_geo_has(table->geo, kinds[slot % FOOTPRINT_UNION]);
}

static bool geo_in_order(const struct footprint_values *values)
{
	for (uint32_t i = 1; i < values->n; i++)
		if (memcmp(values->at + (i - 1) * (size_t)values->width,
			   values->at + i * (size_t)values->width, values->width) >= 0)
			return false;
	return true;
}

/* Each begins behind the one before it. */
static bool prefixes_in_order(const struct footprint_values *values)
{
	unsigned max = footprint_slot_family(values->slot) == 4 ? 32 : 128, len;
	ip_number last = 0;
	for (uint32_t i = 0; i < values->n; i++) {
		ip_number first = footprint_values_prefix(values, i, &len);
		if (len > max || first & ~ip_number_mask(len) || (i && first <= last))
			return false;
		last = first | ~ip_number_mask(len);
	}
	return true;
}

static bool is_canonical(const struct footprint_table *table, const struct footprint_list *list)
{
	struct footprint_values values = {0};
	size_t left = list->len;
	unsigned terms = 0;
	if (!list->slots || list->slots >> FOOTPRINT_SLOTS)
		return false;
	while (left >= sizeof(values.n) && footprint_values_next(list, &values)) {
		left -= sizeof(values.n);
		if (!values.n || values.n > left / values.width)
			return false;
		left -= (size_t)values.n * values.width;
		terms |= 1u << footprint_slot_term(values.slot);
		if (footprint_slot_is_geo(values.slot)
			    ? !has_geo(table, values.slot) || !geo_in_order(&values)
			    : !prefixes_in_order(&values))
			return false;
	}
	return left == 0 && list->slots >> values.slot == 1 && terms == list->terms;
}

/* --- Lists -------------------------------------------------------------------------------------------------------- */

static bool put_prefix(struct prefixes *to, ip_number key, unsigned len, uint32_t term)
{
	struct footprint_prefix *list = array_reserve(to->list, &to->cap, to->n + 1, sizeof(*list));
	if (!list)
		return false;
	to->list = list;
	list[to->n++] = (struct footprint_prefix){key, len, term};
	return true;
}

static bool put_prefixes(struct footprint_load *load, const struct footprint_list *list,
			 uint32_t id, bool named)
{
	bool done = true;
	for (struct footprint_values values = {0}; footprint_values_next(list, &values);) {
		if (footprint_slot_is_geo(values.slot))
			continue;
		bool v4 = footprint_slot_family(values.slot) == 4;
		struct prefixes *to = &load->roots[v4 ? FOOTPRINT_V4 : FOOTPRINT_V6];
		uint32_t term = footprint_term(id, values.slot);
		for (uint32_t i = 0; done && i < values.n; i++) {
			unsigned len;
			ip_number key = footprint_values_prefix(&values, i, &len);
			done = put_prefix(to, key, len, term);
		}
	}
	if (done && !named)
		done = put_prefix(&load->roots[FOOTPRINT_EQUALS],
				  footprint_table_equals_key(load->table, list),
				  FOOTPRINT_EQUALS_LEN, id);
	return done;
}

static bool put_list(struct footprint_load *load, struct footprint_list *list, uint32_t id,
		     bool named)
{
	struct footprint_table *table = load->table;
	struct slots_txn txn = {table->lists, &footprint_list_ops};
	bool done = slots_set(&txn, load->n, list);
	table->lists = txn.root;
	if (!done || !put_prefixes(load, list, id, named))
		return false;
	footprint_table_count(table, list, true);
	load->n++;
	return true;
}

enum footprint_load_result footprint_load_add(struct footprint_load *load, const uint8_t *content,
					      size_t len, bool named, uint32_t *id)
{
	const size_t from = offsetof(struct footprint_list, slots),
		     head = offsetof(struct footprint_list, bytes) - from;
	if (len < head + sizeof(uint32_t) || len - head > UINT32_MAX ||
	    load->n >= FOOTPRINT_PLACES_MAX)
		return FOOTPRINT_LOAD_DAMAGED;
	struct footprint_list *list = malloc(from + len);
	if (!list)
		return FOOTPRINT_LOAD_NO_MEMORY;
	list->refs = 1;
	list->samples = NULL;
	list->len = (uint32_t)(len - head);
	memcpy((uint8_t *)list + from, content, len);
	enum footprint_load_result result = FOOTPRINT_LOAD_DAMAGED;
	if (is_canonical(load->table, list)) {
		list = footprint_list_sample(list);
		*id = load->n << 1 |
		      (named || footprint_list_needs_look(list) ? FOOTPRINT_ID_LOOK : 0);
		result = put_list(load, list, *id, named) ? FOOTPRINT_LOADED
							  : FOOTPRINT_LOAD_NO_MEMORY;
	}
	footprint_list_release(list);
	return result;
}

bool footprint_load_build(struct footprint_load *load)
{
	for (unsigned i = 0; i < FOOTPRINT_ROOTS; i++) {
		struct prefixes *from = &load->roots[i];
		if (!footprint_build(from->list, from->n, &load->table->roots[i]))
			return false;
		free(from->list);
		*from = (struct prefixes){0};
	}
	return true;
}

bool footprint_load_uses(struct footprint_load *load, uint32_t id, uint32_t uses)
{
	struct slots_txn txn = {load->table->uses, &footprint_uses_ops};
	bool done = slots_set(&txn, id >> 1, (void *)(uintptr_t)(uses - 1));
	load->table->uses = txn.root;
	return done;
}

struct footprint_table *footprint_load_finish(struct footprint_load *load)
{
	struct footprint_table *table = load->table;
	load->table = NULL;
	footprint_load_free(load);
	return table;
}
