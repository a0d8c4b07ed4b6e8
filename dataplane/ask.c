/* ask - DRIs of downstream CDNs that are to be asked for them: out of the cache, or the request is parked until there is an answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "lib/prefetch.h"
#include "lib/unasked.h"

static void fill(const struct worker *worker, uint16_t i, enum park_why why, struct parked *place)
{
	const struct burst *burst = &worker->burst;
	const struct request *req = &burst->requests[i];
	const struct packet *packet = &burst->packets[i];
	const struct parked *before = burst->returned ? burst->returned[i] : NULL;
	bool ip4 = packet->family == 4;
	place->packet = burst->mbufs[i];
	place->port = worker->port;
	place->connection = packet->connection;
	place->why = (uint8_t)why;
	place->source = (struct ip_addr){.family = packet->family};
	memcpy(place->source.bytes, packet->l3 + (ip4 ? 12 : 8), ip4 ? 4 : 16);
	memcpy(&place->request, req, offsetof(struct request, key) + req->key_len);
	if (!before)
		return;
	memcpy(place->tried, before->tried, sizeof(place->tried));
	place->n_tried = before->n_tried;
	place->tried[place->n_tried++] = before->target;
}

static bool park(struct worker *worker, uint16_t i, enum park_why why)
{
	const struct parked *before = worker->burst.returned ? worker->burst.returned[i] : NULL;
	if (before && before->n_tried == PARK_TRIED_MAX)
		return false;
	struct parked *place = park_take(worker->park, worker->burst.verdicts[i].target->seed);
	if (!place) {
		worker->stats->park_full++;
		return false;
	}
	fill(worker, i, why, place);
	park_send(worker->park, place);
	worker->burst.packets[i].lane = LANE_PARKED;
	worker->stats->parked++;
	return true;
}

/* Another CDN by the scope's policy, without those tried; all of them tried: the fallbacks. */
static void choose_again(struct worker *worker, uint16_t i, uint64_t tried)
{
	struct verdict *verdict = &worker->burst.verdicts[i];
	verdict->target = NULL;
	verdict->dri = NULL;
	verdict->fell_back = false;
	verdict->candidate = SCOPE_CANDIDATES_MAX;
	worker->match.tried = tried;
	match_choose(worker->burst.view, &worker->match, &worker->burst.requests[i], verdict);
	worker->match.tried = 0;
}

static const struct dri_answer *find(const struct worker *worker, uint16_t i,
				     const struct dri_ask *ask, uint64_t now_ms)
{
	const struct request *req = &worker->burst.requests[i];
	struct ip_prefix client = {req->client, req->client_len};
	return dri_cache_find(worker->plane->dris, ask, &client, now_ms);
}

static const struct dri_answer *find_again(const struct worker *worker, uint16_t i, uint64_t now_ms)
{
	struct dri_ask ask;
	if (!worker->plane->dris)
		return NULL;
	dri_cache_ask(worker->plane->dris, worker->burst.verdicts[i].target,
		      &worker->burst.requests[i], &ask);
	return find(worker, i, &ask, now_ms);
}

static void use(struct worker *worker, uint16_t i, const struct dri_answer *answer, uint64_t now_ms)
{
	struct verdict *verdict = &worker->burst.verdicts[i];
	dri_answer_use(answer);
	verdict->outcome = VERDICT_REDIRECT;
	verdict->dri = answer->dri;
	verdict->stale = now_ms - answer->since_ms >= answer->fresh_ms;
	verdict->ecs_scope = RTE_MAX(verdict->ecs_scope, answer->client.len);
	worker->stats->dri_hits++;
}

/* What came back from the control thread, on a view that may be another one. true: it is decided. */
static bool resume(struct worker *worker, uint16_t i, uint64_t *tried)
{
	const struct parked *back = worker->burst.returned[i];
	const struct view *view = worker->burst.view;
	struct verdict *verdict = &worker->burst.verdicts[i];
	uint64_t seeds[PARK_TRIED_MAX + 1];
	switch ((enum park_result)back->result) {
	case PARK_ANSWERED:
		if (!match_resume(view, &worker->burst.requests[i], back->target, verdict))
			return false;
		verdict->outcome = VERDICT_REDIRECT;
		verdict->dri = back->dri;
		verdict->ecs_scope = RTE_MAX(verdict->ecs_scope, back->ecs_scope);
		return true;
	case PARK_FORBIDDEN:
		verdict->outcome = VERDICT_FORBIDDEN;
		return true;
	case PARK_REFUSED:
		memcpy(seeds, back->tried, sizeof(back->tried));
		seeds[back->n_tried] = back->target;
		*tried = match_tried(view, verdict->scope, seeds, back->n_tried + 1u);
		break;
	case PARK_NO_ANSWER:
		worker->stats->unanswered++;
		*tried = UINT64_MAX;
		break;
	}
	choose_again(worker, i, *tried);
	return false;
}

