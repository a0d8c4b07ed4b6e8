/* recursion - requests that wait for the DRI of a downstream CDN, from the workers and back. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "recursion.h"

#include "log.h"
#include "peer_redirect.h"
#include "recursion_question.h"
#include "recursion_sign.h"
#include "sessions.h"

#include <openssl/rand.h>
#include <stdlib.h>

enum {
	POLL_MS = 1,
	POLL_MAX = 256,   /* requests of a worker at once */
	REFRESH_MAX = 64, /* questions ahead of need at once */
	AWAY_MS =
		1000, /* for so long an old answer of a CDN that does not answer is used before it is asked again */
	REFUSED_MS = 1000, /* for so long a CDN is not asked again for what it refused */
	AHEAD_MS =
		1000, /* of the end an answer is asked for again, but not before 4/5 of its life */
	LIFE_MAX_S = 86400,
	CACHE_OCTETS = 256 << 20,
};

struct recursion {
	struct control *control;
	struct dri_cache *dris;
	struct event *poll;
	bool running;
	uint32_t turn;
	struct recursion_counters counters;
};

/* --- The end of a question ------------------------------------------------------------------------------------------- */

static void hand_back(struct recursion *recursion, struct parked *parked, enum park_result result)
{
	parked->result = (uint8_t)result;
	recursion->counters.answered += result == PARK_ANSWERED;
	recursion->counters.refused += result == PARK_REFUSED;
	recursion->counters.waiting--;
	park_hand_back(parked->park, parked);
}

/* Takes the reference over. */
static void hand_back_dri(struct recursion *recursion, struct parked *parked, struct dri *dri,
			  uint8_t ecs_scope)
{
	parked->dri = dri;
	parked->ecs_scope = ecs_scope;
	hand_back(recursion, parked, PARK_ANSWERED);
}

/* Who has waited long gets the scope's fallback; before that another CDN may be tried. */
static void hand_back_nothing(struct recursion_question *question, uint64_t now)
{
	struct recursion *recursion = question->recursion;
	unsigned wait_ms = recursion->control->settings->recursion.wait_ms;
	hand_back(recursion, question->parked,
		  now - question->since_ms > wait_ms / 2 ? PARK_NO_ANSWER : PARK_REFUSED);
}

/* --- Answers --------------------------------------------------------------------------------------------------------- */

static uint64_t life_ms(uint64_t seconds)
{
	return (seconds < LIFE_MAX_S ? seconds : LIFE_MAX_S) * 1000;
}

/* One that may be used while it is asked for again is asked for at the end of its life; others before. One that serves because there
 * is no other has no life of its own (RFC 5861 §4). */
static void keep(const struct recursion_question *question, struct dri *dri,
		 const struct ip_prefix *client, const struct freshness *kept, uint64_t now)
{
	struct dri_given given = {
		.dri = dri,
		.client = *client,
		.user = question->user,
		.source = question->source,
		.uri = question->uri,
		.now_ms = now,
		.until_ms = now + REFUSED_MS,
		.refresh_ms = UINT64_MAX,
	};
	if (dri) {
		uint64_t fresh = life_ms(kept->fresh);
		bool stale = !kept->fresh && !kept->stale_while && kept->stale_if_error;
		uint64_t ahead = fresh / 5 < AHEAD_MS ? fresh / 5 : AHEAD_MS;
		given.fresh_ms = stale ? 0 : fresh < UINT32_MAX ? (uint32_t)fresh : UINT32_MAX;
		given.until_ms = now + (stale ? AWAY_MS : fresh + life_ms(kept->stale_while));
		given.refresh_ms = now + fresh - (kept->stale_while ? 0 : ahead);
	}
	dri_cache_put(question->recursion->dris, &question->ask, &given);
}

/* What others of the same question have got just now is used again. */
static bool share(struct recursion_question *question, uint64_t now)
{
	struct recursion *recursion = question->recursion;
	const struct dri_answer *answer =
		dri_cache_find(recursion->dris, &question->ask, &question->user, now);
	if (!answer || !question->parked)
		return false;
	if (answer->dri) {
		answer->dri->refs++;
		hand_back_dri(recursion, question->parked, answer->dri, answer->client.len);
	} else {
		hand_back(recursion, question->parked, PARK_REFUSED);
	}
	return true;
}

