/* state_clean - deletes what no longer counts, bit by bit. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_db.h"

#include <stdlib.h>

/* A walk is worth it when this many rows came, and half as many as there were. */
enum { SWEEP_MIN = 16384, SWEEP_CHUNK = 256 };

static bool trim_history(struct state *state, unsigned *left)
{
	uint64_t excess =
		state->commits > STATE_HISTORY_MAX ? state->commits - STATE_HISTORY_MAX : 0;
	int64_t n = excess < *left ? (int64_t)excess : *left;
	if (!n)
		return true;
	*left -= (unsigned)n;
	state->commits -= (uint64_t)n;
	return state_db_run(state_db_bind(state, STATE_DB_HISTORY_TRIM, 1, &n));
}

/* 1, 0, or -1 after an error. */
static int is_committed(struct state *state, int64_t layer)
{
	sqlite3_stmt *has = state_db_bind(state, STATE_DB_LAYER_HAS, 1, &layer);
	int found = sqlite3_step(has) == SQLITE_ROW;
	return sqlite3_reset(has) == SQLITE_OK ? found : -1;
}

static bool is_open(const struct state *state, int64_t layer)
{
	const struct state_db_layer *at = state->layers;
	while (at && at->layer != layer)
		at = at->next;
	return at;
}

static bool delete_range(struct state *state, bool layered, int64_t low, int64_t high)
{
	return state_db_run(
		state_db_bind(state, STATE_DB_DELETE + layered, 2, (int64_t[]){low, high}));
}

/* Rows of layers that were given up. */
static bool delete_layers(struct state *state, unsigned *left)
{
	int64_t id = 0;
	while (*left && state->dead_layers) {
		sqlite3_stmt *first = state_db_bind(state, STATE_DB_FIRST_LAYERED, 1, &id);
		state->dead_layers = sqlite3_step(first) == SQLITE_ROW;
		id = sqlite3_column_int64(first, 0);
		if (sqlite3_reset(first) != SQLITE_OK)
			return false;
		if (!state->dead_layers)
			return true;
		int64_t layer = id >> STATE_DB_LAYER_SHIFT;
		int64_t end = (layer + 1) << STATE_DB_LAYER_SHIFT, low = id;
		int counts = is_open(state, layer) ? 1 : is_committed(state, layer);
		if (counts < 0)
			return false;
		id = counts || end - id < *left ? end : id + *left;
		if (counts)
			continue;
		if (!delete_range(state, true, low, id))
			return false;
		*left -= (unsigned)sqlite3_changes(state->db);
	}
	return true;
}

/* The walk goes on at the end of the last span. */
static void go_to_last(struct state_db_sweep *sweep)
{
	sweep->before = sweep->n_spans ? sweep->spans[sweep->n_spans - 1].high : 0;
}

static bool start_sweep(struct state *state)
{
	struct state_db_sweep *sweep = &state->sweep;
	char err[256];
	state->fresh = 0;
	if (state_seen_init(&sweep->seen))
		return false;
	sweep->spans = state_db_spans(state, 0, &sweep->n_spans, err, sizeof(err));
	sweep->running = sweep->spans;
	if (sweep->running)
		go_to_last(sweep);
	return sweep->running;
}

void state_db_sweep_stop(struct state *state)
{
	state_seen_clear(&state->sweep.seen);
	free(state->sweep.spans);
	free(state->sweep.gone);
	state->sweep = (struct state_db_sweep){.running = false};
}

static bool note_gone(struct state_db_sweep *sweep, int64_t id, bool layered, uint64_t generation)
{
	if (sweep->n_gone == sweep->cap_gone) {
		size_t cap = sweep->cap_gone * 2 + 64;
		void *gone = realloc(sweep->gone, cap * sizeof(*sweep->gone));
		if (!gone)
			return false;
		sweep->gone = gone;
		sweep->cap_gone = cap;
	}
	if (!sweep->n_gone)
		sweep->forget = generation;
	sweep->gone[sweep->n_gone++] = (struct state_db_gone){.id = id, .layered = layered};
	return true;
}

