/* zone_rdata - the data of a record, and what stands before it, from words of a master file to wire form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone_rdata.h"

#include "lib/dns_name.h"
#include "qtype.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ldns knows the fields of the types and reads them; what it would take and cut off (a number that is too large), or take for
 * something else (a type that it does not know), is refused before. */

/* --- Words ------------------------------------------------------------------------------------------ */

static bool is_absolute(const char *word)
{
	size_t len = strlen(word), escapes = 0;
	if (!len || word[len - 1] != '.')
		return false;
	while (escapes + 1 < len && word[len - 2 - escapes] == '\\')
		escapes++;
	return escapes % 2 == 0;
}

bool zone_rdata_name(const char *word, const struct dns_name *origin, struct dns_name *out)
{
	if (strcmp(word, "@") == 0) {
		*out = *origin;
		return true;
	}
	if (!dns_name_from_text(word, out))
		return false;
	if (is_absolute(word))
		return true;
	if (out->len - 1u + origin->len > sizeof(out->wire))
		return false;
	memcpy(out->wire + out->len - 1, origin->wire, origin->len);
	out->len = (uint8_t)(out->len - 1 + origin->len);
	return true;
}

static bool read_digits(const char **at, uint64_t max, uint64_t *value)
{
	const char *from = *at;
	for (*value = 0; isdigit((unsigned char)**at) && *value <= max; ++*at)
		*value = *value * 10 + (uint64_t)(**at - '0');
	return *at > from && *value <= max;
}

static bool is_number(const char *word, uint64_t max)
{
	uint64_t value;
	return read_digits(&word, max, &value) && !*word;
}

bool zone_rdata_ttl(const char *word, uint32_t *seconds)
{
	static const char units[] = "smhdw";
	static const uint32_t lengths[] = {1, 60, 3600, 86400, 604800};
	uint64_t sum = 0, value;
	do {
		if (!read_digits(&word, UINT32_MAX, &value))
			return false;
		const char *unit = *word ? strchr(units, tolower((unsigned char)*word)) : units;
		if (!unit)
			return false;
		word += *word != '\0';
		sum += value * lengths[unit - units];
	} while (*word && sum <= UINT32_MAX);
	*seconds = (uint32_t)sum;
	return sum <= UINT32_MAX;
}

bool zone_rdata_type(const char *word, uint16_t *type)
{
	if (qtype_parse(word, type))
		return true;
	*type = strncasecmp(word, "TYPE", 4) != 0 ? (uint16_t)ldns_get_rr_type_by_name(word) : 0;
	return *type != 0;
}

/* --- Fields ----------------------------------------------------------------------------------------- */

static bool has_pairs_of_digits(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		if (*text != ' ' && (!isxdigit((unsigned char)*text) || !++n))
			return false;
	return n % 2 == 0;
}

/* All of them types, separated by spaces? */
static bool are_types(char *text)
{
	uint16_t type;
	bool good = true;
	for (char *end; good && *text; text = end) {
		end = text + strcspn(text, " ");
		char ended = *end;
		*end = '\0';
		good = zone_rdata_type(text, &type);
		*end = ended;
		end += ended != '\0';
	}
	return good;
}

static bool is_key(const char *param, size_t len, const char *name, unsigned long number)
{
	return (len == strlen(name) && strncmp(param, name, len) == 0) ||
	       (strncmp(param, "key", 3) == 0 && isdigit((unsigned char)param[3]) &&
		strtoul(param + 3, NULL, 10) == number);
}

/* What ldns 1.8.3 reads past the end of its buffer, cuts off, or does not unescape twice (RFC 9460 §A.1). */
static bool param_is_sound(const char *param, size_t len)
{
	size_t key = strcspn(param, "= "), run;
	const char *value = param + key + (param[key] == '=');
	const char *end = param + len;
	uint64_t port;
	value += *value == '"';
	if (is_key(param, key, "alpn", 1))
		return value >= end || !memchr(value, '\\', (size_t)(end - value));
	if (is_key(param, key, "port", 3))
		return read_digits(&value, UINT16_MAX, &port);
	if (is_key(param, key, "ipv6hint", 6))
		for (; value < end; value += run + 1)
			if ((run = strcspn(value, ",\" ")) >= INET6_ADDRSTRLEN)
				return false;
	return true;
}

static bool params_are_sound(const char *text)
{
	bool good = true;
	for (size_t len; good && *text; text += len, text += strspn(text, " ")) {
		len = strcspn(text, " ");
		good = param_is_sound(text, len);
	}
	return good;
}