static void end_plain(struct recursion_question *question, const struct ri_response *response,
		      const struct freshness *kept, uint64_t now, struct dri *dri)
{
	if (dri) {
		struct ip_prefix client = recursion_question_range(question, response);
		keep(question, dri, &client, kept, now);
		if (question->parked)
			hand_back_dri(question->recursion, question->parked, dri, client.len);
		else
			dri_release(dri);
	} else if (question->parked) {
		keep(question, NULL, &question->user, kept, now);
		hand_back_nothing(question, now);
	}
}

/* A token may be good only once, so that the worker cannot try another CDN: the fallback is what is left. */
static void end_signed(struct recursion *recursion, struct parked *parked,
		       struct recursion_sign *sign, struct dri *told)
{
	struct dri *dri = told ? recursion_sign_told(sign, told) : NULL;
	if (!dri)
		dri = recursion_sign_fallback(sign, parked);
	if (dri)
		hand_back_dri(recursion, parked, dri, 0);
	else
		hand_back(recursion, parked, PARK_NO_ANSWER);
	recursion_sign_free(sign);
}

static void on_answer(void *arg, const struct ri_response *response, const struct freshness *kept)
{
	struct recursion_question *question = arg;
	struct recursion *recursion = question->recursion;
	uint64_t now = plane_tsc_ms(recursion->control->plane);
	struct dri *dri =
		response ? recursion_question_dri(question, response, recursion->turn++) : NULL;
	if (question->sign) {
		end_signed(recursion, question->parked, question->sign, dri);
		if (dri)
			dri_release(dri);
	} else {
		end_plain(question, response, kept, now, dri);
	}
	free(question);
}

/* --- Questions ------------------------------------------------------------------------------------------------------- */

static struct peer *find_peer(const struct recursion *recursion, uint64_t seed)
{
	const struct sessions *sessions = recursion->control->sessions;
	struct peer *peer = sessions ? sessions->list : NULL;
	while (peer && target_seed(peer->settings->name) != seed)
		peer = peer->next;
	return peer;
}

static void ask(struct recursion_question *question, struct peer *peer)
{
	struct ri_request request;
	recursion_question_fill(question, &request);
	ri_path_add(&request.path, peer->sessions->settings->interconnection.provider_id);
	request.max_hops = peer->settings->max_hops;
	if (question->parked)
		peer_redirect_ask(peer, &request, on_answer, question);
	else
		peer_redirect_refresh(peer, &request, on_answer, question);
}

static struct recursion_question *question_of(struct recursion *recursion, struct peer *peer,
					      struct parked *parked, uint64_t now)
{
	struct dri_ask about;
	const struct view *view = recursion->control->head;
	const struct object *cdn = object_find(view->objects, OBJECT_CDN, peer->settings->name);
	if (!cdn || cdn->removed)
		return NULL;
	dri_cache_ask(recursion->dris, view_target(view, cdn->made.id), &parked->request, &about);
	struct recursion_question *question =
		recursion_question_new(&about, NULL, &parked->request);
	if (!question)
		return NULL;
	question->recursion = recursion;
	question->parked = parked;
	question->since_ms = now;
	question->user = (struct ip_prefix){parked->request.client, parked->request.client_len};
	question->source = parked->source;
	return question;
}

/* What is in the tables is signed at once; a CDN that has to be asked is asked with the URI as the client sent it. */
static void take_signed(struct recursion *recursion, struct parked *parked, uint64_t now)
{
	struct recursion_sign *sign = recursion_sign_new(recursion->control, parked);
	const struct target *target = sign ? recursion_sign_target(sign) : NULL;
	if (!sign) {
		hand_back(recursion, parked, PARK_NO_ANSWER);
		return;
	}
	if (!recursion_sign_is_good(sign)) {
		hand_back(recursion, parked, PARK_FORBIDDEN);
		recursion_sign_free(sign);
		return;
	}
	if (target && target->strategy == STRATEGY_ITERATIVE) {
		struct dri *dri = recursion_sign_to(sign, target);
		if (dri) {
			hand_back_dri(recursion, parked, dri, 0);
			recursion_sign_free(sign);
			return;
		}
	}
	struct peer *peer = target && target->strategy != STRATEGY_ITERATIVE
				    ? find_peer(recursion, target->seed)
				    : NULL;
	struct recursion_question *question =
		peer ? question_of(recursion, peer, parked, now) : NULL;
	if (!question) {
		end_signed(recursion, parked, sign, NULL);
		return;
	}
	question->sign = sign;
	ask(question, peer);
}

