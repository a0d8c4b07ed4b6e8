/* ri_pending - one question for each key, however many wait for its answer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ri_pending.h"

#include "lib/hash_table.h"
#include "lib/siphash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

struct ri_waiter {
	TAILQ_ENTRY(ri_waiter) beside; /* of the same question, in the order of coming */
	TAILQ_ENTRY(ri_waiter) after;  /* of all, by deadline */
	struct question *question;
	uint64_t deadline;
	ri_answered *answered;
	void *arg;
};
TAILQ_HEAD(waiters, ri_waiter);

struct question {
	struct hash_member member; /* first, so that it is the question */
	struct waiters waiters;
	char key[];
};

struct ri_pending {
	struct ri_pending_limits limits;
	struct ri_pending_counters counters;
	size_t n_questions, n_waiters;
	struct hash_table questions;
	struct waiters by_deadline;
	uint8_t hash_key[16];
};

struct ri_pending *ri_pending_new(const struct ri_pending_limits *limits)
{
	struct ri_pending *pending = calloc(1, sizeof(*pending));
	if (!pending || !hash_table_init(&pending->questions, limits->keys) ||
	    getrandom(pending->hash_key, sizeof(pending->hash_key), 0) < 0) {
		ri_pending_free(pending);
		return NULL;
	}
	pending->limits = *limits;
	TAILQ_INIT(&pending->by_deadline);
	return pending;
}

static uint64_t hash_of(const struct ri_pending *pending, const char *key)
{
	return siphash(pending->hash_key, key, strlen(key));
}

static struct question *find(const struct ri_pending *pending, const char *key, uint64_t hash)
{
	struct hash_member *at = hash_table_first(&pending->questions, hash);
	while (at && (at->hash != hash || strcmp(((struct question *)at)->key, key) != 0))
		at = at->next;
	return (struct question *)at;
}

static struct question *begin(struct ri_pending *pending, const char *key, uint64_t hash)
{
	size_t size = strlen(key) + 1;
	struct question *question = pending->n_questions < pending->limits.keys
					    ? malloc(sizeof(*question) + size)
					    : NULL;
	if (!question)
		return NULL;
	question->member.hash = hash;
	TAILQ_INIT(&question->waiters);
	memcpy(question->key, key, size);
	hash_table_add(&pending->questions, &question->member);
	pending->n_questions++;
	return question;
}

/* Deadlines mostly come in their order, so the place is near the end. */
static void insert(struct ri_pending *pending, struct ri_waiter *waiter)
{
	struct ri_waiter *before = TAILQ_LAST(&pending->by_deadline, waiters);
	while (before && before->deadline > waiter->deadline)
		before = TAILQ_PREV(before, waiters, after);
	if (before)
		TAILQ_INSERT_AFTER(&pending->by_deadline, before, waiter, after);
	else
		TAILQ_INSERT_HEAD(&pending->by_deadline, waiter, after);
}

enum ri_join ri_pending_join(struct ri_pending *pending, const char *key, uint64_t deadline,
			     ri_answered *answered, void *arg, struct ri_waiter **waiter)
{
	uint64_t hash = hash_of(pending, key);
	struct question *question = find(pending, key, hash);
	bool first = !question;
	struct ri_waiter *added =
		pending->n_waiters < pending->limits.waiters ? malloc(sizeof(*added)) : NULL;
	if (added && first)
		question = begin(pending, key, hash);
	if (!added || !question) {
		free(added);
		pending->counters.refused++;
		return RI_JOIN_FULL;
	}
	*added = (struct ri_waiter){
		.question = question, .deadline = deadline, .answered = answered, .arg = arg};
	TAILQ_INSERT_TAIL(&question->waiters, added, beside);
	insert(pending, added);
	pending->n_waiters++;
	pending->counters.asked += first;
	pending->counters.joined += !first;
	*waiter = added;
	return first ? RI_JOIN_ASK : RI_JOIN_WAIT;
}

void ri_pending_leave(struct ri_pending *pending, struct ri_waiter *waiter)
{
	TAILQ_REMOVE(&waiter->question->waiters, waiter, beside);
	TAILQ_REMOVE(&pending->by_deadline, waiter, after);
	pending->n_waiters--;
	free(waiter);
}

static void call(struct ri_pending *pending, struct ri_waiter *waiter, const void *answer)
{
	ri_answered *answered = waiter->answered;
	void *arg = waiter->arg;
	ri_pending_leave(pending, waiter);
	answered(arg, answer);
}

/* The question is out of the table before anybody is called, and stays until all were: one who is called may let others leave. */
static void end(struct ri_pending *pending, struct question *question, const void *answer)
{
	struct ri_waiter *waiter;
	hash_table_remove(&pending->questions, &question->member);
	pending->n_questions--;
	while ((waiter = TAILQ_FIRST(&question->waiters)))
		call(pending, waiter, answer);
	free(question);
}

void ri_pending_end(struct ri_pending *pending, const char *key, const void *answer)
{
	struct question *question = find(pending, key, hash_of(pending, key));
	if (question)
		end(pending, question, answer);
}

void ri_pending_expire(struct ri_pending *pending, uint64_t now)
{
	struct ri_waiter *first;
	while ((first = TAILQ_FIRST(&pending->by_deadline)) && first->deadline <= now) {
		pending->counters.late++;
		call(pending, first, NULL);
	}
}

uint64_t ri_pending_next(const struct ri_pending *pending)
{
	const struct ri_waiter *first = TAILQ_FIRST(&pending->by_deadline);
	return first ? first->deadline : UINT64_MAX;
}

const struct ri_pending_counters *ri_pending_counts(const struct ri_pending *pending)
{
	return &pending->counters;
}

void ri_pending_free(struct ri_pending *pending)
{
	if (!pending)
		return;
	for (size_t i = 0; pending->questions.chains && i <= pending->questions.mask; i++)
		while (pending->questions.chains[i])
			end(pending, (struct question *)pending->questions.chains[i], NULL);
	hash_table_clear(&pending->questions);
	free(pending);
}
