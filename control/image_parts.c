/* image_parts - DRIs, zones and distinguished hosts as they stand in an image. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "image_parts.h"

#include "lib/dns_name.h"
#include "zone_file.h"
#include "zone_source.h"

#include <stdlib.h>
#include <string.h>

/* --- DRIs ---------------------------------------------------------------------------------------------------------- */

/* Followed by the name, the addresses, and texts: authority, scheme, path prefix, and each host and its key. */
struct image_dri {
	uint32_t n_hosts, ttl;
	uint8_t cname_len, n_v4, n_v6, include_redirecting_host;
	uint8_t n_servers, zero[3]; /* not 0: a label and these servers come last */
};

/* Of both families alike. */
struct image_address {
	uint8_t family, bytes[16];
};

static void put_addresses(struct image_out *out, const struct ip_addr *addresses, uint8_t n)
{
	image_out_bytes(out, &n, 1);
	for (unsigned i = 0; i < n; i++) {
		struct image_address address = {.family = addresses[i].family};
		memcpy(address.bytes, addresses[i].bytes, sizeof(address.bytes));
		image_out_bytes(out, &address, sizeof(address));
	}
}

static bool get_addresses(struct image_in *in, struct ip_addr *addresses, unsigned max, uint8_t *n)
{
	if (!image_in_bytes(in, n, 1))
		return false;
	if (*n > max)
		return image_in_refuse(in, "a name server has too many addresses");
	for (unsigned i = 0; i < *n; i++) {
		struct image_address address;
		if (!image_in_bytes(in, &address, sizeof(address)))
			return false;
		if (address.family != 4 && address.family != 6)
			return image_in_refuse(in, "an address is of no known family");
		addresses[i].family = address.family;
		memcpy(addresses[i].bytes, address.bytes, sizeof(address.bytes));
	}
	return true;
}

static void put_delegation(struct image_out *out, const struct dri_delegation *delegation)
{
	image_out_bytes(out, delegation->label, sizeof(delegation->label));
	for (unsigned i = 0; i < delegation->n_servers; i++) {
		const struct dri_server *server = &delegation->servers[i];
		image_out_bytes(out, &server->name.len, 1);
		image_out_bytes(out, server->name.wire, server->name.len);
		put_addresses(out, server->addresses, server->n_addresses);
	}
}

