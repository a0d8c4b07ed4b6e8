/* geo - finds the addresses of countries, subdivisions and autonomous systems in a MaxMind DB file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo.h"

#include "array.h"
#include "bytes.h"

#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAMPLE = 10000,   /* networks read to see what a file has */
	NESTING_MAX = 32, /* of maps and arrays in a record */
	SUBDIVISIONS_MAX = 8,
	RECORD_KEYS_MAX = 2 + SUBDIVISIONS_MAX,
};

struct geo {
	MMDB_s mmdb;
	bool has[GEO_KINDS];
	char path[];
};

/* --- One record ----------------------------------------------------------------------------------------------- */

static size_t value_size(struct reader *r, uint8_t control)
{
	switch (control & 31) {
	case 29:
		return 29u + reader_u8(r);
	case 30:
		return 285u + reader_u16(r);
	case 31: {
		const uint8_t *at = reader_take(r, 3);
		return at ? 65821u + ((uint32_t)at[0] << 16 | load_be16(at + 1)) : 0;
	}
	default:
		return control & 31;
	}
}

/* The library passes over what it does not look for by recursion, as deep as the file says, and so can be made to run out
 * of stack. A value goes to it only after this. */
static bool is_shallow(const MMDB_s *mmdb, uint32_t offset)
{
	if (offset >= mmdb->data_section_size)
		return false;
	struct reader r = reader_of(mmdb->data_section + offset, mmdb->data_section_size - offset);
	uint64_t left[NESTING_MAX] = {1};
	unsigned depth = 0;
	while (!r.bad) {
		if (left[depth] == 0) {
			if (depth-- == 0)
				return true;
			continue;
		}
		left[depth]--;
		uint8_t control = reader_u8(&r), type = control >> 5;
		if (type == MMDB_DATA_TYPE_POINTER) {
			reader_take(&r, (control >> 3 & 3) + 1u);
			continue;
		}
		if (type == MMDB_DATA_TYPE_EXTENDED)
			type = (uint8_t)(7 + reader_u8(&r));
		size_t size = value_size(&r, control);
		if (type == MMDB_DATA_TYPE_MAP || type == MMDB_DATA_TYPE_ARRAY) {
			if (++depth == NESTING_MAX)
				return false;
			left[depth] = type == MMDB_DATA_TYPE_MAP ? 2 * (uint64_t)size : size;
		} else if (type != MMDB_DATA_TYPE_BOOLEAN) {
			reader_take(&r, size);
		}
	}
	return false;
}

/* The value under a key, or an index, of the map or array at an offset. 1, 0 when there is none, -1: damaged. */
static int member(const MMDB_s *mmdb, uint32_t offset, const char *key, MMDB_entry_data_s *value)
{
	if (!is_shallow(mmdb, offset))
		return -1;
	MMDB_entry_s entry = {mmdb, offset};
	const char *path[] = {key, NULL};
	int status = MMDB_aget_value(&entry, value, path);
	if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR)
		return 0;
	return status == MMDB_SUCCESS ? value->has_data : -1;
}

static bool parse_asn(const MMDB_entry_data_s *value, uint32_t *asn)
{
	uint64_t number = 0;
	if (value->type == MMDB_DATA_TYPE_UINT16) {
		number = value->uint16;
	} else if (value->type == MMDB_DATA_TYPE_UINT32) {
		number = value->uint32;
	} else if (value->type == MMDB_DATA_TYPE_UINT64) {
		number = value->uint64;
	} else if (value->type == MMDB_DATA_TYPE_UTF8_STRING) {
		char text[13], *digits = text, *end;
		snprintf(text, sizeof(text), "%.*s", (int)(value->data_size & 0xffff),
			 value->utf8_string);
		digits += strspn(text, "ASas");
		number = *digits >= '0' && *digits <= '9' ? strtoull(digits, &end, 10) : 0;
		if (number == 0 || *end)
			return false;
	}
	*asn = (uint32_t)number;
	return number > 0 && number <= UINT32_MAX;
}

