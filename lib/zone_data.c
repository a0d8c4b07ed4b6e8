/* zone_data - the records of a zone: a table of its names, made once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone_data.h"

#include "array.h"
#include "bytes.h"
#include "dns_name.h"
#include "dns_wire.h"
#include "siphash.h"

#include <ctype.h>
#include <stdlib.h>

enum { SOA_NUMBERS = 20 };

/* What is being made; nodes move until all are there, so rrsets and wildcards are numbers first. */
struct making {
	struct zone_data *data;
	const struct dns_name *apex;
	size_t nodes_cap, rrsets_cap;
	uint32_t *first; /* rrset of each node */
	uint32_t *owner; /* node of each rrset */
	size_t first_cap, owner_cap;
	const char *why;
};

static bool refuse(struct making *making, const char *why)
{
	making->why = why;
	return false;
}

static void put_slot(struct zone_data *data, uint32_t node)
{
	const struct zone_node *at = &data->nodes[node];
	size_t slot = siphash_table(data->key, at->name, at->name_len);
	while (data->slots[slot & data->mask])
		slot++;
	data->slots[slot & data->mask] = node + 1;
}

/* Room for one more; never more than half full, so that every search ends. */
static bool grow_slots(struct zone_data *data)
{
	if (data->slots && data->n_nodes * (size_t)2 < data->mask)
		return true;
	size_t n = data->slots ? (data->mask + 1) * 2 : 16;
	uint32_t *slots = calloc(n, sizeof(*slots));
	if (!slots)
		return false;
	free(data->slots);
	data->slots = slots;
	data->mask = n - 1;
	for (uint32_t i = 0; i < data->n_nodes; i++)
		put_slot(data, i);
	return true;
}

static bool add_node(struct making *making, const uint8_t *name, size_t len)
{
	struct zone_data *data = making->data;
	struct zone_node *nodes =
		array_reserve(data->nodes, &making->nodes_cap, data->n_nodes + 1, sizeof(*nodes));
	if (!nodes)
		return false;
	data->nodes = nodes;
	uint32_t *first =
		array_reserve(making->first, &making->first_cap, data->n_nodes + 1, sizeof(*first));
	if (!first || !grow_slots(data))
		return false;
	making->first = first;
	first[data->n_nodes] = 0;
	nodes[data->n_nodes] = (struct zone_node){.name = name, .name_len = (uint8_t)len};
	put_slot(data, data->n_nodes++);
	return true;
}

/* The number of a name's node, which is made with those above it when they are not there. UINT32_MAX: no memory. */
static uint32_t node_of(struct making *making, const uint8_t *name, size_t len)
{
	struct zone_data *data = making->data;
	const struct zone_node *node = zone_data_node(data, name, len);
	if (node)
		return (uint32_t)(node - data->nodes);
	uint32_t number = data->n_nodes;
	if (!add_node(making, name, len))
		return UINT32_MAX;
	size_t label = name[0] + 1u;
	return node_of(making, name + label, len - label) == UINT32_MAX ? UINT32_MAX : number;
}

static bool is_name(const uint8_t *at, size_t len)
{
	unsigned labels;
	return len && dns_name_scan(at, len, &labels) == len;
}

/* Data that answers are made with have to be what their type says. */
static bool data_ok(uint16_t type, const uint8_t *at, size_t len)
{
	unsigned labels;
	size_t first;
	switch (type) {
	case DNS_A:
		return len == 4;
	case DNS_AAAA:
		return len == 16;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_DNAME:
	case DNS_PTR:
		return is_name(at, len);
	case DNS_MX:
		return len > 2 && is_name(at + 2, len - 2);
	case DNS_SOA:
		first = dns_name_scan(at, len, &labels);
		return first && len > first + SOA_NUMBERS &&
		       is_name(at + first, len - first - SOA_NUMBERS);
	default:
		return true;
	}
}

static bool owner_ok(const struct making *making, const uint8_t *owner, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isupper(owner[i]))
			return false;
	return is_name(owner, len) &&
	       dns_name_is_under(owner, len, making->apex->wire, making->apex->len);
}

static bool read_records(struct making *making, struct reader *r, struct zone_rrset *rrset)
{
	rrset->data = r->at;
	if (!rrset->n)
		return refuse(making, "no record of a type");
	for (unsigned i = 0; i < rrset->n; i++) {
		uint16_t len = reader_u16(r);
		const uint8_t *at = reader_take(r, len);
		if (!at || !data_ok(rrset->type, at, len))
			return refuse(making, "record data that is not as its type says");
	}
	making->data->n_records += rrset->n;
	return true;
}

