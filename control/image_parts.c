/* image_parts - DRIs, zones and distinguished hosts as they stand in an image. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "image_parts.h"

#include "lib/dns_name.h"

#include <stdlib.h>
#include <string.h>

/* --- DRIs ---------------------------------------------------------------------------------------------------------- */

/* Followed by the name, the addresses, and texts: authority, scheme, path prefix, and each host and its key. */
struct image_dri {
	uint32_t n_hosts, ttl;
	uint8_t cname_len, n_v4, n_v6, include_redirecting_host;
};

void image_out_dri(struct image_out *out, const struct dri *dri)
{
	const struct image_dri form = {
		.n_hosts = dri->n_hosts,
		.ttl = dri->ttl,
		.cname_len = dri->cname_len,
		.n_v4 = dri->n_v4,
		.n_v6 = dri->n_v6,
		.include_redirecting_host = dri->include_redirecting_host,
	};
	image_out_bytes(out, &form, sizeof(form));
	image_out_bytes(out, dri->cname, dri->cname_len);
	image_out_bytes(out, dri->v4, dri->n_v4 * sizeof(dri->v4[0]));
	image_out_bytes(out, dri->v6, dri->n_v6 * sizeof(dri->v6[0]));
	image_out_text(out, dri->authority);
	image_out_text(out, dri->scheme);
	image_out_text(out, dri->path_prefix);
	for (unsigned i = 0; i < dri->n_hosts; i++) {
		image_out_text(out, dri->hosts[i]);
		image_out_text(out, dri->host_keys[i]);
	}
}

static bool name_ok(const uint8_t *wire, size_t len)
{
	unsigned labels;
	return len && dns_name_scan(wire, len, &labels) == len;
}

static bool is_prefix(const char *path)
{
	size_t len = path ? strlen(path) : 0;
	return len && path[0] == '/' && path[len - 1] == '/';
}

static bool read_dri_hosts(struct image_in *in, struct dri *dri, uint32_t n)
{
	/* They are in its name. */
	if (n > OBJECT_NAME_MAX)
		return image_in_refuse(in, "a DRI has too many hosts");
	if (!n)
		return true;
	dri->hosts = calloc(n, sizeof(char *));
	dri->host_keys = calloc(n, sizeof(char *));
	if (!dri->hosts || !dri->host_keys)
		return image_in_no_memory(in);
	while (dri->n_hosts < n) {
		uint32_t i = dri->n_hosts++;
		if (!image_in_text(in, &dri->hosts[i]) || !image_in_text(in, &dri->host_keys[i]))
			return false;
		if (!dri->hosts[i] || !dri->host_keys[i])
			return image_in_refuse(in, "a DRI has a host without name");
	}
	return true;
}

static bool read_dri(struct image_in *in, struct dri *dri)
{
	struct image_dri form;
	if (!image_in_bytes(in, &form, sizeof(form)))
		return false;
	if (form.n_v4 > DRI_ADDRESSES_MAX || form.n_v6 > DRI_ADDRESSES_MAX ||
	    form.include_redirecting_host > 1)
		return image_in_refuse(in, "a DRI has numbers out of range");
	dri->ttl = form.ttl;
	dri->cname_len = form.cname_len;
	dri->n_v4 = form.n_v4;
	dri->n_v6 = form.n_v6;
	dri->include_redirecting_host = form.include_redirecting_host;
	if (!image_in_bytes(in, dri->cname, form.cname_len) ||
	    !image_in_bytes(in, dri->v4, form.n_v4 * sizeof(dri->v4[0])) ||
	    !image_in_bytes(in, dri->v6, form.n_v6 * sizeof(dri->v6[0])) ||
	    !image_in_text(in, &dri->authority) || !image_in_text(in, &dri->scheme) ||
	    !image_in_text(in, &dri->path_prefix) || !read_dri_hosts(in, dri, form.n_hosts))
		return false;
	if ((form.cname_len && !name_ok(dri->cname, form.cname_len)) ||
	    (dri->authority && !is_prefix(dri->path_prefix)))
		return image_in_refuse(in, "a DRI has a name or path that is none");
	return true;
}

struct dri *image_in_dri(struct image_in *in)
{
	struct dri *dri = calloc(1, sizeof(*dri));
	if (!dri) {
		image_in_no_memory(in);
		return NULL;
	}
	dri->refs = 1;
	if (read_dri(in, dri))
		return dri;
	dri_release(dri);
	return NULL;
}

/* --- Zones --------------------------------------------------------------------------------------------------------- */

/* Followed by apex, primary and contact, and each server: its name, and how many addresses in one octet, before them. */
struct image_zone {
	uint32_t serial, refresh, retry, expire, negative_ttl, ttl, n_servers;
};

/* Of both families alike. */
struct image_address {
	uint8_t family, bytes[16];
};

static void put_name(struct image_out *out, const struct dns_name *name)
{
	image_out_bytes(out, &name->len, 1);
	image_out_bytes(out, name->wire, name->len);
}

