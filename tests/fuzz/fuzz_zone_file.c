/* fuzz_zone_file - any octets as a master file are refused with a fault, or give records that the checks can judge. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/zone_file.h"
#include "lib/dns_name.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* Input: the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int file = -1;
	static char path[64];
	struct zone_records records = {0};
	struct faults faults = {0};
	struct place place = {"conf", 1};
	struct dns_name apex;
	if (file < 0)
		file = memfd_create("zone", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	require(file >= 0 && ftruncate(file, 0) == 0 && pwrite(file, data, len, 0) == (ssize_t)len,
		"the file cannot be written");
	require(dns_name_from_text("t.example", &apex), "no apex");

	zone_file_read(path, &apex, place, &records, &faults);
	require(records.n_files >= 1 && !records.no_memory, "the file is not noted");
	if (!faults.total)
		zone_records_check(&records, &apex, place, &faults);
	if (!faults.total) {
		size_t packed_len = 0;
		uint8_t *packed = zone_records_pack(&records, &packed_len);
		require(packed && packed_len, "good records do not pack");
		free(packed);
	}
	zone_records_clear(&records);
	faults_clear(&faults);
	return 0;
}