static void take(struct recursion *recursion, struct parked *parked, uint64_t now)
{
	recursion->counters.taken++;
	recursion->counters.waiting++;
	if (parked->why == PARK_SIGN) {
		take_signed(recursion, parked, now);
		return;
	}
	struct peer *peer = find_peer(recursion, parked->target);
	struct recursion_question *question =
		peer ? question_of(recursion, peer, parked, now) : NULL;
	if (!question)
		hand_back(recursion, parked, PARK_NO_ANSWER);
	else if (share(question, now))
		free(question);
	else
		ask(question, peer);
}

static bool refresh(struct recursion *recursion, uint64_t now)
{
	struct dri_ask about;
	const char *uri;
	const struct dri_answer *answer = dri_cache_due(recursion->dris, now);
	if (!answer)
		return false;
	dri_answer_asked(answer, &about, &uri);
	struct peer *peer = find_peer(recursion, about.target);
	struct recursion_question *question =
		peer ? recursion_question_new(&about, uri, NULL) : NULL;
	if (!question)
		return true;
	question->recursion = recursion;
	question->since_ms = now;
	question->user = answer->user;
	question->source = answer->source;
	recursion->counters.refreshed++;
	ask(question, peer);
	return true;
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct recursion *recursion = arg;
	const struct plane *plane = recursion->control->plane;
	uint64_t now = plane_tsc_ms(plane);
	(void)fd;
	(void)what;
	for (unsigned worker = 0; worker < plane->n_workers; worker++) {
		struct parked *list[PARK_RECEIVE_MAX];
		unsigned total = 0, n = PARK_RECEIVE_MAX;
		while (plane->parks[worker] && total < POLL_MAX && n == PARK_RECEIVE_MAX) {
			n = park_receive(plane->parks[worker], list);
			total += n;
			for (unsigned i = 0; i < n; i++)
				take(recursion, list[i], now);
		}
	}
	for (unsigned i = 0; i < REFRESH_MAX && refresh(recursion, now); i++)
		;
}

/* --- Its life -------------------------------------------------------------------------------------------------------- */

static void retire(void *arg, struct retired *retired)
{
	publish_retire(arg, retired);
}

struct recursion *recursion_new(struct control *control)
{
	struct recursion *recursion = calloc(1, sizeof(*recursion));
	const struct dri_cache_limits limits = {control->settings->recursion.answers, CACHE_OCTETS};
	uint8_t key[16];
	if (!recursion || RAND_bytes(key, sizeof(key)) != 1) {
		free(recursion);
		return NULL;
	}
	recursion->control = control;
	recursion->dris = dri_cache_new(&limits, key, retire, &control->publisher);
	recursion->poll = event_new(control->base, -1, EV_PERSIST, on_poll, recursion);
	if (!recursion->dris || !recursion->poll) {
		recursion_free(recursion);
		return NULL;
	}
	control->plane->dris = recursion->dris;
	return recursion;
}

void recursion_free(struct recursion *recursion)
{
	if (!recursion)
		return;
	recursion->control->plane->dris = NULL;
	dri_cache_free(recursion->dris);
	if (recursion->poll)
		event_free(recursion->poll);
	free(recursion);
}

void recursion_run(struct recursion *recursion, bool run)
{
	static const struct timeval interval = {.tv_usec = POLL_MS * 1000};
	if (!recursion || run == recursion->running)
		return;
	recursion->running = run;
	if (run)
		event_add(recursion->poll, &interval);
	else
		event_del(recursion->poll);
}

void recursion_forget(struct recursion *recursion, const char *cdn)
{
	if (recursion)
		dri_cache_forget(recursion->dris, cdn ? target_seed(cdn) : 0);
}

struct recursion_counters recursion_counts(const struct recursion *recursion)
{
	struct recursion_counters counters = recursion->counters;
	counters.cache = dri_cache_counts(recursion->dris);
	return counters;
}
