/* zone_records - the records of a zone as they were said: collected, checked against each other, packed for lib/zone_data. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone_records.h"

#include "lib/array.h"
#include "lib/bytes.h"
#include "lib/dns_name.h"
#include "lib/dns_wire.h"
#include "log.h"
#include "qtype.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_MAX = 2 * 255,
	RRSET_HEAD = 9,     /* in packed form, without the owner */
	ANSWER_MAX = 65535, /* octets of a message over TCP */
	DNS_KEY = 25,
	DNS_RRSIG = 46,
	DNS_NSEC = 47,
};

struct zone_record {
	struct place place;
	uint32_t ttl;
	uint16_t type, len, key_len;
	uint8_t owner_len;
	uint8_t octets[]; /* key, owner, data */
};

static const uint8_t *key_of(const struct zone_record *record)
{
	return record->octets;
}

static const uint8_t *owner_of(const struct zone_record *record)
{
	return record->octets + record->key_len;
}

static const uint8_t *data_of(const struct zone_record *record)
{
	return owner_of(record) + record->owner_len;
}

/* --- Collecting ------------------------------------------------------------------------------------ */

/* Labels from the right, each ended by 0, so that what is below a name comes right behind it (RFC 4034 §6.1). */
static size_t make_key(const uint8_t *owner, uint8_t key[KEY_MAX])
{
	uint8_t starts[128];
	unsigned n = 0;
	size_t len = 0;
	for (size_t at = 0; owner[at]; at += owner[at] + 1u)
		starts[n++] = (uint8_t)at;
	while (n--) {
		const uint8_t *label = owner + starts[n];
		for (unsigned i = 1; i <= label[0]; i++) {
			if (label[i] < 2)
				key[len++] = 1;
			key[len++] = label[i] < 2 ? label[i] + 1 : label[i];
		}
		key[len++] = 0;
	}
	return len;
}

void zone_records_add(struct zone_records *records, const uint8_t *owner, size_t owner_len,
		      uint16_t type, uint32_t ttl, const uint8_t *data, size_t len,
		      struct place place)
{
	uint8_t lower[255], key[KEY_MAX];
	for (size_t i = 0; i < owner_len; i++)
		lower[i] = (uint8_t)tolower(owner[i]);
	size_t key_len = make_key(lower, key);
	struct zone_record **list = array_reserve(records->list, &records->cap, records->n + 1,
						  sizeof(struct zone_record *));
	records->list = list ? list : records->list;
	struct zone_record *record =
		list ? malloc(sizeof(*record) + key_len + owner_len + len) : NULL;
	if (!record) {
		records->no_memory = true;
		return;
	}
	*record = (struct zone_record){
		place, ttl, type, (uint16_t)len, (uint16_t)key_len, (uint8_t)owner_len};
	memcpy(record->octets, key, key_len);
	memcpy(record->octets + key_len, lower, owner_len);
	memcpy(record->octets + key_len + owner_len, data, len);
	list[records->n++] = record;
}

void zone_records_clear(struct zone_records *records)
{
	for (size_t i = 0; i < records->n; i++)
		free(records->list[i]);
	for (size_t i = 0; i < records->n_files; i++)
		free(records->files[i]);
	free(records->list);
	free(records->files);
	*records = (struct zone_records){0};
}

/* --- Order ------------------------------------------------------------------------------------------ */

static int compare_octets(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	int by = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return by ? by : (a_len > b_len) - (a_len < b_len);
}

static int compare_names(const struct zone_record *a, const struct zone_record *b)
{
	return compare_octets(key_of(a), a->key_len, key_of(b), b->key_len);
}

static int compare_sets(const struct zone_record *a, const struct zone_record *b)
{
	int by = compare_names(a, b);
	return by ? by : a->type - b->type;
}

static int compare(const void *x, const void *y)
{
	const struct zone_record *a = *(struct zone_record *const *)x,
				 *b = *(struct zone_record *const *)y;
	int by = compare_sets(a, b);
	return by ? by : compare_octets(data_of(a), a->len, data_of(b), b->len);
}

