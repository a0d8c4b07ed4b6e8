/* backoff - how long to wait before the next try with a peer: exponential, with jitter, so that many do not come back at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "backoff.h"

#include <stdlib.h>

void backoff_init(struct backoff *backoff, uint32_t floor_ms, uint32_t cap_ms)
{
	*backoff = (struct backoff){
		.floor_ms = floor_ms,
		.cap_ms = cap_ms > floor_ms ? cap_ms : floor_ms,
		.ceiling_ms = floor_ms,
		.random = arc4random_uniform,
	};
}

uint32_t backoff_next(struct backoff *backoff)
{
	uint32_t cap = backoff->cap_ms;
	backoff->ceiling_ms = backoff->ceiling_ms > cap / 2 ? cap : 2 * backoff->ceiling_ms;
	uint32_t span = backoff->ceiling_ms - backoff->floor_ms;
	/* With a span of all 32 bits, span + 1 is 0. */
	return backoff->floor_ms + backoff->random(span < UINT32_MAX ? span + 1 : span);
}

void backoff_reset(struct backoff *backoff)
{
	backoff->ceiling_ms = backoff->floor_ms;
}
