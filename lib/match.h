/* match - request to verdict: which scope wins, which target it chooses, which DRI says how to get there. The same code
 * serves the packet path and explain. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "request.h"
#include "scope_trie.h"
#include "verdict.h"
#include "view.h"

#include <assert.h>

/* Why a scope that hangs at a place on the request's way lost, or that it won. */
enum match_result {
	MATCH_WON,
	MATCH_LESS_SPECIFIC, /* ranks below a scope that matches, so it was not tested; see scope_rank_why() */
	MATCH_PROTOCOL,
	MATCH_QTYPE,
	MATCH_FOOTPRINT,
	MATCH_TIME,
	MATCH_PATTERN,
};

/* Why a candidate was or was not chosen. The last ones: no advert of the type (in the order of enum advert_type) offers what the request
 * needs to a client there. */
enum choose_result {
	CHOOSE_TAKEN,
	CHOOSE_NOT_PICKED,
	CHOOSE_DRAIN,
	CHOOSE_DOWN,
	CHOOSE_EXCLUDED, /* by the content provider of the host */
	CHOOSE_NO_DELIVERY_PROTOCOL,
	CHOOSE_NO_REDIRECTION_MODE,
	CHOOSE_NO_METADATA,
	CHOOSE_OVER_CAPACITY, /* more would come to it than it can take */
};

/* Told of each step when explain asks. A scope is told once for each place at which it hangs on the request's way; the
 * last MATCH_WON is the final one (earlier ones were overtaken). */
struct match_trace {
	void *arg;
	void (*scope)(void *arg, const struct scope *scope, enum match_result result,
		      uint64_t rank);
	/* missing: what would have had to be offered, as struct advert says. */
	void (*candidate)(void *arg, const struct target *target, enum choose_result result,
			  uint64_t missing);
	void (*unstacked)(void *arg, const char *distinguished_host);
};

/* What one thread brings along. */
struct match_context {
	unsigned worker;                 /* index of the scratch space; WORKERS_MAX for control */
	uint64_t random;                 /* state of its generator, not 0 */
	uint32_t turns[4096];            /* round-robin counters, by scope seed */
	const struct match_trace *trace; /* NULL in workers */
	uint64_t tried;                  /* bit i: the scope's candidate i is not to be chosen */
	bool counts; /* workers: what is chosen counts against the capacity of CDNs */
};
static_assert((int)SCOPE_CANDIDATES_MAX <= 64, "tried has a bit for each candidate");

/* Takes distinguished hosts off an HTTP request, finds the scope, chooses a target, looks up its DRI. For DNS a name for which no scope
 * matches is looked up in the zone's records; where they lead to another name in a zone of ours, that one is the request's from then on.
 * req changes only by that, by unstacking, and in a zone without client subnet, where the decision is for the resolver. verdict is written whole. No allocation, no system call. */
void match_request(const struct view *view, struct match_context *context, struct request *req,
		   struct verdict *verdict);

/* Its two halves, so that a burst can go through them in passes (match all, then choose all). */
void match_scope(const struct view *view, struct match_context *context, struct request *req,
		 struct verdict *verdict);
void match_choose(const struct view *view, struct match_context *context, const struct request *req,
		  struct verdict *verdict);

/* The first half in three steps: what comes before the walk over the scopes (false: no scope is looked for, the verdict is whole), the walk with
 * the request's key by lib/scope_trie, and what follows from it; `way` is written over. */
bool match_begin(const struct view *view, struct match_context *context, struct request *req,
		 struct verdict *verdict);
void match_way(const struct view *view, struct match_context *context, struct request *req,
	       struct scope_trie_way *way, struct verdict *verdict);

/* The last step, when the DRI is known: what zone data have to say beside it, or of the name that it leads to. DNS only. */
void match_follow(const struct view *view, const struct request *req, struct verdict *verdict);

/* The scope's candidates, as bits of context->tried, that have these seeds. */
uint64_t match_tried(const struct view *view, const struct scope *scope, const uint64_t *seeds,
		     unsigned n);

/* Takes the target with this seed as chosen, if match_choose could have given it. */
bool match_resume(const struct view *view, const struct request *req, uint64_t seed,
		  struct verdict *verdict);

/* Can the target with this id (or SCOPE_NO_TARGET) be sent the request at all? What a fallback has to be. */
bool match_may_have(const struct view *view, const struct request *req, uint32_t id);

/* The same one step at a time, for who tries one candidate after the other. Both raise verdict->ecs_scope as match_choose does. The
 * candidate that the scope's policy takes among those that can be used, without those tried; NULL: there is none. The DRI of a target
 * for this request, or NULL. */
const struct scope_candidate *match_candidate(const struct view *view,
					      struct match_context *context,
					      const struct request *req, struct verdict *verdict);
const struct dri *match_dri(const struct view *view, const struct request *req,
			    const struct target *target, struct verdict *verdict);

/* Whether a DRI (NULL: none) can redirect the request. An https request is never sent to http (RFC 7336 §3.2). */
enum match_fit {
	MATCH_FITS,
	MATCH_FIT_NO_DRI,
	MATCH_FIT_NO_PART, /* none for the request's protocol */
	MATCH_FIT_DOWNGRADE,
};
enum match_fit match_dri_fit(const struct request *req, const struct dri *dri);
