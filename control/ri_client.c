/* ri_client - asks one downstream CDN over the Redirection Interface: what is kept first, equal questions once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_client.h"

#include "cdni_media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct ri_client {
	struct ri_client_plan plan;
	struct ri_cache *cache; /* of struct answer */
	struct ri_pending *pending;
	TAILQ_HEAD(, ri_question) questions; /* on their way */
	uint64_t now;
	uint64_t sent, refused, unusable;
};

/* The cache has one reference, whoever is told of it another. */
struct answer {
	unsigned refs;
	struct freshness freshness; /* when it came; all 0: not to be kept */
	struct ri_response response;
};

struct ri_question {
	TAILQ_ENTRY(ri_question) beside;
	struct ri_client *client;
	struct ip_prefix user;
	uint8_t protocol;
	char *key;  /* of the request */
	char *wait; /* under which others wait */
};

/* Somebody who waits. */
struct asker {
	struct ri_client *client;
	struct ip_prefix user;
	uint8_t protocol;
	uint64_t deadline;
	bool alone; /* it waits for its own user's answer */
	char *key, *body;
	ri_asked *done; /* NULL: nobody, it is asked ahead of need */
	void *arg;
};

static void release(void *value)
{
	struct answer *answer = value;
	if (--answer->refs)
		return;
	ri_response_clear(&answer->response);
	free(answer);
}

static void question_free(struct ri_question *question)
{
	TAILQ_REMOVE(&question->client->questions, question, beside);
	free(question->key);
	free(question->wait);
	free(question);
}

struct ri_client *ri_client_new(const struct ri_client_plan *plan)
{
	struct ri_client *client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	TAILQ_INIT(&client->questions);
	client->plan = *plan;
	client->cache = ri_cache_new(&plan->cache, release);
	client->pending = ri_pending_new(&plan->pending);
	if (client->cache && client->pending)
		return client;
	ri_client_free(client);
	return NULL;
}

void ri_client_free(struct ri_client *client)
{
	if (!client)
		return;
	ri_pending_free(client->pending);
	while (!TAILQ_EMPTY(&client->questions))
		question_free(TAILQ_FIRST(&client->questions));
	ri_cache_free(client->cache);
	free(client);
}

void ri_client_forget(struct ri_client *client)
{
	ri_cache_flush(client->cache);
}

void ri_client_expire(struct ri_client *client, uint64_t now)
{
	client->now = now;
	ri_pending_expire(client->pending, now);
}

uint64_t ri_client_next(const struct ri_client *client)
{
	return ri_pending_next(client->pending);
}

struct ri_client_counters ri_client_counts(const struct ri_client *client)
{
	return (struct ri_client_counters){
		.cache = ri_cache_counts(client->cache),
		.pending = *ri_pending_counts(client->pending),
		.sent = client->sent,
		.refused = client->refused,
		.unusable = client->unusable,
	};
}

/* --- Waiting ------------------------------------------------------------------------------------ */

static void asker_free(struct asker *asker)
{
	if (!asker)
		return;
	free(asker->key);
	free(asker->body);
	free(asker);
}

/* The answer may leave the cache meanwhile. */
static void give(struct answer *answer, const struct freshness *left, ri_asked *done, void *arg)
{
	if (!done)
		return;
	if (!answer) {
		done(arg, NULL, left);
		return;
	}
	answer->refs++;
	done(arg, &answer->response, left);
	release(answer);
}

static void tell(struct asker *asker, struct answer *answer, const struct freshness *left)
{
	give(answer, left, asker->done, asker->arg);
	asker_free(asker);
}

/* An answer that is kept goes before none, and before a refusal. */
static void tell_kept(struct asker *asker, struct answer *otherwise)
{
	struct ri_client *client = asker->client;
	struct ri_hit hit = ri_cache_find(client->cache, asker->key, &asker->user, client->now);
	tell(asker, hit.value ? hit.value : otherwise, &hit.left);
}

/* It may be used instead of asking. */
static bool is_usable(const struct ri_hit *hit)
{
	return hit->state != RI_CACHE_MISS && hit->state != RI_CACHE_IF_ERROR;
}

static void wait_for(struct asker *asker);

/* Another user's answer may be good for this one, too; else it is asked once more. */
static void share(struct asker *asker)
{
	struct ri_client *client = asker->client;
	struct ri_hit hit = ri_cache_find(client->cache, asker->key, &asker->user, client->now);
	if (is_usable(&hit)) {
		tell(asker, hit.value, &hit.left);
		return;
	}
	asker->alone = true;
	wait_for(asker);
}

static void on_answered(void *arg, const void *heard)
{
	struct asker *asker = arg;
	struct answer *answer = (struct answer *)heard;
	bool own = asker->alone || !asker->body;
	if (answer && !own)
		share(asker);
	else if (answer && !ri_response_is_refusal(&answer->response))
		tell(asker, answer, &answer->freshness);
	else
		tell_kept(asker, answer);
}

static struct ri_question *question_new(const struct asker *asker, const char *wait)
{
	struct ri_question *question = calloc(1, sizeof(*question));
	if (!question)
		return NULL;
	question->client = asker->client;
	question->user = asker->user;
	question->protocol = asker->protocol;
	question->key = strdup(asker->key);
	question->wait = strdup(wait);
	TAILQ_INSERT_TAIL(&asker->client->questions, question, beside);
	if (question->key && question->wait)
		return question;
	question_free(question);
	return NULL;
}

