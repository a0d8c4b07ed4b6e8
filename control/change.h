/* change - a method of the control socket that is a commit: runs it, answers at once or later, tells of its progress. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "commit.h"
#include "rpc.h"

/* What a method does beside the commit. */
struct change_work {
	void *arg; /* also that of the plan's step and progress */
	bool (*step)(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget);
	void (*progress)(void *arg, struct commit_progress *progress); /* or NULL */
	/* Adds members to the answer; NULL: none. */
	void (*answer)(void *arg, json_t *answer, const struct commit_result *result);
	void (*clear)(void *arg); /* frees arg, whatever came of it */
};

/* Runs a plan, whose step, progress, tell, done and arg are filled in here. The result of the method. */
json_t *change_run(struct control *control, struct rpc_call *call, struct commit_plan *plan,
		   const struct change_work *work);

/* The answer that all of them have. NULL: no memory. */
json_t *change_answer(const struct commit_result *result);
void change_tell(struct rpc_later *later, const struct commit_progress *progress);

/* A refusal: text, and data for rpc. */
json_t *change_refusal(const struct commit_result *result, char text[512]);

/* "operator uid 0", and behind it "file /x" when there is one. */
void change_origin(const struct rpc_call *call, const char *file, char *out, size_t cap);

/* The next places in the order for objects of a commit that begins now, behind all others. */
uint64_t change_order(const struct control *control);

rpc_method change_reload;
