/* dri_cache - the DRIs that downstream CDNs gave when they were asked, for all requests that they are good for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dri_cache.h"

#include "dns_wire.h"
#include "prefetch.h"
#include "siphash.h"

#include <stdlib.h>
#include <string.h>

/* Prefix lengths that the answers of one question may have, for each family: each is looked up. */
enum { LENGTHS_MAX = 8 };

/* What is due stands in rounds of a wheel of time; what is further ahead is looked at once a turn. */
enum { ROUND_MS = 125, ROUNDS = 512 };

enum { SPARED_MAX = 16, LINE = 64 };

TAILQ_HEAD(answers, dri_answer);

struct dri_question {
	struct retired retired; /* control thread, up to `uri` */
	struct answers answers;
	size_t octets;
	char *uri;

	struct dri_question *next __attribute__((aligned(64))); /* of its chain; changes */
	uint64_t hash, target;
	/* For IPv4 and IPv6, both change: what is good for all; and the lengths of longer prefixes, an octet each, until one is 0. */
	struct dri_answer *for_all[2];
	uint64_t lengths[2];
	uint32_t key_len, query_len;
	uint8_t kind, strategy, protocol;
	uint8_t text[]; /* key, query */
};

struct dri_cache {
	uint8_t key[16];
	size_t mask;
	struct dri_question **questions; /* chains by hash, as those of the answers */
	struct dri_answer **answers;

	/* Control thread. */
	struct dri_cache_limits limits;
	struct dri_cache_counters counters;
	void (*retire)(void *arg, struct retired *retired);
	void *arg;
	struct answers by_age;
	struct answers wheel[ROUNDS];
	uint64_t round; /* that was looked at last */
};

/* --- Finding ------------------------------------------------------------------------------------------------------ */

/* Of a hash that nobody knows, with what others may choose. */
static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

void dri_cache_ask(const struct dri_cache *cache, const struct target *target,
		   const struct request *req, struct dri_ask *ask)
{
	bool dns = req->protocol == PROTOCOL_DNS;
	ask->target = target->seed;
	ask->strategy = target->strategy;
	ask->protocol = req->protocol;
	ask->kind = req->http.method;
	ask->key = (struct span){req->key, req->key_len};
	ask->query = (struct span){NULL, 0};
	if (dns)
		ask->kind = req->dns.qtype == DNS_AAAA ? DNS_AAAA : DNS_A;
	else
		ask->query = req->http.query;
	uint64_t what = (uint64_t)ask->strategy << 16 | (uint64_t)ask->protocol << 8 | ask->kind;
	ask->hash = mix(siphash_table(cache->key, ask->key.at, ask->key.len) ^ target->seed ^ what);
	if (ask->query.len)
		ask->hash += siphash_table(cache->key, ask->query.at, ask->query.len);
}

static bool is_asked(const struct dri_question *question, const struct dri_ask *ask)
{
	return question->hash == ask->hash && question->target == ask->target &&
	       question->kind == ask->kind && question->protocol == ask->protocol &&
	       question->strategy == ask->strategy && question->key_len == ask->key.len &&
	       question->query_len == ask->query.len &&
	       memcmp(question->text, ask->key.at, ask->key.len) == 0 &&
	       (!ask->query.len ||
		memcmp(question->text + ask->key.len, ask->query.at, ask->query.len) == 0);
}

static struct dri_answer *for_all(const struct dri_question *question, const struct ip_addr *client)
{
	return __atomic_load_n(&question->for_all[client->family == 6], __ATOMIC_ACQUIRE);
}

static struct dri_question *first_question(const struct dri_cache *cache, const struct dri_ask *ask)
{
	return __atomic_load_n(&cache->questions[ask->hash & cache->mask], __ATOMIC_ACQUIRE);
}

void dri_cache_prefetch_slot(const struct dri_cache *cache, const struct dri_ask *ask)
{
	prefetch(&cache->questions[ask->hash & cache->mask]);
}

void dri_cache_prefetch_question(const struct dri_cache *cache, const struct dri_ask *ask)
{
	const struct dri_question *question = first_question(cache, ask);
	if (!question)
		return;
	prefetch(&question->next);
	prefetch(question->text);
}

void dri_cache_prefetch_answer(const struct dri_cache *cache, const struct dri_ask *ask,
			       const struct ip_addr *client)
{
	const struct dri_question *question = first_question(cache, ask);
	const struct dri_answer *answer = question ? for_all(question, client) : NULL;
	if (answer)
		prefetch(&answer->until_ms);
}

