/* commit - one change of the tables, from its request to the published view, in portions that leave the event loop its time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "commit.h"

#include "config_objects.h"
#include "control.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SLICE_NS = 5000000, /* then the event loop has its turn */
	TELL_NS = 500000000,
	STEP_OBJECTS = 64, /* between two looks at the clock */
	SWEEP_OBJECTS = 512,
	PATTERNS = 256, /* sets in one job of the helper */
	ROWS = 512,     /* of a portion; more of them make a layer */
	WAL_OCTETS = 24 << 20,
	REFUSED_MAX = 10000, /* then a file is not what it seems to be */
	DIFFERENCES = 1000,
};

enum outcome { AGAIN, NEXT, WAITING, FAIL };

struct commit {
	struct commit *next, **link; /* of the control's */
	struct control *control;
	struct commit_plan plan;
	char origin[300], text[256];
	struct compiler *compiler;
	struct faults faults;
	struct view *base;    /* that others' changes are told from */
	struct view *merging; /* up to which they are being taken in; or NULL */
	size_t merge;         /* the part of it that is under way */
	struct event *timer;
	size_t phase;
	bool waiting, cancelled; /* the helper has a job of it */
	struct pattern_job *job;
	int64_t layer; /* 0: none */
	bool stored;
	uint8_t key[OBJECT_KEY_MAX + 1]; /* where a walk goes on */
	size_t key_len;
	uint64_t began_ns, told_ns;
	struct commit_result result;
};

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static const struct place nowhere = {NULL, 0};

static void fault(struct commit *commit, const char *text)
{
	faults_add(&commit->faults, nowhere, "%s", text);
}

static bool broken(const struct commit *commit)
{
	return compiler_exhausted(commit->compiler) ||
	       (commit->faults.total && !commit->plan.keep_going);
}

/* Where the next portion of a walk begins: behind this key. */
static void walk_on(struct commit *commit, const uint8_t *key, size_t len)
{
	memcpy(commit->key, key, len);
	commit->key[len] = 0;
	commit->key_len = len + 1;
}

/* --- Phases ----------------------------------------------------------------------------------- */

static enum outcome read_objects(struct commit *commit)
{
	bool more = commit->plan.step(commit->plan.arg, commit->compiler, &commit->faults,
				      STEP_OBJECTS);
	if (commit->faults.total > REFUSED_MAX) {
		commit->result.why =
			"more than 10000 faults: the rest was not read, and nothing was changed";
		return FAIL;
	}
	if (compiler_exhausted(commit->compiler))
		return FAIL;
	return more ? AGAIN : broken(commit) ? FAIL : NEXT;
}

static enum outcome sweep(struct commit *commit)
{
	bool more = compiler_sweep(commit->compiler, SWEEP_OBJECTS);
	return broken(commit) ? FAIL : more ? AGAIN : NEXT;
}

static enum outcome settle(struct commit *commit)
{
	return compiler_settle(commit->compiler, config_object_again, commit->plan.keep_going) &&
			       !broken(commit)
		       ? NEXT
		       : FAIL;
}

static void compile_work(void *arg)
{
	pattern_job_run(((struct commit *)arg)->job);
}

static void commit_free(struct commit *commit);
static void run(struct commit *commit);

/* The helper has done its job. */
static void wait_over(struct commit *commit)
{
	commit->waiting = false;
	if (commit->cancelled)
		commit_free(commit);
	else if (!commit->control->stopping)
		run(commit);
}

static void compile_done(void *arg)
{
	struct commit *commit = arg;
	compiler_pattern_done(commit->compiler, commit->job, config_object_again,
			      commit->plan.keep_going);
	commit->job = NULL;
	wait_over(commit);
}

static enum outcome compile_patterns(struct commit *commit)
{
	struct helper_job job = {compile_work, compile_done, commit};
	if (broken(commit))
		return FAIL;
	commit->job = compiler_pattern_job(commit->compiler, PATTERNS);
	if (!commit->job)
		return broken(commit) ? FAIL : NEXT;
	commit->waiting = helper_run(commit->control->helper, &job);
	if (commit->waiting)
		return WAITING;
	pattern_job_run(commit->job);
	compiler_pattern_done(commit->compiler, commit->job, config_object_again,
			      commit->plan.keep_going);
	commit->job = NULL;
	return AGAIN;
}

/* --- Storing ---------------------------------------------------------------------------------- */

struct rows {
	struct state_row list[ROWS];
	size_t n;
};

