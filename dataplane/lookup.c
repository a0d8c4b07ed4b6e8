/* lookup - requests of the burst to verdicts, on one view: warm the cache for all, match all, choose all. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/scope_trie.h"

#include <assert.h>

/* A lone request would only walk its way twice; a small trie is in the cache already. */
enum { WARM_REQUESTS_MIN = 4, WARM_BYTES_MIN = 1 << 20 };
static_assert((int)BURST_MAX <= (int)SCOPE_TRIE_WARM_MAX, "a burst is warmed at once");

static bool is_request(const struct packet *packet)
{
	return packet->lane == LANE_DNS || packet->lane == LANE_HTTP;
}

static void warm(const struct burst *burst)
{
	const struct tables *tables = burst->view->tables;
	const struct request *requests[BURST_MAX];
	unsigned n = 0;
	if (tables->trie_size.bytes < WARM_BYTES_MIN)
		return;
	for (uint16_t i = 0; i < burst->n; i++)
		if (is_request(&burst->packets[i]) && burst->packets[i].reason == DROP_none)
			requests[n++] = &burst->requests[i];
	if (n >= WARM_REQUESTS_MIN)
		scope_trie_warm(tables->scopes_trie, requests, n);
}

void lookup_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	warm(burst);
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