static struct dri_question *find_question(const struct dri_cache *cache, const struct dri_ask *ask)
{
	struct dri_question *question = first_question(cache, ask);
	while (question && !is_asked(question, ask))
		question = __atomic_load_n(&question->next, __ATOMIC_ACQUIRE);
	return question;
}

static uint64_t hash_client(const struct dri_question *question, const struct ip_prefix *client)
{
	uint64_t halves[2];
	memcpy(halves, client->addr.bytes, sizeof(halves));
	uint64_t hash = mix(question->hash ^ halves[0]);
	if (client->addr.family == 6)
		hash = mix(hash ^ halves[1]);
	return hash + client->len;
}

static struct dri_answer *find_answer(const struct dri_cache *cache,
				      const struct dri_question *question,
				      const struct ip_prefix *client)
{
	uint64_t hash = hash_client(question, client);
	struct dri_answer *answer =
		__atomic_load_n(&cache->answers[hash & cache->mask], __ATOMIC_ACQUIRE);
	while (answer && (answer->hash != hash || answer->question != question ||
			  answer->client.len != client->len ||
			  !ip_addr_equal(&answer->client.addr, &client->addr)))
		answer = __atomic_load_n(&answer->next, __ATOMIC_ACQUIRE);
	return answer;
}

const struct dri_answer *dri_cache_find(const struct dri_cache *cache, const struct dri_ask *ask,
					const struct ip_prefix *client, uint64_t now_ms)
{
	const struct dri_question *question = find_question(cache, ask);
	if (!question)
		return NULL;
	const struct dri_answer *best = for_all(question, &client->addr);
	if (best && now_ms >= best->until_ms)
		best = NULL;
	uint64_t lengths =
		__atomic_load_n(&question->lengths[client->addr.family == 6], __ATOMIC_ACQUIRE);
	for (; lengths; lengths >>= 8) {
		struct ip_prefix wider = {client->addr, (uint8_t)(lengths & 0xff)};
		if (wider.len > client->len)
			continue;
		ip_addr_mask(&wider.addr, wider.len);
		const struct dri_answer *answer = find_answer(cache, question, &wider);
		if (answer && now_ms < answer->until_ms &&
		    (!best || answer->since_ms > best->since_ms))
			best = answer;
	}
	return best;
}

/* --- Making and freeing --------------------------------------------------------------------------------------------- */

struct dri_cache *dri_cache_new(const struct dri_cache_limits *limits, const uint8_t key[16],
				void (*retire)(void *arg, struct retired *retired), void *arg)
{
	struct dri_cache *cache = calloc(1, sizeof(*cache));
	size_t chains = 1;
	if (!cache)
		return NULL;
	while (chains < limits->answers)
		chains *= 2;
	cache->mask = chains - 1;
	cache->questions = calloc(chains, sizeof(struct dri_question *));
	cache->answers = calloc(chains, sizeof(struct dri_answer *));
	cache->limits = *limits;
	cache->retire = retire;
	cache->arg = arg;
	memcpy(cache->key, key, sizeof(cache->key));
	TAILQ_INIT(&cache->by_age);
	for (unsigned i = 0; i < ROUNDS; i++)
		TAILQ_INIT(&cache->wheel[i]);
	if (cache->questions && cache->answers)
		return cache;
	dri_cache_free(cache);
	return NULL;
}

static void release_question(struct retired *retired)
{
	struct dri_question *question = (struct dri_question *)retired;
	free(question->uri);
	free(question);
}

static void release_answer(struct retired *retired)
{
	struct dri_answer *answer = (struct dri_answer *)retired;
	if (answer->dri)
		dri_release(answer->dri);
	free(answer);
}

void dri_cache_free(struct dri_cache *cache)
{
	if (!cache)
		return;
	if (cache->questions && cache->answers)
		dri_cache_forget(cache, 0);
	free(cache->questions);
	free(cache->answers);
	free(cache);
}

static void remove_question(struct dri_cache *cache, struct dri_question *question)
{
	struct dri_question **link = &cache->questions[question->hash & cache->mask];
	while (*link != question)
		link = &(*link)->next;
	__atomic_store_n(link, question->next, __ATOMIC_RELEASE);
	cache->counters.octets -= question->octets;
	question->retired.release = release_question;
	cache->retire(cache->arg, &question->retired);
}

static struct answers *round_of(struct dri_cache *cache, uint64_t ms)
{
	return &cache->wheel[ms / ROUND_MS % ROUNDS];
}

/* Where the pointers to an answer begin. */
static struct dri_answer **chain_of(struct dri_cache *cache, struct dri_question *question,
				    const struct dri_answer *answer)
{
	return answer->client.len ? &cache->answers[answer->hash & cache->mask]
				  : &question->for_all[answer->client.addr.family == 6];
}

