/* footprint_geo - geolocation databases, put together and flattened for search by address. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "array.h"
#include "footprint_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file as it was when it was read. */
struct file {
	char *path;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

/* Different records, each once: a number of keys and, behind it, the keys, ascending. A record is known by its place, and the
 * one without keys is at 0. */
struct records {
	geo_key *keys;
	size_t n_keys, cap, n;
	uint32_t *index; /* place + 1, open addressing; its size is a power of two */
	size_t index_size;
};

struct footprint_geo {
	uint32_t refs;
	bool has[GEO_KINDS];
	struct ranges ranges; /* numbers: places in records.keys */
	struct records records;
	size_t n_files;
	struct file files[];
};

/* --- Records -------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const geo_key *record)
{
	uint64_t hash = 0;
	for (geo_key i = 0; i <= record[0]; i++) {
		hash = (hash ^ record[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

static bool index_grow(struct records *records)
{
	size_t size = records->index_size ? 2 * records->index_size : 1024;
	uint32_t *index = calloc(size, sizeof(*index));
	if (!index)
		return false;
	for (size_t place = 0; place < records->n_keys; place += 1 + records->keys[place]) {
		size_t i = hash_of(records->keys + place) & (size - 1);
		while (index[i])
			i = (i + 1) & (size - 1);
		index[i] = (uint32_t)place + 1;
	}
	free(records->index);
	records->index = index;
	records->index_size = size;
	return true;
}

/* The place of a record. false: no memory. */
static bool put_record(struct records *records, const geo_key *record, uint32_t *place)
{
	size_t size = 1 + (size_t)record[0], need = records->n_keys + size;
	if (2 * records->n >= records->index_size && !index_grow(records))
		return false;
	size_t i = hash_of(record) & (records->index_size - 1);
	for (; records->index[i]; i = (i + 1) & (records->index_size - 1)) {
		*place = records->index[i] - 1;
		const geo_key *other = records->keys + *place;
		if (*other == *record && memcmp(other, record, size * sizeof(*record)) == 0)
			return true;
	}
	geo_key *keys = need < UINT32_MAX
				? array_reserve(records->keys, &records->cap, need, sizeof(*keys))
				: NULL;
	if (!keys)
		return false;
	records->keys = keys;
	*place = (uint32_t)records->n_keys;
	memcpy(keys + *place, record, size * sizeof(*record));
	records->n_keys = need;
	records->n++;
	records->index[i] = *place + 1;
	return true;
}

/* --- One file ------------------------------------------------------------------------------------------------- */

struct reading {
	struct footprint_geo *geo;
	struct ranges ranges;
};

static int by_key(const void *a, const void *b)
{
	const geo_key *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static bool take_record(void *arg, const struct geo_record *record, uint32_t *number)
{
	struct footprint_geo *geo = ((struct reading *)arg)->geo;
	geo_key keys[1 + GEO_RECORD_MAX] = {0};
	memcpy(keys + 1, record->keys, record->n * sizeof(*keys));
	qsort(keys + 1, record->n, sizeof(*keys), by_key);
	for (uint32_t i = 1; i <= record->n; i++) {
		if (keys[0] == 0 || keys[keys[0]] != keys[i])
			keys[++keys[0]] = keys[i];
		geo->has[keys[i] >> 56] = true;
	}
	return put_record(&geo->records, keys, number);
}

static bool take_network(void *arg, unsigned family, const struct range *network)
{
	return ranges_put(&((struct reading *)arg)->ranges, family, network);
}

/* --- Several files -------------------------------------------------------------------------------------------- */

/* The place of a record with the keys of both. Together they may have more than one file's may have. */
static bool join_records(struct records *records, uint32_t a, uint32_t b, uint32_t *place)
{
	*place = a ? a : b;
	if (!a || !b || a == b)
		return true;
	size_t n_a = records->keys[a], n_b = records->keys[b], i = 0, k = 0;
	geo_key *both = malloc((1 + n_a + n_b) * sizeof(*both));
	if (!both)
		return false;
	both[0] = 0;
	while (i < n_a || k < n_b) {
		const geo_key *x = &records->keys[a + 1 + i], *y = &records->keys[b + 1 + k];
		bool from_a = k == n_b || (i < n_a && *x <= *y);
		bool from_b = i == n_a || (k < n_b && *y <= *x);
		both[++both[0]] = from_a ? *x : *y;
		i += from_a;
		k += from_b;
	}
	bool ok = put_record(records, both, place);
	free(both);
	return ok;
}

static bool join_family(struct records *records, const struct ranges *a, const struct ranges *b,
			unsigned family, struct ranges *both)
{
	size_t i = 0, k = 0;
	struct range next = {0};
	do {
		struct range x = ranges_at(a, family, i), y = ranges_at(b, family, k);
		next.last = x.last < y.last ? x.last : y.last;
		if (!join_records(records, x.number, y.number, &next.number) ||
		    !ranges_put(both, family, &next))
			return false;
		i += x.last == next.last;
		k += y.last == next.last;
		next.first = next.last + 1;
	} while (next.last != IP_NUMBER_MAX);
	return true;
}

/* Puts what a file says beside what those before it said. */
static bool join(struct footprint_geo *geo, const struct ranges *file)
{
	struct ranges both = {0};
	if (!join_family(&geo->records, &geo->ranges, file, 4, &both) ||
	    !join_family(&geo->records, &geo->ranges, file, 6, &both) || !ranges_finish(&both)) {
		ranges_clear(&both);
		return false;
	}
	ranges_clear(&geo->ranges);
	geo->ranges = both;
	return true;
}

static bool look_at(const char *path, struct file *file)
{
	struct stat stat_of;
	if (stat(path, &stat_of) < 0)
		return false;
	file->device = stat_of.st_dev;
	file->inode = stat_of.st_ino;
	file->size = stat_of.st_size;
	file->changed = stat_of.st_ctim;
	return true;
}

static int add_file(struct footprint_geo *geo, const char *path, char *err, size_t err_len)
{
	struct reading reading = {.geo = geo};
	struct geo_sink sink = {&reading, take_record, take_network};
	struct file *file = &geo->files[geo->n_files];
	/* Before it is read: should it change meanwhile, footprint_geo_is() tells. What cannot be looked at is not read either. */
	look_at(path, file);
	int status = geo_read(path, &sink, err, err_len);
	if (status == 0) {
		file->path = strdup(path);
		geo->n_files += file->path != NULL;
		if (!file->path || !ranges_finish(&reading.ranges) || !join(geo, &reading.ranges)) {
			snprintf(err, err_len, "no memory");
			status = -1;
		}
	}
	ranges_clear(&reading.ranges);
	return status;
}

/* --- The contract --------------------------------------------------------------------------------------------- */

static struct footprint_geo *geo_new(size_t n_files)
{
	uint32_t place;
	struct footprint_geo *geo = calloc(1, sizeof(*geo) + n_files * sizeof(geo->files[0]));
	if (!geo)
		return NULL;
	geo->refs = 1;
	if (put_record(&geo->records, (const geo_key[]){0}, &place) && ranges_finish(&geo->ranges))
		return geo;
	footprint_geo_release(geo);
	return NULL;
}

struct footprint_geo *footprint_geo_load(const char *const *paths, size_t n, char *err,
					 size_t err_len)
{
	struct footprint_geo *geo = geo_new(n);
	if (!geo)
		snprintf(err, err_len, "no memory");
	for (size_t i = 0; geo && i < n; i++) {
		if (add_file(geo, paths[i], err, err_len) < 0) {
			footprint_geo_release(geo);
			return NULL;
		}
	}
	if (geo) {
		free(geo->records.index);
		geo->records.index = NULL;
	}
	return geo;
}

void footprint_geo_retain(struct footprint_geo *geo)
{
	if (geo)
		geo->refs++;
}

void footprint_geo_release(struct footprint_geo *geo)
{
	if (!geo || --geo->refs)
		return;
	for (size_t i = 0; i < geo->n_files; i++)
		free(geo->files[i].path);
	ranges_clear(&geo->ranges);
	free(geo->records.keys);
	free(geo->records.index);
	free(geo);
}

bool footprint_geo_is(const struct footprint_geo *geo, const char *const *paths, size_t n)
{
	bool same = n == geo->n_files;
	for (size_t i = 0; same && i < n; i++) {
		struct file now;
		const struct file *then = &geo->files[i];
		same = strcmp(paths[i], then->path) == 0 && look_at(paths[i], &now) &&
		       now.device == then->device && now.inode == then->inode &&
		       now.size == then->size && now.changed.tv_sec == then->changed.tv_sec &&
		       now.changed.tv_nsec == then->changed.tv_nsec;
	}
	return same;
}

const char *footprint_geo_path(const struct footprint_geo *geo, size_t i)
{
	return i < geo->n_files ? geo->files[i].path : NULL;
}

bool footprint_geo_has(const struct footprint_geo *geo, enum geo_kind kind)
{
	return geo->has[kind];
}

const geo_key *footprint_geo_find(const struct footprint_geo *geo, unsigned family,
				  ip_number address, struct range *range)
{
	*range = ranges_find(&geo->ranges, family, address);
	return range->number ? geo->records.keys + range->number : NULL;
}
