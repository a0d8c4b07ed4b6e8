/* zone_records - the records of a zone as they were said: collected, checked against each other, packed for lib/zone_data. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/faults.h"
#include "lib/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone_record;

/* All zero is empty. */
struct zone_records {
	struct zone_record **list;
	size_t n, cap;
	bool no_memory;
	size_t n_files; /* those that were read, in the order of reading */
	size_t files_cap;
	char **files;
};

/* Copies; the owner may be in any case. `file` of the place must live until the records are cleared. */
void zone_records_add(struct zone_records *records, const uint8_t *owner, size_t owner_len,
		      uint16_t type, uint32_t ttl, const uint8_t *data, size_t len,
		      struct place place);

/* Sorts them, drops those that come twice, makes the TTLs of a name and type equal (the lowest; RFC 2181 §5.2; that is logged), and adds a
 * fault for each thing that no zone may have. */
void zone_records_check(struct zone_records *records, const struct dns_name *apex,
			struct place place, struct faults *faults);

/* After a check without faults: packed form (lib/zone_data.h), which the caller frees. NULL: no memory. */
uint8_t *zone_records_pack(const struct zone_records *records, size_t *len);

void zone_records_clear(struct zone_records *records);