/* Only what is set at run time is kept, or was and is no more. */
static bool add_row(void *arg, const uint8_t *key, size_t len, void *before, void *after)
{
	struct rows *rows = arg;
	const struct object *old = before, *new = after;
	(void)key;
	(void)len;
	if (rows->n == ROWS)
		return false;
	if ((new ? !new->runtime : !old->runtime) || object_same(old, new))
		return true;
	const struct object *object = new ? new : old;
	bool removed = !new || new->removed;
	rows->list[rows->n++] = (struct state_row){
		.kind = object_kind_name((enum object_kind)object->kind),
		.name = object->name,
		.set = object->set,
		.json = removed ? NULL : object_json(new),
		.line = new ? new->line : 0,
		.keep = new != NULL,
	};
	return true;
}

/* The rows from commit->key on; false: there are more, and the key was moved on. */
static bool collect_rows(struct commit *commit, const struct trie_node *after, struct rows *rows)
{
	rows->n = 0;
	if (trie_diff(commit->base ? commit->base->objects : NULL, after, commit->key,
		      commit->key_len, add_row, rows))
		return true;
	const struct state_row *last = &rows->list[ROWS - 1];
	enum object_kind kind;
	object_kind_parse(last->kind, &kind);
	uint8_t key[OBJECT_KEY_MAX];
	walk_on(commit, key, object_key(kind, last->name, key));
	return false;
}

/* The log of the state file is emptied in between, on the helper thread: else a commit would have to do it, which takes long. */
static void checkpoint_work(void *arg)
{
	const struct commit *commit = arg;
	char err[512];
	if (state_checkpoint(commit->control->settings->state_file, err, sizeof(err)) < 0)
		log_line(LOG_LEVEL_WARNING, "%s", err);
}

static void checkpoint_done(void *arg)
{
	wait_over(arg);
}

/* More than a portion is written ahead, as a layer. */
static enum outcome store(struct commit *commit)
{
	struct helper_job job = {checkpoint_work, checkpoint_done, commit};
	struct state *state = commit->control->state;
	struct rows rows;
	char err[512];
	if (!state || !commit->plan.store || commit->plan.dry_run || commit->stored)
		return NEXT;
	bool all = collect_rows(commit, compiler_objects(commit->compiler), &rows);
	if (all && !commit->layer)
		return NEXT;
	if ((!commit->layer && state_layer_begin(state, &commit->layer, err, sizeof(err)) < 0) ||
	    (rows.n &&
	     state_layer_add(state, commit->layer, rows.list, rows.n, err, sizeof(err)) < 0)) {
		fault(commit, err);
		return FAIL;
	}
	commit->stored = all;
	if (all || state_wal_octets(state) < WAL_OCTETS)
		return all ? NEXT : AGAIN;
	commit->waiting = helper_run(commit->control->helper, &job);
	return commit->waiting ? WAITING : AGAIN;
}

/* --- What others did meanwhile ---------------------------------------------------------------- */

/* First scopes go, so that they are not in the way of others; then all that came; then what nothing refers to any more. */
static const struct {
	bool gone;
	enum object_kind first, last;
} merges[] = {
	{true, OBJECT_SCOPE, OBJECT_SCOPE},       {false, OBJECT_FOOTPRINT, OBJECT_SCOPE},
	{true, OBJECT_FALLBACK, OBJECT_FALLBACK}, {true, OBJECT_DRI, OBJECT_STATE},
	{true, OBJECT_CDN, OBJECT_NODE},          {true, OBJECT_FOOTPRINT, OBJECT_FOOTPRINT},
};
enum { N_MERGES = sizeof(merges) / sizeof(merges[0]) };

struct merge {
	struct commit *commit;
	unsigned left;
	bool failed;
};

/* Both changed it. What is set at run time stands over what the configuration says; else the last one wins who does not mind. */
static bool merge_conflict(struct commit *commit, const struct object *object,
			   const struct object *new, const struct object *mine, bool *theirs)
{
	enum object_kind kind = (enum object_kind)object->kind;
	*theirs = false;
	if (commit->plan.source.runtime ? commit->plan.strict
					: !new &&mine && mine->runtime && mine->over_base) {
		faults_add(
			&commit->faults, nowhere,
			"%s '%s' was changed by another commit meanwhile; look at it and try again",
			object_kind_name(kind), object->name);
		return false;
	}
	if (!commit->plan.source.runtime)
		*theirs = new ? new->runtime : mine && mine->runtime;
	return true;
}

static bool merge_object(struct commit *commit, const struct object *old, struct object *new)
{
	const struct object *object = new ? new : old;
	enum object_kind kind = (enum object_kind)object->kind;
	const struct object *mine =
		object_find(compiler_objects(commit->compiler), kind, object->name);
	bool theirs = object_same(mine, old);
	if (object_same(mine, new))
		return true;
	if (!theirs && !merge_conflict(commit, object, new, mine, &theirs))
		return false;
	if (!theirs)
		return true;
	return new && !new->removed ? config_object_again(commit->compiler, new, &commit->faults)
				    : compiler_remove_as(commit->compiler, kind, object->name, new);
}

