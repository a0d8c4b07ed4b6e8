/* state_seen - a set of objects told apart by kind and name, 16 octets each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { STATE_SEEN_PARTS = 256 };

/* 128 bits of keyed hash: that two of a million objects have the same is less likely than a fault
 * of the machine. In parts that grow one by one, so that no call takes long. */
struct state_seen {
	uint8_t keys[4][16];
	struct state_seen_part {
		struct state_seen_hash {
			uint64_t a, b; /* b 0: a free place */
		} * hashes;
		uint32_t cap, n;
	} parts[STATE_SEEN_PARTS];
	size_t n;
};

/* Empty, with new keys. 0, or -1: the system gives no random octets. */
int state_seen_init(struct state_seen *seen);
void state_seen_clear(struct state_seen *seen);

/* 1: it is new; 0: it was there; -1: no memory. */
int state_seen_add(struct state_seen *seen, const char *kind, const char *name);
