/* footprint - takes footprint objects in: checks their values, brings lists to canonical form, ranks them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "footprint.h"

#include "array.h"
#include "bytes.h"
#include "footprint_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(char *err, size_t err_len, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(char *err, size_t err_len, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(err, err_len, format, args);
	va_end(args);
	return -1;
}

/* --- Values --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *expected;
} types[] = {
	[FOOTPRINT_IPV4CIDR] =
		{"ipv4cidr",
		 "an IPv4 prefix such as 192.0.2.0/24, with no bits set past its length"},
	[FOOTPRINT_IPV6CIDR] = {"ipv6cidr", "an IPv6 prefix in lower case such as 2001:db8::/32, "
					    "with no bits set past its length"},
	[FOOTPRINT_ASN] = {"asn", "\"as\" and a number from 1 to 4294967295, such as as64496"},
	[FOOTPRINT_COUNTRYCODE] = {"countrycode", "two letters in lower case, such as fr"},
	[FOOTPRINT_SUBDIVISIONCODE] =
		{"subdivisioncode",
		 "a country, '-' and one to three letters or digits in lower case, such as us-ny"},
	[FOOTPRINT_UNION] = {"footprintunion", "footprint objects"},
};

bool footprint_type_parse(const char *text, enum footprint_type *type)
{
	for (unsigned i = 0; i <= FOOTPRINT_UNION; i++) {
		if (strcmp(text, types[i].name) == 0) {
			*type = (enum footprint_type)i;
			return true;
		}
	}
	return false;
}

/* RFC 8006 §4.3.5, §4.3.6. */
static bool parse_cidr(const char *text, uint8_t family, struct footprint_value *value)
{
	struct ip_prefix prefix;
	if (!strchr(text, '/') || strpbrk(text, "ABCDEF") || !ip_prefix_parse(text, &prefix) ||
	    prefix.addr.family != family)
		return false;
	memcpy(value->bytes, prefix.addr.bytes, 16);
	value->bytes[16] = prefix.len;
	return true;
}

static bool put_key(struct footprint_value *value, geo_key key)
{
	store_be32(value->bytes, (uint32_t)(key >> 32));
	store_be32(value->bytes + 4, (uint32_t)key);
	return true;
}

