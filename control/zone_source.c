/* zone_source - zones made from what a model says, and from files. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone_source.h"

#include "lib/bytes.h"
#include "lib/dns_name.h"
#include "lib/dns_wire.h"
#include "zone_file.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct zone_data *zone_source_data(const struct dns_name *apex, const uint8_t *packed, size_t len,
				   const char **why)
{
	uint8_t key[16];
	*why = NULL;
	return RAND_bytes(key, sizeof(key)) == 1 ? zone_data_new(apex, packed, len, key, why)
						 : NULL;
}

static bool read_name(const char *text, const char *what, struct place place, struct dns_name *name,
		      struct faults *faults)
{
	if (dns_name_from_text(text, name))
		return true;
	faults_add(faults, place, "%s '%s' is not a domain name", what, text);
	return false;
}

static void no_memory(struct faults *faults, struct place place, const char *name)
{
	faults_add(faults, place, "no memory for zone '%.255s'", name);
}

/* --- Files -------------------------------------------------------------------------------------- */

/* NULL: a fault was added. */
static char *absolute(const char *path, struct place place, struct faults *faults)
{
	char cwd[4096] = "", *whole;
	const char *slash = place.file ? strrchr(place.file, '/') : NULL;
	int folder = path[0] == '/' || !slash ? 0 : (int)(slash - place.file + 1);
	bool rooted = path[0] == '/' || (folder && place.file[0] == '/');
	if (!rooted && !place.file) {
		faults_add(faults, place, "file: '%.255s' is not an absolute path", path);
		return NULL;
	}
	if ((!rooted && !getcwd(cwd, sizeof(cwd))) ||
	    asprintf(&whole, "%s%s%.*s%s", cwd, rooted ? "" : "/", folder,
		     place.file ? place.file : "", path) < 0) {
		no_memory(faults, place, path);
		return NULL;
	}
	return whole;
}

