/* ri_client - asks one downstream CDN over the Redirection Interface: what is kept first, equal questions once. RFC 7975 §4. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "ri_cache.h"
#include "ri_pending.h"
#include "ri_server.h"

/* Control thread. Times are milliseconds of a clock that the caller gives and that does not go back. */
struct ri_client;

/* One message on its way. */
struct ri_question;

struct ri_client_plan {
	struct ri_cache_limits cache;
	struct ri_pending_limits pending;
	uint32_t wait_ms; /* whoever asks waits no longer */
	/* Sends a redirection-request (body is gone after the call), and calls ri_client_hear once, at once or later. */
	void (*send)(void *arg, struct ri_question *question, const char *body, size_t len);
	/* May something be sent now? Else whoever asks is told at once that there is no answer, but what is kept serves. NULL: always. */
	bool (*may_send)(void *arg);
	void *arg;
};

/* NULL: no memory. */
struct ri_client *ri_client_new(const struct ri_client_plan *plan);

/* Those who wait are told that there is no answer. Questions on their way are gone: ri_client_hear is not to be called for them. NULL
 * is fine. */
void ri_client_free(struct ri_client *client);

/* Gives the answer: one that is kept, at once; else one that is asked for. Those who ask the same for other users wait for the first
 * answer, and ask for themselves when it is not for them, too. When there is none in time, an older one serves as long as its
 * stale-if-error says; at a bound, too. done is called once in any case (ri_server.h): NULL means no answer; a refusal is an answer. */
void ri_client_ask(struct ri_client *client, const struct ri_request *request, uint64_t now,
		   ri_asked *done, void *arg);

/* Asks in any case, for an answer that takes the place of the one that is kept. */
void ri_client_refresh(struct ri_client *client, const struct ri_request *request, uint64_t now,
		       ri_asked *done, void *arg);

/* An answer as it came. */
struct ri_heard {
	const char *content_type; /* or NULL */
	struct freshness_fields fields;
	const void *body;
	size_t len;
	uint64_t second; /* of its arrival, since 1970-01-01 UTC */
};

/* What a question came to, whatever the HTTP status (§4.7); NULL: nothing. The question is gone. Refusals, and that nothing was heard,
 * are kept for cache.negative_ms at the most, so that a CDN in trouble is not asked for each user. */
void ri_client_hear(struct ri_question *question, const struct ri_heard *heard, uint64_t now);

/* Those who have waited too long; and when to call it next (UINT64_MAX: nobody waits). */
void ri_client_expire(struct ri_client *client, uint64_t now);
uint64_t ri_client_next(const struct ri_client *client);

/* Nothing that is kept is used again: the agreement changed. */
void ri_client_forget(struct ri_client *client);

struct ri_client_counters {
	struct ri_cache_counters cache;
	struct ri_pending_counters pending;
	uint64_t sent, refused,
		unusable; /* messages; answers that refuse; none, or not to be read */
};
struct ri_client_counters ri_client_counts(const struct ri_client *client);
