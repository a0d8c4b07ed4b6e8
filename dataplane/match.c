/* match - requests of the burst to scopes, on one view: all walks together, then what comes of each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/hits.h"
#include "lib/scope_trie.h"

#include <assert.h>

static_assert((int)BURST_MAX <= (int)SCOPE_TRIE_MANY_MAX, "the ways of a burst are walked at once");

void match_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	const struct request *requests[BURST_MAX];
	struct scope_trie_way *ways[BURST_MAX];
	uint16_t at[BURST_MAX], n = 0;
	for (uint16_t i = 0; i < burst->n; i++) {
		struct request *req = &burst->requests[i];
		if (!packet_is_request(&burst->packets[i]))
			continue;
		if (!packet_is_sound(&burst->packets[i])) {
			burst->verdicts[i] = (struct verdict){.outcome = VERDICT_ERROR,
							      .candidate = SCOPE_CANDIDATES_MAX};
		} else if (match_begin(burst->view, &worker->match, req, &burst->verdicts[i])) {
			requests[n] = req;
			ways[n] = &burst->ways[n];
			at[n++] = i;
		}
	}
	if (n)
		scope_trie_walk_many(burst->view->scopes, requests, ways, n);
	for (uint16_t k = 0; k < n; k++) {
		struct verdict *verdict = &burst->verdicts[at[k]];
		match_way(burst->view, &worker->match, &burst->requests[at[k]], ways[k], verdict);
		if (verdict->scope)
			hits_prefetch(worker->id, verdict->scope->hits);
	}
}
