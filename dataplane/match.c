/* match - requests of the burst to scopes, on one view: all walks together, then what comes of each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/hits.h"
#include "lib/match_client.h"
#include "lib/object.h"
#include "lib/scope_trie.h"

#include <assert.h>

enum { WALK_TOGETHER_MIN = 5000 /* scopes */, WARM_MIN = 5000 /* prefixes */ };
static_assert((int)BURST_MAX <= (int)SCOPE_TRIE_MANY_MAX, "the ways of a burst are walked at once");

/* A small table is in the cache already. */
static void walk(const struct view *view, const struct request *const requests[],
		 struct scope_trie_way *const ways[], unsigned n)
{
	if (n && view->n_of[OBJECT_SCOPE] >= WALK_TOGETHER_MIN) {
		scope_trie_walk_many(view->scopes, requests, ways, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		scope_trie_walk(view->scopes, requests[i]->key, requests[i]->host_len,
				requests[i]->key_len, ways[i]);
}

/* The footprint of the scope that is looked at first, or SCOPE_ANY_FOOTPRINT. */
static uint32_t first_footprint(const struct scope_trie_way *way)
{
	const struct scope_list *list = way->n ? way->lists[way->n - 1] : NULL;
	const struct scope *scope = list ? list->entries[0].scope : NULL;
	if (!scope)
		return SCOPE_ANY_FOOTPRINT;
	return scope->n_named ? scope->named[0] : scope->footprint;
}

static void warm(const struct view *view, const struct request *const requests[],
		 struct scope_trie_way *const ways[], unsigned n)
{
	struct footprint_ask asks[BURST_MAX];
	unsigned n_asks = 0;
	if (footprint_table_size(view->footprints).prefixes < WARM_MIN)
		return;
	for (unsigned i = 0; i < n; i++) {
		uint32_t id = first_footprint(ways[i]);
		if (id != SCOPE_ANY_FOOTPRINT)
			asks[n_asks++] = (struct footprint_ask){&requests[i]->client, id,
								match_client_is_told(requests[i])};
	}
	if (n_asks)
		footprint_warm(view->footprints, asks, n_asks);
}

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
	walk(burst->view, requests, ways, n);
	warm(burst->view, requests, ways, n);
	for (uint16_t k = 0; k < n; k++) {
		struct verdict *verdict = &burst->verdicts[at[k]];
		match_way(burst->view, &worker->match, &burst->requests[at[k]], ways[k], verdict);
		if (verdict->scope)
			hits_prefetch(worker->id, verdict->scope->hits);
	}
}