void image_out_zone(struct image_out *out, const struct zone *zone)
{
	const struct image_zone form = {
		.serial = zone->serial,
		.refresh = zone->refresh,
		.retry = zone->retry,
		.expire = zone->expire,
		.negative_ttl = zone->negative_ttl,
		.ttl = zone->ttl,
		.n_servers = zone->n_servers,
	};
	image_out_bytes(out, &form, sizeof(form));
	put_name(out, &zone->apex);
	put_name(out, &zone->primary);
	put_name(out, &zone->contact);
	for (unsigned i = 0; i < zone->n_servers; i++) {
		const struct zone_server *server = &zone->servers[i];
		put_name(out, &server->name);
		image_out_bytes(out, &server->n_addresses, 1);
		for (unsigned k = 0; k < server->n_addresses; k++) {
			struct image_address address = {.family = server->addresses[k].family};
			memcpy(address.bytes, server->addresses[k].bytes, sizeof(address.bytes));
			image_out_bytes(out, &address, sizeof(address));
		}
	}
}

static bool get_name(struct image_in *in, struct dns_name *name)
{
	if (!image_in_bytes(in, &name->len, 1) || !image_in_bytes(in, name->wire, name->len))
		return false;
	return name_ok(name->wire, name->len) || image_in_refuse(in, "a zone has a bad name");
}

static bool read_server(struct image_in *in, struct zone_server *server)
{
	if (!get_name(in, &server->name) || !image_in_bytes(in, &server->n_addresses, 1))
		return false;
	if (server->n_addresses > ZONE_ADDRESSES_MAX)
		return image_in_refuse(in, "a name server has too many addresses");
	for (unsigned i = 0; i < server->n_addresses; i++) {
		struct image_address address;
		if (!image_in_bytes(in, &address, sizeof(address)))
			return false;
		if (address.family != 4 && address.family != 6)
			return image_in_refuse(in, "an address is of no known family");
		server->addresses[i].family = address.family;
		memcpy(server->addresses[i].bytes, address.bytes, sizeof(address.bytes));
	}
	return true;
}

static bool read_zone(struct image_in *in, struct zone *zone)
{
	struct image_zone form;
	if (!image_in_bytes(in, &form, sizeof(form)))
		return false;
	if (!form.n_servers || form.n_servers > ZONE_SERVERS_MAX)
		return image_in_refuse(in, "a zone has no servers, or too many");
	zone->serial = form.serial;
	zone->refresh = form.refresh;
	zone->retry = form.retry;
	zone->expire = form.expire;
	zone->negative_ttl = form.negative_ttl;
	zone->ttl = form.ttl;
	bool done = get_name(in, &zone->apex) && get_name(in, &zone->primary) &&
		    get_name(in, &zone->contact);
	while (done && zone->n_servers < form.n_servers)
		done = read_server(in, &zone->servers[zone->n_servers++]);
	return done;
}

struct zone *image_in_zone(struct image_in *in, const char *text)
{
	struct zone *zone = calloc(1, sizeof(*zone));
	if (zone) {
		zone->refs = 1;
		zone->text = strdup(text);
		if (zone->text && read_zone(in, zone))
			return zone;
	}
	if (!zone || !zone->text)
		image_in_no_memory(in);
	if (zone)
		zone_release(zone);
	return NULL;
}

/* --- Distinguished hosts ------------------------------------------------------------------------------------------- */

/* Lengths of the texts that follow, each with its NUL. */
struct image_distinguished {
	uint32_t host, host_key, path_prefix;
};

void image_out_distinguished(struct image_out *out, const struct distinguished *distinguished)
{
	const struct image_distinguished form = {
		.host = (uint32_t)strlen(distinguished->host) + 1,
		.host_key = (uint32_t)strlen(distinguished->host_key) + 1,
		.path_prefix = (uint32_t)strlen(distinguished->path_prefix) + 1,
	};
	image_out_bytes(out, &form, sizeof(form));
	image_out_bytes(out, distinguished->host, form.host);
	image_out_bytes(out, distinguished->host_key, form.host_key);
	image_out_bytes(out, distinguished->path_prefix, form.path_prefix);
}

struct distinguished *image_in_distinguished(struct image_in *in)
{
	struct image_distinguished form;
	if (!image_in_bytes(in, &form, sizeof(form)))
		return NULL;
	size_t key_at = form.host, prefix_at = key_at + form.host_key,
	       len = prefix_at + form.path_prefix;
	const char *texts = (const char *)image_in_take(in, len);
	if (!texts)
		return NULL;
	if (!form.host || !form.host_key || !form.path_prefix || texts[key_at - 1] ||
	    texts[prefix_at - 1] || texts[len - 1] || !is_prefix(texts + prefix_at)) {
		image_in_refuse(in, "a distinguished host has bad texts");
		return NULL;
	}
	struct distinguished *distinguished = malloc(sizeof(*distinguished) + len);
	if (!distinguished) {
		image_in_no_memory(in);
		return NULL;
	}
	char *own = memcpy(distinguished + 1, texts, len);
	*distinguished = (struct distinguished){1, own, own + key_at, own + prefix_at};
	return distinguished;
}
