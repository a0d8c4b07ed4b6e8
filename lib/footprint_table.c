/* footprint_table - versions of the footprint table, and the edits that make one of another. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "footprint_table.h"
#include "siphash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* What is edited is the new version itself. Nobody else knows it, so its one reference is the change's. */
struct footprint_txn {
	struct footprint_table table;
};

static void list_retain(void *list)
{
	((struct footprint_list *)list)->refs++;
}

static void list_release(void *list)
{
	footprint_list_release(list);
}

static void no_count(void *uses)
{
	(void)uses;
}

const struct trie_ops footprint_list_ops = {list_retain, list_release},
		      footprint_uses_ops = {no_count, no_count};

/* --- Versions ------------------------------------------------------------------------------------------------- */

struct footprint_table *footprint_table_new(struct footprint_geo *geo)
{
	struct footprint_table *table = calloc(1, sizeof(struct footprint_txn));
	if (!table)
		return NULL;
	table->refs = 1;
	table->geo = geo;
	footprint_geo_retain(geo);
	/* Without, lists would be found as well, only by a key that can be guessed. */
	if (getrandom(table->hash_key, sizeof(table->hash_key), GRND_NONBLOCK) < 0)
		memset(table->hash_key, 0, sizeof(table->hash_key));
	return table;
}

void footprint_table_retain(struct footprint_table *table)
{
	if (table)
		table->refs++;
}

void footprint_table_release(struct footprint_table *table)
{
	if (!table || --table->refs)
		return;
	footprint_geo_release(table->geo);
	slots_release(table->lists, &footprint_list_ops);
	slots_release(table->uses, &footprint_uses_ops);
	for (unsigned i = 0; i < FOOTPRINT_ROOTS; i++)
		footprint_trie_release(table->roots[i]);
	free(table);
}

struct footprint_geo *footprint_table_geo(const struct footprint_table *table)
{
	return table->geo;
}

struct footprint_size footprint_table_size(const struct footprint_table *table)
{
	return table->size;
}

struct footprint_txn *footprint_begin(struct footprint_table *from)
{
	struct footprint_txn *txn = malloc(sizeof(*txn));
	if (!txn)
		return NULL;
	txn->table = *from;
	txn->table.refs = 1;
	footprint_geo_retain(from->geo);
	slots_retain(from->lists);
	slots_retain(from->uses);
	for (unsigned i = 0; i < FOOTPRINT_ROOTS; i++)
		footprint_trie_retain(from->roots[i]);
	return txn;
}

struct footprint_table *footprint_commit(struct footprint_txn *txn)
{
	return &txn->table;
}

void footprint_abort(struct footprint_txn *txn)
{
	if (txn)
		footprint_table_release(&txn->table);
}

/* --- Places --------------------------------------------------------------------------------------------------- */

static bool set_list(struct footprint_table *table, uint32_t id, struct footprint_list *list)
{
	struct slots_txn txn = {table->lists, &footprint_list_ops};
	bool ok = slots_set(&txn, id >> 1, list);
	table->lists = txn.root;
	return ok;
}

/* Gives an id in which FOOTPRINT_ID_LOOK is not set. */
static bool add_list(struct footprint_table *table, struct footprint_list *list, uint32_t *id)
{
	uint32_t place = 0;
	struct slots_txn txn = {table->lists, &footprint_list_ops};
	bool ok = slots_add(&txn, list, &place);
	if (ok && place >= FOOTPRINT_PLACES_MAX) {
		slots_set(&txn, place, NULL);
		ok = false;
	}
	table->lists = txn.root;
	*id = place << 1;
	return ok;
}

/* How many uses a list has beyond the first. */
static uintptr_t more_uses(const struct footprint_table *table, uint32_t id)
{
	return (uintptr_t)slots_get(table->uses, id >> 1);
}

static bool set_more_uses(struct footprint_table *table, uint32_t id, uintptr_t uses)
{
	struct slots_txn txn = {table->uses, &footprint_uses_ops};
	bool ok = slots_set(&txn, id >> 1, (void *)uses);
	table->uses = txn.root;
	return ok;
}

/* --- Prefixes ------------------------------------------------------------------------------------------------- */

typedef bool edit(struct footprint_node **root, ip_number key, unsigned len, uint32_t term);

static bool list_has(const struct footprint_list *list, unsigned slot, const uint8_t *value)
{
	for (struct footprint_values values = {0}; list && footprint_values_next(list, &values);) {
		if (values.slot == slot)
			return footprint_values_has(&values, value);
	}
	return false;
}