static void drop_twins(struct zone_records *records)
{
	size_t kept = 0;
	for (size_t i = 0; i < records->n; i++) {
		struct zone_record **list = records->list;
		if (!kept || compare(&list[kept - 1], &list[i]) != 0) {
			list[kept++] = list[i];
			continue;
		}
		if (list[i]->ttl < list[kept - 1]->ttl)
			list[kept - 1]->ttl = list[i]->ttl;
		free(list[i]);
	}
	records->n = kept;
}

/* Behind the last record of the name, or of the name and type, that begins at i. */
static size_t end_of(const struct zone_records *records, size_t i,
		     int (*by)(const struct zone_record *a, const struct zone_record *b))
{
	size_t end = i + 1;
	while (end < records->n && by(records->list[i], records->list[end]) == 0)
		end++;
	return end;
}

/* --- Checks ------------------------------------------------------------------------------------------ */

struct check {
	const struct zone_records *records;
	const struct dns_name *apex;
	struct faults *faults;
	char owner[DNS_NAME_TEXT_MAX]; /* of the name that is looked at */
};

static void name_fault(struct check *check, const struct zone_record *record, const char *text)
{
	char type[QTYPE_TEXT_MAX];
	faults_add(check->faults, record->place, "%.255s: %s %s", check->owner,
		   qtype_text(record->type, type), text);
}

static bool is_apex(const struct check *check, const struct zone_record *record)
{
	return record->owner_len == check->apex->len;
}

/* What may stand at this name by its type alone. */
static void check_type(struct check *check, const struct zone_record *record)
{
	bool wildcard = owner_of(record)[0] == 1 && owner_of(record)[1] == '*';
	if (record->type == 0 || record->type == DNS_OPT ||
	    (record->type >= 128 && record->type <= 255))
		name_fault(check, record, "is no type of data (RFC 6895 section 3.1)");
	else if (record->type == DNS_SOA && !is_apex(check, record))
		name_fault(check, record, "stands at the zone's apex only");
	else if (wildcard && (record->type == DNS_NS || record->type == DNS_DNAME))
		name_fault(check, record,
			   "at a wildcard has no meaning (RFC 4592 sections 4.2, 4.4)");
}

static bool beside_cname(uint16_t type)
{
	return type == DNS_CNAME || type == DNS_RRSIG || type == DNS_NSEC || type == DNS_KEY;
}

/* A name's own records, [from, to). */
static void check_name(struct check *check, size_t from, size_t to)
{
	struct zone_record *const *list = check->records->list;
	const struct zone_record *cname = NULL, *dname = NULL, *ns = NULL;
	dns_name_text(owner_of(list[from]), list[from]->owner_len, check->owner);
	for (size_t i = from; i < to; i++) {
		bool again = i > from && list[i]->type == list[i - 1]->type;
		if (!again)
			check_type(check, list[i]);
		if (again && (list[i]->type == DNS_SOA || list[i]->type == DNS_CNAME ||
			      list[i]->type == DNS_DNAME))
			name_fault(check, list[i], "may be there only once");
		cname = list[i]->type == DNS_CNAME ? list[i] : cname;
		dname = list[i]->type == DNS_DNAME ? list[i] : dname;
		ns = list[i]->type == DNS_NS ? list[i] : ns;
	}
	for (size_t i = from; cname && i < to; i++)
		if (!beside_cname(list[i]->type)) {
			name_fault(check, list[i],
				   "stands beside a CNAME (RFC 1034 section 3.6.2)");
			break;
		}
	if (dname && ns && !is_apex(check, ns))
		name_fault(check, dname, "and NS are both there (RFC 6672 section 2.3)");
}

/* RFC 6672 §2.4. `to`: behind the DNAME's own name. */
static void check_below(struct check *check, const struct zone_record *dname, size_t to)
{
	const struct zone_records *records = check->records;
	if (to == records->n)
		return;
	const struct zone_record *next = records->list[to];
	if (next->key_len <= dname->key_len ||
	    memcmp(key_of(next), key_of(dname), dname->key_len) != 0)
		return;
	dns_name_text(owner_of(next), next->owner_len, check->owner);
	name_fault(check, next, "stands below a DNAME (RFC 6672 section 2.4)");
}