/* Copies a code of min to max letters or digits in lower case; false when it is no such code. */
static bool copy_code(const MMDB_entry_data_s *value, size_t min, size_t max, char *out)
{
	if (value->type != MMDB_DATA_TYPE_UTF8_STRING || value->data_size < min ||
	    value->data_size > max)
		return false;
	for (size_t i = 0; i < value->data_size; i++) {
		char c = value->utf8_string[i];
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
		out[i] = c;
	}
	return true;
}

struct record {
	unsigned n;
	geo_key keys[RECORD_KEYS_MAX];
};

static bool read_asn(const MMDB_s *mmdb, uint32_t offset, struct record *record)
{
	static const char *const names[] = {"autonomous_system_number", "asn"};
	for (size_t i = 0; i < 2; i++) {
		MMDB_entry_data_s value;
		uint32_t asn;
		int found = member(mmdb, offset, names[i], &value);
		if (found < 0)
			return false;
		if (found && parse_asn(&value, &asn)) {
			record->keys[record->n++] = geo_key_asn(asn);
			break;
		}
	}
	return true;
}

/* *found: code has the country in lower case. */
static bool read_country(const MMDB_s *mmdb, uint32_t offset, char code[2], bool *found)
{
	MMDB_entry_data_s value;
	int there = member(mmdb, offset, "country", &value);
	if (there > 0 && value.type == MMDB_DATA_TYPE_MAP)
		there = member(mmdb, value.offset, "iso_code", &value);
	else if (there >= 0)
		there = member(mmdb, offset, "country_code", &value);
	*found = there > 0 && copy_code(&value, 2, 2, code);
	return there >= 0;
}

static bool read_subdivisions(const MMDB_s *mmdb, uint32_t offset, const char country[2],
			      struct record *record)
{
	MMDB_entry_data_s list, value;
	int there = member(mmdb, offset, "subdivisions", &list);
	if (there <= 0 || list.type != MMDB_DATA_TYPE_ARRAY)
		return there >= 0;
	for (unsigned i = 0; i < list.data_size && i < SUBDIVISIONS_MAX; i++) {
		char index[4], code[6] = {country[0], country[1], '-'};
		snprintf(index, sizeof(index), "%u", i);
		there = member(mmdb, list.offset, index, &value);
		if (there > 0)
			there = member(mmdb, value.offset, "iso_code", &value);
		if (there < 0)
			return false;
		if (there && copy_code(&value, 1, 3, code + 3))
			record->keys[record->n++] =
				geo_key_code(GEO_SUBDIVISION, code, 3 + value.data_size);
	}
	return true;
}

/* false: damaged. */
static bool read_record(const MMDB_s *mmdb, uint32_t offset, struct record *record)
{
	char country[2];
	bool found;
	record->n = 0;
	if (!read_asn(mmdb, offset, record) || !read_country(mmdb, offset, country, &found))
		return false;
	if (!found)
		return true;
	record->keys[record->n++] = geo_key_code(GEO_COUNTRY, country, 2);
	return read_subdivisions(mmdb, offset, country, record);
}

/* --- All networks of a file ----------------------------------------------------------------------------------- */

enum visit { VISIT_ON, VISIT_STOP, VISIT_DAMAGED, VISIT_NO_MEMORY };

/* Told of networks in ascending order, and where in the data section the record of each is. */
struct visitor {
	enum visit (*network)(void *arg, unsigned family, ip_number first, ip_number last,
			      uint32_t record);
	void *arg;
};

/* What is below one side of a node. */
struct place {
	ip_number first;
	uint64_t node;
	uint32_t record;
	uint8_t type, depth;
};

/* IPv4 addresses stand at ::/96 in a file for IPv6. */
static enum visit visit_network(const struct visitor *visitor, unsigned bits,
				const struct place *place)
{
	unsigned host_bits = bits - place->depth;
	ip_number last = place->first | (((ip_number)1 << host_bits) - 1);
	if (bits == 32 || (place->depth >= 96 && place->first <= UINT32_MAX))
		return visitor->network(visitor->arg, 4, place->first, last, place->record);
	if (place->first == 0) {
		enum visit result = visitor->network(visitor->arg, 4, 0, UINT32_MAX, place->record);
		if (result != VISIT_ON)
			return result;
	}
	return visitor->network(visitor->arg, 6, place->first, last, place->record);
}

