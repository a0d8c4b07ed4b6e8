/* image - the compiled state in one file, so that a start reads it back instead of compiling everything again. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "lib/pattern_cache.h"
#include "lib/view.h"

/* What an image belongs to. It is used only when both are the same. */
struct image_key {
	/* Of the program's version, the text of the configuration file, and the path, size, time of change and inode of each file that it
	 * names. */
	uint8_t digest[32];
	uint64_t generation; /* the last commit in the state file that the view holds */
};

/* Writes all of a view: its objects and what was compiled from them, with patterns as Hyperscan has them, but not what geolocation databases say. PATH.new is written, synced and
 * renamed (mode 0600). 0, or -1 with the reason in err, and what was there before is still there. Any thread, as long as somebody
 * holds the view: it reads what is immutable in a published view, and object->line, file and over_base as they are at the time. */
int image_write(const struct view *view, const struct image_key *key, const char *path, char *err,
		size_t err_len);

enum image_outcome {
	IMAGE_READ,
	IMAGE_ABSENT,  /* there is none */
	IMAGE_STALE,   /* of another version of the program, or with another key */
	IMAGE_DAMAGED, /* or cannot be read */
	IMAGE_NO_MEMORY,
};

/* What reading needs beside the image. */
struct image_use {
	struct footprint_geo *geo; /* of the configuration, or NULL; gets a reference of its own */
	struct pattern_cache *patterns;
	unsigned n_workers; /* for how many the patterns need scratch space */
	uint32_t *
		n_compiled; /* NULL, or counts pattern sets that the image had of another Hyperscan or processor: compiled again */
};

/* Reads an image back as a view with one reference, which is the caller's; generation and created are as they were written. Numbers of targets and
 * ids of footprints are new ones, and so are the places of hits, which are counted from 0. All that is read is checked, by checksums and then by its structure; but what Hyperscan made of patterns by checksums alone. Else err says
 * in one sentence why not. Control thread; a part of the work is done by a thread of its own meanwhile. */
enum image_outcome image_read(const char *path, const struct image_key *key,
			      const struct image_use *use, struct view **view, char *err,
			      size_t err_len);

/* Only the key that an image was written with, so that one that is older than the state file can be read (and the rest of the
 * state file after it). */
enum image_outcome image_read_key(const char *path, struct image_key *key, char *err,
				  size_t err_len);