/* Does an edit for the first *n prefixes of the list that `except` (which may be NULL) does not have. When it fails, *n
 * is how many were done before. */
static bool edit_prefixes(struct footprint_table *table, uint32_t id,
			  const struct footprint_list *list, const struct footprint_list *except,
			  edit *do_edit, size_t *n)
{
	size_t done = 0;
	for (struct footprint_values values = {0}; footprint_values_next(list, &values);) {
		if (footprint_slot_is_geo(values.slot))
			continue;
		bool v4 = footprint_slot_family(values.slot) == 4;
		struct footprint_node **root = &table->roots[v4 ? FOOTPRINT_V4 : FOOTPRINT_V6];
		uint32_t term = footprint_term(id, values.slot);
		for (uint32_t i = 0; i < values.n && done < *n; i++) {
			unsigned len;
			ip_number key = footprint_values_prefix(&values, i, &len);
			if (list_has(except, values.slot, values.at + (size_t)i * values.width))
				continue;
			if (!do_edit(root, key, len, term)) {
				*n = done;
				return false;
			}
			done++;
		}
	}
	return true;
}

/* Sees to it that the prefixes can be removed without memory. */
static bool own_prefixes(struct footprint_table *table, uint32_t id,
			 const struct footprint_list *list, const struct footprint_list *except)
{
	size_t all = SIZE_MAX;
	return edit_prefixes(table, id, list, except, footprint_trie_own, &all);
}

static void remove_prefixes(struct footprint_table *table, uint32_t id,
			    const struct footprint_list *list, const struct footprint_list *except)
{
	size_t all = SIZE_MAX;
	edit_prefixes(table, id, list, except, footprint_trie_remove, &all);
}

/* All or none. */
static bool add_prefixes(struct footprint_table *table, uint32_t id,
			 const struct footprint_list *list, const struct footprint_list *except)
{
	size_t n = SIZE_MAX;
	if (edit_prefixes(table, id, list, except, footprint_trie_add, &n))
		return true;
	edit_prefixes(table, id, list, except, footprint_trie_remove, &n);
	return false;
}

/* --- Equal lists ---------------------------------------------------------------------------------------------- */

struct span footprint_list_content(const struct footprint_list *list)
{
	size_t from = offsetof(struct footprint_list, slots);
	return (struct span){
		(const uint8_t *)list + from,
		(uint32_t)(offsetof(struct footprint_list, bytes) - from) + list->len,
	};
}

ip_number footprint_table_equals_key(const struct footprint_table *table,
				     const struct footprint_list *list)
{
	struct span all = footprint_list_content(list);
	uint64_t hash = siphash(table->hash_key, all.at, all.len);
	return (ip_number)hash << 64 & ip_number_mask(FOOTPRINT_EQUALS_LEN);
}

/* The id that footprint_take gave to an equal list. */
static bool find_equal(const struct footprint_table *table, const struct footprint_list *list,
		       ip_number key, uint32_t *id)
{
	uint32_t one, n;
	struct span all = footprint_list_content(list);
	/* More lists than FOOTPRINT_SET_SMALL at one place, with FOOTPRINT_PLACES_MAX in all, will not be seen. */
	const uint32_t *ids = footprint_set_terms(
		footprint_trie_get(table->roots[FOOTPRINT_EQUALS], key, FOOTPRINT_EQUALS_LEN), &one,
		&n);
	for (uint32_t i = 0; i < n; i++) {
		struct span other = footprint_list_content(footprint_table_list(table, ids[i]));
		if (other.len == all.len && memcmp(other.at, all.at, all.len) == 0) {
			*id = ids[i];
			return true;
		}
	}
	return false;
}

/* --- Edits ---------------------------------------------------------------------------------------------------- */

void footprint_table_count(struct footprint_table *table, const struct footprint_list *list,
			   bool more)
{
	size_t sign = more ? 1 : SIZE_MAX;
	table->size.footprints += sign;
	table->n_geo += footprint_list_has_geo(list) ? sign : 0;
	for (struct footprint_values values = {0}; footprint_values_next(list, &values);)
		table->size.prefixes += footprint_slot_is_geo(values.slot) ? 0 : sign * values.n;
}