/* Other ways to the IPv4 tree (::ffff:0:0/96, 2002::/16, ...) are aliases. */
static bool is_alias(const MMDB_s *mmdb, const struct place *place)
{
	return mmdb->metadata.ip_version == 6 && place->type == MMDB_RECORD_TYPE_SEARCH_NODE &&
	       place->node == mmdb->ipv4_start_node.node_value && place->first != 0;
}

static enum visit walk(const MMDB_s *mmdb, const struct visitor *visitor)
{
	unsigned bits = mmdb->metadata.ip_version == 4 ? 32 : 128, n = 1;
	struct place stack[130] = {{.type = MMDB_RECORD_TYPE_SEARCH_NODE}};
	/* Subtrees may be shared, but a damaged tree could have more ways through it than can ever be walked. */
	uint64_t nodes_left = 16 * (uint64_t)mmdb->metadata.node_count;
	while (n) {
		struct place place = stack[--n];
		if (place.type == MMDB_RECORD_TYPE_EMPTY || is_alias(mmdb, &place))
			continue;
		if (place.type == MMDB_RECORD_TYPE_DATA) {
			enum visit result = visit_network(visitor, bits, &place);
			if (result != VISIT_ON)
				return result;
			continue;
		}
		MMDB_search_node_s node;
		if (place.type != MMDB_RECORD_TYPE_SEARCH_NODE || place.depth == bits ||
		    !nodes_left-- ||
		    MMDB_read_node(mmdb, (uint32_t)place.node, &node) != MMDB_SUCCESS)
			return VISIT_DAMAGED;
		uint8_t depth = place.depth + 1;
		ip_number right = place.first | (ip_number)1 << (bits - depth);
		stack[n++] =
			(struct place){right, node.right_record, node.right_record_entry.offset,
				       node.right_record_type, depth};
		stack[n++] =
			(struct place){place.first, node.left_record, node.left_record_entry.offset,
				       node.left_record_type, depth};
	}
	return VISIT_STOP;
}

/* --- Opening -------------------------------------------------------------------------------------------------- */

struct sample {
	struct geo *geo;
	uint32_t left, last_record;
};

static enum visit sample_network(void *arg, unsigned family, ip_number first, ip_number last,
				 uint32_t offset)
{
	(void)family, (void)first, (void)last;
	struct sample *sample = arg;
	struct record record;
	if (sample->left-- == 0)
		return VISIT_STOP;
	if (offset == sample->last_record)
		return VISIT_ON;
	sample->last_record = offset;
	if (!read_record(&sample->geo->mmdb, offset, &record))
		return VISIT_DAMAGED;
	for (unsigned i = 0; i < record.n; i++)
		sample->geo->has[record.keys[i] >> 56] = true;
	return VISIT_ON;
}

static int fail(const struct geo *geo, enum visit result, char *err, size_t err_len)
{
	if (result == VISIT_NO_MEMORY)
		snprintf(err, err_len, "no memory");
	else
		snprintf(err, err_len, "geolocation database %s is damaged", geo->path);
	return -1;
}

static int take_sample(struct geo *geo, char *err, size_t err_len)
{
	struct sample sample = {geo, SAMPLE, UINT32_MAX};
	enum visit result = walk(&geo->mmdb, &(struct visitor){sample_network, &sample});
	if (result != VISIT_STOP)
		return fail(geo, result, err, err_len);
	if (geo->has[GEO_ASN] || geo->has[GEO_COUNTRY])
		return 0;
	snprintf(err, err_len,
		 "geolocation database %s has neither countries nor AS numbers; expected records "
		 "with "
		 "country.iso_code, country_code, autonomous_system_number or asn",
		 geo->path);
	return -1;
}

