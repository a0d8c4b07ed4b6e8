/* reassembly - octets of a stream that come in any order, put together in one buffer. RFC 9293 §3.4, §3.10.7.4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Pieces behind a gap. With more than these what comes is not kept: it comes again. */
enum { REASSEMBLY_PIECES = 16 };

struct piece {
	uint32_t from, to; /* octets of the buffer */
};

/* at[0, len) is whole; behind it are pieces, in order, with gaps between them. The buffer is the user's: NULL, cap 0: nothing can be kept. */
struct reassembly {
	uint8_t *at;
	uint32_t cap, len;
	uint32_t n;
	struct piece pieces[REASSEMBLY_PIECES];
};

/* Puts n octets in at `from`, which is an octet of the buffer. What is there already stays as it is; what is past the end is left out. Gives by how
 * much len grew. One thread. */
uint32_t reassembly_put(struct reassembly *in, uint32_t from, const uint8_t *octets, uint32_t n);

/* The first n octets, at most len, are done with: the others move to the front. */
void reassembly_take(struct reassembly *in, uint32_t n);
