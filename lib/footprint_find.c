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

void footprint_warm(const struct footprint_table *table, const struct ip_addr *const addrs[],
		    unsigned n)
{
	struct {
		const struct footprint_node *node;
		ip_number address;
	} ways[FOOTPRINT_WARM_MAX];
	for (unsigned i = 0; i < n; i++) {
		ways[i].node = root_of(table, addrs[i]->family);
		ways[i].address = ip_number_of(addrs[i]);
	}
	for (bool going = true; going;) {
		going = false;
		for (unsigned i = 0; i < n; i++) {
			if (!ways[i].node)
				continue;
			ways[i].node = footprint_trie_child(ways[i].node, ways[i].address);
			if (!ways[i].node)
				continue;
			prefetch(ways[i].node);
			prefetch((const char *)ways[i].node + 64);
			going = true;
		}
	}
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

/* Prefixes of a slot lie beside each other. */
static bool prefixes_around(const struct footprint_values *values, ip_number address,
			    struct area *area)
{
	uint32_t low = 0, high = values->n;
	unsigned len;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (footprint_values_prefix(values, mid, &len) <= address)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < values->n)
		narrow(area, 0, footprint_values_prefix(values, low, &len) - 1);
	if (low == 0)
		return false;
	ip_number first = footprint_values_prefix(values, low - 1, &len),
		  last = first | ~ip_number_mask(len);
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
			holds = prefixes_around(&values, address, &area);
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

unsigned footprint_scope_len(const struct footprint_table *table, const struct ip_addr *addr,
			     const uint32_t *ids, size_t n)
{
	ip_number address = ip_number_of(addr);
	unsigned len = 0;
	for (size_t i = 0; i < n; i++) {
		const struct footprint_list *list = footprint_table_list(table, ids[i]);
		if (list)
			len = list_scope_len(table, list, addr->family, address, len);
	}
	return len;
}