static void remove_answer(struct dri_cache *cache, struct dri_answer *answer)
{
	struct dri_question *question = answer->question;
	struct dri_answer **link = chain_of(cache, question, answer);
	while (*link != answer)
		link = &(*link)->next;
	__atomic_store_n(link, answer->next, __ATOMIC_RELEASE);
	TAILQ_REMOVE(&cache->by_age, answer, by_age);
	TAILQ_REMOVE(&question->answers, answer, of_question);
	TAILQ_REMOVE(round_of(cache, answer->event_ms), answer, due);
	cache->counters.answers--;
	cache->counters.octets -= answer->octets;
	answer->retired.release = release_answer;
	cache->retire(cache->arg, &answer->retired);
	if (TAILQ_EMPTY(&question->answers))
		remove_question(cache, question);
}

static void remove_answers(struct dri_cache *cache, struct dri_question *question)
{
	struct dri_answer *answer = TAILQ_FIRST(&question->answers), *next;
	for (; answer; answer = next) {
		next = TAILQ_NEXT(answer, of_question);
		remove_answer(cache, answer);
	}
}

void dri_cache_forget(struct dri_cache *cache, uint64_t target)
{
	struct dri_answer *answer = TAILQ_FIRST(&cache->by_age), *next;
	for (; answer; answer = next) {
		next = TAILQ_NEXT(answer, by_age);
		if (!target || answer->question->target == target)
			remove_answer(cache, answer);
	}
}

/* --- Storing -------------------------------------------------------------------------------------------------------- */

static void *new_block(size_t octets)
{
	size_t lines = (octets + LINE - 1) / LINE * LINE;
	void *block = aligned_alloc(LINE, lines);
	return block ? memset(block, 0, lines) : NULL;
}

static struct dri_question *add_question(struct dri_cache *cache, const struct dri_ask *ask,
					 const char *uri)
{
	size_t octets = sizeof(struct dri_question) + ask->key.len + ask->query.len;
	struct dri_question *question = new_block(octets);
	char *copy = uri ? strdup(uri) : NULL;
	if (!question || (uri && !copy)) {
		free(question);
		free(copy);
		return NULL;
	}
	TAILQ_INIT(&question->answers);
	question->octets = octets + (uri ? strlen(uri) + 1 : 0);
	question->uri = copy;
	question->hash = ask->hash;
	question->target = ask->target;
	question->key_len = ask->key.len;
	question->query_len = ask->query.len;
	question->kind = ask->kind;
	question->strategy = ask->strategy;
	question->protocol = ask->protocol;
	memcpy(question->text, ask->key.at, ask->key.len);
	if (ask->query.len)
		memcpy(question->text + ask->key.len, ask->query.at, ask->query.len);
	struct dri_question **chain = &cache->questions[ask->hash & cache->mask];
	question->next = *chain;
	__atomic_store_n(chain, question, __ATOMIC_RELEASE);
	cache->counters.octets += question->octets;
	return question;
}