static bool has_param(const ldns_rdf *params, uint16_t key)
{
	const uint8_t *data = ldns_rdf_data(params);
	for (size_t at = 0; at + 4 <= ldns_rdf_size(params);
	     at += 4u + ldns_read_uint16(data + at + 2))
		if (ldns_read_uint16(data + at) == key)
			return true;
	return false;
}

/* RFC 9460 §2.2, §8: keys ascend, so that none comes twice; those that are mandatory are there. */
static bool params_agree(const ldns_rdf *params)
{
	const uint8_t *data = ldns_rdf_data(params);
	int before = -1;
	for (size_t at = 0, len; at + 4 <= ldns_rdf_size(params); at += 4 + len) {
		int key = ldns_read_uint16(data + at);
		len = ldns_read_uint16(data + at + 2);
		if (key <= before || at + 4 + len > ldns_rdf_size(params))
			return false;
		for (size_t i = 0; key == 0 && i + 2 <= len; i += 2)
			if (!has_param(params, ldns_read_uint16(data + at + 4 + i)))
				return false;
		before = key;
	}
	return true;
}

static bool is_last_of_entry(ldns_rdf_type field)
{
	return field == LDNS_RDF_TYPE_B64 || field == LDNS_RDF_TYPE_HEX ||
	       field == LDNS_RDF_TYPE_NSEC || field == LDNS_RDF_TYPE_LOC ||
	       field == LDNS_RDF_TYPE_SVCPARAMS;
}

/* May ldns read it? Takes the quotes off a text. */
static bool prepare(ldns_rdf_type field, char **word)
{
	char *slash;
	uint16_t type;
	size_t len = strlen(*word);
	if (len > UINT16_MAX)
		return false;
	switch (field) {
	case LDNS_RDF_TYPE_STR:
	case LDNS_RDF_TYPE_LONG_STR:
		if (**word == '"') {
			(*word)[len - 1] = '\0';
			++*word;
		}
		return true;
	case LDNS_RDF_TYPE_CERT_ALG:
		return isalpha((unsigned char)**word) || is_number(*word, UINT16_MAX);
	case LDNS_RDF_TYPE_ALG:
	case LDNS_RDF_TYPE_CERTIFICATE_USAGE:
	case LDNS_RDF_TYPE_SELECTOR:
	case LDNS_RDF_TYPE_MATCHING_TYPE:
		return isalpha((unsigned char)**word) || is_number(*word, UINT8_MAX);
	case LDNS_RDF_TYPE_TIME:
		return is_number(*word, len == 14 ? UINT64_MAX / 16 : UINT32_MAX);
	case LDNS_RDF_TYPE_HEX:
		return has_pairs_of_digits(*word);
	case LDNS_RDF_TYPE_TYPE:
		return zone_rdata_type(*word, &type);
	case LDNS_RDF_TYPE_NSEC:
		return are_types(*word);
	case LDNS_RDF_TYPE_APL:
		slash = strchr(*word, '/');
		return slash && is_number(slash + 1, (*word)[**word == '!'] == '1' ? 32 : 128);
	case LDNS_RDF_TYPE_SVCPARAMS:
		return params_are_sound(*word);
	case LDNS_RDF_TYPE_A:
	case LDNS_RDF_TYPE_AAAA:
	case LDNS_RDF_TYPE_B64:
	case LDNS_RDF_TYPE_B32_EXT:
	case LDNS_RDF_TYPE_NSEC3_SALT:
	case LDNS_RDF_TYPE_NSEC3_NEXT_OWNER:
	case LDNS_RDF_TYPE_LOC:
	case LDNS_RDF_TYPE_ILNP64:
	case LDNS_RDF_TYPE_EUI48:
	case LDNS_RDF_TYPE_EUI64:
	case LDNS_RDF_TYPE_TAG:
		return true;
	default: /* only in the form of RFC 3597 */
		return false;
	}
}

