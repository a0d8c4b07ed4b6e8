/* zone_file - records read from master files and from lines of text in their form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone_file.h"

#include "json_place.h"
#include "lib/array.h"
#include "lib/bytes.h"
#include "lib/dns_name.h"
#include "zone_entry.h"
#include "zone_rdata.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
	TTL_DEFAULT = 3600, /* before a file says one, as Knot DNS has it */
	INCLUDES_MAX = 8,   /* within each other */
	FAULTS_OF_FILE_MAX = 100,
};

/* Of a file, or of one line of text. */
struct reading {
	struct zone_records *records;
	struct faults *faults;
	size_t before;    /* faults */
	const char *line; /* NULL: a file */
	unsigned depth;
	struct place place;
	struct zone_entry entry;
	struct dns_name origin, owner;
	uint32_t ttl;
};

static void fault(const struct reading *reading, const char *text)
{
	if (reading->line)
		faults_add(reading->faults, reading->place, "records: '%.255s': %s", reading->line,
			   text);
	else
		faults_add(reading->faults, reading->place, "%s", text);
}

static void fault_at(const struct reading *reading, const char *text, const char *word)
{
	char said[256];
	snprintf(said, sizeof(said), "'%.100s' %s", word, text);
	fault(reading, said);
}

/* --- Records ---------------------------------------------------------------------------------------- */

static void take_data(struct reading *reading, uint16_t type, const char *name, uint32_t ttl)
{
	uint8_t data[UINT16_MAX];
	char text[64];
	struct writer w = writer_of(data, sizeof(data));
	const char *bad = zone_rdata_read(&reading->entry, type, &reading->origin, &w);
	if (!bad) {
		zone_records_add(reading->records, reading->owner.wire, reading->owner.len, type,
				 ttl, data, (size_t)(w.at - data), reading->place);
	} else if (*bad) {
		snprintf(text, sizeof(text), "is wrong in the data of %.16s", name);
		fault_at(reading, text, bad);
	} else {
		fault_at(reading, "has not all of its data", name);
	}
}

static bool take_owner(struct reading *reading, const char *word)
{
	struct dns_name owner;
	if (!zone_rdata_name(word, &reading->origin, &owner)) {
		fault_at(reading, "is no name", word);
		return false;
	}
	reading->owner = owner;
	return true;
}

/* RFC 1035 §5.1: [owner] [TTL] [class] type data, or [owner] [class] [TTL] type data. */
static void take_record(struct reading *reading, const char *word)
{
	bool has_ttl = false;
	ldns_rr_class class = 0;
	uint32_t ttl = reading->ttl;
	uint16_t type;
	if (!reading->entry.inherits) {
		if (!take_owner(reading, word))
			return;
		word = zone_entry_word(&reading->entry);
	}
	for (; word; word = zone_entry_word(&reading->entry)) {
		if (!has_ttl && zone_rdata_ttl(word, &ttl))
			has_ttl = true;
		else if (class || !(class = ldns_get_rr_class_by_name(word)))
			break;
	}
	if (!reading->owner.len)
		fault(reading, "the first record has no owner");
	else if (class && class != LDNS_RR_CLASS_IN)
		fault(reading, "a record of another class than IN");
	else if (!word)
		fault(reading, "a record without a type");
	else if (!zone_rdata_type(word, &type))
		fault_at(reading, "is no type", word);
	else
		take_data(reading, type, word, has_ttl ? ttl : reading->ttl);
}

/* --- Files ------------------------------------------------------------------------------------------ */

static void read_path(struct reading *reading, const char *path);

/* A relative path is that of the file which includes it. Its origin and TTL do not outlive it (RFC 1035 §5.1). */
static void include(struct reading *reading, char *path, const struct dns_name *origin)
{
	const char *slash = strrchr(reading->place.file, '/');
	char *whole;
	if (path[0] == '"') {
		path[strlen(path) - 1] = '\0';
		path++;
	}
	int folder = path[0] == '/' || !slash ? 0 : (int)(slash - reading->place.file + 1);
	struct reading inner = {.records = reading->records,
				.faults = reading->faults,
				.before = reading->before,
				.depth = reading->depth + 1,
				.place = reading->place,
				.origin = *origin,
				.ttl = reading->ttl};
	if (inner.depth == INCLUDES_MAX) {
		fault(reading, "files include each other more than 8 deep");
	} else if (asprintf(&whole, "%.*s%s", folder, reading->place.file, path) < 0) {
		fault(reading, "no memory");
	} else {
		read_path(&inner, whole);
		free(whole);
	}
}

