/* footprint - takes footprint objects in: checks their values, brings lists to canonical form, ranks them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "footprint.h"

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

/* Values in a form that can be sorted and compared: for CIDR 16 octets of address and the length, else a geo_key in network
 * byte order, then zeros. */
struct value {
	uint8_t bytes[17];
};

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

const char *footprint_type_name(enum footprint_type type)
{
	return types[type].name;
}

/* RFC 8006 §4.3.5, §4.3.6. */
static bool parse_cidr(const char *text, uint8_t family, struct value *value)
{
	struct ip_prefix prefix;
	if (!strchr(text, '/') || strpbrk(text, "ABCDEF") || !ip_prefix_parse(text, &prefix) ||
	    prefix.addr.family != family)
		return false;
	memcpy(value->bytes, prefix.addr.bytes, 16);
	value->bytes[16] = prefix.len;
	return true;
}

static bool put_key(struct value *value, geo_key key)
{
	store_be32(value->bytes, (uint32_t)(key >> 32));
	store_be32(value->bytes + 4, (uint32_t)key);
	return true;
}

/* RFC 8006 §4.3.7. */
static bool parse_asn(const char *text, struct value *value)
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
static bool parse_country(const char *text, struct value *value)
{
	return is_lower(text[0]) && is_lower(text[1]) && !text[2] &&
	       put_key(value, geo_key_code(GEO_COUNTRY, text, 2));
}

/* RFC 9388 §2.1. */
static bool parse_subdivision(const char *text, struct value *value)
{
	size_t len = strlen(text);
	return is_lower(text[0]) && is_lower(text[1]) && text[2] == '-' && len >= 4 && len <= 6 &&
	       strspn(text + 3, "abcdefghijklmnopqrstuvwxyz0123456789") == len - 3 &&
	       put_key(value, geo_key_code(GEO_SUBDIVISION, text, len));
}

static bool parse_value(enum footprint_type type, const char *text, struct value *value)
{
	*value = (struct value){0};
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

const char *footprint_value_expected(enum footprint_type type, const char *text)
{
	struct value value;
	return parse_value(type, text, &value) ? NULL : types[type].expected;
}

/* --- Checks --------------------------------------------------------------------------------------------------- */

/* A list on its way to canonical form. */
struct intake {
	const struct footprint_geo *geo;
	struct value *values;
	size_t n_values;
	char *err;
	size_t err_len;
};

static int check_object(const struct footprint *object, bool in_union, size_t *n_values, char *err,
			size_t err_len)
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
	*n_values += is_union ? 0 : object->n_values;
	for (size_t i = 0; is_union && i < object->n_members; i++) {
		if (check_object(&object->members[i], true, n_values, err, err_len) < 0)
			return -1;
	}
	return 0;
}

/* Values are counted and measured in 32 bits. */
enum { VALUES_MAX = 1 << 27 };

static int check_list(const struct footprint *list, size_t n, size_t *n_values, char *err,
		      size_t err_len)
{
	*n_values = 0;
	if (n == 0)
		return fail(
			err, err_len,
			"the list of footprints is empty; expected at least one footprint object");
	for (size_t i = 0; i < n; i++) {
		if (check_object(&list[i], false, n_values, err, err_len) < 0)
			return -1;
	}
	if (*n_values > VALUES_MAX)
		return fail(err, err_len, "the list of footprints has more than %d values",
			    VALUES_MAX);
	return 0;
}

static int check_geo(const struct intake *in, enum footprint_type type, const char *value)
{
	static const struct {
		enum geo_kind kind;
		const char *what;
	} needs[] = {
		[FOOTPRINT_ASN] = {GEO_ASN, "AS numbers"},
		[FOOTPRINT_COUNTRYCODE] = {GEO_COUNTRY, "countries"},
		[FOOTPRINT_SUBDIVISIONCODE] = {GEO_SUBDIVISION, "subdivisions"},
	};
	if (!footprint_slot_is_geo(type) ||
	    (in->geo && footprint_geo_has(in->geo, needs[type].kind)))
		return 0;
	return fail(in->err, in->err_len,
		    "footprint value \"%s\" needs a geolocation database with %s: add one to "
		    "geo.databases",
		    value, needs[type].what);
}