static bool digest(const uint8_t *packed, size_t len, char text[33])
{
	uint8_t sum[EVP_MAX_MD_SIZE];
	if (!EVP_Digest(packed, len, sum, NULL, EVP_sha256(), NULL))
		return false;
	for (unsigned i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
	return true;
}

/* Files that are written to while they are read look changed at the next start. */
static bool fill(struct zone_source *source, struct zone_records *records,
		 const struct dns_name *apex, struct place place, struct faults *faults)
{
	size_t before = faults->total;
	zone_file_read(source->path, apex, place, records, faults);
	if (faults->total == before)
		zone_records_check(records, apex,
				   (struct place){records->n_files ? records->files[0] : NULL, 0},
				   faults);
	if (faults->total == before && records->n_files > ZONE_FILES_MAX)
		faults_add(faults, place, "%.1000s includes more than %d files", source->path,
			   ZONE_FILES_MAX);
	if (faults->total != before)
		return false;
	source->packed = zone_records_pack(records, &source->packed_len);
	source->n_files = records->n_files;
	source->files = records->files;
	records->n_files = 0;
	records->files = NULL;
	if (source->packed && digest(source->packed, source->packed_len, source->content)) {
		/* One that is gone again is not the same at the next start. */
		zone_file_stamps(source->files, source->n_files, source->stamps);
		return true;
	}
	no_memory(faults, place, source->path);
	return false;
}

struct zone_source *zone_source_read(const struct model_zone *model, struct place place,
				     struct faults *faults)
{
	struct dns_name apex;
	struct zone_records records = {0};
	struct zone_source *source = calloc(1, sizeof(*source));
	if (!source)
		no_memory(faults, place, model->name);
	bool done = source && read_name(model->name, "zone name", place, &apex, faults) &&
		    (source->path = absolute(model->file, place, faults)) &&
		    fill(source, &records, &apex, place, faults);
	zone_records_clear(&records);
	if (done)
		return source;
	zone_source_free(source);
	return NULL;
}

void zone_source_free(struct zone_source *source)
{
	if (!source)
		return;
	for (size_t i = 0; i < source->n_files; i++)
		free(source->files[i]);
	free(source->files);
	free(source->packed);
	free(source->path);
	free(source);
}

/* --- Members ------------------------------------------------------------------------------------ */

struct members {
	const struct model_zone *model;
	const struct dns_name *apex;
	struct place place;
	struct faults *faults;
	struct zone_records records;
};

static void add(struct members *members, const struct dns_name *owner, uint16_t type,
		const uint8_t *data, size_t len)
{
	zone_records_add(&members->records, owner->wire, owner->len, type, members->model->ttl,
			 data, len, members->place);
}

static bool add_soa(struct members *members)
{
	const struct model_zone *model = members->model;
	struct dns_name primary, contact;
	uint8_t data[2 * 255 + 20];
	char otherwise[DNS_NAME_TEXT_MAX];
	snprintf(otherwise, sizeof(otherwise), "hostmaster.%s", model->name);
	if (!read_name(model->primary ? model->primary : model->servers[0].name, "primary",
		       members->place, &primary, members->faults) ||
	    !read_name(model->contact ? model->contact : otherwise, "contact", members->place,
		       &contact, members->faults))
		return false;
	struct writer w = writer_of(data, sizeof(data));
	writer_bytes(&w, primary.wire, primary.len);
	writer_bytes(&w, contact.wire, contact.len);
	writer_u32(&w, model->serial);
	writer_u32(&w, model->refresh);
	writer_u32(&w, model->retry);
	writer_u32(&w, model->expire);
	writer_u32(&w, model->negative_ttl);
	add(members, members->apex, DNS_SOA, data, (size_t)(w.at - data));
	return true;
}

/* Addresses of a server outside the zone are the business of the zone that it is in. */
static bool add_server(struct members *members, const struct model_server *server)
{
	struct dns_name name;
	if (!read_name(server->name, "name server", members->place, &name, members->faults))
		return false;
	add(members, members->apex, DNS_NS, name.wire, name.len);
	if (server->n_addresses &&
	    !dns_name_is_under(name.wire, name.len, members->apex->wire, members->apex->len)) {
		faults_add(members->faults, members->place,
			   "name server '%s' is outside of zone '%.255s', which cannot tell its "
			   "addresses",
			   server->name, members->model->name);
		return false;
	}
	for (size_t i = 0; i < server->n_addresses; i++) {
		const struct ip_addr *addr = &server->addresses[i];
		add(members, &name, addr->family == 4 ? DNS_A : DNS_AAAA, addr->bytes,
		    addr->family == 4 ? 4 : 16);
	}
	return true;
}

static bool add_members(struct members *members)
{
	const struct model_zone *model = members->model;
	if (model->n_servers == 0 || model->n_servers > ZONE_SERVERS_MAX) {
		faults_add(members->faults, members->place,
			   "zone '%s' has %zu servers: expected 1 to %d", model->name,
			   model->n_servers, ZONE_SERVERS_MAX);
		return false;
	}
	for (size_t i = 0; i < model->n_servers; i++)
		if (!add_server(members, &model->servers[i]))
			return false;
	if (!add_soa(members))
		return false;
	size_t before = members->faults->total;
	for (size_t i = 0; i < model->n_records; i++)
		zone_file_line(model->records[i], members->apex, model->ttl, members->place,
			       &members->records, members->faults);
	if (members->faults->total == before)
		zone_records_check(&members->records, members->apex, members->place,
				   members->faults);
	return members->faults->total == before;
}

/* NULL: faults were added. */
static struct zone_data *data_of_members(const struct model_zone *model,
					 const struct dns_name *apex, struct place place,
					 struct faults *faults)
{
	struct members members = {model, apex, place, faults, {0}};
	struct zone_data *data = NULL;
	const char *why;
	size_t len;
	if (add_members(&members)) {
		uint8_t *packed = zone_records_pack(&members.records, &len);
		data = packed ? zone_source_data(apex, packed, len, &why) : NULL;
		free(packed);
		if (!data)
			no_memory(faults, place, model->name);
	}
	zone_records_clear(&members.records);
	return data;
}

/* --- Zones -------------------------------------------------------------------------------------- */

static void take_files(struct zone *zone, struct zone_source *source)
{
	zone->n_files = source->n_files;
	zone->files = source->files;
	memcpy(zone->stamps, source->stamps, sizeof(zone->stamps));
	source->n_files = 0;
	source->files = NULL;
}

static bool make(const struct model_zone *model, struct zone *zone, struct place place,
		 struct faults *faults)
{
	struct zone_source *source = model->source;
	char text[DNS_NAME_TEXT_MAX];
	const char *why;
	if (!read_name(model->name, "zone name", place, &zone->apex, faults))
		return false;
	zone->text = strdup(dns_name_text(zone->apex.wire, zone->apex.len, text));
	for (char *c = zone->text; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (!source) {
		zone->data = data_of_members(model, &zone->apex, place, faults);
		if (!zone->data)
			return false;
	} else {
		zone->data =
			zone_source_data(&zone->apex, source->packed, source->packed_len, &why);
	}
	if (!zone->text || !zone->data) {
		no_memory(faults, place, model->name);
		return false;
	}
	if (source)
		take_files(zone, source);
	return true;
}

struct zone *zone_source_make(const struct model_zone *model, struct place place,
			      struct faults *faults)
{
	struct zone *zone = calloc(1, sizeof(*zone));
	if (!zone) {
		no_memory(faults, place, model->name);
		return NULL;
	}
	zone->refs = 1;
	zone->no_client_subnet = model->no_client_subnet;
	if (make(model, zone, place, faults))
		return zone;
	zone_release(zone);
	return NULL;
}