/* The row that the statement stands on: 1: void; 0: it counts; -1: no memory. */
static int judge(struct state *state, sqlite3_stmt *back, const struct state_db_span *span)
{
	const char *kind = (const char *)sqlite3_column_text(back, 2);
	const char *name = (const char *)sqlite3_column_text(back, 3);
	int added = kind && name ? state_seen_add(&state->sweep.seen, kind, name) : -1;
	uint64_t generation =
		span->layered ? span->generation : (uint64_t)sqlite3_column_int64(back, 1);
	if (added != 1 || !sqlite3_column_int(back, 4) || generation > state->keep_after)
		return added < 0 ? -1 : !added;
	int64_t id = sqlite3_column_int64(back, 0);
	return note_gone(&state->sweep, id, span->layered, generation) ? 0 : -1;
}

/* Deletes rows whose ids fall, a run of ids at a time. */
static bool delete_runs(struct state *state, bool layered, const int64_t *ids, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && ids[end] == ids[end - 1] - 1;)
			end++;
		if (!delete_range(state, layered, ids[end - 1], ids[i] + 1))
			return false;
	}
	return true;
}

/* The next rows of the walk. */
static bool sweep_chunk(struct state *state, unsigned *left)
{
	struct state_db_sweep *sweep = &state->sweep;
	const struct state_db_span *span = &sweep->spans[sweep->n_spans - 1];
	int64_t dead[SWEEP_CHUNK];
	size_t n_dead = 0;
	unsigned want = *left < SWEEP_CHUNK ? *left : SWEEP_CHUNK, got = 0;
	int judged = 0;
	sqlite3_stmt *back = state_db_bind(state, STATE_DB_BACK + span->layered, 3,
					   (int64_t[]){span->low, sweep->before, want});
	while (judged >= 0 && got < want && sqlite3_step(back) == SQLITE_ROW) {
		sweep->before = sqlite3_column_int64(back, 0);
		judged = judge(state, back, span);
		if (judged == 1)
			dead[n_dead++] = sweep->before;
		got++;
	}
	if (sqlite3_reset(back) != SQLITE_OK || judged < 0 ||
	    !delete_runs(state, span->layered, dead, n_dead))
		return false;
	*left -= got;
	if (got < want) {
		sweep->n_spans--;
		go_to_last(sweep);
	}
	return true;
}

/* Removals whose objects have no older row left. */
static bool delete_gone(struct state *state, unsigned *left)
{
	struct state_db_sweep *sweep = &state->sweep;
	if (!sweep->n_gone)
		return true;
	if (sweep->forget > state->forgotten)
		state->forgotten = sweep->forget;
	if (!state_db_run(state_db_bind(state, STATE_DB_FORGET, 1,
					(int64_t[]){(int64_t)state->forgotten})))
		return false;
	for (; *left && sweep->n_gone; --*left) {
		const struct state_db_gone *gone = &sweep->gone[--sweep->n_gone];
		if (!delete_range(state, gone->layered, gone->id, gone->id + 1))
			return false;
	}
	return true;
}

static bool sweep_is_due(const struct state *state)
{
	return state->sweep.running || state->fresh > SWEEP_MIN + state->live / 2;
}

static bool sweep(struct state *state, unsigned *left)
{
	if (!sweep_is_due(state))
		return true;
	if (!state->sweep.running && !start_sweep(state))
		return false;
	while (*left && state->sweep.n_spans)
		if (!sweep_chunk(state, left))
			return false;
	if (*left && !delete_gone(state, left))
		return false;
	return !*left || state_db_run(state->statements[STATE_DB_LAYER_TRIM]);
}

static bool is_due(const struct state *state)
{
	return state->commits > STATE_HISTORY_MAX || state->dead_layers || sweep_is_due(state);
}

bool state_clean(struct state *state, unsigned max)
{
	char err[256];
	unsigned left = max;
	uint64_t commits = state->commits;
	bool dead_layers = state->dead_layers;
	if (!is_due(state) || !state_db_begin(state, err, sizeof(err)))
		return false;
	bool ok = trim_history(state, &left) && delete_layers(state, &left) && sweep(state, &left);
	if (!state_db_end(state, ok, err, sizeof(err))) {
		/* What the walk deleted last is there again: another one will find it. */
		state->commits = commits;
		state->dead_layers = dead_layers;
		state_db_sweep_stop(state);
		return false;
	}
	if (state->sweep.running && left) {
		state->live = state->sweep.seen.n;
		state_db_sweep_stop(state);
	}
	return is_due(state);
}

void state_keep_removals(struct state *state, uint64_t after)
{
	state->keep_after = after;
}
