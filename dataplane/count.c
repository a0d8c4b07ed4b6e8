/* count - what came of each request: hits of scopes, and the most frequent names. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/hits.h"

static void count(struct worker *worker, const struct request *req, const struct verdict *verdict)
{
	const struct scope *scope = verdict->scope;
	if (scope)
		hits_count(worker->id, scope->hits,
			   RTE_MIN(verdict->candidate, scope->n_candidates), req->now);
	top_request(worker->top, req, scope ? scope->name : NULL);
}

void count_burst(struct worker *worker)
{
	const struct burst *burst = &worker->burst;
	top_begin(worker->top, burst->now_ns / UINT64_C(1000000000));
	if (!(burst->lanes & LANES_REQUEST))
		return;
	for (uint16_t i = 0; i < burst->n; i++)
		if (packet_is_sound(&burst->packets[i]))
			count(worker, &burst->requests[i], &burst->verdicts[i]);
}