static bool merge_one(void *arg, const uint8_t *key, size_t len, void *before, void *after)
{
	struct merge *merge = arg;
	struct commit *commit = merge->commit;
	struct object *new = after;
	if (key[0] > merges[commit->merge].last || !merge->left)
		return false;
	merge->left--;
	walk_on(commit, key, len);
	bool gone = !new || new->removed;
	merge->failed = gone == merges[commit->merge].gone && !object_same(before, after) &&
			!merge_object(commit, before, new);
	return !merge->failed;
}

static enum outcome merge_others(struct commit *commit)
{
	struct view *head = commit->control->head;
	struct merge merge = {commit, STEP_OBJECTS, false};
	if (commit->base == head && !commit->merging)
		return NEXT;
	if (!commit->merging) {
		commit->merging = head;
		view_retain(head);
		commit->key_len = 0;
		commit->merge = 0;
	}
	if (!commit->key_len) {
		commit->key[0] = (uint8_t)merges[commit->merge].first;
		commit->key_len = 1;
	}
	struct compiler_counts counts = compiler_counts(commit->compiler);
	trie_diff(commit->base ? commit->base->objects : NULL, commit->merging->objects,
		  commit->key, commit->key_len, merge_one, &merge);
	compiler_set_counts(commit->compiler, &counts);
	if (merge.failed) {
		fault(commit, "the tables were changed meanwhile so that this no longer fits; "
			      "nothing was changed, try again");
		return FAIL;
	}
	if (!merge.left)
		return AGAIN;
	commit->key_len = 0;
	if (++commit->merge < N_MERGES)
		return AGAIN;
	view_release(commit->base);
	commit->base = commit->merging;
	commit->merging = NULL;
	compiler_rebase(commit->compiler, commit->base);
	return AGAIN;
}

/* --- The end ---------------------------------------------------------------------------------- */

static bool changed_nothing(const struct commit *commit)
{
	struct compiler_counts counts = compiler_counts(commit->compiler);
	return !commit->plan.from_nothing && !commit->plan.from && !counts.added &&
	       !counts.changed && !counts.removed && !counts.forgotten;
}

static struct state_commit record(const struct commit *commit, const struct view *view)
{
	const struct compiler_counts *counts = &commit->result.counts;
	return (struct state_commit){
		.generation = view->generation,
		.time_ns = plane_now_ns(commit->control->plane),
		.origin = commit->origin,
		.text = commit->text,
		.added = counts->added,
		.changed = counts->changed,
		.removed = counts->removed,
	};
}

static int keep(struct commit *commit, const struct view *view, const struct state_commit *note,
		char *err, size_t err_len)
{
	struct state *state = commit->control->state;
	struct rows rows = {.n = 0};
	if (!state)
		return 0;
	if (commit->layer)
		return state_layer_commit(state, commit->layer, note, err, err_len);
	commit->key_len = 0;
	if (commit->plan.store)
		collect_rows(commit, view->objects, &rows);
	return state_put(state, note, rows.list, rows.n, err, err_len);
}

static enum outcome publish(struct commit *commit, struct view *view)
{
	struct control *control = commit->control;
	char err[512];
	view->generation = control->generation + 1;
	view->created = plane_now_ns(control->plane) / UINT64_C(1000000000);
	struct state_commit note = record(commit, view);
	if (keep(commit, view, &note, err, sizeof(err)) < 0) {
		if (control->head) {
			fault(commit, err);
			return FAIL;
		}
		/* At the start nothing is lost by it, and there are requests to answer. */
		log_line(LOG_LEVEL_WARNING, "%s; until then nothing can be changed", err);
	}
	commit->layer = 0;
	if (!control_publish(control, view, &note)) {
		/* It is in the state file, and will be in the tables after the next start. */
		control->generation = view->generation;
		fault(commit, "no memory to publish the new tables");
		return FAIL;
	}
	return NEXT;
}

static enum outcome finish(struct commit *commit)
{
	struct control *control = commit->control;
	if (commit->base != control->head) {
		commit->phase -= 3; /* merge, settle and compile what that brought */
		return AGAIN;
	}
	commit->result.counts = compiler_counts(commit->compiler);
	if (changed_nothing(commit))
		return NEXT;
	struct view *view = compiler_finish(commit->compiler);
	if (!view)
		return FAIL;
	enum outcome outcome = NEXT;
	if (commit->plan.dry_run)
		commit->result.differences = commit_differences(
			commit->base ? commit->base->objects : NULL, view->objects, DIFFERENCES,
			&commit->result.more_differences);
	else
		outcome = publish(commit, view);
	view_release(view);
	return outcome;
}