static bool is_signed(const struct worker *worker, uint16_t i)
{
	const struct verdict *verdict = &worker->burst.verdicts[i];
	return packet_is_sound(&worker->burst.packets[i]) && verdict->scope &&
	       verdict->scope->signed_uri && worker->burst.requests[i].protocol != PROTOCOL_DNS &&
	       (verdict->outcome == VERDICT_REDIRECT || verdict->outcome == VERDICT_ASK);
}

static bool is_asked(const struct worker *worker, uint16_t i)
{
	return worker->burst.verdicts[i].outcome == VERDICT_ASK &&
	       packet_is_sound(&worker->burst.packets[i]);
}

/* A worker verifies no signature; what is not verified goes nowhere. It is verified once, as a token may be good only once. */
static void verify(struct worker *worker, uint16_t i)
{
	const struct burst *burst = &worker->burst;
	struct verdict *verdict = &worker->burst.verdicts[i];
	bool verified = burst->returned && burst->returned[i]->why == PARK_SIGN;
	if (!verified && park(worker, i, PARK_SIGN))
		return;
	verdict->outcome = VERDICT_NO_TARGET;
	verdict->dri = NULL;
}

static void ask(struct worker *worker, uint16_t i, uint64_t now_ms)
{
	struct verdict *verdict = &worker->burst.verdicts[i];
	uint64_t tried = 0;
	if (worker->burst.returned && resume(worker, i, &tried))
		return;
	if (is_signed(worker, i)) {
		verify(worker, i);
		return;
	}
	const struct dri *no_data = unasked_dri(&worker->burst.requests[i]);
	if (verdict->outcome == VERDICT_ASK && no_data) {
		verdict->outcome = VERDICT_REDIRECT;
		verdict->dri = no_data;
	}
	while (verdict->outcome == VERDICT_ASK) {
		const struct dri_answer *answer = find_again(worker, i, now_ms);
		if (answer && answer->dri) {
			use(worker, i, answer, now_ms);
			return;
		}
		if (!answer && park(worker, i, PARK_ASK))
			return;
		tried |= answer ? UINT64_C(1) << verdict->candidate : UINT64_MAX;
		choose_again(worker, i, tried);
	}
}

/* What is kept, for the whole burst: its memory comes while others are looked for. */
static void find_kept(struct worker *worker, uint64_t now_ms)
{
	struct burst *burst = &worker->burst;
	const struct dri_cache *dris = worker->plane->dris;
	const struct dri_answer *answers[BURST_MAX];
	struct dri_ask asks[BURST_MAX];
	uint16_t at[BURST_MAX], n = 0;
	for (uint16_t i = 0; i < burst->n; i++) {
		if (!is_asked(worker, i) || is_signed(worker, i) ||
		    unasked_dri(&burst->requests[i]))
			continue;
		dri_cache_ask(dris, burst->verdicts[i].target, &burst->requests[i], &asks[n]);
		dri_cache_prefetch_slot(dris, &asks[n]);
		at[n++] = i;
	}
	for (uint16_t k = 0; k < n; k++)
		dri_cache_prefetch_question(dris, &asks[k]);
	for (uint16_t k = 0; k < n; k++)
		dri_cache_prefetch_answer(dris, &asks[k], &burst->requests[at[k]].client);
	for (uint16_t k = 0; k < n; k++) {
		answers[k] = find(worker, at[k], &asks[k], now_ms);
		if (answers[k] && answers[k]->dri) {
			prefetch(answers[k]->dri);
			prefetch(answers[k]->dri->v4);
		}
	}
	for (uint16_t k = 0; k < n; k++)
		if (answers[k] && answers[k]->dri)
			use(worker, at[k], answers[k], now_ms);
}

void ask_burst(struct worker *worker)
{
	const struct burst *burst = &worker->burst;
	if (!burst->asks && !burst->returned)
		return;
	uint64_t now_ms = plane_tsc_ms(worker->plane);
	if (!burst->returned && worker->plane->dris)
		find_kept(worker, now_ms);
	for (uint16_t i = 0; i < burst->n; i++)
		if (burst->returned ? packet_is_sound(&burst->packets[i])
				    : is_asked(worker, i) || is_signed(worker, i))
			ask(worker, i, now_ms);
}
