/* change - a method of the control socket that is a commit: runs it, answers at once or later, tells of its progress. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"

#include "reload.h"

#include <stdio.h>
#include <stdlib.h>

struct change {
	struct change_work work;
	struct commit *commit;   /* NULL: it is over */
	struct rpc_later *later; /* NULL: the method has not returned yet */
	json_t *answer, *data;
	char text[512];
};

void change_origin(const struct rpc_call *call, const char *file, char *out, size_t cap)
{
	long uid = call->client ? (long)server_client_uid(call->client) : -1;
	if (file)
		snprintf(out, cap, "file %s uid %ld", file, uid);
	else
		snprintf(out, cap, "operator uid %ld", uid);
}

uint64_t change_order(const struct control *control)
{
	return UINT64_C(1) << 63 | (control->generation + 1) << 24;
}

json_t *change_answer(const struct commit_result *result)
{
	json_t *answer = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:f}", "generation", (json_int_t)result->generation,
		"added", (json_int_t)result->counts.added, "changed",
		(json_int_t)result->counts.changed, "removed", (json_int_t)result->counts.removed,
		"unchanged", (json_int_t)result->counts.unchanged, "seconds", result->seconds);
	if (answer && result->differences) {
		json_object_set(answer, "differences", result->differences);
		json_object_set_new(answer, "more", json_boolean(result->more_differences));
	}
	return answer;
}

json_t *change_refusal(const struct commit_result *result, char text[512])
{
	const struct faults *faults = result->faults;
	if (result->why)
		snprintf(text, 512, "%s", result->why);
	else if (faults->total == 1)
		snprintf(text, 512, "%s", faults->list[0].text);
	else
		snprintf(text, 512, "%zu faults; generation %lu stays in use", faults->total,
			 result->generation);
	return rpc_faults(faults);
}

void change_tell(struct rpc_later *later, const struct commit_progress *progress)
{
	rpc_later_tell(later, "progress",
		       json_pack("{s:s, s:I, s:I, s:I, s:I}", "phase", progress->phase, "lines",
				 (json_int_t)progress->lines, "octets",
				 (json_int_t)progress->octets, "octets-total",
				 (json_int_t)progress->octets_total, "refused",
				 (json_int_t)progress->refused));
}

static void change_free(struct change *change)
{
	if (change->work.clear)
		change->work.clear(change->work.arg);
	free(change);
}

static bool step(void *arg, struct compiler *compiler, struct faults *faults, unsigned budget)
{
	struct change *change = arg;
	return change->work.step(change->work.arg, compiler, faults, budget);
}

static void progress(void *arg, struct commit_progress *at)
{
	struct change *change = arg;
	if (change->work.progress)
		change->work.progress(change->work.arg, at);
}

static void tell(void *arg, const struct commit_progress *at)
{
	struct change *change = arg;
	if (change->later)
		change_tell(change->later, at);
}

static void done(void *arg, const struct commit_result *result)
{
	struct change *change = arg;
	change->commit = NULL;
	if (result->done) {
		change->answer = change_answer(result);
		if (change->answer && change->work.answer)
			change->work.answer(change->work.arg, change->answer, result);
	} else {
		change->data = change_refusal(result, change->text);
	}
	if (!change->later)
		return;
	if (change->text[0])
		rpc_later_refuse(change->later, change->text, change->data);
	else
		rpc_later_result(change->later, change->answer);
	change_free(change);
}

static void gone(void *arg)
{
	struct change *change = arg;
	commit_cancel(change->commit);
	change_free(change);
}

json_t *change_run(struct control *control, struct rpc_call *call, struct commit_plan *plan,
		   const struct change_work *work)
{
	struct change *change = calloc(1, sizeof(*change));
	if (!change) {
		if (work->clear)
			work->clear(work->arg);
		return NULL;
	}
	change->work = *work;
	plan->step = step;
	plan->progress = progress;
	plan->tell = tell;
	plan->done = done;
	plan->arg = change;
	struct commit *commit = commit_start(control, plan);
	if (commit) {
		change->commit = commit;
		change->later = rpc_later(call, gone, change);
		if (!change->later)
			gone(change);
		return NULL;
	}
	json_t *answer = change->answer;
	if (change->text[0]) {
		snprintf(call->text, sizeof(call->text), "%s", change->text);
		call->data = change->data;
	}
	change_free(change);
	return answer;
}

/* --- reload --------------------------------------------------------------------------------- */

struct reloading {
	struct control *control;
	struct rpc_later *later;
	bool over;
	json_t *answer, *data;
	char text[512];
};

static void reload_tell(void *arg, const struct commit_progress *at)
{
	struct reloading *reloading = arg;
	if (reloading->later)
		change_tell(reloading->later, at);
}

static void reload_done(void *arg, const struct commit_result *result)
{
	struct reloading *reloading = arg;
	struct control *control = reloading->control;
	reloading->over = true;
	if (result->done) {
		reloading->answer = change_answer(result);
		json_object_set_new(reloading->answer, "scopes",
				    json_integer(control->head->n_of[OBJECT_SCOPE]));
		json_object_set_new(reloading->answer, "next-start",
				    json_string(control->next_start));
		if (result->faults->total)
			json_object_set_new(reloading->answer, "refused",
					    rpc_faults(result->faults));
	} else {
		json_t *faults = change_refusal(result, reloading->text);
		snprintf(reloading->text, sizeof(reloading->text),
			 "the configuration has %zu fault%s; generation %lu stays in use",
			 result->faults->total, result->faults->total == 1 ? "" : "s",
			 control->generation);
		reloading->data = faults;
	}
	if (!reloading->later)
		return;
	if (reloading->text[0])
		rpc_later_refuse(reloading->later, reloading->text, reloading->data);
	else
		rpc_later_result(reloading->later, reloading->answer);
	free(reloading);
}

static void reload_gone(void *arg)
{
	struct reloading *reloading = arg;
	reload_forget(reloading->control);
	free(reloading);
}

json_t *change_reload(struct control *control, struct json_in *params, struct rpc_call *call)
{
	if (!json_in_end(params))
		return NULL;
	struct reloading *reloading = calloc(1, sizeof(*reloading));
	if (!reloading)
		return NULL;
	reloading->control = control;
	struct reload_watch watch = {reload_tell, reload_done, reloading};
	reload_start(control, &watch);
	if (!reloading->over) {
		reloading->later = rpc_later(call, reload_gone, reloading);
		if (!reloading->later)
			reload_gone(reloading);
		return NULL;
	}
	json_t *answer = reloading->answer;
	if (reloading->text[0]) {
		snprintf(call->text, sizeof(call->text), "%s", reloading->text);
		call->data = reloading->data;
	}
	free(reloading);
	return answer;
}