/* --- Canonical form ------------------------------------------------------------------------------------------- */

static int add_values(struct intake *in, const struct footprint *object)
{
	for (size_t i = 0; i < object->n_values; i++) {
		if (!parse_value(object->type, object->values[i], &in->values[in->n_values++]))
			return fail(in->err, in->err_len,
				    "%s footprint value \"%s\" is not valid; expected %s",
				    types[object->type].name, object->values[i],
				    types[object->type].expected);
		if (check_geo(in, object->type, object->values[i]) < 0)
			return -1;
	}
	return 0;
}

static int fill_slot(struct intake *in, unsigned slot, const struct footprint *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct footprint *object = &list[i];
		if (object->type == FOOTPRINT_UNION && slot >= FOOTPRINT_UNION) {
			if (fill_slot(in, slot - FOOTPRINT_UNION, object->members,
				      object->n_members) < 0)
				return -1;
		} else if (object->type == slot) {
			if (add_values(in, object) < 0)
				return -1;
		}
	}
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct value));
}

/* Whether the value, which is not before the other one, adds nothing to it. */
static bool is_inside(const struct value *value, const struct value *other, unsigned slot)
{
	if (footprint_slot_is_geo(slot))
		return by_bytes(value, other) == 0;
	return ((ip_number_load(value->bytes) ^ ip_number_load(other->bytes)) &
		ip_number_mask(other->bytes[16])) == 0;
}

/* Sorts the values from `first` on and drops those that are inside others. Gives how many there are. */
static uint32_t sort_values(struct intake *in, size_t first, unsigned slot)
{
	struct value *values = in->values + first;
	size_t n = in->n_values - first, kept = 0;
	if (n == 0)
		return 0;
	if (n > 1)
		qsort(values, n, sizeof(*values), by_bytes);
	for (size_t i = 1; i < n; i++) {
		if (!is_inside(&values[i], &values[kept], slot))
			values[++kept] = values[i];
	}
	in->n_values = first + kept + 1;
	return (uint32_t)kept + 1;
}

/* The octets that a slot keeps of a value. */
static void put_value(uint8_t *at, const struct value *value, unsigned slot)
{
	unsigned width = footprint_slot_width(slot);
	memcpy(at, value->bytes, width);
	if (!footprint_slot_is_geo(slot))
		at[width - 1] = value->bytes[16];
}

static struct footprint_list *pack(const struct intake *in, const uint32_t n[FOOTPRINT_SLOTS])
{
	size_t len = 0;
	for (unsigned slot = 0; slot < FOOTPRINT_SLOTS; slot++)
		len += n[slot] ? sizeof(n[slot]) + (size_t)n[slot] * footprint_slot_width(slot) : 0;
	struct footprint_list *list = malloc(offsetof(struct footprint_list, bytes) + len);
	if (!list)
		return NULL;
	list->refs = 1;
	list->len = (uint32_t)len;
	list->samples = NULL;
	list->slots = list->terms = 0;
	uint8_t *at = list->bytes;
	const struct value *value = in->values;
	for (unsigned slot = 0; slot < FOOTPRINT_SLOTS; slot++) {
		if (n[slot] == 0)
			continue;
		list->slots |= (uint16_t)(1u << slot);
		list->terms |= (uint8_t)(1u << footprint_slot_term(slot));
		memcpy(at, &n[slot], sizeof(n[slot]));
		at += sizeof(n[slot]);
		for (uint32_t i = 0; i < n[slot]; i++, at += footprint_slot_width(slot))
			put_value(at, value++, slot);
	}
	return list;
}

/* --- Ranks ---------------------------------------------------------------------------------------------------- */

/* 1 country, 2 subdivision, 3 AS, 4 to 132 CIDR: 4 + the shortest prefix length, which for IPv4 counts from 96. A union
 * ranks as the lowest of its members; each further type that narrows adds 1 to the best one. */