/* false: what follows would be misunderstood. */
static bool take_directive(struct reading *reading, const char *directive)
{
	char *value = zone_entry_word(&reading->entry);
	const char *name = zone_entry_word(&reading->entry);
	struct dns_name origin = reading->origin;
	bool good = value && !reading->line && !zone_entry_word(&reading->entry);
	if (strcasecmp(directive, "$INCLUDE") == 0) {
		good = good && (!name || zone_rdata_name(name, &reading->origin, &origin));
		if (good)
			include(reading, value, &origin);
	} else if (strcasecmp(directive, "$ORIGIN") == 0) {
		good = good && !name && zone_rdata_name(value, &reading->origin, &origin);
		reading->origin = good ? origin : reading->origin;
	} else {
		good = good && !name && strcasecmp(directive, "$TTL") == 0 &&
		       zone_rdata_ttl(value, &reading->ttl);
	}
	if (!good)
		fault_at(reading, reading->line ? "is for files" : "is not understood", directive);
	return good;
}

/* false: no more is to be read. */
static bool read_next(struct reading *reading)
{
	const char *why;
	enum zone_entry_got got = zone_entry_next(&reading->entry, &why);
	if (!reading->line)
		reading->place.line = reading->entry.first;
	if (got == ZONE_ENTRY_WRONG || got == ZONE_ENTRY_FATAL) {
		fault(reading, why);
	} else if (got == ZONE_ENTRY_READ) {
		const char *word = zone_entry_word(&reading->entry);
		if (word[0] != '$')
			take_record(reading, word);
		else if (!take_directive(reading, word))
			return false;
	}
	return (got == ZONE_ENTRY_READ || got == ZONE_ENTRY_WRONG) &&
	       reading->faults->total - reading->before < FAULTS_OF_FILE_MAX;
}

static void read_all(struct reading *reading, FILE *in)
{
	reading->entry = (struct zone_entry){.in = in, .line = 1};
	while (read_next(reading))
		;
	free(reading->entry.text);
}

static bool note_file(struct zone_records *records, const char *path)
{
	char **files = array_reserve(records->files, &records->files_cap, records->n_files + 1,
				     sizeof(char *));
	records->files = files ? files : records->files;
	if (!files || !(files[records->n_files] = strdup(path)))
		return false;
	records->n_files++;
	return true;
}

static void read_path(struct reading *reading, const char *path)
{
	struct stat info;
	const char *file = json_place_file(path);
	if (!file || !note_file(reading->records, path)) {
		fault(reading, "no memory");
		return;
	}
	bool good = stat(path, &info) == 0;
	FILE *in = good && S_ISREG(info.st_mode) ? fopen(path, "re") : NULL;
	if (!in) {
		faults_add(reading->faults, reading->place, "%.1000s: %s", path,
			   good && !S_ISREG(info.st_mode) ? "is no regular file" : strerror(errno));
		return;
	}
	reading->place.file = file;
	read_all(reading, in);
	fclose(in);
}

void zone_file_read(const char *path, const struct dns_name *apex, struct place place,
		    struct zone_records *records, struct faults *faults)
{
	struct reading reading = {.records = records,
				  .faults = faults,
				  .before = faults->total,
				  .place = place,
				  .origin = *apex,
				  .ttl = TTL_DEFAULT};
	read_path(&reading, path);
}

void zone_file_line(const char *text, const struct dns_name *apex, uint32_t ttl, struct place place,
		    struct zone_records *records, struct faults *faults)
{
	struct reading reading = {.records = records,
				  .faults = faults,
				  .before = faults->total,
				  .line = text,
				  .place = place,
				  .origin = *apex,
				  .ttl = ttl};
	size_t n = records->n;
	FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
	if (!in) {
		fault(&reading, "no memory");
		return;
	}
	read_all(&reading, in);
	fclose(in);
	if (records->n == n && !records->no_memory && faults->total == reading.before)
		fault(&reading, "is no record");
}

bool zone_file_stamps(char *const *files, size_t n, uint8_t stamps[32])
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	struct stat info;
	bool good = sum && EVP_DigestInit_ex(sum, EVP_sha256(), NULL);
	for (size_t i = 0; good && i < n; i++) {
		good = stat(files[i], &info) == 0;
		int64_t stamp[] = {(int64_t)info.st_size,         (int64_t)info.st_ino,
				   (int64_t)info.st_dev,          (int64_t)info.st_mtim.tv_sec,
				   (int64_t)info.st_mtim.tv_nsec, (int64_t)info.st_ctim.tv_sec,
				   (int64_t)info.st_ctim.tv_nsec};
		good = good && EVP_DigestUpdate(sum, files[i], strlen(files[i]) + 1) &&
		       EVP_DigestUpdate(sum, stamp, sizeof(stamp));
	}
	good = good && EVP_DigestFinal_ex(sum, stamps, NULL);
	EVP_MD_CTX_free(sum);
	return good;
}
