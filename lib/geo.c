/* geo - reads what MaxMind DB files say of addresses: AS number, country, subdivisions. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo.h"

#include "bytes.h"

#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NESTING_MAX = 32 }; /* of maps and arrays in a record */

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

static bool read_asn(const MMDB_s *mmdb, uint32_t offset, struct geo_record *record)
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
			      struct geo_record *record)
{
	MMDB_entry_data_s list, value;
	int there = member(mmdb, offset, "subdivisions", &list);
	if (there <= 0 || list.type != MMDB_DATA_TYPE_ARRAY)
		return there >= 0;
	for (unsigned i = 0; i < list.data_size && i < GEO_SUBDIVISIONS_MAX; i++) {
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
static bool read_record(const MMDB_s *mmdb, uint32_t offset, struct geo_record *record)
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

enum outcome { DONE, DAMAGED, NO_MEMORY };

/* A record that is known by where it is in the file: many networks share one. */
struct known {
	uint32_t mark; /* the offset + 1; 0: free */
	uint32_t number;
};

struct file {
	MMDB_s mmdb;
	const struct geo_sink *sink;
	bool tells;          /* some record has something that we read */
	struct known *known; /* open addressing; size is a power of two */
	size_t n_known, size;
};

static struct known *known_slot(const struct file *file, uint32_t mark)
{
	size_t i = mark * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (file->size - 1);
	while (file->known[i].mark && file->known[i].mark != mark)
		i = (i + 1) & (file->size - 1);
	return &file->known[i];
}

static bool known_grow(struct file *file)
{
	struct known *old = file->known;
	size_t old_size = file->size, size = old_size ? 2 * old_size : 1024;
	struct known *known = calloc(size, sizeof(*known));
	if (!known)
		return false;
	file->known = known;
	file->size = size;
	for (size_t i = 0; i < old_size; i++) {
		if (old[i].mark)
			*known_slot(file, old[i].mark) = old[i];
	}
	free(old);
	return true;
}

static enum outcome number_of(struct file *file, uint32_t offset, uint32_t *number)
{
	struct geo_record record;
	if (file->n_known * 2 >= file->size && !known_grow(file))
		return NO_MEMORY;
	struct known *known = known_slot(file, offset + 1);
	if (!known->mark) {
		if (!read_record(&file->mmdb, offset, &record))
			return DAMAGED;
		if (!file->sink->record(file->sink->arg, &record, &known->number))
			return NO_MEMORY;
		file->tells |= record.n > 0;
		file->n_known++;
		known->mark = offset + 1;
	}
	*number = known->number;
	return DONE;
}

/* What is below one side of a node. */
struct place {
	ip_number first; /* its bits as the tree has them: 128 of them, or 32 */
	uint64_t node;
	uint32_t record;
	uint8_t type, depth;
};

static enum outcome tell(const struct file *file, unsigned family, ip_number first, unsigned len,
			 uint32_t number)
{
	struct range network = {first, first | ~ip_number_mask(len), number};
	return file->sink->network(file->sink->arg, family, &network) ? DONE : NO_MEMORY;
}

/* IPv4 addresses stand at ::/96 in a file for IPv6. */
static enum outcome tell_network(struct file *file, unsigned bits, const struct place *place)
{
	uint32_t number;
	enum outcome outcome = number_of(file, place->record, &number);
	if (outcome != DONE)
		return outcome;
	if (bits == 32)
		return tell(file, 4, place->first << 96, place->depth, number);
	if (place->depth >= 96 && place->first <= UINT32_MAX)
		return tell(file, 4, place->first << 96, place->depth - 96, number);
	if (place->first == 0)
		outcome = tell(file, 4, 0, 0, number);
	return outcome == DONE ? tell(file, 6, place->first, place->depth, number) : outcome;
}

/* Other ways to the IPv4 tree (::ffff:0:0/96, 2002::/16, ...) are aliases. */
static bool is_alias(const MMDB_s *mmdb, const struct place *place)
{
	return mmdb->metadata.ip_version == 6 && place->type == MMDB_RECORD_TYPE_SEARCH_NODE &&
	       place->node == mmdb->ipv4_start_node.node_value && place->first != 0;
}

static enum outcome walk(struct file *file)
{
	const MMDB_s *mmdb = &file->mmdb;
	unsigned bits = mmdb->metadata.ip_version == 4 ? 32 : 128, n = 1;
	struct place stack[130] = {{.type = MMDB_RECORD_TYPE_SEARCH_NODE}};
	/* Subtrees may be shared, but a damaged tree could have more ways through it than can ever be walked. */
	uint64_t nodes_left = 16 * (uint64_t)mmdb->metadata.node_count;
	while (n) {
		struct place place = stack[--n];
		if (place.type == MMDB_RECORD_TYPE_EMPTY || is_alias(mmdb, &place))
			continue;
		if (place.type == MMDB_RECORD_TYPE_DATA) {
			enum outcome outcome = tell_network(file, bits, &place);
			if (outcome != DONE)
				return outcome;
			continue;
		}
		MMDB_search_node_s node;
		if (place.type != MMDB_RECORD_TYPE_SEARCH_NODE || place.depth == bits ||
		    !nodes_left-- ||
		    MMDB_read_node(mmdb, (uint32_t)place.node, &node) != MMDB_SUCCESS)
			return DAMAGED;
		uint8_t depth = place.depth + 1;
		ip_number right = place.first | (ip_number)1 << (bits - depth);
		stack[n++] =
			(struct place){right, node.right_record, node.right_record_entry.offset,
				       node.right_record_type, depth};
		stack[n++] =
			(struct place){place.first, node.left_record, node.left_record_entry.offset,
				       node.left_record_type, depth};
	}
	return DONE;
}

int geo_read(const char *path, const struct geo_sink *sink, char *err, size_t err_len)
{
	struct file file = {.sink = sink};
	int status = MMDB_open(path, MMDB_MODE_MMAP, &file.mmdb);
	if (status != MMDB_SUCCESS) {
		snprintf(err, err_len,
			 "geolocation database %s cannot be read as a MaxMind DB file: %s", path,
			 MMDB_strerror(status));
		return -1;
	}
	enum outcome outcome = walk(&file);
	free(file.known);
	MMDB_close(&file.mmdb);
	if (outcome == NO_MEMORY)
		snprintf(err, err_len, "no memory");
	else if (outcome == DAMAGED)
		snprintf(err, err_len, "geolocation database %s is damaged", path);
	else if (!file.tells)
		snprintf(err, err_len,
			 "geolocation database %s has neither countries nor AS numbers; expected "
			 "records with country.iso_code, country_code, autonomous_system_number "
			 "or asn",
			 path);
	return outcome == DONE && file.tells ? 0 : -1;
}
