/* footprint_find - in which lists of a footprint table an address is, and how far around it that holds. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bytes.h"
#include "footprint_table.h"
#include "prefetch.h"

#include <assert.h>

static_assert(FOOTPRINT_STEPS_MAX >= IP_NUMBER_BITS + 1, "there is a step for each prefix length");

static const struct footprint_node *root_of(const struct footprint_table *table, unsigned family)
{
	return table->roots[family == 4 ? FOOTPRINT_V4 : FOOTPRINT_V6];
}

void footprint_find(const struct footprint_table *table, const struct ip_addr *addr,
		    struct footprint_client *client)
{
	ip_number address = ip_number_of(addr);
	struct range range;
	client->table = table;
	client->n = footprint_trie_find(root_of(table, addr->family), address, client->steps);
	client->place =
		table->n_geo ? footprint_geo_find(table->geo, addr->family, address, &range) : NULL;
}

static bool has_term(const struct footprint_client *client, uint32_t term)
{
	for (uint32_t i = 0; i < client->n; i++) {
		if (footprint_set_has(*(const footprint_set *)client->steps[i], term))
			return true;
	}
	return false;
}

/* Is one of the values said of the place? */
static bool is_in_place(const geo_key *place, const struct footprint_values *values)
{
	for (geo_key i = 0; place && i < place[0]; i++) {
		uint8_t bytes[8];
		store_be32(bytes, (uint32_t)(place[1 + i] >> 32));
		store_be32(bytes + 4, (uint32_t)place[1 + i]);
		if (footprint_values_has(values, bytes))
			return true;
	}
	return false;
}

bool footprint_has(const struct footprint_client *client, uint32_t id)
{
	if (!(id & FOOTPRINT_ID_LOOK))
		return has_term(client, id);
	const struct footprint_list *list = footprint_table_list(client->table, id);
	unsigned held = 0;
	for (struct footprint_values values = {0}; list && footprint_values_next(list, &values);) {
		bool holds = footprint_slot_is_geo(values.slot)
				     ? is_in_place(client->place, &values)
				     : has_term(client, footprint_term(id, values.slot));
		held |= (unsigned)holds << footprint_slot_term(values.slot);
	}
	return list && held == list->terms;
}

/* --- How far around ------------------------------------------------------------------------------------------- */

/* Addresses in the same terms of a list. */
struct area {
	ip_number first, last;
	bool is_in;
};

static void narrow(struct area *area, ip_number first, ip_number last)
{
	if (first > area->first)
		area->first = first;
	if (last < area->last)
		area->last = last;
}

static ip_number first_of(const struct footprint_values *values, uint32_t i)
{
	unsigned len;
	return footprint_values_prefix(values, i, &len);
}

static ip_number last_of(const struct footprint_values *values, uint32_t i)
{
	unsigned len;
	ip_number first = footprint_values_prefix(values, i, &len);
	return first | ~ip_number_mask(len);
}

/* Samples below a number. */
static uint32_t count_samples(const uint64_t *samples, uint32_t n, uint64_t number)
{
	uint32_t low = 0;
	while (n > 1) {
		uint32_t half = n / 2;
		low = samples[low + half] < number ? low + half : low;
		n -= half;
	}
	return low + (n && samples[low] < number);
}

/* Where the first prefix that begins behind an address is: from *low on, up to `high`. */
static uint32_t narrow_down(const struct footprint_list *list, uint32_t n, ip_number address,
			    uint32_t *low)
{
	*low = 0;
	if (!list->samples)
		return n;
	uint64_t number = (uint64_t)(address >> 64);
	uint32_t n_samples = (n - 1) / FOOTPRINT_SAMPLE;
	*low = count_samples(list->samples, n_samples, number) * FOOTPRINT_SAMPLE;
	if (number == UINT64_MAX)
		return n;
	uint32_t i = count_samples(list->samples, n_samples, number + 1);
	return i < n_samples ? (i + 1) * FOOTPRINT_SAMPLE : n;
}