static const struct {
	enum outcome (*run)(struct commit *commit);
	const char *name;
} phases[] = {
	{read_objects, "reading"}, {sweep, "reading"},
	{settle, "reading"},       {compile_patterns, "compiling"},
	{store, "storing"},        {merge_others, "publishing"},
	{settle, "publishing"},    {compile_patterns, "publishing"},
	{finish, "publishing"},
};
enum { N_PHASES = sizeof(phases) / sizeof(phases[0]) };

static void commit_free(struct commit *commit)
{
	*commit->link = commit->next;
	if (commit->next)
		commit->next->link = commit->link;
	if (commit->layer && commit->control->state)
		state_layer_abort(commit->control->state, commit->layer);
	compiler_free(commit->compiler);
	publish_reap(&commit->control->publisher);
	view_release(commit->base);
	view_release(commit->merging);
	if (commit->timer)
		event_free(commit->timer);
	json_decref(commit->result.differences);
	faults_clear(&commit->faults);
	free(commit);
}

static void end(struct commit *commit, bool done)
{
	if (!done && !commit->faults.total)
		fault(commit, "not enough memory; nothing was changed");
	if (done)
		faults_append(&commit->faults, compiler_aside(commit->compiler));
	commit->result.done = done;
	commit->result.generation = commit->control->generation;
	commit->result.seconds = (double)(now_ns() - commit->began_ns) * 1e-9;
	commit->result.faults = &commit->faults;
	commit->plan.done(commit->plan.arg, &commit->result);
	commit_free(commit);
}

static void tell(struct commit *commit, uint64_t now)
{
	struct commit_progress progress = {.phase = phases[commit->phase].name};
	if (!commit->plan.tell || now < commit->told_ns + TELL_NS)
		return;
	commit->told_ns = now;
	if (commit->plan.progress)
		commit->plan.progress(commit->plan.arg, &progress);
	progress.refused = commit->faults.total;
	commit->plan.tell(commit->plan.arg, &progress);
}

/* Until its slice is over, it has to wait, or it has ended. */
static void run(struct commit *commit)
{
	static const struct timeval at_once = {0};
	uint64_t until = now_ns() + SLICE_NS;
	for (;;) {
		enum outcome outcome = phases[commit->phase].run(commit);
		if (outcome == WAITING)
			return;
		if (outcome == FAIL) {
			end(commit, false);
			return;
		}
		if (outcome == NEXT) {
			commit->key_len = 0;
			if (++commit->phase == N_PHASES) {
				end(commit, true);
				return;
			}
		}
		uint64_t now = now_ns();
		tell(commit, now);
		if (now >= until)
			break;
	}
	evtimer_add(commit->timer, &at_once);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	run(arg);
}

static bool begin(struct commit *commit)
{
	struct control *control = commit->control;
	struct view *from = commit->plan.from           ? commit->plan.from
			    : commit->plan.from_nothing ? NULL
							: control->head;
	commit->compiler = compiler_new(from, control->patterns, control->settings->n_workers,
					&commit->faults);
	commit->timer = evtimer_new(control->base, on_timer, commit);
	if (!commit->compiler || !commit->timer)
		return false;
	if (commit->plan.from_nothing && commit->plan.geo)
		compiler_set_geo(commit->compiler, commit->plan.geo);
	commit->base = control->head;
	if (commit->base)
		view_retain(commit->base);
	compiler_source(commit->compiler, &commit->plan.source);
	return true;
}

struct commit *commit_start(struct control *control, const struct commit_plan *plan)
{
	struct commit *commit = calloc(1, sizeof(*commit));
	if (!commit) {
		static const struct faults none;
		struct commit_result result = {.generation = control->generation, .faults = &none};
		plan->done(plan->arg, &result);
		return NULL;
	}
	commit->control = control;
	commit->plan = *plan;
	commit->began_ns = commit->told_ns = now_ns();
	snprintf(commit->origin, sizeof(commit->origin), "%s", plan->origin);
	snprintf(commit->text, sizeof(commit->text), "%s", plan->text ? plan->text : "");
	commit->next = control->commits;
	commit->link = &control->commits;
	if (commit->next)
		commit->next->link = &commit->next;
	control->commits = commit;
	if (begin(commit))
		run(commit);
	else
		end(commit, false);
	/* Still there? Then it is somewhere among them. */
	for (struct commit *at = control->commits; at; at = at->next)
		if (at == commit)
			return commit;
	return NULL;
}

void commit_cancel(struct commit *commit)
{
	commit->cancelled = true;
	if (!commit->waiting)
		commit_free(commit);
}

void commit_cancel_all(struct control *control)
{
	while (control->commits) {
		fault(control->commits, "turnoutd is stopping; nothing was changed");
		end(control->commits, false);
	}
}

void commit_wait(struct control *control)
{
	while (control->commits)
		event_base_loop(control->base, EVLOOP_ONCE);
}
