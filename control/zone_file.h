/* zone_file - records read from master files (RFC 1035 §5.1) and from lines of text in their form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "zone_records.h"

/* Reads a file and those that it includes; adds a fault, with file and line, for each thing that cannot be read. */
void zone_file_read(const char *path, const struct dns_name *apex, struct place place,
		    struct zone_records *records, struct faults *faults);

/* Reads one line of text. ttl: when the text says none. */
void zone_file_line(const char *text, const struct dns_name *apex, uint32_t ttl, struct place place,
		    struct zone_records *records, struct faults *faults);

/* What the files are now: path, size, time of change, inode of each, as one hash. false: one of them is not there. */
bool zone_file_stamps(char *const *files, size_t n, uint8_t stamps[32]);
