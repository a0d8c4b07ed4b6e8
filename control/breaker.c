/* breaker - whether somebody who did not answer lately is asked again: a circuit breaker. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "breaker.h"

void breaker_init(struct breaker *breaker, unsigned threshold, uint32_t floor_ms, uint32_t cap_ms)
{
	*breaker = (struct breaker){.threshold = threshold};
	backoff_init(&breaker->backoff, floor_ms, cap_ms);
}

bool breaker_lets(const struct breaker *breaker, uint64_t now)
{
	return !breaker->open || (!breaker->probing && now >= breaker->again_at);
}

bool breaker_sent(struct breaker *breaker)
{
	if (!breaker->open || breaker->probing)
		return false;
	return breaker->probing = true;
}

bool breaker_ended(struct breaker *breaker, bool probe, bool answered, uint64_t now)
{
	bool was_open = breaker->open;
	if (answered) {
		breaker->open = breaker->probing = false;
		breaker->failures = 0;
		backoff_reset(&breaker->backoff);
		return was_open;
	}
	breaker->failures++;
	if (was_open ? !probe : breaker->failures < breaker->threshold)
		return false;
	breaker->open = true;
	breaker->probing = false;
	breaker->again_at = now + backoff_next(&breaker->backoff);
	breaker->opened += !was_open;
	return !was_open;
}
