/* zone_file - records read from master files and from lines of text in their form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone_file.h"

#include "json_place.h"
#include "lib/array.h"
#include "lib/dns_name.h"
#include "lib/dns_wire.h"

#include <libzscanner/scanner.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	TTL_DEFAULT = 3600, /* before a file says one, as Knot DNS has it */
	INCLUDES_MAX = 8,   /* within each other */
	FAULTS_OF_FILE_MAX = 100,
};

struct reading {
	const struct dns_name *apex;
	struct zone_records *records;
	struct faults *faults;
	unsigned depth;
	size_t before; /* faults */
};

static void fault(struct reading *reading, struct place place, const char *text)
{
	faults_add(reading->faults, place, "%s", text);
}

static void take_record(struct reading *reading, const zs_scanner_t *scanner, struct place place)
{
	if (scanner->r_class != DNS_CLASS_IN)
		fault(reading, place, "a record of another class than IN");
	else
		zone_records_add(reading->records, scanner->r_owner, scanner->r_owner_length,
				 scanner->r_type, scanner->r_ttl, scanner->r_data,
				 scanner->r_data_length, place);
}

static void read_path(struct reading *reading, const char *path, const char *origin, uint32_t ttl,
		      struct place from);

/* A relative path is that of the file which includes it. */
static void include(struct reading *reading, const zs_scanner_t *scanner, struct place place)
{
	const char *path = scanner->include_filename;
	const char *slash = place.file ? strrchr(place.file, '/') : NULL;
	int folder = path[0] == '/' || !slash ? 0 : (int)(slash - place.file + 1);
	char *whole;
	if (!place.file)
		fault(reading, place, "$INCLUDE is for files");
	else if (reading->depth == INCLUDES_MAX)
		fault(reading, place, "files include each other more than 8 deep");
	else if (asprintf(&whole, "%.*s%s", folder, place.file, path) < 0)
		fault(reading, place, "no memory");
	else {
		read_path(reading, whole, (const char *)scanner->buffer, scanner->default_ttl,
			  place);
		free(whole);
	}
}

/* false: no more is to be read. */
static bool read_next(struct reading *reading, zs_scanner_t *scanner, struct place place)
{
	if (zs_parse_record(scanner) != 0) {
		fault(reading, place, zs_strerror(scanner->error.code));
		return false;
	}
	if (scanner->state != ZS_STATE_EOF)
		place.line = place.file ? (unsigned)scanner->line_counter : place.line;
	switch (scanner->state) {
	case ZS_STATE_DATA:
		take_record(reading, scanner, place);
		return true;
	case ZS_STATE_ERROR:
		fault(reading, place, zs_strerror(scanner->error.code));
		return !scanner->error.fatal &&
		       reading->faults->total - reading->before < FAULTS_OF_FILE_MAX;
	case ZS_STATE_INCLUDE:
		include(reading, scanner, place);
		return true;
	default:
		return false;
	}
}

static zs_scanner_t *scanner_new(struct reading *reading, const char *origin, uint32_t ttl,
				 struct place place)
{
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	if (scanner && zs_init(scanner, origin, DNS_CLASS_IN, ttl) == 0)
		return scanner;
	fault(reading, place, scanner ? zs_strerror(scanner->error.code) : "no memory");
	free(scanner);
	return NULL;
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

static void read_path(struct reading *reading, const char *path, const char *origin, uint32_t ttl,
		      struct place from)
{
	struct place place = {json_place_file(path), 0};
	zs_scanner_t *scanner = scanner_new(reading, origin, ttl, from);
	if (!scanner)
		return;
	if (!place.file || !note_file(reading->records, path)) {
		fault(reading, from, "no memory");
	} else if (zs_set_input_file(scanner, path) != 0) {
		faults_add(reading->faults, from, "%.1000s: %s", path,
			   zs_strerror(scanner->error.code));
	} else {
		reading->depth++;
		while (read_next(reading, scanner, place))
			;
		reading->depth--;
	}
	zs_deinit(scanner);
	free(scanner);
}

static void name_origin(const struct dns_name *apex, char text[DNS_NAME_TEXT_MAX + 1])
{
	dns_name_text(apex->wire, apex->len, text);
	if (apex->len > 1)
		strcat(text, ".");
}

void zone_file_read(const char *path, const struct dns_name *apex, struct place place,
		    struct zone_records *records, struct faults *faults)
{
	struct reading reading = {apex, records, faults, 0, faults->total};
	char origin[DNS_NAME_TEXT_MAX + 1];
	name_origin(apex, origin);
	read_path(&reading, path, origin, TTL_DEFAULT, place);
}

void zone_file_line(const char *text, const struct dns_name *apex, uint32_t ttl, struct place place,
		    struct zone_records *records, struct faults *faults)
{
	struct reading reading = {apex, records, faults, 0, faults->total};
	char origin[DNS_NAME_TEXT_MAX + 1];
	size_t n = records->n;
	name_origin(apex, origin);
	zs_scanner_t *scanner = scanner_new(&reading, origin, ttl, place);
	char *line = NULL;
	if (!scanner)
		return;
	if (asprintf(&line, "%s\n", text) < 0 ||
	    zs_set_input_string(scanner, line, strlen(line)) != 0)
		fault(&reading, place, "no memory");
	else
		while (zs_parse_record(scanner) == 0 && scanner->state == ZS_STATE_DATA)
			take_record(&reading, scanner, place);
	if (scanner->state == ZS_STATE_ERROR)
		faults_add(faults, place, "records: '%.255s': %s", text,
			   zs_strerror(scanner->error.code));
	else if (scanner->state == ZS_STATE_INCLUDE)
		faults_add(faults, place, "records: '%.255s': $INCLUDE is for files", text);
	else if (records->n == n && !records->no_memory)
		faults_add(faults, place, "records: '%.255s': is no record", text);
	zs_deinit(scanner);
	free(scanner);
	free(line);
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
