/* footprint_build - compiles the lists of a footprint builder to one table of address intervals. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "array.h"
#include "footprint_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lists are made of atoms: a geographic value, or the prefixes of one slot of one list. Each atom's addresses are ranges;
 * a sweep over the ends of all ranges gives, for each interval between two ends, the set of atoms it is in. Which lists
 * that set satisfies is worked out once for each different set. So the addresses of a country are swept once, however many
 * lists name it. */

/* --- Sets of numbers, each kept once --------------------------------------------------------------------------- */

/* A set stands in words as its size, its ascending members, and `extra` more words. */
struct sets {
	unsigned extra;
	bool full;               /* SETS_WORDS_MAX was reached */
	uint32_t *words, *index; /* index: place + 1, open addressing; its size is a power of two */
	size_t n_words, words_cap, n, index_size;
};

/* Words are counted in 32 bits; 1 GiB is more than any table needs. */
enum { SETS_WORDS_MAX = 1 << 28 };

/* The hash of a set is the sum of its members' hashes, and so follows it as members come and go. */
static uint64_t member_hash(uint32_t member)
{
	uint64_t x = (member + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ x >> 31;
}

static uint64_t set_hash(const uint32_t *members, uint32_t n)
{
	uint64_t hash = 0;
	for (uint32_t i = 0; i < n; i++)
		hash += member_hash(members[i]);
	return hash;
}

static bool sets_index_grow(struct sets *sets)
{
	size_t size = sets->index_size ? 2 * sets->index_size : 256;
	uint32_t *index = calloc(size, sizeof(*index));
	if (!index)
		return false;
	for (size_t place = 0; place < sets->n_words;
	     place += 1 + sets->words[place] + sets->extra) {
		size_t i = set_hash(sets->words + place + 1, sets->words[place]) & (size - 1);
		while (index[i])
			i = (i + 1) & (size - 1);
		index[i] = (uint32_t)place + 1;
	}
	free(sets->index);
	sets->index = index;
	sets->index_size = size;
	return true;
}

/* The place of a set, which is added when it is not there yet. false: no memory, or full. */
static bool sets_put(struct sets *sets, const uint32_t *members, uint32_t n, uint64_t hash,
		     uint32_t *place, bool *is_new)
{
	if (2 * sets->n >= sets->index_size && !sets_index_grow(sets))
		return false;
	size_t i = hash & (sets->index_size - 1);
	for (; sets->index[i]; i = (i + 1) & (sets->index_size - 1)) {
		const uint32_t *set = sets->words + sets->index[i] - 1;
		*place = sets->index[i] - 1;
		*is_new = false;
		if (set[0] == n && (n == 0 || memcmp(set + 1, members, n * sizeof(*members)) == 0))
			return true;
	}
	size_t need = sets->n_words + 1 + n + sets->extra;
	sets->full = need > SETS_WORDS_MAX;
	uint32_t *words =
		sets->full ? NULL
			   : array_reserve(sets->words, &sets->words_cap, need, sizeof(*words));
	if (!words)
		return false;
	sets->words = words;
	*place = (uint32_t)sets->n_words;
	*is_new = true;
	words[*place] = n;
	if (n)
		memcpy(words + *place + 1, members, n * sizeof(*members));
	sets->n_words = need;
	sets->n++;
	sets->index[i] = *place + 1;
	return true;
}

/* --- Atoms ---------------------------------------------------------------------------------------------------- */

/* That an atom is (a part of) a term of a list. Terms are the types of a list; its unions are one more. */
struct use {
	uint32_t atom, list;
	uint8_t term;
};

/* Where a range of an atom starts, or the address after its end. */
struct event {
	uint64_t high, low;
	uint32_t atom;
	bool enter;
};

struct events {
	struct event *at;
	size_t n, cap;
};

/* Intervals of one family as they are found. */
struct intervals {
	struct footprint_start6 *starts;
	uint32_t *classes;
	size_t n, starts_cap, classes_cap;
};

struct build {
	const struct footprint_builder *builder;
	geo_key *keys;         /* of all lists, ascending: atoms 0 to n_keys - 1 */
	struct ranges *places; /* by key */
	size_t n_keys, n_atoms;
	struct use *uses; /* ascending by atom */
	size_t n_uses, uses_cap;
	struct events events4, events6;
	struct intervals intervals4, intervals6;
	struct sets atom_sets, list_sets; /* extra word of an atom set: place of its list set */
	uint32_t *active, *touched;       /* atoms of the sweep; lists of a set */
	size_t n_active;
	uint64_t active_hash;
	uint8_t *terms; /* by list: bits of the terms that hold */
};

static bool add_event(struct events *events, ip_number address, uint32_t atom, bool enter)
{
	struct event *at = array_reserve(events->at, &events->cap, events->n + 1, sizeof(*at));
	if (!at)
		return false;
	events->at = at;
	at[events->n++] = (struct event){(uint64_t)(address >> 64), (uint64_t)address, atom, enter};
	return true;
}

static bool add_range_events(struct events *events, const struct range_list *list, ip_number max,
			     uint32_t atom)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct range *range = &list->at[i];
		if (!add_event(events, range->first, atom, true) ||
		    (range->last != max && !add_event(events, range->last + 1, atom, false)))
			return false;
	}
	return true;
}

