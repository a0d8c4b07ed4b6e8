/* image_file - the file of an image: its head and its sections, each with a checksum, written and read in large pieces. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "image_form.h"

#include <limits.h>
#include <stdbool.h>

/* CRC32C of some octets; sum: of those before, 0 at first. */
uint32_t image_checksum(uint32_t sum, const void *bytes, size_t len);

/* --- Writing ------------------------------------------------------------------------------------------------------- */

/* The first error sticks: everything after it does nothing. */
struct image_out {
	int fd;
	int error; /* errno */
	char path[PATH_MAX], new_path[PATH_MAX];
	uint8_t *buf;
	size_t used;
	enum image_section section;
	struct image_head head;
};

/* Begins with the first section. */
void image_out_open(struct image_out *out, const char *path);
void image_out_next_section(struct image_out *out);
void image_out_bytes(struct image_out *out, const void *bytes, size_t len);
void image_out_text(struct image_out *out, const char *text); /* NULL is fine */

/* Ends the last section, and puts the file in its place; or takes it away again after an error. 0, or -1 with err. */
int image_out_close(struct image_out *out, char *err, size_t err_len);

/* --- Reading ------------------------------------------------------------------------------------------------------- */

/* A section. The first thing that is wrong sticks: nothing more is given. */
struct image_in {
	int fd;
	uint64_t offset, left; /* in the file: where the rest of the section begins, its length */
	uint8_t *buf;
	size_t cap, at, filled;
	uint32_t checksum;
	const char *why; /* what is wrong, or NULL */
	bool no_memory;
	bool stale; /* something that it was made from is not as it was */
};

/* Opens the file and checks its head. */
enum image_outcome image_in_open(const char *path, int *fd, struct image_head *head, char *err,
				 size_t err_len);

void image_in_begin(struct image_in *in, int fd, const struct image_head *head,
		    enum image_section section);
bool image_in_more(struct image_in *in); /* is there anything left, and nothing wrong? */

/* The next octets, valid until the next call. NULL: there are not so many. */
const uint8_t *image_in_take(struct image_in *in, size_t len);
/* Copies them. */
bool image_in_bytes(struct image_in *in, void *to, size_t len);
/* A copy of a text, which the caller owns, or NULL if none was written. */
bool image_in_text(struct image_in *in, char **text);

/* Both give false, for a caller to return. */
bool image_in_refuse(struct image_in *in, const char *why);
bool image_in_no_memory(struct image_in *in);

/* Frees the buffer. Was all of the section read, and was nothing wrong with it? */
bool image_in_end(struct image_in *in, const struct image_head *head, enum image_section section);