/* RFC 8006 §4.3.7. */
static bool parse_asn(const char *text, struct footprint_value *value)
{
	size_t digits = strncmp(text, "as", 2) == 0 ? strspn(text + 2, "0123456789") : 0;
	if (digits == 0 || digits > 10 || text[2 + digits] || text[2] == '0')
		return false;
	unsigned long long asn = strtoull(text + 2, NULL, 10);
	return asn <= UINT32_MAX && put_key(value, geo_key_asn((uint32_t)asn));
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* RFC 8006 §4.3.8. */
static bool parse_country(const char *text, struct footprint_value *value)
{
	return is_lower(text[0]) && is_lower(text[1]) && !text[2] &&
	       put_key(value, geo_key_code(GEO_COUNTRY, text, 2));
}

/* RFC 9388 §2.1. */
static bool parse_subdivision(const char *text, struct footprint_value *value)
{
	size_t len = strlen(text);
	return is_lower(text[0]) && is_lower(text[1]) && text[2] == '-' && len >= 4 && len <= 6 &&
	       strspn(text + 3, "abcdefghijklmnopqrstuvwxyz0123456789") == len - 3 &&
	       put_key(value, geo_key_code(GEO_SUBDIVISION, text, len));
}

static bool parse_value(enum footprint_type type, const char *text, struct footprint_value *value)
{
	*value = (struct footprint_value){0};
	switch (type) {
	case FOOTPRINT_IPV4CIDR:
		return parse_cidr(text, 4, value);
	case FOOTPRINT_IPV6CIDR:
		return parse_cidr(text, 6, value);
	case FOOTPRINT_ASN:
		return parse_asn(text, value);
	case FOOTPRINT_COUNTRYCODE:
		return parse_country(text, value);
	case FOOTPRINT_SUBDIVISIONCODE:
		return parse_subdivision(text, value);
	default:
		return false;
	}
}

struct ip_prefix footprint_value_prefix(const struct footprint_value *value, unsigned slot)
{
	struct ip_prefix prefix = {.len = value->bytes[16]};
	prefix.addr.family = slot % FOOTPRINT_UNION == FOOTPRINT_IPV4CIDR ? 4 : 6;
	memcpy(prefix.addr.bytes, value->bytes, 16);
	return prefix;
}

geo_key footprint_value_key(const struct footprint_value *value)
{
	return (geo_key)load_be32(value->bytes) << 32 | load_be32(value->bytes + 4);
}

/* --- The builder ---------------------------------------------------------------------------------------------- */

struct footprint_builder *footprint_builder_new(void)
{
	return calloc(1, sizeof(struct footprint_builder));
}

void footprint_builder_free(struct footprint_builder *builder)
{
	if (!builder)
		return;
	for (size_t i = 0; i < builder->n_geo; i++)
		geo_close(builder->geo[i]);
	free(builder->geo);
	free(builder->lists);
	free(builder->values);
	free(builder->index);
	free(builder);
}

int footprint_builder_geo(struct footprint_builder *builder, const char *path, char *err,
			  size_t err_len)
{
	struct geo **all = array_reserve(builder->geo, &builder->geo_cap, builder->n_geo + 1,
					 sizeof(struct geo *));
	if (!all)
		return fail(err, err_len, "no memory");
	builder->geo = all;
	all[builder->n_geo] = geo_open(path, err, err_len);
	if (!all[builder->n_geo])
		return -1;
	builder->n_geo++;
	return 0;
}

static int check_geo(const struct footprint_builder *builder, enum footprint_type type,
		     const char *value, char *err, size_t err_len)
{
	static const struct {
		enum geo_kind kind;
		const char *what;
	} needs[] = {
		[FOOTPRINT_ASN] = {GEO_ASN, "AS numbers"},
		[FOOTPRINT_COUNTRYCODE] = {GEO_COUNTRY, "countries"},
		[FOOTPRINT_SUBDIVISIONCODE] = {GEO_SUBDIVISION, "subdivisions"},
	};
	if (!footprint_slot_is_geo(type))
		return 0;
	for (size_t i = 0; i < builder->n_geo; i++) {
		if (geo_has(builder->geo[i], needs[type].kind))
			return 0;
	}
	return fail(err, err_len,
		    "footprint value \"%s\" needs a geolocation database with %s: add one to "
		    "geo.databases",
		    value, needs[type].what);
}

static int add_values(struct footprint_builder *builder, const struct footprint *object, char *err,
		      size_t err_len)
{
	struct footprint_value *values =
		array_reserve(builder->values, &builder->values_cap,
			      builder->n_values + object->n_values, sizeof(*values));
	if (!values)
		return fail(err, err_len, "no memory");
	builder->values = values;
	for (size_t i = 0; i < object->n_values; i++) {
		if (!parse_value(object->type, object->values[i], &values[builder->n_values++]))
			return fail(err, err_len,
				    "%s footprint value \"%s\" is not valid; expected %s",
				    types[object->type].name, object->values[i],
				    types[object->type].expected);
		if (check_geo(builder, object->type, object->values[i], err, err_len) < 0)
			return -1;
	}
	return 0;
}

static int check_object(const struct footprint *object, bool in_union, char *err, size_t err_len)
{
	bool is_union = object->type == FOOTPRINT_UNION;
	if ((unsigned)object->type > FOOTPRINT_UNION)
		return fail(err, err_len, "footprint type %d is not known", (int)object->type);
	if (is_union && in_union)
		return fail(
			err, err_len,
			"a footprintunion must not be inside another one (RFC 9388 section 2.2)");
	if ((is_union ? object->n_members : object->n_values) == 0)
		return fail(err, err_len, "%s footprint has no values; expected %s",
			    types[object->type].name, types[object->type].expected);
	for (size_t i = 0; is_union && i < object->n_members; i++) {
		if (check_object(&object->members[i], true, err, err_len) < 0)
			return -1;
	}
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct footprint_value));
}

/* Sorts the values from `first` on and drops doubles. */
static void sort_values(struct footprint_builder *builder, size_t first)
{
	struct footprint_value *values = builder->values + first;
	size_t n = builder->n_values - first, kept = 0;
	if (n == 0)
		return;
	qsort(values, n, sizeof(*values), by_bytes);
	for (size_t i = 1; i < n; i++) {
		if (by_bytes(&values[kept], &values[i]) != 0)
			values[++kept] = values[i];
	}
	builder->n_values = first + kept + 1;
}

static int fill_slot(struct footprint_builder *builder, unsigned slot, const struct footprint *list,
		     size_t n, char *err, size_t err_len)
{
	for (size_t i = 0; i < n; i++) {
		const struct footprint *object = &list[i];
		if (object->type == FOOTPRINT_UNION && slot >= FOOTPRINT_UNION) {
			if (fill_slot(builder, slot - FOOTPRINT_UNION, object->members,
				      object->n_members, err, err_len) < 0)
				return -1;
		} else if (object->type == slot) {
			if (add_values(builder, object, err, err_len) < 0)
				return -1;
		}
	}
	return 0;
}

/* --- Ranks ---------------------------------------------------------------------------------------------------- */

/* 1 country, 2 subdivision, 3 AS, 4 to 132 CIDR: 4 + the shortest prefix length, which for IPv4 counts from 96. A union
 * ranks as the lowest of its members; each further type that narrows adds 1 to the best one. */
static unsigned slot_rank(unsigned slot, const struct footprint_value *values, size_t n)
{
	unsigned shortest = 128;
	switch (slot % FOOTPRINT_UNION) {
	case FOOTPRINT_COUNTRYCODE:
		return 1;
	case FOOTPRINT_SUBDIVISIONCODE:
		return 2;
	case FOOTPRINT_ASN:
		return 3;
	default:
		for (size_t i = 0; i < n; i++) {
			if (values[i].bytes[16] < shortest)
				shortest = values[i].bytes[16];
		}
		return 4 + shortest + (slot % FOOTPRINT_UNION == FOOTPRINT_IPV4CIDR ? 96 : 0);
	}
}