static unsigned slot_rank(const struct footprint_values *values)
{
	unsigned shortest = 128;
	switch (values->slot % FOOTPRINT_UNION) {
	case FOOTPRINT_COUNTRYCODE:
		return 1;
	case FOOTPRINT_SUBDIVISIONCODE:
		return 2;
	case FOOTPRINT_ASN:
		return 3;
	default:
		for (uint32_t i = 0; i < values->n; i++) {
			unsigned len = values->at[(i + 1) * (size_t)values->width - 1];
			shortest = len < shortest ? len : shortest;
		}
		return 4 + shortest + (footprint_slot_family(values->slot) == 4 ? 96 : 0);
	}
}

static uint8_t list_rank(const struct footprint_list *list)
{
	unsigned best = 0, in_union = UINT8_MAX;
	for (struct footprint_values values = {0}; footprint_values_next(list, &values);) {
		unsigned rank = slot_rank(&values);
		if (values.slot >= FOOTPRINT_UNION)
			in_union = rank < in_union ? rank : in_union;
		else
			best = rank > best ? rank : best;
	}
	if (in_union != UINT8_MAX)
		best = in_union > best ? in_union : best;
	return (uint8_t)(best + (unsigned)__builtin_popcount(list->terms) - 1);
}

/* --- Lists ---------------------------------------------------------------------------------------------------- */

struct footprint_list *footprint_list_new(const struct footprint_geo *geo,
					  const struct footprint *list, size_t n, uint8_t *rank,
					  char *err, size_t err_len)
{
	struct intake in = {.geo = geo, .err = err, .err_len = err_len};
	struct footprint_list *canonical = NULL;
	uint32_t counts[FOOTPRINT_SLOTS] = {0};
	struct value few[16];
	size_t n_values;
	if (check_list(list, n, &n_values, err, err_len) < 0)
		return NULL;
	in.values = few;
	if (n_values > sizeof(few) / sizeof(few[0]))
		in.values = malloc(n_values * sizeof(*in.values));
	int status = in.values ? 0 : fail(err, err_len, "no memory");
	for (unsigned slot = 0; status == 0 && slot < FOOTPRINT_SLOTS; slot++) {
		size_t first = in.n_values;
		status = fill_slot(&in, slot, list, n);
		if (status == 0)
			counts[slot] = sort_values(&in, first, slot);
	}
	if (status == 0) {
		canonical = pack(&in, counts);
		if (!canonical) {
			fail(err, err_len, "no memory");
		} else {
			*rank = list_rank(canonical);
			canonical = footprint_list_sample(canonical);
		}
	}
	if (in.values != few)
		free(in.values);
	return canonical;
}

struct footprint_list *footprint_list_sample(struct footprint_list *list)
{
	struct footprint_values values = {0};
	unsigned prefix_len;
	if (!footprint_list_is_one_slot_of_prefixes(list) ||
	    !footprint_values_next(list, &values) || values.n <= 2 * FOOTPRINT_SAMPLE)
		return list;
	size_t end = offsetof(struct footprint_list, bytes) + list->len;
	size_t at = (end + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
	uint32_t n = (values.n - 1) / FOOTPRINT_SAMPLE;
	struct footprint_list *longer = realloc(list, at + n * sizeof(uint64_t));
	if (!longer)
		return list;
	uint64_t *samples = (uint64_t *)((uint8_t *)longer + at);
	values = (struct footprint_values){0};
	footprint_values_next(longer, &values);
	for (uint32_t i = 0; i < n; i++)
		samples[i] = (uint64_t)(footprint_values_prefix(&values, (i + 1) * FOOTPRINT_SAMPLE,
								&prefix_len) >>
					64);
	longer->samples = samples;
	return longer;
}

void footprint_list_release(struct footprint_list *list)
{
	if (list && --list->refs == 0)
		free(list);
}

uint32_t footprint_values_search(const struct footprint_values *values, const uint8_t *bytes)
{
	uint32_t low = 0, high = values->n;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (memcmp(values->at + (size_t)mid * values->width, bytes, values->width) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool footprint_values_has(const struct footprint_values *values, const uint8_t *bytes)
{
	uint32_t i = footprint_values_search(values, bytes);
	return i < values->n &&
	       memcmp(values->at + (size_t)i * values->width, bytes, values->width) == 0;
}