/* Normalises the ranges. */
static bool add_atom_events(struct build *build, uint32_t atom, struct ranges *ranges)
{
	ranges_normalise(ranges);
	return add_range_events(&build->events4, &ranges->v4, ip_number_max(4), atom) &&
	       add_range_events(&build->events6, &ranges->v6, ip_number_max(6), atom);
}

static bool add_use(struct build *build, uint32_t atom, uint32_t list, unsigned slot)
{
	struct use *uses =
		array_reserve(build->uses, &build->uses_cap, build->n_uses + 1, sizeof(*uses));
	if (!uses)
		return false;
	build->uses = uses;
	uses[build->n_uses++] = (struct use){
		atom, list, (uint8_t)(slot < FOOTPRINT_UNION ? slot : FOOTPRINT_UNION)};
	return true;
}

static int by_key(const void *a, const void *b)
{
	const geo_key *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static bool add_keys(struct build *build, size_t *cap, const struct footprint_list *list)
{
	const struct footprint_value *value = build->builder->values + list->values;
	for (unsigned slot = 0; slot < FOOTPRINT_SLOTS; value += list->n[slot++]) {
		if (!footprint_slot_is_geo(slot) || list->n[slot] == 0)
			continue;
		geo_key *keys = array_reserve(build->keys, cap, build->n_keys + list->n[slot],
					      sizeof(*keys));
		if (!keys)
			return false;
		build->keys = keys;
		for (uint32_t i = 0; i < list->n[slot]; i++)
			keys[build->n_keys++] = footprint_value_key(&value[i]);
	}
	return true;
}

static bool gather_keys(struct build *build)
{
	size_t cap = 0, kept = 0;
	for (size_t i = 0; i < build->builder->n_lists; i++) {
		if (!add_keys(build, &cap, &build->builder->lists[i]))
			return false;
	}
	if (build->n_keys == 0)
		return true;
	qsort(build->keys, build->n_keys, sizeof(*build->keys), by_key);
	for (size_t i = 1; i < build->n_keys; i++) {
		if (build->keys[i] != build->keys[kept])
			build->keys[++kept] = build->keys[i];
	}
	build->n_keys = build->n_atoms = kept + 1;
	build->places = calloc(build->n_keys, sizeof(*build->places));
	return build->places;
}

static bool add_geo_atoms(struct build *build)
{
	for (size_t i = 0; i < build->n_keys; i++) {
		if (!add_atom_events(build, (uint32_t)i, &build->places[i]))
			return false;
		ranges_clear(&build->places[i]);
	}
	return true;
}

static bool add_slot(struct build *build, uint32_t list, unsigned slot,
		     const struct footprint_value *values, uint32_t n, struct ranges *ranges)
{
	if (footprint_slot_is_geo(slot)) {
		for (uint32_t i = 0; i < n; i++) {
			geo_key key = footprint_value_key(&values[i]);
			geo_key *at =
				bsearch(&key, build->keys, build->n_keys, sizeof(key), by_key);
			if (!add_use(build, (uint32_t)(at - build->keys), list, slot))
				return false;
		}
		return true;
	}
	ranges_reset(ranges);
	for (uint32_t i = 0; i < n; i++) {
		struct ip_prefix prefix = footprint_value_prefix(&values[i], slot);
		if (!ranges_add_prefix(ranges, &prefix))
			return false;
	}
	uint32_t atom = (uint32_t)build->n_atoms++;
	return add_use(build, atom, list, slot) && add_atom_events(build, atom, ranges);
}

static int by_atom(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	return (x->atom > y->atom) - (x->atom < y->atom);
}

static bool add_lists(struct build *build)
{
	struct ranges ranges = {0};
	bool ok = true;
	for (size_t i = 0; ok && i < build->builder->n_lists; i++) {
		const struct footprint_list *list = &build->builder->lists[i];
		const struct footprint_value *values = build->builder->values + list->values;
		for (unsigned slot = 0; ok && slot < FOOTPRINT_SLOTS; values += list->n[slot++]) {
			if (list->n[slot])
				ok = add_slot(build, (uint32_t)i, slot, values, list->n[slot],
					      &ranges);
		}
	}
	ranges_clear(&ranges);
	if (ok && build->n_uses)
		qsort(build->uses, build->n_uses, sizeof(*build->uses), by_atom);
	return ok;
}

/* --- The sweep ------------------------------------------------------------------------------------------------ */

static uint8_t terms_of(const struct footprint_list *list)
{
	unsigned terms = 0;
	for (unsigned slot = 0; slot < FOOTPRINT_SLOTS; slot++) {
		if (list->n[slot])
			terms |= 1u << (slot < FOOTPRINT_UNION ? slot : FOOTPRINT_UNION);
	}
	return (uint8_t)terms;
}

static const struct use *first_use(const struct build *build, uint32_t atom)
{
	size_t low = 0, high = build->n_uses;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (build->uses[mid].atom < atom)
			low = mid + 1;
		else
			high = mid;
	}
	return build->uses + low;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* The lists that have an active atom, each once; their terms hold what is active. Gives how many. */
static size_t touch_lists(struct build *build)
{
	if (!build->n_uses)
		return 0;
	const struct use *end = build->uses + build->n_uses;
	size_t n = 0;
	for (size_t i = 0; i < build->n_active; i++) {
		uint32_t atom = build->active[i];
		for (const struct use *use = first_use(build, atom); use < end && use->atom == atom;
		     use++) {
			if (!build->terms[use->list])
				build->touched[n++] = use->list;
			build->terms[use->list] |= (uint8_t)(1u << use->term);
		}
	}
	return n;
}

/* Place of the set of lists that the active atoms satisfy. */
static bool satisfied(struct build *build, uint32_t *place)
{
	size_t n = touch_lists(build), kept = 0;
	bool is_new;
	for (size_t i = 0; i < n; i++) {
		uint32_t list = build->touched[i];
		if (build->terms[list] == terms_of(&build->builder->lists[list]))
			build->touched[kept++] = list;
		build->terms[list] = 0;
	}
	if (kept)
		qsort(build->touched, kept, sizeof(*build->touched), by_number);
	return sets_put(&build->list_sets, build->touched, (uint32_t)kept,
			set_hash(build->touched, (uint32_t)kept), place, &is_new);
}

/* Place of the set of lists for the active atoms: worked out, or known from an interval before. */
static bool active_class(struct build *build, uint32_t *class_place)
{
	uint32_t place, n = (uint32_t)build->n_active;
	bool is_new;
	if (!sets_put(&build->atom_sets, build->active, n, build->active_hash, &place, &is_new))
		return false;
	/* What is thought lost here is freed by build_clear(). NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	uint32_t *known = build->atom_sets.words + place + 1 + n;
	if (is_new && !satisfied(build, known))
		return false;
	*class_place = *known;
	return true;
}

static void apply(struct build *build, const struct event *event)
{
	uint32_t *active = build->active;
	size_t low = 0, high = build->n_active;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (active[mid] < event->atom)
			low = mid + 1;
		else
			high = mid;
	}
	size_t above = build->n_active - low;
	if (event->enter) {
		memmove(active + low + 1, active + low, above * sizeof(*active));
		active[low] = event->atom;
		build->n_active++;
		build->active_hash += member_hash(event->atom);
	} else {
		memmove(active + low, active + low + 1, (above - 1) * sizeof(*active));
		build->n_active--;
		build->active_hash -= member_hash(event->atom);
	}
}

/* The class from `start` on; nothing when it is the one before, too. */
static bool add_interval(struct intervals *intervals, struct footprint_start6 start,
			 uint32_t class_place)
{
	size_t n = intervals->n;
	if (n && intervals->classes[n - 1] == class_place)
		return true;
	struct footprint_start6 *starts =
		array_reserve(intervals->starts, &intervals->starts_cap, n + 1, sizeof(*starts));
	if (!starts)
		return false;
	intervals->starts = starts;
	uint32_t *classes =
		array_reserve(intervals->classes, &intervals->classes_cap, n + 1, sizeof(*classes));
	if (!classes)
		return false;
	intervals->classes = classes;
	starts[n] = start;
	classes[n] = class_place;
	intervals->n++;
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	return (x->low > y->low) - (x->low < y->low);
}

static bool sweep(struct build *build, struct events *events, struct intervals *intervals)
{
	uint32_t class_place;
	struct footprint_start6 start = {0};
	build->n_active = 0;
	build->active_hash = 0;
	if (events->n)
		qsort(events->at, events->n, sizeof(*events->at), by_address);
	for (size_t i = 0;;) {
		for (; i < events->n && events->at[i].high == start.high &&
		       events->at[i].low == start.low;
		     i++)
			apply(build, &events->at[i]);
		if (!active_class(build, &class_place) ||
		    !add_interval(intervals, start, class_place))
			return false;
		if (i == events->n)
			break;
		start = (struct footprint_start6){events->at[i].high, events->at[i].low};
	}
	free(events->at);
	*events = (struct events){0};
	return true;
}

/* --- The table ------------------------------------------------------------------------------------------------ */

static void *shrink(void *array, size_t size)
{
	void *smaller = realloc(array, size);
	return smaller ? smaller : array;
}

/* Moves what was found into the table. */
static bool take_over(struct build *build, struct footprint_table *table)
{
	struct intervals *v4 = &build->intervals4, *v6 = &build->intervals6;
	table->starts4 = malloc(v4->n * sizeof(*table->starts4));
	if (!table->starts4)
		return false;
	for (size_t i = 0; i < v4->n; i++)
		table->starts4[i] = (uint32_t)v4->starts[i].low;
	table->n4 = v4->n;
	table->classes4 = shrink(v4->classes, v4->n * sizeof(*v4->classes));
	table->n6 = v6->n;
	table->starts6 = shrink(v6->starts, v6->n * sizeof(*v6->starts));
	table->classes6 = shrink(v6->classes, v6->n * sizeof(*v6->classes));
	v4->classes = v6->classes = NULL;
	v6->starts = NULL;
	table->n_words = build->list_sets.n_words;
	table->words = shrink(build->list_sets.words, table->n_words * sizeof(*table->words));
	build->list_sets.words = NULL;
	table->n_classes = build->list_sets.n;
	table->n_footprints = build->builder->n_lists;
	footprint_table_index(table);
	return true;
}

static bool compile(struct build *build, struct footprint_table *table)
{
	size_t n_lists = build->builder->n_lists;
	build->atom_sets.extra = 1;
	if (!add_geo_atoms(build) || !add_lists(build))
		return false;
	build->active = malloc((build->n_atoms + 1) * sizeof(*build->active));
	build->touched = malloc((n_lists + 1) * sizeof(*build->touched));
	build->terms = calloc(n_lists + 1, sizeof(*build->terms));
	return build->active && build->touched && build->terms &&
	       sweep(build, &build->events4, &build->intervals4) &&
	       sweep(build, &build->events6, &build->intervals6) && take_over(build, table);
}

static void build_clear(struct build *build)
{
	for (size_t i = 0; build->places && i < build->n_keys; i++)
		ranges_clear(&build->places[i]);
	void *all[] = {build->keys,
		       build->places,
		       build->uses,
		       build->events4.at,
		       build->events6.at,
		       build->intervals4.starts,
		       build->intervals4.classes,
		       build->intervals6.starts,
		       build->intervals6.classes,
		       build->atom_sets.words,
		       build->atom_sets.index,
		       build->list_sets.words,
		       build->list_sets.index,
		       build->active,
		       build->touched,
		       build->terms};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
}

static int look_up_places(struct build *build, char *err, size_t err_len)
{
	for (size_t i = 0; i < build->builder->n_geo; i++) {
		if (geo_collect(build->builder->geo[i], build->keys, build->n_keys, build->places,
				err, err_len) < 0)
			return -1;
	}
	return 0;
}

struct footprint_table *footprint_builder_finish(struct footprint_builder *builder, char *err,
						 size_t err_len)
{
	struct build build = {.builder = builder};
	struct footprint_table *table = calloc(1, sizeof(*table));
	bool ok = false;
	snprintf(err, err_len, "no memory");
	if (table && gather_keys(&build) && look_up_places(&build, err, err_len) == 0)
		ok = compile(&build, table);
	if (build.atom_sets.full || build.list_sets.full)
		snprintf(
			err, err_len,
			"footprints overlap in more ways than a table can hold: use fewer of them");
	build_clear(&build);
	if (ok)
		return table;
	footprint_table_free(table);
	return NULL;
}

void footprint_table_free(struct footprint_table *table)
{
	if (!table)
		return;
	free(table->words);
	free(table->starts4);
	free(table->classes4);
	free(table->starts6);
	free(table->classes6);
	free(table);
}
