/* match - requests of the burst to scopes, on one view: all walks together, then what comes of each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/hits.h"
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

static bool asks_for_client(const struct scope_trie_way *way)
{
	const struct scope_list *list = way->n ? way->lists[way->n - 1] : NULL;
	const struct scope *scope = list ? list->entries[0].scope : NULL;
	return scope && (scope->n_named || scope->footprint != SCOPE_ANY_FOOTPRINT);
}

static void warm(const struct view *view, const struct request *const requests[],
		 struct scope_trie_way *const ways[], unsigned n)
{
	const struct ip_addr *clients[BURST_MAX];
	unsigned n_clients = 0;
	if (footprint_table_size(view->footprints).prefixes < WARM_MIN)
		return;
	for (unsigned i = 0; i < n; i++)
		if (asks_for_client(ways[i]))
			clients[n_clients++] = &requests[i]->client;
	if (n_clients)
		footprint_warm(view->footprints, clients, n_clients);
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