/* How many prefixes of a slot begin at or before an address. */
static uint32_t count_up_to(const struct footprint_list *list,
			    const struct footprint_values *values, ip_number address)
{
	uint32_t low, n = narrow_down(list, values->n, address, &low) - low;
	while (n > 1) {
		uint32_t half = n / 2;
		low = first_of(values, low + half) <= address ? low + half : low;
		n -= half;
	}
	return low + (n && first_of(values, low) <= address);
}

/* Prefixes of a slot lie beside each other. */
static bool prefixes_around(const struct footprint_list *list,
			    const struct footprint_values *values, ip_number address,
			    struct area *area)
{
	uint32_t low = count_up_to(list, values, address);
	if (low < values->n)
		narrow(area, 0, first_of(values, low) - 1);
	if (low == 0)
		return false;
	ip_number first = first_of(values, low - 1), last = last_of(values, low - 1);
	if (address > last)
		narrow(area, last + 1, IP_NUMBER_MAX);
	else
		narrow(area, first, last);
	return address <= last;
}

/* The area around an address. */
static struct area look_around(const struct footprint_table *table,
			       const struct footprint_list *list, unsigned family,
			       ip_number address)
{
	struct area area = {0, IP_NUMBER_MAX, false};
	unsigned held = 0;
	for (struct footprint_values values = {0}; footprint_values_next(list, &values);) {
		bool holds = false;
		if (footprint_slot_is_geo(values.slot)) {
			struct range range;
			holds = is_in_place(footprint_geo_find(table->geo, family, address, &range),
					    &values);
			narrow(&area, range.first, range.last);
		} else if (footprint_slot_family(values.slot) == family) {
			holds = prefixes_around(list, &values, address, &area);
		}
		held |= (unsigned)holds << footprint_slot_term(values.slot);
	}
	area.is_in = held == list->terms;
	return area;
}

/* Length of the shortest prefix around an address that does not hold the other one. */
static unsigned len_without(ip_number address, ip_number other)
{
	return ip_number_common(address, other) + 1;
}

/* Gives enough, or what this list needs if it is more. The area of equal membership grows by a neighbour at a time, on the
 * side that forces the prefix to be longer, until that side's neighbour differs. */
static unsigned list_scope_len(const struct footprint_table *table,
			       const struct footprint_list *list, unsigned family,
			       ip_number address, unsigned enough)
{
	struct area own = look_around(table, list, family, address);
	for (unsigned visits = 0;; visits++) {
		unsigned below = own.first > 0 ? len_without(address, own.first - 1) : 0;
		unsigned above = own.last < IP_NUMBER_MAX ? len_without(address, own.last + 1) : 0;
		unsigned len = below > above ? below : above;
		if (len <= enough)
			return enough;
		if (visits == FOOTPRINT_NEIGHBOURS)
			return len;
		struct area next = look_around(table, list, family,
					       below > above ? own.first - 1 : own.last + 1);
		if (next.is_in != own.is_in)
			return len;
		if (below > above)
			own.first = next.first;
		else
			own.last = next.last;
	}
}

/* The same for a list of prefixes of one family alone. */
static unsigned prefixes_scope_len(const struct footprint_list *list,
				   const struct footprint_values *values, ip_number address,
				   unsigned enough)
{
	uint32_t low = count_up_to(list, values, address),
		 high = low--; /* wraps where there is none */
	unsigned below = 0, above = 0;
	if (high == 0 || address > last_of(values, low)) {
		if (high > 0)
			below = len_without(address, last_of(values, low));
		if (high < values->n)
			above = len_without(address, first_of(values, high));
		unsigned len = below > above ? below : above;
		return len > enough ? len : enough;
	}
	high--;
	for (unsigned visits = 0;; visits++) {
		ip_number first = first_of(values, low), last = last_of(values, high);
		below = first > 0 ? len_without(address, first - 1) : 0;
		above = last < IP_NUMBER_MAX ? len_without(address, last + 1) : 0;
		unsigned len = below > above ? below : above;
		if (len <= enough)
			return enough;
		if (visits == FOOTPRINT_NEIGHBOURS)
			return len;
		if (below > above) {
			if (low == 0 || last_of(values, low - 1) + 1 != first)
				return len;
			low--;
		} else {
			if (high + 1 == values->n || first_of(values, high + 1) != last + 1)
				return len;
			high++;
		}
	}
}

