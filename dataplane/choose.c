/* choose - scopes of the burst to targets. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

void choose_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	worker->match.counts = !burst->returned;
	for (uint16_t i = 0; i < burst->n; i++)
		if (packet_is_sound(&burst->packets[i]))
			match_choose(burst->view, &worker->match, &burst->requests[i],
				     &burst->verdicts[i]);
}