/* Marks of the node, and the order of its types. */
static bool note(struct making *making, uint32_t number, const struct zone_rrset *rrset)
{
	struct zone_data *data = making->data;
	struct zone_node *node = &data->nodes[number];
	if (!node->n_rrsets++)
		making->first[number] = data->n_rrsets;
	else if (making->owner[data->n_rrsets - 1] != number ||
		 data->rrsets[data->n_rrsets - 1].type >= rrset->type)
		return refuse(making, "records out of order");
	node->cut |= rrset->type == DNS_NS && number;
	node->dname |= rrset->type == DNS_DNAME;
	node->cname |= rrset->type == DNS_CNAME;
	return true;
}

static bool read_rrset(struct making *making, struct reader *r)
{
	struct zone_data *data = making->data;
	size_t len = reader_u8(r);
	const uint8_t *owner = reader_take(r, len);
	struct zone_rrset rrset = {.type = reader_u16(r)};
	rrset.ttl = reader_u32(r);
	rrset.n = reader_u16(r);
	if (!owner || !owner_ok(making, owner, len))
		return refuse(making, "an owner that is no name of the zone");
	if (!read_records(making, r, &rrset))
		return false;
	uint32_t number = node_of(making, owner, len);
	struct zone_rrset *rrsets = array_reserve(data->rrsets, &making->rrsets_cap,
						  data->n_rrsets + 1, sizeof(*rrsets));
	data->rrsets = rrsets ? rrsets : data->rrsets;
	uint32_t *owners = array_reserve(making->owner, &making->owner_cap, data->n_rrsets + 1,
					 sizeof(*owners));
	making->owner = owners ? owners : making->owner;
	if (number == UINT32_MAX || !rrsets || !owners || !note(making, number, &rrset))
		return false;
	owners[data->n_rrsets] = number;
	rrsets[data->n_rrsets++] = rrset;
	return true;
}

static void tie(struct making *making)
{
	struct zone_data *data = making->data;
	for (uint32_t i = 0; i < data->n_rrsets; i++)
		data->rrsets[i].node = &data->nodes[making->owner[i]];
	for (uint32_t i = 0; i < data->n_nodes; i++) {
		struct zone_node *node = &data->nodes[i];
		node->rrsets = data->rrsets + making->first[i];
		if (i && node->name[0] == 1 && node->name[1] == '*')
			((struct zone_node *)zone_data_node(data, node->name + 2,
							    node->name_len - 2u))
				->wildcard = node;
	}
	data->apex = data->nodes;
}

static bool finish(struct making *making)
{
	struct zone_data *data = making->data;
	tie(making);
	data->soa = zone_node_rrset(data->apex, DNS_SOA);
	data->ns = zone_node_rrset(data->apex, DNS_NS);
	if (!data->soa || data->soa->n != 1 || !data->ns)
		return refuse(making, "no SOA or NS at the apex");
	const uint8_t *end = data->soa->data + 2 + load_be16(data->soa->data);
	uint32_t minimum = load_be32(end - 4);
	data->serial = load_be32(end - SOA_NUMBERS);
	data->negative_ttl = minimum < data->soa->ttl ? minimum : data->soa->ttl;
	return true;
}

static bool make(struct making *making)
{
	struct zone_data *data = making->data;
	struct reader r = reader_of(data->packed, data->packed_len);
	if (!grow_slots(data) || !add_node(making, data->apex_name, making->apex->len))
		return false;
	while (reader_left(&r))
		if (!read_rrset(making, &r))
			return false;
	return finish(making);
}

struct zone_data *zone_data_new(const struct dns_name *apex, const uint8_t *packed, size_t len,
				const uint8_t key[16], const char **why)
{
	struct zone_data *data = calloc(1, sizeof(*data) + len);
	struct making making = {.data = data, .apex = apex};
	*why = NULL;
	if (!data)
		return NULL;
	for (size_t i = 0; i < apex->len; i++)
		data->apex_name[i] = (uint8_t)tolower(apex->wire[i]);
	if (len)
		memcpy(data->packed, packed, len);
	memcpy(data->key, key, sizeof(data->key));
	data->packed_len = len;
	bool done = make(&making);
	free(making.first);
	free(making.owner);
	*why = making.why;
	if (done)
		return data;
	zone_data_free(data);
	return NULL;
}

void zone_data_free(struct zone_data *data)
{
	if (!data)
		return;
	free(data->slots);
	free(data->nodes);
	free(data->rrsets);
	free(data);
}
