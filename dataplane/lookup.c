/* lookup - requests of the burst to verdicts, on one view: match all, then choose all. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"

static bool is_request(const struct packet *packet)
{
	return packet->lane == LANE_DNS || packet->lane == LANE_HTTP;
}

void lookup_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	for (uint16_t i = 0; i < burst->n; i++) {
		if (!is_request(&burst->packets[i]))
			continue;
		if (burst->packets[i].reason != DROP_none)
			burst->verdicts[i] = (struct verdict){.outcome = VERDICT_ERROR};
		else
			match_scope(burst->view, &worker->match, &burst->requests[i],
				    &burst->verdicts[i]);
	}
	for (uint16_t i = 0; i < burst->n; i++)
		if (is_request(&burst->packets[i]) && burst->packets[i].reason == DROP_none)
			match_choose(burst->view, &worker->match, &burst->requests[i],
				     &burst->verdicts[i]);
}
