/* zone - a DNS zone that Turnout is authoritative for: its name and its records. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wire form, uncompressed, letters as configured. */
struct dns_name {
	uint8_t len; /* with the root octet; 0: unset */
	uint8_t wire[255];
};

/* Immutable, counted by the control thread. */
struct zone {
	uint32_t refs;
	char *text; /* "example.com" */
	struct dns_name apex;
	struct zone_data *data; /* lib/zone_data.h */
	bool no_client_subnet;  /* queries are answered as if they had no such option (RFC 7871) */

	/* Control thread: the files that its records were read from, and what they were then. */
	size_t n_files;
	char **files;
	uint8_t stamps[32];
};

void zone_release(struct zone *zone);
