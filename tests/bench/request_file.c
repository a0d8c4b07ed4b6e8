/* request_file - the requests of a pcap file: DNS queries over UDP, GETs in one TCP segment. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "request_file.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_HEAD = 24, RECORD_HEAD = 16, DNS_HEAD = 12, MOST = 1 << 30 };

/* In the byte order of this machine, as whoever makes the file here writes it. */
static uint32_t load_native(const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof(value));
	return value;
}

static long read_whole(struct request_file *file, const char *path)
{
	FILE *in = fopen(path, "rb");
	long len = -1;
	if (in && !fseek(in, 0, SEEK_END) && (len = ftell(in)) >= 0 && len <= MOST) {
		file->octets = malloc((size_t)len + 1);
		rewind(in);
		if (!file->octets || fread(file->octets, 1, (size_t)len, in) != (size_t)len)
			len = -1;
	}
	if (in)
		fclose(in);
	return len;
}

static bool is_request(const struct frame *frame)
{
	uint32_t least = frame->protocol == FRAME_UDP ? DNS_HEAD : 1;
	return frame->payload.len >= least && frame->payload.len <= FRAME_MAX - FRAME_HEADS_MAX;
}

const char *request_file_read(struct request_file *file, const char *path)
{
	*file = (struct request_file){0};
	long len = read_whole(file, path);
	if (len < 0)
		return "cannot be read";
	struct reader r = reader_of(file->octets, (size_t)len);
	const uint8_t *head = reader_take(&r, FILE_HEAD);
	if (!head || load_native(head) != 0xa1b2c3d4 || load_native(head + 20) != 1)
		return "is no pcap file of Ethernet frames of this machine's byte order";
	file->all = calloc((size_t)len / (RECORD_HEAD + 1) + 1, sizeof(*file->all));
	if (!file->all)
		return "is too large for the memory";
	while (reader_left(&r)) {
		const uint8_t *record = reader_take(&r, RECORD_HEAD);
		uint32_t octets = record ? load_native(record + 8) : 0;
		const uint8_t *at = reader_take(&r, octets);
		if (!at)
			return "is cut off";
		struct frame *frame = &file->all[file->n++];
		if (!frame_read(frame, at, octets) || !is_request(frame))
			return "has a frame that is no DNS query over UDP and no GET";
	}
	return file->n ? NULL : "is empty";
}

void request_file_free(struct request_file *file)
{
	free(file->all);
	free(file->octets);
}