unsigned footprint_scope_len(const struct footprint_table *table, const struct ip_addr *addr,
			     const uint32_t *ids, size_t n)
{
	ip_number address = ip_number_of(addr);
	unsigned len = 0;
	for (size_t i = 0; i < n; i++) {
		const struct footprint_list *list = footprint_table_list(table, ids[i]);
		struct footprint_values values = {0};
		if (!list)
			continue;
		if (!footprint_list_is_one_slot_of_prefixes(list))
			len = list_scope_len(table, list, addr->family, address, len);
		else if (footprint_values_next(list, &values) &&
			 footprint_slot_family(values.slot) == addr->family)
			len = prefixes_scope_len(list, &values, address, len);
	}
	return len;
}

/* --- Ahead of it ---------------------------------------------------------------------------------------------- */

static void warm_tries(const struct footprint_table *table, const struct footprint_ask asks[],
		       unsigned n)
{
	struct {
		const struct footprint_node *node;
		ip_number address;
	} ways[FOOTPRINT_WARM_MAX];
	for (unsigned i = 0; i < n; i++) {
		ways[i].node = root_of(table, asks[i].addr->family);
		ways[i].address = ip_number_of(asks[i].addr);
	}
	for (bool going = true; going;) {
		going = false;
		for (unsigned i = 0; i < n; i++) {
			if (!ways[i].node)
				continue;
			ways[i].node = footprint_trie_warm(ways[i].node, ways[i].address);
			going |= ways[i].node != NULL;
		}
	}
}

/* More than this is not worth it. */
enum { PREFETCH_MAX = 1024 };

static void prefetch_from(const void *from, size_t len)
{
	for (size_t at = 0; len <= PREFETCH_MAX && at < len + 63; at += 64)
		prefetch((const uint8_t *)from + (at < len ? at : len - 1));
}

/* Of long lists the samples, and the prefixes between two of them. */
static void warm_lists(const struct footprint_table *table, const struct footprint_ask asks[],
		       unsigned n)
{
	const struct footprint_list *lists[FOOTPRINT_WARM_MAX];
	struct footprint_values values[FOOTPRINT_WARM_MAX];
	unsigned n_lists = 0;
	const struct ip_addr *addrs[FOOTPRINT_WARM_MAX];
	for (unsigned i = 0; i < n; i++) {
		const struct footprint_list *list =
			asks[i].how_far ? footprint_table_list(table, asks[i].id) : NULL;
		if (!list)
			continue;
		prefetch(list);
		addrs[n_lists] = asks[i].addr;
		lists[n_lists++] = list;
	}
	for (unsigned i = 0; i < n_lists; i++) {
		values[i] = (struct footprint_values){0};
		if (!lists[i]->samples || !footprint_values_next(lists[i], &values[i]))
			values[i].n = 0;
		else
			prefetch_from(lists[i]->samples,
				      (values[i].n - 1) / FOOTPRINT_SAMPLE * sizeof(uint64_t));
	}
	for (unsigned i = 0; i < n_lists; i++) {
		uint32_t low, high;
		if (!values[i].n)
			continue;
		high = narrow_down(lists[i], values[i].n, ip_number_of(addrs[i]), &low);
		prefetch_from(values[i].at + (size_t)low * values[i].width,
			      (size_t)(high - low) * values[i].width);
	}
}

void footprint_warm(const struct footprint_table *table, const struct footprint_ask asks[],
		    unsigned n)
{
	warm_tries(table, asks, n);
	warm_lists(table, asks, n);
}