static uint8_t list_rank(const struct footprint_builder *builder, const struct footprint_list *list)
{
	unsigned best = 0, in_union = UINT8_MAX, types_that_narrow = 0;
	const struct footprint_value *values = builder->values + list->values;
	for (unsigned slot = 0; slot < FOOTPRINT_SLOTS; values += list->n[slot++]) {
		if (list->n[slot] == 0)
			continue;
		unsigned rank = slot_rank(slot, values, list->n[slot]);
		if (slot >= FOOTPRINT_UNION) {
			in_union = rank < in_union ? rank : in_union;
			continue;
		}
		best = rank > best ? rank : best;
		types_that_narrow++;
	}
	if (in_union != UINT8_MAX) {
		best = in_union > best ? in_union : best;
		types_that_narrow++;
	}
	return (uint8_t)(best + types_that_narrow - 1);
}

/* --- Equal lists, equal ids ----------------------------------------------------------------------------------- */

static uint64_t list_hash(const struct footprint_builder *builder,
			  const struct footprint_list *list)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	const uint8_t *at = builder->values[list->values].bytes,
		      *end = builder->values[builder->n_values].bytes;
	for (; at < end; at++)
		hash = (hash ^ *at) * UINT64_C(0x100000001b3);
	for (unsigned slot = 0; slot < FOOTPRINT_SLOTS; slot++)
		hash = (hash ^ list->n[slot]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static size_t n_values_of(const struct footprint_list *list)
{
	size_t n = 0;
	for (unsigned slot = 0; slot < FOOTPRINT_SLOTS; slot++)
		n += list->n[slot];
	return n;
}

static bool lists_equal(const struct footprint_builder *builder, const struct footprint_list *a,
			const struct footprint_list *b)
{
	return a->hash == b->hash && memcmp(a->n, b->n, sizeof(a->n)) == 0 &&
	       memcmp(builder->values + a->values, builder->values + b->values,
		      n_values_of(a) * sizeof(*builder->values)) == 0;
}

static bool index_grow(struct footprint_builder *builder)
{
	size_t size = builder->index_size ? 2 * builder->index_size : 64;
	uint32_t *index = calloc(size, sizeof(*index));
	if (!index)
		return false;
	for (uint32_t id = 0; id < builder->n_lists; id++) {
		size_t i = builder->lists[id].hash & (size - 1);
		while (index[i])
			i = (i + 1) & (size - 1);
		index[i] = id + 1;
	}
	free(builder->index);
	builder->index = index;
	builder->index_size = size;
	return true;
}

/* Takes the list, whose values are the builder's last, or finds its equal and drops the values. */
static bool intern(struct footprint_builder *builder, const struct footprint_list *list,
		   uint32_t *id)
{
	if (2 * builder->n_lists >= builder->index_size && !index_grow(builder))
		return false;
	size_t i = list->hash & (builder->index_size - 1);
	for (; builder->index[i]; i = (i + 1) & (builder->index_size - 1)) {
		*id = builder->index[i] - 1;
		if (lists_equal(builder, &builder->lists[*id], list)) {
			builder->n_values = list->values;
			return true;
		}
	}
	struct footprint_list *lists = array_reserve(builder->lists, &builder->lists_cap,
						     builder->n_lists + 1, sizeof(*lists));
	if (!lists)
		return false;
	builder->lists = lists;
	*id = (uint32_t)builder->n_lists;
	lists[builder->n_lists++] = *list;
	builder->index[i] = *id + 1;
	return true;
}

static int add_list(struct footprint_builder *builder, const struct footprint *list, size_t n,
		    uint32_t *id, uint8_t *rank, char *err, size_t err_len)
{
	struct footprint_list canonical = {.values = builder->n_values};
	if (n == 0)
		return fail(
			err, err_len,
			"the list of footprints is empty; expected at least one footprint object");
	for (size_t i = 0; i < n; i++) {
		if (check_object(&list[i], false, err, err_len) < 0)
			return -1;
	}
	for (unsigned slot = 0; slot < FOOTPRINT_SLOTS; slot++) {
		size_t first = builder->n_values;
		if (fill_slot(builder, slot, list, n, err, err_len) < 0)
			return -1;
		sort_values(builder, first);
		canonical.n[slot] = (uint32_t)(builder->n_values - first);
	}
	canonical.hash = list_hash(builder, &canonical);
	*rank = list_rank(builder, &canonical);
	return intern(builder, &canonical, id) ? 0 : fail(err, err_len, "no memory");
}

int footprint_builder_add(struct footprint_builder *builder, const struct footprint *list, size_t n,
			  uint32_t *id, uint8_t *rank, char *err, size_t err_len)
{
	size_t n_values = builder->n_values;
	int status = add_list(builder, list, n, id, rank, err, err_len);
	if (status < 0)
		builder->n_values = n_values;
	return status;
}
