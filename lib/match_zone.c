/* match_zone - the part that zone data have in a verdict: records that no scope stands over, and names that they lead to. RFC 1034
 * §4.3.2. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "match_zone.h"

#include "dns_name.h"
#include "dns_wire.h"
#include "match.h"
#include "scope_trie.h"

#include <string.h>

/* Keys end at a label, so what follows in the host is '.' or its end. *len: of the key that was found. */
static void *deepest(const struct trie_node *node, const uint8_t *key, size_t host_len, size_t *len)
{
	void *value = NULL;
	size_t at = 0;
	*len = 0;
	while (node && at + node->skip_len <= host_len &&
	       octets_equal(trie_skip(node), key + at, node->skip_len)) {
		at += node->skip_len;
		if (node->value && (at == host_len || at == 0 || key[at] == '.')) {
			value = node->value;
			*len = at;
		}
		if (at == host_len || !node->n_children)
			break;
		node = trie_child(node, key[at++]);
	}
	return value;
}

const struct zone *match_zone(const struct trie_node *zones, const uint8_t *key, size_t host_len)
{
	size_t len;
	return deepest(zones, key, host_len, &len);
}

bool match_zone_cut(const struct view *view, const struct request *req, struct verdict *verdict)
{
	size_t len;
	const struct dri *dri = deepest(view->cuts, req->key, req->host_len, &len);
	if (!dri)
		return false;
	if (len == req->host_len && req->dns.qtype == DNS_DS) {
		verdict->found = (struct zone_found){ZONE_NODATA, NULL, verdict->zone->data};
		return true;
	}
	verdict->outcome = VERDICT_DELEGATED;
	verdict->dri = dri;
	verdict->n_cut_labels = 1;
	for (size_t i = 0; i < len; i++)
		verdict->n_cut_labels += req->key[i] == '.';
	return true;
}

/* Nothing more is said than the links do. */
static bool end_here(struct verdict *verdict)
{
	verdict->found = (struct zone_found){.outcome = ZONE_UNASKED};
	verdict->zone = NULL;
	return false;
}

/* A CNAME that was followed already leads to where the search has been; that of a wildcard may do so for one more name, its own target. */
static bool is_loop(const struct verdict *verdict, const struct zone_rrset *link)
{
	const uint8_t *name = link->node->name;
	unsigned left = name[0] == 1 && name[1] == '*';
	for (unsigned i = 0; link->type == DNS_CNAME && i < verdict->n_links; i++)
		if (verdict->links[i] == link && !left--)
			return true;
	return false;
}

/* Takes the link that was found. true: to another name. */
static bool follow_link(const struct request *req, struct dns_name *name, struct verdict *verdict)
{
	const struct zone_rrset *link = verdict->found.rrset;
	if (verdict->n_links == ZONE_LINKS_MAX || is_loop(verdict, link))
		return end_here(verdict);
	verdict->links[verdict->n_links++] = link;
	if (!zone_link(link, name)) {
		verdict->found.outcome = ZONE_TOO_LONG;
		return false;
	}
	/* The CNAME that is made from a DNAME is what was asked for. */
	return req->dns.qtype == DNS_CNAME ? end_here(verdict) : true;
}

static void set_key(struct request *req, const struct dns_name *name)
{
	unsigned labels;
	dns_name_key(name->wire, name->len, &labels, req);
}

bool match_zone_step(const struct view *view, struct request *req, struct dns_name *name,
		     struct verdict *verdict)
{
	if (!req->dns.qname)
		return false;
	if (!name->len)
		match_zone_name(req, NULL, 0, name);
	zone_data_find(verdict->zone->data, name->wire, name->len, req->dns.qtype, &verdict->found);
	bool linked = verdict->found.outcome == ZONE_LINK && follow_link(req, name, verdict);
	verdict->n_before = verdict->n_links;
	if (!linked)
		return false;
	set_key(req, name);
	verdict->zone = match_zone(view->zones, req->key, req->host_len);
	return verdict->zone || end_here(verdict);
}

void match_zone_name(const struct request *req, const struct zone_rrset *const *links, unsigned n,
		     struct dns_name *name)
{
	name->len = req->dns.qname_len;
	memcpy(name->wire, req->dns.qname, name->len);
	for (unsigned i = 0; i < n; i++)
		zone_link(links[i], name);
}

/* --- Beside and behind a DRI ---------------------------------------------------------------------- */

/* Types that a DRI with addresses does not have: those of the name itself, but nothing that would lead elsewhere past the scope. */
static void find_others(const struct request *req, struct verdict *verdict)
{
	struct dns_name name;
	match_zone_name(req, verdict->links, verdict->n_links, &name);
	zone_data_find(verdict->zone->data, name.wire, name.len, req->dns.qtype, &verdict->found);
	if (verdict->found.outcome != ZONE_ANSWER || verdict->found.rrset->type == DNS_CNAME)
		verdict->found = (struct zone_found){.outcome = ZONE_UNASKED};
}

/* Most DRIs lead to others' names. */
static bool is_elsewhere(const struct view *view, const struct dri *dri)
{
	return !match_zone(view->zones, dri->cname_key, dri->cname_key_len);
}

/* A name that scopes may stand over is not answered for: whoever asks for it is told what they say. */
static const struct zone *static_zone(const struct view *view, struct request *key,
				      const struct dns_name *name)
{
	set_key(key, name);
	if (scope_trie_has_host(view->scopes, key->key, key->host_len))
		return NULL;
	return match_zone(view->zones, key->key, key->host_len);
}

static void follow_alias(const struct view *view, const struct request *req,
			 struct verdict *verdict)
{
	struct dns_name name = {.len = verdict->dri->cname_len};
	struct request key;
	const struct zone *zone;
	memcpy(name.wire, verdict->dri->cname, name.len);
	do {
		zone = static_zone(view, &key, &name);
		verdict->found = (struct zone_found){.outcome = ZONE_UNASKED};
		if (!zone)
			return;
		zone_data_find(zone->data, name.wire, name.len, req->dns.qtype, &verdict->found);
		if (verdict->found.outcome == ZONE_LINK &&
		    (verdict->n_links == ZONE_LINKS_MAX ||
		     is_loop(verdict, verdict->found.rrset))) {
			verdict->found = (struct zone_found){.outcome = ZONE_UNASKED};
			return;
		}
	} while (verdict->found.outcome == ZONE_LINK && follow_link(req, &name, verdict));
}

void match_follow(const struct view *view, const struct request *req, struct verdict *verdict)
{
	const struct dri *dri = verdict->dri;
	uint16_t type = req->dns.qtype;
	if (verdict->outcome != VERDICT_REDIRECT || !verdict->zone || !dri || !req->dns.qname ||
	    dri->delegation)
		return;
	if (!dri->cname_len && type != DNS_A && type != DNS_AAAA && type != DNS_ANY)
		find_others(req, verdict);
	else if (dri->cname_len && type != DNS_CNAME && !is_elsewhere(view, dri))
		follow_alias(view, req, verdict);
}