/* The body goes with the question, whose answer is then the asker's own. */
static void send_question(struct asker *asker, const char *wait)
{
	struct ri_client *client = asker->client;
	struct ri_question *question = question_new(asker, wait);
	char *body = asker->body;
	asker->body = NULL;
	if (question) {
		client->sent++;
		client->plan.send(client->plan.arg, question, body, strlen(body));
	} else {
		ri_pending_end(client->pending, wait, NULL);
	}
	free(body);
}

/* The key under which it waits: its user's address comes in when it waits alone. */
static char *wait_key(const struct asker *asker)
{
	char text[IP_TEXT_MAX], *key;
	const char *user = asker->alone ? ip_prefix_text(&asker->user, text) : "";
	return asprintf(&key, "%s%s", asker->key, user) < 0 ? NULL : key;
}

static bool may_send(const struct ri_client *client)
{
	return !client->plan.may_send || client->plan.may_send(client->plan.arg);
}

static void wait_for(struct asker *asker)
{
	struct ri_waiter *waiter;
	char *wait = wait_key(asker);
	enum ri_join join = wait && may_send(asker->client)
				    ? ri_pending_join(asker->client->pending, wait, asker->deadline,
						      on_answered, asker, &waiter)
				    : RI_JOIN_FULL;
	if (join == RI_JOIN_ASK)
		send_question(asker, wait);
	else if (join == RI_JOIN_FULL)
		tell_kept(asker, NULL);
	free(wait);
}

/* --- Asking --------------------------------------------------------------------------------------- */

/* Takes the key over. NULL: no memory, and the key is gone. */
static struct asker *asker_new(struct ri_client *client, const struct ri_request *request,
			       char *key, ri_asked *done, void *arg)
{
	struct asker *asker = calloc(1, sizeof(*asker));
	if (!asker) {
		free(key);
		return NULL;
	}
	*asker = (struct asker){
		.client = client,
		.user = ri_request_client(request),
		.protocol = (uint8_t)request->protocol,
		.deadline = client->now + client->plan.wait_ms,
		.key = key,
		.body = ri_request_write(request),
		.done = done,
		.arg = arg,
	};
	if (asker->body)
		return asker;
	asker_free(asker);
	return NULL;
}

void ri_client_ask(struct ri_client *client, const struct ri_request *request, uint64_t now,
		   ri_asked *done, void *arg)
{
	struct ip_prefix user = ri_request_client(request);
	char *key = ri_request_key(request);
	struct ri_hit hit = {.state = RI_CACHE_MISS};
	client->now = now;
	if (key)
		hit = ri_cache_find(client->cache, key, &user, now);
	bool found = is_usable(&hit);
	struct asker *asker = NULL;
	if (key && (!found || hit.refresh))
		asker = asker_new(client, request, key, found ? NULL : done, arg);
	else
		free(key);
	/* The request may be gone once done was called. */
	if (found || !asker)
		give(hit.value, &hit.left, done, arg);
	if (asker)
		wait_for(asker);
}

void ri_client_refresh(struct ri_client *client, const struct ri_request *request, uint64_t now,
		       ri_asked *done, void *arg)
{
	static const struct freshness nothing;
	char *key = ri_request_key(request);
	client->now = now;
	struct asker *asker = key ? asker_new(client, request, key, done, arg) : NULL;
	if (asker)
		wait_for(asker);
	else
		done(arg, NULL, &nothing);
}

/* --- Hearing -------------------------------------------------------------------------------------- */

static bool read_answer(struct answer *answer, const struct ri_question *question,
			const struct ri_heard *heard)
{
	struct faults faults = {0};
	bool good = heard && cdni_media_is(heard->content_type, RI_RESPONSE_PTYPE) &&
		    ri_response_read(&answer->response, heard->body, heard->len, &faults);
	faults_clear(&faults);
	return good && (ri_response_is_refusal(&answer->response) ||
			answer->response.protocol == question->protocol);
}

/* What cannot be read, or is for another protocol, is a refusal of ours, and one for everybody. NULL: no memory. */
static struct answer *answer_of(const struct ri_question *question, const struct ri_heard *heard)
{
	struct ri_client *client = question->client;
	struct answer *answer = calloc(1, sizeof(*answer));
	if (!answer)
		return NULL;
	answer->refs = 1;
	if (!read_answer(answer, question, heard)) {
		ri_response_clear(&answer->response);
		answer->response = (struct ri_response){.error_code = RI_FAILED,
							.has_scope = true,
							.n_ranges = 2,
							.ranges = {{{{0}, 4}, 0}, {{{0}, 6}, 0}}};
		client->unusable++;
	} else if (ri_response_is_refusal(&answer->response)) {
		client->refused++;
	}
	return answer;
}

static void keep(struct ri_client *client, const struct ri_question *question,
		 struct answer *answer, const struct ri_heard *heard)
{
	const struct ri_response *response = &answer->response;
	struct ri_cached cached = {
		.key = question->key,
		.client = question->user,
		.ranges = response->ranges,
		.n_ranges = response->has_scope ? response->n_ranges : 0,
		.negative = ri_response_is_refusal(response),
		.value = answer,
		.octets = sizeof(*answer) + (heard ? heard->len : 0),
	};
	if (cached.negative)
		cached.freshness.fresh = UINT32_MAX;
	else
		cached.freshness = answer->freshness =
			freshness_of(&heard->fields, heard->second, NULL);
	answer->refs++;
	ri_cache_put(client->cache, &cached, client->now);
}

void ri_client_hear(struct ri_question *question, const struct ri_heard *heard, uint64_t now)
{
	struct ri_client *client = question->client;
	struct answer *answer = answer_of(question, heard);
	client->now = now;
	if (answer)
		keep(client, question, answer, heard);
	ri_pending_end(client->pending, question->wait, answer);
	if (answer)
		release(answer);
	question_free(question);
}