/* false: there are too many others. */
static bool add_length(struct dri_question *question, const struct ip_prefix *client)
{
	uint64_t *lengths = &question->lengths[client->addr.family == 6], is = client->len;
	if (!is)
		return true;
	for (unsigned i = 0; i < LENGTHS_MAX; i++) {
		uint64_t there = *lengths >> 8 * i & 0xff;
		if (there == is)
			return true;
		if (there)
			continue;
		__atomic_store_n(lengths, *lengths | is << 8 * i, __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

/* Those that were used since the last look stay for one more, unless there are only such. */
static void make_room(struct dri_cache *cache)
{
	unsigned spared = 0;
	while (cache->counters.answers > cache->limits.answers ||
	       cache->counters.octets > cache->limits.octets) {
		struct dri_answer *oldest = TAILQ_FIRST(&cache->by_age);
		if (spared < SPARED_MAX && __atomic_load_n(&oldest->used, __ATOMIC_RELAXED)) {
			spared++;
			__atomic_store_n(&oldest->used, false, __ATOMIC_RELAXED);
			TAILQ_REMOVE(&cache->by_age, oldest, by_age);
			TAILQ_INSERT_TAIL(&cache->by_age, oldest, by_age);
		} else {
			remove_answer(cache, oldest);
			cache->counters.evicted++;
		}
	}
}

/* Not in the round that is being looked at. */
static void schedule(struct dri_cache *cache, struct dri_answer *answer, uint64_t ms)
{
	uint64_t next = (cache->round + 2) * ROUND_MS;
	answer->event_ms = ms < next ? next : ms;
	TAILQ_INSERT_TAIL(round_of(cache, answer->event_ms), answer, due);
}

static struct dri_answer *new_answer(const struct dri_given *given)
{
	struct dri_answer *answer = new_block(sizeof(*answer));
	if (!answer)
		return NULL;
	answer->user = given->user;
	answer->source = given->source;
	answer->until_ms = given->until_ms;
	answer->refresh_ms = given->refresh_ms;
	answer->fresh_ms = given->fresh_ms;
	answer->since_ms = given->now_ms;
	answer->client = given->client;
	answer->octets = sizeof(*answer);
	answer->dri = given->dri;
	if (given->dri) {
		given->dri->refs++;
		answer->octets += sizeof(*given->dri);
		if (given->dri->location)
			answer->octets += strlen(given->dri->location) + 1;
	}
	return answer;
}

static void put_answer(struct dri_cache *cache, struct dri_question *question,
		       struct dri_answer *answer)
{
	struct dri_answer *old = answer->client.len ? find_answer(cache, question, &answer->client)
						    : for_all(question, &answer->client.addr);
	answer->question = question;
	answer->hash = hash_client(question, &answer->client);
	struct dri_answer **chain = chain_of(cache, question, answer);
	answer->next = *chain;
	__atomic_store_n(chain, answer, __ATOMIC_RELEASE);
	TAILQ_INSERT_TAIL(&cache->by_age, answer, by_age);
	TAILQ_INSERT_TAIL(&question->answers, answer, of_question);
	schedule(cache, answer,
		 answer->refresh_ms < answer->until_ms ? answer->refresh_ms : answer->until_ms);
	cache->counters.answers++;
	cache->counters.stored++;
	cache->counters.octets += answer->octets;
	if (old)
		remove_answer(cache, old);
}

bool dri_cache_put(struct dri_cache *cache, const struct dri_ask *ask,
		   const struct dri_given *given)
{
	if (given->until_ms <= given->now_ms)
		return false;
	struct dri_answer *answer = new_answer(given);
	struct dri_question *question = answer ? find_question(cache, ask) : NULL;
	if (question && !add_length(question, &given->client)) {
		remove_answers(cache, question);
		question = NULL;
	}
	if (answer && !question && (question = add_question(cache, ask, given->uri)))
		add_length(question, &given->client);
	if (!question) {
		if (answer)
			release_answer(&answer->retired);
		return false;
	}
	put_answer(cache, question, answer);
	make_room(cache);
	return true;
}

/* --- Keeping -------------------------------------------------------------------------------------------------------- */

static bool is_hot(const struct dri_answer *answer)
{
	return __atomic_load_n(&answer->uses, __ATOMIC_RELAXED) >= DRI_HOT_USES;
}

/* Deals with one that is due. true: it is to be asked for again. */
static bool is_to_be_refreshed(struct dri_cache *cache, struct dri_answer *answer)
{
	uint64_t event = answer->event_ms;
	if (event >= answer->until_ms) {
		cache->counters.expired++;
		remove_answer(cache, answer);
		return false;
	}
	TAILQ_REMOVE(round_of(cache, event), answer, due);
	if (event < answer->refresh_ms) {
		schedule(cache, answer, answer->refresh_ms);
		return false;
	}
	bool hot = is_hot(answer);
	/* One that is not hot yet may become so. */
	uint64_t again = hot ? answer->until_ms : event + ROUND_MS;
	schedule(cache, answer, again < answer->until_ms ? again : answer->until_ms);
	return hot;
}

const struct dri_answer *dri_cache_due(struct dri_cache *cache, uint64_t now_ms)
{
	uint64_t last = now_ms / ROUND_MS;
	if (last > cache->round + ROUNDS)
		cache->round = last - ROUNDS;
	for (; cache->round + 1 < last; cache->round++) {
		struct answers *round = &cache->wheel[(cache->round + 1) % ROUNDS];
		struct dri_answer *answer = TAILQ_FIRST(round), *next;
		for (; answer; answer = next) {
			next = TAILQ_NEXT(answer, due);
			if (answer->event_ms / ROUND_MS > cache->round + 1)
				continue;
			if (is_to_be_refreshed(cache, answer))
				return answer;
		}
	}
	return NULL;
}

void dri_answer_asked(const struct dri_answer *answer, struct dri_ask *ask, const char **uri)
{
	const struct dri_question *question = answer->question;
	*uri = question->uri;
	*ask = (struct dri_ask){
		.hash = question->hash,
		.target = question->target,
		.kind = question->kind,
		.strategy = question->strategy,
		.protocol = question->protocol,
		.key = {question->text, question->key_len},
		.query = {question->text + question->key_len, question->query_len},
	};
}

struct dri_cache_counters dri_cache_counts(const struct dri_cache *cache)
{
	return cache->counters;
}