static bool read_by_ldns(ldns_rdf_type field, char *word, struct writer *w)
{
	ldns_rdf *rdf = prepare(field, &word) ? ldns_rdf_new_frm_str(field, word) : NULL;
	bool good = rdf && (field != LDNS_RDF_TYPE_SVCPARAMS || params_agree(rdf));
	if (good && ldns_rdf_size(rdf))
		writer_bytes(w, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
	ldns_rdf_deep_free(rdf);
	return good;
}

static bool read_field(ldns_rdf_type field, char *word, const struct dns_name *origin,
		       struct writer *w)
{
	struct dns_name name;
	uint32_t seconds;
	switch (field) {
	case LDNS_RDF_TYPE_DNAME:
		if (!zone_rdata_name(word, origin, &name))
			return false;
		writer_bytes(w, name.wire, name.len);
		return true;
	case LDNS_RDF_TYPE_INT8:
		writer_u8(w, (uint8_t)strtoul(word, NULL, 10));
		return is_number(word, UINT8_MAX);
	case LDNS_RDF_TYPE_INT16:
		writer_u16(w, (uint16_t)strtoul(word, NULL, 10));
		return is_number(word, UINT16_MAX);
	case LDNS_RDF_TYPE_INT32:
		writer_u32(w, (uint32_t)strtoul(word, NULL, 10));
		return is_number(word, UINT32_MAX);
	case LDNS_RDF_TYPE_PERIOD:
		if (!zone_rdata_ttl(word, &seconds))
			return false;
		writer_u32(w, seconds);
		return true;
	default:
		return read_by_ldns(field, word, w);
	}
}

/* --- Data ------------------------------------------------------------------------------------------- */

/* Of a type without a text form? */
static bool is_generic(const ldns_rr_descriptor *fields)
{
	return ldns_rr_descriptor_field_type(fields, 0) == LDNS_RDF_TYPE_UNKNOWN;
}

/* Is it the data of a type that ldns knows, or one of another type? */
static bool is_data(uint16_t type, const uint8_t *data, size_t len, uint8_t *wire)
{
	ldns_rr *record = ldns_rr_new();
	size_t at = 0, same = 0;
	if (!record)
		return false;
	wire[0] = (uint8_t)(len >> 8);
	wire[1] = (uint8_t)len;
	memcpy(wire + 2, data, len);
	ldns_rr_set_type(record, (ldns_rr_type)type);
	bool good = ldns_wire2rdf(record, wire, len + 2, &at) == LDNS_STATUS_OK && at == len + 2;
	for (size_t i = 0; good && i < ldns_rr_rd_count(record); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(record, i);
		good = ldns_rdf_size(rdf) <= len - same &&
		       memcmp(data + same, ldns_rdf_data(rdf), ldns_rdf_size(rdf)) == 0;
		same += ldns_rdf_size(rdf);
	}
	good = good && same == len;
	const ldns_rr_descriptor *fields = ldns_rr_descript(type);
	good = good && (is_generic(fields) ||
			ldns_rr_rd_count(record) >= ldns_rr_descriptor_minimum(fields));
	ldns_rr_free(record);
	return good;
}

/* RFC 3597 §5: \# LENGTH HEX... */
static const char *read_generic(struct zone_entry *entry, uint16_t type, struct writer *w)
{
	char *word = zone_entry_word(entry);
	if (!word || !is_number(word, UINT16_MAX))
		return word ? word : "";
	size_t len = strtoul(word, NULL, 10);
	char *hex = zone_entry_word(entry);
	const uint8_t *data = w->at;
	if (hex)
		zone_entry_rest(entry, hex);
	else if (len)
		return "";
	if (hex && !has_pairs_of_digits(hex))
		return hex;
	for (char *at = hex; at && *at;) {
		int digits[2];
		for (unsigned i = 0; i < 2; i++) {
			at += strspn(at, " ");
			digits[i] = ldns_hexdigit_to_int(*at++);
		}
		writer_u8(w, (uint8_t)(digits[0] * 16 + digits[1]));
	}
	if (w->bad || (size_t)(w->at - data) != len)
		return word;
	uint8_t *wire = malloc(len + 2);
	bool good = wire && is_data(type, data, len, wire);
	free(wire);
	return good ? NULL : word;
}

const char *zone_rdata_read(struct zone_entry *entry, uint16_t type, const struct dns_name *origin,
			    struct writer *w)
{
	const ldns_rr_descriptor *fields = ldns_rr_descript(type);
	size_t n = 0, max = ldns_rr_descriptor_maximum(fields);
	for (char *word; (word = zone_entry_word(entry)); n++) {
		if (n == 0 && strcmp(word, "\\#") == 0)
			return read_generic(entry, type, w);
		if (n == max)
			return word;
		ldns_rdf_type field = ldns_rr_descriptor_field_type(fields, n);
		if (n + 1 == max && is_last_of_entry(field))
			zone_entry_rest(entry, word);
		if (!read_field(field, word, origin, w) || w->bad)
			return word;
	}
	return n < ldns_rr_descriptor_minimum(fields) || (n == 0 && is_generic(fields)) ? "" : NULL;
}
