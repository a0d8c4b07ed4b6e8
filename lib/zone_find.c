/* zone_find - the records of a zone, found by name and type. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bytes.h"
#include "dns_name.h"
#include "dns_wire.h"
#include "siphash.h"
#include "zone_data.h"

#include <ctype.h>

enum { LABELS_MAX = 128 };

const struct zone_node *zone_data_node(const struct zone_data *data, const uint8_t *name,
				       size_t len)
{
	for (size_t at = siphash_table(data->key, name, len);; at++) {
		uint32_t slot = data->slots[at & data->mask];
		if (!slot)
			return NULL;
		const struct zone_node *node = &data->nodes[slot - 1];
		if (node->name_len == len && memcmp(node->name, name, len) == 0)
			return node;
	}
}

const struct zone_rrset *zone_node_rrset(const struct zone_node *node, uint16_t type)
{
	unsigned low = 0, high = node->n_rrsets;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (node->rrsets[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return low < node->n_rrsets && node->rrsets[low].type == type ? &node->rrsets[low] : NULL;
}

/* Lower case, and where its labels start. Gives their number without the root. */
static unsigned split(const uint8_t *name, size_t len, uint8_t lower[255],
		      uint8_t starts[LABELS_MAX])
{
	unsigned n = 0;
	for (size_t i = 0; i < len; i++)
		lower[i] = (uint8_t)tolower(name[i]); /* no length octet is a letter */
	for (size_t at = 0; lower[at]; at += lower[at] + 1u)
		starts[n++] = (uint8_t)at;
	return n;
}

/* One of them is enough for ANY. */
static const struct zone_rrset *any_of(const struct zone_node *node)
{
	static const uint16_t first[] = {DNS_SOA, DNS_A, DNS_AAAA};
	const struct zone_rrset *rrset = NULL;
	for (unsigned i = 0; i < 3 && !rrset; i++)
		rrset = zone_node_rrset(node, first[i]);
	return rrset || !node->n_rrsets ? rrset : node->rrsets;
}

static void find_at(const struct zone_node *node, uint16_t type, struct zone_found *found)
{
	found->outcome = ZONE_ANSWER;
	if (type == DNS_ANY) {
		found->rrset = any_of(node);
	} else if (node->cname && type != DNS_CNAME) {
		found->rrset = zone_node_rrset(node, DNS_CNAME);
		found->outcome = ZONE_LINK;
	} else {
		found->rrset = zone_node_rrset(node, type);
	}
	if (!found->rrset)
		found->outcome = ZONE_NODATA;
}

static unsigned labels_of(const struct zone_node *node)
{
	unsigned labels;
	dns_name_scan(node->name, node->name_len, &labels);
	return labels;
}

/* Down from the apex, to the name or its closest encloser (RFC 4592 §3.3.1): what stands above a name decides first. */
void zone_data_find(const struct zone_data *data, const uint8_t *name, size_t len, uint16_t type,
		    struct zone_found *found)
{
	uint8_t lower[255], starts[LABELS_MAX];
	const struct zone_node *node = data->apex;
	*found = (struct zone_found){.data = data};
	for (unsigned i = split(name, len, lower, starts) - labels_of(node); i-- > 0;) {
		if (node->dname) {
			found->outcome = ZONE_LINK;
			found->rrset = zone_node_rrset(node, DNS_DNAME);
			return;
		}
		const struct zone_node *next =
			zone_data_node(data, lower + starts[i], len - starts[i]);
		if (!next) {
			found->outcome = ZONE_NXDOMAIN;
			if (node->wildcard)
				find_at(node->wildcard, type, found);
			return;
		}
		node = next;
		if (node->cut && (i || type != DNS_DS)) {
			found->outcome = ZONE_REFERRAL;
			found->rrset = zone_node_rrset(node, DNS_NS);
			return;
		}
	}
	find_at(node, type, found);
}

const struct zone_rrset *zone_data_rrset(const struct zone_data *data, const uint8_t *name,
					 size_t len, uint16_t type)
{
	uint8_t lower[255], starts[LABELS_MAX];
	split(name, len, lower, starts);
	const struct zone_node *node = zone_data_node(data, lower, len);
	return node ? zone_node_rrset(node, type) : NULL;
}

bool zone_link(const struct zone_rrset *link, struct dns_name *name)
{
	size_t target_len = load_be16(link->data);
	size_t kept = link->type == DNS_DNAME ? (size_t)(name->len - link->node->name_len) : 0;
	if (kept + target_len > sizeof(name->wire))
		return false;
	memcpy(name->wire + kept, link->data + 2, target_len);
	name->len = (uint8_t)(kept + target_len);
	return true;
}