void image_out_dri(struct image_out *out, const struct dri *dri)
{
	const struct image_dri form = {
		.n_hosts = dri->n_hosts,
		.ttl = dri->ttl,
		.cname_len = dri->cname_len,
		.n_v4 = dri->n_v4,
		.n_v6 = dri->n_v6,
		.include_redirecting_host = dri->include_redirecting_host,
		.n_servers = dri->delegation ? dri->delegation->n_servers : 0,
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
	if (dri->delegation)
		put_delegation(out, dri->delegation);
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

static bool read_dri_server(struct image_in *in, struct dri_server *server)
{
	struct dns_name *name = &server->name;
	if (!image_in_bytes(in, &name->len, 1) || !image_in_bytes(in, name->wire, name->len))
		return false;
	if (!name_ok(name->wire, name->len))
		return image_in_refuse(in, "a name server has a bad name");
	return get_addresses(in, server->addresses, DRI_SERVER_ADDRESSES_MAX, &server->n_addresses);
}

static bool read_delegation(struct image_in *in, struct dri *dri, uint8_t n_servers)
{
	if (!n_servers)
		return true;
	struct dri_delegation *delegation = dri->delegation = calloc(1, sizeof(*delegation));
	if (!delegation)
		return image_in_no_memory(in);
	if (!image_in_bytes(in, delegation->label, sizeof(delegation->label)))
		return false;
	size_t most = 0;
	for (unsigned i = 0; i < dri->n_hosts; i++)
		most = strlen(dri->host_keys[i]) > most ? strlen(dri->host_keys[i]) : most;
	if (!most || n_servers > DRI_SERVERS_MAX || !delegation->label[0] ||
	    most + 1 + delegation->label[0] > 253 || delegation->label[0] > DRI_LABEL_MAX)
		return image_in_refuse(in, "a DRI has a label that is none");
	bool done = true;
	while (done && delegation->n_servers < n_servers)
		done = read_dri_server(in, &delegation->servers[delegation->n_servers++]);
	return done;
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
	dri->n_v4 = form.n_v4;
	dri->n_v6 = form.n_v6;
	dri->include_redirecting_host = form.include_redirecting_host;
	if (!image_in_bytes(in, dri->cname, form.cname_len) ||
	    !image_in_bytes(in, dri->v4, form.n_v4 * sizeof(dri->v4[0])) ||
	    !image_in_bytes(in, dri->v6, form.n_v6 * sizeof(dri->v6[0])) ||
	    !image_in_text(in, &dri->authority) || !image_in_text(in, &dri->scheme) ||
	    !image_in_text(in, &dri->path_prefix) || !read_dri_hosts(in, dri, form.n_hosts) ||
	    !read_delegation(in, dri, form.n_servers))
		return false;
	if ((form.cname_len && !name_ok(dri->cname, form.cname_len)) ||
	    (dri->authority && !is_prefix(dri->path_prefix)))
		return image_in_refuse(in, "a DRI has a name or path that is none");
	bool done = !form.cname_len || dri_set_cname(dri, dri->cname, form.cname_len);
	return (done && dri_set_start(dri)) || image_in_no_memory(in);
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

/* Followed by the records in packed form, and the names of files. */
struct image_zone {
	uint32_t packed_len, n_files;
	uint32_t no_client_subnet;
	uint8_t stamps[32];
};

void image_out_zone(struct image_out *out, const struct zone *zone)
{
	struct image_zone form = {
		.packed_len = (uint32_t)zone->data->packed_len,
		.n_files = (uint32_t)zone->n_files,
		.no_client_subnet = zone->no_client_subnet,
	};
	memcpy(form.stamps, zone->stamps, sizeof(form.stamps));
	image_out_bytes(out, &form, sizeof(form));
	image_out_bytes(out, zone->data->packed, form.packed_len);
	for (size_t i = 0; i < zone->n_files; i++)
		image_out_text(out, zone->files[i]);
}

static bool read_zone_files(struct image_in *in, const struct image_zone *form, struct zone *zone)
{
	uint8_t stamps[32];
	if (!form->n_files)
		return true;
	if (form->n_files > ZONE_FILES_MAX)
		return image_in_refuse(in, "a zone has too many files");
	zone->files = calloc(form->n_files, sizeof(char *));
	if (!zone->files)
		return image_in_no_memory(in);
	while (zone->n_files < form->n_files) {
		if (!image_in_text(in, &zone->files[zone->n_files]))
			return false;
		if (!zone->files[zone->n_files])
			return image_in_refuse(in, "a zone has a file without name");
		zone->n_files++;
	}
	memcpy(zone->stamps, form->stamps, sizeof(zone->stamps));
	in->stale = !zone_file_stamps(zone->files, zone->n_files, stamps) ||
		    memcmp(stamps, zone->stamps, sizeof(stamps)) != 0;
	return !in->stale || image_in_refuse(in, "the file of a zone changed");
}

static bool read_zone(struct image_in *in, struct zone *zone)
{
	struct image_zone form;
	const char *why = NULL;
	if (!image_in_bytes(in, &form, sizeof(form)))
		return false;
	zone->no_client_subnet = form.no_client_subnet;
	const uint8_t *packed = image_in_take(in, form.packed_len);
	if (!packed)
		return false;
	if (!dns_name_from_text(zone->text, &zone->apex))
		return image_in_refuse(in, "a zone has a bad name");
	zone->data = zone_source_data(&zone->apex, packed, form.packed_len, &why);
	if (!zone->data)
		return why ? image_in_refuse(in, why) : image_in_no_memory(in);
	return read_zone_files(in, &form, zone);
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