static void even_ttls(struct check *check, size_t from, size_t to)
{
	struct zone_record **list = check->records->list;
	const struct zone_record *other = NULL;
	uint32_t ttl = list[from]->ttl;
	for (size_t i = from; i < to; i++) {
		other = list[i]->ttl != list[from]->ttl ? list[i] : other;
		ttl = list[i]->ttl < ttl ? list[i]->ttl : ttl;
	}
	for (size_t i = from; i < to; i++)
		list[i]->ttl = ttl;
	if (other)
		log_line(LOG_LEVEL_WARNING,
			 "%s:%u: the TTLs of a name and type differ; the lowest, %u, is used",
			 other->place.file ? other->place.file : "-", other->place.line, ttl);
}

/* Alone in an answer, with the name of the question as the owner. */
static void check_size(struct check *check, size_t from, size_t to)
{
	struct zone_record *const *list = check->records->list;
	size_t len = DNS_HEADER_LEN + 255 + 4 + DNS_OPT_LEN;
	for (size_t i = from; i < to; i++)
		len += 12u + list[i]->len;
	if (len > ANSWER_MAX)
		name_fault(check, list[from], "has more data than fit into a message");
}

static void check_apex(struct check *check, struct place place)
{
	const struct zone_records *records = check->records;
	bool soa = false, ns = false;
	for (size_t i = 0; i < records->n && is_apex(check, records->list[i]); i++) {
		soa |= records->list[i]->type == DNS_SOA;
		ns |= records->list[i]->type == DNS_NS;
	}
	dns_name_text(check->apex->wire, check->apex->len, check->owner);
	if (!soa)
		faults_add(check->faults, place, "%.255s: the zone has no SOA record",
			   check->owner);
	if (!ns)
		faults_add(check->faults, place, "%.255s: the zone has no NS record at its apex",
			   check->owner);
}

static bool all_inside(struct check *check)
{
	const struct zone_records *records = check->records;
	size_t before = check->faults->total;
	for (size_t i = 0; i < records->n; i++) {
		const struct zone_record *record = records->list[i];
		if (dns_name_is_under(owner_of(record), record->owner_len, check->apex->wire,
				      check->apex->len))
			continue;
		dns_name_text(owner_of(record), record->owner_len, check->owner);
		name_fault(check, record, "is outside the zone");
	}
	return check->faults->total == before;
}

void zone_records_check(struct zone_records *records, const struct dns_name *apex,
			struct place place, struct faults *faults)
{
	struct check check = {.records = records, .apex = apex, .faults = faults};
	if (records->no_memory) {
		faults_add(faults, place, "no memory for the records of the zone");
		return;
	}
	if (!all_inside(&check))
		return;
	if (records->n)
		qsort(records->list, records->n, sizeof(struct zone_record *), compare);
	drop_twins(records);
	for (size_t i = 0, end; i < records->n; i = end) {
		end = end_of(records, i, compare_names);
		check_name(&check, i, end);
		for (size_t k = i, set_end; k < end; k = set_end) {
			set_end = end_of(records, k, compare_sets);
			even_ttls(&check, k, set_end);
			check_size(&check, k, set_end);
			if (records->list[k]->type == DNS_DNAME)
				check_below(&check, records->list[k], end);
		}
	}
	check_apex(&check, place);
}

/* --- Packing ----------------------------------------------------------------------------------------- */

static void pack_set(const struct zone_records *records, size_t from, size_t to, struct writer *w)
{
	const struct zone_record *first = records->list[from];
	writer_u8(w, first->owner_len);
	writer_bytes(w, owner_of(first), first->owner_len);
	writer_u16(w, first->type);
	writer_u32(w, first->ttl);
	writer_u16(w, (uint16_t)(to - from));
	for (size_t i = from; i < to; i++) {
		writer_u16(w, records->list[i]->len);
		writer_bytes(w, data_of(records->list[i]), records->list[i]->len);
	}
}

uint8_t *zone_records_pack(const struct zone_records *records, size_t *len)
{
	size_t most = 1;
	for (size_t i = 0; i < records->n; i++)
		most += RRSET_HEAD + records->list[i]->owner_len + 2u + records->list[i]->len;
	uint8_t *packed = malloc(most);
	if (!packed)
		return NULL;
	struct writer w = writer_of(packed, most);
	for (size_t i = 0, end; i < records->n; i = end) {
		end = end_of(records, i, compare_sets);
		pack_set(records, i, end, &w);
	}
	*len = (size_t)(w.at - packed);
	return packed;
}