/* Puts a list in that is not there. key: where equal ones shall find it, or NULL. */
static bool put_list(struct footprint_table *table, struct footprint_list *list,
		     const ip_number *key, uint32_t *id)
{
	if (!add_list(table, list, id))
		return false;
	if (!key || footprint_list_needs_look(list))
		*id |= FOOTPRINT_ID_LOOK;
	if (!add_prefixes(table, *id, list, NULL)) {
		set_list(table, *id, NULL);
		return false;
	}
	if (key &&
	    !footprint_trie_add(&table->roots[FOOTPRINT_EQUALS], *key, FOOTPRINT_EQUALS_LEN, *id)) {
		remove_prefixes(table, *id, list, NULL);
		set_list(table, *id, NULL);
		return false;
	}
	footprint_table_count(table, list, true);
	return true;
}

static int done(bool ok, char *err, size_t err_len)
{
	if (ok)
		return 0;
	snprintf(err, err_len, "no memory");
	return -1;
}

int footprint_take(struct footprint_txn *txn, const struct footprint *list, size_t n, uint32_t *id,
		   uint8_t *rank, char *err, size_t err_len)
{
	struct footprint_table *table = &txn->table;
	struct footprint_list *canonical =
		footprint_list_new(table->geo, list, n, rank, err, err_len);
	if (!canonical)
		return -1;
	ip_number key = footprint_table_equals_key(table, canonical);
	bool ok = find_equal(table, canonical, key, id) ? footprint_use(txn, *id)
							: put_list(table, canonical, &key, id);
	footprint_list_release(canonical);
	return done(ok, err, err_len);
}

int footprint_add(struct footprint_txn *txn, const struct footprint *list, size_t n, uint32_t *id,
		  uint8_t *rank, char *err, size_t err_len)
{
	struct footprint_list *canonical =
		footprint_list_new(txn->table.geo, list, n, rank, err, err_len);
	if (!canonical)
		return -1;
	bool ok = put_list(&txn->table, canonical, NULL, id);
	footprint_list_release(canonical);
	return done(ok, err, err_len);
}

static bool replace(struct footprint_table *table, uint32_t id, struct footprint_list *old,
		    struct footprint_list *list)
{
	if (!own_prefixes(table, id, old, list) || !add_prefixes(table, id, list, old))
		return false;
	old->refs++;
	bool ok = set_list(table, id, list);
	if (ok) {
		remove_prefixes(table, id, old, list);
		footprint_table_count(table, old, false);
		footprint_table_count(table, list, true);
	} else {
		remove_prefixes(table, id, list, old);
	}
	footprint_list_release(old);
	return ok;
}

int footprint_replace(struct footprint_txn *txn, uint32_t id, const struct footprint *list,
		      size_t n, uint8_t *rank, char *err, size_t err_len)
{
	struct footprint_table *table = &txn->table;
	struct footprint_list *old = slots_get(table->lists, id >> 1), *canonical;
	if (!old) {
		snprintf(err, err_len, "there is no list of footprints with the id %u", id);
		return -1;
	}
	canonical = footprint_list_new(table->geo, list, n, rank, err, err_len);
	if (!canonical)
		return -1;
	bool ok = replace(table, id, old, canonical);
	footprint_list_release(canonical);
	return done(ok, err, err_len);
}

/* Takes a list out with its last use. */
static bool cut_list(struct footprint_table *table, uint32_t id, struct footprint_list *list)
{
	struct footprint_node **equals = &table->roots[FOOTPRINT_EQUALS];
	ip_number key = footprint_table_equals_key(table, list);
	bool is_taken =
		footprint_set_has(footprint_trie_get(*equals, key, FOOTPRINT_EQUALS_LEN), id);
	if ((is_taken && !footprint_trie_own(equals, key, FOOTPRINT_EQUALS_LEN, id)) ||
	    !own_prefixes(table, id, list, NULL))
		return false;
	list->refs++;
	bool ok = set_list(table, id, NULL);
	if (ok) {
		if (is_taken)
			footprint_trie_remove(equals, key, FOOTPRINT_EQUALS_LEN, id);
		remove_prefixes(table, id, list, NULL);
		footprint_table_count(table, list, false);
	}
	footprint_list_release(list);
	return ok;
}

uint32_t footprint_uses(const struct footprint_txn *txn, uint32_t id)
{
	return (uint32_t)more_uses(&txn->table, id) + 1;
}

bool footprint_drop(struct footprint_txn *txn, uint32_t id)
{
	struct footprint_table *table = &txn->table;
	struct footprint_list *list = slots_get(table->lists, id >> 1);
	uintptr_t uses = more_uses(table, id);
	if (uses)
		return set_more_uses(table, id, uses - 1);
	return !list || cut_list(table, id, list);
}

bool footprint_use(struct footprint_txn *txn, uint32_t id)
{
	return set_more_uses(&txn->table, id, more_uses(&txn->table, id) + 1);
}
