/* match - requests of the burst to scopes, on one view: warm the cache for all, then match all. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/hits.h"
#include "lib/object.h"
#include "lib/scope_trie.h"

#include <assert.h>

/* A lone request would only walk its way twice; a small trie is in the cache already. */
enum { WARM_REQUESTS_MIN = 4, WARM_SCOPES_MIN = 10000 };
static_assert((int)BURST_MAX <= (int)SCOPE_TRIE_WARM_MAX, "a burst is warmed at once");

static void warm(const struct burst *burst)
{
	const struct request *requests[BURST_MAX];
	unsigned n = 0;
	if (burst->view->n_of[OBJECT_SCOPE] < WARM_SCOPES_MIN)
		return;
	for (uint16_t i = 0; i < burst->n; i++)
		if (packet_is_sound(&burst->packets[i]))
			requests[n++] = &burst->requests[i];
	if (n >= WARM_REQUESTS_MIN)
		scope_trie_warm(burst->view->scopes, requests, n);
}

static void match(struct worker *worker, uint16_t i)
{
	struct burst *burst = &worker->burst;
	struct verdict *verdict = &burst->verdicts[i];
	match_scope(burst->view, &worker->match, &burst->requests[i], verdict);
	if (verdict->scope)
		hits_prefetch(worker->id, verdict->scope->hits);
}

void match_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	warm(burst);
	for (uint16_t i = 0; i < burst->n; i++) {
		if (packet_is_sound(&burst->packets[i]))
			match(worker, i);
		else if (packet_is_request(&burst->packets[i]))
			burst->verdicts[i] = (struct verdict){.outcome = VERDICT_ERROR,
							      .candidate = SCOPE_CANDIDATES_MAX};
	}
}
