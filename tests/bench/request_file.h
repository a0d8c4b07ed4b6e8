/* request_file - the requests of a pcap file: DNS queries over UDP, GETs in one TCP segment. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "frame.h"

struct request_file {
	struct frame *all; /* payloads point into octets */
	uint32_t n;
	uint8_t *octets;
};

/* Gives NULL, or what is wrong with it. To be freed in either case. */
const char *request_file_read(struct request_file *file, const char *path);
void request_file_free(struct request_file *file);
