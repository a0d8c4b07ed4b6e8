/* choose - scopes of the burst to targets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

void choose_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	worker->match.counts = !burst->returned;
	burst->asks = false;
	if (!(burst->lanes & LANES_REQUEST))
		return;
	for (uint16_t i = 0; i < burst->n; i++) {
		struct verdict *verdict = &burst->verdicts[i];
		if (!packet_is_sound(&burst->packets[i]))
			continue;
		match_choose(burst->view, &worker->match, &burst->requests[i], verdict);
		burst->asks |= verdict->outcome == VERDICT_ASK ||
			       (verdict->scope && verdict->scope->signed_uri);
	}
}