struct geo *geo_open(const char *path, char *err, size_t err_len)
{
	size_t len = strlen(path) + 1;
	struct geo *geo = calloc(1, sizeof(*geo) + len);
	if (!geo) {
		snprintf(err, err_len, "no memory");
		return NULL;
	}
	memcpy(geo->path, path, len);
	int status = MMDB_open(path, MMDB_MODE_MMAP, &geo->mmdb);
	if (status != MMDB_SUCCESS) {
		snprintf(err, err_len,
			 "geolocation database %s cannot be read as a MaxMind DB file: %s", path,
			 MMDB_strerror(status));
		free(geo);
		return NULL;
	}
	if (take_sample(geo, err, err_len) == 0)
		return geo;
	geo_close(geo);
	return NULL;
}

void geo_close(struct geo *geo)
{
	if (geo)
		MMDB_close(&geo->mmdb);
	free(geo);
}

bool geo_has(const struct geo *geo, enum geo_kind kind)
{
	return geo->has[kind];
}

/* --- Collecting ----------------------------------------------------------------------------------------------- */

/* Which of the keys a record has, remembered by the record's offset: many networks share a record. */
struct known {
	uint32_t mark; /* the offset + 1; 0: free */
	uint32_t n, keys[RECORD_KEYS_MAX];
};

struct collection {
	const MMDB_s *mmdb;
	const geo_key *keys;
	size_t n;
	struct ranges *found;
	struct known *known; /* open addressing; size is a power of two */
	size_t n_known, size;
};

static struct known *known_slot(const struct collection *c, uint32_t mark)
{
	size_t i = mark * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (c->size - 1);
	while (c->known[i].mark && c->known[i].mark != mark)
		i = (i + 1) & (c->size - 1);
	return &c->known[i];
}

static bool known_grow(struct collection *c)
{
	struct collection bigger = *c;
	bigger.size = c->size ? 2 * c->size : 1024;
	bigger.known = calloc(bigger.size, sizeof(*bigger.known));
	if (!bigger.known)
		return false;
	for (size_t i = 0; i < c->size; i++) {
		if (c->known[i].mark)
			*known_slot(&bigger, c->known[i].mark) = c->known[i];
	}
	free(c->known);
	*c = bigger;
	return true;
}

static int by_key(const void *a, const void *b)
{
	const geo_key *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static enum visit learn(struct collection *c, uint32_t offset, struct known **known)
{
	struct record record;
	if (c->n_known * 2 >= c->size && !known_grow(c))
		return VISIT_NO_MEMORY;
	*known = known_slot(c, offset + 1);
	if ((*known)->mark)
		return VISIT_ON;
	if (!read_record(c->mmdb, offset, &record))
		return VISIT_DAMAGED;
	c->n_known++;
	(*known)->mark = offset + 1;
	for (unsigned i = 0; i < record.n; i++) {
		const geo_key *key =
			bsearch(&record.keys[i], c->keys, c->n, sizeof(*c->keys), by_key);
		if (key)
			(*known)->keys[(*known)->n++] = (uint32_t)(key - c->keys);
	}
	return VISIT_ON;
}

static enum visit collect_network(void *arg, unsigned family, ip_number first, ip_number last,
				  uint32_t offset)
{
	struct collection *c = arg;
	struct known *known;
	enum visit result = learn(c, offset, &known);
	if (result != VISIT_ON)
		return result;
	for (uint32_t i = 0; i < known->n; i++) {
		if (!ranges_add(&c->found[known->keys[i]], family, first, last))
			return VISIT_NO_MEMORY;
	}
	return VISIT_ON;
}

int geo_collect(const struct geo *geo, const geo_key *keys, size_t n, struct ranges *found,
		char *err, size_t err_len)
{
	if (n == 0)
		return 0;
	struct collection c = {.mmdb = &geo->mmdb, .keys = keys, .n = n, .found = found};
	enum visit result = walk(&geo->mmdb, &(struct visitor){collect_network, &c});
	free(c.known);
	return result == VISIT_STOP ? 0 : fail(geo, result, err, err_len);
}
